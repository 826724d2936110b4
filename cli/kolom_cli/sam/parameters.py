"""Evaluate and validate a template's parameters."""

import re
from collections.abc import Mapping
from typing import Any, Final

from kolom_cli.sam.intrinsics import TemplateError

_WHOLE_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_AMOUNT: Final = re.compile(r"0|(?=.*[1-9])(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?")
_AMOUNTS: Final = frozenset({"MonthlyBudget"})
"""Parameters that may be a fraction, because no function reads them. Zero is only ``0``, as the template expects."""


def parameter_values(definitions: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, object]:
    """Return the value of every parameter: the given one, or the default.

    Raises :class:`TemplateError` for an unknown name, a value outside the parameter's limits, and a missing value.
    """
    if unknown := sorted(given.keys() - definitions.keys()):
        raise TemplateError(f"no such parameter: {', '.join(unknown)} (available: {', '.join(sorted(definitions))})")
    values: dict[str, object] = {}
    for name, definition in definitions.items():
        if name not in given and "Default" not in definition:
            raise TemplateError(f"parameter {name} has no default: give it a value")
        default = definition.get("Default")
        value = str(given.get(name, str(default).lower() if isinstance(default, bool) else default))
        _check(name, value, definition)
        is_list = definition.get("Type") == "CommaDelimitedList" or str(definition.get("Type")).startswith("List<")
        values[name] = [part.strip() for part in value.split(",")] if is_list else value
    return values


def _check(name: str, value: str, definition: Mapping[str, Any]) -> None:
    because = definition.get("ConstraintDescription")

    def refuse(reason: str) -> TemplateError:
        return TemplateError(f"parameter {name}: {value!r} {because or reason}")

    allowed = [
        str(each).lower() if isinstance(each, bool) else str(each) for each in definition.get("AllowedValues", [])
    ]
    if allowed and value not in allowed:
        raise refuse(f"is not one of {', '.join(allowed)}")
    pattern = definition.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        raise refuse(f"does not match {pattern}")
    if len(value) < int(definition.get("MinLength", 0)):
        raise refuse(f"is shorter than {definition['MinLength']} characters")
    if "MaxLength" in definition and len(value) > int(definition["MaxLength"]):
        raise refuse(f"is longer than {definition['MaxLength']} characters")
    if definition.get("Type") == "Number":
        # CloudFormation also accepts fractions and exponents, but the functions do not.
        if name in _AMOUNTS and not _AMOUNT.fullmatch(value):
            raise refuse("is not an amount such as 5 or 7.50")
        if name not in _AMOUNTS and not _WHOLE_NUMBER.fullmatch(value):
            raise refuse("is not a whole number of at most 9 digits")
        number = float(value)
        if "MinValue" in definition and number < float(definition["MinValue"]):
            raise refuse(f"is less than {definition['MinValue']}")
        if "MaxValue" in definition and number > float(definition["MaxValue"]):
            raise refuse(f"is more than {definition['MaxValue']}")
