"""Recorded responses of AWS: a request is made on moto once, and then again with the recorded responses, without moto.

So the emulator is not measured, and neither is a network. What is measured includes botocore's own work: it serializes
and signs each request, and parses each response.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from benchmarks.runner.timing import processor_seconds, take_turns
from kolom.models.base import connection

type Call = tuple[str, Mapping[str, Any]]
"""The operation and the parameters of a call of DynamoDB."""

type _Answer = tuple[int, Mapping[str, str], bytes]

_TARGET: Final = "X-Amz-Target"
_EXACT: Final = (".GetItem", ".Query")


@dataclass(slots=True)
class Recording:
    """The calls to DynamoDB in a block, and the HTTP responses to them."""

    calls: list[Call] = field(default_factory=list)
    _answers: dict[tuple[str, bytes], _Answer] = field(default_factory=dict)
    _by_target: dict[str, list[_Answer]] = field(default_factory=dict)
    _used: Counter[str] = field(default_factory=Counter)
    _lock: Any = field(default_factory=threading.Lock)

    def add(self, request: AWSPreparedRequest, answer: _Answer) -> None:
        """Remember the response to a request."""
        target = _text(request.headers[_TARGET])
        with self._lock:
            self._answers[target, _body(request)] = answer
            self._by_target.setdefault(target, []).append(answer)

    def answer(self, request: AWSPreparedRequest) -> AWSResponse:
        """Return the response to the same request, else the next one to a request of the same operation.

        The second is for submissions, whose requests contain new ids and times. A GetItem or Query must be the same.

        :raises LookupError: the recording has no such response
        """
        target = _text(request.headers[_TARGET])
        found = self._answers.get((target, _body(request)))
        if found is None:
            answers = None if target.endswith(_EXACT) else self._by_target.get(target)
            if answers is None:
                raise LookupError(f"the recording has no response to {target}")
            position, self._used[target] = self._used[target], self._used[target] + 1
            found = answers[position % len(answers)]
        status, headers, body = found
        return AWSResponse(request.url, status, headers, MockRawResponse(body))  # type: ignore[arg-type]


@contextmanager
def recorded() -> Iterator[Recording]:
    """Yield the recording of the calls of DynamoDB in the block, which must be within moto."""
    recording, original = Recording(), BotocoreStubber.__call__

    def record(stubber: BotocoreStubber, event_name: str, request: Any, **more: Any) -> Any:
        response = original(stubber, event_name, request, **more)
        if response is None or _TARGET not in request.headers:
            return response
        answer = (response.status_code, dict(response.headers), response.content)
        recording.add(request, answer)
        return AWSResponse(request.url, answer[0], answer[1], MockRawResponse(answer[2]))  # type: ignore[arg-type]

    def note(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        recording.calls.append((model.name, params))

    events = connection().client.meta.events
    events.register("provide-client-params.dynamodb.*", note)
    with patch.object(BotocoreStubber, "__call__", record):
        try:
            yield recording
        finally:
            events.unregister("provide-client-params.dynamodb.*", note)


@contextmanager
def replayed(recording: Recording) -> Iterator[None]:
    """Answer all requests in the block from the recording. moto does not see them."""

    def send(_: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        return recording.answer(request)

    with (
        patch.object(BotocoreStubber, "__call__", lambda *_, **__: None),
        patch.object(URLLib3Session, "send", send),
    ):
        yield


def replay_in_turns(
    recording: Recording, tasks: Mapping[str, Callable[[], object]], rounds: int, *, calls: int = 1, warm_up: int = 3
) -> dict[str, list[float]]:
    """Return the mean processor seconds of a call of each task, by round, with the recorded responses.

    In each round, the tasks take turns, with ``calls`` calls each. Before, each is called ``warm_up`` times.
    """
    with replayed(recording):
        for task in tasks.values():
            processor_seconds(task, warm_up)
        return take_turns({name: partial(processor_seconds, task, calls) for name, task in tasks.items()}, rounds)


def bare_script(recording: Recording) -> Callable[[], str]:
    """Return the floor: a script that makes the same calls with boto3, one after another, and dumps the results."""
    client: Any = boto3.client("dynamodb")
    methods = {name: getattr(client, method) for method, name in client.meta.method_to_api_mapping.items()}

    def run() -> str:
        return json.dumps([methods[name](**params) for name, params in recording.calls], default=_dumped)

    return run


def _dumped(value: bytes) -> str:
    return value.decode("latin-1")


def _body(request: AWSPreparedRequest) -> bytes:
    body: Any = request.body or b""
    return body.encode() if isinstance(body, str) else bytes(body)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
