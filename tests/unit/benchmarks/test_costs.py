"""The cost of a blog: the page has what follows from the recorded figures, the assumptions and the prices."""

import tomllib
from dataclasses import replace
from math import inf

import pytest

from benchmarks.costs import attack, page
from benchmarks.costs.bill import (
    SCENARIOS,
    TEMPLATE,
    Scenario,
    amounts_of,
    assumption,
    monthly_bill,
    price,
    stack,
    variants,
)
from benchmarks.costs.measured import Record, load
from benchmarks.costs.prices import Price, prices
from kolom_cli.sam.loader import read_document
from tests.paths import PROJECT


@pytest.fixture(scope="module")
def record() -> Record:
    return load()


def test_the_tables_of_the_page_are_up_to_date(record: Record) -> None:
    """Otherwise run `make costs`: alarms, memory and throttle of the template are in them, too."""
    text = page.PAGE.read_text("utf-8")
    assert all(f"<!-- costs: {name} -->" in text for name in page.TABLES)
    assert page.render(text, record) == text


def test_the_readme_has_the_cost_of_100000_page_views(record: Record) -> None:
    (scenario,) = (each for each in SCENARIOS if each.views == 100_000)
    total = sum(monthly_bill(record, scenario, free=True).values())
    readme = " ".join((PROJECT / "README.md").read_text("utf-8").split())
    assert f"about {round(total, 1):.2f} USD a month in total at 100,000 page views" in readme


def test_an_unknown_table_is_an_error(record: Record) -> None:
    with pytest.raises(KeyError, match="others"):
        page.render("<!-- costs: others -->\n<!-- costs end -->", record)


def test_every_route_has_a_most_expensive_request(record: Record) -> None:
    routes = {route.key: route.function for route in stack().template.routes if route.method != "HEAD"}
    assert attack.ROUTES.keys() == routes.keys()
    assert attack.LIMITED.keys() <= routes.keys()
    of_pages = {"search_articles", "serve_pages"}
    for route, name in attack.ROUTES.items():
        function = record.requests[name].function
        assert function == routes[route] or {function, routes[route]} == of_pages, route


def test_every_assumed_request_is_measured(record: Record) -> None:
    others = {"readers without the files", "pictures"}
    assert assumption("per_view", "pictures")
    assert set(_per_view()) - others <= record.requests.keys()
    assert set(assumption("cache", "pages")) <= record.requests.keys()
    assert {each.function for each in record.requests.values()} <= stack().template.functions.keys()


def _per_view() -> list[str]:
    return list(tomllib.loads((PROJECT / "benchmarks/costs/usage.toml").read_text("utf-8"))["per_view"])


def test_every_amount_has_a_price(record: Record) -> None:
    for scenario in variants(SCENARIOS[-1]).values():
        assert amounts_of(record, scenario).keys() <= prices().keys()


def test_a_price_applies_to_what_is_above_the_free_amount() -> None:
    price = Price("", "", "", usd=2, per=10, evidence="none", url="", free=100)
    assert price.cost(150, free=True) == 10
    assert price.cost(150, free=False) == 30
    assert price.cost(99, free=True) == 0


def test_each_tier_of_a_price_applies_to_its_part() -> None:
    price = Price("", "", "", usd=4, per=1, evidence="none", url="", free=5, tiers=((10, 4), (20, 2), (inf, 1)))
    assert price.cost(25, free=False) == 10 * 4 + 10 * 2 + 5 * 1
    assert price.cost(25, free=True) == 10 * 4 + 10 * 2
    assert price.cost(3, free=True) == 0


def test_the_first_tier_is_the_price_that_the_page_shows() -> None:
    for each in prices().values():
        if each.tiers:
            assert each.tiers[0][1] == each.usd
            assert each.tiers[-1][0] == inf


def test_free_amounts_and_caching_never_make_a_month_more_expensive(record: Record) -> None:
    for scenario in SCENARIOS:
        with_free, without = (sum(monthly_bill(record, scenario, free=free).values()) for free in (True, False))
        assert 0 < with_free < without
        cached = sum(monthly_bill(record, replace(scenario, cached=0.99), free=False).values())
        assert cached < without


def test_a_month_without_readers_costs_secrets_alarms_and_storage(record: Record) -> None:
    bill = monthly_bill(record, Scenario(views=0, cached=0, cold=0), free=True)
    assert bill["Secrets Manager"] == pytest.approx(0.8)
    assert bill["CloudWatch"] == pytest.approx((stack().alarms - 10) * 0.1)
    assert bill["CloudFront"] == bill["API Gateway"] == bill["Lambda"] == 0
    assert 0 < bill["DynamoDB"] + bill["S3"] < 0.1


def test_a_variant_changes_only_what_it_names(record: Record) -> None:
    bills = {name: monthly_bill(record, each, free=True) for name, each in variants(SCENARIOS[-1]).items()}
    usual = bills["as above"]
    without = bills["no pictures, or pictures on another host"]
    assert {service for service in usual if usual[service] != without[service]} == {"CloudFront", "S3"}
    snap_start = bills["`SnapStart=on`"]
    assert {service for service in usual if usual[service] != snap_start[service]} == {"Lambda"}


def test_the_parameter_says_what_snapshots_cost_a_month(record: Record) -> None:
    idle = Scenario(views=0, cached=0, cold=0)
    usual, with_snapshots = (
        monthly_bill(record, replace(idle, snap_start=is_on), free=True)["Lambda"] for is_on in (False, True)
    )
    description = read_document(TEMPLATE)["Parameters"]["SnapStart"]["Description"]
    assert f" {with_snapshots - usual:.0f} US dollars a month " in description


def test_requests_that_are_spread_over_routes_are_not_refused(record: Record) -> None:
    """Each of ten routes gets as many requests as the throttle lets through."""
    one_after_another = sum(day.direct for day in attack.days(record)[:10])
    refused_kb = 900 * attack.SECONDS_A_DAY * assumption("attack", "refused_log_kb")
    (log,) = (each for each in price({"log-gb": refused_kb / 1_000_000}, free=False).values() if each)
    assert attack.worst_routes_together(record) == pytest.approx(one_after_another - 10 * log)


def test_a_lower_throttle_lowers_every_attack(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = {day.route: day for day in attack.days(record)}
    monkeypatch.setattr(attack, "_reached", lambda _: 10.0)
    lowered = {day.route: day for day in attack.days(record)}
    for route, day in usual.items():
        assert lowered[route].direct < day.direct, route
        assert lowered[route].cdn < day.cdn, route
