"""Moderation: each decision is applied once; counts and threads stay correct under concurrency."""

import contextlib
import itertools
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from functions.serve_mail_links import app as serve_mail_links
from kolom.articles import public
from kolom.comments import admin, authors, moderation_links, posting, repository
from kolom.comments.posting import NewComment
from kolom.comments.types import Action, Comment
from kolom.errors import Conflict, KolomError, ServiceBusy
from kolom.models.comments import CommentRecord
from kolom.pages import moderation as pages_moderation
from kolom.security import signing
from kolom.submissions.pipeline import RequestContext
from tests.factories import request
from tests.integration.comments.conftest import Blog, stored_comments
from tests.integration.conftest import Configure, RefusedCalls
from tests.integration.handlers import Response, call, stored

ACTIONS: tuple[Action, ...] = ("approve", "spam", "delete", "restore")


@pytest.mark.parametrize("body", ["[1]", "7", "null", '"x"', "{"])
def test_an_invalid_form_body_is_a_client_error(blog: Blog, body: str) -> None:
    event = request("/api/moderation/x", method="POST", headers={"content-type": "application/json"}, body=body)
    assert call(serve_mail_links.handler, event).status in {400, 404, 422}


def test_moderation_actions_change_the_status(blog: Blog) -> None:
    comment = blog.post_stored()
    steps: list[tuple[Action, str]] = [
        *(("approve", "approved"), ("spam", "spam"), ("restore", "approved"), ("delete", "deleted")),
        *(("restore", "approved"), ("delete", "deleted")),
    ]
    for action, status in steps:
        comment = blog.moderate(comment, action)
        assert comment.status == status
        assert blog.total() == (status == "approved")


def test_spam_that_was_deleted_and_restored_can_be_restored_again(blog: Blog) -> None:
    """The second restore undoes the marking as spam, and not what the first one has undone."""
    comment = blog.post_stored()
    steps: tuple[tuple[Action, str], ...] = (
        *(("spam", "spam"), ("delete", "deleted")),
        *(("restore", "spam"), ("restore", "pending")),
    )
    for action, status in steps:
        comment = blog.moderate(comment, action)
        assert comment.status == status


@pytest.mark.parametrize(
    ("before", "action"),
    [
        *(((), "restore"), (("approve",), "approve"), (("delete",), "approve"), (("spam",), "spam")),
        *((("delete",), "delete"), (("delete",), "spam"), (("approve",), "restore")),
    ],
)
def test_an_impossible_action_is_rejected_and_changes_nothing(
    blog: Blog, before: tuple[Action, ...], action: Action
) -> None:
    comment = blog.post_stored()
    for each in before:
        blog.moderate(comment, each)
    kept = repository.get(1, comment.id)
    with pytest.raises(Conflict):
        blog.moderate(comment, action)
    assert repository.get(1, comment.id) == kept


@pytest.mark.parametrize("actions", [("approve", "approve"), ("approve", "spam"), ("delete", "spam")])
def test_each_success_of_concurrent_moderators_is_one_change(blog: Blog, actions: tuple[Action, Action]) -> None:
    comment = blog.post_stored()
    if "approve" not in actions:
        comment = blog.moderate(comment, "approve")
    before, start = comment.version, threading.Barrier(8)

    def act(number: int) -> bool:
        start.wait()
        try:
            blog.moderate(comment, actions[number % 2])
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = sum(pool.map(act, range(8)))
    kept = repository.get(1, comment.id)
    assert kept is not None
    # Each winner made exactly one change, and nobody else made any.
    assert kept.version == before + won
    assert won == 1 if actions[0] == actions[1] else won >= 1
    assert blog.total() == (kept.status == "approved")


def test_spam_expires_and_so_do_deleted_comments_without_replies(blog: Blog) -> None:
    parent, lone = blog.post_approved("A parent."), blog.post_stored("Alone.")
    reply = blog.post_approved("A reply.", parent_id=parent.id)
    assert blog.moderate(lone, "spam").expires_at is not None
    assert blog.moderate(parent, "delete").expires_at is None
    assert blog.shown() == [parent.id, reply.id]
    blog.moderate(reply, "delete")
    assert blog.shown() == []
    kept = repository.get(1, parent.id)
    assert kept is not None
    assert kept.expires_at is not None
    assert blog.moderate(parent, "restore").expires_at is None
    assert blog.shown() == [parent.id]


def test_approving_a_reply_restores_the_tombstone_of_its_parent(blog: Blog) -> None:
    grandparent = blog.post_approved("Above.")
    parent = blog.post_approved("Between.", parent_id=grandparent.id)
    reply = blog.post_stored("Below.", parent_id=parent.id)
    blog.moderate(parent, "delete")
    blog.moderate(grandparent, "delete")
    assert blog.shown() == []
    blog.moderate(reply, "approve")
    assert blog.shown() == [grandparent.id, parent.id, reply.id]
    assert [item["deleted"] for item in blog.read().json["items"]] == [True, True, False]
    blog.moderate(reply, "spam")
    assert blog.shown() == []


def test_conflicts_with_other_transactions_are_retried(blog: Blog, faults: RefusedCalls) -> None:
    comment = blog.post_stored()
    faults.conflict(times=5)
    assert blog.moderate(comment, "approve").status == "approved"
    assert blog.total() == 1


class Thread(RuleBasedStateMachine):
    """Comments that are posted, edited, deleted and moderated in any order."""

    blog: Blog

    def __init__(self) -> None:
        super().__init__()
        for item in stored_comments() + [each for each in stored("comments") if "approved" in each]:
            CommentRecord(item["article_id"]["S"], item["sort"]["S"]).delete()
        self.ids: list[str] = []
        self.tokens: dict[str, str] = {}

    def pick(self, number: int) -> str | None:
        return self.ids[number % len(self.ids)] if self.ids else None

    @rule(number=st.integers(0, 50), reply=st.booleans(), trusted=st.booleans())
    def post(self, number: int, reply: bool, trusted: bool) -> None:
        token = next(iter(self.tokens.values()), None) if trusted else None
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = self.blog.post(
            f"Text {len(self.ids)}.", parent_id=self.pick(number) if reply else None, headers=headers
        )
        if answer.status == 201:
            comment_id = answer.json["comment"]["id"]
            self.ids.append(comment_id)
            self.tokens[comment_id] = answer.json["edit_token"]
        else:
            assert answer.fields == {"parent_id"}

    @rule(number=st.integers(0, 50), action=st.sampled_from(ACTIONS))
    def moderate(self, number: int, action: Action) -> None:
        if (comment := repository.get(1, self.pick(number) or "none")) is not None:
            with contextlib.suppress(Conflict):
                self.blog.moderate(comment, action)

    @rule(number=st.integers(0, 50))
    def edit(self, number: int) -> None:
        if (comment_id := self.pick(number)) is not None:
            self.blog.change("PATCH", comment_id, self.tokens[comment_id], f"Edited {number}.")

    @rule(number=st.integers(0, 50))
    def delete(self, number: int) -> None:
        if (comment_id := self.pick(number)) is not None:
            assert self.blog.change("DELETE", comment_id, self.tokens[comment_id]).status == 204

    @invariant()
    def counts_and_threads_are_true(self) -> None:
        check_consistency(self.blog)


def check_consistency(blog: Blog) -> None:
    """Check that counts, threads and expiry match the statuses of the comments."""
    comments = {comment.id: comment for comment in admin.list_by_article(1)}
    visible = {comment.id for comment in comments.values() if comment.is_visible}
    page = blog.read("limit=100").json
    assert page["total"] == sum(comment.status == "approved" for comment in comments.values())
    assert [item["id"] for item in page["items"]] == sorted(visible)
    for comment in comments.values():
        children = [each for each in comments.values() if each.parent_id == comment.id and each.is_visible]
        assert comment.replies == len(children)
        assert comment.parent_id is None or comment.id not in visible or comment.parent_id in visible
        assert (comment.expires_at is not None) == (comment.status in {"spam", "deleted"} and not comment.is_visible)


@pytest.mark.hypothesis
def test_counts_and_threads_stay_correct_in_any_order(blog: Blog, configure: Configure) -> None:
    configure(comments_per_minute=100)
    machine = type("BlogThread", (Thread,), {"blog": blog})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=settings().max_examples // 5, stateful_step_count=15)
    )


def test_counts_and_threads_stay_correct_under_concurrency(blog: Blog, configure: Configure) -> None:
    configure(comments_per_minute=100, moderation_mode="none")
    article, now = public.get_without_body("hello"), datetime.now(UTC)
    parents = [blog.post_stored(f"Parent {n}.") for n in range(4)]
    children = [blog.post_stored(f"Child {n}.", parent_id=parents[n % 4].id) for n in range(8)]
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        for step in range(6):
            chosen: Comment = (parents + children)[(number * 5 + step * 3) % 12]
            try:
                if step % 3 == 2:
                    comment = NewComment(name="X", content=f"Reply {number} {step}.", parent_id=chosen.id)
                    posting.post(article, comment, RequestContext(address=f"10.{number}.{step}.1"), now=now)
                else:
                    blog.moderate(chosen, ACTIONS[(number + step) % 4])
            except KolomError:
                pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    check_consistency(blog)


# ------------------------------------------------------------------ moderation links


def link(comment: Comment, action: Action = "approve", *, days: float = 0) -> str:
    """Return the path of a moderation link that was created some days ago."""
    made = datetime.now(UTC) - timedelta(days=days)
    return f"/api/moderation/{moderation_links.create(comment, action, signing.load_keys(), now=made)}"


def follow(path: str, method: str = "POST", **form: Any) -> Response:
    """Open a link, or submit its form."""
    headers = {"content-type": "application/x-www-form-urlencoded"} if form else {}
    return call(
        serve_mail_links.handler, request(path, method=method, headers=headers, body=urlencode(form) if form else None)
    )


def test_opening_a_link_shows_its_action_and_changes_nothing(blog: Blog) -> None:
    comment = blog.post_stored("**Bold** words <script>alert(1)</script>", name="<b>Budi</b>")
    for _ in range(3):
        page = follow(link(comment), "GET")
        assert page.status == 200
        assert page.headers["Content-Type"].startswith("text/html")
        assert page.headers["Cache-Control"] == "no-store"
        assert "script-src" in page.headers["Content-Security-Policy"] or "default-src 'self'" in str(page.headers)
        assert "<strong>Bold</strong> words &lt;script&gt;" in page.body
        assert "&lt;b&gt;Budi&lt;/b&gt;" in page.body
    assert blog.total() == 0


def test_the_page_of_a_link_shows_reasons_in_the_language_of_the_site(blog: Blog, configure: Configure) -> None:
    configure(languages="id,en")
    page = follow(link(blog.post_stored()), "GET")
    assert "Alasan ditandai:" in page.body
    assert "<li>Belum ada komentar dari penulis ini yang disetujui.</li>" in page.body


def links_of(page: Response) -> dict[str, str]:
    """Return the moderation links of a page by action and comment id."""
    paths = re.findall(r'href="(/api/moderation/[^"]+)"', page.body)
    parsed = [
        moderation_links.parse(path.rpartition("/")[2], signing.load_keys, now=datetime.now(UTC)) for path in paths
    ]
    return {f"{each.action} {each.comment_id}": path for each, path in zip(parsed, paths, strict=True)}


def test_the_page_of_a_link_names_the_article(blog: Blog) -> None:
    comment = blog.post_stored()
    for page, address in (
        (follow(link(comment), "GET"), "/hello/"),
        (follow(link(comment)), f"/hello/#comment-{comment.id}"),
    ):
        assert f'Komentar pada <a href="{address}" lang="en">Hello</a>' in page.body


def test_a_used_link_leads_to_the_next_pending_comment_until_none_waits(blog: Blog) -> None:
    comments = [blog.post_stored(f"Number {number}.") for number in range(3)]
    page = follow(link(comments[1]))
    for following in (comments[0], comments[2]):
        assert f"<p>{following.content}</p>" in page.body
        links = links_of(page)
        assert list(links) == [f"{action} {following.id}" for action in ("approve", "spam", "delete")]
        assert "Setujui komentar ini?" in follow(links[f"approve {following.id}"], "GET").body
        page = follow(links[f"approve {following.id}"])
    assert "Tidak ada komentar lain yang menunggu persetujuan." in page.body
    assert links_of(page) == {}
    assert blog.total() == 3


def test_links_to_the_next_comment_expire_with_the_link_that_led_to_them(blog: Blog) -> None:
    first, _ = blog.post_stored("One."), blog.post_stored("Two.")
    path = link(first, days=6)
    expires = moderation_links.parse(path.rpartition("/")[2], signing.load_keys, now=datetime.now(UTC)).expires
    for each in links_of(follow(path)).values():
        token = each.rpartition("/")[2]
        assert moderation_links.parse(token, signing.load_keys, now=datetime.now(UTC)).expires == expires


def test_only_the_use_of_a_link_shows_the_next_comment(blog: Blog) -> None:
    first, _ = blog.post_stored("One."), blog.post_stored("Two.")
    path = link(first)
    assert "Two." not in follow(path, "GET").body
    assert "Two." in follow(path).body
    for method in ("GET", "POST"):
        assert "Two." not in follow(path, method).body


def test_a_link_works_if_the_queue_and_the_article_cannot_be_read(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ServiceBusy("throttled")

    comment = blog.post_stored()
    monkeypatch.setattr(pages_moderation, "find_next_pending", fail)
    monkeypatch.setattr("kolom.articles.repository.get", fail)
    page = follow(link(comment))
    assert (page.status, blog.total()) == (200, 1)
    assert "Komentar telah disetujui." in page.body


def test_a_link_works_once(blog: Blog) -> None:
    comment = blog.post_stored()
    path = link(comment)
    assert follow(path).status == 200
    assert blog.total() == 1
    blog.moderate(admin.get(comment.id), "delete")
    blog.moderate(admin.get(comment.id), "restore")
    assert follow(path).status == 409
    assert follow(path, "GET").status == 409


def test_a_link_used_concurrently_works_once(blog: Blog) -> None:
    comment = blog.post_stored()
    token = link(comment).rpartition("/")[2]

    def press(_: int) -> bool:
        read = moderation_links.parse(token, signing.load_keys, now=datetime.now(UTC))
        try:
            moderation_links.execute(read, shown_revision=None, now=datetime.now(UTC))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(press, range(16))) == 1
    assert blog.total() == 1


def test_a_link_does_not_approve_a_text_that_was_edited_later(blog: Blog) -> None:
    answer = blog.post("Harmless.")
    comment = admin.get(answer.json["comment"]["id"])
    path = link(comment)
    blog.change("PATCH", comment.id, answer.json["edit_token"], "Not harmless.")
    assert follow(path).status == 409
    assert follow(path, revision=1).status == 409
    assert blog.total() == 0
    assert "Not harmless." in follow(path, "GET").body
    assert follow(path, revision=2).status == 200


def test_invalid_and_expired_links_change_nothing(blog: Blog) -> None:
    comment = blog.post_stored()
    path = link(comment)
    assert follow(path, "GET").status == 200
    for forged in (
        path + "x",
        path[:-3],
        "/api/moderation/x",
        "/api/moderation/1.W10.abc",
        path.replace("1.", "2.", 1),
    ):
        assert [follow(forged, method).status for method in ("GET", "POST")] == [404, 404]
    token = authors.create_edit_token(1, comment.id, signing.load_keys())
    assert follow(f"/api/moderation/{token}").status == 404
    assert [follow(link(comment, days=8), method).status for method in ("GET", "POST")] == [410, 410]
    assert blog.total() == 0


def test_an_invalid_revision_in_the_form_of_a_link_is_ignored(blog: Blog) -> None:
    path = link(blog.post_stored())
    for revision in ("x", "", "9" * 50, "-1", "1e5"):
        assert follow(path, revision=revision).status in {200, 409}


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(("approve", "spam", "delete"), 2)))
def test_after_one_link_of_a_mail_another_works_if_the_status_allows_its_action(
    blog: Blog, first: Action, second: Action
) -> None:
    comment = blog.post_stored()
    assert follow(link(comment, first)).status == 200
    allowed = (first, second) in {("approve", "spam"), ("approve", "delete"), ("spam", "approve"), ("spam", "delete")}
    assert follow(link(comment, second)).status == (200 if allowed else 409)
