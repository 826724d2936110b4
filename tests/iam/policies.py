"""Decide by IAM's rules whether the statements of a policy allow a request.

This covers the elements and condition operators that ``template.yaml`` uses. Anything else raises
:class:`UnsupportedPolicyError`, so that no statement is evaluated by a wrong rule. The rules are those of AWS's *IAM
User Guide*: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from kolom_cli.sam.model import Statement

ARN_COMPONENTS: Final = 6
_ELEMENTS: Final = {"Sid", "Effect", "Action", "Resource", "Condition"}


class UnsupportedPolicyError(Exception):
    """A policy uses something that this module cannot evaluate."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as IAM sees it. ``context`` has the values of each condition key; a missing key is not in it."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def statements_of(policy: Mapping[str, Any]) -> tuple[Statement, ...]:
    """Return the statements of a policy document."""
    for each in policy["Statement"]:
        if unknown := each.keys() - _ELEMENTS:
            raise UnsupportedPolicyError(f"elements {sorted(unknown)}")
    return tuple(
        Statement(
            effect=each["Effect"],
            actions=_many(each["Action"]),
            resources=_many(each["Resource"]),
            condition=each.get("Condition", {}),
        )
        for each in policy["Statement"]
    )


def is_allowed(statements: Iterable[Statement], request: Request) -> bool:
    """Return whether a statement allows the request, and none denies it."""
    effects = {
        each.effect
        for each in statements
        if is_about(each, request.action, request.resource) and holds(each.condition, request.context)
    }
    if unknown := effects - {"Allow", "Deny"}:
        raise UnsupportedPolicyError(f"effects {sorted(unknown)}")
    return effects == {"Allow"}


def is_about(statement: Statement, action: str, resource: str) -> bool:
    """Return whether the statement names the action, in any case of letters, and the resource."""
    if variables := [each for each in statement.resources if "${" in each]:
        raise UnsupportedPolicyError(f"policy variables {variables}")
    return any(_is_like(action.lower(), each.lower()) for each in statement.actions) and any(
        each == "*" or _is_arn_like(resource, each) for each in statement.resources
    )


def holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether all operators hold for all their keys. The names of keys are in any case of letters."""
    given = {name.lower(): values for name, values in context.items()}
    return all(
        _operator_holds(operator, given.get(key.lower(), ()), _many(expected))
        for operator, keys in condition.items()
        for key, expected in keys.items()
    )


def _operator_holds(operator: str, values: tuple[str, ...], expected: tuple[str, ...]) -> bool:
    """Return whether an operator holds for the values of a key in the request. A missing key has no values."""
    if variables := [each for each in expected if "${" in each]:
        raise UnsupportedPolicyError(f"policy variables {variables}")
    if operator == "Null":
        if unknown := {each.lower() for each in expected} - {"true", "false"}:
            raise UnsupportedPolicyError(f"Null with {sorted(unknown)}")
        return any((each.lower() == "true") is not bool(values) for each in expected)
    quantifier, _, name = operator.rpartition(":")
    name, if_exists = name.removesuffix("IfExists"), name.endswith("IfExists")
    if name not in _OPERATORS or quantifier not in {"", "ForAllValues", "ForAnyValue"}:
        raise UnsupportedPolicyError(f"the operator {operator}")
    if not values and if_exists:
        return True
    matches = [_OPERATORS[name](value, expected) for value in values]
    if quantifier == "ForAllValues":
        return all(matches)
    if quantifier == "ForAnyValue":
        return any(matches)
    if len(values) > 1:
        raise UnsupportedPolicyError(f"{operator} for a key with several values")
    return matches[0] if matches else "Not" in name


def _is_arn_like(arn: str, pattern: str) -> bool:
    """Compare each component of two ARNs, so that no wildcard includes a colon between the first five."""
    pairs = [each.split(":", ARN_COMPONENTS - 1) for each in (arn, pattern)]
    if len(pairs[1]) != ARN_COMPONENTS:
        raise UnsupportedPolicyError(f"the resource {pattern!r}, which is not an ARN")
    return len(pairs[0]) == ARN_COMPONENTS and all(map(_is_like, *pairs))


def _is_like(text: str, pattern: str) -> bool:
    return _pattern(pattern).fullmatch(text) is not None


@cache
def _pattern(text: str) -> re.Pattern[str]:
    parts = [{"*": ".*", "?": "."}.get(each) or re.escape(each) for each in text]
    return re.compile("".join(parts), re.DOTALL)


def _any_like(value: str, expected: tuple[str, ...]) -> bool:
    return any(_is_like(value, each) for each in expected)


def _any_arn_like(value: str, expected: tuple[str, ...]) -> bool:
    return any(_is_arn_like(value, each) for each in expected)


_OPERATORS: Final[Mapping[str, Callable[[str, tuple[str, ...]], bool]]] = {
    "StringEquals": lambda value, expected: value in expected,
    "StringNotEquals": lambda value, expected: value not in expected,
    "StringLike": _any_like,
    "StringNotLike": lambda value, expected: not _any_like(value, expected),
    # AWS evaluates both in the same way.
    "ArnEquals": _any_arn_like,
    "ArnLike": _any_arn_like,
}


def _many(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else (str(value),)
