"""JSON that a client wrote. Pure."""

import json
import math
import re
from itertools import accumulate
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 64
"""How deep arrays and objects may be nested. What was read is validated and written too, which takes recursion."""

_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")


def parse_json(text: str) -> Any:
    """The value of a JSON text (RFC 8259). Of a name that an object has twice, the last value counts.

    :raises ValueError: it is not JSON, is nested deeper than :data:`MAX_DEPTH`, or has a number that cannot be read
    """
    if depth(text) > MAX_DEPTH:
        raise ValueError(f"arrays and objects may be nested {MAX_DEPTH} levels deep")
    return json.loads(text, parse_constant=_refuse, parse_float=_finite)


def depth(text: str) -> int:
    """How deep arrays and objects are nested in a JSON text, as far as a parser can get in it. Takes no recursion."""
    steps = (1 if bracket in "[{" else -1 for bracket in _BRACKET.findall(_STRING.sub("", text)))
    return max(accumulate(steps), default=0)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value
