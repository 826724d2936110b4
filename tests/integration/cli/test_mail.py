"""`kolom mail`."""

import re
from datetime import UTC, datetime

import pytest

from kolom import outbox
from kolom.articles import publishing
from kolom.articles.public import get_by_any_slug
from kolom.comments import posting
from kolom.comments.posting import NewComment
from kolom.contact import repository as messages
from kolom.contact import submission
from kolom.contact.submission import NewMessage
from kolom.mail import digests, suppression
from kolom.models.outbox import OutboxRecord
from kolom.models.transaction import Transaction
from kolom.outbox import Status
from kolom.security import signing
from kolom.submissions.pipeline import RequestContext
from tests.factories import NOW, content
from tests.integration.cli.conftest import Kolom
from tests.integration.conftest import Configure


@pytest.fixture
def mail_ids(kolom: Kolom, configure: Configure) -> list[str]:
    """Create a pending, a sent and a failed mail, and return their ids."""
    configure(owner_email="owner@site.example", mail_from="blog@site.example")
    ids = []
    for number in range(3):
        draft = NewMessage(email="budi@example.com", message=f"Message {number}.", subject="Halo [bold]")
        submitted = submission.submit(draft, RequestContext(address=f"10.0.0.{number}"), now=datetime.now(UTC))
        ids.append(f"contact#{submitted.id}")
    for mail_id in ids[1:]:
        record = outbox.claim(mail_id, now=datetime.now(UTC))
        assert record is not None
        if mail_id == ids[1]:
            outbox.mark_sent(record, "message-id", now=datetime.now(UTC))
        else:
            outbox.mark_failed(record, "SES: BadRequestException")
    return ids


def status(mail_id: str) -> Status:
    """Return the status of a mail."""
    return outbox.get(mail_id).status  # type: ignore[return-value]


def test_the_list_shows_unsent_mail_first(kolom: Kolom, mail_ids: list[str]) -> None:
    waiting, sent, failed = mail_ids
    listed = kolom("mail", "list", "--json").json
    assert [(each["id"], each["status"]) for each in listed] == [
        (waiting, "waiting"),
        (failed, "failed"),
        (sent, "sent"),
    ]
    assert (listed[1]["reason"], listed[1]["attempts"]) == ("SES: BadRequestException", 1)
    assert [each["id"] for each in kolom("mail", "list", "--status", "failed", "--json").json] == [failed]
    assert kolom("mail", "list", "--status", "lost").exit_code == 2
    table = kolom("mail", "list").stdout
    assert "BadRequest" in table
    assert "budi" not in table


def test_show_prints_the_mail_as_it_would_be_sent_now(kolom: Kolom, mail_ids: list[str]) -> None:
    shown = kolom("mail", "show", mail_ids[2], "--json").json
    assert (shown["to"], shown["reply_to"]) == ("owner@site.example", "budi@example.com")
    assert shown["subject"] == "[Blog] Halo [bold]"
    assert "Message 2." in shown["text"]
    assert "[bold]" in kolom("mail", "show", mail_ids[2]).stdout
    messages.delete(mail_ids[2].removeprefix("contact#"))
    assert "the message was deleted" in kolom("mail", "show", mail_ids[2]).stdout
    missing = kolom("mail", "show", "contact#x")
    assert (missing.exit_code, "there is no mail 'contact#x'" in missing.stderr) == (1, True)


def test_resend_requeues_sent_and_failed_mail_and_refuses_waiting_mail(kolom: Kolom, mail_ids: list[str]) -> None:
    waiting, sent, failed = mail_ids
    ran = kolom("mail", "resend", waiting, sent, failed, "contact#x")
    assert ran.exit_code == 1
    assert f"{waiting}: it is waiting or being sent already" in " ".join(ran.stderr.split())
    assert "there is no mail 'contact#x'" in ran.stderr
    assert [status(each) for each in mail_ids] == ["waiting"] * 3
    record = outbox.get(failed)
    assert (int(record.attempts), record.queue) == (0, "mail")
    assert record.deadline > record.created


def test_only_sent_and_given_up_mail_is_in_the_index_by_status(kolom: Kolom, mail_ids: list[str]) -> None:
    """Indexing unsent mail would add two writes to each change of status. The list reads it from the due index."""

    def indexed() -> set[str]:
        return {record.id for each in outbox.STATUSES for record in OutboxRecord.by_status.query(each)}

    waiting, sent, failed = mail_ids
    assert indexed() == {sent, failed}
    created = {each: outbox.get(each).created for each in mail_ids}
    kolom("mail", "resend", failed)
    assert indexed() == {sent}
    listed = {each["id"]: each["status"] for each in kolom("mail", "list", "--json").json}
    assert listed == {waiting: "waiting", sent: "sent", failed: "waiting"}
    assert {each: outbox.get(each).created for each in mail_ids} == created


def test_an_address_can_be_removed_from_the_suppression_list(kolom: Kolom) -> None:
    suppression.suppress("budi@example.com", "bounce", signing.load_keys(), now=datetime.now(UTC))
    assert kolom("mail", "allow", "Budi@example.com", "--json").json == {"was_suppressed": True}
    assert "not suppressed" in kolom("mail", "allow", "budi@example.com").stdout
    assert suppression.find_reason("budi@example.com", signing.load_keys()) is None


@pytest.mark.parametrize("width", [80, 120])
def test_the_list_shows_the_recipient_and_the_subject_of_each_mail(
    kolom: Kolom, mail_ids: list[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    _, sent, failed = mail_ids
    lines = [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d WIB", "DATE", line) for line in lines_of(kolom)]
    about = "message: Halo [bold]"
    beside, below = ("  " + about, []) if width == 120 else ("", [f"    about: {about}"])
    assert lines[-5 if width == 80 else -3 :] == [
        f"DATE  failed   owner  {failed}{beside}",
        *below,
        "    why: SES: BadRequestException",
        f"DATE  sent     owner  {sent}{beside}",
        *below,
    ]


def lines_of(kolom: Kolom) -> list[str]:
    """Return the lines of `kolom mail list` as text."""
    return kolom("mail", "list").stdout.splitlines()


def test_the_list_contains_no_email_address(kolom: Kolom, mail_ids: list[str]) -> None:
    """Neither the recipient's address nor one in a visitor's text is shown."""
    draft = NewMessage(email="siti@example.com", message="Hi", subject="Call budi@example.com or x@y")
    submission.submit(draft, RequestContext(address="10.0.1.1"), now=datetime.now(UTC))
    assert "@" not in kolom("mail", "list").stdout
    assert "@" not in kolom("mail", "list", "--json").stdout


@pytest.mark.parametrize(
    ("kind", "recipient", "about"),
    [
        ("moderation", "owner", "new comment on hello"),
        ("confirm", "commenter", "confirmation of reply notifications on hello"),
        ("reply", "subscriber", "new reply on hello"),
    ],
)
def test_mail_about_an_article_shows_its_slug(kolom: Kolom, kind: outbox.Kind, recipient: str, about: str) -> None:
    article = publishing.publish(content("hello"), now=NOW).article
    transaction = Transaction()
    mail_id = f"{kind}#01KB3R5T7W9Y1A2C4E6G8J0MNP"
    outbox.enqueue(transaction, mail_id, kind, item_id="x", now=datetime.now(UTC), article_id=article.id, person="p")
    transaction.commit()
    (listed,) = kolom("mail", "list", "--json").json
    assert (listed["recipient"], listed["about"]) == (recipient, about)


def test_an_empty_list_explains_when_mail_is_sent(kolom: Kolom) -> None:
    assert lines_of(kolom) == [
        "No mail in the last 30 days. The site sends some when a reader writes a comment or a message."
    ]
    ran = kolom("mail", "list", "--status", "failed")
    assert ran.stdout == "No mail has this status. `kolom mail list` lists all.\n"


def test_a_digest_is_listed_shown_and_sent_early(kolom: Kolom, configure: Configure) -> None:
    configure(owner_email="owner@site.example", mail_from="blog@site.example")
    now = datetime.now(UTC)
    publishing.publish(content("hello", published_at=NOW), now=now)
    comments = [
        posting.post(
            get_by_any_slug("hello"),
            NewComment(name="Budi", content=f"Comment {number}."),
            RequestContext(address=f"10.0.0.{number}"),
            now=now,
        ).comment
        for number in range(7)
    ]
    for comment in comments:
        record = outbox.claim(f"moderation#{comment.id}", now=now)
        assert record is not None
        if not digests.leave_to_digest(record, now=now):
            outbox.mark_sent(record, "message-id", now=now)
    digest_id = digests.digest_id(now)
    listed = {each["id"]: each for each in kolom("mail", "list", "--json").json}
    assert (listed[digest_id]["about"], listed[digest_id]["recipient"]) == ("comments in one mail: 2", "owner")
    replaced = listed[f"moderation#{comments[6].id}"]
    assert (replaced["status"], replaced["digest"], replaced["reason"]) == ("deferred", digest_id, f"in {digest_id}")
    assert digest_id in kolom("mail", "list").stdout
    shown = kolom("mail", "show", digest_id)
    assert "Comment 5." in shown.stdout
    assert "Comment 6." in shown.stdout
    assert kolom("mail", "resend", digest_id).exit_code == 0
    assert status(digest_id) == "waiting"
