"""Measure processor time: of this process, or of a child process, in turns.

Wall time says little on a machine that others use, too. Processor time still depends on the machine and on its load, so
a figure is compared with a floor or a peer that was measured in the same run, alternately (:func:`take_turns`).
"""

import resource
import time
from collections.abc import Callable, Mapping, Sequence

MILLISECONDS = 1_000


def processor_seconds(call: Callable[[], object], calls: int = 1) -> float:
    """Return the mean processor seconds (user and system) of ``calls`` calls in this process."""
    started = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - started) / calls


def processor_seconds_of_children(call: Callable[[], object]) -> float:
    """Return the processor seconds of the child processes that ``call`` starts and waits for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def take_turns[Value](measurements: Mapping[str, Callable[[], Value]], rounds: int) -> dict[str, list[Value]]:
    """Return ``rounds`` results of each measurement, by its name. Each round makes all of them, one after another."""
    found: dict[str, list[Value]] = {name: [] for name in measurements}
    for _ in range(rounds):
        for name, measure in measurements.items():
            found[name].append(measure())
    return found


def ratios(values: Sequence[float], floor: Sequence[float]) -> list[float]:
    """Return the ratio of each value to the floor of the same round."""
    return [value / base for value, base in zip(values, floor, strict=True)]


def milliseconds(seconds: Sequence[float]) -> list[float]:
    """Convert seconds."""
    return [MILLISECONDS * each for each in seconds]
