"""Checks of the values in requests: texts, whole numbers, choices and flags. Pure.

The functions use these checks and not pydantic, whose import would take up a fifth of the time to import a function
(``docs/decisions/0062-light-validation.md``). Only the generator of the OpenAPI document reads them with pydantic.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_INTEGER: Final = re.compile(r"([+-]?\d+(?:_\d+)*)(?:\.0+)?", re.ASCII)
_MAX_DIGITS: Final = 4_300
_FLAGS: Final[Mapping[object, bool]] = {
    **dict.fromkeys(("", None, False, "0", "off", "f", "false", "n", "no"), False),
    **dict.fromkeys((True, "1", "on", "t", "true", "y", "yes"), True),
}


class Keywords:
    """Keywords of JSON Schema for the OpenAPI document, as metadata of a type: ``Annotated[str, Keywords(…)]``.

    ``description`` describes the whole value. If the value is optional, the other keywords are added to the alternative
    of the schema that is not null.
    """

    def __init__(self, *, description: str | None = None, **of_type: Any) -> None:
        self._described = {} if description is None else {"description": description}
        self._of_type = {name: value for name, value in of_type.items() if value is not None}

    def __get_pydantic_json_schema__(self, schema: Any, generate: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        generated = generate(schema) | self._described
        of_type = next((each for each in generated.get("anyOf", ()) if each.get("type") != "null"), generated)
        of_type.update(self._of_type)
        return generated


class Text(Keywords):
    """A text, of at most ``max_length`` characters. Other keywords of JSON Schema describe the ``rules``.

    Each rule returns the value, normalized if necessary, or raises :class:`ValueError` with a message for the client.
    With ``is_trimmed``, spaces around the text are removed first.
    """

    def __init__(
        self,
        *rules: Callable[[str], str],
        max_length: int | None = None,
        is_trimmed: bool = False,
        **of_type: Any,
    ) -> None:
        super().__init__(maxLength=max_length, **of_type)
        self._rules = rules
        self._max_length = max_length
        self._is_trimmed = is_trimmed

    def parse(self, value: object) -> str:
        """Return the normalized value.

        :raises ValueError: it is not a string, is too long, or breaks a rule
        """
        if not isinstance(value, str):
            raise ValueError("must be a string")  # noqa: TRY004 - a message for the client
        try:
            value.encode()
        except UnicodeEncodeError:  # it has half of a surrogate pair
            raise ValueError("Input should be a valid string, unable to parse raw data as a unicode string") from None
        text = value.strip(" ") if self._is_trimmed else value
        self._check_length(text)
        for rule in self._rules:
            text = rule(text)
        self._check_length(text)  # again, since Unicode's NFC can make a text three times as long
        return text

    def parse_optional(self, value: object) -> str | None:
        """Return the normalized value; None if it is null, or blank as the empty fields of a plain form.

        :raises ValueError: it is not a string, is too long, or breaks a rule
        """
        is_blank = value is None or (isinstance(value, str) and not value.strip(" "))
        return None if is_blank else self.parse(value)

    def _check_length(self, text: str) -> None:
        if self._max_length is not None and len(text) > self._max_length:
            raise ValueError(f"must have at most {self._max_length} characters")


class Integer(Keywords):
    """A whole number from ``minimum`` to ``maximum``."""

    def __init__(self, *, minimum: int | None = None, maximum: int | None = None) -> None:
        super().__init__(minimum=minimum, maximum=maximum)
        self._minimum = minimum
        self._maximum = maximum

    def parse(self, value: object) -> int:
        """Convert a text to a whole number.

        :raises ValueError: it is not the text of a whole number, or the number is out of range
        """
        if not isinstance(value, str):
            raise ValueError("Input should be a valid integer")  # noqa: TRY004 - a message for the client
        match = _INTEGER.fullmatch(value.strip())
        if match is None:
            raise ValueError("Input should be a valid integer, unable to parse string as an integer")
        if len(match[1]) > _MAX_DIGITS:
            raise ValueError("Unable to parse input string as an integer, exceeded maximum size")
        number = int(match[1])
        if self._minimum is not None and number < self._minimum:
            raise ValueError(f"Input should be greater than or equal to {self._minimum}")
        if self._maximum is not None and number > self._maximum:
            raise ValueError(f"Input should be less than or equal to {self._maximum}")
        return number


def parse_choice(value: object, choices: Sequence[str]) -> str:
    """Return ``value`` if it is one of ``choices``.

    :raises ValueError: it is not
    """
    if value not in choices:
        *first, last = map(repr, choices)
        raise ValueError(f"Input should be {', '.join(first)} or {last}")
    return str(value)


def parse_flag(value: object) -> bool:
    """Return whether a checkbox is checked: ``on`` in a form, true in JSON.

    :raises ValueError: the value means neither true nor false
    """
    try:
        return _FLAGS[value.lower() if isinstance(value, str) else value]
    except (KeyError, TypeError):
        raise ValueError("must be true or false") from None
