"""`kolom dropped-events`: the reports of dropped events are shown, their work is repeated, and they are deleted."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from functions.run_scheduled_tasks import app as timer
from kolom import outbox
from kolom.articles import publishing, repository
from kolom.models.transaction import Transaction
from kolom.search import reindexing
from kolom.search.index_writer import is_current, update_index
from kolom_cli.deploying import dropped_events
from tests.factories import Context, content
from tests.integration.aws import client
from tests.integration.cli.rehearsal import Rehearsal, rehearse, with_blog

FUNCTIONS: Final = "arn:aws:lambda:us-east-1:123456789012:function:"
NOW: Final = datetime.now(UTC)


class Account:
    """A deployed blog with the queue of reports, whose functions work unless ``is_broken``."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.kolom = rehearsal.kolom
        self.answers = rehearsal.answers
        self.is_broken = False
        self.queue = client("sqs").create_queue(QueueName="dropped")["QueueUrl"]
        self.marked: list[int] = []
        rehearsal.stack.outputs["DroppedEventsUrl"] = self.queue
        self.answers["Invoke"] = self.invoke

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 (the names of the API)
        assert FunctionName == "kolom-releasedue"
        if self.is_broken:
            return {"StatusCode": 200, "FunctionError": "Unhandled"}
        timer.handler(json.loads(Payload), Context())
        return {"StatusCode": 200}

    def mark(self, ids: list[int], mark: str, *_: Any) -> list[int]:
        """Mark articles as `kolom` does, and index them as the function does."""
        self.marked += ids
        for each in ids:
            repository.request_reindex(each, mark)
        if not self.is_broken:
            assert update_index(ids, workers=1) == set()
        return ids

    def report(self, function: str, number: int = 2, **context: object) -> None:
        body = {
            "requestContext": {
                "requestId": "316aa6d0",
                "functionArn": f"{FUNCTIONS}{function}",
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": 21,
                **context,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": "2026-11-14T00:13:49.717Z",
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
        yield account


def publish(slug: str) -> int:
    """Publish an article that the function has not indexed."""
    return publishing.publish(content(slug, published_at=NOW - timedelta(hours=1)), now=NOW).article.id


def wait_for_mail() -> str:
    """Store a mail that nobody sends, and that is due."""
    transaction = Transaction()
    outbox.enqueue(transaction, "contact#1", "contact", item_id="1", now=NOW - timedelta(hours=1))
    transaction.commit()
    return "contact#1"


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
        "Indexed 1 article: hello.\nReleaseDue has published what was due, and queued due mail again.\n"
        "Deleted 14 reports.\n"
    )
    assert account.marked == [missing]
    assert is_current(missing)
    assert outbox.get(mail).due > datetime.now(UTC)
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
    account.is_broken = False
    assert account.kolom("dropped-events", "replay").exit_code == 0
    assert account.visible() == 0


def test_reports_of_unknown_functions_are_kept(account: Account) -> None:
    account.report("elsewhere")
    account.report("kolom-sendnotifications")
    ran = account.kolom("dropped-events", "replay", "--json")
    assert ran.exit_code == 1
    assert ([each["function"] for each in ran.json["deleted"]], ran.json["left"]) == (["SendNotifications"], 1)
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
    assert account.visible() == 3
    account.answers[call] = before
    ran = account.kolom("dropped-events", "replay")
    assert ran.exit_code == 0, ran.stderr
    assert account.visible() == 0
