"""``events/`` has a real event for every route and trigger, and each handler accepts its events."""

import importlib
from pathlib import Path

import pytest

from kolom_cli.sam.model import Template
from tests.events import FILES, STATUSES, name_of, publish_article, read
from tests.factories import Context


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_an_event_is_accepted_by_its_handler(path: Path) -> None:
    publish_article()
    answer = importlib.import_module(f"functions.{path.parent.name}.app").handler(read(path), Context())
    if "routeKey" in read(path):
        assert answer["statusCode"] == STATUSES.get(name_of(path), 200)


def test_every_route_has_its_event(template: Template) -> None:
    shown = {(path.parent.name, event["routeKey"]) for path in FILES if "routeKey" in (event := read(path))}
    assert shown == {(route.function, route.key) for route in template.routes}


def test_every_other_trigger_has_its_event(template: Template) -> None:
    shown = {path.parent.name for path in FILES if "routeKey" not in read(path)}
    triggered = {stream.function for stream in template.streams}
    triggered |= {schedule.function for schedule in template.schedules} | {rule.function for rule in template.rules}
    assert shown == triggered
