"""Items of DynamoDB are compared by their content, and writes depend on it."""

from typing import Any

import pytest

from kolom_cli.deploying.restoring.items import continue_counters, digest, unchanged_condition


def test_the_digest_depends_on_content_and_not_on_order() -> None:
    item: dict[str, Any] = {
        "a": {"S": "x"},
        "b": {"B": b"\x00\xff"},
        "c": {"SS": ["1", "2"]},
        "d": {"L": [{"M": {"e": {"BS": [b"1", b"2"]}}}]},
        "f": {"NULL": True},
    }
    same = {**dict(reversed(item.items())), "c": {"SS": ["2", "1"]}, "d": {"L": [{"M": {"e": {"BS": [b"2", b"1"]}}}]}}
    assert digest(item) == digest(same)
    for name, value in (("a", {"N": "1"}), ("b", {"B": b"\x00"}), ("c", {"SS": ["1"]}), ("d", {"L": []})):
        assert digest(item) != digest({**item, name: value})
    assert digest(item, without={"a"}) == digest({**item, "a": {"S": "y"}}, without={"a"})


def test_a_write_depends_on_all_attributes_of_the_old_and_new_item() -> None:
    arguments = unchanged_condition({"id": {"S": "1"}, "size": {"N": "2"}}, {"id", "size", "new"}, "id")
    assert arguments["ConditionExpression"] == "#n0=:v0 AND #n1=:v1 AND attribute_not_exists(#m0)"
    assert arguments["ExpressionAttributeNames"] == {"#n0": "id", "#n1": "size", "#m0": "new"}
    assert arguments["ExpressionAttributeValues"] == {":v0": {"S": "1"}, ":v1": {"N": "2"}}
    missing = unchanged_condition(None, {"id"}, "id")
    assert missing == {"ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": {"#k": "id"}}


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        ((3, "a"), None, (3, "a")),
        ((3, "a"), (5, "a"), (5, "a")),
        ((3, "a"), (5, "b"), (6, "a")),
        ((7, "a"), (5, "b"), (7, "a")),
        ((7, "a"), (5, "a"), (7, "a")),
    ],
)
def test_a_counter_never_repeats_a_number(
    then: tuple[int, str], now: tuple[int, str] | None, expected: tuple[int, str]
) -> None:
    def item(values: tuple[int, str]) -> Any:
        return {"version": {"N": str(values[0])}, "text": {"S": values[1]}}

    assert continue_counters(item(then), None if now is None else item(now)) == item(expected)
