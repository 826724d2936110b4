"""`kolom messages`."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from kolom.contact import repository as messages
from kolom.contact import submission
from kolom.contact.submission import NewMessage
from kolom.submissions.pipeline import FormMeta, RequestContext
from kolom_cli.terminal.output import format_moment
from tests.integration.cli.conftest import Kolom

BUDI = "Budi@Example.com"
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "\t", "\r", "|", "%")
FORMULA = '=HYPERLINK("https://evil.example","Click")'


def submit(message: str, *, email: str = BUDI, is_spam: bool = False, **fields: Any) -> str:
    """Submit a message and return its id."""
    draft = NewMessage(email=email, message=message, form=FormMeta(honeypot=is_spam), **fields)
    address = f"10.{len(message)}.{len(email)}.{len(str(fields))}"
    return submission.submit(draft, RequestContext(address=address), now=datetime.now(UTC)).id


@pytest.fixture
def inbox(kolom: Kolom) -> Kolom:
    """Submit four messages, two of them by Budi and one of them spam; return `kolom`."""
    submit("The first [bold] message.", name="Budi", subject="Halo")
    submit("The second.\nIt has two lines.", email=BUDI.lower())
    submit("By Siti.", email="siti@example.com", name="Siti")
    submit("Buy!", email="spam@example.com", is_spam=True)
    return kolom


def listed(kolom: Kolom, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kolom("messages", "list", "--json", *arguments).json
    return found


def test_the_list_shows_new_messages_first_and_no_spam(inbox: Kolom) -> None:
    messages = listed(inbox)
    assert [each["message"][:10] for each in messages] == ["By Siti.", "The second", "The first "]
    inbox("messages", "show", messages[0]["id"])
    assert [each["status"] for each in listed(inbox)] == ["new", "new", "read"]
    assert [each["email"] for each in listed(inbox, "--status", "spam")] == ["spam@example.com"]
    assert len(listed(inbox, "--limit", "1", "--status", "new")) == 1
    table = inbox("messages", "list").stdout
    assert messages[0]["id"] in table
    assert "[bold]" in inbox("messages", "show", messages[2]["id"]).stdout


def test_show_marks_a_message_as_read_unless_told_otherwise(inbox: Kolom) -> None:
    message_id = listed(inbox)[0]["id"]
    assert inbox("messages", "show", message_id, "--keep-new", "--json").json["status"] == "new"
    shown = inbox("messages", "show", message_id.lower(), "--json").json
    assert (shown["status"], shown["name"], shown["message"]) == ("read", "Siti", "By Siti.")
    assert shown["created_at"].endswith("Z")


@pytest.mark.parametrize("command", ["show", "delete", "spam", "unspam"])
def test_an_unknown_message_is_reported(inbox: Kolom, command: str) -> None:
    ran = inbox("messages", command, "01K0000000000000000000000A")
    assert ran.exit_code == 1
    assert "there is no message '01K0000000000000000000000A'" in ran.stderr


def test_spam_expires_later_and_can_be_restored(inbox: Kolom) -> None:
    message = listed(inbox)[0]
    ran = inbox("messages", "spam", message["id"], "nothing", "--json")
    assert ran.exit_code == 1
    assert ran.json["done"] == [message["id"]]
    assert ran.json["refused"][0]["id"] == "nothing"
    (spam,) = [each for each in listed(inbox, "--status", "spam") if each["id"] == message["id"]]
    assert spam["expires_at"] < message["expires_at"]
    assert inbox("messages", "unspam", message["id"]).exit_code == 0
    (back,) = [each for each in listed(inbox) if each["id"] == message["id"]]
    assert (back["status"], back["expires_at"]) == ("new", message["expires_at"])


def test_deletion_is_permanent(inbox: Kolom) -> None:
    first, second, third = (each["id"] for each in listed(inbox))
    assert inbox("messages", "delete", first, second).exit_code == 0
    assert [each["id"] for each in listed(inbox)] == [third]
    assert inbox("messages", "delete", first).exit_code == 1


def test_one_deleted_message_is_reported_in_the_singular(inbox: Kolom) -> None:
    assert inbox("messages", "forget", "siti@example.com", "--yes").stdout == "deleted 1 message\n"


def test_forget_deletes_all_messages_of_an_address_regardless_of_case(inbox: Kolom) -> None:
    assert inbox("messages", "forget", "BUDI@example.com", answer="n\n").exit_code == 1
    assert len(listed(inbox)) == 3
    assert inbox("messages", "forget", "BUDI@example.com", "--yes", "--json").json == {"deleted": 2}
    assert [each["email"] for each in listed(inbox)] == ["siti@example.com"]
    everything = json.dumps(boto3.client("dynamodb").scan(TableName="kolom-messages")["Items"])
    assert "budi" not in everything.lower()


def test_an_export_has_all_messages_oldest_first(inbox: Kolom) -> None:
    exported = inbox("messages", "export").json
    assert [each["message"][:10] for each in exported] == ["The first ", "The second", "By Siti."]
    assert [each["status"] for each in inbox("messages", "export", "--status", "spam").json] == ["spam"]
    assert len(inbox("messages", "export", "--email", BUDI).json) == 2


def test_a_csv_export_contains_no_formulas(kolom: Kolom) -> None:
    hostile = [FORMULA, "+1+1", "-2+3", "@SUM(1)", " =1+1", "＝1+1", "=1\n=2", '","=1+1","', "a\tb", "%x", "|cmd"]
    hostile += [f"hello;{FORMULA}", "hi\n=1+1;2", 'x;"=1', "x\t =1", "x\r\n\r\n@x", "a;;;+1", "'; '=1"]
    for number, text in enumerate(hostile):
        submit(text, subject=FORMULA, name=f"=cmd|' /C calc'!A{number}", email=f"=a{number}@example.com")
    ran = kolom("messages", "export", "--csv")
    assert ran.exit_code == 0
    text = ran.stdout
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert len(rows) == len(hostile)
    for row, original in zip(rows, hostile, strict=True):
        assert row["message"].replace("'", "") == original.replace("\r", "").replace("'", "")
    # Excel expects semicolons in locales with a decimal comma; other programs detect the separator.
    for separator in (",", ";", "\t"):
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            for cell in cells:
                assert not cell.lstrip(" \"'\u00a0\ufeff").startswith(FORMULA_STARTS) or "'" in cell[:4], (
                    separator,
                    cell,
                )
    assert '"\'=HYPERLINK(""https://evil.example"",""Click"")"' in text


def test_an_unknown_status_is_a_usage_error(kolom: Kolom) -> None:
    for command in ("list", "export"):
        assert kolom("messages", command, "--status", "old").exit_code == 2


@pytest.mark.parametrize("width", [80, 120])
def test_the_list_never_truncates_ids_and_addresses(kolom: Kolom, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    email = "budi.santoso.from.the.market@mail.blog.example"
    message_id = submit("The first message of a visitor.", name="Budi", subject="Halo", email=email)
    lines = kolom("messages", "list").stdout.splitlines()
    moment = format_moment(messages.get(message_id).created_at)
    assert lines == [
        "DATE                  STATUS  ID                          FROM",
        *(
            [f"{moment}  new     {message_id}", f"    from: {email}"]
            if width == 80
            else [f"{moment}  new     {message_id}  {email}"]
        ),
        "    Budi: Halo: The first message of a visitor.",
    ]


def test_an_empty_list_suggests_the_next_command(kolom: Kolom) -> None:
    for status in ("", "new", "read", "spam"):
        ran = kolom("messages", "list", *(["--status", status] if status else []))
        assert re.fullmatch(r"No [a-z ]+\. `kolom messages list.*\n", ran.stdout)
