"""The prices of AWS, from ``prices.toml``."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

type Evidence = Literal["page", "list", "quoted", "none"]

_FILE: Final = Path(__file__).parent / "prices.toml"


@dataclass(frozen=True, slots=True)
class Price:
    """The price in US dollars of ``per`` units.

    ``free`` units of each month cost nothing. Each of the ``tiers`` is an amount and the price of a unit up to it.
    """

    key: str
    service: str
    item: str
    usd: float
    per: int
    evidence: Evidence
    url: str
    dated: str = ""
    free: float = 0
    tiers: Sequence[tuple[float, float]] = ()

    def cost(self, amount: float, *, free: bool) -> float:
        """Return what an amount costs in a month, with or without the free amount."""
        billed = max(0.0, amount - self.free) if free else amount
        if not self.tiers:
            return billed * self.usd / self.per
        total, lower = 0.0, 0.0
        for upper, usd in self.tiers:
            total += max(0.0, min(billed, upper) - lower) * usd
            lower = upper
        return total


@cache
def prices() -> Mapping[str, Price]:
    """Return all prices by their key."""
    return {each["key"]: Price(**each) for each in _document()["price"]}


def seen() -> str:
    """Return the date of the prices."""
    return str(_document()["seen"])


@cache
def _document() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))
