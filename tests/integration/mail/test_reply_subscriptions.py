"""Mail about comments: moderation mail for the owner, and reply notifications with double opt-in."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from kolom import outbox
from kolom.articles import public, publishing
from kolom.comments import admin, authors, editing, reply_subscriptions, repository
from kolom.comments.moderation import moderate
from kolom.comments.types import Action, Comment
from kolom.config import settings
from kolom.errors import NotFound
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of
from kolom.submissions.pipeline import RequestContext
from kolom_cli.emulator.ses import Mail
from tests.factories import content
from tests.integration.conftest import Configure, RefusedCalls
from tests.integration.handlers import stored
from tests.integration.mail.conftest import OWNER, MailSystem

BUDI = "budi@example.com"
SITI = "siti@example.com"
ASKING: dict[str, Any] = {"email": BUDI, "notify_replies": True, "name": "Budi"}


@pytest.fixture(autouse=True)
def article(secret: str) -> None:
    """Publish an article in Indonesian."""
    now = datetime.now(UTC)
    publishing.publish(
        content("hello", title="Halo <dunia>", language="id", published_at=now - timedelta(hours=1)), now=now
    )


def urls(text: str, kind: str) -> list[str]:
    """Return the links to the API in a mail."""
    return re.findall(rf"https://blog\.example/api/{kind}/\S+", text)


def subscribed(mail_system: MailSystem) -> Comment:
    """Return an approved comment whose author has confirmed the subscription."""
    comment = mail_system.approve(mail_system.comment("A comment.", **ASKING))
    reply_subscriptions.execute(
        reply_subscriptions.SubscriptionLink("confirm", 1, str(comment.person), 0), now=mail_system.now
    )
    mail_system.deliver_stream()
    return comment


def sent_to(mail_system: MailSystem, address: str) -> list[Mail]:
    """Return the mail to an address."""
    return [mail for mail in mail_system.ses.mails if mail["to"] == address]


def test_the_owner_can_moderate_a_comment_once_by_links_in_the_mail(mail_system: MailSystem) -> None:
    comment = mail_system.comment("*Nice* <script>alert(1)</script>", name="Budi", website="https://budi.example/")
    mail_system.deliver_stream()
    (mail,) = mail_system.ses.mails
    assert (mail["to"], mail["reply_to"]) == (OWNER, "")
    assert mail["subject"] == "[Blog] Komentar menunggu: Halo <dunia>"
    assert "*Nice* <script>alert(1)</script>" in mail["text"]
    assert "<em>Nice</em> &lt;script&gt;" in mail["html"]
    assert "Halo &lt;dunia&gt;" in mail["html"]
    assert "https://blog.example/hello/" in mail["text"]
    approve, spam, delete = urls(mail["text"], "moderation")
    assert approve in mail["html"]
    assert mail_system.open(approve).status == 200
    assert admin.get(comment.id).status == "pending"
    assert mail_system.open(approve, "POST").status == 200
    assert admin.get(comment.id).status == "approved"
    assert mail_system.open(approve, "POST").status == 409
    assert mail_system.open(spam, "POST").status == 200
    assert admin.get(comment.id).status == "spam"
    assert mail_system.open(delete, "POST").status == 200


def test_mail_about_a_published_comment_has_no_link_to_approve(mail_system: MailSystem, configure: Configure) -> None:
    configure(moderation_mode="none")
    mail_system.comment("Nice.")
    mail_system.deliver_stream()
    (mail,) = mail_system.ses.mails
    assert "Komentar baru" in mail["subject"]
    assert len(urls(mail["text"], "moderation")) == 2


def test_no_mail_is_sent_about_a_comment_that_its_author_has_erased(mail_system: MailSystem) -> None:
    comment = mail_system.comment("Nice.")
    editing.erase(1, comment.id, by="author", now=mail_system.now)
    mail_system.deliver_stream()
    assert (mail_system.ses.mails, mail_system.status(f"moderation#{comment.id}")) == ([], "dropped")


def test_no_mail_is_sent_about_a_comment_that_is_already_approved(mail_system: MailSystem) -> None:
    comment = mail_system.approve(mail_system.comment("Nice."))
    mail_system.deliver_stream()
    assert (mail_system.ses.mails, mail_system.status(f"moderation#{comment.id}")) == ([], "dropped")


def test_one_mail_is_sent_about_a_comment_that_was_edited_meanwhile(mail_system: MailSystem) -> None:
    comment = mail_system.comment("Before.")
    context = RequestContext(
        address="10.0.0.1", authorization=f"Bearer {authors.create_edit_token(1, comment.id, signing.load_keys())}"
    )
    editing.edit(public.get_without_body("hello"), comment.id, "After.", context, now=mail_system.now)
    mail_system.deliver_stream()
    (mail,) = mail_system.ses.mails
    assert "After." in mail["text"]
    assert mail_system.status(f"moderation#{comment.id}") == "dropped"


def test_nobody_is_asked_about_an_unpublished_article(mail_system: MailSystem) -> None:
    comment = mail_system.approve(mail_system.comment("Nice.", **ASKING))
    publishing.unpublish("hello", now=mail_system.now)
    mail_system.deliver_stream()
    assert (sent_to(mail_system, BUDI), mail_system.status(f"confirm#1#{comment.person}")) == ([], "dropped")


def test_nobody_is_asked_before_their_comment_is_approved(mail_system: MailSystem) -> None:
    comment = mail_system.comment("Nice.", **ASKING)
    mail_system.deliver_stream()
    assert sent_to(mail_system, BUDI) == []
    mail_system.approve(comment)
    mail_system.deliver_stream()
    (mail,) = sent_to(mail_system, BUDI)
    assert "Halo <dunia>" in mail["subject"]
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_confirmation_request_contains_no_text_of_the_visitor(mail_system: MailSystem) -> None:
    """Otherwise a visitor could send any text to any address."""
    mail_system.approve(mail_system.comment("Buy pills", email=BUDI, notify_replies=True, name="Pills"))
    mail_system.deliver_stream()
    (mail,) = sent_to(mail_system, BUDI)
    assert "ills" not in json.dumps(mail)


def test_without_confirmation_no_reply_is_mailed(mail_system: MailSystem) -> None:
    parent = mail_system.approve(mail_system.comment("First.", **ASKING))
    mail_system.approve(mail_system.comment("An answer.", parent_id=parent.id))
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == 1  # the confirmation request


def test_a_confirmed_subscriber_gets_one_mail_when_a_reply_is_approved(mail_system: MailSystem) -> None:
    parent = subscribed(mail_system)
    before = len(sent_to(mail_system, BUDI))
    reply = mail_system.comment("An *answer*.", name="Siti", parent_id=parent.id)
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == before
    reply = mail_system.approve(reply)
    mail_system.deliver_stream()
    mail = sent_to(mail_system, BUDI)[-1]
    assert mail["subject"] == "[Blog] Siti membalas komentar Anda pada “Halo <dunia>”"
    assert "<em>answer</em>" in mail["html"]
    assert f"https://blog.example/hello/#comment-{reply.id}" in mail["text"]
    actions: tuple[Action, ...] = ("spam", "approve")
    for action in actions:
        moderate(1, reply.id, action, by="test", now=mail_system.now)
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == before + 1


def test_the_owners_reply_is_mailed_too(mail_system: MailSystem) -> None:
    parent = subscribed(mail_system)
    admin.reply(
        repository.get(1, parent.id) or parent,
        public.get_many_without_body([1])[1],
        name="Owner",
        content="Thank you.",
        now=mail_system.now,
        secret=signing.load_keys(),
    )
    mail_system.deliver_stream()
    mail = sent_to(mail_system, BUDI)[-1]
    assert "Owner" in mail["subject"]
    for form in ("text", "html"):
        assert "Owner (Penulis) membalas komentar Anda" in mail[form]


def test_nobody_is_notified_of_their_own_reply(mail_system: MailSystem) -> None:
    parent = subscribed(mail_system)
    mail_system.approve(mail_system.comment("And another thing.", parent_id=parent.id, email=BUDI.upper()))
    before = len(sent_to(mail_system, BUDI))
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == before


def test_confirmation_is_requested_once_per_article(mail_system: MailSystem) -> None:
    publishing.publish(content("other"), now=mail_system.now)
    for slug, text in (("hello", "One."), ("hello", "Two."), ("other", "Three.")):
        mail_system.approve(mail_system.comment(text, slug=slug, **ASKING))
        mail_system.deliver_stream()
    subjects = [mail["subject"] for mail in sent_to(mail_system, BUDI)]
    assert len(subjects) == 2
    assert "Halo" in subjects[0]
    assert "Other" in subjects[1]


def test_an_address_gets_a_limited_number_of_confirmation_requests(
    mail_system: MailSystem, configure: Configure
) -> None:
    configure(moderation_mode="none")
    for number in range(6):
        publishing.publish(content(f"a{number}"), now=mail_system.now)
        mail_system.comment("Hi.", slug=f"a{number}", **ASKING)
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == 3


def test_the_confirmation_link_shows_a_page_with_a_button(mail_system: MailSystem) -> None:
    comment = mail_system.approve(mail_system.comment("First.", **ASKING))
    mail_system.deliver_stream()
    (mail,) = sent_to(mail_system, BUDI)
    confirm, leave = urls(mail["text"], "subscription")
    assert f"<{leave}>" == mail["headers"]["List-Unsubscribe"]
    shown = mail_system.open(confirm, **{"accept-language": "en"})
    assert (shown.status, shown.headers["Cache-Control"]) == (200, "no-store")
    assert shown.headers["Referrer-Policy"] == "strict-origin"
    assert "Yes, notify me of replies" in shown.body
    assert mail_system.subscription(comment) == "asked"
    for _ in range(2):
        assert mail_system.open(confirm, "POST").status == 200
        assert mail_system.subscription(comment) == "confirmed"


def test_one_click_unsubscribe_works_in_mail_programs(mail_system: MailSystem) -> None:
    """RFC 8058: a POST of `List-Unsubscribe=One-Click` to the URL in the header, without cookies or a page."""
    parent = subscribed(mail_system)
    mail_system.approve(mail_system.comment("An answer.", parent_id=parent.id))
    mail_system.deliver_stream()
    mail = sent_to(mail_system, BUDI)[-1]
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = mail["headers"]["List-Unsubscribe"].strip("<>")
    assert mail_system.open(leave).status == 200
    assert mail_system.subscription(parent) == "confirmed"
    for _ in range(2):
        assert mail_system.open(leave, "POST", "List-Unsubscribe=One-Click").status == 200
    assert mail_system.subscription(parent) == "left"
    subscription = [item for item in stored("comments") if item["sort"]["S"] == "subscription"]
    assert "email" not in subscription[0]
    before = len(sent_to(mail_system, BUDI))
    mail_system.approve(mail_system.comment("Another answer.", parent_id=parent.id))
    mail_system.approve(mail_system.comment("Again.", **ASKING))
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == before
    mail_system.now += timedelta(days=360)
    assert mail_system.open(leave, "POST").status == 200


def test_a_one_click_request_never_subscribes(mail_system: MailSystem) -> None:
    """Such a request may come from any website."""
    comment = mail_system.approve(mail_system.comment("First.", **ASKING))
    mail_system.deliver_stream()
    (mail,) = sent_to(mail_system, BUDI)
    confirm, _ = urls(mail["text"], "subscription")
    assert mail_system.open(confirm, "POST", "List-Unsubscribe=One-Click").status == 403
    assert mail_system.subscription(comment) == "asked"


def test_unsubscribing_stops_mail_that_is_already_queued(mail_system: MailSystem) -> None:
    parent = subscribed(mail_system)
    before = len(sent_to(mail_system, BUDI))
    reply = mail_system.approve(mail_system.comment("An answer.", parent_id=parent.id))
    reply_subscriptions.execute(
        reply_subscriptions.SubscriptionLink("leave", 1, str(parent.person), 0), now=mail_system.now
    )
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == before
    assert mail_system.status(f"reply#{reply.id}#{parent.person}") == "dropped"


def test_a_refusal_is_kept_after_its_comment_is_deleted(mail_system: MailSystem, configure: Configure) -> None:
    """Otherwise a visitor could have a stranger asked repeatedly by deleting and posting comments."""
    configure(moderation_mode="none")
    for refuse_first in (True, False):
        comment = mail_system.comment(f"By somebody else, {refuse_first}.", **ASKING)
        mail_system.deliver_stream()
        leave = reply_subscriptions.SubscriptionLink("leave", 1, str(comment.person), 0)
        if refuse_first:
            reply_subscriptions.execute(leave, now=mail_system.now)
        editing.erase(1, comment.id, by="author", now=mail_system.now)
        reply_subscriptions.execute(leave, now=mail_system.now)
        assert mail_system.subscription(comment) == "left"
        assert BUDI not in json.dumps(stored("comments"))
    mail_system.now += timedelta(days=30)
    mail_system.comment("Once more.", **ASKING)
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == 1


def test_an_unanswered_person_can_be_asked_again_after_the_link_expires(mail_system: MailSystem) -> None:
    first = mail_system.approve(mail_system.comment("First.", **ASKING))
    mail_system.deliver_stream()
    mail_system.now += timedelta(days=10)
    assert mail_system.subscription(first) is None
    mail_system.approve(mail_system.comment("Second.", **ASKING))
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == 2


@pytest.mark.parametrize("state", ["confirmed", "left"])
def test_key_rotation_does_not_cause_new_confirmation_requests(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    parent = subscribed(mail_system)
    if state == "left":
        reply_subscriptions.execute(
            reply_subscriptions.SubscriptionLink("leave", 1, str(parent.person), 0), now=mail_system.now
        )
    before = len(sent_to(mail_system, BUDI))
    old = signing.load_keys()
    monkeypatch.setattr(signing, "load_keys", lambda: signing.SigningKeys("2", {"2": "f" * 64, **old.keys}))
    mail_system.approve(mail_system.comment("With the new key.", parent_id=parent.id, **ASKING))
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == before


@pytest.mark.parametrize("submitted", ["before", "after"])
def test_a_request_whose_links_were_revoked_is_repeated_by_the_next_comment(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch, submitted: str
) -> None:
    """A comment that was submitted before has the person's pseudonym by the retired key."""
    mail_system.approve(mail_system.comment("First.", **ASKING))
    mail_system.deliver_stream()
    waiting = mail_system.comment("Second.", **ASKING)
    old = signing.load_keys()
    new = signing.SigningKeys("2", {**old.keys, "2": "f" * 64}, retired=frozenset(old.keys))
    monkeypatch.setattr(signing, "load_keys", lambda: new)
    (link, _) = urls(sent_to(mail_system, BUDI)[0]["text"], "subscription")
    assert mail_system.open(link).status == 404
    comment = mail_system.approve(waiting if submitted == "before" else mail_system.comment("Third.", **ASKING))
    mail_system.deliver_stream()
    (link, _) = urls(sent_to(mail_system, BUDI)[1]["text"], "subscription")
    assert mail_system.open(link, "POST").status == 200
    assert mail_system.subscription(comment) == "confirmed"


def test_of_the_links_of_a_retired_key_only_those_that_unsubscribe_work() -> None:
    now, old = datetime.now(UTC), signing.SigningKeys("1", {"1": "a" * 64})
    keys = signing.SigningKeys("2", {**old.keys, "2": "b" * 64}, retired=frozenset({"1"}))
    leave = reply_subscriptions.create_token("leave", 1, "person", old, now=now)
    assert reply_subscriptions.parse(leave, lambda: keys, now=now).action == "leave"
    confirm = reply_subscriptions.create_token("confirm", 1, "person", old, now=now)
    with pytest.raises(NotFound):
        reply_subscriptions.parse(confirm, lambda: keys, now=now)


def test_replies_to_a_removed_comment_are_not_mailed(mail_system: MailSystem) -> None:
    parent = subscribed(mail_system)
    reply = mail_system.comment("An answer.", parent_id=parent.id)
    moderate(1, parent.id, "spam", by="test", now=mail_system.now)
    mail_system.approve(reply)
    assert f"reply#{reply.id}#{parent.person}" not in {item["id"]["S"] for item in stored("outbox")}


def test_a_reply_that_was_removed_meanwhile_is_not_mailed(mail_system: MailSystem) -> None:
    parent = subscribed(mail_system)
    reply = mail_system.approve(mail_system.comment("An answer.", parent_id=parent.id))
    moderate(1, reply.id, "delete", by="test", now=mail_system.now)
    mail_system.deliver_stream()
    assert mail_system.status(f"reply#{reply.id}#{parent.person}") == "dropped"


@pytest.mark.parametrize("token", ["x", "1.x.y", "1.W10.c2lnbmVkIGVsc2V3aGVyZQ"])
def test_a_link_with_a_foreign_signature_does_nothing(mail_system: MailSystem, token: str) -> None:
    for method in ("GET", "POST"):
        assert mail_system.open(f"https://blog.example/api/subscription/{token}", method).status == 404


def test_an_old_link_does_not_resubscribe_a_person(mail_system: MailSystem) -> None:
    comment = mail_system.approve(mail_system.comment("First.", **ASKING))
    mail_system.deliver_stream()
    confirm, leave = urls(sent_to(mail_system, BUDI)[0]["text"], "subscription")
    assert mail_system.open(leave, "POST").status == 200
    assert mail_system.open(confirm, "POST").status == 409
    mail_system.now += timedelta(days=8)
    for method in ("GET", "POST"):
        assert mail_system.open(confirm, method).status == 410
    assert mail_system.subscription(comment) == "left"


def test_a_subscription_expires_with_the_address(mail_system: MailSystem) -> None:
    parent = subscribed(mail_system)
    mail_system.now += timedelta(days=settings().email_days + 1)
    reply = mail_system.approve(mail_system.comment("Very late.", parent_id=parent.id))
    mail_system.deliver_stream()
    assert f"reply#{reply.id}#{parent.person}" not in {item["id"]["S"] for item in stored("outbox")}


def test_concurrent_approvals_request_confirmation_once(mail_system: MailSystem, faults: RefusedCalls) -> None:
    first, second = (mail_system.comment(text, **ASKING) for text in ("One.", "Two."))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(mail_system.approve, (first, second)))
    mail_system.deliver_stream()
    assert len(sent_to(mail_system, BUDI)) == 1


def test_erasing_the_comment_erases_its_subscription(mail_system: MailSystem) -> None:
    comment = subscribed(mail_system)
    editing.erase(1, comment.id, by="author", now=mail_system.now)
    assert BUDI not in json.dumps(stored("comments"))
    assert mail_system.subscription(comment) is None


def test_an_erased_person_is_no_longer_in_the_comments_table(mail_system: MailSystem) -> None:
    subscribed(mail_system)
    person = pseudonym_of(BUDI, signing.load_keys())
    assert admin.erase_person(BUDI.upper(), signing.load_keys(), now=mail_system.now) == 1
    comments = json.dumps(stored("comments"))
    assert BUDI not in comments
    assert person not in comments


def test_a_person_who_is_erased_while_a_reply_is_approved_leaves_no_trace(
    mail_system: MailSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = subscribed(mail_system)
    reply = mail_system.comment("A reply.", parent_id=parent.id)
    enqueue = outbox.enqueue
    keys = signing.load_keys()
    erased: list[int] = []

    def erase_before(*arguments: Any, **named: Any) -> None:
        """Erase the person after the approval has read their subscription, and before it is committed."""
        if not erased:
            erased.append(admin.erase_person(BUDI, keys, now=mail_system.now))
        enqueue(*arguments, **named)

    monkeypatch.setattr(outbox, "enqueue", erase_before)
    assert mail_system.approve(reply).status == "approved"
    assert erased == [1]
    person = pseudonym_of(BUDI, keys)
    assert [table for table in ("comments", "outbox") if person in json.dumps(stored(table))] == []
    assert f"reply#{reply.id}" not in json.dumps(stored("outbox"))


def test_a_subscription_is_in_no_index(mail_system: MailSystem) -> None:
    subscribed(mail_system)
    for index in ("public", "recent", "by_status"):
        items = boto3.client("dynamodb").scan(TableName="kolom-comments", IndexName=index)["Items"]
        assert BUDI not in json.dumps(items)
        assert all("state" not in item for item in items)


def test_a_site_without_mail_asks_nobody(mail_system: MailSystem, configure: Configure) -> None:
    configure(owner_email="", mail_from="")
    comment = mail_system.approve(mail_system.comment("First.", **ASKING))
    assert (stored("outbox"), mail_system.subscription(comment)) == ([], None)


def test_mail_about_english_articles_is_in_english(mail_system: MailSystem) -> None:
    publishing.publish(content("english", language="en"), now=mail_system.now)
    mail_system.approve(mail_system.comment("Nice.", slug="english", **ASKING))
    mail_system.deliver_stream()
    (mail,) = sent_to(mail_system, BUDI)
    assert "Replies to your comment" in mail["subject"]
    assert "If this was not you, ignore this email" in mail["text"]
