"""`kolom dropped-events`: the reports of dropped events are shown, their work is repeated, and they are deleted."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from functions.run_scheduled_tasks import app as timer
from kolom import outbox
from kolom.articles import publishing, repository
from kolom.models.transaction import Transaction
from kolom.search import reindexing
from kolom.search.index_writer import is_current, update_index
from kolom_cli.deploying import dropped_events, event_replay
from tests.factories import Context, content
from tests.integration.aws import client
from tests.integration.cli.rehearsal import Rehearsal, rehearse, with_blog

FUNCTIONS: Final = "arn:aws:lambda:us-east-1:123456789012:function:"
NOW: Final = datetime.now(UTC)
REPORTED: Final = "2026-11-14T00:13:49.717Z"


class Account:
    """A deployed blog with the queue of reports. Its functions work unless ``is_broken``, and send mail."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.kolom = rehearsal.kolom
        self.answers = rehearsal.answers
        self.is_broken = False
        self.sends_mail = True
        self.queue = client("sqs").create_queue(QueueName="dropped")["QueueUrl"]
        self.marked: list[int] = []
        rehearsal.stack.outputs["DroppedEventsUrl"] = self.queue
        self.answers["Invoke"] = self.invoke

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 (the names of the API)
        assert FunctionName == "kolom-releasedue"
        if self.is_broken:
            return {"StatusCode": 200, "FunctionError": "Unhandled"}
        timer.handler(json.loads(Payload), Context())
        for mail in outbox.list_by_status("waiting", limit=200) if self.sends_mail else ():
            if (claimed := outbox.claim(mail.id, now=datetime.now(UTC))) is not None:
                outbox.mark_sent(claimed, "1", now=datetime.now(UTC))
        return {"StatusCode": 200}

    def mark(self, ids: list[int], mark: str, *_: Any) -> list[int]:
        """Mark articles as `kolom` does, and index them as the function does."""
        self.marked += ids
        for each in ids:
            repository.request_reindex(each, mark)
        if not self.is_broken:
            assert update_index(ids, workers=1) == set()
        return ids

    def report(self, function: str, number: float = 2, timestamp: str = REPORTED, **context: object) -> None:
        body: dict[str, Any] = {
            "requestContext": {
                "requestId": "316aa6d0",
                "functionArn": f"{FUNCTIONS}{function}",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 21,
                **context,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": timestamp,
            "DDBStreamBatchInfo": {
                "shardId": "shardId-00000001573689847184-864758bb",
                "startSequenceNumber": "800000000003126276362",
                "endSequenceNumber": "800000000003126276362",
                "approximateArrivalOfFirstRecord": "2026-11-14T00:13:19Z",
                "approximateArrivalOfLastRecord": "2026-11-14T00:15:19Z",
                "batchSize": number,
                "streamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/kolom/stream/2026-11-14T00:04:06.388",
            },
        }
        client("sqs").send_message(QueueUrl=self.queue, MessageBody=json.dumps(body))

    def report_schedule(self) -> None:
        attributes = {"ERROR_CODE": "AccessDeniedException", "ERROR_MESSAGE": "not authorized"}
        client("sqs").send_message(
            QueueUrl=self.queue,
            MessageBody="{}",
            MessageAttributes={name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()},
        )

    def visible(self) -> int:
        """Return how many reports another reader would receive."""
        names = ["ApproximateNumberOfMessages"]
        attributes = client("sqs").get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return int(attributes[names[0]])


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with rehearse(tmp_path, monkeypatch) as found:
        account = Account(with_blog(found))
        update_index(list(reindexing.article_ids()), workers=1)
        monkeypatch.setattr(dropped_events, "WAIT_SECONDS", 0)
        monkeypatch.setattr(reindexing, "request_reindex_all", account.mark)
        monkeypatch.setattr(reindexing, "PATIENCE_SECONDS", 0.0)
        monkeypatch.setattr(event_replay, "PATIENCE_SECONDS", 0.0)
        monkeypatch.setattr(event_replay, "_PAUSE_SECONDS", 0.0)
        yield account


def publish(slug: str) -> int:
    """Publish an article that the function has not indexed."""
    return publishing.publish(content(slug, published_at=NOW - timedelta(hours=1)), now=NOW).article.id


def wait_for_mail(name: str = "1", *, hours: float = 1) -> str:
    """Store a mail that nobody sends. It is due, unless it is new."""
    transaction = Transaction()
    outbox.enqueue(transaction, f"contact#{name}", "contact", item_id=name, now=NOW - timedelta(hours=hours))
    transaction.commit()
    return f"contact#{name}"


def test_the_list_says_what_was_dropped_why_and_what_is_missing(account: Account) -> None:
    publish("hello")
    wait_for_mail()
    account.report("kolom-indexarticles")
    account.report("kolom-sendnotifications", 1, condition="RecordAgeExceeded", approximateInvokeCount=1)
    account.report_schedule()
    account.report("elsewhere")
    client("sqs").send_message(QueueUrl=account.queue, MessageBody="[]")
    for _ in range(2):  # The list hides no report.
        lines = account.kolom("dropped-events", "list").stdout
        assert "IndexArticles\n    about: 2 changes of articles, 2026-11-14 00:13 to 00:15 UTC\n" in lines
        assert "    why: all attempts failed (21 attempts; Unhandled)\n" in lines
        assert "    about: 1 waiting mail, 2026-11-14 00:13 to " in lines
        assert "    why: the records became too old (1 attempt; Unhandled)\n" in lines
        assert "ReleaseDue\n    about: a run of the timer\n    why: AccessDeniedException: not authorized\n" in lines
        assert "elsewhere\n    about: 2 records, " in lines
        assert "?\n    about: no report of a function of this stack\n" in lines
        assert "Articles not indexed now: hello.\n" in lines
        assert "Mail not sent now: contact#1.\n" in lines
        assert "Articles not published now: none.\n" in lines
        assert account.visible() == 5
    data = account.kolom("dropped-events", "list", "--json").json
    assert data["missing"]["articles_not_indexed"] == ["hello"]
    assert [each["cause"] for each in data["reports"]][:2] == ["index", "mail"]


def test_without_reports_there_is_nothing_to_do(account: Account) -> None:
    for name in ("list", "replay"):
        ran = account.kolom("dropped-events", name)
        assert (ran.exit_code, ran.stdout) == (0, "There are no reports of dropped events.\n")


def test_a_replay_repairs_from_the_tables_and_deletes_the_reports(account: Account) -> None:
    """Articles that are indexed are not written again, and several reports of a cause need one repair."""
    missing = publish("hello")
    mail = wait_for_mail()
    for _ in range(12):
        account.report("kolom-indexarticles")
    account.report("kolom-sendnotifications")
    account.report_schedule()
    ran = account.kolom("dropped-events", "replay")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == (
        "Indexed 1 article: hello.\nReleaseDue has queued overdue mail again.\n"
        "ReleaseDue has published what was due.\nDeleted 14 reports.\n"
    )
    assert account.marked == [missing]
    assert is_current(missing)
    assert outbox.get(mail).status == "sent"
    assert account.visible() == 0
    assert account.kolom("dropped-events", "replay").stdout == "There are no reports of dropped events.\n"


def test_a_replay_of_work_that_was_done_meanwhile_writes_nothing(account: Account) -> None:
    account.report("kolom-indexarticles")
    ran = account.kolom("dropped-events", "replay")
    assert ran.stdout == "All articles are indexed; nothing had to be repeated.\nDeleted 1 report.\n"
    assert account.marked == []


def test_reports_whose_repair_fails_are_kept(account: Account) -> None:
    publish("hello")
    account.report("kolom-indexarticles")
    account.report("kolom-sendnotifications")
    account.is_broken = True
    ran = account.kolom("dropped-events", "replay")
    assert ran.exit_code == 1
    assert "Not indexed yet: hello. See the log of IndexArticles.\nReleaseDue failed (Unhandled)" in ran.stdout
    assert ran.stderr == "kolom: 2 reports are left: correct the cause, then run the command again\n"
    assert account.visible() == 2
    assert ran.stdout.count("ReleaseDue failed") == 1
    account.is_broken = False
    assert account.kolom("dropped-events", "replay").exit_code == 0
    assert account.visible() == 0


def test_reports_of_unknown_functions_are_kept(account: Account) -> None:
    account.report("elsewhere")
    account.report("kolom-sendnotifications")
    ran = account.kolom("dropped-events", "replay", "--json")
    assert ran.exit_code == 1
    assert ([each["function"] for each in ran.json["deleted"]], ran.json["left"]) == (["SendNotifications"], 1)
    assert ran.stderr == "kolom: 1 report is left: this version cannot handle them; they expire after 14 days\n"
    assert account.visible() == 1


@pytest.mark.parametrize("call", ["Invoke", "DeleteMessageBatch", "ReceiveMessage"])
def test_an_interrupted_replay_hides_no_report(account: Account, call: str) -> None:
    before: Callable[..., Any] | None = account.answers.get(call)
    publish("hello")
    for _ in range(2):
        account.report("kolom-indexarticles")
    account.report_schedule()
    account.answers[call] = KeyboardInterrupt()
    assert account.kolom("dropped-events", "replay").exit_code == 130
    assert account.visible() == (1 if call == "Invoke" else 3)
    account.answers[call] = before
    ran = account.kolom("dropped-events", "replay")
    assert ran.exit_code == 0, ran.stderr
    assert account.visible() == 0


def test_reports_of_mail_that_still_waits_are_kept(account: Account) -> None:
    """The function of the timer does not say whether the mail that it queued again was sent."""
    wait_for_mail()
    account.report("kolom-sendnotifications")
    account.sends_mail = False
    ran = account.kolom("dropped-events", "replay")
    assert (ran.exit_code, account.visible()) == (1, 1)
    assert "Not sent yet: contact#1. See the log of SendNotifications.\n" in ran.stdout
    account.sends_mail = True
    outbox.requeue_due(now=datetime.now(UTC) + timedelta(minutes=6))
    assert account.kolom("dropped-events", "replay").exit_code == 0


def test_reports_of_mail_that_was_not_queued_again_are_kept(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function queues a limited number of mails in a run."""
    mail = outbox.claim(wait_for_mail(), now=NOW - timedelta(minutes=30))
    assert mail is not None
    outbox.defer(mail, "throttled", now=NOW - timedelta(minutes=30))
    monkeypatch.setattr(timer, "requeue_mail", lambda: None)
    account.report_schedule()
    ran = account.kolom("dropped-events", "replay")
    assert (ran.exit_code, account.visible()) == (1, 1)
    assert "Not sent yet: contact#1." in ran.stdout


def test_mail_that_was_queued_again_before_the_report_is_missing_until_it_is_sent(account: Account) -> None:
    """The timer queues it again every five minutes, so it may never be due."""
    wait_for_mail()
    outbox.requeue_due(now=NOW)
    account.report("kolom-sendnotifications", timestamp=NOW.isoformat())
    account.sends_mail = False
    assert "Mail not sent now: contact#1.\n" in account.kolom("dropped-events", "list").stdout
    assert account.kolom("dropped-events", "replay").exit_code == 1
    assert account.visible() == 1


def test_mail_that_fails_in_the_replay_is_counted(account: Account) -> None:
    wait_for_mail(hours=25)
    account.report("kolom-sendnotifications")
    ran = account.kolom("dropped-events", "replay")
    assert ran.exit_code == 0, ran.stderr
    assert "1 mail has failed for good: see `kolom mail list --status failed`.\n" in ran.stdout


def test_reports_of_articles_that_cannot_be_published_are_kept(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug, seconds in (("stuck", 1), ("later", 600)):
        publishing.publish(content(slug, published_at=NOW + timedelta(seconds=seconds)), now=NOW)
    monkeypatch.setattr(event_replay, "_PAGE", 1)
    monkeypatch.setattr(event_replay, "datetime", SimpleNamespace(now=lambda _: NOW + timedelta(minutes=1)))
    monkeypatch.setattr(timer, "publish_due", lambda **_: ([], ["stuck"]))
    account.report_schedule()
    ran = account.kolom("dropped-events", "replay")
    assert ran.stdout.endswith(
        "\nNot published yet: stuck. See the log of ReleaseDue.\nNo mail was overdue.\nDeleted 0 reports.\n"
    )
    assert (ran.exit_code, account.visible()) == (1, 1)


def test_a_timer_that_cannot_be_run_keeps_only_its_own_reports(account: Account) -> None:
    account.answers["Invoke"] = ClientError(
        {"Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}}, "Invoke"
    )
    account.report("kolom-indexarticles")
    account.report_schedule()
    ran = account.kolom("dropped-events", "replay")
    assert ran.exit_code == 1
    assert ran.stdout.endswith("\nReleaseDue could not be run (TooManyRequestsException).\nDeleted 1 report.\n")
    assert account.visible() == 1


def test_a_replay_that_is_interrupted_begins_no_other_repair(account: Account) -> None:
    publish("hello")
    stopped = Event()
    stopped.set()
    account.report("kolom-indexarticles")
    account.report_schedule()
    with dropped_events.received(account.queue, {"kolom-indexarticles": "IndexArticles"}) as found:
        outcomes = dict(event_replay.replay(found.reports, {}, stopped))
    assert {cause: outcome.text for cause, outcome in outcomes.items()} == {
        "index": "Interrupted.",
        "schedule": "Interrupted.",
    }
    assert account.marked == []


def test_the_list_counts_all_overdue_mail_but_none_that_waits_its_turn(account: Account) -> None:
    for number in range(101):
        wait_for_mail(f"{number:03}")
    wait_for_mail("new", hours=0)
    account.report("kolom-sendnotifications")
    missing = account.kolom("dropped-events", "list", "--json").json["missing"]["mail_not_sent"]
    assert (len(missing), "contact#new" in missing) == (101, False)


@pytest.mark.parametrize("kind", ["no zone", "infinite", "nested", "early"])
def test_a_message_that_is_no_report_does_not_stop_the_others(account: Account, kind: str) -> None:
    account.report("kolom-indexarticles")
    if kind == "nested":
        client("sqs").send_message(QueueUrl=account.queue, MessageBody="[" * 100_000)
    elif kind == "infinite":
        account.report("kolom-indexarticles", float("inf"))
    else:
        early = "0001-01-01T00:00:00+10:00"
        account.report("kolom-indexarticles", timestamp="2026-11-14T00:13:49" if kind == "no zone" else early)
    ran = account.kolom("dropped-events", "replay", "--json")
    assert ([each["cause"] for each in ran.json["deleted"]], ran.json["left"]) == (["index"], 1)


def test_equal_reports_are_listed_once(account: Account) -> None:
    for day in (14, 16, 15):
        account.report("kolom-indexarticles", timestamp=f"2026-11-{day}T00:13:49Z")
    lines = account.kolom("dropped-events", "list").stdout
    assert lines.count("about: ") == 1
    assert "\n    3 reports, the last at 2026-11-16 00:13 UTC\n" in lines


def test_reports_that_become_visible_again_are_received_once(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a slow run would receive the same reports for ever."""
    monkeypatch.setattr(dropped_events, "HIDDEN_SECONDS", 0)
    monkeypatch.setattr(dropped_events, "RECEIVE_SECONDS", 1)
    for _ in range(4):
        account.report("kolom-indexarticles")
    ran = account.kolom("dropped-events", "list", "--json")
    assert ran.exit_code == 0, ran.stderr
    assert len(ran.json["reports"]) == 4


def test_receiving_ends_when_its_time_is_over(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(12):
        account.report("kolom-indexarticles")
    account.answers["ReceiveMessage"] = lambda **_: monkeypatch.setattr(dropped_events, "RECEIVE_SECONDS", -1)
    ran = account.kolom("dropped-events", "list")
    assert ran.exit_code == 1
    assert ran.stderr.startswith("kolom: there may be more than 10 reports: ")
    assert account.visible() == 12


@pytest.mark.parametrize("command", ["list", "replay"])
def test_reports_that_another_reader_has_are_not_overlooked(account: Account, command: str) -> None:
    account.report("kolom-indexarticles")
    client("sqs").receive_message(QueueUrl=account.queue, VisibilityTimeout=60)
    ran = account.kolom("dropped-events", command)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr == ("kolom: 1 other report is being read by another run: wait 10 minutes, then try again\n")
