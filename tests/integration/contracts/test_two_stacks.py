"""Two stacks of the template in one account, on moto. Only resource types that moto supports are created."""

import json
from collections.abc import Iterator
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from kolom_cli.sam.loader import read_document
from kolom_cli.sam.stack_import import import_input
from tests.paths import PROJECT

TEMPLATE: Final = PROJECT / "template.yaml"
# The resource types of the template that moto's CloudFormation can create and delete.
TYPES: Final = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SNS::Topic"}


@pytest.fixture
def cloudformation() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("cloudformation")


def body() -> str:
    document = read_document(TEMPLATE)
    resources = {name: entry for name, entry in document["Resources"].items() if entry["Type"] in TYPES}
    return json.dumps({**{name: document[name] for name in ("Parameters", "Conditions")}, "Resources": resources})


def create(cloudformation: Any, stack: str, **parameters: str) -> dict[str, str]:
    """Create a stack, and return the names of its resources by logical id."""
    given = {"SiteUrl": "https://blog.example", **parameters}
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=body(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
    )
    (state,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    assert state["StackStatus"] == "CREATE_COMPLETE"
    found = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


@pytest.mark.moto
def test_two_stacks_can_exist_in_one_account_and_region(cloudformation: Any) -> None:
    one, two = create(cloudformation, "one"), create(cloudformation, "two")
    assert not set(one.values()) & set(two.values())
    assert one["ArticlesTable"] == "one-articles"
    tables = set(boto3.client("dynamodb").list_tables()["TableNames"])
    assert tables == {name for stack in (one, two) for logical, name in stack.items() if logical.endswith("Table")}


def test_configured_table_names_are_used(cloudformation: Any) -> None:
    names = create(cloudformation, "one", ArticlesTableName="kolom-articles")
    assert (names["ArticlesTable"], names["CommentsTable"]) == ("kolom-articles", "one-comments")


def test_the_import_template_is_valid_on_its_own(cloudformation: Any) -> None:
    template, resources = import_input(TEMPLATE, {"ArticlesTable": "restored", "GuardTable": "old-guard"})
    cloudformation.create_stack(StackName="imported", TemplateBody=json.dumps(template))
    found = cloudformation.describe_stack_resources(StackName="imported")["StackResources"]
    assert {each["PhysicalResourceId"] for each in found} == {"restored", "old-guard"}
    assert {each["ResourceIdentifier"]["TableName"] for each in resources} == {"restored", "old-guard"}
