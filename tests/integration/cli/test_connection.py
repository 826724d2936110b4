"""Connecting to the stack, and one-line messages when that fails."""

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, NoCredentialsError
from moto import mock_aws
from typer.testing import CliRunner

from kolom.config import settings
from kolom_cli import connection
from kolom_cli.connection import LOCAL_ENDPOINT, Target, connect, is_loopback
from kolom_cli.emulator.aws import FakeAwsServer
from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.main import app
from tests.integration.cli.conftest import Kolom


def test_the_settings_come_from_the_stacks_outputs(kolom: Kolom) -> None:
    connect(Target())
    assert settings().site_url == "https://blog.example"
    assert settings().articles_table == "kolom-articles"
    assert settings().media_bucket == "kolom-media"


def test_another_stack_can_be_selected(kolom: Kolom, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = kolom("--stack", "other", "articles", "list")
    assert ran.exit_code == 3
    assert ran.stderr == "kolom: no stack 'other' in us-east-1: specify another one with --stack, or deploy it first\n"
    monkeypatch.setenv("KOLOM_STACK", "third")
    assert "'third'" in kolom("articles", "list").stderr


def test_an_unreachable_endpoint_is_reported_in_one_line() -> None:
    result = CliRunner().invoke(app, ["--endpoint-url", "http://127.0.0.1:9", "articles", "list"])
    assert result.exit_code == 3
    assert "127.0.0.1:9" in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_unreachable_local_stack_suggests_another_port() -> None:
    result = CliRunner().invoke(app, ["--endpoint-url", "http://127.0.0.1:9", "articles", "list"])
    hint = "Is `kolom serve` running? If it was started with --port PORT, use --endpoint-url http://127.0.0.1:<PORT+1>"
    assert result.stderr.endswith(f'"http://127.0.0.1:9/". {hint}\n')


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoCredentialsError(), "no AWS credentials"),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "not yours"}}, "DescribeStacks"),
            "denied access: not yours",
        ),
        (ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "DescribeStacks"), "may have expired"),
    ],
)
def test_an_aws_error_is_reported_in_one_line(
    kolom: Kolom, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def refuse(target: Target) -> None:
        raise error

    monkeypatch.setattr(connection, "_outputs", refuse)
    ran = kolom("articles", "list")
    assert ran.exit_code == 3
    assert words in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_missing_table_is_reported_in_one_line(kolom: Kolom) -> None:
    boto3.client("dynamodb").delete_table(TableName="kolom-articles")
    ran = kolom("articles", "list")
    assert ran.exit_code == 3
    assert ran.stderr.count("\n") == 1


@pytest.fixture
def bare_store() -> Iterator[str]:
    """Return the URL of an empty store without a stack."""
    with mock_aws(), patch_moto():
        server = FakeAwsServer(0)
        server.start()
        yield server.url
        server.close()


def test_a_store_without_a_stack_gets_the_templates_tables(bare_store: str, tmp_path: Path) -> None:
    post = tmp_path / "post.md"
    post.write_text("---\ntitle: First\n---\nText")
    assert Kolom()("--endpoint-url", bare_store, "publish", post).exit_code == 0
    listed = Kolom()("--endpoint-url", bare_store, "articles", "list", "--json")
    assert [each["slug"] for each in listed.json] == ["post"]
    assert "kolom-search" in boto3.client("dynamodb").list_tables()["TableNames"]


def test_the_environment_sets_the_site_and_tables_of_a_store_without_a_stack(
    bare_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_URL", "http://127.0.0.1:3000")
    monkeypatch.setenv("ARTICLES_TABLE", "mine")
    connect(Target(endpoint_url=bare_store))
    assert (settings().site_url, settings().articles_table) == ("http://127.0.0.1:3000", "mine")
    assert "mine" in boto3.client("dynamodb").list_tables()["TableNames"]


def test_images_cannot_be_uploaded_to_a_store_without_a_stack(
    bare_store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MEDIA_BUCKET")
    (tmp_path / "dot.gif").write_bytes(b"GIF89a")
    (tmp_path / "post.md").write_text("---\ntitle: First\n---\n![Dot](dot.gif)")
    ran = Kolom()("--endpoint-url", bare_store, "publish", tmp_path / "post.md")
    assert ran.exit_code == 1
    assert "dot.gif: cannot be uploaded: this endpoint has only tables" in ran.stderr + ran.stdout


def test_a_selected_stack_must_exist(bare_store: str) -> None:
    ran = Kolom()("--endpoint-url", bare_store, "--stack", "other", "articles", "list")
    assert ran.exit_code == 3
    assert "no stack 'other'" in ran.stderr
    assert boto3.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    "endpoint", [None, "https://dynamodb.eu-west-1.amazonaws.com", "https://dynamodb.eu-west-1.api.aws"]
)
def test_aws_is_never_used_as_a_store_without_a_stack(endpoint: str | None) -> None:
    assert not Target(endpoint_url=endpoint).allows_tables_only


def test_an_error_of_aws_is_not_taken_for_a_store_without_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(self: BaseClient, operation: str, arguments: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", deny)
    with pytest.raises(ClientError, match=r"AccessDenied.*DescribeStacks"):
        connect(Target(endpoint_url="https://cloudformation.eu-west-1.amazonaws.com"))


def test_the_local_option_sets_the_local_endpoint_and_ignores_real_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "https://dynamodb.example")
    connection.set_environment(Target(local=True))
    assert os.environ["AWS_ENDPOINT_URL"] == LOCAL_ENDPOINT
    assert os.environ["AWS_ACCESS_KEY_ID"] == "local"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_DYNAMODB"} & os.environ.keys()


def test_a_loopback_endpoint_gets_dummy_credentials_only_if_none_are_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.set_environment(Target(endpoint_url="http://localhost:8000"))
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    connection.set_environment(Target(endpoint_url="http://10.0.0.1:8000"))
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    connection.set_environment(Target(endpoint_url="http://localhost:8000"))
    assert os.environ["AWS_ACCESS_KEY_ID"] == "local"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost", True),
        ("http://localhost.example", False),
        ("http://192.168.0.1", False),
    ],
)
def test_loopback_addresses_are_recognised(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_an_invalid_endpoint_url_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["--endpoint-url", "localhost:8000", "articles", "list"]).exit_code == 2


def test_the_version_is_printed() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout.startswith("kolom 0.")) == (0, True)


def test_the_help_lists_the_main_commands() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in ("publish", "unpublish", "delete", "preview", "articles", "import", "serve"):
        assert command in result.stdout
