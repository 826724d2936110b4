"""How a packaged template changes for SnapStart, and when it publishes new versions."""

import json
from typing import Any, Final

from kolom_cli.deploying.snap_start import (
    DIGEST,
    FUNCTIONS,
    RULE,
    digest,
    digest_after,
    publishing_versions,
    values_of,
)
from kolom_cli.sam.intrinsics import parse
from tests.paths import PROJECT

TEMPLATE: Final = (PROJECT / "template.yaml").read_text("utf-8")
VALUES: Final = {"SiteTitle": "One", "SnapStart": "on"}
SIGNIFICANT: Final = 10
"""How many characters of the digest are a part of the logical ids that SAM gives the versions."""


def test_only_functions_for_which_readers_wait_get_an_alias() -> None:
    before, after = parse(TEMPLATE), json.loads(publishing_versions(TEMPLATE))
    changed = {name for name, resource in after["Resources"].items() if resource != before["Resources"][name]}
    assert changed == set(FUNCTIONS)
    for name in FUNCTIONS:
        properties: dict[str, Any] = after["Resources"][name]["Properties"]
        added = {key: value for key, value in properties.items() if key not in before["Resources"][name]["Properties"]}
        assert added == {
            "AutoPublishAlias": "live",
            "AutoPublishCodeSha256": {"Ref": DIGEST},
            "SnapStart": {"ApplyOn": "PublishedVersions"},
        }
    assert {name: value for name, value in after["Parameters"].items() if name != DIGEST} == before["Parameters"]
    assert "Default" not in after["Parameters"][DIGEST]


def test_the_rule_against_other_tools_is_removed() -> None:
    assert RULE in parse(TEMPLATE)["Rules"]
    assert "Rules" not in json.loads(publishing_versions(TEMPLATE))
    other = TEMPLATE.replace("\nRules:\n", '\nRules:\n  Other: {Assertions: [{Assert: !Equals ["1", "1"]}]}\n')
    assert json.loads(publishing_versions(other))["Rules"].keys() == {"Other"}


def test_each_change_publishes_new_versions() -> None:
    digests = {
        digest(TEMPLATE, VALUES),
        digest(TEMPLATE.replace("MemorySize: 512", "MemorySize: 513"), VALUES),
        digest(TEMPLATE, {**VALUES, "SiteTitle": "Two"}),
        digest(TEMPLATE, {**VALUES, "LogLevel": ""}),
    }
    assert len({each[:SIGNIFICANT] for each in digests}) == 4
    assert all(each.isalnum() for each in digests)


def test_the_same_template_and_parameters_publish_nothing() -> None:
    earlier = digest(TEMPLATE, VALUES)
    reversed_values = dict(reversed(VALUES.items()))
    assert digest(TEMPLATE, {DIGEST: earlier, **reversed_values}) == earlier


def test_a_change_of_parameters_alone_has_the_digest_of_a_deployment_with_them() -> None:
    values = {**VALUES, "SiteTitle": "Two"}
    after = digest_after({**values, DIGEST: digest(TEMPLATE, VALUES)})
    assert after == digest(TEMPLATE, values)
    assert digest_after({**VALUES, DIGEST: after}) == digest(TEMPLATE, VALUES)


def test_values_of_a_change_set_are_given_or_previous_or_defaults() -> None:
    parameters: list[dict[str, Any]] = [
        {"ParameterKey": "Given", "ParameterValue": "1"},
        {"ParameterKey": "Kept", "UsePreviousValue": True},
    ]
    definitions: dict[str, Any] = {"Given": {"Default": 0}, "Kept": {"Default": ""}, "New": {"Default": 7}}
    assert values_of(parameters, {"Given": "0", "Kept": "2", "Gone": "3"}, definitions) == {
        "Given": "1",
        "Kept": "2",
        "New": "7",
    }
