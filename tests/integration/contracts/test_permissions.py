"""Each function has exactly the permissions that it uses."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
from kolom.comments import (
    admin,
    authors,
    moderation,
    moderation_links,
    moderation_queue,
    reply_subscriptions,
    repository,
)
from kolom.comments.reply_subscriptions import SubscriptionLink
from kolom.comments.types import Action, Comment
from kolom.models.base import connection
from kolom.models.comments import SubscriptionRecord
from kolom.models.guard import SearchCount
from kolom.models.outbox import OutboxRecord
from kolom.search.index_writer import update_index
from kolom.security import signing
from kolom_cli.sam.loader import load, read_document
from kolom_cli.sam.model import Function, Template
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
from tests.integration.conftest import Configure
from tests.integration.contracts.recorder import recorded

pytestmark = pytest.mark.usefixtures("tables")


DRAFT_ID = 5
OF_THE_TEST = {
    "write_comments": {("dynamodb:Query", "kolom-comments/index/by_status")},
    "serve_mail_links": {
        *(("dynamodb:Query", "kolom-comments"), ("dynamodb:BatchGetItem", "kolom-articles")),
        ("dynamodb:Scan", "kolom-comments"),
    },
    "send_mail": {("dynamodb:Scan", "kolom-outbox")},
}
"""The operations of the tests themselves, which have the rights of the site's owner."""


def blog() -> None:
    """Create an article of every kind, so that each code path of a function finds one."""
    for number in range(3):
        publishing.publish(content(f"n{number}", labels=("News",), path=f"/2024/05/{number}.html"), now=NOW)
    publishing.publish(content("about", kind="page"), now=NOW)
    assert publishing.publish(content("draft", draft=True), now=NOW).article.id == DRAFT_ID
    publishing.publish(content("new", labels=("News",)), now=NOW, article_id=1, expected_version=1)
    publishing.publish(content("gone"), now=NOW)
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
    ]:
        fetch_articles.handler(request(path, query), Context())


def use_serve_pages() -> None:
    for path in (
        *("/", "/new/", "/n0/", "/n1", "/n1/", "/2024/05/1.html", "/about/", "/gone/", "/none/", "/draft/", "/api/x"),
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


def use_run_scheduled_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(run_scheduled_tasks, "datetime", SimpleNamespace(now=lambda _: tomorrow))
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
        ("/api/comments/counts", "slug=n0&slug=n1&slug=none"),
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


@pytest.fixture
def scenarios(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], None]]:
    """Return for each function a scenario that runs all of its code paths."""
    return {
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
        "run_scheduled_tasks": lambda: use_run_scheduled_tasks(monkeypatch),
    }


def granted(template: Template, function: str) -> set[tuple[str, str]]:
    """Return the function's DynamoDB permissions in the template, as pairs of an action and a table or an index."""
    return {
        (action, resource.split(":table/")[1])
        for statement in template.functions[function].policies
        for action in statement.actions
        for resource in statement.resources
        if action.startswith("dynamodb:") and ":table/" in resource
    }


@pytest.mark.parametrize("function", [path.parent.name for path in sorted(Path("functions").glob("*/app.py"))])
def test_a_function_uses_exactly_its_permissions(
    function: str,
    template: Template,
    scenarios: dict[str, Callable[[], None]],
    secret: str,
    configure: Configure,
) -> None:
    configure(owner_email="owner@example.com")
    blog()
    if function in {"fetch_comments", "serve_mail_links"}:
        post(content="first", email="a@example.com", notify_replies=True)
    if function == "serve_feeds":
        comment = post(content="first")
        moderation.moderate(comment.article_id, comment.id, "approve", by="test", now=datetime.now(UTC))
    if function == "send_mail":
        mail_of_every_kind()
    if function == "run_scheduled_tasks":
        use_submit_contact()
    if function in {"search_articles", "serve_pages"}:
        update_index(range(1, 8))
    if function == "index_articles":
        update_index((2, 3))
        publishing.publish(content("n1", html="<p>other words</p>"), now=NOW, force=True)
        publishing.unpublish("n2", now=NOW)
    with recorded() as asked:
        scenarios[function]()
    assert set(asked.operations) - OF_THE_TEST.get(function, set()) == granted(template, function)


@pytest.mark.parametrize("function", ["search_articles", "serve_pages"])
def test_counting_searches_needs_only_updates_of_counts(
    function: str,
    template: Template,
    several_days: None,
    scenarios: dict[str, Callable[[], None]],
    configure: Configure,
) -> None:
    counting = load(Path("template.yaml"), {"SiteUrl": "https://blog.example", "SearchReport": "on"})
    environment = counting.functions[function].environment
    assert (environment["SEARCH_REPORT"], environment["GUARD_TABLE"]) == ("on", "kolom-guard")
    assert "GUARD_TABLE" not in template.functions[function].environment
    configure(search_report="on")
    blog()
    update_index(range(1, 8))
    with recorded() as asked:
        scenarios[function]()
        for address in range(30):
            event = request("/search/", "q=body")
            event["requestContext"]["http"]["sourceIp"] = f"10.{address}.0.1"
            event |= {} if function == "serve_pages" else {"rawPath": "/api/search"}
            (serve_pages if function == "serve_pages" else search_articles).handler(event, Context())
    assert any(item.text for item in SearchCount.scan())
    assert set(asked.operations) == granted(counting, function)
    assert set(asked.operations) - granted(template, function) == {("dynamodb:UpdateItem", "kolom-guard")}
    (statement,) = (each for each in counting.functions[function].policies if "dynamodb:UpdateItem" in each.actions)
    assert statement.condition == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["searches#*"]}}
    assert {item.key.partition("#")[0] for item in SearchCount.scan()} == {"searches"}


def test_mail_is_only_sent_from_the_sites_own_addresses() -> None:
    parameters = {"SiteUrl": "https://blog.example", "OwnerEmail": "me@home.example", "MailFrom": "blog@site.example"}
    function = load(Path("template.yaml"), parameters).functions["send_mail"]
    (statement,) = (each for each in function.policies if "ses:SendEmail" in each.actions)
    assert statement.actions == ("ses:SendEmail",)
    assert {resource.split(":123456789012:")[1] for resource in statement.resources} == {
        *("configuration-set/kolom-mailsettings", "identity/blog@site.example", "identity/site.example"),
        "identity/me@home.example",
    }


def test_only_the_mail_function_may_read_messages_and_send_mail(template: Template) -> None:
    readers = {
        name
        for name, function in template.functions.items()
        for statement in function.policies
        if any("kolom-messages" in resource for resource in statement.resources)
        and "dynamodb:PutItem" not in statement.actions
    }
    senders = {
        name
        for name, function in template.functions.items()
        if any("ses:SendEmail" in statement.actions for statement in function.policies)
    }
    assert readers == senders == {"send_mail"}


def test_public_reads_of_comments_use_only_counts_and_public_indexes(
    template: Template, secret: str, configure: Configure
) -> None:
    blog()
    post(content="first")
    with recorded() as asked:
        use_fetch_comments()
    on_comments = {operation for operation in asked.operations if operation[1].startswith("kolom-comments")}
    assert on_comments == {
        ("dynamodb:Query", "kolom-comments/index/public"),
        ("dynamodb:Query", "kolom-comments/index/recent"),
        ("dynamodb:BatchGetItem", "kolom-comments"),
    }
    (condition,) = (
        statement.condition
        for statement in template.functions["fetch_comments"].policies
        if statement.actions == ("dynamodb:BatchGetItem",)
    )
    assert condition == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["stats#*"]}}
    assert all(key.startswith("stats#") for key in asked.leading_keys["dynamodb:BatchGetItem", "kolom-comments"])


@pytest.mark.parametrize(
    ("function", "keys"), [("preview_article", ["site"]), ("submit_contact", ["site", "blocked-words"])]
)
def test_preview_and_contact_may_get_only_the_settings_that_they_read(
    function: str,
    keys: list[str],
    template: Template,
    scenarios: dict[str, Callable[[], None]],
    secret: str,
    configure: Configure,
) -> None:
    configure(owner_email="owner@example.com")
    blog()
    with recorded() as asked:
        scenarios[function]()
    assert asked.leading_keys["dynamodb:GetItem", "kolom-articles"] == set(keys)
    (condition,) = (
        statement.condition
        for statement in template.functions[function].policies
        if statement.actions == ("dynamodb:GetItem",) and statement.resources[0].endswith("kolom-articles")
    )
    assert condition == {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": keys}}


def test_no_permission_has_a_wildcard(template: Template) -> None:
    for function in template.functions.values():
        for statement in function.policies:
            assert not [text for text in (*statement.actions, *statement.resources) if "*" in text]


def test_no_function_may_scan(template: Template) -> None:
    actions = json.dumps([statement.actions for f in template.functions.values() for statement in f.policies])
    assert "Scan" not in actions


def test_links_in_mail_may_query_only_the_keys_of_pending_comments(template: Template, secret: str) -> None:
    asked: list[dict[str, Any]] = []
    events = connection().client.meta.events
    events.register("provide-client-params.dynamodb.Query", note := lambda params, **_: asked.append(params))
    try:
        moderation_queue.find_next_pending("none")
    finally:
        events.unregister("provide-client-params.dynamodb.Query", note)
    (query,) = asked
    names = query["ExpressionAttributeNames"]
    projected = {names.get(each.strip(), each.strip()) for each in query["ProjectionExpression"].split(",")}
    (statement,) = (
        each
        for each in template.functions["serve_mail_links"].policies
        if each.resources[0].endswith(f"/index/{query['IndexName']}")
    )
    allowed = statement.condition["ForAllValues:StringEquals"]
    assert [*query["ExpressionAttributeValues"].values()] == [{"S": each} for each in allowed["dynamodb:LeadingKeys"]]
    assert set(names.values()) == set(allowed["dynamodb:Attributes"])
    assert projected == {"article_id", "sort"}
    assert statement.condition["StringEqualsIfExists"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}


def resources_named(function: Function) -> set[str]:
    """Return the tables and secrets in the function's environment."""
    return {
        value
        for name, value in function.environment.items()
        if value and name.endswith(("_TABLE", "SECRET_NAME", "_BUCKET"))
    }


def resources_permitted(function: Function) -> set[str]:
    """Return the tables and secrets in the function's policies: a table by name, a secret by ARN."""
    permitted = {resource for statement in function.policies for resource in statement.resources}
    tables = {resource.split(":table/")[1].split("/")[0] for resource in permitted if ":table/" in resource}
    return tables | {resource for resource in permitted if ":secret:" in resource}


@pytest.mark.parametrize("cdn", ["on", "off"])
def test_an_environment_names_exactly_the_permitted_tables_and_secrets(cdn: str) -> None:
    """A name is useless without permission, and a permission is useless without the name."""
    functions = load(Path("template.yaml"), {"SiteUrl": "https://blog.example", "Cdn": cdn}).functions
    for function in functions.values():
        assert resources_named(function) == resources_permitted(function), function.name


def test_globals_contain_no_table_secret_bucket_or_mail_address() -> None:
    shared = read_document(Path("template.yaml"))["Globals"]["Function"]["Environment"]["Variables"]
    private = ("_TABLE", "SECRET_NAME", "_BUCKET", "OWNER_EMAIL", "MAIL_FROM", "CONFIGURATION_SET")
    assert not [name for name in shared if name.endswith(private)]


def test_no_function_repeats_a_variable_of_globals() -> None:
    document = read_document(Path("template.yaml"))
    shared = document["Globals"]["Function"]["Environment"]["Variables"].keys()
    for name, entry in document["Resources"].items():
        own = entry.get("Properties", {}).get("Environment", {}).get("Variables", {})
        assert not own.keys() & shared, name


def test_only_functions_that_write_or_send_mail_have_mail_addresses(template: Template) -> None:
    knowing = {name for name, function in template.functions.items() if "OWNER_EMAIL" in function.environment}
    assert knowing == {"write_comments", "submit_contact", "serve_mail_links", "send_mail"}


def test_no_public_read_function_may_read_the_secret(template: Template) -> None:
    readers = [
        name
        for name, function in template.functions.items()
        if any("secretsmanager:GetSecretValue" in statement.actions for statement in function.policies)
    ]
    assert set(readers) == {
        *("preview_article", "write_comments", "submit_contact", "serve_mail_links", "send_mail", "handle_bounces")
    }
