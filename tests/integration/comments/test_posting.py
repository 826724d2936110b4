"""Posting a comment: accepted and rejected input, and idempotency."""

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ConnectionClosedError
from pynamodb.exceptions import TransactWriteError

from functions.write_comments import app as write_comments
from kolom.articles import public, publishing
from kolom.comments import admin, authors, posting, repository
from kolom.comments.posting import NewComment, PostedComment
from kolom.models.transaction import Transaction
from kolom.security import signing
from kolom.submissions.pipeline import RequestContext
from tests.factories import NOW, Context, comment_request, content, multipart_request, request
from tests.integration.comments.conftest import Blog, stored_comments
from tests.integration.conftest import Configure, RefusedCalls
from tests.integration.handlers import call, stored


def test_a_new_comment_is_returned_to_its_author_and_needs_approval(blog: Blog) -> None:
    answer = blog.post("*Halo*", name="Budi", website="https://budi.example/")
    assert answer.status == 201
    assert answer.json["status"] == "pending"
    assert answer.json["comment"]["content_html"] == "<p><em>Halo</em></p>"
    assert answer.json["comment"]["author"]["name"] == "Budi"
    assert answer.json["comment"]["author"]["website"] == "https://budi.example/"
    assert answer.headers["Cache-Control"] == "no-store"
    assert blog.shown() == []
    assert blog.total() == 0


def test_without_moderation_a_comment_is_published_at_once(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    answer = blog.post()
    assert answer.json["status"] == "approved"
    assert blog.shown() == [answer.json["comment"]["id"]]
    assert blog.total() == 1


def test_the_edit_token_of_an_approved_comment_skips_approval(blog: Blog) -> None:
    first = blog.post("The first.")
    token = {"authorization": f"Bearer {first.json['edit_token']}"}
    assert blog.post("Too early.", headers=token).json["status"] == "pending"
    blog.moderate(admin.get(first.json["comment"]["id"]), "approve")
    trusted = blog.post("The second.", headers=token)
    assert trusted.json["status"] == "approved"
    assert trusted.json["comment"]["author"]["avatar"] == first.json["comment"]["author"]["avatar"]


def test_the_name_and_address_of_a_trusted_author_give_no_trust(blog: Blog) -> None:
    known = blog.post_approved("Mine.", name="Budi", email="budi@example.com")
    other = blog.post_stored("Not his.", name="Budi", email="budi@example.com")
    assert other.status == "pending"
    assert other.avatar != known.avatar


def test_in_strict_moderation_trusted_authors_need_approval_too(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="all")
    first = blog.post("The first.")
    blog.moderate(admin.get(first.json["comment"]["id"]), "approve")
    again = blog.post("The second.", headers={"authorization": f"Bearer {first.json['edit_token']}"})
    assert again.json["status"] == "pending"


def test_no_field_makes_a_visitor_the_owner(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    answer = blog.post(is_owner=True, author={"is_owner": True}, status="approved", avatar="owner")
    assert (answer.status, answer.fields) == (422, {"is_owner", "author", "status", "avatar"})
    assert stored_comments() == []
    answer = blog.post(_is_owner=True)
    assert (answer.status, answer.json["comment"]["author"]["is_owner"]) == (201, False)


def test_a_parent_must_be_an_approved_comment_of_the_same_article(blog: Blog) -> None:
    publishing.publish(content("other"), now=NOW)
    pending, approved = blog.post_stored("Waits."), blog.post_approved("Stands.")
    deleted = blog.moderate(blog.post_approved("Goes."), "delete")
    elsewhere = blog.post_approved("There.", slug="other")
    invalid: list[Any] = [pending.id, deleted.id, elsewhere.id, "01K0000000000000000000000A", "x", 7, []]
    for parent in invalid:
        answer = blog.post("An answer.", parent_id=parent)
        assert (answer.status, answer.fields) == (422, {"parent_id"})
    reply = blog.post_stored("An answer.", parent_id=approved.id)
    assert reply.parent_id == approved.id
    assert reply.id > approved.id
    assert len(stored_comments()) == 5


def test_a_reply_is_ordered_after_a_parent_whose_clock_was_ahead(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    article = public.get_without_body("hello")
    ahead = datetime.now(UTC) + timedelta(minutes=5)
    parent = posting.post(
        article, NewComment(name="A", content="From ahead."), RequestContext(address="10.0.0.1"), now=ahead
    )
    reply = blog.post_stored("An answer.", parent_id=parent.comment.id)
    assert blog.shown() == [parent.comment.id, reply.id]


def test_closed_articles_accept_no_comments(blog: Blog, configure: Configure) -> None:
    publishing.publish(content("closed", comments_open=False), now=NOW)
    publishing.publish(content("old", published_at=datetime.now(UTC) - timedelta(days=31)), now=datetime.now(UTC))
    assert blog.post(slug="closed").status == 409
    assert blog.post(slug="old").status == 201
    configure(comments_close_after_days=30)
    assert blog.post(slug="old").status == 409
    assert blog.post("New.", slug="hello").status == 201


def test_comments_are_accepted_at_the_old_and_the_new_slug(blog: Blog) -> None:
    blog.post_approved("Before.")
    publishing.publish(content("renamed"), now=NOW, article_id=1, expected_version=1)
    blog.post_approved("By the old address.")
    assert blog.read().status == 301
    assert blog.read().headers["Location"] == "/api/articles/renamed/comments"
    assert blog.read(slug="renamed").json["total"] == 2


def test_unpublished_articles_accept_no_comments(blog: Blog) -> None:
    publishing.publish(content("draft", draft=True), now=NOW)
    publishing.publish(content("gone"), now=NOW)
    publishing.delete("gone", now=NOW)
    assert [blog.post(slug=slug).status for slug in ("none", "draft", "gone")] == [404, 404, 410]


@pytest.mark.parametrize(
    ("typed", "stored_as"),
    [
        ("example.com", "https://example.com"),
        ("www.example.com/me?a=b#c", "https://www.example.com/me?a=b#c"),
        ("example.com:8080", "https://example.com:8080"),
        ("münchen.example", "https://münchen.example"),
        ("HTTP://example.com", "HTTP://example.com"),
    ],
)
def test_a_website_may_be_written_without_a_scheme(blog: Blog, typed: str, stored_as: str) -> None:
    """People type an address as they say it; the API, plain forms and imports complete it alike."""
    answer = blog.post(website=typed)
    assert (answer.status, answer.json["comment"]["author"]["website"]) == (201, stored_as)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "x" * 101, "must have at most 100 characters"),
        ("name", None, "must be a string"),
        ("content", "x" * 10_001, "must have at most 10000 characters"),
        ("email", "no", "must be a valid email address, such as name@example.com"),
        ("website", "ftp://example.com", "must be the URL of a website, such as https://example.com"),
        ("notify_replies", "perhaps", "must be true or false"),
        ("nickname", "x", "is unknown: remove it, or begin its name with _ to have it ignored"),
    ],
)
def test_an_error_says_what_the_field_must_be(blog: Blog, field: str, value: Any, message: str) -> None:
    answer = blog.post(**{"text": "Nice."} | ({"text": value} if field == "content" else {field: value}))
    assert [(error["field"], error["message"]) for error in answer.json["errors"]] == [(field, message)]


NOTHING: list[Any] = [None, "", "  ", 5, True, [], {}]

BAD_FIELDS: list[tuple[str, Any]] = [
    *(("name", value) for value in NOTHING),
    *(("name", value) for value in ("x" * 101, "a\nb", "a\x00b", "a\u2028b", "\ud800")),
    *(("name", value) for value in ("\u3164", "\u2800 \u115f", "\u200b\u200d", "\u202e", "a\x7f", "a\x85")),
    *(("content", value) for value in NOTHING),
    *(("content", value) for value in (" \n\t", "x" * 10_001, "\u200b", "\ud800", "\x00")),
    # Three times as long when normalised to NFC, as it is stored.
    ("content", "\U0001d160" * 3_334),
    ("name", "\U0001d160" * 34),
    *(("email", value) for value in ("no", "a@b", 5, "a\n@example.com", "a@example.com\r\nBcc: b@example.com")),
    *(("email", value) for value in ("a" * 250 + "@example.com", "a b@example.com", "a@example.com\x00")),
    *(("website", value) for value in ("example", "javascript:alert(1)", "ftp://example.com", "https://", 5)),
    *(("website", value) for value in ("https://a b.example", "https://a.example/\n", "https://" + "a" * 250 + ".com")),
    *(
        ("website", value)
        for value in ("user@a.example", "a.example\u202egpj", "https://a.example/\u200b", ".com", "a..b")
    ),
    *(("website", value) for value in ("https://user@a.example", "https://a.example:port", 'https://a.example/"x')),
    ("notify_replies", "perhaps"),
    ("notify_replies", 7),
    ("form_token", "forged"),
    ("form_token", "1.WzEsICJ4Il0.c2lnbmF0dXJl"),
    ("form_token", 5),
]


@pytest.mark.parametrize(("name", "value"), BAD_FIELDS, ids=[f"{name}-{value!r:.30}" for name, value in BAD_FIELDS])
def test_an_invalid_field_is_named_and_nothing_is_stored(blog: Blog, name: str, value: Any) -> None:
    answer = blog.post(**{"text": "Nice."} | ({"text": value} if name == "content" else {name: value}))
    assert (answer.status, answer.fields) == (422, {name})
    assert stored("comments") == []
    assert stored("guard") == []


@pytest.mark.parametrize("missing", ["name", "content"])
def test_a_missing_field_is_named(blog: Blog, missing: str) -> None:
    body = json.dumps({name: "x y" for name in ("name", "content") if name != missing})
    headers = {"content-type": "application/json"}
    event = request("/api/articles/hello/comments", method="POST", headers=headers, body=body)
    answer = call(write_comments.handler, event)
    assert (answer.status, answer.fields) == (422, {missing})


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", "{", 400),
        ("application/json", "[" * 60_000, 400),
        ("application/json", '{"name": NaN}', 400),
        ("application/json", "1" * 5_000, 400),
        ("application/json", "\ufeff{}", 400),
        ("application/json", "null", 422),
        ("application/json", "[]", 422),
        ("application/json", '[{"name": "A", "content": "One."}, {"name": "B", "content": "Two."}]', 422),
        ("application/json", '"text"', 422),
        ("application/json", json.dumps({"name": "x", "content": "y" * 70_000}), 413),
        ("text/plain", '{"name": "x", "content": "y"}', 415),
        ("", '{"name": "x", "content": "y"}', 415),
        ("application/xml", "<x/>", 415),
        ("multipart/form-data", "no boundary", 400),
        ("multipart/form-data; boundary=x", "--y\r\n\r\n", 400),
        ("application/x-www-form-urlencoded", "name=%ff&content=x", 400),
    ],
)
def test_an_invalid_body_is_rejected(blog: Blog, content_type: str, body: str, status: int) -> None:
    event = request("/api/articles/hello/comments", method="POST", headers={"content-type": content_type}, body=body)
    assert call(write_comments.handler, event).status == status
    assert stored("comments") == []


def test_a_base64_body_is_accepted(blog: Blog) -> None:
    event = comment_request(content="Halo")
    event |= {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}
    assert call(write_comments.handler, event).status == 201
    assert call(write_comments.handler, event | {"body": "%%%"}).status == 400


# ------------------------------------------------------------------ idempotency


def test_the_same_key_returns_the_same_response(blog: Blog) -> None:
    key: dict[str, Any] = {"headers": {"idempotency-key": "abc"}}
    first = blog.post("Once.", **key)
    assert first.status == 201
    assert blog.post("Once.", **key).json == first.json
    assert len(stored_comments()) == 1


def test_the_same_key_with_another_text_is_rejected(blog: Blog) -> None:
    key: dict[str, Any] = {"headers": {"idempotency-key": "abc"}}
    blog.post("Once.", **key)
    answer = blog.post("Twice.", **key)
    assert (answer.status, answer.fields) == (422, {"Idempotency-Key"})
    assert len(stored_comments()) == 1


def test_an_idempotency_key_works_from_any_ip_address(blog: Blog) -> None:
    key: dict[str, Any] = {"headers": {"idempotency-key": "8d5f6f0e-6f0c-4b8a-9a51-0f6f3c1f2b7d"}}
    first = blog.post("Once.", address="10.1.1.1", **key)
    assert blog.post("Once.", address="10.2.2.2", **key).json == first.json
    spaced: dict[str, Any] = {"headers": {"idempotency-key": f" {key['headers']['idempotency-key']} "}}
    assert blog.post("Once.", address="10.1.1.1", **spaced).json == first.json


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "schlüssel", "a\tb"])
def test_a_key_is_short_and_printable(blog: Blog, key: str) -> None:
    assert blog.post(headers={"idempotency-key": key}).fields == {"Idempotency-Key"}


def test_without_a_key_a_repeated_text_of_a_client_is_one_comment(blog: Blog) -> None:
    first = blog.post("Once.", address="10.1.1.1")
    again = blog.post("Once.", address="10.1.1.1")
    assert (again.status, again.json) == (201, first.json | {"edit_token": None})
    assert blog.post("Once.", address="10.1.1.2").json["comment"]["id"] != first.json["comment"]["id"]
    assert len(stored_comments()) == 2


def test_repeating_another_visitors_text_returns_no_edit_token(blog: Blog) -> None:
    """People in one household share an IP address, and everybody can read the text."""
    words: dict[str, Any] = {"text": "Read by all.", "name": "Siti", "address": "10.1.1.1"}
    author = blog.post(**words)
    comment_id = author.json["comment"]["id"]
    blog.moderate(admin.get(comment_id), "approve")
    neighbour = blog.post(**words)
    assert (neighbour.json["comment"]["id"], neighbour.json["edit_token"]) == (comment_id, None)
    assert author.json["edit_token"] not in neighbour.body
    refused = blog.change("DELETE", comment_id, neighbour.json["edit_token"])
    assert refused.status == 401
    assert blog.shown() == [comment_id]
    assert blog.change("DELETE", comment_id, author.json["edit_token"]).status == 204


def test_a_repeated_text_does_not_reveal_its_edit(blog: Blog) -> None:
    """The edited text needs approval, and a repetition of the old one may come from somebody else."""
    first = blog.post("For all.", address="10.1.1.1")
    comment_id, token = first.json["comment"]["id"], first.json["edit_token"]
    assert blog.change("PATCH", comment_id, token, "For the moderator only.").status == 200
    again = blog.post("For all.", address="10.1.1.1")
    assert again.json == first.json | {"edit_token": None}


def test_a_lost_database_response_still_returns_the_edit_token(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Transaction.commit

    def commit_and_lose_response(transaction: Transaction) -> None:
        commit(transaction)
        raise TransactWriteError("lost", cause=ConnectionClosedError(endpoint_url="https://dynamodb"))

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "commit", commit_and_lose_response)
        answer = blog.post("Heard at last.")
    assert answer.status == 201
    assert blog.change("DELETE", answer.json["comment"]["id"], answer.json["edit_token"]).status == 204


def test_a_replay_is_answered_after_approval_and_closing(blog: Blog) -> None:
    key: dict[str, Any] = {"headers": {"idempotency-key": "abc"}}
    first = blog.post("Once.", **key)
    blog.moderate(admin.get(first.json["comment"]["id"]), "approve")
    publishing.publish(content("hello", comments_open=False), now=NOW, article_id=1, expected_version=1)
    again = blog.post("Once.", **key)
    assert again.status == 201
    assert again.json["edit_token"] == first.json["edit_token"]
    assert again.json["status"] == "approved"


def post_concurrently(
    comments: list[tuple[NewComment, RequestContext]], workers: int
) -> list[PostedComment | Exception]:
    """Post all comments at the same time from ``workers`` threads."""
    article, now = public.get_without_body("hello"), datetime.now(UTC)
    start = threading.Barrier(workers)

    def work(share: list[tuple[NewComment, RequestContext]]) -> list[PostedComment | Exception]:
        start.wait()
        answers: list[PostedComment | Exception] = []
        for comment, context in share:
            try:
                answers.append(posting.post(article, comment, context, now=now))
            except Exception as error:  # noqa: BLE001 - checked by the test
                answers.append(error)
        return answers

    with ThreadPoolExecutor(workers) as pool:
        return [answer for share in pool.map(work, [comments[i::workers] for i in range(workers)]) for answer in share]


@pytest.mark.parametrize(
    ("mode", "key", "posts"),
    [("none", "abc", 50), ("first", None, 40), pytest.param("none", "abc", 200, marks=pytest.mark.slow)],
)
def test_concurrent_equal_posts_become_one_comment(
    blog: Blog, configure: Configure, mode: str, key: str | None, posts: int
) -> None:
    configure(moderation_mode=mode)
    comment = NewComment(name="Budi", content="Once, and only once, whatever the network does.", email="b@example.com")
    answers = post_concurrently(
        [(comment, RequestContext(address="10.0.0.1", idempotency_key=key))] * posts, workers=posts
    )
    assert len(answers) == posts
    tokens = [answer if isinstance(answer, Exception) else answer.edit_token for answer in answers]
    (token,) = set(tokens) - {None}
    assert isinstance(token, str)
    assert tokens.count(token) == (posts if key else 1)
    assert {answer.comment.id for answer in answers if isinstance(answer, PostedComment)} == {
        stored_comments()[0]["sort"]["S"]
    }
    assert len(stored_comments()) == 1
    assert blog.total() == (1 if mode == "none" else 0)


@pytest.mark.parametrize("posts", [50, pytest.param(500, marks=pytest.mark.slow)])
def test_concurrent_comments_are_all_stored_and_counted(
    blog: Blog, configure: Configure, faults: RefusedCalls, posts: int
) -> None:
    configure(moderation_mode="none", comments_per_minute=100)
    parent = blog.post_stored("The parent.")
    conflicts = posts * 3 // 10
    faults.conflict(times=conflicts)
    comments = [
        (
            NewComment(name="Budi", content=f"Comment number {n}.", parent_id=parent.id if n % 2 else None),
            RequestContext(address=f"10.{n}.0.1", idempotency_key=str(n)),
        )
        for n in range(posts)
    ]
    answers = post_concurrently(comments, workers=16)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    assert faults.refused == conflicts
    assert len(stored_comments()) == posts + 1
    assert blog.total() == posts + 1
    kept = repository.get(1, parent.id)
    assert kept is not None
    assert kept.replies == posts // 2


# ------------------------------------------------------------------ HTML forms


def form(body: str, content_type: str = "application/x-www-form-urlencoded") -> Any:
    """Submit an HTML form."""
    event = request("/api/articles/hello/comments", method="POST", headers={"content-type": content_type}, body=body)
    return call(write_comments.handler, event)


def test_a_form_is_answered_with_a_page(blog: Blog) -> None:
    answer = form("name=Budi&content=Halo&email=&website=&parent_id=&notify_replies=on")
    assert answer.status == 201
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Terima kasih" in answer.body
    assert len(stored_comments()) == 1


def test_the_confirmation_page_contains_no_edit_token(blog: Blog) -> None:
    pages = [form("name=Budi&content=Halo") for _ in range(2)]
    token = authors.create_edit_token(1, stored_comments()[0]["sort"]["S"], signing.load_keys())
    for page in pages:
        assert page.status == 201
        assert token not in f"{page.headers} {page.body}"


def test_a_form_redirects_to_an_allowed_url(blog: Blog, configure: Configure) -> None:
    configure(allowed_origins="https://other.example, https://Bücher.example/")
    targets = ("https://blog.example/x", "https://other.example/y?z=1", "https://xn--bcher-kva.example:443/")
    for number, target in enumerate(("/hello/#comments", *targets)):
        answer = form(f"name=Budi&content=Halo+{number}&redirect={target.replace('#', '%23').replace('&', '%26')}")
        assert (answer.status, answer.headers["Location"]) == (303, target)


@pytest.mark.parametrize(
    "target",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"),
        *(
            "https://blog.example.evil.example",
            "https://blog.example@evil.example",
            "x",
            "https:evil.example",
            "/%0d\n",
            "/" + "ü" * 400,  # too long for a header of API Gateway
        ),
    ],
)
def test_a_form_does_not_redirect_to_other_urls(blog: Blog, target: str) -> None:
    answer = form(f"name=Budi&content=Halo&redirect={quote(target)}")
    assert answer.status == 201
    assert "Location" not in answer.headers
    assert "evil.example" not in answer.body


@pytest.mark.parametrize("origins", ["*", "https://*"])
def test_a_pattern_of_origins_allows_no_redirect(blog: Blog, configure: Configure, origins: str) -> None:
    """Otherwise the site would redirect to any address."""
    configure(allowed_origins=origins)
    assert form("name=Budi&content=Halo&redirect=https://evil.example/").status == 201


def test_an_invalid_form_is_shown_again_with_its_input(blog: Blog) -> None:
    answer = form("name=&content=My+%3Cb%3Elong%3C%2Fb%3E+words&email=no")
    assert answer.status == 422
    assert "My &lt;b&gt;long&lt;/b&gt; words</textarea>" in answer.body
    assert answer.body.count('aria-invalid="true"') == 2


@pytest.mark.parametrize("character", ["😀", "中"])
def test_the_forms_of_the_site_send_long_texts_of_any_script(blog: Blog, character: str) -> None:
    page = form("name=&content=Halo").body
    assert (
        '<form class="form" method="post" action="/api/articles/hello/comments" enctype="multipart/form-data">' in page
    )
    parts = ('name="name"\r\n\r\nBudi', f'name="content"\r\n\r\n{character * 10_000}')
    assert call(write_comments.handler, multipart_request("/api/articles/hello/comments", *parts)).status == 201
    assert form(f"name=Budi&content={quote(character * 10_000)}").status == 413


def test_a_form_may_be_multipart(blog: Blog) -> None:
    parts = ('name="name"\r\n\r\nBudi', 'name="content"\r\n\r\nSatu\r\ndua')
    event = multipart_request("/api/articles/hello/comments", *parts)
    assert call(write_comments.handler, event).status == 201
    assert stored_comments()[0]["content"]["S"] == "Satu\ndua"


def test_an_unknown_route_is_answered_with_a_problem(blog: Blog) -> None:
    answer = write_comments.handler(request("/api/comments/none", method="POST"), Context())
    assert answer["statusCode"] == 404
