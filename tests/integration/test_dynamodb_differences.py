"""Differences between the emulators of DynamoDB: moto, and DynamoDB Local (:mod:`tests.dynamodb_local`).

Each test runs with both, and says what each of them does. No code of the project may depend on either.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration import aws
from tests.integration.aws import client, empty_aws

KEY = {"key": {"S": "1"}}


@pytest.fixture
def is_local() -> bool:
    """Return whether the tests use DynamoDB Local."""
    return bool(aws.stores)


@pytest.fixture
def table() -> Iterator[str]:
    with empty_aws():
        create("table")
        yield "table"


def create(name: str) -> None:
    attributes: list[Any] = [
        {"AttributeName": name, "AttributeType": kind} for name, kind in (("key", "S"), ("shelf", "S"), ("at", "N"))
    ]
    index: Any = {
        "IndexName": "by_shelf",
        "KeySchema": [{"AttributeName": "shelf", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=attributes,
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[index],
        BillingMode="PAY_PER_REQUEST",
    )


def test_only_moto_returns_numbers_as_they_were_written(table: str, is_local: bool) -> None:
    """DynamoDB documents that it removes zeros at the beginning and the end of a number."""
    client("dynamodb").put_item(TableName=table, Item={**KEY, "number": {"N": "012.50"}})
    read = client("dynamodb").get_item(TableName=table, Key=KEY)["Item"]["number"]
    assert read == {"N": "12.5" if is_local else "012.50"}


def test_only_moto_scans_items_in_the_order_of_their_keys(table: str, is_local: bool) -> None:
    """DynamoDB has no order of partitions. moto's order is that of the local site."""
    written = [str(number) for number in range(20)]
    for key in written:
        client("dynamodb").put_item(TableName=table, Item={"key": {"S": key}})
    read = [item["key"]["S"] for item in client("dynamodb").scan(TableName=table)["Items"]]
    assert sorted(read) == sorted(written)
    assert (read == sorted(written)) is not is_local


def test_items_with_equal_sort_keys_of_an_index_have_no_order(table: str, is_local: bool) -> None:
    """moto, as the local site uses it, returns them in the order of their keys."""
    written = [str(number) for number in range(20)]
    for key in written:
        item: Any = {"key": {"S": key}, "shelf": {"S": "all"}, "at": {"N": "1"}}
        client("dynamodb").put_item(TableName=table, Item=item)
    found = client("dynamodb").query(
        TableName=table,
        IndexName="by_shelf",
        KeyConditionExpression="shelf = :shelf",
        ExpressionAttributeValues={":shelf": {"S": "all"}},
    )
    read = [item["key"]["S"] for item in found["Items"]]
    assert sorted(read) == sorted(written)
    assert (read == sorted(written)) is not is_local


def test_only_moto_allows_names_of_tables_of_less_than_three_characters(table: str, is_local: bool) -> None:
    if is_local:
        with pytest.raises(ClientError, match="between 3 and 255 characters"):
            create("t")
    else:
        create("t")


def test_both_reject_numbers_beyond_38_digits_with_different_messages(table: str, is_local: bool) -> None:
    """Those of DynamoDB may differ from both."""
    with pytest.raises(ClientError, match="precision up to 38 digits" if is_local else "38 significant digits"):
        client("dynamodb").put_item(TableName=table, Item={**KEY, "number": {"N": "1" * 39}})


def test_only_dynamodb_local_rejects_numbers_of_too_large_magnitude(table: str, is_local: bool) -> None:
    item: Any = {**KEY, "number": {"N": "1E126"}}
    if is_local:
        with pytest.raises(ClientError, match="Number overflow"):
            client("dynamodb").put_item(TableName=table, Item=item)
    else:
        client("dynamodb").put_item(TableName=table, Item=item)


def test_both_have_their_own_account_in_names_of_resources(table: str, is_local: bool) -> None:
    arn = client("dynamodb").describe_table(TableName=table)["Table"]["TableArn"]
    assert arn.split(":")[3:5] == (["ddblocal", "000000000000"] if is_local else ["us-east-1", "123456789012"])
