"""Copies of a text: distinct senders count, and an approval resets the count."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.serve_mail_links import app as serve_mail_links
from functions.submit_contact import app as submit_contact
from kolom.comments import admin, moderation_links
from kolom.comments.types import Comment
from kolom.contact import repository as messages
from kolom.errors import Conflict
from kolom.models.transaction import Transaction
from kolom.security import signing
from kolom.security.client_address import ClientId
from kolom.submissions import copies
from tests.factories import contact_request, request
from tests.integration.comments.conftest import Blog
from tests.integration.conftest import Configure, RefusedCalls
from tests.integration.handlers import call, stored

TEXT = "Thank you for this article, it has helped me a lot."
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("one_minute")


@pytest.fixture
def unmoderated(blog: Blog, configure: Configure) -> Blog:
    """Return a blog that publishes all comments except spam, with a high rate limit."""
    configure(moderation_mode="none", comments_per_minute=100)
    return blog


def statuses(blog: Blog, count: int, text: str = TEXT, **fields: Any) -> list[str]:
    """Post the text by that many senders, and return the stored statuses."""
    return [blog.post_stored(f"{text}{' ' * number}", **fields).status for number in range(count)]


def counted() -> dict[str, set[str]]:
    """Return the senders of each counted text, by the key of its item."""
    return {
        item["key"]["S"]: set(item.get("seen", {}).get("SS", ()))
        for item in stored("guard")
        if item["key"]["S"].startswith("tally#copies#")
    }


def test_a_sender_who_repeats_a_text_counts_once(unmoderated: Blog) -> None:
    repeated = [unmoderated.post_stored(TEXT, name=f"Name {n}", address="10.0.0.1").status for n in range(8)]
    assert repeated == ["approved"] * 8
    assert unmoderated.post_stored(TEXT).reasons == ("copies: 2 people sent the same text on a day",)
    assert [len(senders) for senders in counted().values()] == [2]


def test_repetitions_by_one_person_do_not_make_a_text_spam(blog: Blog, configure: Configure) -> None:
    configure(comments_per_minute=100)
    for number in range(8):
        blog.post(TEXT, name=f"Name {number}", address="2001:db8:1:2::1" if number % 2 else "2001:db8:1:2::2")
    assert blog.post_stored(TEXT).status == "pending"


def test_many_senders_of_one_network_are_still_caught(unmoderated: Blog) -> None:
    found = [unmoderated.post_stored(TEXT, address=f"10.9.9.{n}").status for n in range(7)]
    assert found == ["approved"] * 4 + ["spam"] * 3


def test_a_repeated_request_counts_once(unmoderated: Blog) -> None:
    for _ in range(6):
        unmoderated.post(TEXT, address="10.0.0.1", headers={"idempotency-key": "same"})
    assert [len(senders) for senders in counted().values()] == [1]


def test_concurrent_senders_are_all_counted_and_the_item_stays_small(secret: str) -> None:
    keys = signing.load_keys()
    clients = [ClientId.from_ip(f"10.0.{n // 250}.{n % 250}", keys) for n in range(60)]
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda client: copies.count_senders(TEXT, client, keys, now=NOW), clients * 2))
    assert max(found) == copies.MAX_SENDERS
    assert [len(senders) for senders in counted().values()] == [copies.MAX_SENDERS]


def test_stored_senders_are_keyed_hashes_that_expire_and_cannot_be_linked(secret: str) -> None:
    keys, client = signing.load_keys(), ClientId.from_ip("10.0.0.1", signing.load_keys())
    for text in (TEXT, TEXT.replace("article", "recipe")):
        copies.count_senders(text, client, keys, now=NOW)
    first, second = counted().values()
    assert first.isdisjoint(second)
    assert not any(sender in client.address for sender in first | second)
    assert {item["expires_at"]["N"] for item in stored("guard")} == {str(int((NOW + timedelta(hours=12)).timestamp()))}


def test_short_texts_are_not_counted(unmoderated: Blog) -> None:
    assert statuses(unmoderated, 7, "Thank you!") == ["approved"] * 7
    assert counted() == {}


@pytest.mark.parametrize("by", ["moderator", "link"])
def test_an_approval_resets_the_count(unmoderated: Blog, by: str) -> None:
    assert statuses(unmoderated, 5)[-1] == "spam"
    approve(admin.list_by_status("spam", limit=1)[0], by, unmoderated)
    assert statuses(unmoderated, 5) == ["approved"] * 4 + ["spam"]


def approve(comment: Comment, by: str, blog: Blog) -> None:
    """Approve a comment in one of the possible ways."""
    if by == "moderator":
        blog.moderate(comment, "approve")
    else:
        token = moderation_links.create(comment, "approve", signing.load_keys(), now=datetime.now(UTC))
        assert call(serve_mail_links.handler, request(f"/api/moderation/{token}", method="POST")).status == 200


@pytest.mark.parametrize("action", ["spam", "delete"])
def test_other_decisions_do_not_reset_the_count(unmoderated: Blog, action: Any) -> None:
    assert statuses(unmoderated, 4) == ["approved"] * 4
    unmoderated.moderate(admin.list_by_status("approved", limit=1)[0], action)
    assert statuses(unmoderated, 1) == ["spam"]


def test_a_refused_approval_does_not_reset_the_count(unmoderated: Blog) -> None:
    comment = unmoderated.post_stored(TEXT)
    before = counted()
    with pytest.raises(Conflict):
        unmoderated.moderate(comment, "approve")
    assert counted() == before


def test_an_approval_despite_conflicts_resets_the_count_once(unmoderated: Blog, faults: RefusedCalls) -> None:
    statuses(unmoderated, 5)
    faults.conflict(3)
    unmoderated.moderate(admin.list_by_status("spam", limit=1)[0], "approve")
    assert list(counted().values()) == [set()]


def test_an_approval_concurrent_with_new_copies_leaves_no_old_count(unmoderated: Blog) -> None:
    statuses(unmoderated, 6)
    spam = admin.list_by_status("spam", limit=2)
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(unmoderated.moderate, comment, "approve") for comment in spam]
        new = pool.submit(unmoderated.post_stored, TEXT, address="10.1.1.1")
        assert [each.result().status for each in done] == ["approved", "approved"]
        new.result()
    assert all(len(senders) <= 1 for senders in counted().values())


def test_an_edit_counts_for_the_sender_of_the_comment(unmoderated: Blog) -> None:
    """The author may edit from another network than the one that posted it."""
    posted = unmoderated.post("Something else for now.", address="10.0.0.1").json
    for text in (TEXT, "Something else again.", TEXT):
        unmoderated.change("PATCH", posted["comment"]["id"], posted["edit_token"], text)
    assert unmoderated.post_stored(TEXT, name="Ani", address="10.0.0.1").reasons == ()
    assert [len(senders) for senders in counted().values()] == [1]


def test_the_count_begins_anew_every_day(secret: str) -> None:
    keys = signing.load_keys()
    clients = [ClientId.from_ip(f"10.0.0.{n}", keys) for n in range(3)]
    assert [copies.count_senders(TEXT, each, keys, now=NOW) for each in clients] == [1, 2, 3]
    tomorrow = datetime(2026, 11, 30, tzinfo=UTC)
    assert copies.count_senders(TEXT, clients[0], keys, now=tomorrow - timedelta(seconds=1)) == 3
    assert copies.count_senders(TEXT, clients[0], keys, now=tomorrow) == 1


def test_a_reset_of_a_text_that_was_not_counted_expires(secret: str) -> None:
    transaction = Transaction()
    copies.reset(transaction, TEXT, now=NOW)
    transaction.commit()
    assert list(counted().values()) == [set()]
    assert int(stored("guard")[0]["expires_at"]["N"]) == int((NOW + timedelta(hours=12)).timestamp())


def test_marking_a_message_as_not_spam_resets_the_count(unmoderated: Blog) -> None:
    for number in range(5):
        answer = call(submit_contact.handler, contact_request(message=TEXT, address=f"10.0.0.{number}"))
    message = messages.get(answer.json["id"])
    assert message.status == "spam"
    assert messages.set_status(message.id, "new", now=datetime.now(UTC)) == messages.get(message.id)
    answer = call(submit_contact.handler, contact_request(message=TEXT, address="10.0.1.1"))
    assert messages.get(answer.json["id"]).status == "new"


@pytest.mark.parametrize("text", [f"*{TEXT}*", TEXT.replace("T", "&#84;"), TEXT.replace("it", "i&shy;t"), f"> {TEXT}"])
def test_texts_that_look_the_same_are_copies(unmoderated: Blog, text: str) -> None:
    statuses(unmoderated, 4)
    assert unmoderated.post_stored(text).status == "spam"
