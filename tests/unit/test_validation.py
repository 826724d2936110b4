"""The checks of values in requests: pydantic, which they replace in the functions, is the reference."""

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError

from kolom.validation import Integer, Text, parse_choice, parse_flag

NUMBER: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, le=100)])
FLAG: TypeAdapter[bool] = TypeAdapter(bool)
SPELLINGS = ("0", "off", "f", "false", "n", "no", "1", "on", "t", "true", "y", "yes", "2", "maybe", " on", "onn")


def in_pydantic(adapter: TypeAdapter[Any], value: object) -> Any:
    """Return the value, or the message of the error."""
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        return error.errors()[0]["msg"]


def in_kolom(check: Any, value: object) -> Any:
    """Return the value, or the message of the error."""
    try:
        return check(value)
    except ValueError as error:
        return str(error)


@given(st.from_regex(r"[+-]?[0-9_. ]{0,6}", fullmatch=True))
def test_a_number_is_read_like_pydantic_reads_it(text: str) -> None:
    assert in_kolom(Integer(minimum=1, maximum=100).parse, text) == in_pydantic(NUMBER, text)


@pytest.mark.parametrize(
    "text",
    ["", "ten", "0x5", "\u0663", "1e2", "5\x00", "\t7\n", "\xa07", "9" * 400, "9" * 4_301],
    ids=lambda text: ascii(text)[:20],
)
def test_an_unusual_number_is_read_like_pydantic_reads_it(text: str) -> None:
    assert in_kolom(Integer(minimum=1, maximum=100).parse, text) == in_pydantic(NUMBER, text)


def test_several_values_are_no_number() -> None:
    values = ["1", "2"]
    assert in_kolom(Integer().parse, values) == in_pydantic(NUMBER, values)


def test_a_flag_is_read_like_pydantic_reads_it() -> None:
    spelled = [form for text in SPELLINGS for form in (text, text.upper(), text.capitalize())]
    for value in (True, False, 0, 1, 7, 1.0, 0.0, 2.5, [], {}, *spelled):
        expected = in_pydantic(FLAG, value)
        assert in_kolom(parse_flag, value) == (expected if isinstance(expected, bool) else "must be true or false")


def test_an_empty_flag_is_false() -> None:
    assert not parse_flag(None)
    assert not parse_flag("")


def test_the_error_for_an_invalid_choice_names_the_valid_ones() -> None:
    choices = ("a", "b", "c")
    assert parse_choice("b", choices) == "b"
    for value in ("d", "", ["a", "b"]):
        with pytest.raises(ValueError, match=r"^Input should be 'a', 'b' or 'c'$"):
            parse_choice(value, choices)


@pytest.mark.parametrize("value", [None, "", "  "], ids=["null", "empty", "spaces"])
def test_a_blank_optional_text_is_none(value: str | None) -> None:
    assert Text().parse_optional(value) is None


@pytest.mark.parametrize("value", [None, 5, True, ["x"], {}], ids=repr)
def test_another_type_is_no_text(value: object) -> None:
    with pytest.raises(ValueError, match=r"^must be a string$"):
        Text().parse(value)


def test_the_length_of_a_text_is_checked_before_and_after_its_rules() -> None:
    doubled = Text(lambda text: text * 2, max_length=4)
    assert doubled.parse("ab") == "abab"
    for text in ("abc", "abcde"):
        with pytest.raises(ValueError, match=r"^must have at most 4 characters$"):
            doubled.parse(text)


def test_an_unpaired_surrogate_is_no_text() -> None:
    with pytest.raises(ValueError, match="unicode"):
        Text().parse("a\ud800")
