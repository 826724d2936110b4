"""After five moderation mails in an hour, one digest replaces the others. No comment is lost or mailed twice."""

import json
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from kolom import outbox
from kolom.articles import publishing
from kolom.articles.public import get_by_any_slug
from kolom.comments import admin, authors, editing, moderation
from kolom.comments import repository as comments
from kolom.comments.types import Comment
from kolom.mail import composer, delivery, digests
from kolom.models.outbox import OutboxRecord
from kolom.security import signing
from kolom.submissions.pipeline import RequestContext
from kolom_cli.emulator.ses import Mail
from tests.factories import content
from tests.integration.conftest import Configure, FaultInjector
from tests.integration.handlers import stored
from tests.integration.mail.conftest import Crash, MailSystem

LINK = re.compile(r"https://blog\.example/api/moderation/\S+")
TEXT = re.compile(r"Comment number (\d+)\b")


@pytest.fixture
def mail_system(mail_system: MailSystem) -> MailSystem:
    """Return the mail system of a site with an article, ten minutes after a full hour."""
    mail_system.now = mail_system.now.replace(minute=10, second=0)
    publishing.publish(content("hello", published_at=mail_system.now - timedelta(hours=9)), now=mail_system.now)
    return mail_system


def post(mail_system: MailSystem, count: int, *, start: int = 0) -> list[Comment]:
    """Post numbered comments."""
    return [mail_system.comment(f"Comment number {number} & more.") for number in range(start, start + count)]


def moderation_ids(found: list[Comment]) -> list[str]:
    return [f"moderation#{comment.id}" for comment in found]


def mailed(mail_system: MailSystem) -> Counter[int]:
    """Return how often each comment was in a mail, by its number."""
    return Counter(int(number) for mail in mail_system.ses.mails for number in TEXT.findall(mail["text"]))


def digest_mails(mail_system: MailSystem) -> list[Mail]:
    """Return the digests that were sent."""
    return [mail for mail in mail_system.ses.mails if "ditinjau" in mail["subject"]]


def test_five_comments_are_mailed_at_once_and_the_others_of_the_hour_together(mail_system: MailSystem) -> None:
    ids = moderation_ids(post(mail_system, 12))
    mail_system.deliver_stream()
    assert len(mail_system.ses.mails) == 5
    assert Counter(map(mail_system.status, ids)) == {"sent": 5, "deferred": 7}
    mail_system.run_for(0.7)
    assert len(mail_system.ses.mails) == 5
    mail_system.run_for(0.5)
    (digest,) = digest_mails(mail_system)
    assert len(mail_system.ses.mails) == 6
    assert mailed(mail_system) == dict.fromkeys(range(12), 1)
    assert digest["subject"] == "[Blog] Komentar untuk ditinjau: 7"
    assert len(LINK.findall(digest["text"])) == 21
    mail_system.run_for(1)
    assert Counter(map(mail_system.status, ids)) == {"sent": 12}
    assert not [item for item in stored("outbox") if {"queue", "due", "lease"} & set(item)]


def test_the_digest_says_why_it_exists_and_shows_what_a_decision_needs(mail_system: MailSystem) -> None:
    post(mail_system, 6)
    mail_system.run_for(1.2)
    (digest,) = digest_mails(mail_system)
    for text in ("Lebih dari 5 komentar masuk dalam satu jam.", "Hello", "https://blog.example/hello/", "Budi"):
        assert text in digest["text"]
        assert text in digest["html"]
    assert "Belum ada komentar dari penulis ini yang disetujui." in digest["text"]
    assert "berlaku 7 hari" in digest["text"]
    assert set(LINK.findall(digest["text"])) == set(re.findall(r'https://[^"]+/api/moderation/[^"]+', digest["html"]))


def test_the_digest_is_in_the_language_of_the_site(mail_system: MailSystem, configure: Configure) -> None:
    configure(languages="en")
    post(mail_system, 7)
    mail_system.run_for(1.2)
    assert mail_system.ses.mails[-1]["subject"] == "[Blog] Comments to review: 2"
    assert "More than 5 comments came within an hour." in mail_system.ses.mails[-1]["html"]


def test_each_link_of_a_digest_works_once_for_its_comment(mail_system: MailSystem) -> None:
    found = post(mail_system, 7)
    mail_system.run_for(1.2)
    links = LINK.findall(digest_mails(mail_system)[0]["text"])
    for number, status in ((0, "approved"), (4, "spam")):
        assert mail_system.open(links[number], "POST").status == 200
        assert mail_system.open(links[number], "POST").status == 409
        comment = comments.get(1, found[5 + number // 3].id)
        assert comment is not None
        assert comment.status == status
    mail_system.now += timedelta(days=8)
    assert mail_system.open(links[5], "POST").status == 410


def test_comments_that_were_moderated_meanwhile_are_left_out(mail_system: MailSystem) -> None:
    found = post(mail_system, 9)
    mail_system.deliver_stream()
    mail_system.approve(found[5])
    moderation.moderate(1, found[6].id, "spam", by="test", now=mail_system.now)
    editing.erase(1, found[7].id, by="test", now=mail_system.now)
    mail_system.run_for(1.2)
    (digest,) = digest_mails(mail_system)
    assert TEXT.findall(digest["text"]) == ["8"]
    assert digest["subject"].endswith(": 1")


def test_a_digest_without_remaining_comments_is_dropped_with_its_mails(mail_system: MailSystem) -> None:
    found = post(mail_system, 7)
    mail_system.deliver_stream()
    for comment in found[5:]:
        mail_system.approve(comment)
    mail_system.run_for(2.5)
    assert digest_mails(mail_system) == []
    assert {mail_system.status(each) for each in moderation_ids(found[5:])} == {"dropped"}


def test_a_comment_that_is_moderated_after_its_digest_was_sent_counts_as_mailed(mail_system: MailSystem) -> None:
    found = post(mail_system, 6)
    mail_system.run_for(0.95)
    assert len(digest_mails(mail_system)) == 1
    mail_system.approve(found[5])
    mail_system.run_for(1)
    assert mail_system.status(moderation_ids(found)[5]) == "sent"


def test_an_edited_comment_is_shown_once_with_its_new_text(mail_system: MailSystem) -> None:
    found = post(mail_system, 6)
    mail_system.deliver_stream()
    edit(mail_system, found[5], "Comment number 77, edited.")
    mail_system.run_for(1.5)
    (digest,) = digest_mails(mail_system)
    assert TEXT.findall(digest["text"]) == ["77"]


def edit(mail_system: MailSystem, comment: Comment, text: str) -> None:
    """Edit a comment as its author."""
    token = authors.create_edit_token(comment.article_id, comment.id, signing.load_keys())
    context = RequestContext(address="198.51.100.1", authorization=f"Bearer {token}")
    editing.edit(get_by_any_slug("hello"), comment.id, text, context, now=mail_system.now)


def test_long_comments_are_shortened_and_their_text_is_escaped(mail_system: MailSystem) -> None:
    post(mail_system, 5)
    mail_system.comment(f"**Bold** <script>hacked()</script> {'word ' * 1_500}", name="<b>Budi</b>")
    mail_system.run_for(1.2)
    (digest,) = digest_mails(mail_system)
    assert len(digest["text"]) < 3_000
    assert "Bold <script>hacked()</script> word" in digest["text"]
    assert "<script>" not in digest["html"]
    assert "<b>Budi" not in digest["html"]
    assert "…" in digest["text"]


def test_the_last_single_mail_of_an_hour_stays_single_after_a_crash(mail_system: MailSystem) -> None:
    ids = moderation_ids(post(mail_system, 5))
    mail_system.invoke_sender(*ids[:4])
    mail_system.ses.crash(accepted=False)
    with suppress(Crash):
        mail_system.invoke_sender(ids[4])
    mail_system.ses.recover()
    mail_system.run_for(0.5)
    assert (digest_mails(mail_system), len(mail_system.ses.mails)) == ([], 5)


def test_redelivered_records_change_nothing(mail_system: MailSystem) -> None:
    ids = moderation_ids(post(mail_system, 8))
    for _ in range(3):
        mail_system.invoke_sender(*ids, *reversed(ids))
    mail_system.run_for(1.2)
    (digest_id,) = {record.digest for record in map(outbox.get, ids) if record.digest}
    for _ in range(3):
        mail_system.invoke_sender(digest_id, *ids)
    mail_system.run_for(1)
    assert mailed(mail_system) == dict.fromkeys(range(8), 1)


@pytest.mark.parametrize("count", [20, pytest.param(5 + digests.MAX_MEMBERS, marks=pytest.mark.slow)])
def test_many_comments_at_once_are_each_in_one_mail(mail_system: MailSystem, count: int) -> None:
    ids = moderation_ids(post(mail_system, count))
    with ThreadPoolExecutor(16) as pool:
        outcomes = Counter(pool.map(lambda each: delivery.send(each, lambda: mail_system.now), ids * 2))
    assert outcomes == {"sent": 5, "left_to_digest": count - 5, "not_claimed": count}
    mail_system.run_for(1.2)
    assert len(mail_system.ses.mails) == 6
    assert mailed(mail_system) == dict.fromkeys(range(count), 1)


def test_a_digest_shows_a_limited_number_of_comments_and_counts_the_others(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert digests.MAX_MEMBERS == 50
    monkeypatch.setattr(digests, "MAX_MEMBERS", 6)
    ids = moderation_ids(post(mail_system, 14))
    mail_system.run_for(1.2)
    (digest,) = digest_mails(mail_system)
    assert (len(mail_system.ses.mails), len(set(TEXT.findall(digest["text"])))) == (6, 6)
    assert digest["subject"].endswith(": 9")
    assert "tidak tercantum di sini: 3." in digest["text"]
    assert "kolom comments list" in digest["html"]
    mail_system.run_for(1)
    assert Counter(map(mail_system.status, ids)) == {"sent": 11, "dropped": 3}
    assert len(admin.list_by_status("pending", limit=100)) == 14


def test_the_next_hour_begins_with_single_mails_again(mail_system: MailSystem) -> None:
    mail_system.now = mail_system.now.replace(minute=59, second=59)
    post(mail_system, 6)
    mail_system.deliver_stream()
    mail_system.now += timedelta(seconds=1)
    post(mail_system, 6, start=6)
    mail_system.deliver_stream()
    assert len(mail_system.ses.mails) == 10
    mail_system.run_for(0.5)
    assert [TEXT.findall(each["text"]) for each in digest_mails(mail_system)] == [["5"]]
    mail_system.run_for(1)
    assert [TEXT.findall(each["text"]) for each in digest_mails(mail_system)] == [["5"], ["11"]]


def test_comments_cause_six_mails_an_hour_which_the_ses_sandbox_allows(mail_system: MailSystem) -> None:
    for hour in range(2):
        post(mail_system, 10, start=10 * hour)
        mail_system.run_for(1)
    mail_system.run_for(1)
    assert len(mail_system.ses.mails) == 2 * 6
    assert 24 * (digests.MAX_SINGLE + 1) < 200
    assert mailed(mail_system) == dict.fromkeys(range(20), 1)


def test_a_mail_that_comes_too_late_for_its_digest_is_in_the_next(mail_system: MailSystem) -> None:
    found = post(mail_system, 6)
    mail_system.deliver_stream()
    outbox.resend(digests.digest_id(mail_system.now), now=mail_system.now)
    found += post(mail_system, 1, start=6)
    mail_system.deliver_stream()
    late = outbox.get(moderation_ids(found)[6])
    assert late.digest == digests.digest_id(mail_system.now + timedelta(hours=1))
    mail_system.run_for(3)
    assert mailed(mail_system) == dict.fromkeys(range(7), 1)


def test_after_an_outage_of_ses_each_comment_is_in_one_mail(mail_system: MailSystem) -> None:
    mail_system.ses.lose_connection(accepted=False)
    ids = moderation_ids(post(mail_system, 9))
    mail_system.run_for(2)
    assert mail_system.ses.mails == []
    mail_system.ses.recover()
    mail_system.run_for(8)
    assert mailed(mail_system) == dict.fromkeys(range(9), 1)
    assert {mail_system.status(each) for each in ids} == {"sent"}


def test_a_digest_that_cannot_be_sent_fails_with_its_mails(mail_system: MailSystem) -> None:
    found = post(mail_system, 6)
    mail_system.deliver_stream()
    mail_system.ses.respond_with_error("BadRequestException")
    mail_system.run_for(1.5)
    digest = outbox.get(digests.digest_id(mail_system.now - timedelta(hours=1.5)))
    member = outbox.get(moderation_ids(found)[5])
    assert (digest.status, member.status) == ("failed", "failed")
    assert member.reason == f"{digest.id} failed: SES: BadRequestException"
    mail_system.ses.recover()
    outbox.resend(digest.id, now=mail_system.now)
    mail_system.run_for(0.1)
    assert mailed(mail_system) == dict.fromkeys(range(6), 1)


@pytest.mark.parametrize("accepted", [False, True])
def test_only_a_crash_after_ses_accepted_a_digest_sends_it_twice(mail_system: MailSystem, accepted: bool) -> None:
    post(mail_system, 7)
    mail_system.deliver_stream()
    mail_system.now = mail_system.now.replace(minute=58)
    mail_system.ses.crash(accepted=accepted)
    mail_system.run_timer()
    with pytest.raises(Crash):
        mail_system.deliver_stream()
    mail_system.ses.recover()
    mail_system.run_for(2)
    assert len(digest_mails(mail_system)) == (2 if accepted else 1)


STEPS = ("outbox.assign", "digests._add", "outbox.postpone", "outbox.claim", "digests._count_single", "outbox.get")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_loses_no_comment(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch, step: str, moment: str
) -> None:
    monkeypatch.setattr(digests, "MAX_SINGLE", 1)
    post(mail_system, 1)
    mail_system.deliver_stream()
    post(mail_system, 3, start=1)
    module: Any = {"outbox": outbox, "digests": digests}[step.split(".")[0]]
    name = step.split(".")[1]
    original: Callable[..., Any] = getattr(module, name)
    crashes = iter([False, True, False, True])

    def crash(*arguments: Any, **named: Any) -> Any:
        ends = next(crashes, False)
        if ends and moment == "before":
            raise Crash
        result = original(*arguments, **named)
        if ends:
            raise Crash
        return result

    monkeypatch.setattr(module, name, crash)
    end = mail_system.now + timedelta(hours=3)
    while mail_system.now < end:
        for _ in range(4):  # Lambda retries a batch whose function crashed.
            with suppress(Crash):
                mail_system.deliver_stream()
                break
        if mail_system.skip_idle_time(end):
            with suppress(Crash):
                mail_system.run_timer()
    assert mailed(mail_system) == dict.fromkeys(range(4), 1)
    assert {record.status for record in OutboxRecord.scan(OutboxRecord.status.exists())} == {"sent"}


@pytest.mark.parametrize("kind", ["failed", "cut after"])
def test_a_fault_at_any_call_loses_no_comment(mail_system: MailSystem, injector: FaultInjector, kind: str) -> None:
    post(mail_system, 5)
    mail_system.deliver_stream()
    for number in range(12):
        (comment,) = post(mail_system, 1, start=100 + number)
        injector.fail_at(number, kind, persistent=True)
        mail_system.invoke_sender(*moderation_ids([comment]))
        reached = injector.calls > number
        injector.fail_at(None, kind, persistent=True)
        if not reached:
            break
    else:
        raise AssertionError("it never ends")
    mail_system.run_for(4)
    counts = mailed(mail_system)
    assert counts == dict.fromkeys([*range(5), *range(100, 101 + number)], 1)


def test_a_comment_that_cannot_be_shown_is_counted_and_does_not_block_the_others(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = post(mail_system, 8)
    mail_system.deliver_stream()
    load = composer._comment
    poison = found[6].id
    monkeypatch.setattr(
        composer, "_comment", lambda record, now: 1 / 0 if record.item_id == poison else load(record, now)
    )
    mail_system.run_for(1.2)
    (digest,) = digest_mails(mail_system)
    assert TEXT.findall(digest["text"]) == ["5", "7"]
    assert "tidak tercantum di sini: 1." in digest["text"]


def test_a_digest_is_stored_without_personal_data_and_expires(mail_system: MailSystem) -> None:
    mail_system.visitors = 0
    post(mail_system, 6)
    mail_system.deliver_stream()
    (item,) = (each for each in stored("outbox") if each["id"]["S"].startswith("moderation-digest#"))
    assert set(item) == {
        *("id", "schema", "kind", "item_id", "status", "reason", "enqueued_at", "attempts", "queue", "due", "deadline"),
        *("expires_at", "single", "members"),
    }
    assert int(item["expires_at"]["N"]) > mail_system.now.timestamp()
    assert not [word for word in ("Budi", "number", "@") if word in json.dumps(item)]


def test_messages_are_mailed_at_once_whatever_the_number_of_comments(mail_system: MailSystem) -> None:
    post(mail_system, 6)
    mail_system.submit("Hello there.")
    mail_system.deliver_stream()
    assert len(mail_system.ses.mails) == 6


def test_a_mail_that_the_owner_sends_again_in_a_quiet_hour_is_sent_alone(mail_system: MailSystem) -> None:
    ids = moderation_ids(post(mail_system, 6))
    mail_system.run_for(2)
    outbox.resend(ids[5], now=mail_system.now)
    mail_system.deliver_stream()
    assert mailed(mail_system)[5] == 2
    assert outbox.get(ids[5]).digest is None
