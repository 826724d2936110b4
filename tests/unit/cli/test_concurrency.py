"""Tasks in several threads: fewer at once while a service is busy, with results in order."""

import gc
import threading
import time
from weakref import ReferenceType, ref

import pytest

from kolom.errors import InvalidInput, ServiceBusy
from kolom_cli import concurrency
from kolom_cli.concurrency import OrderedResults, Unavailable, Workers


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses."""
    monkeypatch.setattr(concurrency, "_FIRST_DELAY_SECONDS", 0.001)
    monkeypatch.setattr(concurrency, "_MAX_DELAY_SECONDS", 0.001)


def busy() -> None:
    raise ServiceBusy("busy")


@pytest.mark.parametrize("number", [1, 4])
def test_results_come_in_the_order_of_the_tasks(number: int) -> None:
    def slow(each: int) -> int:
        time.sleep(0.002 * (each % 3))
        return each

    with Workers(number, threading.Event()) as workers:
        results: OrderedResults[int] = OrderedResults(workers)
        for each in range(30):
            results.add(lambda each=each: slow(each))  # type: ignore[misc]
        results.add_result(30)
        assert list(results.finished()) == list(range(31))


def test_finished_waits_only_while_too_much_is_pending() -> None:
    release = threading.Event()
    with Workers(4, threading.Event()) as workers:
        results: OrderedResults[bool] = OrderedResults(workers)
        for _ in range(3):
            results.add(release.wait, size=10)
        assert list(results.finished(max_pending=3, max_size=30)) == []
        release.set()
        assert list(results.finished(max_pending=3, max_size=29))
        list(results.finished())


def test_no_more_operations_run_at_once_than_a_busy_service_allows() -> None:
    running = peak = calls = 0
    lock = threading.Lock()

    def operation() -> None:
        nonlocal running, peak, calls
        with lock:
            calls += 1
            running += 1
            fails = calls <= 8
            peak = peak if fails else max(peak, running)
        time.sleep(0.002)
        with lock:
            running -= 1
        if fails:
            raise ServiceBusy("busy")

    with Workers(8, threading.Event()) as workers:
        for future in [workers.submit(lambda: workers.call(operation)) for _ in range(12)]:
            future.result()
    assert peak <= 5
    assert calls == 20


def test_a_busy_operation_is_given_up_and_other_errors_are_not_repeated() -> None:
    calls = []

    def invalid() -> None:
        calls.append(1)
        raise InvalidInput

    with Workers(1, threading.Event()) as workers:
        with pytest.raises(ServiceBusy):
            workers.call(busy)
        with pytest.raises(Unavailable):
            workers.call_for_all(busy)
        with pytest.raises(InvalidInput):
            workers.call(invalid)
    assert len(calls) == 1


def test_a_service_without_any_success_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrency, "_UNAVAILABLE_SECONDS", 0.0)
    with Workers(1, threading.Event()) as workers, pytest.raises(Unavailable):
        workers.call(busy)


@pytest.mark.parametrize("number", [1, 2])
def test_tasks_that_have_not_begun_are_abandoned_after_a_stop(number: int) -> None:
    stopped = threading.Event()

    def stop() -> str:
        stopped.set()
        return "done"

    with Workers(number, stopped) as workers:
        results: OrderedResults[str] = OrderedResults(workers)
        results.add(stop)
        list(results.finished(max_pending=1))
        results.add(lambda: "not begun")
        assert "not begun" not in list(results.finished())


@pytest.mark.parametrize("number", [1, 4])
def test_tasks_with_a_key_in_common_run_one_after_another(number: int) -> None:
    done: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    running: set[str] = set()

    def task(each: int, keys: str) -> int:
        assert running.isdisjoint(keys)
        running.update(keys)
        time.sleep(0.001)
        for key in keys:
            done[key].append(each)
        running.difference_update(keys)
        return each

    with Workers(number, threading.Event()) as workers:
        results: OrderedResults[int] = OrderedResults(workers)
        for each in range(40):
            keys = ("a", "b", "ab", "c")[each % 4]
            results.add(lambda each=each, keys=keys: task(each, keys), keys=keys)  # type: ignore[misc]
        assert list(results.finished()) == list(range(40))
    assert all(numbers == sorted(numbers) for numbers in done.values())
    assert sum(map(len, done.values())) == 50


@pytest.mark.parametrize("number", [1, 4])
def test_a_long_chain_of_tasks_is_abandoned_after_a_stop(number: int) -> None:
    stopped, began = threading.Event(), threading.Event()

    def first() -> int:
        began.set()
        stopped.wait(10)
        return 0

    with Workers(number, stopped) as workers:
        results: OrderedResults[int] = OrderedResults(workers)
        if number == 1:
            stopped.set()
        results.add(first, keys=["article"])
        for each in range(2_000):
            results.add(lambda each=each: each, keys=["article"])  # type: ignore[misc]
        assert number == 1 or began.wait(10)
        stopped.set()
        assert list(results.successful()) == ([] if number == 1 else [0])


def test_finished_results_are_not_kept_while_other_tasks_are_pending() -> None:
    class Large:
        pass

    made: list[ReferenceType[Large]] = []

    def load() -> Large:
        large = Large()
        made.append(ref(large))
        return large

    release = threading.Event()
    with Workers(2, threading.Event()) as workers:
        results: OrderedResults[object] = OrderedResults(workers)
        for each in range(50):
            results.add(load, keys=[each])
        results.add(release.wait, keys=["pending"])
        for _ in range(50):
            next(results.finished(max_pending=0))
        gc.collect()
        alive = sum(each() is not None for each in made)
        release.set()
        list(results.finished())
    assert (len(made), alive) == (50, 0)
