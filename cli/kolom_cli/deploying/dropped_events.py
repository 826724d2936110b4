"""The reports of dropped events: what Lambda or the scheduler gave up after all retries (decision 77).

The format of a stream's report is that of *Retain discarded records for a DynamoDB event source*, and that of a
schedule's report is that of *Configuring a schedule's dead-letter queue*, both in the documentation of AWS.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from typing import Any, Final, Literal

from kolom.timestamps import parse_time
from kolom_cli.deploying.account import client
from kolom_cli.terminal.plurals import count

type Cause = Literal["index", "mail", "schedule", "unknown"]

INDEXER: Final = "IndexArticles"
SENDER: Final = "SendNotifications"
TIMER: Final = "ReleaseDue"
_CAUSES: Final[Mapping[str, Cause]] = {INDEXER: "index", SENDER: "mail", TIMER: "schedule"}
_RECORDS: Final[Mapping[str, tuple[str, str]]] = {
    INDEXER: ("change of an article", "changes of articles"),
    SENDER: ("waiting mail", "waiting mails"),
}
_CONDITIONS: Final[Mapping[str, str]] = {
    "RetryAttemptsExhausted": "all attempts failed",
    "RecordAgeExceeded": "the records became too old",
}
WAIT_SECONDS: Final = 1
RECEIVE_SECONDS: Final = 120
"""How long reports are received. A queue that fills faster would never be empty."""

HIDDEN_SECONDS: Final = 600
"""How long other readers do not see the reports, if this process ends without saying so."""

_PER_CALL: Final = 10
_EMPTY_ANSWERS: Final = 2
"""So many empty answers in a row mean that the queue is empty: it has several servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report: the function that did not get its event, when that was, what the event was about, and why."""

    id: str
    receipt: str
    function: str
    happened: datetime
    about: str
    why: str
    cause: Cause = "unknown"


@dataclass(slots=True)
class ReceivedReports:
    """Reports that other readers do not see until the end of the block that received them.

    ``is_complete`` says whether the queue has no others, except the ``hidden`` ones, which another reader has.
    """

    queue_url: str
    reports: list[Report] = field(default_factory=list)
    is_complete: bool = False
    hidden: int = 0

    def delete(self, reports: Sequence[Report]) -> list[Report]:
        """Delete reports whose work was repeated; return those that were deleted."""
        before = self.reports
        for some in batched(reports, _PER_CALL, strict=False):
            entries = [{"Id": str(number), "ReceiptHandle": each.receipt} for number, each in enumerate(some)]
            answer = client("sqs").delete_message_batch(QueueUrl=self.queue_url, Entries=entries)
            failed = {each["Id"] for each in answer.get("Failed", ())}
            deleted = {each.id for number, each in enumerate(some) if str(number) not in failed}
            self.reports = [each for each in self.reports if each.id not in deleted]
        return [each for each in before if each not in self.reports]


@contextmanager
def received(queue_url: str, functions: Mapping[str, str]) -> Iterator[ReceivedReports]:
    """Receive all reports, oldest first; those that are left are visible again afterwards.

    ``functions`` has the logical ids of the functions by their names.
    """
    found = ReceivedReports(queue_url)
    total = _count(queue_url)
    try:
        found.is_complete = _receive(found, functions) or len(found.reports) >= total
        if found.is_complete:
            found.hidden = max(0, total - len(found.reports))
        found.reports.sort(key=lambda report: report.happened)
        yield found
    finally:
        for some in batched(found.reports, _PER_CALL, strict=False):
            entries = [
                {"Id": str(number), "ReceiptHandle": each.receipt, "VisibilityTimeout": 0}
                for number, each in enumerate(some)
            ]
            client("sqs").change_message_visibility_batch(QueueUrl=queue_url, Entries=entries)


def _count(queue_url: str) -> int:
    """Return the number of messages, including those that another reader has. Approximate."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


def _receive(found: ReceivedReports, functions: Mapping[str, str]) -> bool:
    """Receive reports until there are no others; return False if the time was over, or known ones came again."""
    empty, began = 0, time.monotonic()
    by_id: dict[str, Report] = {}
    while empty < _EMPTY_ANSWERS:
        if time.monotonic() - began > RECEIVE_SECONDS:
            return False
        answer = client("sqs").receive_message(
            QueueUrl=found.queue_url,
            MaxNumberOfMessages=_PER_CALL,
            VisibilityTimeout=HIDDEN_SECONDS,
            # Longer than zero, so that all servers of the queue are asked.
            WaitTimeSeconds=WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        reports = [_parse(message, functions) for message in answer.get("Messages", ())]
        is_new = any(each.id not in by_id for each in reports)
        # A message may be delivered twice; the newest receipt is valid.
        by_id.update({each.id: each for each in reports})
        found.reports = list(by_id.values())
        if reports and not is_new:
            return False
        empty = 0 if reports else empty + 1
    return True


def _parse(message: Mapping[str, Any], functions: Mapping[str, str]) -> Report:
    attributes = {name: each.get("StringValue", "") for name, each in message.get("MessageAttributes", {}).items()}
    sent = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    base: dict[str, Any] = {"id": message["MessageId"], "receipt": message["ReceiptHandle"], "happened": sent}
    if "ERROR_CODE" in attributes or "ERROR_MESSAGE" in attributes:
        why = ": ".join(filter(None, (attributes.get("ERROR_CODE"), attributes.get("ERROR_MESSAGE"))))
        return Report(**base, function=TIMER, about="a run of the timer", why=why, cause="schedule")
    try:
        return _parse_stream(json.loads(message["Body"]), functions, base)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return Report(**base, function="?", about="no report of a function of this stack", why="?")


def _parse_stream(body: Any, functions: Mapping[str, str], base: Mapping[str, Any]) -> Report:
    context, records = body["requestContext"], body["DDBStreamBatchInfo"]
    name = context["functionArn"].partition(":function:")[2].partition(":")[0]
    function = functions.get(name, name)
    first, last = (_time(records[f"approximateArrivalOf{which}Record"]) for which in ("First", "Last"))
    nouns = _RECORDS.get(function, ("record", "records"))
    number = int(records["batchSize"])
    return Report(
        **{**base, "happened": _time(body["timestamp"])},
        function=function,
        about=f"{count(number, *nouns)}, {_period(first, last)}",
        why=_reason(context, body.get("responseContext") or {}),
        cause=_CAUSES.get(function, "unknown"),
    )


def _time(text: str) -> datetime:
    return parse_time(text).astimezone(UTC)


def _period(first: datetime, last: datetime) -> str:
    begin, end = f"{first:%Y-%m-%d %H:%M}", f"{last:%Y-%m-%d %H:%M}"
    if begin == end:
        return f"{begin} UTC"
    return f"{begin} to {end[11:] if begin[:10] == end[:10] else end} UTC"


def _reason(context: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    condition = str(context.get("condition", ""))
    attempts = count(int(context.get("approximateInvokeCount", 0)), "attempt")
    error = response.get("functionError")
    return f"{_CONDITIONS.get(condition, condition)} ({attempts}" + (f"; {error})" if error else ")")
