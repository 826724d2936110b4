"""The terminal: output, errors, progress, and stopping between two articles."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

USAGE = 2
UNREACHABLE = 3
INTERRUPTED = 130


def out() -> Console:
    """Standard output, as it is at this moment."""
    return Console(file=sys.stdout)


def err() -> Console:
    """Standard error, as it is at this moment."""
    return Console(file=sys.stderr)


def fail(message: str, code: int = 1) -> NoReturn:
    """Say in one line what is wrong, and end with ``code``."""
    err().print(f"kolom: {message}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def progress(title: str | None = None, *, hidden: bool = False) -> Iterator[Progress]:
    """Progress on a terminal, with one bar if it has a title; nothing elsewhere, so that logs stay readable."""
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
    """An event that Ctrl-C sets, for a loop to end after the article at hand; the second Ctrl-C interrupts at once."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = signal.getsignal(signal.SIGINT)

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)
