"""A pytest plugin that runs the selected property tests repeatedly, with new examples each time, for a given time.

The property with the least total time runs next, so that fast and slow properties share the time. The initial order is
random: if the time is too short for all properties, each session runs others.
"""

import random
from dataclasses import dataclass
from time import monotonic

import pytest
from hypothesis import core


@dataclass(slots=True)
class _Property:
    """A test, with the seed of its last turn and the total duration of its turns."""

    item: pytest.Item
    seed: int
    turns: int = 0
    seconds: float = 0.0
    longest_seconds: float = 0.0
    has_failed: bool = False


class Fuzzing:
    """Replaces pytest's loop over the tests. The first turn of each test uses the session's seed; each later turn adds
    1.
    """

    def __init__(self, config: pytest.Config, seconds: float) -> None:
        self._end = monotonic() + seconds
        chosen = config.getoption("--hypothesis-seed")
        self._seed = random.getrandbits(32) if chosen is None else int(chosen)
        self._properties: list[_Property] = []
        self._running: _Property | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed or session.config.option.collectonly:
            return None  # Nothing to run: pytest's own loop reports the errors, or ends.
        self._properties = [_Property(item, self._seed) for item in session.items]
        random.shuffle(self._properties)
        session.config.get_terminal_writer().line(
            f"fuzzing {len(self._properties)} properties from seed {self._seed} on"
        )
        while (chosen := self._next()) is not None:
            self._run(chosen)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        return True

    def _next(self) -> _Property | None:
        """Return the next property; None if no property is expected to finish in time, based on its earlier turns."""
        left = self._end - monotonic()
        fitting = [each for each in self._properties if not each.has_failed and each.longest_seconds < left]
        return min(fitting, key=lambda each: each.seconds, default=None)

    def _run(self, chosen: _Property) -> None:
        chosen.seed = self._seed + chosen.turns
        core.global_force_seed = chosen.seed  # type: ignore[assignment]  # as --hypothesis-seed does
        self._running = chosen
        began = monotonic()
        item = chosen.item
        # With the session as the next item, pytest tears down all fixtures but those of the session.
        item.ihook.pytest_runtest_protocol(item=item, nextitem=item.session)
        took = monotonic() - began
        chosen.turns += 1
        chosen.seconds += took
        chosen.longest_seconds = max(chosen.longest_seconds, took)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self._running is not None:
            self._running.has_failed = True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        turns = [each.turns for each in self._properties]
        terminalreporter.section("fuzzing")
        terminalreporter.write_line(
            f"{sum(map(bool, turns))} of {len(turns)} properties had a turn, {sum(turns)} turns in all"
        )
        for each in self._properties:
            if each.has_failed:
                terminalreporter.write_line(
                    f"Reproduce: .venv/bin/pytest --hypothesis-profile=fuzz --hypothesis-seed={each.seed} "
                    f"'{each.item.nodeid}'"
                )
