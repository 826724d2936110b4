"""Editing and deleting comments by their authors."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from functions.write_comments import app as write_comments
from kolom.articles import public, publishing
from kolom.comments import admin, authors, editing
from kolom.models.comments import CommentRecord
from kolom.security import bans, signing
from kolom.submissions.pipeline import RequestContext
from tests.factories import NOW, content, request
from tests.integration.comments.conftest import Blog, stored_comments
from tests.integration.conftest import Configure
from tests.integration.handlers import Response, call, stored


def posted(blog: Blog, text: str = "Before.", **fields: str) -> tuple[str, str]:
    """Post a comment and return its id and edit token."""
    answer = blog.post(text, **fields)
    return answer.json["comment"]["id"], answer.json["edit_token"]


def test_an_edited_comment_needs_approval_again(blog: Blog) -> None:
    comment_id, token = posted(blog)
    blog.moderate(admin.get(comment_id), "approve")
    answer = blog.change("PATCH", comment_id, token, "*After.*")
    assert answer.status == 200
    assert answer.json["content_html"] == "<p><em>After.</em></p>"
    assert answer.json["edited_at"] is not None
    assert admin.get(comment_id).status == "pending"
    assert (blog.shown(), blog.total()) == ([], 0)
    blog.moderate(admin.get(comment_id), "approve")
    assert "After." in blog.read().body


def test_without_moderation_an_edit_is_published_at_once(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    comment_id, token = posted(blog)
    assert blog.change("PATCH", comment_id, token, "After.").status == 200
    (item,) = blog.read().json["items"]
    assert (item["content_html"], item["id"]) == ("<p>After.</p>", comment_id)
    assert item["edited_at"] is not None
    assert blog.total() == 1


def test_spam_rules_apply_to_edits_and_spam_stays_spam(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none", blocked_words="casino")
    comment_id, token = posted(blog)
    assert blog.change("PATCH", comment_id, token, "Visit my casino").status == 200
    assert admin.get(comment_id).status == "spam"
    assert blog.change("PATCH", comment_id, token, "Harmless again").status == 200
    assert admin.get(comment_id).status == "spam"
    assert blog.total() == 0


def test_an_edit_without_a_change_changes_nothing(blog: Blog) -> None:
    comment_id, token = posted(blog)
    first = blog.change("PATCH", comment_id, token, "After.")
    assert blog.change("PATCH", comment_id, token, "After.").json == first.json
    assert admin.get(comment_id).revision == 2


def test_an_edited_spam_comment_keeps_its_reasons(blog: Blog, configure: Configure) -> None:
    configure(blocked_words="casino")
    comment_id, token = posted(blog, "Visit my casino")
    for text in ("Harmless again", "HARMLESS, AND SHOUTED BY SOMEBODY", "Harmless"):
        blog.change("PATCH", comment_id, token, text)
    assert admin.get(comment_id).reasons == ("words: 'casino' is blocked", "edit: its author changed it")


COPIED = "This wonderful text comes from very many comments at the same time."


def test_edits_count_as_duplicates_like_new_comments(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    comments = [posted(blog, f"Harmless, number {number}.") for number in range(7)]
    for comment_id, token in comments:
        assert blog.change("PATCH", comment_id, token, COPIED).status == 200
    statuses = [admin.get(comment_id).status for comment_id, _ in comments]
    assert statuses == ["approved"] * 4 + ["spam"] * 3
    assert admin.get(blog.post(COPIED).json["comment"]["id"]).status == "spam"
    assert "copies" in admin.get(comments[1][0]).reasons[0]


def test_a_comment_is_not_a_duplicate_of_itself(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none", comments_per_minute=100)
    comment_id, token = posted(blog, COPIED)
    for number in range(3):
        for text in (f"Something else for a while, number {number}.", COPIED.upper().capitalize(), COPIED):
            assert blog.change("PATCH", comment_id, token, text).status == 200
    assert admin.get(comment_id).reasons == ("edit: its author changed it",)


@pytest.mark.usefixtures("one_minute")
def test_edits_count_towards_the_rate_limits_of_comments(blog: Blog) -> None:
    address = "203.0.113.7"
    comment_id, token = posted(blog, "First.", address=address)
    answers = [blog.change("PATCH", comment_id, token, ("One.", "Two.")[number % 2]) for number in range(10)]
    assert [answer.status for answer in answers] == [200] * 9 + [429]
    assert blog.post("Another.", address=address).status == 429
    assert admin.get(comment_id).content == "One."


@pytest.mark.usefixtures("one_minute")
def test_identical_edits_are_applied_and_counted_once(blog: Blog, configure: Configure) -> None:
    configure(comments_per_minute=2, moderation_mode="none")
    comment_id, token = posted(blog, "First.")
    article, now = public.get_without_body("hello"), datetime.now(UTC)
    context = RequestContext(address="203.0.113.7", authorization=f"Bearer {token}")
    with ThreadPoolExecutor(8) as pool:
        edits = list(pool.map(lambda _: editing.edit(article, comment_id, COPIED, context, now=now), range(16)))
    assert {edit.content for edit in edits} == {COPIED}
    kept = admin.get(comment_id)
    assert (kept.revision, kept.reasons) == (2, ("edit: its author changed it",))
    assert blog.change("PATCH", comment_id, token, "Second.").status == 200
    assert blog.change("PATCH", comment_id, token, "Third.").status == 429


def test_a_banned_sender_cannot_publish_by_an_edit(blog: Blog, configure: Configure) -> None:
    configure(moderation_mode="none")
    comment_id, token = posted(blog, "Before.", address="203.0.113.7")
    bans.ban(comment_id, days=1, whole_network=False, now=datetime.now(UTC))
    assert blog.change("PATCH", comment_id, token, "After.").status == 200
    assert admin.get(comment_id).status == "spam"


def test_an_edit_by_a_trusted_author_needs_approval_too(blog: Blog) -> None:
    first_id, token = posted(blog, "The first.")
    blog.moderate(admin.get(first_id), "approve")
    trusted = blog.post("The second.", headers={"authorization": f"Bearer {token}"})
    assert trusted.json["status"] == "approved"
    comment_id, edit_token = trusted.json["comment"]["id"], trusted.json["edit_token"]
    assert blog.change("PATCH", comment_id, edit_token, "Another.").status == 200
    assert admin.get(comment_id).status == "pending"


def test_an_edit_needs_no_form_token_or_proof_of_work(blog: Blog, configure: Configure) -> None:
    comment_id, token = posted(blog)
    configure(form_token="required", proof_of_work="altcha")
    assert blog.change("PATCH", comment_id, token, "After.").status == 200


def test_a_comment_can_be_edited_after_comments_were_closed(blog: Blog) -> None:
    comment_id, token = posted(blog)
    publishing.publish(content("hello", comments_open=False), now=NOW, article_id=1, expected_version=1)
    assert blog.change("PATCH", comment_id, token, "After.").status == 200


def test_a_deleted_comment_without_replies_leaves_no_personal_data(blog: Blog) -> None:
    comment_id, token = posted(blog, "Private words.", email="budi@example.com", website="https://budi.example")
    assert [blog.change("DELETE", comment_id, token).status for _ in range(3)] == [204, 204, 204]
    left = json.dumps(stored("comments"))
    assert not [word for word in ("Private", "budi", "Budi") if word in left]
    assert admin.get(comment_id).expires_at is not None


def test_a_deleted_comment_with_replies_becomes_a_tombstone(blog: Blog) -> None:
    comment_id, token = posted(blog)
    blog.moderate(admin.get(comment_id), "approve")
    reply = blog.post_approved("A reply.", parent_id=comment_id)
    assert blog.change("DELETE", comment_id, token).status == 204
    assert blog.shown() == [comment_id, reply.id]
    assert blog.total() == 1


def test_a_deleted_comment_cannot_be_edited(blog: Blog) -> None:
    comment_id, token = posted(blog)
    blog.moderate(admin.get(comment_id), "delete")
    assert blog.change("PATCH", comment_id, token, "After.").status == 410


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_only_the_edit_token_of_the_comment_is_accepted(blog: Blog, method: str) -> None:
    publishing.publish(content("other"), now=NOW)
    mine, token = posted(blog)
    _, other_token = posted(blog, "Another's.")
    elsewhere = blog.post("There.", slug="other").json["edit_token"]
    # The last character of a base64 signature has unused bits.
    forged = token[:-5] + ("AAAA" if token[-5:-1] != "AAAA" else "BBBB") + token[-1]
    before = stored_comments()
    text = "After." if method == "PATCH" else None
    for invalid in (None, "", "x", forged, f"2{token[1:]}", "é", "a.b.c", token * 20):
        answer = blog.change(method, mine, invalid, text)
        assert (answer.status, answer.headers.get("WWW-Authenticate")) == (401, "Bearer"), invalid
        assert answer.headers["Content-Type"] == "application/problem+json"
    for foreign in (other_token, elsewhere):
        answer = blog.change(method, mine, foreign, text)
        assert (answer.status, "WWW-Authenticate" in answer.headers) == (403, False)
    assert stored_comments() == before


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_the_edit_token_expires_with_the_edit_window(blog: Blog, method: str) -> None:
    comment_id, token = posted(blog)
    CommentRecord("1", comment_id).update([CommentRecord.created_at.set(datetime.now(UTC) - timedelta(minutes=16))])
    answer = blog.change(method, comment_id, token, "After." if method == "PATCH" else None)
    assert answer.status == 403
    assert "15 minutes" in answer.json["detail"]


def test_an_edit_token_of_a_missing_comment_is_answered_410(blog: Blog) -> None:
    token = authors.create_edit_token(1, "01K0000000000000000000000A", signing.load_keys())
    assert blog.change("PATCH", "01K0000000000000000000000A", token, "After.").status == 410


@pytest.mark.parametrize("text", ["", " ", "x" * 10_001, "\u200b"])
def test_an_invalid_text_is_rejected(blog: Blog, text: str) -> None:
    comment_id, token = posted(blog)
    assert blog.change("PATCH", comment_id, token, text).fields == {"content"}


def test_a_scheme_other_than_bearer_is_refused(blog: Blog) -> None:
    comment_id, token = posted(blog)
    for value in (token, f"Basic {token}", "Bearer", "bearer  "):
        path = f"/api/articles/hello/comments/{comment_id}"
        answer: Response = call(
            write_comments.handler, request(path, method="DELETE", headers={"Authorization": value})
        )
        assert answer.status == 401
    answer = call(
        write_comments.handler,
        request(
            f"/api/articles/hello/comments/{comment_id}", method="DELETE", headers={"Authorization": f"bearer {token}"}
        ),
    )
    assert answer.status == 204


def test_an_edit_must_be_json(blog: Blog) -> None:
    comment_id, token = posted(blog)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/x-www-form-urlencoded"}
    path = f"/api/articles/hello/comments/{comment_id}"
    answer = call(write_comments.handler, request(path, method="PATCH", headers=headers, body="content=After."))
    assert answer.status == 415
