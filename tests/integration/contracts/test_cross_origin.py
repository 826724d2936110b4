"""Every route that changes something refuses requests that a page of another website makes a browser send."""

import importlib
import json
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from kolom.articles import publishing
from kolom.comments import admin, moderation_links, reply_subscriptions
from kolom.security import signing
from kolom_cli.sam.model import Route, Template
from tests.factories import NOW, comment_request, contact_request, content, form_request, request
from tests.integration.conftest import Configure
from tests.integration.handlers import Response, call, stored

FOREIGN: Final = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
OWN: Final = {"origin": "https://blog.example", "sec-fetch-site": "same-origin"}
TABLES: Final = ("comments", "guard", "messages", "outbox")

pytestmark = pytest.mark.usefixtures("secret")


def send(function: str, event: dict[str, Any]) -> Response:
    """Invoke a function with an event."""
    return call(importlib.import_module(f"functions.{function}.app").handler, event)


def writing_routes(template: Template) -> list[Route]:
    return [route for route in template.routes if route.method not in {"GET", "HEAD", "OPTIONS"}]


def test_every_route_that_changes_something_refuses_other_websites(template: Template) -> None:
    publishing.publish(content(), now=NOW)
    routes = writing_routes(template)
    assert {route.method for route in routes} == {"POST", "PATCH", "DELETE"}
    for route in routes:
        path = route.path.replace("{slug}", "hello").replace("{comment_id}", "01K").replace("{token}", "1.W10.x")
        for headers in (FOREIGN, {"origin": "null"}, {"sec-fetch-site": "same-site"}):
            kind = {"content-type": "application/json"}
            body = "not even JSON"
            answer = send(route.function, request(path, method=route.method, headers={**kind, **headers}, body=body))
            assert answer.status == 403, (route.key, headers)
            assert answer.headers["Cache-Control"] == "no-store"
    assert [stored(table) for table in TABLES] == [[], [], [], []]


def test_json_from_another_website_gets_a_problem() -> None:
    publishing.publish(content(), now=NOW)
    for function, event in (
        ("write_comments", comment_request(content="Hello.", headers=FOREIGN)),
        ("submit_contact", contact_request(headers=FOREIGN)),
    ):
        answer = send(function, event)
        assert (answer.status, answer.headers["Content-Type"]) == (403, "application/problem+json")
        assert "AllowedOrigins" in answer.json["detail"]
    assert [stored(table) for table in TABLES] == [[], [], [], []]


@pytest.mark.parametrize(("language", "text"), [("en", "sent from another website"), ("id", "dikirim dari situs lain")])
def test_a_form_of_another_website_gets_a_page_in_the_readers_language(language: str, text: str) -> None:
    publishing.publish(content(), now=NOW)
    headers = {**FOREIGN, "accept-language": language}
    for function, path, fields, back in (
        ("write_comments", "/api/articles/hello/comments", {"name": "Budi", "content": "<b>Buy!</b>"}, "/hello/"),
        ("submit_contact", "/api/contact", {"email": "a@example.com", "message": "Buy!", "redirect": "/x/"}, "/"),
    ):
        answer = send(function, form_request(path, fields, headers=headers))
        assert (answer.status, answer.headers["Content-Language"]) == (403, language)
        assert text in answer.body
        assert f'href="{back}"' in answer.body
        assert "Buy!" not in answer.body
    assert [stored(table) for table in TABLES] == [[], [], [], []]


@pytest.mark.parametrize("headers", [{}, OWN, {"origin": "https://me.example", "sec-fetch-site": "cross-site"}])
def test_forms_of_this_site_and_listed_ones_and_plain_clients_are_accepted(
    headers: dict[str, str], configure: Configure
) -> None:
    configure(allowed_origins="https://me.example")
    publishing.publish(content(), now=NOW)
    fields = {"name": "Budi", "content": "Hello."}
    path = "/api/articles/hello/comments"
    assert send("write_comments", form_request(path, fields, headers=headers)).status == 201
    assert send("write_comments", comment_request(content="Hello again.", headers=headers)).status == 201
    assert send("submit_contact", contact_request(headers=headers)).status == 201


def test_a_refused_form_does_not_use_up_the_rate_limit(configure: Configure) -> None:
    configure(comments_per_minute=1)
    for _ in range(5):
        assert send("submit_contact", contact_request(headers=FOREIGN)).status == 403
    assert send("submit_contact", contact_request(headers=OWN)).status == 201


def moderation_path() -> str:
    publishing.publish(content(), now=NOW)
    comment = admin.get(send("write_comments", comment_request(content="Hello.")).json["comment"]["id"])
    return f"/api/moderation/{moderation_links.create(comment, 'approve', signing.load_keys(), now=datetime.now(UTC))}"


def test_a_moderation_link_is_followed_only_from_its_own_page() -> None:
    path = moderation_path()
    refused = send("serve_mail_links", form_request(path, {"revision": "1"}, headers=FOREIGN))
    assert refused.status == 403
    assert "situs lain" in refused.body
    assert len(admin.list_by_status("pending", limit=10)) == 1
    # A click in a webmail opens the page from another website.
    assert send("serve_mail_links", request(path, headers={"sec-fetch-site": "cross-site"})).status == 200
    assert send("serve_mail_links", form_request(path, {"revision": "1"}, headers=OWN)).status == 200
    assert len(admin.list_by_status("approved", limit=10)) == 1


def test_browsers_send_the_origin_of_pages_whose_url_grants_access() -> None:
    """With `no-referrer`, forms would have the origin "null". Older browsers do not send `Sec-Fetch-Site` either."""
    shown = send("serve_mail_links", request(moderation_path()))
    assert shown.headers["Referrer-Policy"] == "strict-origin"


@pytest.mark.parametrize("headers", [{}, FOREIGN, {"origin": "null"}, {"sec-fetch-site": "cross-site"}])
def test_mail_providers_unsubscribe_with_one_click_from_anywhere(headers: dict[str, str]) -> None:
    token = reply_subscriptions.create_token("leave", 1, "person", signing.load_keys(), now=datetime.now(UTC))
    path = f"/api/subscription/{token}"
    answer = send("serve_mail_links", form_request(path, {"List-Unsubscribe": "One-Click"}, headers=headers))
    assert answer.status == 200
    assert stored("comments")[0]["state"] == {"S": "left"}


def test_the_page_of_a_subscription_is_protected_from_other_websites() -> None:
    token = reply_subscriptions.create_token("leave", 1, "person", signing.load_keys(), now=datetime.now(UTC))
    path = f"/api/subscription/{token}"
    for fields in ({}, {"List-Unsubscribe": "Two-Clicks"}):
        answer = send("serve_mail_links", form_request(path, fields, headers={**FOREIGN, "accept-language": "en"}))
        assert answer.status == 403
        assert "A page of another website" in answer.body
    json_body = json.dumps({"List-Unsubscribe": "One-Click"})
    kind = {"content-type": "application/json", **FOREIGN}
    moderation = moderation_path()
    assert send("serve_mail_links", request(moderation, method="POST", headers=kind, body=json_body)).status == 403
    assert [item for item in stored("comments") if "state" in item] == []
