"""Invoke functions from table streams and schedules."""

import base64
import datetime as dt
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.events.models import EventPattern

from kolom_cli.emulator.lambda_runtime import FunctionError
from kolom_cli.sam.intrinsics import ACCOUNT_ID
from kolom_cli.sam.model import Schedule, Stream

POLL_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
_REGION = "us-east-1"
_log = logging.getLogger(__name__)
type Invoke = Callable[[str, Any], Any]


class EventSource:
    """Invokes a function from a thread of its own until it is stopped."""

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; :meth:`join` waits until it has ended."""
        self._stopping.set()

    def join(self, seconds: float) -> None:
        """Wait at most ``seconds`` until the thread has ended."""
        self._thread.join(seconds)

    def _run(self) -> None:
        raise NotImplementedError


class StreamPoller(EventSource):
    """Delivers one table's changes to one function, in order, until the function has processed them.

    As on AWS, a failed batch is retried and blocks the following ones, up to the event source's maximum of retries.
    Unlike on AWS, a batching window ends as soon as no more records arrive, because a developer is waiting.
    """

    def __init__(self, stream: Stream, streams: Any, stream_arn: str, invoke: Invoke) -> None:
        super().__init__(f"stream-{stream.function}")
        self._stream = stream
        self._client = streams
        self._arn = stream_arn
        self._invoke = invoke
        self._patterns = [EventPattern.load(each) for each in stream.filters]
        self._caught_up_at = 0.0

    def is_drained_since(self, monotonic_time: float) -> bool:
        """Return whether a poll that started after ``monotonic_time`` found no more records."""
        return self._caught_up_at > monotonic_time

    def _run(self) -> None:
        iterator: str | None = None
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                iterator, records = self._read_batch(iterator or self._first_iterator())
            except Exception:  # noqa: BLE001 (a poller that ends loses events)
                if self._stopping.is_set():
                    return
                _log.exception("%s: the stream cannot be read", self._stream.function)
                iterator = None
                self._stopping.wait(LONGEST_PAUSE_SECONDS)
                continue
            if records:
                self._deliver([record for record in records if self._matches(record)])
            else:
                self._caught_up_at = began
                self._stopping.wait(POLL_SECONDS)

    def _read_batch(self, iterator: str) -> tuple[str | None, list[dict[str, Any]]]:
        """Return the next iterator, and the records that arrive within the batching window."""
        following: str | None = iterator
        batch: list[dict[str, Any]] = []
        closes_at = time.monotonic() + self._stream.window_seconds
        while following:
            answer = self._client.get_records(ShardIterator=following, Limit=self._stream.batch_size - len(batch))
            following = answer.get("NextShardIterator")
            batch += [to_lambda_record(record, self._arn) for record in answer["Records"]]
            is_full = len(batch) >= self._stream.batch_size or time.monotonic() >= closes_at
            if is_full or not answer["Records"] or self._stopping.wait(POLL_SECONDS):
                break
        return following, batch

    def _first_iterator(self) -> str:
        shards = self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        open_shards = [shard for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
        position = "LATEST" if self._stream.starting_position == "LATEST" else "TRIM_HORIZON"
        answer = self._client.get_shard_iterator(
            StreamArn=self._arn, ShardId=(open_shards or shards)[-1]["ShardId"], ShardIteratorType=position
        )
        return str(answer["ShardIterator"])

    def _matches(self, record: dict[str, Any]) -> bool:
        return not self._patterns or any(pattern.matches_event(record) for pattern in self._patterns)  # type: ignore[arg-type]

    def _deliver(self, records: list[dict[str, Any]]) -> None:
        failures = 0
        while records and not self._stopping.is_set():
            failed_at = self._first_failure(records)
            if failed_at is None:
                return
            records = records[failed_at:]
            failures = 1 if failed_at else failures + 1
            retries = self._stream.maximum_retries
            if self._stream.bisects and len(records) > 1:
                middle = len(records) // 2
                self._deliver(records[:middle])
                records, failures = records[middle:], 0
                continue
            if retries is not None and failures > retries:
                _log.error("%s: gave up %d records", self._stream.function, len(records))
                return
            self._stopping.wait(min(LONGEST_PAUSE_SECONDS, 0.05 * 2**failures))

    def _first_failure(self, records: list[dict[str, Any]]) -> int | None:
        """Invoke the function; return the position from which the batch must be retried, ``None`` for success."""
        try:
            result = self._invoke(self._stream.function, {"Records": records})
        except FunctionError:
            return 0
        if not self._stream.reports_failures or not result:
            return None
        try:
            failed = [failure["itemIdentifier"] for failure in result.get("batchItemFailures") or []]
        except (AttributeError, KeyError, TypeError):
            return 0
        positions = {record["dynamodb"]["SequenceNumber"]: at for at, record in enumerate(records)}
        return min((positions.get(each, 0) for each in failed), default=None)


def to_lambda_record(record: dict[str, Any], stream_arn: str) -> dict[str, Any]:
    """Convert a record from boto3's form to the form in a Lambda event."""
    plain: dict[str, Any] = _plain(record)
    return {**plain, "eventSourceARN": stream_arn}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dt.datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


class Timer(EventSource):
    """Invokes one function at a fixed rate, first after one period."""

    def __init__(self, schedule: Schedule, invoke: Invoke) -> None:
        super().__init__(f"timer-{schedule.function}")
        self._schedule = schedule
        self._invoke = invoke

    def _run(self) -> None:
        while not self._stopping.wait(self._schedule.every_seconds):
            try:
                self._invoke(self._schedule.function, scheduled_event(self._schedule))
            except FunctionError:
                _log.error("%s: the scheduled invocation failed; the schedule continues", self._schedule.function)


def scheduled_event(schedule: Schedule) -> Any:
    """Return the event that EventBridge Scheduler sends."""
    if schedule.payload is not None:
        return json.loads(schedule.payload)
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT_ID,
        "time": dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": _REGION,
        "resources": [f"arn:aws:scheduler:{_REGION}:{ACCOUNT_ID}:schedule/default/{schedule.name}"],
        "detail": "{}",
    }
