"""The monthly bill: from measured requests, assumptions in ``usage.toml`` and prices to dollars by service."""

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from benchmarks.costs.measured import Record, Request
from benchmarks.costs.prices import prices
from kolom_cli.deploying import snap_start
from kolom_cli.sam.intrinsics import Resolver
from kolom_cli.sam.loader import load, read_document
from kolom_cli.sam.model import Template
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"
_PARAMETERS: Final = {"SiteUrl": "https://blog.example", "OwnerEmail": "owner@blog.example"}
_USAGE: Final[Mapping[str, Any]] = tomllib.loads((Path(__file__).parent / "usage.toml").read_text("utf-8"))

_SUBMISSIONS: Final = ("comment that waits for approval", "message")
_METRICS_OF_SUBMISSIONS: Final = 2
_HOURS: Final = 730
_FETCHES_AN_HOUR: Final = 12
_TIMER_RUNS: Final = 30 * 24 * 12
_KB_PER_GB: Final = 1_000_000


type Amounts = defaultdict[str, float]
"""How much of each priced unit is used, by the key of the price."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A month: its page views, the share of requests for pages that the cache answers, and of cold starts.

    ``picture_kb`` are the pictures of a page view, and ``searches`` multiplies the searches of the assumptions. With
    ``snap_start``, functions for readers start from snapshots; that their starts are shorter is not counted.
    """

    views: int
    cached: float
    cold: float
    picture_kb: float = _USAGE["sizes"]["picture_kb"]
    searches: float = 1
    snap_start: bool = False


SCENARIOS: Final = tuple(Scenario(**each) for each in _USAGE["scenario"])


@dataclass(frozen=True, slots=True)
class Stack:
    """What the template says: the functions, the throttle, and how many alarms and secrets a stack has."""

    template: Template
    alarms: int
    secrets: int


@cache
def stack() -> Stack:
    """Return the stack with its defaults, with mail, in us-east-1.

    Alarms of a query are not counted: they cost as much as the metrics that the query finds, and there are none until
    DynamoDB throttles.
    """
    document = read_document(TEMPLATE)
    names = ResourceNames(document["Resources"], {})
    values = parameter_values(document["Parameters"], _PARAMETERS)
    resolver = names.resolver = Resolver(
        document, {**values, "AWS::Region": "us-east-1", "AWS::StackName": "kolom"}, names
    )
    alarms = [
        each
        for each in document["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Alarm"
        and "Metrics" not in each["Properties"]
        and ("Condition" not in each or resolver.condition(each["Condition"]))
    ]
    template = load(TEMPLATE, _PARAMETERS)
    return Stack(template, len(alarms), len(template.secrets))


def assumption(section: str, name: str) -> Any:
    """Return a value of ``usage.toml``."""
    return _USAGE[section][name]


def billed_seconds(request: Request, memory_mb: int) -> float:
    """Return the assumed duration of a request in a function with that memory."""
    assumed = _USAGE["lambda"]
    slower = max(1.0, assumed["full_core_mb"] / memory_mb)
    waiting = request.calls * assumed["milliseconds_per_call"] + assumed["overhead_milliseconds"]
    return float((request.milliseconds * slower + waiting) / 1_000)


def add_invocations(amounts: Amounts, request: Request, number: float, *, cold: float = 0) -> None:
    """Add what DynamoDB, Lambda and the logs bill for a number of invocations."""
    memory_mb = stack().template.functions[request.function].memory_mb
    seconds = billed_seconds(request, memory_mb) + cold * _USAGE["lambda"]["cold_start_milliseconds"] / 1_000
    amounts["lambda-request"] += number
    amounts["lambda-gb-second"] += number * seconds * memory_mb / 1_024
    amounts["read-unit"] += number * request.read_units
    amounts["write-unit"] += number * request.write_units
    amounts["log-gb"] += number * _USAGE["sizes"]["log_kb"] / _KB_PER_GB


def snapshots_gb() -> dict[str, float]:
    """Return the sizes of the snapshots, which are billed as the memory of the functions."""
    functions = stack().template.functions.items()
    return {name: each.memory_mb / 1_024 for name, each in functions if each.logical_id in snap_start.FUNCTIONS}


def amounts_of(record: Record, scenario: Scenario) -> Amounts:
    """Return how much of each priced unit a month uses."""
    amounts: Amounts = defaultdict(float)
    per_view, sizes = _USAGE["per_view"], _USAGE["sizes"]
    for name, share in per_view.items():
        if name not in record.requests:
            continue
        request = record.requests[name]
        is_search = name in {"page of search results", "suggestions"}
        number = scenario.views * share * (scenario.searches if is_search else 1)
        reaching = number * (1 - scenario.cached) if name in _USAGE["cache"]["pages"] else number
        amounts["cloudfront-request"] += number
        amounts["cloudfront-function"] += number
        amounts["cloudfront-gb"] += number * (request.kilobytes + sizes["header_kb"]) / _KB_PER_GB
        amounts["api-request"] += reaching
        add_invocations(amounts, request, reaching, cold=scenario.cold)
        if scenario.snap_start:
            amounts["restored-gb"] += reaching * scenario.cold * snapshots_gb().get(request.function, 0)
    if scenario.snap_start:
        amounts["snapshot-gb-second"] += sum(snapshots_gb().values()) * _HOURS * 3_600
    _add_files(amounts, record, scenario)
    submissions = scenario.views * sum(per_view[name] for name in _SUBMISSIONS)
    for name, cause in zip(("mail about a comment", "mail about a message"), _SUBMISSIONS, strict=True):
        add_invocations(amounts, record.requests[name], scenario.views * per_view[cause], cold=scenario.cold)
    amounts["mail"] += submissions
    # A process fetches its secrets at the start, and again every five minutes: the signing keys of two functions, and
    # two versions of the secret of CloudFront.
    amounts["secret-call"] += 4 * max(submissions * scenario.cold, min(submissions, _HOURS * _FETCHES_AN_HOUR))
    amounts["metric"] += _METRICS_OF_SUBMISSIONS * min(1.0, submissions / _HOURS)
    _add_fixed(amounts, record)
    return amounts


def _add_files(amounts: Amounts, record: Record, scenario: Scenario) -> None:
    per_view, sizes, missed = _USAGE["per_view"], _USAGE["sizes"], _USAGE["cache"]["files_missed"]
    readers = scenario.views * per_view["readers without the files"]
    pictures = scenario.views * per_view["pictures"] if scenario.picture_kb else 0
    requests = readers * record.files.number + pictures
    kilobytes = readers * record.files.kilobytes + pictures * scenario.picture_kb + requests * sizes["header_kb"]
    amounts["cloudfront-request"] += requests
    amounts["cloudfront-gb"] += kilobytes / _KB_PER_GB
    amounts["s3-get"] += requests * missed


def _add_fixed(amounts: Amounts, record: Record) -> None:
    """Add what a month uses without any reader."""
    author = _USAGE["author"]
    add_invocations(amounts, record.requests["timer"], _TIMER_RUNS)
    amounts["schedule"] += _TIMER_RUNS
    amounts["write-unit"] += author["articles"] * author["write_units"]
    amounts["dynamodb-gb"] += author["stored_gb"]
    amounts["backup-gb"] += author["stored_gb"]
    amounts["s3-gb"] += author["pictures_gb"]
    amounts["alarm"] += stack().alarms
    amounts["secret"] += stack().secrets


def price(amounts: Mapping[str, float], *, free: bool) -> dict[str, float]:
    """Return what the amounts cost, by service in the order of the prices."""
    total: dict[str, float] = {}
    for key, each in prices().items():
        total[each.service] = total.get(each.service, 0) + each.cost(amounts.get(key, 0), free=free)
    return total


def monthly_bill(record: Record, scenario: Scenario, *, free: bool) -> dict[str, float]:
    """Return the bill of a month by service, with or without the amounts that AWS gives free of charge."""
    return price(amounts_of(record, scenario), free=free)


def variants(scenario: Scenario) -> dict[str, Scenario]:
    """Return what changes the bill most."""
    return {
        "as above": scenario,
        "no pictures, or pictures on another host": replace(scenario, picture_kb=0),
        "pictures of 500 KB for each page view": replace(scenario, picture_kb=500),
        "nothing cached": replace(scenario, cached=0),
        "95 % of the pages cached": replace(scenario, cached=0.95),
        "ten times as many searches": replace(scenario, searches=10),
        "`SnapStart=on`": replace(scenario, snap_start=True),
    }
