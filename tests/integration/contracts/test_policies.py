"""The policies of the functions, evaluated by IAM's rules: they allow what a function does, and nothing beside it."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from kolom.models.outbox import OutboxRecord
from kolom_cli.sam.model import Statement, Template
from tests.iam import enforcement
from tests.iam.dynamodb_requests import ATTRIBUTES, LEADING_KEYS, SELECT, arn_of, place_of
from tests.iam.policies import Request, is_about, is_allowed
from tests.integration.conftest import Configure
from tests.integration.contracts.scenarios import SCENARIOS, run_scenario

ACTIONS: Final = (
    *("GetItem", "BatchGetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"),
    *("ConditionCheckItem", "PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"),
    *("DescribeTable", "UpdateTable", "DeleteTable", "ExportTableToPointInTime", "GetRecords"),
)
# One key of each kind that a table has (kolom.models).
KEYS: Final = {
    "kolom-articles": (
        *("7", "slug:a", "path:/a/", "origin:a", "counts", "sequence", "site", "search-settings", "blocked-words"),
    ),
    "kolom-comments": ("7", "stats#7", "address#01K", "subscription#7#a"),
    "kolom-comments/index/by_status": ("pending", "approved", "spam", "deleted"),
    "kolom-guard": (
        *("once#a", "tally#clients#a", "tally#site#a", "tally#copies#a", "tally#confirmations#a", "sender#01K"),
        *("ban#a", "used#a", "searches#2026-11#a", "searches#2026-11#salt"),
    ),
    "kolom-outbox": (
        *("contact#01K", "moderation#01K", "moderation-digest#1", "confirm#1", "reply#01K", "suppressed#a"),
    ),
}
COUNTING: Final = ", counting searches"
CASES: Final = (*SCENARIOS, f"search_articles{COUNTING}", f"serve_pages{COUNTING}")
_recordings: dict[str, list[Request]] = {}

of_every_function = pytest.mark.parametrize("case", sorted(CASES))


@pytest.fixture
def recording(case: str, request: pytest.FixtureRequest) -> list[Request]:
    """Return the requests of a function in its scenario, which runs once for all tests."""
    if case not in _recordings:
        request.getfixturevalue("secret")
        configure: Configure = request.getfixturevalue("configure")
        configure(owner_email="owner@example.com", search_report="on" if COUNTING in case else "off")
        if COUNTING in case:
            request.getfixturevalue("several_days")
        _recordings[case] = run_scenario(case.removesuffix(COUNTING), searches=30 if COUNTING in case else 0)
    return _recordings[case]


@pytest.fixture
def policies(case: str) -> tuple[Statement, ...]:
    """Return the statements of the function."""
    return enforcement.load_policies(search_report=COUNTING in case)[case.removesuffix(COUNTING)]


def places(template: Template) -> Iterator[str]:
    """Yield the tables and indexes of the stack, and a table of another stack."""
    for table in template.tables.values():
        yield table.name
        yield from (
            f"{table.name}/index/{index['IndexName']}" for index in table.create.get("GlobalSecondaryIndexes", ())
        )
    yield "other-articles"


def kind_of(key: str) -> str:
    """Return the part of a key that all keys of its kind share."""
    return "7" if key.isdecimal() else re.split("[#:]", key)[0]


def conditional(policies: tuple[Statement, ...], recording: list[Request]) -> dict[tuple[str, str], list[Request]]:
    """Return the requests by action and resource, of those that the policies allow only under a condition."""
    found: dict[tuple[str, str], list[Request]] = {}
    for each in recording:
        about = [one for one in policies if is_about(one, each.action, each.resource)]
        if all(one.condition for one in about):
            found.setdefault((each.action, each.resource), []).append(each)
    return found


def test_every_function_has_a_scenario(template: Template) -> None:
    assert SCENARIOS.keys() == template.functions.keys()


@of_every_function
def test_a_function_may_do_exactly_what_it_does(
    template: Template, policies: tuple[Statement, ...], recording: list[Request]
) -> None:
    """It may do nothing else with any table or index, whatever the conditions say."""
    for each in recording:
        assert is_allowed(policies, each), each
    permitted = {
        (f"dynamodb:{action}", place)
        for action in ACTIONS
        for place in places(template)
        if any(is_about(each, f"dynamodb:{action}", arn_of(place)) for each in policies)
    }
    assert permitted == {(each.action, place_of(each.resource)) for each in recording}


@of_every_function
def test_a_condition_allows_exactly_the_kinds_of_keys_in_use(
    policies: tuple[Statement, ...], recording: list[Request]
) -> None:
    for (action, resource), requests in conditional(policies, recording).items():
        samples = KEYS[place_of(resource)]
        used = {kind_of(key) for each in requests for key in each.context[LEADING_KEYS]}
        assert used <= {kind_of(key) for key in samples}

        def may_use(*keys: str, request: Request = requests[0]) -> bool:
            return is_allowed(policies, replace(request, context={**request.context, LEADING_KEYS: keys}))

        assert {kind_of(key) for key in samples if may_use(key)} == used, (action, resource)
        (own, *_), (foreign, *_) = ([key for key in samples if (kind_of(key) in used) is own] for own in (True, False))
        assert not may_use(own, foreign)
        assert not may_use(own.upper())


@of_every_function
def test_a_condition_does_not_hold_for_a_request_without_its_key(
    policies: tuple[Statement, ...], recording: list[Request]
) -> None:
    """An operator with ForAllValues holds if the key is missing, so a condition also needs the operator Null."""
    for (action, resource), (first, *_) in conditional(policies, recording).items():
        about = [each for each in policies if is_about(each, action, resource)]
        for key in {key for statement in about for keys in statement.condition.values() for key in keys}:
            others = {name: values for name, values in first.context.items() if name != key}
            assert not is_allowed(policies, replace(first, context=others)), key
            assert not is_allowed(policies, replace(first, context={**others, key: ()})), key


def test_every_condition_on_several_values_requires_the_key() -> None:
    functions = enforcement.load_policies(search_report=True)
    conditions = {name: [each.condition for each in policies if each.condition] for name, policies in functions.items()}
    for each in itertools.chain(*conditions.values()):
        keys = {key for operator, keys in each.items() if operator.startswith("ForAllValues:") for key in keys}
        assert each["Null"] == dict.fromkeys(keys, "false")
    assert {name for name, found in conditions.items() if found} == {
        *("fetch_comments", "handle_bounces", "preview_article", "search_articles", "serve_mail_links", "serve_pages"),
        *("submit_contact", "write_comments"),
    }


@pytest.mark.parametrize("case", ["serve_mail_links"])
def test_links_in_mail_may_query_only_keys_of_comments(
    policies: tuple[Statement, ...], recording: list[Request]
) -> None:
    (query, *_) = (each for each in recording if each.resource.endswith("/index/by_status"))
    assert query.context[SELECT] == ("SPECIFIC_ATTRIBUTES",)
    for context in (
        {ATTRIBUTES: (*query.context[ATTRIBUTES], "content_html")},
        {SELECT: ("ALL_PROJECTED_ATTRIBUTES",)},
        {SELECT: ("ALL_ATTRIBUTES",)},
    ):
        assert not is_allowed(policies, replace(query, context={**query.context, **context}))


def test_no_permission_has_a_wildcard_and_none_is_a_denial(template: Template) -> None:
    for function in template.functions.values():
        for statement in function.policies:
            assert statement.effect == "Allow"
            assert not [text for text in (*statement.actions, *statement.resources) if "*" in text]


@pytest.mark.usefixtures("tables")
def test_a_call_without_permission_fails_a_test() -> None:
    with enforcement.running("send_mail"):
        list(OutboxRecord.scan())
    (denied,) = enforcement.denied
    enforcement.denied.clear()
    assert denied.startswith("send_mail: Request(action='dynamodb:Scan'")
