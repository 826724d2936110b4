"""Processes that a benchmark starts: a server, and the command line."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def server(code: str) -> Iterator[str]:
    """Run a program that serves until it is terminated; yield the first line that it prints, the URL."""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.terminate()


def run_kolom(
    endpoint: str, arguments: Sequence[str], *, started: Callable[[int], object] = lambda _: None
) -> tuple[dict[str, Any], resource.struct_rusage]:
    """Run the command line, which prints JSON; return that, and what it used. ``started`` gets the id of the process.

    The usage is that of the command's process and of the processes that it started and waited for.
    """
    command = [str(Path(sys.executable).parent / "kolom"), "--endpoint-url", endpoint, *arguments, "--json"]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output)  # noqa: S603 - our own
        started(process.pid)
        # getrusage only has the sum of all children.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return json.loads(output.read()), usage
