"""Generate the tables of ``docs/cost.md`` from the recorded figures: ``make costs``.

A table is between the comments ``<!-- costs: NAME -->`` and ``<!-- costs end -->``. The rest of the page is written by
hand.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any, Final

from benchmarks.costs import attack
from benchmarks.costs.bill import SCENARIOS, assumption, billed_seconds, monthly_bill, stack, variants
from benchmarks.costs.measured import Record, load
from benchmarks.costs.prices import prices, seen

PAGE: Final = Path(__file__).parents[2] / "docs/cost.md"
_REGION: Final = re.compile(r"(<!-- costs: (\w+) -->\n).*?(<!-- costs end -->)", re.DOTALL)
_UNITS: Final = ("read-unit", "write-unit")
_EVIDENCE: Final = {
    "page": "a copy of the provider's page",
    "list": "a copy of AWS's price list",
    "quoted": "quoted by another page",
    "none": "not verified",
}


def render(page: str, record: Record) -> str:
    """Return the page with new tables.

    :raises KeyError: a region has an unknown name
    """
    return _REGION.sub(lambda match: f"{match[1]}\n{TABLES[match[2]](record)}\n{match[3]}", page)


def _bills(record: Record) -> str:
    columns = [(scenario, free) for free in (True, False) for scenario in SCENARIOS]
    bills = [monthly_bill(record, scenario, free=free) for scenario, free in columns]
    rows = [[service, *(_usd(bill[service]) for bill in bills)] for service in bills[0]]
    rows.append(["**together**", *(f"**{_usd(sum(bill.values()))}**" for bill in bills)])
    head = [f"{each.views:,}{'' if free else ', without free amounts'}" for each, free in columns]
    return _table(["USD a month, by page views", *head], rows)


def _variants(record: Record) -> str:
    named = [variants(scenario) for scenario in SCENARIOS]
    rows = [
        [name, *(_usd(sum(monthly_bill(record, each[name], free=True).values())) for each in named)]
        for name in named[0]
    ]
    return _table(["USD a month, by page views", *(f"{each.views:,}" for each in SCENARIOS)], rows)


def _requests(record: Record) -> str:
    rows = []
    for name, each in record.requests.items():
        memory_mb = stack().template.functions[each.function].memory_mb
        rows.append(
            [
                name,
                f"`{each.function}`",
                str(each.calls),
                f"{each.read_units:g}",
                f"{each.write_units:g}",
                f"{each.milliseconds:.1f}",
                f"{billed_seconds(each, memory_mb) * 1_000:.0f}",
                f"{each.kilobytes:.1f}",
            ]
        )
    head = ["request", "function", "calls", "read units", "write units", "ms measured", "ms assumed", "KB"]
    return _table(head, rows)


def _attacks(record: Record) -> str:
    rows = [
        [
            f"`{day.route}`",
            attack.ROUTES[day.route],
            *map(_usd, (day.tables, day.direct, day.cdn)),
            str(ceil(day.at_once)),
        ]
        for day in attack.days(record)
    ]
    head = ["route", "request", "tables, USD", "in all, USD", "through CloudFront, USD", "functions at once"]
    return _table(head, rows)


def _totals(record: Record) -> str:
    """Return sums that are not about one route."""
    routes, gigabits = assumption("attack", "routes_at_once"), assumption("attack", "gigabits_per_second")
    picture_kb = assumption("sizes", "picture_kb")
    read, write = (1_000 * attack.SECONDS_A_DAY * prices()[key].usd / prices()[key].per for key in _UNITS)
    sums = {
        f"the same requests, spread over the {routes} most expensive routes": attack.worst_routes_together(record),
        f"1,000 requests a second for a picture of {picture_kb} KB": attack.files_through_cdn(picture_kb),
        f"files at {gigabits} gigabit a second": attack.transfer_through_cdn(),
        "the requests that API Gateway refuses, if AWS billed them, too": attack.refused_requests(),
        "1,000 read units a second, of one table or index": read,
        "1,000 write units a second, of one table or index": write,
    }
    return _table(["what", "USD a day"], ([name, _usd(amount)] for name, amount in sums.items()))


def _prices(_: Record) -> str:
    rows = [
        [
            each.service,
            each.item,
            f"{each.usd:.10f}".rstrip("0").rstrip(".") + (f" for {each.per:,}" if each.per > 1 else ""),
            f"{each.free:,}" if each.free else "",
            _evidence(each.evidence, each.url, each.dated),
        ]
        for each in prices().values()
    ]
    return _table(["service", "unit", "USD", "free each month", f"seen on {seen()}"], rows)


def _services(record: Record) -> str:
    own = [_usd(sum(monthly_bill(record, each, free=True).values())) for each in SCENARIOS]
    rows = [["Kolom", "the whole site, without an editor in the browser", "as above", *own, "this page"]]
    rows += [
        [
            each["name"],
            each["part"],
            each["price"],
            *_by_views(each),
            _evidence(each["evidence"], each["url"], each.get("dated", "")),
        ]
        for each in _other_services()
    ]
    head = ["service", "part", "price in USD a month", *(f"{each.views:,} views" for each in SCENARIOS), "source"]
    return _table(head, rows)


@cache
def _other_services() -> Sequence[Mapping[str, Any]]:
    document = tomllib.loads((Path(__file__).parent / "services.toml").read_text("utf-8"))
    services: list[Mapping[str, Any]] = document["service"]
    return services


def _by_views(service: Mapping[str, Any]) -> Iterable[str]:
    """Return the monthly prices for the page views of the scenarios."""
    if "by_views" in service:
        return [str(each) for each in service["by_views"]]
    of_searches = service["by_searches"]
    share = assumption("per_view", "page of search results") + assumption("per_view", "suggestions")
    billed = (max(0.0, each.views * share - of_searches["free"]) for each in SCENARIOS)
    return [_usd(each / of_searches["per"] * of_searches["usd"]) for each in billed]


def _evidence(evidence: str, url: str, dated: str) -> str:
    return f"[{_EVIDENCE[evidence]}]({url}){f', {dated}' if dated else ''}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _usd(amount: float) -> str:
    """Return an amount in cents, or in whole dollars from 100 on."""
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:.2f}"


TABLES: Final[Mapping[str, Callable[[Record], str]]] = {
    "bills": _bills,
    "variants": _variants,
    "requests": _requests,
    "attacks": _attacks,
    "totals": _totals,
    "prices": _prices,
    "services": _services,
}
"""The tables by their name in the page."""


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(render(file.read_text("utf-8"), load()), "utf-8")
