"""Personal data appears in no response, log or metric, is stored only where needed, and can be erased."""

import io
import json
import re
from typing import Any

import boto3
import pytest

from functions.fetch_comments import app as fetch_comments
from functions.serve_mail_links import app as serve_mail_links
from functions.write_comments import app as write_comments
from kolom.comments import admin, moderation_links
from kolom.observability import logger
from kolom.security import signing
from kolom.security.client_address import ClientId
from tests.factories import request
from tests.integration.comments.conftest import Blog
from tests.integration.conftest import Configure, FaultInjector
from tests.integration.handlers import call, stored

EMAIL = "somebody.private@mail.example"
ADDRESS = "192.0.2.77"
PRIVATE = re.compile(r"somebody|mail\.example|192\.0\.2\.|c0000:24d", re.IGNORECASE)
KEY = "idempotency-key"


def test_no_personal_data_is_in_responses_logs_or_metrics(
    blog: Blog,
    configure: Configure,
    injector: FaultInjector,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All actions on comments are performed, with errors of every kind, at the DEBUG log level."""
    configure(owner_email="owner@site.example", edit_minutes=15)
    logs = io.StringIO()
    monkeypatch.setattr(logger.handlers[0], "stream", logs)
    logger.setLevel("DEBUG")
    answers: list[str] = []
    fields: dict[str, Any] = {"email": EMAIL, "name": "Budi", "address": ADDRESS, "notify_replies": True}

    def note(answer: Any) -> Any:
        answers.append(f"{answer.headers} {answer.body}")
        return answer

    first = note(blog.post("A comment.", **fields, headers={KEY: "a"})).json
    note(blog.post("A comment.", **fields, headers={KEY: "a"}))
    note(blog.post("Another.", **fields, headers={KEY: "a"}))
    comment_id, token = first["comment"]["id"], first["edit_token"]
    comment = blog.moderate(admin.get(comment_id), "approve")
    note(blog.post("A reply.", **fields, parent_id=comment_id, headers={"authorization": f"Bearer {token}"}))
    for bad in ({"name": ""}, {"content": ""}, {"website": "x"}, {"parent_id": "x"}, {"form_token": "x"}):
        body = json.dumps({"name": "Budi", "content": "Hi", "email": EMAIL} | bad)
        event = request("/api/articles/hello/comments", method="POST", body=body)
        event["headers"]["content-type"] = "application/json"
        note(call(write_comments.handler, event))
    for value in (f"{EMAIL}\n", f"not {EMAIL}", f"{EMAIL}@{EMAIL}"):
        note(blog.post("Hi", email=value))
    note(blog.change("PATCH", comment_id, token, "Edited."))
    for path, query in (
        ("/api/articles/hello/comments", ""),
        ("/api/comments/counts", "slug=hello"),
        ("/api/comments/recent", ""),
    ):
        note(call(fetch_comments.handler, request(path, query)))
    link = moderation_links.create(comment, "spam", signing.load_keys(), now=comment.created_at)
    for method in ("GET", "POST"):
        note(call(serve_mail_links.handler, request(f"/api/moderation/{link}", method=method)))
    form = f"name=Budi&content=Hello+there&email={EMAIL}"
    event = request("/api/articles/hello/comments", method="POST", body=form)
    event["headers"]["content-type"] = "application/x-www-form-urlencoded"
    note(call(write_comments.handler, event))
    for number in range(14):
        injector.fail_at(number, "failed", persistent=True)
        note(blog.post(f"Number {number}.", **fields))
        injector.fail_at(None, "failed", persistent=False)
    for number in range(12):
        note(blog.post(f"Too many {number}.", **fields))
    note(blog.change("DELETE", comment_id, token))
    monkeypatch.setattr("kolom.comments.posting.post", lambda *_, **__: 1 / 0)
    note(blog.post("A fault of our own.", **fields))

    emitted = capsys.readouterr()
    assert '"CommentsPending"' in emitted.out
    assert "unexpected error" in logs.getvalue()
    for text in (*answers, emitted.out, emitted.err, logs.getvalue()):
        assert not PRIVATE.search(text), PRIVATE.findall(text)
    logger.setLevel("INFO")


def test_an_invalid_form_returns_its_input_to_the_sender_only(blog: Blog) -> None:
    event = request("/api/articles/hello/comments", method="POST", body=f"name=&content=x+y&email={EMAIL}")
    event["headers"]["content-type"] = "application/x-www-form-urlencoded"
    answer = call(write_comments.handler, event)
    assert EMAIL in answer.body
    assert answer.headers["Cache-Control"] == "no-store"


def test_no_ip_address_is_stored_and_an_email_address_once_in_an_expiring_item(blog: Blog) -> None:
    blog.post("A comment.", address=ADDRESS, email=EMAIL)
    tables = ("comments", "guard", "outbox", "messages", "articles")
    everything = json.dumps([stored(table) for table in tables], default=str)
    assert ADDRESS not in everything
    kept = [item for item in stored("comments") if "email" in item]
    assert len(kept) == 1
    assert "expires_at" in kept[0]
    assert everything.count(EMAIL) == 1
    for index in ("public", "recent", "by_status"):
        items = boto3.client("dynamodb").scan(TableName="kolom-comments", IndexName=index)["Items"]
        assert EMAIL not in json.dumps(items)


def test_the_same_address_has_another_hash_on_another_site(blog: Blog) -> None:

    keys = [signing.SigningKeys("1", {"1": text * 32}) for text in ("ab", "cd")]
    first, second = (ClientId.from_ip(ADDRESS, key) for key in keys)
    assert {first.address, first.network}.isdisjoint({second.address, second.network})


def test_another_persons_address_gives_neither_their_avatar_nor_trust(blog: Blog) -> None:
    first, second = blog.post_approved("Mine.", email=EMAIL), blog.post_stored("Not mine.", email=EMAIL.upper())
    assert first.avatar != second.avatar
    assert second.status == "pending"
    assert first.person == second.person
