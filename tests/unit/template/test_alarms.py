"""The alarms of the template, and where events go that are given up."""

import re
from functools import cache
from typing import Any, Final

import pytest

from kolom_cli.sam.intrinsics import Resolver
from kolom_cli.sam.loader import read_document
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames
from tests.paths import PROJECT

TABLES: Final = ("Articles", "Comments", "Messages", "Outbox", "Search", "Guard")
QUEUE: Final = {"Fn::GetAtt": ["DroppedEvents", "Arn"]}
# CloudWatch's limit for an expression.
EXPRESSION_LIMIT: Final = 2_048
# All functions of an account share one limit of concurrency, so this metric has no dimension.
OF_THE_ACCOUNT: Final = {"FunctionsThrottled"}


@cache
def document() -> dict[str, Any]:
    return read_document(PROJECT / "template.yaml")


def alarms() -> dict[str, dict[str, Any]]:
    return {
        name: entry["Properties"]
        for name, entry in document()["Resources"].items()
        if entry["Type"] == "AWS::CloudWatch::Alarm"
    }


def resolver(region: str = "us-east-1", stack: str = "kolom", **parameters: str) -> Resolver:
    values = parameter_values(document()["Parameters"], {"SiteUrl": "https://blog.example", **parameters})
    names = ResourceNames(document()["Resources"], {})
    pseudo = {"AWS::Region": region, "AWS::StackName": stack}
    resolving = names.resolver = Resolver(document(), {**values, **pseudo}, names)
    return resolving


def existing(**parameters: str) -> set[str]:
    """Return the alarms that a stack with these parameters has."""
    resolving = resolver(**parameters)
    entries = {name: document()["Resources"][name] for name in alarms()}
    return {name for name, each in entries.items() if "Condition" not in each or resolving.condition(each["Condition"])}


def watched(namespace: str, metric: str) -> set[str]:
    """Return the functions with an alarm for a metric."""
    return {
        each["Dimensions"][0]["Value"]["Ref"]
        for each in alarms().values()
        if (each.get("Namespace"), each.get("MetricName")) == (namespace, metric) and "Dimensions" in each
    }


def test_an_alarm_watches_only_its_own_stack() -> None:
    for name, each in alarms().items():
        watches = each.get("Dimensions", each.get("Metrics"))
        assert (name in OF_THE_ACCOUNT) == (watches is None), name
        if watches is not None:
            assert re.search(r"'(Ref|Fn::GetAtt|Fn::Sub)':", str(watches)), name


def test_every_function_that_no_visitor_waits_for_has_an_alarm_for_errors() -> None:
    """Errors of the index appear as its delay: a batch that fails blocks the following ones."""
    without_route = {
        name
        for name, entry in document()["Resources"].items()
        if entry["Type"] == "AWS::Serverless::Function"
        and all(event["Type"] != "HttpApi" for event in entry["Properties"]["Events"].values())
    }
    assert without_route == watched("AWS/Lambda", "Errors") | watched("AWS/Lambda", "IteratorAge")


def test_a_timer_without_data_is_a_timer_that_does_not_run() -> None:
    timer = alarms()["TimerStops"]
    assert timer["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "ReleaseDue"}}]
    assert (timer["MetricName"], timer["TreatMissingData"]) == ("Invocations", "breaching")
    assert (timer["Threshold"], timer["ComparisonOperator"]) == (1, "LessThanThreshold")
    assert {each["TreatMissingData"] for name, each in alarms().items() if name != "TimerStops"} == {"notBreaching"}


def test_every_table_has_an_alarm_for_throttled_requests() -> None:
    """A table whose name has the greatest length fits into the expression."""
    for table in TABLES:
        (metric,) = alarms()[f"{table}Throttled"]["Metrics"]
        found = resolver(**{f"{table}TableName": "t" * 255}).resolve(metric["Expression"])
        query, _, condition = found.partition(" WHERE ")
        assert query == 'SELECT SUM(ThrottledRequests) FROM SCHEMA("AWS/DynamoDB", Operation, TableName)'
        assert condition == f"TableName = '{'t' * 255}'"
        assert len(found) <= EXPRESSION_LIMIT


def test_only_a_stack_with_mail_has_alarms_about_mail() -> None:
    of_mail = {"MailFails", "MailBounces", "MailComplaints", "SenderFails", "SuppressionFails"}
    assert existing(OwnerEmail="owner@blog.example") - existing() == of_mail
    assert not existing(region="ap-east-1", OwnerEmail="owner@blog.example") & of_mail


def test_only_a_stack_in_us_east_1_can_watch_the_cdn() -> None:
    assert "CdnErrors" in existing()
    assert "CdnErrors" not in existing(Cdn="off") | existing(region="eu-west-1")


def test_the_documented_alarm_for_other_regions_equals_that_of_the_template() -> None:
    page = (PROJECT / "docs/operate.md").read_text("utf-8")
    (command,) = re.findall(r"aws cloudwatch put-metric-alarm((?:.*\\\n)*.*)", page)
    options = dict(re.findall(r"--([a-z0-9-]+) ([^\\\n]+?)(?= --| *\\| *\n|$)", command))
    alarm = alarms()["CdnErrors"]
    assert options["region"] == "us-east-1"
    assert options["namespace"] == alarm["Namespace"]
    assert options["metric-name"] == alarm["MetricName"]
    assert options["dimensions"].split() == ["Name=DistributionId,Value=E123EXAMPLE", "Name=Region,Value=Global"]
    assert options["statistic"] == alarm["Statistic"]
    assert options["comparison-operator"] == alarm["ComparisonOperator"]
    assert options["treat-missing-data"] == alarm["TreatMissingData"]
    numbers = {"period": "Period", "evaluation-periods": "EvaluationPeriods", "threshold": "Threshold"}
    assert {option: int(options[option]) for option in numbers} == {
        option: alarm[name] for option, name in numbers.items()
    }


def test_the_documented_costs_count_the_alarms() -> None:
    """CloudWatch has a free amount of ten, in which alarms of queries are not included."""
    queries = {name for name, each in alarms().items() if "Metrics" in each}
    assert len(existing() - queries - {"CdnErrors"}) == 9
    with_mail = existing(OwnerEmail="owner@blog.example") - queries - {"CdnErrors"}
    page = " ".join((PROJECT / "docs/deploy.md").read_text("utf-8").split())
    assert f"with mail, about {(len(with_mail) - 10) / 10:.2f} USD a month" in page


@pytest.mark.parametrize(
    ("function", "event"),
    [
        (name, event)
        for name, entry in read_document(PROJECT / "template.yaml")["Resources"].items()
        for event, each in entry.get("Properties", {}).get("Events", {}).items()
        if each["Type"] in {"DynamoDB", "ScheduleV2"}
    ],
)
def test_a_dropped_event_of_a_stream_or_timer_is_reported(function: str, event: str) -> None:
    properties = document()["Resources"][function]["Properties"]["Events"][event]["Properties"]
    if "Stream" in properties:
        assert properties["DestinationConfig"] == {"OnFailure": {"Type": "SQS", "Destination": QUEUE}}
    else:
        assert properties["DeadLetterConfig"] == {"Arn": QUEUE}


def test_reports_of_dropped_events_raise_an_alarm_and_expire() -> None:
    assert alarms()["EventsDropped"]["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["DroppedEvents", "QueueName"]}
    assert document()["Resources"]["DroppedEvents"]["Properties"] == {
        "MessageRetentionPeriod": 14 * 24 * 3600,
        "SqsManagedSseEnabled": True,
    }


def test_events_with_email_addresses_are_not_kept_in_a_queue() -> None:
    """A destination of an asynchronous invocation gets the whole event."""
    assert "EventInvokeConfig" not in document()["Resources"]["SuppressAddresses"]["Properties"]
    assert "DeadLetter" not in str(document()["Resources"]["SuppressAddresses"])
