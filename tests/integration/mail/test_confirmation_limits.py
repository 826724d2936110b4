"""The limits of confirmation mails per sender, network, mailbox and site, because visitors may enter any address."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest

from benchmarks.capacity import metered
from functions.write_comments import app as write_comments
from kolom.articles import publishing
from kolom.comments import editing
from kolom.comments.types import Comment
from kolom.models.guard import GuardRecord
from kolom.security import confirmation_limits, signing
from kolom.security.client_address import ClientId
from tests.factories import comment_request, content
from tests.integration.conftest import Configure
from tests.integration.handlers import call
from tests.integration.mail.conftest import OWNER, MailSystem

SENDER = "203.0.113.7"


@pytest.fixture(autouse=True)
def midnight(mail_system: MailSystem) -> None:
    """Publish an article, and set the time to the beginning of a day."""
    publishing.publish(content("hello", published_at=datetime.now(UTC) - timedelta(hours=1)), now=datetime.now(UTC))
    mail_system.now = datetime.combine(mail_system.now + timedelta(days=1), time.min, UTC)


def comment_with_request(mail_system: MailSystem, number: int, **fields: str) -> Comment:
    """Post a comment that requests reply notifications for a new address."""
    given = {"email": f"stranger{number}@example.com", "address": SENDER} | fields
    return mail_system.comment(f"Number {number}.", notify_replies=True, **given)


def addresses_asked(mail_system: MailSystem) -> list[str]:
    """Return the addresses that got a confirmation mail."""
    mail_system.deliver_stream()
    return [mail["to"] for mail in mail_system.ses.mails if mail["to"] != OWNER]


def test_one_visitor_with_many_addresses_triggers_three_mails(mail_system: MailSystem, configure: Configure) -> None:
    configure(moderation_mode="none", comments_per_minute=100)
    comments = [comment_with_request(mail_system, number) for number in range(6)]
    assert {comment.status for comment in comments} == {"approved"}
    assert sorted(addresses_asked(mail_system)) == [f"stranger{number}@example.com" for number in range(3)]
    assert [mail_system.subscription(comment) for comment in comments[2:4]] == ["asked", None]


def test_comments_approved_together_trigger_three_mails_per_sender(mail_system: MailSystem) -> None:
    comments = [comment_with_request(mail_system, number) for number in range(6)]
    assert {mail_system.approve(comment).status for comment in comments} == {"approved"}
    assert len(addresses_asked(mail_system)) == 3
    mail_system.approve(comment_with_request(mail_system, 99, address="192.0.2.1"))
    assert len(addresses_asked(mail_system)) == 4


def test_the_same_text_posted_repeatedly_counts_each_time(mail_system: MailSystem, configure: Configure) -> None:
    """After ten minutes it is a new comment, even if the first one was deleted."""
    configure(moderation_mode="none", comments_per_minute=100)
    for _ in range(5):
        comment = comment_with_request(mail_system, 1)
        mail_system.deliver_stream()
        editing.erase(1, comment.id, by="author", now=mail_system.now)
        mail_system.now += timedelta(minutes=11)
    assert len(addresses_asked(mail_system)) == 3


def may_ask(number: int, address: str | None, now: datetime, mailbox: str | None = None) -> bool:
    """Return whether a confirmation mail for the comment with that number is within the limits."""
    sender = ClientId.from_ip(address, signing.load_keys()) if address else None
    return confirmation_limits.count_confirmation(f"submission{number}", mailbox or f"mailbox{number}", sender, now=now)


def hours(mail_system: MailSystem, count: int) -> list[tuple[int, datetime]]:
    """Return the first full hours of the day, each with its time."""
    return [(hour, mail_system.now + timedelta(hours=hour)) for hour in range(count)]


def test_a_sender_triggers_at_most_three_per_hour_and_ten_per_day(mail_system: MailSystem) -> None:
    counts = [sum(may_ask(h * 4 + n, SENDER, now) for n in range(4)) for h, now in hours(mail_system, 25)]
    assert counts == [3, 3, 3, 1, *[0] * 20, 3]


def test_a_network_triggers_at_most_twenty_per_day(mail_system: MailSystem) -> None:
    counts = [
        sum(may_ask(h * 8 + n, f"2001:db8:0:{h * 8 + n}::1", now) for n in range(8)) for h, now in hours(mail_system, 4)
    ]
    assert counts == [8, 8, 4, 0]


@pytest.mark.moto
def test_the_site_sends_at_most_twenty_per_hour_and_a_hundred_per_day(mail_system: MailSystem) -> None:
    """Counting costs a unit each for mailbox and site, however many were counted. Refusing writes nothing."""
    with metered() as bill:
        counts = [sum(may_ask(h * 21 + n, None, now) for n in range(21)) for h, now in hours(mail_system, 6)]
    assert counts == [20] * 5 + [0]
    assert (bill.total_requests, bill.write_units) == (6 * 21 + 100 * 2, 100 * 2)


def test_a_limited_sender_does_not_use_up_the_sites_limit(mail_system: MailSystem) -> None:
    assert sum(may_ask(number, SENDER, mail_system.now) for number in range(8)) == 3
    assert sum(may_ask(number, f"10.{number}.0.1", mail_system.now) for number in range(8, 26)) == 17


def test_a_mailbox_gets_at_most_three_per_day(mail_system: MailSystem) -> None:
    asks = [may_ask(number, f"10.{number}.0.1", mail_system.now, mailbox="budi") for number in range(5)]
    assert asks == [True] * 3 + [False] * 2


def test_the_same_request_counts_once(mail_system: MailSystem) -> None:
    assert [may_ask(0, SENDER, mail_system.now) for _ in range(5)] == [True] * 5
    assert [may_ask(number, SENDER, mail_system.now) for number in range(1, 4)] == [True, True, False]


def test_a_limited_person_is_asked_with_their_next_comment(mail_system: MailSystem) -> None:
    for number in range(4):
        mail_system.approve(comment_with_request(mail_system, number))
    late = "stranger3@example.com"
    assert late not in addresses_asked(mail_system)
    mail_system.now += timedelta(hours=1)
    assert late not in addresses_asked(mail_system)
    mail_system.approve(comment_with_request(mail_system, 4, email=late))
    assert addresses_asked(mail_system).count(late) == 1


def test_spellings_of_one_mailbox_count_together(mail_system: MailSystem) -> None:
    spellings = (
        "budi@gmail.com",
        "b.u.d.i@gmail.com",
        "Budi+blog@gmail.com",
        "bu.di+x@googlemail.com",
    )
    for number, email in enumerate(spellings):
        mail_system.approve(comment_with_request(mail_system, number, email=email, address=f"10.{number}.0.1"))
    assert len(addresses_asked(mail_system)) == 3


def test_deleting_a_comment_does_not_reset_the_count(mail_system: MailSystem, configure: Configure) -> None:
    configure(moderation_mode="none")
    for number in range(4):
        comment = comment_with_request(mail_system, number, email="budi@example.com", address=f"10.{number}.0.1")
        mail_system.deliver_stream()
        editing.erase(1, comment.id, by="author", now=mail_system.now)
    assert len(addresses_asked(mail_system)) == 3


def test_a_repeated_submission_counts_once(mail_system: MailSystem, configure: Configure) -> None:
    configure(moderation_mode="none")
    for number in range(2):
        for _ in range(3):
            event = comment_request(
                content=f"Number {number}.", email=f"stranger{number}@example.com", notify_replies=True, address=SENDER
            )
            assert call(write_comments.handler, event).status == 201
    comment_with_request(mail_system, 3)
    assert len(addresses_asked(mail_system)) == 3


def test_the_sites_limit_applies_to_unknown_senders(mail_system: MailSystem) -> None:
    assert all(may_ask(number, f"10.{number}.0.1", mail_system.now) for number in range(19))
    for number in range(2):
        comment = comment_with_request(mail_system, number)
        GuardRecord(f"sender#{comment.id}").delete()
        mail_system.approve(comment)
    assert len(addresses_asked(mail_system)) == 1


def test_the_mail_tells_strangers_to_ignore_it(mail_system: MailSystem) -> None:
    publishing.publish(content("english", language="en"), now=mail_system.now)
    publishing.publish(content("indonesian", language="id"), now=mail_system.now)
    words = {
        "english": "If this was not you, ignore this email: you are not subscribed",
        "indonesian": "abaikan saja: Anda tidak",
    }
    for number, slug in enumerate(words):
        mail_system.approve(
            comment_with_request(mail_system, number, slug=slug, name="Buy Pills", website="https://pills.example")
        )
    addresses_asked(mail_system)
    mails = [mail for mail in mail_system.ses.mails if mail["to"] != OWNER]
    for mail, sentence in zip(mails, words.values(), strict=True):
        assert sentence in mail["text"]
        assert sentence in mail["html"]
        assert "ills" not in json.dumps(mail)
        assert "Number" not in json.dumps(mail)
