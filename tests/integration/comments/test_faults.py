"""Whichever DynamoDB call fails, a comment is either both stored and confirmed, or neither stored nor confirmed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from kolom.articles import known_ids
from kolom.comments import admin
from kolom.errors import Conflict
from kolom.models.comments import CommentRecord
from tests.integration.comments.conftest import Blog, stored_comments
from tests.integration.comments.test_moderation import check_consistency
from tests.integration.conftest import Configure, FaultInjector
from tests.integration.handlers import Response, stored

MORE_THAN_ANY = 40


def fail_each_call(injector: FaultInjector, attempt: Callable[[int], None]) -> int:
    """Repeat the attempt: its first DynamoDB call fails, then its second, and so on. Return the number of its calls."""
    for number in range(MORE_THAN_ANY):
        injector.fail_at(number, injector.kind, persistent=injector.persistent)
        attempt(number)
        if injector.calls <= number:
            return number
    raise AssertionError("it never ends")


def stop_faults(injector: FaultInjector) -> None:
    """Let all further calls succeed."""
    injector.fail_at(None, injector.kind, persistent=injector.persistent)


fault_cases = pytest.mark.parametrize(("kind", "persistent"), FaultInjector.CASES)


@fault_cases
def test_a_comment_is_stored_and_confirmed_or_neither(
    blog: Blog, configure: Configure, injector: FaultInjector, kind: str, persistent: bool
) -> None:
    configure(moderation_mode="none", owner_email="owner@example.com")
    parent = blog.post_stored("The parent.")
    injector.kind, injector.persistent = kind, persistent
    expected = {parent.id}

    def attempt(number: int) -> None:
        visitor: dict[str, Any] = {
            "address": f"10.{number}.0.1",
            "email": "budi@example.com",
            "parent_id": parent.id,
            "headers": {"idempotency-key": f"{kind}{number}"},
        }
        text = f"This is number {number} of all the comments on this article."
        known_ids.clear_cache()
        answer: Response = blog.post(text, **visitor)
        made, reached = injector.calls, injector.calls > number
        stop_faults(injector)
        if answer.status == 201:
            expected.add(answer.json["comment"]["id"])
        else:
            assert answer.status == 503
            assert answer.headers["Retry-After"]
            assert reached
        if kind != "cut after" or not persistent:
            # If the response of the last write is lost for good, only the next attempt can find out that it was stored.
            assert {item["sort"]["S"] for item in stored_comments()} == expected
        again = blog.post(text, **visitor)
        assert again.status == 201
        expected.add(again.json["comment"]["id"])
        assert {item["sort"]["S"] for item in stored_comments()} == expected
        assert len(stored("outbox")) == len(expected)
        check_consistency(blog)
        injector.calls = made

    assert fail_each_call(injector, attempt) == 7


@fault_cases
def test_an_edit_and_a_deletion_are_applied_or_reported_as_failed(
    blog: Blog, configure: Configure, injector: FaultInjector, kind: str, persistent: bool
) -> None:
    configure(moderation_mode="none", comments_per_minute=100)
    injector.kind, injector.persistent = kind, persistent

    def attempt(number: int) -> None:
        aimed = injector.failing_call
        stop_faults(injector)
        posted = blog.post(f"Before {number}.").json
        comment_id, token = posted["comment"]["id"], posted["edit_token"]
        made = 0
        for method, text in (("PATCH", f"After {number}."), ("DELETE", None)):
            injector.fail_at(aimed, kind, persistent=persistent)
            answer = blog.change(method, comment_id, token, text)
            made = max(made, injector.calls)
            stop_faults(injector)
            assert answer.status in {200, 204, 503}
            kept = admin.get(comment_id)
            if kind != "cut after" or not persistent:
                is_done = kept.is_erased if method == "DELETE" else kept.content == text
                assert is_done == (answer.status != 503)
            assert blog.change(method, comment_id, token, text).status in {200, 204}
        check_consistency(blog)
        injector.calls = made

    assert fail_each_call(injector, attempt) > 4


@fault_cases
def test_an_approval_is_applied_once_or_reported_as_failed(
    blog: Blog, injector: FaultInjector, kind: str, persistent: bool
) -> None:
    parent = blog.post_approved("The parent.")
    injector.kind, injector.persistent = kind, persistent

    def attempt(number: int) -> None:
        aimed = injector.failing_call
        stop_faults(injector)
        comment = blog.post_stored(f"Number {number}.", parent_id=parent.id)
        injector.fail_at(aimed, kind, persistent=persistent)
        told = True
        try:
            blog.moderate(comment, "approve")
        except Exception:  # noqa: BLE001 - any exception
            told = False
        made = injector.calls
        stop_faults(injector)
        if kind != "cut after" or not persistent:
            assert (admin.get(comment.id).status == "approved") == told
        if admin.get(comment.id).status != "approved":
            blog.moderate(comment, "approve")
        with pytest.raises(Conflict):
            blog.moderate(comment, "approve")
        check_consistency(blog)
        injector.calls = made

    assert fail_each_call(injector, attempt) >= 3


def test_a_failed_read_is_answered_with_a_problem_without_details(blog: Blog, injector: FaultInjector) -> None:
    blog.post_approved()
    for kind in FaultInjector.KINDS:
        injector.fail_at(0, kind, persistent=True)
        answer = blog.read()
        assert answer.status == 503
        assert set(json.loads(answer.body)) == {"type", "title", "status", "detail"}
    stop_faults(injector)
    assert CommentRecord.count("1") == 1
