"""The parser of responses has the results of botocore's."""

import json
from base64 import b64encode
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.parsers import JSONParser, QueryParser, ResponseParserError, RestJSONParser
from hypothesis import given
from hypothesis import strategies as st

from kolom.models.base import connection
from kolom.models.responses import ItemParser, ItemParserFactory

NUMBERS = st.integers().map(str)
BYTES = st.binary(max_size=20).map(lambda data: b64encode(data).decode())
NAMES = st.text(max_size=10)


def tagged(kind: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return values.map(lambda value: {kind: value})


LEAVES = st.one_of(
    tagged("S", st.text(max_size=20)),
    tagged("N", NUMBERS),
    tagged("B", BYTES),
    tagged("BOOL", st.booleans()),
    tagged("NULL", st.just(True)),
    tagged("SS", st.lists(st.text(max_size=5), max_size=3)),
    tagged("NS", st.lists(NUMBERS, max_size=3)),
    tagged("BS", st.lists(BYTES, max_size=3)),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: tagged("L", st.lists(inner, max_size=3)) | tagged("M", st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=10,
)
ITEMS = st.dictionaries(NAMES, VALUES, max_size=8)


@cache
def service() -> Any:
    return botocore.session.get_session().get_service_model("dynamodb")


def parse(parser: JSONParser, operation: str, document: object, status: int = 200) -> Any:
    shape = service().operation_model(operation).output_shape
    headers = {"x-amzn-requestid": "request", "Content-Type": "application/x-amz-json-1.0"}
    response = {"body": json.dumps(document).encode(), "headers": headers, "status_code": status, "context": {}}
    return parser.parse(response, shape)


def assert_same(operation: str, document: object) -> None:
    assert parse(ItemParser(), operation, document) == parse(JSONParser(), operation, document)


@given(ITEMS, st.lists(ITEMS, max_size=3))
def test_items_are_those_of_botocore(item: dict[str, Any], items: list[dict[str, Any]]) -> None:
    capacity = {"TableName": "t", "CapacityUnits": 1.5}
    assert_same("GetItem", {"Item": item, "ConsumedCapacity": capacity})
    assert_same("UpdateItem", {"Attributes": item})
    assert_same("Query", {"Items": items, "Count": len(items), "ScannedCount": 9, "LastEvaluatedKey": item})
    unprocessed = {"t": {"Keys": items, "ConsistentRead": True, "ExpressionAttributeNames": {"#a": "b"}}}
    assert_same("BatchGetItem", {"Responses": {"t": items}, "UnprocessedKeys": unprocessed})
    assert_same("BatchWriteItem", {"UnprocessedItems": {"t": [{"PutRequest": {"Item": item}}]}})
    assert_same("TransactWriteItems", {"ItemCollectionMetrics": {"t": [{"ItemCollectionKey": item}]}})


def test_the_reasons_of_a_cancelled_transaction_are_those_of_botocore() -> None:
    document = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Item": {"key": {"B": "AAE="}}}],
    }
    ours, botocores = (parse(each, "TransactWriteItems", document, 400) for each in (ItemParser(), JSONParser()))
    assert ours == botocores
    assert ours["Error"]["Code"] == "TransactionCanceledException"


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b'{"Item": 1}'], ids=["html", "empty", "number"])
def test_a_response_that_is_not_of_dynamodb_is_an_error_or_empty_as_in_botocore(body: bytes) -> None:
    def outcome(parser: JSONParser) -> Any:
        shape = service().operation_model("GetItem").output_shape
        try:
            return parser.parse({"body": body, "headers": {}, "status_code": 502, "context": {}}, shape)
        except ResponseParserError as error:
            return str(error)

    assert outcome(ItemParser()) == outcome(JSONParser())


def test_the_client_uses_this_parser() -> None:
    endpoint: Any = connection().client._endpoint
    assert isinstance(endpoint._response_parser_factory.create_parser("json"), ItemParser)


def test_other_clients_of_the_process_use_botocores_parser() -> None:
    connection().client  # noqa: B018 (it is created at the first use)
    client: Any = botocore.session.get_session().create_client("secretsmanager", region_name="us-east-1")
    assert type(client._endpoint._response_parser_factory.create_parser("json")) is JSONParser


def test_the_user_agent_names_the_libraries_and_is_composed_once() -> None:
    client: Any = connection().client
    assert client._user_agent_creator.to_string() == client.meta.config.user_agent
    assert client.meta.config.user_agent.startswith("Botocore/")


def test_other_services_of_the_session_keep_their_parsers() -> None:
    """With a profile that has a role or uses SSO, the session calls STS or SSO for credentials."""
    parsers = [ItemParserFactory().create_parser(name) for name in ("json", "query", "rest-json")]
    assert list(map(type, parsers)) == [ItemParser, QueryParser, RestJSONParser]
