"""The dashboard of the template."""

import itertools
import json
from typing import Any, Final

import pytest

from tests.paths import PROJECT
from tests.unit.template.test_alarms import document, resolver

OWNER: Final = "owner@blog.example"
# Up to which an account has three free dashboards: https://aws.amazon.com/cloudwatch/pricing/
FREE_METRICS: Final = 50
# All functions of an account share one limit of concurrency, so this metric has no dimension.
OF_THE_ACCOUNT: Final = ["AWS/Lambda", "Throttles"]


def widgets(**parameters: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the widgets by their titles."""
    given = {"OwnerEmail": OWNER, "Dashboard": "on", **parameters}
    body = resolver(**given).resolve(document()["Resources"]["SiteDashboard"]["Properties"]["DashboardBody"])
    return {each["properties"]["title"]: each["properties"] for each in json.loads(body)["widgets"]}


def metrics(*titles: str, **parameters: str) -> list[list[str]]:
    """Return namespace, name and dimensions of the metrics in these widgets, or in all."""
    shown = widgets(**parameters)
    found = itertools.chain(*(shown[title]["metrics"] for title in titles or shown))
    return [[part for part in metric if isinstance(part, str)] for metric in found if isinstance(metric[0], str)]


def of_type(kind: str) -> set[str]:
    """Return the names of the resources of a type."""
    resources = document()["Resources"]
    return {str(resolver().ref(name)) for name, entry in resources.items() if entry["Type"] == kind}


def test_a_stack_has_a_dashboard_only_on_request() -> None:
    """A dashboard beyond the free ones of the account costs 3 USD a month."""
    assert document()["Resources"]["SiteDashboard"]["Condition"] == "HasDashboard"
    assert not resolver().condition("HasDashboard")
    assert resolver(Dashboard="on").condition("HasDashboard")


def test_the_dashboard_has_no_more_metrics_than_a_free_one() -> None:
    shown = metrics()
    assert len(shown) <= FREE_METRICS
    assert len({tuple(each) for each in shown}) == len(shown)


@pytest.mark.parametrize(
    ("parameters", "missing"),
    [
        ({"OwnerEmail": ""}, {"Mail"}),
        ({"Cdn": "off"}, {"Requests of the CDN"}),
        ({"Cdn": "off", "OwnerEmail": ""}, {"Mail", "Requests of the CDN"}),
    ],
    ids=["without mail", "without the CDN", "without both"],
)
def test_a_stack_shows_only_what_it_has(parameters: dict[str, str], missing: set[str]) -> None:
    assert widgets().keys() - widgets(**parameters).keys() == missing


def test_a_metric_of_the_dashboard_is_one_of_the_own_stack() -> None:
    assert [each for each in metrics() if len(each) == 2] == [OF_THE_ACCOUNT]
    own = of_type("AWS::Serverless::Function") | of_type("AWS::DynamoDB::Table") | of_type("AWS::SQS::Queue")
    own |= of_type("AWS::Serverless::HttpApi") | of_type("AWS::CloudFront::Distribution") | {"kolom-mailsettings"}
    assert {each[3] for each in metrics() if len(each) > 2} <= own | {"kolom"}


def test_errors_of_all_functions_are_shown() -> None:
    functions = of_type("AWS::Serverless::Function")
    assert sorted(metrics("Errors of functions")) == sorted(
        ["AWS/Lambda", "Errors", "FunctionName", name] for name in functions
    )


def test_the_age_of_records_of_all_streams_is_shown() -> None:
    resources = document()["Resources"]
    readers = {
        name
        for name, entry in resources.items()
        for event in entry.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "DynamoDB"
    }
    assert {each[3] for each in metrics("Age of stream records")} == {str(resolver().ref(name)) for name in readers}


@pytest.mark.parametrize("kind", ["Read", "Write"])
def test_the_capacity_of_all_tables_is_shown(kind: str) -> None:
    shown = metrics(f"{kind} units of tables")
    assert {each[1] for each in shown} == {f"Consumed{kind}CapacityUnits"}
    assert {each[3] for each in shown} == of_type("AWS::DynamoDB::Table")


def test_throttled_requests_to_all_tables_are_searched() -> None:
    searches = [each[0]["expression"] for each in widgets()["Throttled and dropped"]["metrics"] if len(each) == 1]
    assert searches == [
        f'SEARCH(\'{{AWS/DynamoDB,Operation,TableName}} MetricName="ThrottledRequests" AND TableName="{table}"\', '
        "'Sum', 300)"
        for table in (
            "kolom-articles",
            "kolom-comments",
            "kolom-messages",
            "kolom-outbox",
            "kolom-search",
            "kolom-guard",
        )
    ]


def test_metrics_of_kolom_on_the_dashboard_are_published() -> None:
    """The page lists the metrics that the functions publish (tests/integration/contracts/test_handlers.py)."""
    published = (PROJECT / "docs/operate.md").read_text("utf-8").partition("## Metrics")[2]
    shown = [each for each in metrics() if each[0] == "Kolom"]
    assert [each for each in shown if f"`{each[1]}`" not in published] == []
    assert {tuple(each[2:]) for each in shown} == {("service", "kolom")}


def test_metrics_of_the_cdn_come_from_its_only_region() -> None:
    assert {title: each["region"] for title, each in widgets().items() if each["region"] != "us-east-1"} == {}
    given = {"OwnerEmail": OWNER, "Dashboard": "on"}
    body = resolver("eu-west-1", **given).resolve(document()["Resources"]["SiteDashboard"]["Properties"])
    regions = {
        each["properties"]["title"]: each["properties"]["region"]
        for each in json.loads(body["DashboardBody"])["widgets"]
    }
    assert {title for title, region in regions.items() if region == "us-east-1"} == {"Requests of the CDN"}
    assert set(regions.values()) == {"us-east-1", "eu-west-1"}
    assert body["DashboardName"] == "kolom-eu-west-1"


def test_every_widget_is_documented() -> None:
    page = (PROJECT / "docs/operate.md").read_text("utf-8")
    assert [title for title in widgets() if f"| {title} |" not in page] == []
