"""How an archive is written: JSON that nobody can misread, and front matter made of it. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

FENCE: Final = "---"

_KEY: Final = re.compile(r"[a-z_]+")
# What a reader of lines takes for the end of one, what YAML does not allow, and what turns the order of letters around.
_ESCAPED: Final = re.compile("[\x7f-\xa0\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")


class ArchiveFormatError(Exception):
    """Something in an archive is not as it should be; ``line`` is counted from the front matter's first, or None."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


def as_json(value: object, *, indent: int | None = None) -> str:
    """``value``, the same every time, with what could be misread escaped; on one line but for ``indent``. Also YAML."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def front_matter(data: Mapping[str, Any]) -> str:
    """Front matter, the lines around it included: a line for each key, its value as JSON."""
    lines = [f"{key}: {as_json(value)}\n" for key, value in data.items()]
    return "".join([f"{FENCE}\n", *lines, f"{FENCE}\n"])


def read_front_matter(text: str) -> dict[str, Any]:
    """What :func:`front_matter` was given, from the text between its fences.

    :raises FormError: a line is not ``key: value``
    """
    data: dict[str, Any] = {}
    for number, line in enumerate(text.split("\n")[:-1], start=2):
        key, colon, value = line.partition(": ")
        if not colon or not _KEY.fullmatch(key):
            raise ArchiveFormatError("must be like `key: value`", number)
        if key in data:
            raise ArchiveFormatError(f"the key {key!r} stands here again", number)
        try:
            data[key] = json.loads(value)
        except (ValueError, RecursionError):
            raise ArchiveFormatError(
                f"{key}: the value must be JSON, such as a text in quotation marks", number
            ) from None
    return data
