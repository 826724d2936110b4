"""Convert the entries of a large export on up to four cores, in their order and in bounded memory.

Entries are converted by this process and by one more for each further core, at most three. This process takes part
to save the 70 MB of memory that a further process would need.

The others run :mod:`.conversion_process`. They end when this process ends, for whatever reason, because their
standard input ends then.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import Final

from kolom_cli.importers.common.types import SourceError

_SMALL_EXPORT: Final = 2_000_000
"""The number of characters that are converted without further processes: starting one takes about a second."""

_CHUNK: Final = 100_000
_MAX_PROCESSES: Final = 3
_MAX_PENDING: Final = 8
_COMMAND: Final = (sys.executable, "-P", "-m", "kolom_cli.importers.common.conversion_process")

type Convert[Input, State, Output] = Callable[[Input, State], list[Output]]


def convert_in_order[Input, State, Output](
    convert: Convert[Input, State, Output], state: State, inputs: Iterable[Input], size_of: Callable[[Input], int]
) -> Iterator[Output]:
    """Yield the outputs of all inputs, in the order of the inputs. ``size_of`` returns the characters of an input.

    ``convert`` is a function of a module; it, its arguments and its results can be pickled. It depends only on its
    arguments and the settings. A :class:`SourceError` of ``inputs`` is raised after the outputs of those before it.
    """
    remaining = iter(inputs)
    size = 0
    for each in remaining:
        yield from convert(each, state)
        size += size_of(each)
        if size > _SMALL_EXPORT:
            break
    number = min((os.process_cpu_count() or 1) - 1, _MAX_PROCESSES)
    if not number:
        yield from chain.from_iterable(convert(each, state) for each in remaining)
        return
    with _Processes(number, convert, state) as processes:
        yield from processes.convert_all(remaining, size_of)


class _Processes[Input, State, Output]:
    """Threads that each have a process, which is started for the first chunk of the thread."""

    def __init__(self, number: int, convert: Convert[Input, State, Output], state: State) -> None:
        self._number = number
        self._convert = convert
        self._state = state
        self._threads = ThreadPoolExecutor(number, "conversion")
        self._own = threading.local()
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "_Processes[Input, State, Output]":
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        for process in self._processes:
            if process.stdin is not None and process.stdout is not None:
                process.stdin.close()
                process.stdout.close()
            process.wait()

    def convert_all(self, inputs: Iterable[Input], size_of: Callable[[Input], int]) -> Iterator[Output]:
        pending: deque[Future[list[Output]]] = deque()
        chunks = _chunks(inputs, size_of)
        error: SourceError | None = None
        while True:
            try:
                chunk = next(chunks, None)
            except SourceError as raised:
                error, chunk = raised, None
            if chunk is None:
                break
            pending.append(self._begin(chunk, sum(not future.done() for future in pending)))
            while pending and (pending[0].done() or len(pending) > _MAX_PENDING * self._number):
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
        if error is not None:
            raise error

    def _begin(self, chunk: list[Input], running: int) -> Future[list[Output]]:
        """Begin to convert the chunk in another process; convert it here if they all have enough to do."""
        if running < 2 * self._number:
            return self._threads.submit(self._convert_elsewhere, chunk)
        future: Future[list[Output]] = Future()
        future.set_result(_converted(self._convert, self._state, chunk))
        return future

    def _convert_elsewhere(self, chunk: list[Input]) -> list[Output]:
        """Convert in the process that belongs to this thread. If that fails, convert here, which raises the error."""
        try:
            process = self._process()
            assert process.stdin is not None
            assert process.stdout is not None
            pickle.dump(chunk, process.stdin)
            process.stdin.flush()
            converted: list[Output] | None = pickle.load(process.stdout)  # noqa: S301 - from our own process
        except (OSError, EOFError, pickle.UnpicklingError):
            converted = None
        return _convert_instead(self._convert, self._state, chunk) if converted is None else converted

    def _process(self) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is None:
            process = subprocess.Popen(
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for this process, which then ends the others
            )
            self._own.process = process
            self._processes.append(process)
            assert process.stdin is not None
            pickle.dump((self._convert, self._state), process.stdin)
        return process


def _converted[Input, State, Output](
    convert: Convert[Input, State, Output], state: State, chunk: list[Input]
) -> list[Output]:
    return [output for each in chunk for output in convert(each, state)]


_convert_instead = _converted
"""What converts a chunk whose process failed."""


def _chunks[Input](inputs: Iterable[Input], size_of: Callable[[Input], int]) -> Iterator[list[Input]]:
    chunk: list[Input] = []
    size = 0
    try:
        for each in inputs:
            chunk.append(each)
            size += size_of(each)
            if size > _CHUNK:
                yield chunk
                chunk, size = [], 0
    except SourceError:
        yield chunk
        raise
    if chunk:
        yield chunk
