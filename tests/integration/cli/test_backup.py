"""`kolom backup`: the backups of all tables are one set, which is complete or cannot be restored."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kolom_cli.deploying import backups
from tests.integration.aws import client
from tests.integration.cli.cloudformation import error
from tests.integration.cli.rehearsal import Rehearsal, rehearse, with_blog


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    with rehearse(tmp_path, monkeypatch) as found:
        with_blog(found)
        monkeypatch.setattr(backups, "POLL_SECONDS", 0.0)
        yield found


def listed(deployed: Rehearsal) -> dict[str, str]:
    """Return the problems of the backups by their names; empty for a complete one."""
    return {each["name"]: each["problem"] for each in deployed.kolom("backup", "list", "--json").json}


def test_a_backup_has_the_four_tables_that_cannot_be_rebuilt(deployed: Rehearsal) -> None:
    ran = deployed.kolom("backup", "create", "--name", "first")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "Created the backup first."
    (found,) = deployed.kolom("backup", "list", "--json").json
    assert {kind: each["table"] for kind, each in found["tables"].items()} == {
        kind: f"kolom-{kind}" for kind in ("articles", "comments", "messages", "outbox")
    }
    assert (found["name"], found["problem"], found["bytes"]) == ("first", "", 4 * 123)
    lines = deployed.kolom("backup", "list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "DATE", "TABLES", "SIZE", "STATE"]
    assert lines[1].startswith("first ")
    assert lines[1].endswith("4       492 bytes  complete")


def test_the_default_name_is_the_time_in_utc(deployed: Rehearsal) -> None:
    name = deployed.kolom("backup", "create", "--json").json["name"]
    assert len(name) == len("2026-11-30T1905Z")
    assert name.endswith("Z")
    assert listed(deployed) == {name: ""}


def test_an_available_backup_is_waited_for(deployed: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    states = iter(["CREATING", "CREATING"])
    original = backups._to_backup

    def slow(summary: Any) -> Any:
        return original({**summary, "BackupStatus": next(states, summary["BackupStatus"])})

    monkeypatch.setattr(backups, "_to_backup", slow)
    assert deployed.kolom("backup", "create", "--name", "slow").exit_code == 0
    assert next(states, None) is None


def test_an_interrupted_backup_is_incomplete_and_can_be_deleted(deployed: Rehearsal) -> None:
    def interrupt(*, TableName: str, **_: Any) -> None:  # noqa: N803 (the name of the API)
        if TableName == "kolom-messages":
            raise KeyboardInterrupt

    deployed.answers["CreateBackup"] = interrupt
    ran = deployed.kolom("backup", "create", "--name", "broken")
    assert ran.exit_code == 130
    assert "The backup broken is incomplete: delete it with `kolom backup delete broken`." in ran.stderr
    del deployed.answers["CreateBackup"]
    assert listed(deployed) == {"broken": "incomplete: without messages, outbox"}
    ran = deployed.kolom("backup", "create", "--name", "broken")
    assert (ran.exit_code, ran.stderr.splitlines()[0]) == (1, "kolom: there is a backup 'broken' already")
    assert (
        deployed.kolom("backup", "delete", "broken", "--yes").stdout
        == "Deleted the backup broken (2 backups of tables).\n"
    )
    assert listed(deployed) == {}


def test_a_name_that_two_runs_have_used_is_no_complete_backup(deployed: Rehearsal) -> None:
    assert deployed.kolom("backup", "create", "--name", "twice").exit_code == 0
    client("dynamodb").create_backup(TableName="kolom-articles", BackupName="kolom.twice")
    assert listed(deployed) == {"twice": "not unique: a table was backed up twice under this name"}
    assert deployed.kolom("backup", "delete", "twice", "--yes").stdout.endswith("(5 backups of tables).\n")


def test_a_request_that_was_repeated_after_a_lost_response_is_no_success(deployed: Rehearsal) -> None:
    """The second backup of the table would make the set unusable without a word."""
    repeated: list[Any] = []

    def repeat(**parameters: Any) -> None:
        if parameters["TableName"] == "kolom-comments" and not repeated:
            repeated.append(parameters)
            client("dynamodb").create_backup(**parameters)

    deployed.answers["CreateBackup"] = repeat
    ran = deployed.kolom("backup", "create", "--name", "first")
    assert (ran.exit_code, "Created" in ran.stdout) == (1, False)
    assert "kolom: the backup first cannot be restored: a table was backed up twice under this name\n" in ran.stderr


def test_backups_of_other_tools_are_neither_listed_nor_deleted(deployed: Rehearsal) -> None:
    client("dynamodb").create_backup(TableName="kolom-articles", BackupName="mine")
    assert listed(deployed) == {}
    assert deployed.kolom("backup", "delete", "mine", "--yes").exit_code == 1
    assert len(client("dynamodb").list_backups(TableName="kolom-articles")["BackupSummaries"]) == 1


def test_a_backup_is_deleted_only_when_that_is_confirmed(deployed: Rehearsal) -> None:
    deployed.kolom("backup", "create", "--name", "first")
    ran = deployed.kolom("backup", "delete", "first", answer="n\n")
    assert ran.exit_code == 1
    assert listed(deployed) == {"first": ""}
    assert deployed.kolom("backup", "delete", "first", answer="y\n").exit_code == 0
    assert listed(deployed) == {}


def test_what_prevents_a_backup_is_named(deployed: Rehearsal, subtests: pytest.Subtests) -> None:
    assert deployed.kolom("backup", "create", "--name", "first").exit_code == 0
    for code, text in (
        ("TableInUseException", "kolom-articles: it is being created, changed or deleted"),
        ("LimitExceededException", "kolom-articles: the account has too many tables, or too many operations"),
        ("ContinuousBackupsUnavailableException", "kolom-articles: it cannot be backed up yet"),
    ):
        with subtests.test(code):
            deployed.answers["CreateBackup"] = error("CreateBackup", code, "reason")
            ran = deployed.kolom("backup", "create", "--name", "second")
            assert ran.exit_code == 1
            assert text in ran.stderr
    deployed.answers["CreateBackup"] = error("CreateBackup", "AccessDeniedException", "no dynamodb:CreateBackup")
    ran = deployed.kolom("backup", "create", "--name", "second")
    assert (ran.exit_code, ran.stderr.splitlines()[-1]) == (3, "kolom: AWS denied access: no dynamodb:CreateBackup")
    for name, text in (("a b", "cannot be the name"), ("x" * 101, "cannot be the name"), ("first", "already")):
        with subtests.test(name):
            ran = deployed.kolom("backup", "create", "--name", name)
            assert ran.exit_code == 1
            assert text in ran.stderr
    ran = deployed.kolom("backup", "delete", "unknown")
    assert (ran.exit_code, ran.stderr) == (
        1,
        "kolom: there is no backup 'unknown'\n  Fix: use one of `kolom backup list`: first\n",
    )
    assert listed(deployed) == {"first": ""}


def test_backups_need_a_deployed_stack(deployed: Rehearsal) -> None:
    ran = deployed.kolom("--stack", "other", "backup", "list")
    assert (ran.exit_code, ran.stderr) == (3, "kolom: no deployed stack 'other' in us-east-1\n")
