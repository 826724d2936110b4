"""Arguments of handlers, as their signatures declare them."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

from kolom.http.parameters import Body, Cursor, InvalidRequest, Limit, Query, read_arguments
from kolom.validation import Text

type Order = Literal["oldest", "newest"]


@dataclass(frozen=True, kw_only=True)
class Fields:
    name: Annotated[str, Text(max_length=3)]
    nickname: Annotated[str | None, Text(max_length=3)] = None
    is_new: bool = False


def list_items(
    slug: str,
    required: Annotated[str, Query()],
    from_: Annotated[str | None, Query(alias="from")] = None,
    order: Annotated[Order, Query()] = "oldest",
    names: Annotated[list[str] | None, Query()] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> None:
    """Take parameters of all kinds."""


def add_item(slug: str, fields: Annotated[Fields, Body()]) -> None:
    """Take a body."""


def read(query: str) -> dict[str, Any]:
    """Return the arguments of :func:`list_items`."""
    return read_arguments(list_items, {"rawQueryString": query}, None)


def errors_of(handler: Any, query: str = "", body: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """Return the errors of the fields. The message of the exception is the same for every request."""
    with pytest.raises(InvalidRequest, match=r"^request validation failed$") as raised:
        read_arguments(handler, {"rawQueryString": query}, body)
    return [(error.field, error.message) for error in raised.value.errors]


def test_parameters_of_the_query_have_their_types() -> None:
    query = "required=a,b&from=x&order=newest&names=a,b&names=c&limit=5&cursor=y&other=z&slug=no"
    assert read(query) == {
        "required": "a,b",
        "from_": "x",
        "order": "newest",
        "names": ["a", "b", "c"],
        "limit": 5,
        "cursor": "y",
    }


def test_a_missing_parameter_keeps_its_default() -> None:
    assert read("required=") == {"required": ""}


def test_all_errors_of_a_query_are_reported_in_the_order_of_the_signature() -> None:
    assert errors_of(list_items, "limit=0&order=x&from=a&from=b&cursor=a&cursor=b") == [
        ("required", "is required"),
        ("from", "must be a string"),
        ("order", "Input should be 'oldest' or 'newest'"),
        ("limit", "Input should be greater than or equal to 1"),
        ("cursor", "must be a string"),
    ]


def test_a_body_becomes_a_dataclass() -> None:
    read = read_arguments(add_item, {"rawQueryString": ""}, {"name": "abc", "nickname": " ", "is_new": "on", "_x": 1})
    assert read == {"fields": Fields(name="abc", nickname=None, is_new=True)}


def test_all_errors_of_a_body_are_reported() -> None:
    unknown = "is unknown: remove it, or begin its name with _ to have it ignored"
    assert errors_of(add_item, body={"b": 1, "nickname": "abcd", "is_new": "perhaps", "a": 2}) == [
        ("name", "is required"),
        ("nickname", "must have at most 3 characters"),
        ("is_new", "must be true or false"),
        ("b", unknown),
        ("a", unknown),
    ]


def test_a_missing_body_is_an_error() -> None:
    assert errors_of(add_item) == [("body", "is required")]
