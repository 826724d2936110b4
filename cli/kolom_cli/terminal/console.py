"""The terminal: output, errors, progress bars, and a clean stop after Ctrl-C."""

import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

USAGE = 2
UNREACHABLE = 3
INTERRUPTED = 130


class Track(Protocol):
    """A progress display: a callable that yields the given items. ``total`` is their number, if known."""

    def __call__[T](self, items: Iterable[T], /, title: str, total: int | None) -> Iterable[T]:
        """Yield ``items``, and show the progress."""


def out() -> Console:
    """Return a console for the current standard output, which tests replace."""
    return Console(file=sys.stdout)


def err() -> Console:
    """Return a console for the current standard error, which tests replace."""
    return Console(file=sys.stderr)


def fail(message: str, code: int = 1) -> NoReturn:
    """Print an error message and exit with ``code``."""
    err().print(f"kolom: {message}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def progress(title: str | None = None, *, hidden: bool = False) -> Iterator[Progress]:
    """Show progress bars if standard error is a terminal; the first bar is added here if ``title`` is given."""
    console = err()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console, disable=hidden or not console.is_terminal, transient=True) as bar:
        if title is not None:
            bar.add_task(title, total=None)
        yield bar


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Provide an event that the first Ctrl-C sets, so that a loop can finish its current item.

    The second Ctrl-C interrupts at once.
    """
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    previous = signal.getsignal(signal.SIGINT)

    def stop(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, previous)
        stopped.set()  # last, since it waits if the signal interrupted a wait for the event at the wrong moment

    signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, previous)
