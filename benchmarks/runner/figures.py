"""Figures: what a benchmark has measured, with its spread and its goal."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

type Status = Literal["run", "run in part", "not run", "failed"]


class NotRunError(Exception):
    """A part, or the rest of one, needs something that is absent. The message says what, and how to get it."""


def require_packages(*names: str, group: str = "bench") -> None:
    """Check that packages of a group of dependencies are installed.

    :raises NotRunError: some are not
    """
    if missing := [name for name in names if find_spec(name) is None]:
        groups = dict.fromkeys(("bench", group))
        command = " ".join(["uv sync --extra cli", *(f"--group {each}" for each in groups)])
        raise NotRunError(f"{' and '.join(missing)} not installed: run `{command}`")


@dataclass(frozen=True, slots=True)
class Figure:
    """The values of a measure in a case, such as the "requests" of a "GET /api/articles".

    ``goal`` is the highest median that the project accepts, if there is one; with ``at_least``, the lowest.
    """

    case: str
    measure: str
    values: Sequence[float]
    goal: float | None = None
    at_least: bool = False

    def __post_init__(self) -> None:
        if not self.values or not all(math.isfinite(value) for value in self.values):
            raise ValueError(f"{self.case}, {self.measure}: no figures, or not finite: {self.values}")

    @property
    def median(self) -> float:
        """The median of the values."""
        return statistics.median(self.values)

    @property
    def lowest(self) -> float:
        """The lowest value."""
        return min(self.values)

    @property
    def highest(self) -> float:
        """The highest value."""
        return max(self.values)

    @property
    def reaches_goal(self) -> bool | None:
        """Whether the median is within the goal; None without a goal."""
        if self.goal is None:
            return None
        median = round(self.median, 2)
        return median >= self.goal if self.at_least else median <= self.goal

    def to_json(self) -> dict[str, Any]:
        """Return the figure with all its values, as JSON."""
        return {
            "case": self.case,
            "measure": self.measure,
            "median": self.median,
            "lowest": self.lowest,
            "highest": self.highest,
            "values": list(self.values),
            "goal": self.goal,
            "at_least": self.at_least,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Figure":
        """Return the figure that :meth:`to_json` converted."""
        return cls(data["case"], data["measure"], data["values"], data["goal"], at_least=data["at_least"])


@dataclass(frozen=True, slots=True)
class PartResult:
    """The result of a part: its figures, and why some or all are missing (``reason``)."""

    part: str
    status: Status
    seconds: float
    figures: Sequence[Figure] = ()
    reason: str = ""
    options: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON."""
        return {
            "part": self.part,
            "status": self.status,
            "seconds": self.seconds,
            "reason": self.reason,
            "options": self.options,
            "figures": [figure.to_json() for figure in self.figures],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PartResult":
        """Return the result that :meth:`to_json` converted."""
        figures = [Figure.from_json(each) for each in data["figures"]]
        return cls(data["part"], data["status"], data["seconds"], figures, data["reason"], data["options"])


def counted(case: str, **counts: float) -> Iterable[Figure]:
    """Yield figures that are the same in every run; an underscore in the name of a measure is a space."""
    for measure, count in counts.items():
        yield Figure(case, measure.replace("_", " "), [count])
