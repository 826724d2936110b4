"""The emulated Lambda runtime handles one request of a function at a time, also under overload."""

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kolom_cli.emulator.lambda_runtime import (
    FunctionBusyError,
    FunctionError,
    FunctionTimeoutError,
    LambdaRuntime,
)
from kolom_cli.sam.model import Function

# Like the resolvers of Powertools, this handler keeps the current event in a place that all its calls share.
HANDLER = """
import threading, time
running, max_running, ended, current = 0, 0, [], None
gate = threading.Event()

def handler(event, context):
    global running, max_running, current
    running += 1
    max_running = max(max_running, running)
    current = event
    try:
        if event["what"] == "hang":
            gate.wait(30)
        time.sleep(event.get("seconds", 0))
        if event["what"] == "fail":
            raise RuntimeError("as asked")
        return {"before": event["number"], "after": current["number"], "left": context.get_remaining_time_in_millis()}
    finally:
        running -= 1
        ended.append(event["number"])
"""
LIMIT_SECONDS = 1
CLIENTS = 32


@pytest.fixture
def runtime(tmp_path: Path) -> LambdaRuntime:
    """A runtime with one function, whose time limit is a second."""
    (tmp_path / "app.py").write_text(HANDLER)
    function = Function(
        name="slow",
        logical_id="Slow",
        physical_name="kolom-Slow",
        arn="arn:aws:lambda:us-east-1:123456789012:function:kolom-Slow",
        code_dir=tmp_path,
        handler="app.handler",
        environment={},
        timeout_seconds=LIMIT_SECONDS,
        memory_mb=128,
        policies=(),
        managed_policies=(),
    )
    runtime = LambdaRuntime({"slow": function})
    runtime.load()
    return runtime


@pytest.fixture
def module(runtime: LambdaRuntime) -> ModuleType:
    """The module of the function."""
    return sys.modules[runtime._modules[0]]


def invoke_all(
    runtime: LambdaRuntime, event: Callable[[int], dict[str, Any]], within_seconds: float
) -> list[tuple[int, Any]]:
    """Invoke the function for all clients at the same time; return each number with its result or kind of error."""

    def invoke(number: int) -> tuple[int, Any]:
        try:
            sent = {"what": "answer", **event(number), "number": number}
            return number, runtime.invoke("slow", sent, within_seconds=within_seconds, one_at_a_time=True)
        except FunctionError as error:
            return number, type(error)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(invoke, range(CLIENTS)))


def test_requests_that_wait_for_their_turn_are_answered_with_their_own_event(
    runtime: LambdaRuntime, module: ModuleType
) -> None:
    """Together they take longer than the time limit of the function, which begins with the turn of each request."""
    results = invoke_all(runtime, lambda _: {"seconds": 0.05}, 30)
    assert [(number, result["before"], result["after"]) for number, result in results] == [
        (number, number, number) for number in range(CLIENTS)
    ]
    assert min(result["left"] for _, result in results) > 1000 * LIMIT_SECONDS / 2
    assert module.max_running == 1


def test_a_handler_that_times_out_keeps_its_turn_until_it_ends(runtime: LambdaRuntime, module: ModuleType) -> None:
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(
            runtime.invoke, "slow", {"what": "hang", "number": -1}, within_seconds=0.2, one_at_a_time=True
        )
        while not module.running:
            time.sleep(0.01)
        threading.Timer(0.8, module.gate.set).start()
        results = invoke_all(runtime, lambda _: {"seconds": 0.01}, 20)
        with pytest.raises(FunctionTimeoutError):
            hanging.result()
    assert [result["after"] for _, result in results] == list(range(CLIENTS))
    assert (module.max_running, module.ended[0]) == (1, -1)


def test_a_request_whose_turn_does_not_come_is_refused_and_never_runs(
    runtime: LambdaRuntime, module: ModuleType
) -> None:
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(
            runtime.invoke, "slow", {"what": "hang", "number": -1}, within_seconds=0.1, one_at_a_time=True
        )
        while not module.running:
            time.sleep(0.01)
        results = invoke_all(runtime, lambda _: {}, 0.3)
        module.gate.set()
        with pytest.raises(FunctionTimeoutError):
            hanging.result()
    assert {result for _, result in results} == {FunctionBusyError}
    assert invoke_all(runtime, lambda _: {}, 20)[0][1]["after"] == 0
    assert module.ended[:1] == [-1]
    assert len(module.ended) == 1 + CLIENTS


def test_a_handler_that_fails_ends_its_turn(runtime: LambdaRuntime, module: ModuleType) -> None:
    results = invoke_all(runtime, lambda number: {"what": "fail" if number % 2 else "answer"}, 20)
    assert [result is FunctionError for _, result in results] == [number % 2 == 1 for number in range(CLIENTS)]
    assert module.max_running == 1


def test_other_invocations_do_not_wait_for_a_turn(runtime: LambdaRuntime, module: ModuleType) -> None:
    """Streams and timers have handlers without a current event."""
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(runtime.invoke, "slow", {"what": "hang", "number": -1}, one_at_a_time=True)
        while not module.running:
            time.sleep(0.01)
        assert runtime.invoke("slow", {"what": "answer", "number": 1})["before"] == 1
        module.gate.set()
        assert hanging.result()["before"] == -1
