"""Run parts, each in its own process, and report all of them: a part that fails does not stop the others."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.runner import report
from benchmarks.runner.figures import PartResult
from benchmarks.runner.machine import PROJECT

type Run = Callable[[str, Sequence[str], float], PartResult]
"""Runs a part by its name with arguments and a limit in seconds."""

_REASON_CHARACTERS = 300


def run_all(names: Sequence[str], arguments: Sequence[str], seconds_for_each: float, run: Run) -> list[PartResult]:
    """Run the parts one after another, and say on standard error which one is running."""
    results = []
    for name in names:
        sys.stderr.write(f"{name} …")
        sys.stderr.flush()
        results.append(run(name, arguments, seconds_for_each))
        sys.stderr.write(f" {results[-1].status} in {results[-1].seconds:.0f} s\n")
    return results


def run_in_process(name: str, arguments: Sequence[str], seconds: float) -> PartResult:
    """Run a part as ``python -m benchmarks.<name>``. Its own settings, caches and patches end with that process."""
    started = time.perf_counter()

    def failed(reason: str) -> PartResult:
        return PartResult(name, "failed", time.perf_counter() - started, reason=reason)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        try:
            done = subprocess.run(  # noqa: S603 - our own
                [sys.executable, "-m", f"benchmarks.{name}", "--json", str(file), *arguments],
                cwd=PROJECT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return failed(f"it took more than {seconds:.0f} s")
        if done.returncode or not file.exists():
            # The last line of a traceback says what is wrong; the whole of it may be long.
            sys.stderr.write(done.stderr)
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            return failed(f"exit code {done.returncode}: {last[:_REASON_CHARACTERS]}")
        return report.load(file)
