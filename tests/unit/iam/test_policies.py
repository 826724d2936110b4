"""The evaluation of policies, by the examples and rules of the IAM User Guide."""

from typing import Any

import pytest

from tests.iam.policies import Request, UnsupportedPolicyError, holds, is_allowed, statements_of

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/guard"
KEYS = "dynamodb:LeadingKeys"


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE, **elements}


def decide(
    *statements: dict[str, Any], action: str = "dynamodb:GetItem", resource: str = TABLE, **context: str
) -> bool:
    policy = statements_of({"Statement": statements})
    return is_allowed(policy, Request(action, resource, {key: (value,) for key, value in context.items()}))


def check(condition: dict[str, Any], *values: str) -> bool:
    """Return whether a condition holds for a request with these values of the key."""
    return holds(condition, {KEYS: values} if values else {})


def test_what_no_statement_allows_is_denied() -> None:
    assert decide(allow())
    assert not decide()
    assert not decide(allow(), action="dynamodb:PutItem")
    assert not decide(allow(), resource=TABLE + "s")


def test_a_denial_prevails_over_any_permission() -> None:
    assert not decide(allow(), allow(Effect="Deny"), allow())
    assert decide(allow(), allow(Effect="Deny", Action="dynamodb:PutItem"))


def test_one_of_several_actions_and_resources_is_enough() -> None:
    statement = allow(Action=["s3:GetObject", "dynamodb:GetItem"], Resource=["arn:aws:s3:::files", TABLE])
    assert decide(statement)
    assert not decide(statement, action="dynamodb:Query")


def test_actions_match_in_any_case_but_resources_do_not() -> None:
    assert decide(allow(Action="DynamoDB:getitem"))
    assert not decide(allow(Resource=TABLE.replace("guard", "Guard")))


def test_wildcards_stand_for_any_characters_of_a_component() -> None:
    assert decide(allow(Action="dynamodb:Get*"))
    assert decide(allow(Action="*", Resource="*"))
    assert decide(allow(Resource="arn:aws:dynamodb:*:*:table/g?ard"))
    assert decide(allow(Resource=f"{TABLE}/*"), resource=f"{TABLE}/index/due")
    assert not decide(allow(Resource=f"{TABLE}/*"))
    assert not decide(allow(Resource="arn:aws:*:1:table/guard:a:b"), resource=TABLE.replace("123456789012", "1"))


def test_a_table_does_not_include_its_indexes() -> None:
    assert not decide(allow(), resource=f"{TABLE}/index/due")


def test_string_operators_compare_in_the_same_case() -> None:
    assert check({"StringEquals": {KEYS: "a"}}, "a")
    assert not check({"StringEquals": {KEYS: "a"}}, "A")
    assert not check({"StringEquals": {KEYS: "a*"}}, "ab")
    assert check({"StringLike": {KEYS: "a*"}}, "a#b\nc")
    assert not check({"StringLike": {KEYS: "a*"}}, "A#b")
    assert check({"StringLike": {KEYS: "a?c.d"}}, "abc.d")
    assert not check({"StringLike": {KEYS: "a?c.d"}}, "abcxd")


def test_several_values_in_a_policy_are_alternatives() -> None:
    assert check({"StringEquals": {KEYS: ["a", "b"]}}, "b")
    assert not check({"StringNotEquals": {KEYS: ["a", "b"]}}, "b")
    assert check({"StringNotLike": {KEYS: ["a*", "b*"]}}, "c")


def test_all_operators_and_all_keys_must_hold() -> None:
    condition = {"StringEquals": {KEYS: "a", "dynamodb:Select": "COUNT"}}
    assert holds(condition, {KEYS: ("a",), "dynamodb:Select": ("COUNT",)})
    assert not holds(condition, {KEYS: ("a",), "dynamodb:Select": ("ALL_ATTRIBUTES",)})
    assert not check({"StringEquals": {KEYS: "a"}, "StringLike": {KEYS: "b*"}}, "a")
    assert check({}, "a")


def test_names_of_keys_match_in_any_case() -> None:
    assert holds({"StringEquals": {"AWS:SourceArn": "a"}}, {"aws:SourceArn": ("a",)})


def test_a_missing_key_fails_unless_the_operator_is_negated_or_allows_it() -> None:
    assert not check({"StringEquals": {KEYS: "a"}})
    assert not check({"StringLike": {KEYS: "*"}})
    assert check({"StringNotEquals": {KEYS: "a"}})
    assert check({"StringEqualsIfExists": {KEYS: "a"}})
    assert not check({"StringEqualsIfExists": {KEYS: "a"}}, "b")


def test_for_all_values_holds_for_a_missing_key() -> None:
    condition = {"ForAllValues:StringLike": {KEYS: ["a#*", "b#*"]}}
    assert check(condition, "a#1", "b#2")
    assert not check(condition, "a#1", "c#2")
    assert check(condition)
    assert holds(condition, {KEYS: ()})


def test_for_any_value_needs_one_value_and_fails_for_a_missing_key() -> None:
    assert check({"ForAnyValue:StringEquals": {KEYS: "a"}}, "b", "a")
    assert not check({"ForAnyValue:StringEquals": {KEYS: "a"}}, "b")
    assert not check({"ForAnyValue:StringEquals": {KEYS: "a"}})
    assert not check({"ForAnyValue:StringNotEquals": {KEYS: "a"}})


@pytest.mark.parametrize("false", ["false", False], ids=["text", "boolean"])
def test_null_tests_whether_a_key_is_missing(false: object) -> None:
    assert check({"Null": {KEYS: false}}, "a")
    assert not check({"Null": {KEYS: false}})
    assert not holds({"Null": {KEYS: false}}, {KEYS: ()})
    assert check({"Null": {KEYS: "true"}})
    assert not check({"Null": {KEYS: "true"}}, "a")


def test_null_with_both_values_always_holds() -> None:
    """Values are alternatives, as for all operators."""
    assert check({"Null": {KEYS: ["true", False]}})
    assert check({"Null": {KEYS: ["true", False]}}, "a")


def test_with_null_for_all_values_fails_for_a_missing_key() -> None:
    condition = {"ForAllValues:StringLike": {KEYS: "a#*"}, "Null": {KEYS: "false"}}
    assert check(condition, "a#1")
    assert not check(condition)


def test_arn_operators_compare_component_by_component() -> None:
    for operator in ("ArnEquals", "ArnLike"):
        assert check(
            {operator: {KEYS: "arn:aws:sns:*:123456789012:alarms"}}, "arn:aws:sns:us-east-1:123456789012:alarms"
        )
        assert not check({operator: {KEYS: "arn:aws:s*:1:alarms:x:y"}}, "arn:aws:sns:us-east-1:1:alarms")
        assert not check({operator: {KEYS: "arn:aws:sns:*:1:alarms"}}, "arn:aws:sns:us-east-1:2:alarms")


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "NotAction": "s3:*", "Action": "*", "Resource": "*"},
        allow(Effect="Permit"),
        allow(Resource="guard"),
        allow(Condition={"NumericEquals": {KEYS: "1"}}),
        allow(Condition={"ForSomeValues:StringEquals": {KEYS: "a"}}),
        allow(Condition={"NullIfExists": {KEYS: "true"}}),
        allow(Condition={"Null": {KEYS: "yes"}}),
        allow(Resource=TABLE + "/${aws:username}"),
        allow(Condition={"StringEquals": {KEYS: "${aws:userid}"}}),
    ],
    ids=[
        "element",
        "effect",
        "resource",
        "operator",
        "quantifier",
        "null if exists",
        "null",
        "variable in a resource",
        "variable",
    ],
)
def test_what_cannot_be_evaluated_is_refused(statement: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedPolicyError):
        decide(statement)


def test_a_key_with_several_values_needs_a_quantifier() -> None:
    with pytest.raises(UnsupportedPolicyError):
        check({"StringEquals": {KEYS: "a"}}, "a", "a")
