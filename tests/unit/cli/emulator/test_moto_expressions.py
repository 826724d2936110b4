"""Expressions have the same effect and the same errors as in moto without patches."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import ast_nodes
from moto.dynamodb.parsing.tokens import ExpressionTokenizer

from kolom_cli.emulator.moto_expressions import (
    remember_expressions,
    skip_passes_without_effect,
    traverse_by_type,
)

UPDATES = [
    "SET #a = :one",
    "SET #a = #a + :one, #b = if_not_exists(#b, :text)",
    "SET #list = list_append(if_not_exists(#list, :empty), :list)",
    "SET #a = #a - :one REMOVE #list[1], #list[0] ADD #n :one, #set :set DELETE #set :other",
    "SET #map = :map",
    "SET #map.#a = :text, #map.#b.#a = :one",
    "SET #list[5] = :text",
    "REMOVE #missing",
    "ADD #n :one",
    "ADD #b :one",
    "SET #a = #missing",
    "SET #a = :one SET #b = :one",
    "SET #a = :one, #a = :text",
    "SET #map.#a = :one, #map = :map",
    "SET #key = :text",
    "SET #a = :undefined",
    "SET #undefined = :one",
    "SET name = :one",
    "SET plain = :one",
    "SET #a = #b + :one",
    "SET #a := :one",
    "INSERT #a :one",
]
CONDITIONS = [
    "attribute_exists(#a)",
    "attribute_not_exists(#a) OR #a < :one",
    "NOT (#a = :one AND begins_with(#b, :text)) AND #a BETWEEN :one AND :one",
    "#a IN (:one, :text) OR contains(#set, :text)",
    "size(#list) > :one",
    "attribute_type(#a, :text)",
    "#a = ",
    "((#a = :one))",
    "#undefined = :one",
]
NAMES = {f"#{name}": name for name in ("a", "b", "n", "list", "map", "set", "missing", "key")}
VALUES = {
    ":one": {"N": "1"},
    ":text": {"S": "t"},
    ":empty": {"L": []},
    ":list": {"L": [{"S": "x"}, {"N": "2"}]},
    ":map": {"M": {"a": {"N": "1"}, "b": {"M": {}}}},
    ":set": {"SS": ["t", "u"]},
    ":other": {"SS": ["u"]},
}


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    with mock_aws():
        yield create_table()


def create_table() -> Any:
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(
        TableName="t",
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def update(dynamodb: Any, expression: str, condition: str | None) -> object:
    """Return the new item, or the error."""
    used = f"{expression} {condition}"
    request: dict[str, Any] = {
        "TableName": "t",
        "Key": {"key": {"S": "k"}},
        "UpdateExpression": expression,
        "ExpressionAttributeNames": {name: NAMES[name] for name in NAMES if name in used},
        "ExpressionAttributeValues": {name: VALUES[name] for name in VALUES if name in used},
        "ReturnValues": "ALL_NEW",
    }
    request = {name: value for name, value in request.items() if value}
    if condition:
        request["ConditionExpression"] = condition
    try:
        return dynamodb.update_item(**request)["Attributes"]
    except ClientError as error:
        return error.response["Error"]
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:  # defects of moto
        return repr(error)


def all_updates(dynamodb: Any) -> list[object]:
    """Return the results of all expressions, each used several times, on one item."""
    results = [update(dynamodb, expression, None) for expression in UPDATES + UPDATES[::-1]]
    for condition in CONDITIONS:
        results += [update(dynamodb, expression, condition) for expression in UPDATES[:6]]
    return results


def test_updates_have_the_same_results_as_without_shortcuts(dynamodb: Any) -> None:
    expected = all_updates(dynamodb)
    dynamodb.delete_table(TableName="t")
    with remember_expressions(), traverse_by_type(), skip_passes_without_effect():
        results = all_updates(create_table())
    assert len({str(result) for result in expected}) > 30
    for number, (result, wanted) in enumerate(zip(results, expected, strict=True)):
        assert result == wanted, f"update {number}"


def test_transactions_have_the_same_results_as_without_shortcuts(dynamodb: Any) -> None:
    def transaction(client: Any) -> object:
        names, values = {"#a": "a"}, {":one": {"N": "1"}}
        for _ in range(2):
            client.transact_write_items(
                TransactItems=[
                    {
                        "Update": {
                            "TableName": "t",
                            "Key": {"key": {"S": "k"}},
                            "UpdateExpression": "ADD #a :one",
                            "ConditionExpression": "attribute_not_exists(#a) OR #a = :one",
                            "ExpressionAttributeNames": names,
                            "ExpressionAttributeValues": values,
                        }
                    }
                ]
            )
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            client.transact_write_items(
                TransactItems=[
                    {
                        "ConditionCheck": {
                            "TableName": "t",
                            "Key": {"key": {"S": "k"}},
                            "ConditionExpression": "#a = :one",
                            "ExpressionAttributeNames": names,
                            "ExpressionAttributeValues": values,
                        }
                    }
                ]
            )
        return client.scan(TableName="t")["Items"]

    expected = transaction(dynamodb)
    dynamodb.delete_table(TableName="t")
    with remember_expressions(), traverse_by_type(), skip_passes_without_effect():
        assert transaction(create_table()) == expected == [{"key": {"S": "k"}, "a": {"N": "2"}}]


def test_the_same_expressions_are_parsed_once(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as patches:
        patches.enter_context(remember_expressions())
        update(dynamodb, "SET #a = :one", "attribute_not_exists(#b)")
        monkeypatch.setattr(ExpressionTokenizer, "make_list", lambda *_: pytest.fail("parsed again"))
        monkeypatch.setattr(ConditionExpressionParser, "_lex_one_node", lambda *_: pytest.fail("parsed again"))
        assert update(dynamodb, "SET #a = :one", "attribute_not_exists(#b)") == {"key": {"S": "k"}, "a": {"N": "1"}}


def test_each_check_looks_up_its_classes_of_nodes_once(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lookups: list[object] = []
    traverser: Any = ast_nodes.__dict__["DepthFirstTraverser"]
    original = traverser.nodes_to_be_processed

    def counted(check: Any) -> Any:
        lookups.append(check)
        return original(check)

    monkeypatch.setattr(traverser, "nodes_to_be_processed", counted)
    update(dynamodb, "SET #a = :one", None)
    with traverse_by_type():
        lookups.clear()
        update(dynamodb, "SET #a = :one, #b = :text, #n = :one", None)
    assert len(lookups) == len({id(check) for check in lookups}) == 10


def test_a_usual_update_needs_three_passes(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    traversals: list[object] = []
    traverser: Any = ast_nodes.__dict__["DepthFirstTraverser"]
    original = traverser.traverse

    def counted(each: Any, node: Any) -> Any:
        traversals.append(each)
        return original(each, node)

    monkeypatch.setattr(traverser, "traverse", counted)
    with remember_expressions(), skip_passes_without_effect():
        update(dynamodb, "SET #a = :one, #b = :text", None)
        traversals.clear()
        update(dynamodb, "SET #a = :one, #b = :text", None)
    assert len(traversals) == 3
