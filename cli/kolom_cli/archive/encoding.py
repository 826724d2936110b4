"""The notation of an archive: unambiguous JSON, and front matter whose values are JSON. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

FENCE: Final = "---"

_KEY: Final = re.compile(r"[a-z_]+")
# Characters that may be read as line ends or spaces, that YAML forbids, or that change the direction of text.
_ESCAPED: Final = re.compile("[\x7f-\xa0\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


class ArchiveFormatError(Exception):
    """An entry of an archive is invalid; ``line`` is counted from the first line of the front matter, or None."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def as_json(value: object, *, indent: int | None = None) -> str:
    """Return ``value`` as deterministic JSON that is also YAML, with ambiguous characters escaped.

    It is on one line, unless ``indent`` is given.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def front_matter(data: Mapping[str, Any]) -> str:
    """Return front matter, including its fences: one line for each key, with its value as JSON."""
    lines = [f"{key}: {as_json(value)}\n" for key, value in data.items()]
    return "".join([f"{FENCE}\n", *lines, f"{FENCE}\n"])


def read_front_matter(text: str) -> dict[str, Any]:
    """Parse the text between the fences that :func:`front_matter` wrote.

    :raises ArchiveFormatError: a line is not ``key: value`` with a JSON value, or a key is repeated
    """
    data: dict[str, Any] = {}
    for number, line in enumerate(text.split("\n")[:-1], start=2):
        key, colon, value = line.partition(": ")
        if not colon or not _KEY.fullmatch(key):
            raise ArchiveFormatError("must have the form `key: value`", number)
        if key in data:
            raise ArchiveFormatError(f"duplicate key {key!r}", number)
        try:
            data[key] = json.loads(value)
        except (ValueError, RecursionError):
            raise ArchiveFormatError(
                f"{key}: the value must be JSON, for example a string in double quotes", number
            ) from None
    return data
