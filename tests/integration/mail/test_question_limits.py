"""Whoever types an address may type a stranger's: how many questions the site mails, to whom and for whom."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest

from functions.write_comments import app as write_comments
from kolom.articles import publishing
from kolom.comments import editing
from kolom.comments.types import Comment
from kolom.models.guard import GuardRecord
from kolom.security import rate_limits, signing
from kolom.security.client_address import ClientId
from tests.factories import comment_request, content
from tests.integration.conftest import Configure
from tests.integration.handlers import call
from tests.integration.mail.conftest import OWNER, PostOffice

SENDER = "203.0.113.7"


@pytest.fixture(autouse=True)
def midnight(post_office: PostOffice) -> None:
    """An article, and a day that has just begun."""
    publishing.publish(content("hello", published_at=datetime.now(UTC) - timedelta(hours=1)), now=datetime.now(UTC))
    post_office.now = datetime.combine(post_office.now + timedelta(days=1), time.min, UTC)


def asking(post_office: PostOffice, number: int, **fields: str) -> Comment:
    """A comment that asks for replies to an address of its own."""
    given = {"email": f"stranger{number}@example.com", "address": SENDER} | fields
    return post_office.comment(f"Number {number}.", notify_replies=True, **given)


def asked(post_office: PostOffice) -> list[str]:
    """The addresses that questions went to."""
    post_office.stream()
    return [mail["to"] for mail in post_office.ses.mails if mail["to"] != OWNER]


def test_one_visitor_with_many_addresses_has_three_mailed(post_office: PostOffice, configure: Configure) -> None:
    configure(moderation_mode="none", comments_per_minute=100)
    comments = [asking(post_office, number) for number in range(6)]
    assert {comment.status for comment in comments} == {"approved"}
    assert sorted(asked(post_office)) == [f"stranger{number}@example.com" for number in range(3)]
    assert [post_office.subscription(comment) for comment in comments[2:4]] == ["asked", None]


def test_comments_approved_together_have_three_of_one_sender_mailed(post_office: PostOffice) -> None:
    comments = [asking(post_office, number) for number in range(6)]
    assert {post_office.approve(comment).status for comment in comments} == {"approved"}
    assert len(asked(post_office)) == 3
    post_office.approve(asking(post_office, 99, address="192.0.2.1"))
    assert len(asked(post_office)) == 4


def test_the_same_words_posted_again_and_again_are_counted_each_time(
    post_office: PostOffice, configure: Configure
) -> None:
    """After ten minutes they are another comment, also if the first one was deleted."""
    configure(moderation_mode="none", comments_per_minute=100)
    for _ in range(5):
        comment = asking(post_office, 1)
        post_office.stream()
        editing.erase(1, comment.id, by="author", now=post_office.now)
        post_office.now += timedelta(minutes=11)
    assert len(asked(post_office)) == 3


def may_ask(number: int, address: str | None, now: datetime, mailbox: str | None = None) -> bool:
    """Whether a question for a comment of that number is within the limits."""
    sender = ClientId.from_ip(address, signing.load_keys()) if address else None
    applied = rate_limits.question_limits(mailbox or f"mailbox{number}", sender)
    return rate_limits.find_reached(f"question{number}", applied, now=now) is None


def hours(post_office: PostOffice, count: int) -> list[tuple[int, datetime]]:
    """So many hours from midnight on, by their numbers."""
    return [(hour, post_office.now + timedelta(hours=hour)) for hour in range(count)]


def test_a_sender_asks_three_in_an_hour_and_ten_in_a_day(post_office: PostOffice) -> None:
    counts = [sum(may_ask(h * 4 + n, SENDER, now) for n in range(4)) for h, now in hours(post_office, 25)]
    assert counts == [3, 3, 3, 1, *[0] * 20, 3]


def test_a_network_asks_twenty_in_a_day(post_office: PostOffice) -> None:
    counts = [
        sum(may_ask(h * 8 + n, f"2001:db8:0:{h * 8 + n}::1", now) for n in range(8)) for h, now in hours(post_office, 4)
    ]
    assert counts == [8, 8, 4, 0]


def test_the_site_asks_twenty_in_an_hour_and_a_hundred_in_a_day(post_office: PostOffice) -> None:
    counts = [sum(may_ask(h * 21 + n, None, now) for n in range(21)) for h, now in hours(post_office, 6)]
    assert counts == [20] * 5 + [0]


def test_a_refused_sender_leaves_the_sites_limit_to_others(post_office: PostOffice) -> None:
    assert sum(may_ask(number, SENDER, post_office.now) for number in range(8)) == 3
    assert sum(may_ask(number, f"10.{number}.0.1", post_office.now) for number in range(8, 26)) == 17


def test_a_mailbox_is_asked_three_times_in_a_day(post_office: PostOffice) -> None:
    asks = [may_ask(number, f"10.{number}.0.1", post_office.now, mailbox="budi") for number in range(5)]
    assert asks == [True] * 3 + [False] * 2


def test_the_same_question_counts_once(post_office: PostOffice) -> None:
    assert [may_ask(0, SENDER, post_office.now) for _ in range(5)] == [True] * 5
    assert [may_ask(number, SENDER, post_office.now) for number in range(1, 4)] == [True, True, False]


def test_who_was_not_asked_is_asked_with_their_next_comment(post_office: PostOffice) -> None:
    for number in range(4):
        post_office.approve(asking(post_office, number))
    late = "stranger3@example.com"
    assert late not in asked(post_office)
    post_office.now += timedelta(hours=1)
    assert late not in asked(post_office)
    post_office.approve(asking(post_office, 4, email=late))
    assert asked(post_office).count(late) == 1


def test_the_spellings_of_a_mailbox_count_as_one(post_office: PostOffice) -> None:
    spellings = (
        "budi@gmail.com",
        "b.u.d.i@gmail.com",
        "Budi+blog@gmail.com",
        "bu.di+x@googlemail.com",
    )
    for number, email in enumerate(spellings):
        post_office.approve(asking(post_office, number, email=email, address=f"10.{number}.0.1"))
    assert len(asked(post_office)) == 3


def test_taking_a_comment_back_does_not_give_its_question_back(post_office: PostOffice, configure: Configure) -> None:
    configure(moderation_mode="none")
    for number in range(4):
        comment = asking(post_office, number, email="budi@example.com", address=f"10.{number}.0.1")
        post_office.stream()
        editing.erase(1, comment.id, by="author", now=post_office.now)
    assert len(asked(post_office)) == 3


def test_a_comment_that_is_sent_again_counts_once(post_office: PostOffice, configure: Configure) -> None:
    configure(moderation_mode="none")
    for number in range(2):
        for _ in range(3):
            event = comment_request(
                content=f"Number {number}.", email=f"stranger{number}@example.com", notify_replies=True, address=SENDER
            )
            assert call(write_comments.handler, event).status == 201
    asking(post_office, 3)
    assert len(asked(post_office)) == 3


def test_of_an_unknown_sender_the_sites_limit_holds(post_office: PostOffice) -> None:
    assert all(may_ask(number, f"10.{number}.0.1", post_office.now) for number in range(19))
    for number in range(2):
        comment = asking(post_office, number)
        GuardRecord(f"sender#{comment.id}").delete()
        post_office.approve(comment)
    assert len(asked(post_office)) == 1


def test_a_stranger_reads_that_nothing_has_to_be_done(post_office: PostOffice) -> None:
    publishing.publish(content("english", language="en"), now=post_office.now)
    publishing.publish(content("indonesian", language="id"), now=post_office.now)
    words = {
        "english": "If this was not you, ignore this email: you are not subscribed",
        "indonesian": "abaikan saja: Anda tidak",
    }
    for number, slug in enumerate(words):
        post_office.approve(asking(post_office, number, slug=slug, name="Buy Pills", website="https://pills.example"))
    asked(post_office)
    mails = [mail for mail in post_office.ses.mails if mail["to"] != OWNER]
    for mail, sentence in zip(mails, words.values(), strict=True):
        assert sentence in mail["text"]
        assert sentence in mail["html"]
        assert "ills" not in json.dumps(mail)
        assert "Number" not in json.dumps(mail)
