"""What bounds the cost of a stack: the budget, the maxima of tables, the deletion of logs, and the absence of loops."""

from functools import cache
from typing import Any, Final

import pytest

from kolom_cli.sam.intrinsics import Resolver
from kolom_cli.sam.loader import load, read_document
from kolom_cli.sam.model import Template
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames
from tests.paths import PROJECT

TEMPLATE: Final = PROJECT / "template.yaml"
SITE: Final = {"SiteUrl": "https://blog.example"}
OWNER: Final = "owner@blog.example"
WRITES: Final = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}


@cache
def document() -> dict[str, Any]:
    return read_document(TEMPLATE)


@cache
def template() -> Template:
    return load(TEMPLATE, SITE)


def resolver(**parameters: str) -> Resolver:
    values = parameter_values(document()["Parameters"], {**SITE, **parameters})
    names = ResourceNames(document()["Resources"], {})
    pseudo = {"AWS::Region": "us-east-1", "AWS::StackName": "kolom"}
    resolving = names.resolver = Resolver(document(), {**values, **pseudo}, names)
    return resolving


def maxima(**parameters: str) -> dict[str, Any]:
    """Return the maximum throughput of each table and each index."""
    found = {}
    for table in template().tables:
        properties = resolver(**parameters).resolve(document()["Resources"][table]["Properties"])
        found[table] = properties.get("OnDemandThroughput")
        for index in properties.get("GlobalSecondaryIndexes", ()):
            found[f"{table}.{index['IndexName']}"] = index.get("OnDemandThroughput")
    return found


@pytest.mark.parametrize(
    ("budget", "owner", "exists"),
    [("0", OWNER, False), ("5", "", False), ("5", OWNER, True), ("7.50", OWNER, True)],
    ids=["no budget", "no owner", "a budget", "a budget with cents"],
)
def test_a_stack_has_a_budget_if_it_has_an_amount_and_an_owner(budget: str, owner: str, *, exists: bool) -> None:
    assert resolver(MonthlyBudget=budget, OwnerEmail=owner).condition("HasBudget") is exists


def test_the_owner_gets_mail_at_three_shares_of_the_budget() -> None:
    properties = resolver(MonthlyBudget="5", OwnerEmail=OWNER).resolve(document()["Resources"]["Budget"]["Properties"])
    assert properties["Budget"]["BudgetType"] == "COST"
    assert properties["Budget"]["TimeUnit"] == "MONTHLY"
    limit = properties["Budget"]["BudgetLimit"]
    assert (float(limit["Amount"]), limit["Unit"]) == (5, "USD")
    thresholds = [each["Notification"]["Threshold"] for each in properties["NotificationsWithSubscribers"]]
    assert thresholds == [50, 80, 100]
    for each in properties["NotificationsWithSubscribers"]:
        assert each["Notification"]["ThresholdType"] == "PERCENTAGE"
        assert each["Notification"]["NotificationType"] == "ACTUAL"
        assert each["Subscribers"] == [{"SubscriptionType": "EMAIL", "Address": OWNER}]


def test_a_budget_without_a_name_can_be_replaced() -> None:
    """CloudFormation replaces a budget when its subscribers change, and cannot create a second one of that name."""
    assert "BudgetName" not in document()["Resources"]["Budget"]["Properties"]["Budget"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, None),
        ({"MaxReadUnits": "500"}, {"MaxReadRequestUnits": 500}),
        ({"MaxWriteUnits": "200"}, {"MaxWriteRequestUnits": 200}),
        (
            {"MaxReadUnits": "500", "MaxWriteUnits": "200"},
            {"MaxReadRequestUnits": 500, "MaxWriteRequestUnits": 200},
        ),
    ],
    ids=["by default none", "reads", "writes", "both"],
)
def test_a_maximum_applies_to_every_table_and_every_index(
    parameters: dict[str, str], expected: dict[str, int] | None
) -> None:
    """DynamoDB does not apply the maximum of a table to its indexes."""
    found = maxima(**parameters)
    assert len(found) > len(template().tables)
    for place, maximum in found.items():
        integers = None if maximum is None else {name: int(value) for name, value in maximum.items()}
        assert integers == expected, place


def functions() -> dict[str, dict[str, Any]]:
    resources = document()["Resources"]
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == "AWS::Serverless::Function"}


def test_every_function_logs_to_a_group_that_deletes_its_lines() -> None:
    resources = document()["Resources"]
    groups = {name for name, entry in resources.items() if entry["Type"] == "AWS::Logs::LogGroup"}
    assert all(resources[name]["Properties"] == {"RetentionInDays": {"Ref": "LogRetentionDays"}} for name in groups)
    used = [each["LoggingConfig"]["LogGroup"]["Ref"] for each in functions().values()]
    assert sorted(used) == sorted(groups - {"ApiLogGroup"})


def test_a_function_triggers_itself_only_if_a_filter_prevents_a_loop() -> None:
    """A function with the stream of a table may not write to that table.

    The sender of mail does. The filter of its stream keeps only mail that waits, a status that it never writes.
    """
    writers = {}
    for name, properties in functions().items():
        for event in properties["Events"].values():
            if event["Type"] == "DynamoDB":
                (table, _) = event["Properties"]["Stream"]["Fn::GetAtt"]
                if WRITES & actions_on(table, properties["Policies"]["Statement"]):
                    writers[name] = [each["Pattern"] for each in event["Properties"]["FilterCriteria"]["Filters"]]
    assert writers == {"SendNotifications": ['{"dynamodb": {"NewImage": {"status": {"S": ["waiting"]}}}}']}


def actions_on(table: str, statements: list[dict[str, Any]]) -> set[str]:
    """Return the actions that the statements allow on a table."""
    found: set[str] = set()
    for statement in statements:
        if f"'{table}'" in str(statement.get("Resource")):
            actions = statement["Action"]
            found |= {actions} if isinstance(actions, str) else set(actions)
    return {action.removeprefix("dynamodb:") for action in found}


def test_lambda_may_stop_loops() -> None:
    """Lambda's detection of recursive loops is on unless a function disables it."""
    assert {each.get("RecursiveLoop", "Terminate") for each in functions().values()} == {"Terminate"}
