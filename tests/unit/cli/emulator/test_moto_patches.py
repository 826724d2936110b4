"""The patches that make moto behave like DynamoDB, with a similar speed."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.core.parse import RequestParser
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodbstreams.models import dynamodbstreams_backends

from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.emulator.moto_shortcuts import dispatch_directly, parse_directly


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    with mock_aws(), patch_moto():
        client = boto3.client("dynamodb", region_name="us-east-1")
        make_table(client)
        yield client


def make_table(client: Any) -> None:
    client.create_table(
        TableName="table",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("key", "part", "shelf", "at")],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}, {"AttributeName": "part", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_shelf",
                "KeySchema": [
                    {"AttributeName": "shelf", "KeyType": "HASH"},
                    {"AttributeName": "at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


def backend() -> DynamoDBBackend:
    return dynamodb_backends["123456789012"]["us-east-1"]


def item(key: str, part: str = "p", **more: dict[str, Any]) -> dict[str, Any]:
    return {"key": {"S": key}, "part": {"S": part}, **more}


def put(key: str, **more: dict[str, Any]) -> dict[str, Any]:
    return {"Put": {"TableName": "table", "Item": {**item(key), **more}}}


def fill(count: int) -> None:
    for number in range(count):
        more = {"shelf": {"S": "all"}, "at": {"S": f"{number:06}"}} if number % 6 == 0 else {}
        backend().put_item("table", item(str(number // 6), f"p{number % 6}", **more))


def refused(message: str) -> Any:
    return pytest.raises(ClientError, match=message)


def minimum_cpu_seconds(action: Any, times: int = 5) -> float:
    """Return the minimum CPU time of several calls, which does not depend on the load of the machine."""

    def once() -> float:
        began = time.thread_time()
        action()
        return time.thread_time() - began

    return min(once() for _ in range(times))


def test_concurrent_additions_are_all_applied(dynamodb: Any) -> None:
    def add() -> None:
        for _ in range(25):
            dynamodb.update_item(
                TableName="table",
                Key=item("counter"),
                UpdateExpression="ADD tally :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dynamodb.get_item(TableName="table", Key=item("counter"))["Item"]["tally"] == {"N": "200"}


def test_calls_do_not_overlap(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = 0
    most = 0

    def slowly(*_: Any, **__: Any) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        inside -= 1

    monkeypatch.setattr(DynamoDBBackend, "get_item", slowly)
    threads = [
        threading.Thread(target=dynamodb.get_item, kwargs={"TableName": "table", "Key": item("x")}) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_rejected_transaction_changes_no_table_index_or_stream(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="table", Item=item("old", value={"N": "1"}, shelf={"S": "all"}, at={"S": "1"}))
    condition = {
        "ConditionCheck": {
            "TableName": "table",
            "Key": item("missing"),
            "ConditionExpression": "attribute_exists(part)",
        }
    }
    update = {
        "Update": {
            "TableName": "table",
            "Key": item("old"),
            "UpdateExpression": "SET #value = :two, #at = :two_text",
            "ExpressionAttributeNames": {"#value": "value", "#at": "at"},
            "ExpressionAttributeValues": {":two": {"N": "2"}, ":two_text": {"S": "2"}},
        }
    }
    with refused("TransactionCanceledException"):
        dynamodb.transact_write_items(TransactItems=[put("new", shelf={"S": "all"}, at={"S": "0"}), update, condition])
    assert "Item" not in dynamodb.get_item(TableName="table", Key=item("new"))
    assert dynamodb.get_item(TableName="table", Key=item("old"))["Item"]["value"] == {"N": "1"}
    assert [found["at"]["S"] for found in query_list(dynamodb)] == ["1"]
    shard = backend().tables["table"].stream_shard
    assert shard is not None
    assert len(shard.items) == 1


def query_list(dynamodb: Any, **more: Any) -> list[dict[str, Any]]:
    answer = dynamodb.query(
        TableName="table",
        IndexName="by_shelf",
        KeyConditionExpression="shelf = :all",
        ExpressionAttributeValues={":all": {"S": "all"}},
        **more,
    )
    return answer["Items"]  # type: ignore[no-any-return]


def test_a_transaction_on_a_large_table_is_fast(dynamodb: Any) -> None:
    fill(6_000)
    keys = iter(range(1_000))
    took = minimum_cpu_seconds(
        lambda: dynamodb.transact_write_items(TransactItems=[put(f"new{next(keys)}") for _ in range(15)])
    )
    assert took < 0.25  # 10 ms on an idle machine; 7 s without the patch.


def test_queries_on_a_large_table_are_fast(dynamodb: Any) -> None:
    fill(20_000)
    assert minimum_cpu_seconds(lambda: query_list(dynamodb, Limit=2)) < 0.05  # 3 ms; 200 ms without the patch.
    by_key = {"KeyConditionExpression": "#key = :key", "ExpressionAttributeNames": {"#key": "key"}}
    values = {":key": {"S": "7"}}
    assert (
        minimum_cpu_seconds(lambda: dynamodb.query(TableName="table", ExpressionAttributeValues=values, **by_key))
        < 0.05
    )
    assert minimum_cpu_seconds(lambda: dynamodb.scan(TableName="table", Limit=2)) < 0.05


def test_a_rejected_update_leaves_the_item_unchanged(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="table", Item=item("a", value={"S": "x"}))
    with refused("ValidationException"):
        dynamodb.update_item(
            TableName="table",
            Key=item("a"),
            UpdateExpression="SET first_one = :x, second_one = :large",
            ExpressionAttributeValues={":x": {"S": "x"}, ":large": {"S": "x" * 410_000}},
        )
    assert dynamodb.get_item(TableName="table", Key=item("a"))["Item"] == item("a", value={"S": "x"})


def test_a_transaction_repeated_with_its_token_is_applied_once(dynamodb: Any) -> None:
    addition = {
        "Update": {
            "TableName": "table",
            "Key": item("counter"),
            "UpdateExpression": "ADD tally :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[addition], ClientRequestToken="once")
    assert dynamodb.get_item(TableName="table", Key=item("counter"))["Item"]["tally"] == {"N": "1"}


def test_another_transaction_with_a_used_token_is_rejected(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put("a")], ClientRequestToken="once")
    with refused("IdempotentParameterMismatchException"):
        dynamodb.transact_write_items(TransactItems=[put("b")], ClientRequestToken="once")


def test_a_set_beyond_the_item_size_limit_is_rejected_and_not_stored(dynamodb: Any) -> None:
    numbers = [f"1{number:037}" for number in range(1, 200_000, 9)]
    dynamodb.put_item(TableName="table", Item=item("set", postings={"NS": numbers[:20_000]}))
    with refused("Item size to update has exceeded"):
        dynamodb.update_item(
            TableName="table",
            Key=item("set"),
            UpdateExpression="ADD postings :more",
            ExpressionAttributeValues={":more": {"NS": numbers[20_000:21_000]}},
        )
    assert len(dynamodb.get_item(TableName="table", Key=item("set"))["Item"]["postings"]["NS"]) == 20_000


def test_binary_values_are_measured_in_raw_bytes(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="table", Item=item("a", value={"B": b"x" * 400_000}))
    with refused("Item size has exceeded"):
        dynamodb.put_item(TableName="table", Item=item("a", value={"B": b"x" * 410_000}))


@pytest.mark.parametrize("kind", ["N", "NS"])
def test_a_number_beyond_38_digits_is_rejected(dynamodb: Any, kind: str) -> None:
    def value(digits: int) -> dict[str, Any]:
        number = "1" * digits + "000"
        return {kind: [number]} if kind == "NS" else {kind: number}

    dynamodb.put_item(TableName="table", Item=item("a", value=value(38)))
    with refused("38 significant digits"):
        dynamodb.put_item(TableName="table", Item=item("a", value=value(39)))


def test_a_transaction_beyond_four_megabytes_is_rejected(dynamodb: Any) -> None:
    with refused("ValidationException"):
        dynamodb.transact_write_items(TransactItems=[put(str(n), value={"S": "x" * 399_000}) for n in range(11)])
    assert dynamodb.scan(TableName="table")["Count"] == 0


def test_a_transaction_allows_at_most_a_hundred_operations(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[put(str(n)) for n in range(100)])
    gets = [{"Get": {"TableName": "table", "Key": item(str(n))}} for n in range(100)]
    assert len(dynamodb.transact_get_items(TransactItems=gets)["Responses"]) == 100
    with refused("ValidationException"):
        dynamodb.transact_write_items(TransactItems=[put(str(n)) for n in range(101)])


def test_two_operations_on_one_item_are_rejected(dynamodb: Any) -> None:
    with refused("multiple operations on one item"):
        dynamodb.transact_write_items(TransactItems=[put("a"), put("a")])
    assert dynamodb.scan(TableName="table")["Count"] == 0


def test_a_query_for_a_key_that_is_too_long_is_rejected(dynamodb: Any) -> None:
    def query(key: str) -> Any:
        return dynamodb.query(
            TableName="table",
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": "key"},
            ExpressionAttributeValues={":key": {"S": key}},
        )

    assert query("a" * 2_048)["Count"] == 0
    with refused("hashkey has exceeded the maximum size limit of 2048 bytes"):
        query("a" * 2_049)


def test_a_batch_beyond_25_writes_is_rejected(dynamodb: Any) -> None:
    with refused("ValidationException"):
        dynamodb.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": item(str(n))}} for n in range(26)]})
    assert dynamodb.scan(TableName="table")["Count"] == 0


def test_polling_a_stream_keeps_no_used_iterators(dynamodb: Any) -> None:
    streams = boto3.client("dynamodbstreams", region_name="us-east-1")
    arn = dynamodb.describe_table(TableName="table")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    for _ in range(5):
        iterator = streams.get_records(ShardIterator=iterator)["NextShardIterator"]

    assert len(dynamodbstreams_backends["123456789012"]["us-east-1"].shard_iterators) == 1


KEYS = st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "12", "2", "é"]))
SHELVES = st.one_of(st.none(), st.tuples(st.sampled_from("xy"), st.sampled_from(["1", "2", "3"])))
WRITES = st.lists(st.tuples(st.sampled_from(["put", "delete", "move"]), KEYS, SHELVES), max_size=25)


@settings(max_examples=settings().max_examples // 2)
@given(writes=WRITES, forward=st.booleans(), limit=st.integers(1, 4))
def test_paging_returns_all_items_in_order(dynamodb: Any, writes: Any, forward: bool, limit: int) -> None:
    for found in dynamodb.scan(TableName="table")["Items"]:
        dynamodb.delete_item(TableName="table", Key={name: found[name] for name in ("key", "part")})
    model: dict[tuple[str, str], tuple[str, str] | None] = {}
    for action, (key, part), shelf in writes:
        more = {"shelf": {"S": shelf[0]}, "at": {"S": shelf[1]}} if shelf else {}
        if action == "delete":
            dynamodb.delete_item(TableName="table", Key=item(key, part))
            model.pop((key, part), None)
        elif action == "put" or not shelf:
            dynamodb.put_item(TableName="table", Item=item(key, part, **more))
            model[key, part] = shelf
        else:
            dynamodb.update_item(
                TableName="table",
                Key=item(key, part),
                UpdateExpression="SET shelf = :shelf, #at = :at",
                ExpressionAttributeNames={"#at": "at"},
                ExpressionAttributeValues={":shelf": more["shelf"], ":at": more["at"]},
            )
            model[key, part] = shelf

    def pages(operation: str, **request: Any) -> list[tuple[str, str]]:
        found = []
        for page in dynamodb.get_paginator(operation).paginate(TableName="table", Limit=limit, **request):
            found += [(each["key"]["S"], each["part"]["S"]) for each in page["Items"]]
        return found

    assert pages("scan") == sorted(model)
    by_key = {
        "KeyConditionExpression": "#key = :key AND begins_with(part, :one)",
        "ExpressionAttributeNames": {"#key": "key"},
        "ExpressionAttributeValues": {":key": {"S": "a"}, ":one": {"S": "1"}},
        "ScanIndexForward": forward,
    }
    expected = sorted((key for key in model if key[0] == "a" and key[1].startswith("1")), reverse=not forward)
    assert pages("query", **by_key) == expected
    by_shelf = {
        "IndexName": "by_shelf",
        "KeyConditionExpression": "shelf = :shelf AND #at BETWEEN :low AND :high",
        "ExpressionAttributeNames": {"#at": "at"},
        "ExpressionAttributeValues": {":shelf": {"S": "x"}, ":low": {"S": "1"}, ":high": {"S": "2"}},
        "ScanIndexForward": forward,
    }
    placed = sorted(
        ((at[1], key) for key, at in model.items() if at and at[0] == "x" and at[1] <= "2"), reverse=not forward
    )
    assert pages("query", **by_shelf) == [key for _, key in placed]


def make_table_without_stream(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="sets",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("key", "part")],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}, {"AttributeName": "part", "KeyType": "RANGE"}],
        BillingMode="PAY_PER_REQUEST",
    )


def add(dynamodb: Any, key: str, *numbers: int, table: str = "sets", **more: Any) -> Any:
    """ADD to a set of the item."""
    return dynamodb.update_item(
        TableName=table,
        Key=item(key),
        UpdateExpression="ADD #0 :0",
        ExpressionAttributeNames={"#0": "numbers"},
        ExpressionAttributeValues={":0": {"NS": [str(number) for number in numbers]}},
        **more,
    )


def numbers(dynamodb: Any, key: str, table: str = "sets") -> set[int]:
    """Return the set of the item."""
    found = dynamodb.get_item(TableName=table, Key=item(key))["Item"]
    assert found.keys() == {"key", "part", "numbers"}
    return set(map(int, found["numbers"]["NS"]))


def _without_order(found: dict[str, Any]) -> dict[str, Any]:
    return found | {"numbers": set(found["numbers"]["NS"])}


@settings(max_examples=settings().max_examples // 4)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sets(st.integers(0, 9), min_size=1)), max_size=6))
def test_adding_to_sets_has_the_same_effect_with_and_without_a_stream(
    dynamodb: Any, changes: list[tuple[str, set[int]]]
) -> None:
    make_table_without_stream(dynamodb)
    for table in ("sets", "table"):
        dynamodb.put_item(TableName=table, Item=item("b") | _VALUES)
    for key, added in changes:
        direct = add(dynamodb, key, *added, ReturnValues="ALL_NEW")["Attributes"]
        # This table has a stream, so it does not use the shortcut.
        usual = add(dynamodb, key, *added, table="table", ReturnValues="ALL_NEW")["Attributes"]
        assert _without_order(direct) == _without_order(usual)
    for key in {key for key, _ in changes}:
        assert len(dynamodb.query(**by_key(key))["Items"]) == 1
    for table in ("sets", "table"):
        for key in "ab":
            dynamodb.delete_item(TableName=table, Key=item(key))
    dynamodb.delete_table(TableName="sets")


def by_key(key: str) -> dict[str, Any]:
    """Return the arguments of a query for one key, in the table without a stream."""
    return {
        "TableName": "sets",
        "KeyConditionExpression": "#k = :k",
        "ExpressionAttributeNames": {"#k": "key"},
        "ExpressionAttributeValues": {":k": {"S": key}},
    }


def test_adding_to_a_set_bypasses_moto(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make_table_without_stream(dynamodb)
    add(dynamodb, "a", 1)
    monkeypatch.delattr(DynamoDBBackend, "update_item")
    add(dynamodb, "a", 2)
    assert add(dynamodb, "a", 3, ReturnValues="ALL_NEW")["Attributes"]["numbers"] == {"NS": ["1", "2", "3"]}
    assert numbers(dynamodb, "a") == {1, 2, 3}


def test_additions_that_the_shortcut_does_not_support_are_left_to_moto(dynamodb: Any) -> None:
    make_table_without_stream(dynamodb)
    dynamodb.put_item(TableName="sets", Item=item("a", numbers={"S": "text"}))
    with pytest.raises(ClientError, match="ValidationException"):
        add(dynamodb, "a", 1)
    assert add(dynamodb, "b", 1, ReturnValues="UPDATED_NEW")["Attributes"]["numbers"] == {"NS": ["1"]}
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        add(dynamodb, "c", 1, ConditionExpression="attribute_exists(part)")


_VALUES: dict[str, dict[str, Any]] = {
    "string": {"S": "é"},
    "number": {"N": "12.50"},
    "binary": {"B": b"\x00\xff"},
    "boolean": {"BOOL": False},
    "null": {"NULL": True},
    "strings": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "list": {"L": [{"S": ""}, {"B": b"b"}, {"L": []}]},
    "map": {"M": {"S": {"N": "1"}, "m": {"M": {}}}},
}


def test_values_of_all_types_are_read_as_they_were_stored(dynamodb: Any) -> None:
    dynamodb.put_item(TableName="table", Item=item("k") | _VALUES)
    assert dynamodb.get_item(TableName="table", Key=item("k"))["Item"] == item("k") | _VALUES
    assert dynamodb.scan(TableName="table")["Items"] == [item("k") | _VALUES]


def test_reading_values_does_not_look_up_their_members(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dynamodb.put_item(TableName="table", Item=item("k") | {f"a{number}": {"S": "x"} for number in range(100)})
    lookups = 0
    get_value = BaseJSONSerializer.get_value

    def counted(*args: Any) -> Any:
        nonlocal lookups
        lookups += 1
        return get_value(*args)

    monkeypatch.setattr(BaseJSONSerializer, "get_value", counted)
    assert len(dynamodb.get_item(TableName="table", Key=item("k"))["Item"]) == 102
    assert lookups < 10


def test_writing_values_does_not_parse_them(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = 0
    parse = RequestParser._default_handle

    def counted(*args: Any) -> Any:
        nonlocal parsed
        parsed += 1
        return parse(*args)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(RequestParser, "_default_handle", counted)
    dynamodb.put_item(TableName="table", Item=item("k") | {f"a{number}": {"S": "x"} for number in range(100)})
    assert parsed <= 103  # the names of the attributes and of the table


def test_the_methods_of_a_service_are_looked_up_once(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dynamodb.list_tables()
    monkeypatch.setattr("inspect.getmembers", lambda *_, **__: pytest.fail("looked up again"))
    assert dynamodb.list_tables()["TableNames"] == ["table"]


def test_read_items_are_freed(dynamodb: Any) -> None:
    make_table_without_stream(dynamodb)
    add(dynamodb, "a", 1)
    for _ in range(5):
        assert len(dynamodb.query(**by_key("a"))["Items"]) == 1
    gc.collect()
    assert sum(isinstance(each, Item) for each in gc.get_objects()) == 1


def test_a_call_is_not_compared_with_the_urls_of_all_services(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moto.backend_index.backend_url_patterns", [])
    assert dynamodb.list_tables()["TableNames"] == ["table"]


def test_responses_have_different_request_ids(dynamodb: Any) -> None:
    assert len({dynamodb.list_tables()["ResponseMetadata"]["RequestId"] for _ in range(5)}) == 5


def test_text_that_resembles_the_response_of_another_service_is_not_changed(dynamodb: Any) -> None:
    text = {"S": "<RequestId>a&b=c</RequestId>"}
    dynamodb.put_item(TableName="table", Item=item("k", text=text))
    assert dynamodb.get_item(TableName="table", Key=item("k"))["Item"]["text"] == text


def test_responses_are_the_same_with_and_without_an_http_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")
    with mock_aws():
        expected = _responses()
    with mock_aws(), dispatch_directly(), parse_directly():
        assert _responses() == expected


def _responses() -> list[dict[str, Any]]:
    """Return the responses and errors of some calls."""
    client: Any = boto3.client("dynamodb", region_name="us-east-1")
    make_table(client)
    calls: list[Callable[[], dict[str, Any]]] = [
        lambda: client.put_item(TableName="table", Item=item("é") | _VALUES),
        lambda: client.get_item(TableName="table", Key=item("é"), ReturnConsumedCapacity="TOTAL"),
        lambda: client.query(**by_key("é")),
        lambda: client.transact_write_items(TransactItems=[put("z"), put("z")]),
        lambda: client.get_item(TableName="table", Key={"key": {"S": "é"}}),
        lambda: client.get_item(TableName="missing", Key=item("é")),
        lambda: client.delete_item(TableName="table", Key=item("é"), ReturnValues="ALL_OLD"),
    ]
    responses = []
    for call in calls:
        try:
            response = call()
        except ClientError as error:
            response = dict(error.response)
        metadata = response.pop("ResponseMetadata")
        headers = metadata["HTTPHeaders"].keys() - {"date"}
        responses.append({**response, "status": metadata["HTTPStatusCode"], "headers": headers})
    return responses
