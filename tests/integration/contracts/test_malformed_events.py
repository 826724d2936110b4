"""A malformed stream record or event is skipped, counted, and logged without its content; the others are handled."""

import importlib
import json
import re
from io import StringIO
from typing import Any, Final

import pytest

from functions.handle_bounces import app as handle_bounces
from functions.index_articles import app as index_articles
from functions.send_mail import app as send_mail
from kolom.mail import suppression
from kolom.observability import logger
from kolom.security import signing
from kolom_cli.sam.loader import read_document
from tests.factories import Context, pending_mail_event
from tests.integration.contracts.test_handlers import METRICS, published_metrics
from tests.paths import PROJECT

type Json = Any

SECRET: Final = "private-words"
"""Content that no log may have."""

IMAGE: Final = {"id": {"S": "contact#1"}, "status": {"S": "waiting"}}


def record(keys: Json, name: Json = "MODIFY", **change: Json) -> dict[str, Json]:
    """A record of a stream; ``change`` sets fields of its ``dynamodb`` object."""
    return {"eventID": "1", "eventName": name, "dynamodb": {"Keys": keys, "SequenceNumber": "9", **change}}


def key(value: Json) -> dict[str, Json]:
    """The key of an article's card."""
    return {"key": value, "part": {"S": "card"}}


ANY_STREAM: Final[dict[str, Json]] = {
    "not an object": SECRET,
    "null": None,
    "a list": [],
    "no change": {"eventName": "INSERT"},
    "a change that is text": {"eventName": "INSERT", "dynamodb": SECRET},
    "no keys": {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "9", "NewImage": IMAGE}},
    "keys that are a list": record([SECRET], NewImage=IMAGE),
    "an unknown event name": record({**key({"S": "1"}), **IMAGE}, "UPSERT", NewImage=IMAGE),
    "an event name that is a list": record({**key({"S": "1"}), **IMAGE}, ["INSERT"], NewImage=IMAGE),
    "no sequence number": record({**key({"S": "1"}), **IMAGE}, SequenceNumber=None, NewImage=IMAGE),
    "a sequence number that is a number": record({**key({"S": "1"}), **IMAGE}, SequenceNumber=9, NewImage=IMAGE),
}
CARDS: Final[dict[str, Json]] = {
    **ANY_STREAM,
    "a key that is no number": record(key({"S": SECRET})),
    "an empty key": record(key({"S": ""})),
    "a key that is a sign": record(key({"S": "-1"})),
    "digits of another script": record(key({"S": "\u0967"})),
    "a number with an underscore": record(key({"S": "1_0"})),
    "a number beyond all": record(key({"S": "9" * 5_000})),
    "a key of type number": record(key({"N": "1"})),
    "a key of an unknown type": record(key({"X": "1"})),
    "a key without a type": record(key("1")),
    "another key": record({"id": {"S": "1"}}),
}
MAILS: Final[dict[str, Json]] = {
    **ANY_STREAM,
    "no new image": record({"id": {"S": "contact#1"}}),
    "a null image": record({"id": {"S": "contact#1"}}, NewImage=None),
    "an image that is text": record({"id": {"S": "contact#1"}}, NewImage=SECRET),
    "an empty id": record({"id": {"S": ""}}, NewImage=IMAGE),
    "an id that is a number": record({"id": {"N": "1"}}, NewImage=IMAGE),
    "an id beyond the limit of a key": record({"id": {"S": "x" * 2_049}}, NewImage=IMAGE),
    "half a character": record({"id": {"S": "\ud800"}}, NewImage=IMAGE),
}
NOT_EVENTS: Final[list[Json]] = [{}, {"Records": None}, {"Records": SECRET}, {"Records": {}}, [], None, SECRET, 7]


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What is logged."""
    stream = StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


def counted(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """The metrics published since the last call."""
    return published_metrics(capsys.readouterr().out)


@pytest.mark.parametrize("malformed", CARDS)
def test_a_malformed_record_does_not_keep_articles_from_the_index(
    malformed: str, log: StringIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    indexed: list[set[int]] = []

    def update_index(article_ids: set[int]) -> set[int]:
        indexed.append(article_ids)
        return set()

    monkeypatch.setattr(index_articles, "update_index", update_index)
    event: Json = {"Records": [CARDS[malformed], record(key({"S": "7"}))]}
    assert index_articles.handler(event, Context()) == {"batchItemFailures": []}
    assert indexed == [{7}]
    assert counted(capsys) == {"MalformedEvents": 1}
    assert "malformed stream record skipped" in log.getvalue()
    assert SECRET not in log.getvalue()


@pytest.mark.parametrize("malformed", MAILS)
def test_a_malformed_record_does_not_keep_mail_from_being_sent(
    malformed: str, log: StringIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent: list[str] = []

    def send(mail_id: str, _: object) -> str:
        sent.append(mail_id)
        return "sent"

    monkeypatch.setattr(send_mail, "send", send)
    event = pending_mail_event("contact#2")
    event["Records"].insert(0, MAILS[malformed])
    assert send_mail.handler(event, Context()) == {"batchItemFailures": []}
    assert sent == ["contact#2"]
    assert counted(capsys) == {"MalformedEvents": 1}
    assert "malformed" in log.getvalue()
    assert SECRET not in log.getvalue()


@pytest.mark.parametrize("event", NOT_EVENTS, ids=str)
@pytest.mark.parametrize("function", ["index_articles", "send_mail"])
def test_an_event_without_records_is_skipped(
    function: str, event: Json, log: StringIO, tables: None, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = importlib.import_module(f"functions.{function}.app").handler
    assert handler(event, Context()) == {"batchItemFailures": []}
    assert counted(capsys) == {"MalformedEvents": 1}
    assert "malformed" in log.getvalue()
    assert SECRET not in log.getvalue()


def bounce(*recipients: Json, kind: Json = "Permanent") -> dict[str, Json]:
    """An event of a bounce for these recipients."""
    return {"detail": {"eventType": "Bounce", "bounce": {"bounceType": kind, "bouncedRecipients": list(recipients)}}}


SES: Final[dict[str, Json]] = {
    **{f"not an event: {each}": each for each in NOT_EVENTS},
    "no detail": {"id": "1"},
    "a detail that is text": {"detail": SECRET},
    "no kind": {"detail": {"bounce": {}}},
    "an unknown kind": {"detail": {"eventType": SECRET}},
    "a kind that is a list": {"detail": {"eventType": ["Bounce"]}},
    "no bounce": {"detail": {"eventType": "Bounce"}},
    "a bounce without a type": {"detail": {"eventType": "Bounce", "bounce": {"bouncedRecipients": []}}},
    "a bounce without recipients": {"detail": {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}}},
    "recipients that are text": {"detail": {"eventType": "Complaint", "complaint": {"complainedRecipients": SECRET}}},
    "a recipient that is text": bounce(SECRET),
    "a recipient without an address": bounce({"status": "5.1.1"}),
    "an address that is a number": bounce({"emailAddress": 7}),
    "an address of one word": bounce({"emailAddress": SECRET}),
    "half a character": bounce({"emailAddress": "\ud800@x.example"}),
}


@pytest.mark.parametrize("malformed", SES)
def test_a_malformed_ses_event_is_skipped(
    malformed: str, log: StringIO, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    handle_bounces.handler(SES[malformed], Context())
    assert counted(capsys) == {"MalformedEvents": 1}
    assert "malformed" in log.getvalue()
    assert SECRET not in log.getvalue()


def test_the_well_formed_recipients_of_a_bounce_are_suppressed(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    handle_bounces.handler(bounce(None, {"emailAddress": "gone@example.com"}, {}), Context())
    assert counted(capsys) == {"MalformedEvents": 2}
    assert suppression.find_reason("gone@example.com", signing.load_keys()) == "bounce"


@pytest.mark.parametrize("kind", ["Delivery", "Rendering Failure", "Send"])
def test_other_events_of_ses_are_not_malformed(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    handle_bounces.handler({"detail": {"eventType": kind}}, Context())
    assert counted(capsys) == {}


@pytest.mark.parametrize("event", [*NOT_EVENTS, {"id": ["1"]}, {"id": None}], ids=str)
def test_the_timer_runs_whatever_its_event_says(event: Json, tables: None, capsys: pytest.CaptureFixture[str]) -> None:
    importlib.import_module("functions.run_scheduled_tasks.app").handler(event, Context())
    assert counted(capsys) == {}


def test_every_count_of_failures_has_an_alarm_and_advice() -> None:
    resources = read_document(PROJECT / "template.yaml")["Resources"]
    alarms = {name: each["Properties"] for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    alarmed = {each["MetricName"] for each in alarms.values() if each.get("Namespace") == "Kolom"}
    assert alarmed == {"ArticlesNotIndexed", "ArticlesNotReleased", "MailFailed", "MalformedEvents"}
    assert alarmed <= set().union(*METRICS.values())
    assert all(each["AlarmActions"] == [{"Ref": "Alarms"}] for each in alarms.values())
    page = (PROJECT / "docs/operate.md").read_text("utf-8").partition("| alarm |")[2].partition("## Logs")[0]
    first = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    rows = re.findall(r"`(\w+)`", " ".join(first))
    assert sorted(rows) == sorted(alarms)


def test_the_alarm_for_articles_sees_runs_that_are_a_little_late() -> None:
    """The timer runs every five minutes, so each period has at least two runs."""
    properties = read_document(PROJECT / "template.yaml")["Resources"]["ArticlesNotReleased"]["Properties"]
    assert properties["Period"] >= 2 * 300 + 60
    assert properties["Period"] * properties["EvaluationPeriods"] <= 1_800
    assert json.dumps(properties["Threshold"]) == "0"
