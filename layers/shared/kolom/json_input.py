"""Parse JSON from clients. Pure."""

import json
import math
import re
from itertools import accumulate
from typing import Any, Final, NoReturn

MAX_DEPTH: Final = 64
"""The maximum nesting of arrays and objects. Validating and serializing parsed values is recursive too."""

_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")


def parse_json(text: str) -> Any:
    """Parse a JSON text (RFC 8259). If an object has a name twice, the last value counts.

    :raises ValueError: it is not JSON, is nested deeper than :data:`MAX_DEPTH`, or has a number that is too large
    """
    if depth(text) > MAX_DEPTH:
        raise ValueError(f"arrays and objects may be nested at most {MAX_DEPTH} levels deep")
    return json.loads(text, parse_constant=_reject_constant, parse_float=_finite)


def depth(text: str) -> int:
    """Return the maximum nesting of arrays and objects. Not recursive.

    If ``text`` is not valid JSON, the result is at least the nesting that a parser reaches before the error.
    """
    steps = (1 if bracket in "[{" else -1 for bracket in _BRACKET.findall(_STRING.sub("", text)))
    return max(accumulate(steps, initial=0))


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not valid JSON")


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value
