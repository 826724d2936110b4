"""The ready message of the local stack."""

import pytest

from kolom_cli.server import ready_line


@pytest.mark.parametrize(("port", "option"), [(8080, "--local"), (9321, "--endpoint-url http://127.0.0.1:9322")])
def test_the_ready_message_suggests_commands_for_the_stack(port: int, option: str) -> None:
    url = f"http://127.0.0.1:{port}"
    assert ready_line(url, f"http://127.0.0.1:{port + 1}", ["14 articles"]) == (
        f"Kolom is at {url}/ (14 articles, Ctrl+C stops it and all data is lost, mail at {url}/_local/mail, "
        f"AWS at http://127.0.0.1:{port + 1}: `kolom {option} COMMAND`)"
    )


def test_the_ready_message_says_that_tables_of_another_dynamodb_are_kept() -> None:
    line = ready_line("http://127.0.0.1:8080", "http://127.0.0.1:8081", ["empty"], keeps_tables=True)
    assert "Ctrl+C stops it and only its tables are kept" in line
