"""Run tasks that call AWS in several threads: with a limit that adapts to throttling, and with results in order."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, Self

from kolom import aws
from kolom.errors import KolomError, ServiceBusy

DEFAULT_CONCURRENCY: Final = 16
MAX_CONCURRENCY: Final = 32
"""The number of connections of the client (:func:`kolom.models.base.connection`)."""

_ATTEMPTS: Final = 8
_FIRST_DELAY_SECONDS: Final = 0.5
_MAX_DELAY_SECONDS: Final = 20.0
_UNAVAILABLE_SECONDS: Final = 30.0


class Unavailable(KolomError):
    """A service has been busy or unreachable for so long that it is useless to try the other items."""


class Workers:
    """Threads for tasks that call AWS; with a ``concurrency`` of 1, tasks run in the caller's thread instead.

    After ``stopped`` is set or :meth:`abort` is called, tasks that have not begun are abandoned. Leaving the context
    cancels tasks that have not begun, and waits for the others.
    """

    def __init__(self, concurrency: int, stopped: threading.Event) -> None:
        self.concurrency = concurrency
        self._stopped = stopped
        self._aborted = threading.Event()
        self._limit = _AdaptiveLimit(concurrency)
        self._threads = ThreadPoolExecutor(concurrency, "kolom") if concurrency > 1 else None
        self._last_success = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()  # also abandons the tasks that wait for others
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    @property
    def is_stopped(self) -> bool:
        """Return whether no further work is to begin."""
        return self._stopped.is_set() or self._aborted.is_set()

    def abort(self) -> None:
        """Begin no further work, because a task has failed."""
        self._aborted.set()

    def submit[Result](self, task: Callable[[], Result]) -> Future[Result | None]:
        """Run ``task``, usually in another thread. The result is None if it was abandoned."""
        if self._threads is not None and not self.is_stopped:
            return self._threads.submit(self._run, task)
        future: Future[Result | None] = Future()
        try:
            future.set_result(self._run(task))
        except Exception as error:  # noqa: BLE001 - as the executor does
            future.set_exception(error)
        return future

    def submit_after[Result](
        self, earlier: Collection[Future[Any]], task: Callable[[], Result]
    ) -> Future[Result | None]:
        """Run ``task`` after the tasks of the futures ``earlier``, of which there is at least one. No thread waits."""
        future: Future[Result | None] = Future()
        remaining = len(earlier)
        lock = threading.Lock()

        def count_down(_: object) -> None:
            nonlocal remaining
            with lock:
                remaining -= 1
                is_last = not remaining
            if is_last:
                _run_in_turn(lambda: self.submit(task).add_done_callback(finish))

        def finish(done: Future[Result | None]) -> None:
            error = CancelledError() if done.cancelled() else done.exception()
            if error is None:
                future.set_result(done.result())
            else:
                future.set_exception(error)

        for each in earlier:
            each.add_done_callback(count_down)
        return future

    def _run[Result](self, task: Callable[[], Result]) -> Result | None:
        return None if self.is_stopped else task()

    def call[Result](self, operation: Callable[[], Result]) -> Result:
        """Return the result of ``operation``, which must be idempotent. It is repeated after temporary errors.

        These are errors of a service that is busy or unreachable. The pauses grow. Each time, half as many operations
        may run at once, at least one; for operations that began together, this is halved only once.

        :raises ServiceBusy: such an error came at each attempt, or until the work was stopped
        :raises Unavailable: no operation of any thread has succeeded for a while
        """
        for attempt in range(_ATTEMPTS):
            with self._limit as generation:
                try:
                    result = operation()
                except Exception as error:
                    if not _is_temporary(error):
                        raise
                    failure = error
                else:
                    self._limit.grow()
                    self._last_success = time.monotonic()
                    return result
            self._limit.shrink(generation)
            delay = min(_MAX_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2**attempt)
            if attempt + 1 == _ATTEMPTS or self.is_stopped:
                break
            self._stopped.wait(delay * random.uniform(0.5, 1))  # noqa: S311 - jitter
        if not self.is_stopped and time.monotonic() - self._last_success > _UNAVAILABLE_SECONDS:
            raise Unavailable(f"AWS does not answer, or is overloaded: {failure}") from failure
        if isinstance(failure, ServiceBusy):
            raise failure
        raise ServiceBusy(f"AWS did not complete the request: {failure}") from failure

    def call_for_all[Result](self, operation: Callable[[], Result]) -> Result:
        """Return the result of an operation that many items need, as :meth:`call` does.

        :raises Unavailable: :meth:`call` raised it, or :class:`ServiceBusy`
        """
        try:
            return self.call(operation)
        except ServiceBusy as error:
            raise Unavailable(str(error)) from error


_in_turn = threading.local()


def _run_in_turn(action: Callable[[], object]) -> None:
    """Run ``action``, after the one that this thread is running: a long chain of callbacks must not recurse."""
    waiting: deque[Callable[[], object]] | None = getattr(_in_turn, "waiting", None)
    if waiting is not None:
        waiting.append(action)
        return
    _in_turn.waiting = waiting = deque([action])
    try:
        while waiting:
            waiting.popleft()()
    finally:
        _in_turn.waiting = None


class OrderedResults[Result]:
    """The results of tasks that run concurrently, in the order in which the tasks were added."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._pending: deque[tuple[Future[Result | None], int, Collection[object]]] = deque()
        self._size = 0
        self._last: dict[object, Future[Result | None]] = {}

    def add(self, task: Callable[[], Result], *, size: int = 0, keys: Iterable[object] = ()) -> None:
        """Run the task. ``size`` is that of its data. Tasks with a key in common run one after another."""
        keys = set(keys)
        earlier = {future for key in keys if (future := self._last.get(key)) is not None}
        future = self._workers.submit_after(earlier, task) if earlier else self._workers.submit(task)
        self._last |= dict.fromkeys(keys, future)
        self._append(future, size, keys)

    def add_result(self, result: Result, *, size: int = 0) -> None:
        """Add a result that needs no task."""
        future: Future[Result | None] = Future()
        future.set_result(result)
        self._append(future, size, ())

    def _append(self, future: Future[Result | None], size: int, keys: Collection[object]) -> None:
        self._pending.append((future, size, keys))
        self._size += size

    def finished(self, *, max_pending: int = 0, max_size: int = 0) -> Iterator[Result]:
        """Yield results without those of abandoned tasks. Wait while more tasks or data are pending than allowed.

        The exception of a task is raised.
        """
        while self._pending:
            future, size, keys = self._pending[0]
            is_full = len(self._pending) > max_pending or self._size > max_size
            if not (is_full or future.done()):
                return
            self._pending.popleft()
            self._size -= size
            for key in keys:
                if self._last.get(key) is future:
                    del self._last[key]
            result = future.result()
            if result is not None:
                yield result

    def successful(self) -> Iterator[Result]:
        """Wait for all pending tasks, and yield the results of those that succeed. Ignore the exceptions of others."""
        while self._pending:
            with suppress(Exception):
                yield from self.finished()


class _AdaptiveLimit:
    """The number of operations that may run at once.

    It is halved, down to one, when an operation has a temporary error, and began after the number was last halved. It
    grows by one when as many operations as are allowed have succeeded (additive increase, multiplicative decrease, as
    in TCP).
    """

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._allowed = float(maximum)
        self._running = 0
        self._generation = 0
        self._changed = threading.Condition()

    def __enter__(self) -> int:
        with self._changed:
            self._changed.wait_for(lambda: self._running < int(self._allowed))
            self._running += 1
            return self._generation

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify()

    def grow(self) -> None:
        """Allow slightly more after a success."""
        with self._changed:
            self._allowed = min(self._maximum, self._allowed + 1 / self._allowed)
            self._changed.notify()

    def shrink(self, generation: int) -> None:
        """Allow half as many after a temporary error, once for all operations that began before."""
        with self._changed:
            if generation == self._generation:
                self._generation += 1
                self._allowed = max(1.0, self._allowed / 2)


def _is_temporary(error: Exception) -> bool:
    return isinstance(error, ServiceBusy) or aws.is_temporary(error)
