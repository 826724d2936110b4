"""For each function, a scenario that runs all of its code paths, and the calls that the function makes in it."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, Final

import pytest

from functions.fetch_articles import app as fetch_articles
from functions.fetch_comments import app as fetch_comments
from functions.handle_bounces import app as handle_bounces
from functions.index_articles import app as index_articles
from functions.preview_article import app as preview_article
from functions.run_scheduled_tasks import app as run_scheduled_tasks
from functions.search_articles import app as search_articles
from functions.send_mail import app as send_mail
from functions.serve_feeds import app as serve_feeds
from functions.serve_mail_links import app as serve_mail_links
from functions.serve_pages import app as serve_pages
from functions.submit_contact import app as submit_contact
from functions.write_comments import app as write_comments
from kolom.articles import preview_links, public, publishing
from kolom.comments import admin, authors, moderation, moderation_links, reply_subscriptions, repository
from kolom.comments.reply_subscriptions import SubscriptionLink
from kolom.comments.types import Action, Comment
from kolom.models.comments import SubscriptionRecord
from kolom.models.outbox import OutboxRecord
from kolom.search.index_writer import update_index
from kolom.security import signing
from tests.factories import (
    NOW,
    Context,
    comment_request,
    contact_request,
    content,
    form_request,
    pending_mail_event,
    request,
)
from tests.iam.policies import Request
from tests.integration.contracts.recorder import recorded

DRAFT_ID = 5


def blog() -> None:
    """Create an article of every kind, so that each code path of a function finds one."""
    for number in range(3):
        publishing.publish(content(f"n{number}", labels=("News",), path=f"/2024/05/{number}.html"), now=NOW)
    publishing.publish(content("about", kind="page"), now=NOW)
    assert publishing.publish(content("draft", draft=True), now=NOW).article.id == DRAFT_ID
    publishing.publish(content("new", labels=("News",)), now=NOW, article_id=1, expected_version=1)
    publishing.publish(content("gone"), now=NOW)
    publishing.publish(content("elsewhere", kind="external", url="https://site.example/x.html"), now=NOW)
    publishing.delete("gone", now=NOW)
    soon = datetime.now(UTC) + timedelta(hours=1)
    publishing.publish(content("soon", labels=("News",), published_at=soon), now=soon - timedelta(hours=9))


def use_fetch_articles() -> None:
    for path, query in [
        ("/api/health", ""),
        *(
            ("/api/articles", query)
            for query in ("", "label=News", "year=2026", "year=2026&month=2", "label=News&year=2026")
        ),
        *((f"/api/articles/{slug}", "") for slug in ("new", "n0", "n1", "about", "gone", "draft", "none")),
        ("/api/labels", ""),
        ("/api/archive", ""),
        *(("/api/paths", f"path={path}") for path in ("/2024/05/1.html", "/n2/", "/none")),
        *(("/api/paths", f"url={url}") for url in ("https://site.example/x?a=b", "https://blog.example/n2/", "none")),
    ]:
        fetch_articles.handler(request(path, query), Context())


def use_serve_pages() -> None:
    for path in (
        *(
            "/",
            "/new/",
            "/n0/",
            "/n1",
            "/n1/",
            "/2024/05/1.html",
            "/about/",
            "/gone/",
            "/none/",
            "/elsewhere/",
            "/draft/",
        ),
        "/api/x",
        *("/label/News/", "/labels/", "/archive/", "/2026/", "/2026/02/", "/search/"),
    ):
        serve_pages.handler(request(path), Context())
    for query in ("q=body", 'q="the body" -n0', "q=bodyy+strategi", "q=body&label=News&language=en&from=2026-01-01"):
        serve_pages.handler(request("/search/", query), Context())


def use_serve_feeds() -> None:
    for path in (
        *("/feeds/atom.xml", "/feeds/rss.xml", "/feeds/feed.json", "/feeds/comments.xml", "/feeds/posts/default"),
        *(f"/feeds/comments/{slug}" for slug in ("n0", "new", "gone", "draft", "none")),
        *("/sitemap.xml", "/sitemaps/pages.xml", "/sitemaps/2026-02.xml", "/robots.txt"),
    ):
        serve_feeds.handler(request(path), Context())
    serve_feeds.handler(request("/feeds/atom.xml", "label=News"), Context())


def use_preview_article() -> None:
    expires_at = datetime.now(UTC) + timedelta(hours=1)
    token = preview_links.create_token(DRAFT_ID, signing.load_keys(), expires_at=expires_at)
    for path in (f"/preview/{token}", "/preview/none"):
        preview_article.handler(request(path), Context())


def use_run_scheduled_tasks() -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_scheduled_tasks, "datetime", SimpleNamespace(now=lambda _: tomorrow))
        run_scheduled_tasks.handler({}, Context())


def stream_event(*article_ids: int) -> dict[str, Any]:
    """Return a stream event with one record for each article."""
    return {
        "Records": [
            {"dynamodb": {"Keys": {"key": {"S": str(each)}, "part": {"S": "card"}}, "SequenceNumber": str(number)}}
            for number, each in enumerate(article_ids)
        ]
    }


def use_index_articles() -> None:
    index_articles.handler(stream_event(1, 2, 3, 4, 5, 6, 7), Context())


def use_search_articles() -> None:
    for path, query in [
        *(("/api/search", f"q={query}") for query in ("body", '"the body" -n0', "bodyy+strategi", "none", "")),
        ("/api/search", "q=body&label=News&language=en&from=2026-01-01"),
        *(("/api/search/suggest", f"q={query}") for query in ("bo", "the body o", "")),
        *((f"/api/articles/{slug}/related", "") for slug in ("new", "n0", "gone", "draft", "none", "about")),
    ]:
        search_articles.handler(request(path, query), Context())


def post(slug: str = "n0", **fields: Any) -> Comment:
    """Post a comment and return it as stored."""
    answer = write_comments.handler(comment_request(slug, **fields), Context())
    assert answer["statusCode"] == 201, answer
    return admin.get(json.loads(answer["body"])["comment"]["id"])


def use_fetch_comments() -> None:
    for path, query in [
        *((f"/api/articles/{slug}/comments", "") for slug in ("n0", "n1", "none", "draft", "gone")),
        *(("/api/comments", f"url={url}") for url in ("https://site.example/x", "https://blog.example/n2/", "none")),
        ("/api/comments/counts", "slug=n0&slug=n1&slug=none"),
        ("/api/comments/counts", "slug=n0&url=https://site.example/x"),
        ("/api/comments/recent", ""),
    ]:
        fetch_comments.handler(request(path, query), Context())


def use_write_comments() -> None:
    write_comments.handler(request("/api/form-token"), Context())
    parent = post(content="first", email="a@example.com")
    moderation.moderate(parent.article_id, parent.id, "approve", by="test", now=datetime.now(UTC))
    for fields in (
        {"content": "a reply", "parent_id": parent.id},
        {"content": "a text that is long enough to be looked for elsewhere on the site"},
        {"content": "a reply", "parent_id": parent.id},
    ):
        post(**fields)
    token = authors.create_edit_token(parent.article_id, parent.id, signing.load_keys())
    headers = {"authorization": f"Bearer {token}"}
    reply = post(content="a trusted reply", parent_id=parent.id, headers=headers)
    assert reply.status == "approved"
    path = f"/api/articles/n0/comments/{parent.id}"
    body = json.dumps({"content": "another text"})
    json_headers = {**headers, "content-type": "application/json"}
    write_comments.handler(request(path, method="PATCH", headers=json_headers, body=body), Context())
    write_comments.handler(request(path, method="DELETE", headers=headers), Context())


def use_serve_mail_links() -> None:
    def follow(comment: Comment, action: Action) -> None:
        token = moderation_links.create(comment, action, signing.load_keys(), now=datetime.now(UTC))
        for method in ("GET", "POST", "POST"):
            serve_mail_links.handler(request(f"/api/moderation/{token}", method=method), Context())

    now = datetime.now(UTC)
    parent = admin.list_by_article(1)[0]
    follow(parent, "approve")
    reply = admin.reply(
        repository.get(1, parent.id) or parent,
        public.get_many_without_body([1])[1],
        name="Owner",
        content="Yes",
        now=now,
        secret=signing.load_keys(),
    )
    follow(reply, "spam")
    follow(repository.get(1, parent.id) or parent, "delete")

    asked = next(iter(SubscriptionRecord.scan()))
    for action in ("confirm", "leave"):
        token = reply_subscriptions.create_token(action, 1, asked.subscriber, signing.load_keys(), now=now)
        for method in ("GET", "POST"):
            serve_mail_links.handler(request(f"/api/subscription/{token}", method=method), Context())


def use_submit_contact() -> None:
    for message in ("Hello.", "Hello.", "A text that is long enough to be looked for elsewhere."):
        assert submit_contact.handler(contact_request(message=message), Context())["statusCode"] == 201
    form = form_request("/api/contact", {"email": "budi@example.com", "message": "Sent by a form."})
    assert "<html" in submit_contact.handler(form, Context())["body"]


def mail_of_every_kind() -> None:
    """Create mail about messages, comments to moderate, consent to reply notifications, and a reply."""
    use_submit_contact()
    parent = post(content="first", email="a@example.com", notify_replies=True)
    moderation.moderate(1, parent.id, "approve", by="test", now=datetime.now(UTC))
    reply_subscriptions.execute(SubscriptionLink("confirm", 1, str(parent.person), 0), now=datetime.now(UTC))
    reply = post(content="second", email="b@example.com", notify_replies=True, parent_id=parent.id)
    moderation.moderate(1, reply.id, "approve", by="test", now=datetime.now(UTC))


def use_send_mail() -> None:
    ids = [record.id for record in OutboxRecord.scan()]
    assert {mail_id.split("#")[0] for mail_id in ids} == {"contact", "moderation", "confirm", "reply"}
    send_mail.handler(pending_mail_event(*ids), Context())


def use_handle_bounces() -> None:
    handle_bounces.handler(json.loads(Path("events/handle_bounces/bounce.json").read_text()), Context())


SCENARIOS: Final[Mapping[str, Callable[[], None]]] = MappingProxyType(
    {
        "fetch_articles": use_fetch_articles,
        "serve_feeds": use_serve_feeds,
        "serve_pages": use_serve_pages,
        "preview_article": use_preview_article,
        "index_articles": use_index_articles,
        "search_articles": use_search_articles,
        "fetch_comments": use_fetch_comments,
        "write_comments": use_write_comments,
        "serve_mail_links": use_serve_mail_links,
        "submit_contact": use_submit_contact,
        "send_mail": use_send_mail,
        "handle_bounces": use_handle_bounces,
        "run_scheduled_tasks": use_run_scheduled_tasks,
    }
)


def search_from_many_networks(function: str, searches: int) -> None:
    """Search for the same words from as many networks, so that the report of searches shows them."""
    for number in range(searches):
        event = request("/search/", "q=body")
        event["requestContext"]["http"]["sourceIp"] = f"10.{number}.0.1"
        event |= {} if function == "serve_pages" else {"rawPath": "/api/search"}
        (serve_pages if function == "serve_pages" else search_articles).handler(event, Context())


def prepare_scenario(function: str) -> None:
    """Create what the scenario of a function needs, in empty tables."""
    blog()
    match function:
        case "fetch_comments" | "serve_mail_links":
            post(content="first", email="a@example.com", notify_replies=True)
        case "serve_feeds":
            comment = post(content="first")
            moderation.moderate(comment.article_id, comment.id, "approve", by="test", now=datetime.now(UTC))
        case "send_mail":
            mail_of_every_kind()
        case "run_scheduled_tasks":
            use_submit_contact()
        case "search_articles" | "serve_pages":
            update_index(range(1, 8))
        case "index_articles":
            update_index((2, 3))
            publishing.publish(content("n1", html="<p>other words</p>"), now=NOW, force=True)
            publishing.unpublish("n2", now=NOW)


def run_scenario(function: str, *, searches: int = 0) -> list[Request]:
    """Run the scenario of a function on empty tables, and return the requests that the function makes."""
    prepare_scenario(function)
    with recorded() as asked:
        SCENARIOS[function]()
        search_from_many_networks(function, searches)
    return asked.by_functions
