"""The requests that IAM sees when DynamoDB is called."""

from typing import Any

import pytest

from tests.iam.dynamodb_requests import ATTRIBUTES, LEADING_KEYS, SELECT, TRANSACTION, arn_of, hash_keys_of, requests_of
from tests.iam.policies import Request

HASH_KEYS = hash_keys_of(
    {
        "guard": {"KeySchema": [{"AttributeName": "key"}]},
        "comments": {
            "KeySchema": [{"AttributeName": "article_id"}, {"AttributeName": "sort"}],
            "GlobalSecondaryIndexes": [{"IndexName": "by_status", "KeySchema": [{"AttributeName": "status"}]}],
        },
    }
)


def of(operation: str, **parameters: Any) -> list[Request]:
    return list(requests_of(operation, parameters, HASH_KEYS))


def key(value: str) -> dict[str, Any]:
    return {"key": {"S": value}}


def test_a_call_for_one_item_has_its_key_and_all_attributes_that_it_names() -> None:
    (update,) = of(
        "UpdateItem",
        TableName="guard",
        Key=key("ban#1"),
        UpdateExpression="SET #0 = :0",
        ExpressionAttributeNames={"#0": "total"},
    )
    assert update.action == "dynamodb:UpdateItem"
    assert update.resource == arn_of("guard") == "arn:aws:dynamodb:us-east-1:123456789012:table/guard"
    assert update.context == {LEADING_KEYS: ("ban#1",), ATTRIBUTES: ("key", "total")}
    (put,) = of("PutItem", TableName="guard", Item={**key("used#1"), "expires_at": {"N": "1"}})
    assert put.context == {LEADING_KEYS: ("used#1",), ATTRIBUTES: ("expires_at", "key")}


def test_a_batch_is_one_request_for_each_table_with_all_keys() -> None:
    found = of(
        "BatchGetItem",
        RequestItems={
            "guard": {"Keys": [key("a"), key("b")]},
            "comments": {"Keys": [{"article_id": {"S": "7"}, "sort": {"S": "1"}}]},
        },
    )
    assert [each.resource for each in found] == [arn_of("guard"), arn_of("comments")]
    assert [each.context[LEADING_KEYS] for each in found] == [("a", "b"), ("7",)]
    writes = {"guard": [{"PutRequest": {"Item": key("a")}}, {"DeleteRequest": {"Key": key("b")}}]}
    (written,) = of("BatchWriteItem", RequestItems=writes)
    assert written.context[LEADING_KEYS] == ("a", "b")


def test_a_part_of_a_transaction_is_a_request_without_keys() -> None:
    parts = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
    found = of("TransactWriteItems", TransactItems=[{each: {"TableName": "guard", "Key": key("a")}} for each in parts])
    assert [each.action for each in found] == [f"dynamodb:{each}" for each in parts.values()]
    assert all(each.context == {TRANSACTION: ("TransactWriteItems",)} for each in found)


def test_a_query_has_the_hash_key_of_its_index() -> None:
    (found,) = of(
        "Query",
        TableName="comments",
        IndexName="by_status",
        KeyConditionExpression="(#1 < :1 AND #0 = :0)",
        ProjectionExpression="#2, sort",
        ExpressionAttributeNames={"#0": "status", "#1": "sort", "#2": "article_id"},
        ExpressionAttributeValues={":0": {"S": "pending"}, ":1": {"S": "9"}},
        Select="SPECIFIC_ATTRIBUTES",
    )
    assert found.resource == arn_of("comments/index/by_status")
    assert found.context == {
        LEADING_KEYS: ("pending",),
        ATTRIBUTES: ("article_id", "sort", "status"),
        SELECT: ("SPECIFIC_ATTRIBUTES",),
    }


@pytest.mark.parametrize(
    ("place", "expected"),
    [({}, "ALL_ATTRIBUTES"), ({"IndexName": "by_status"}, "ALL_PROJECTED_ATTRIBUTES")],
    ids=["a table", "an index"],
)
def test_a_search_without_select_may_ask_for_all_attributes(place: dict[str, str], expected: str) -> None:
    (found,) = of("Scan", TableName="comments", ProjectionExpression="sort", **place)
    assert found.context == {ATTRIBUTES: ("sort",), SELECT: (expected,)}
