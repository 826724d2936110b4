"""``events/`` has a real event for every route and trigger, and each handler accepts its events."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from kolom.articles import publishing
from kolom_cli.sam.model import Template
from tests.factories import NOW, Context, content
from tests.paths import PROJECT

EVENTS = PROJECT / "events"
FILES = sorted(EVENTS.glob("*/*.json"))
EXPECTED = {
    "write_comments/post_comment": 201,
    "submit_contact/submit_message": 201,
    # Their links and tokens were signed with another key.
    "preview_article/get_preview": 404,
    "serve_mail_links/show_link": 404,
    "serve_mail_links/follow_link": 404,
    "serve_mail_links/show_subscription": 404,
    "serve_mail_links/follow_subscription": 404,
    "write_comments/edit_comment": 401,
    "write_comments/delete_comment": 401,
}


def read(path: Path) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(path.read_text())
    return event


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_event_is_accepted_by_its_handler(path: Path) -> None:
    publishing.publish(content("china-russia-agree-to-deepen-strategic-cooperation", labels=("Politik",)), now=NOW)
    answer = importlib.import_module(f"functions.{path.parent.name}.app").handler(read(path), Context())
    if "routeKey" in read(path):
        assert answer["statusCode"] == EXPECTED.get(f"{path.parent.name}/{path.stem}", 200)


def test_every_route_has_its_event(template: Template) -> None:
    shown = {(path.parent.name, event["routeKey"]) for path in FILES if "routeKey" in (event := read(path))}
    assert shown == {(route.function, route.key) for route in template.routes}


def test_every_other_trigger_has_its_event(template: Template) -> None:
    shown = {path.parent.name for path in FILES if "routeKey" not in read(path)}
    triggered = {stream.function for stream in template.streams}
    triggered |= {schedule.function for schedule in template.schedules} | {rule.function for rule in template.rules}
    assert shown == triggered
