"""The log of deployments: what it keeps, how it is read, and what a rollback finds in it."""

import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from kolom_cli.deploying.deployment_log import DeploymentLog, LogError, RecordedDeployment, new_deployment, parse_log
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.rollback import choose_target

NOW: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)


def deployment(template: str) -> RecordedDeployment:
    return new_deployment(template=template, assets="assets", now=NOW)


def filled(*templates: str) -> DeploymentLog:
    log = DeploymentLog()
    for template in templates:
        log = log.begin(deployment(template)).finish(deployment(template), {"SiteTitle": template})
    return log


def test_a_log_is_the_same_after_reading() -> None:
    log = filled("a", "b").begin(deployment("c"))
    assert parse_log(log.to_json()) == log
    assert [(each.number, each.is_complete) for each in log.deployments] == [(1, True), (2, True), (3, False)]


def test_only_the_last_ten_are_kept() -> None:
    log = filled(*"abcdefghijkl")
    assert [each.number for each in log.deployments] == list(range(3, 13))
    begun = log.begin(deployment("m"))
    assert [each.number for each in begun.deployments] == list(range(3, 14))
    assert [each.number for each in begun.finish(deployment("m"), {}).deployments] == list(range(4, 14))


def test_a_deployment_takes_the_place_of_an_incomplete_one() -> None:
    log = filled("a").begin(deployment("b")).begin(deployment("c"))
    assert [(each.number, each.template) for each in log.deployments] == [(1, "a"), (2, "c")]


def test_the_newest_schema_outlives_its_deployment() -> None:
    document = json.loads(filled("a").to_json())
    document["deployments"][0]["writes_schema"] = 7
    log = parse_log(json.dumps(document | {"newest_schema": 7}).encode())
    for template in "bcdefghijklm":
        log = log.finish(deployment(template), {})
    assert max(each.writes_schema for each in log.deployments) < 7
    assert log.newest_schema == 7


def test_only_a_complete_deployment_with_the_same_content_is_current() -> None:
    log = filled("a", "b")
    assert log.is_current(deployment("b"))
    assert not log.is_current(deployment("a"))
    assert not log.begin(deployment("b")).is_current(deployment("b"))
    assert not DeploymentLog().is_current(deployment("a"))


@pytest.mark.parametrize(
    "change",
    [
        b"",
        b"[]",
        b"\xff",
        {"format": "1"},
        {"deployments": [{}]},
        {"deployments": None},
        {"newest_schema": None},
        {"deployments": [{**json.loads(filled("a").to_json())["deployments"][0], "time": "2026-11-30T12:00:00"}]},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_damaged_log_is_refused(change: bytes | dict[str, Any]) -> None:
    whole = json.loads(filled("a").to_json())
    data = change if isinstance(change, bytes) else json.dumps(whole | change).encode()
    with pytest.raises(LogError, match="it is damaged"):
        parse_log(data)


def test_a_newer_format_is_refused_and_unknown_fields_are_ignored() -> None:
    whole = json.loads(filled("a").to_json())
    whole["deployments"][0]["more"] = whole["more"] = 1
    assert parse_log(json.dumps(whole).encode()) == filled("a")
    with pytest.raises(LogError, match="a newer version of Kolom"):
        parse_log(json.dumps(whole | {"format": 2}).encode())


def test_there_is_nothing_to_return_to_if_no_code_asset_or_parameter_has_changed() -> None:
    with pytest.raises(DeploymentError, match=r"deployment \(2\) has the same code and assets as the one before, so"):
        choose_target(filled("a", "a"), None)
