"""Mail about comments: to the owner with links to moderate by, and to those who have said yes to replies."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from kolom.articles import public, publishing
from kolom.comments import admin, authors, editing, reply_subscriptions, repository
from kolom.comments.moderation import moderate
from kolom.comments.types import Action, Comment
from kolom.config import settings
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of
from kolom.submissions.pipeline import RequestContext
from kolom_cli.emulator.ses import Mail
from tests.factories import content
from tests.integration.conftest import Configure, RefusedCalls
from tests.integration.handlers import stored
from tests.integration.mail.conftest import OWNER, PostOffice

BUDI = "budi@example.com"
SITI = "siti@example.com"
ASKING: dict[str, Any] = {"email": BUDI, "notify_replies": True, "name": "Budi"}


@pytest.fixture(autouse=True)
def article(secret: str) -> None:
    """An article in Indonesian."""
    now = datetime.now(UTC)
    publishing.publish(
        content("hello", title="Halo <dunia>", language="id", published_at=now - timedelta(hours=1)), now=now
    )


def urls(text: str, kind: str) -> list[str]:
    """The links of a mail that lead to the API."""
    return re.findall(rf"https://blog\.example/api/{kind}/\S+", text)


def subscribed(post_office: PostOffice) -> Comment:
    """An approved comment whose author has said yes."""
    comment = post_office.approve(post_office.comment("A comment.", **ASKING))
    reply_subscriptions.execute(
        reply_subscriptions.SubscriptionLink("confirm", 1, str(comment.person), 0), now=post_office.now
    )
    post_office.stream()
    return comment


def sent_to(post_office: PostOffice, address: str) -> list[Mail]:
    """What went to that address."""
    return [mail for mail in post_office.ses.mails if mail["to"] == address]


def test_the_owner_is_told_of_a_comment_and_can_moderate_it_by_the_links_once(post_office: PostOffice) -> None:
    comment = post_office.comment("*Nice* <script>alert(1)</script>", name="Budi", website="https://budi.example/")
    post_office.stream()
    (mail,) = post_office.ses.mails
    assert (mail["to"], mail["reply_to"]) == (OWNER, "")
    assert mail["subject"] == "[Blog] Komentar menunggu: Halo <dunia>"
    assert "*Nice* <script>alert(1)</script>" in mail["text"]
    assert "<em>Nice</em> &lt;script&gt;" in mail["html"]
    assert "Halo &lt;dunia&gt;" in mail["html"]
    assert "https://blog.example/hello/" in mail["text"]
    approve, spam, delete = urls(mail["text"], "moderation")
    assert approve in mail["html"]
    assert post_office.open(approve).status == 200
    assert admin.get(comment.id).status == "pending"
    assert post_office.open(approve, "POST").status == 200
    assert admin.get(comment.id).status == "approved"
    assert post_office.open(approve, "POST").status == 409
    assert post_office.open(spam, "POST").status == 200
    assert admin.get(comment.id).status == "spam"
    assert post_office.open(delete, "POST").status == 200


def test_a_comment_that_is_published_at_once_is_told_without_a_link_to_approve_it(
    post_office: PostOffice, configure: Configure
) -> None:
    configure(moderation_mode="none")
    post_office.comment("Nice.")
    post_office.stream()
    (mail,) = post_office.ses.mails
    assert "Komentar baru" in mail["subject"]
    assert len(urls(mail["text"], "moderation")) == 2


def test_of_a_comment_that_was_decided_meanwhile_nobody_is_told(post_office: PostOffice) -> None:
    comment = post_office.comment("Nice.")
    editing.erase(1, comment.id, by="author", now=post_office.now)
    post_office.stream()
    assert (post_office.ses.mails, post_office.status(f"moderation#{comment.id}")) == ([], "dropped")


def test_of_a_comment_that_a_moderator_has_approved_the_owner_is_not_told_anew(post_office: PostOffice) -> None:
    comment = post_office.approve(post_office.comment("Nice."))
    post_office.stream()
    assert (post_office.ses.mails, post_office.status(f"moderation#{comment.id}")) == ([], "dropped")


def test_of_a_comment_that_was_edited_meanwhile_the_owner_is_told_once(post_office: PostOffice) -> None:
    comment = post_office.comment("Before.")
    arrival = RequestContext(
        address="10.0.0.1", authorization=f"Bearer {authors.create_edit_token(1, comment.id, signing.load_keys())}"
    )
    editing.edit(public.get_summary("hello"), comment.id, "After.", arrival, now=post_office.now)
    post_office.stream()
    (mail,) = post_office.ses.mails
    assert "After." in mail["text"]
    assert post_office.status(f"moderation#{comment.id}") == "dropped"


def test_nobody_is_asked_about_an_article_that_is_not_public_any_more(post_office: PostOffice) -> None:
    comment = post_office.approve(post_office.comment("Nice.", **ASKING))
    publishing.unpublish("hello", now=post_office.now)
    post_office.stream()
    assert (sent_to(post_office, BUDI), post_office.status(f"confirm#1#{comment.person}")) == ([], "dropped")


def test_nobody_is_asked_before_their_comment_is_approved(post_office: PostOffice) -> None:
    comment = post_office.comment("Nice.", **ASKING)
    post_office.stream()
    assert sent_to(post_office, BUDI) == []
    post_office.approve(comment)
    post_office.stream()
    (mail,) = sent_to(post_office, BUDI)
    assert "Halo <dunia>" in mail["subject"]
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_nothing_that_a_visitor_wrote_is_in_the_mail_that_asks(post_office: PostOffice) -> None:
    """Whoever types another's address could send them anything otherwise."""
    post_office.approve(post_office.comment("Buy pills", email=BUDI, notify_replies=True, name="Pills"))
    post_office.stream()
    (mail,) = sent_to(post_office, BUDI)
    assert "ills" not in json.dumps(mail)


def test_without_a_yes_no_reply_is_mailed(post_office: PostOffice) -> None:
    parent = post_office.approve(post_office.comment("First.", **ASKING))
    post_office.approve(post_office.comment("An answer.", parent_id=parent.id))
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == 1  # the question


def test_who_said_yes_is_told_of_a_reply_when_it_is_approved_once(post_office: PostOffice) -> None:
    parent = subscribed(post_office)
    before = len(sent_to(post_office, BUDI))
    reply = post_office.comment("An *answer*.", name="Siti", parent_id=parent.id)
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == before
    reply = post_office.approve(reply)
    post_office.stream()
    mail = sent_to(post_office, BUDI)[-1]
    assert mail["subject"] == "[Blog] Siti membalas komentar Anda pada “Halo <dunia>”"
    assert "<em>answer</em>" in mail["html"]
    assert f"https://blog.example/hello/#comment-{reply.id}" in mail["text"]
    actions: tuple[Action, ...] = ("spam", "approve")
    for action in actions:
        moderate(1, reply.id, action, by="test", now=post_office.now)
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == before + 1


def test_the_owners_answer_is_a_reply_too(post_office: PostOffice) -> None:
    parent = subscribed(post_office)
    admin.reply(
        repository.get(1, parent.id) or parent,
        public.get_summaries([1])[1],
        name="Owner",
        content="Thank you.",
        now=post_office.now,
        secret=signing.load_keys(),
    )
    post_office.stream()
    assert "Owner" in sent_to(post_office, BUDI)[-1]["subject"]


def test_nobody_is_told_of_their_own_reply(post_office: PostOffice) -> None:
    parent = subscribed(post_office)
    post_office.approve(post_office.comment("And another thing.", parent_id=parent.id, email=BUDI.upper()))
    before = len(sent_to(post_office, BUDI))
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == before


def test_the_question_is_asked_once_for_an_article_and_again_for_another(post_office: PostOffice) -> None:
    publishing.publish(content("other"), now=post_office.now)
    for slug, text in (("hello", "One."), ("hello", "Two."), ("other", "Three.")):
        post_office.approve(post_office.comment(text, slug=slug, **ASKING))
        post_office.stream()
    subjects = [mail["subject"] for mail in sent_to(post_office, BUDI)]
    assert len(subjects) == 2
    assert "Halo" in subjects[0]
    assert "Other" in subjects[1]


def test_nobody_can_have_an_address_flooded_with_questions(post_office: PostOffice, configure: Configure) -> None:
    configure(moderation_mode="none")
    for number in range(6):
        publishing.publish(content(f"a{number}"), now=post_office.now)
        post_office.comment("Hi.", slug=f"a{number}", **ASKING)
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == 3


def test_the_link_of_the_question_shows_first_and_confirms_by_a_button(post_office: PostOffice) -> None:
    comment = post_office.approve(post_office.comment("First.", **ASKING))
    post_office.stream()
    (mail,) = sent_to(post_office, BUDI)
    confirm, leave = urls(mail["text"], "subscription")
    assert f"<{leave}>" == mail["headers"]["List-Unsubscribe"]
    shown = post_office.open(confirm, **{"accept-language": "en"})
    assert (shown.status, shown.headers["Cache-Control"]) == (200, "no-store")
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert "Yes, notify me of replies" in shown.body
    assert post_office.subscription(comment) == "asked"
    for _ in range(2):
        assert post_office.open(confirm, "POST").status == 200
        assert post_office.subscription(comment) == "confirmed"


def test_one_click_in_a_mail_program_ends_it_for_good(post_office: PostOffice) -> None:
    """RFC 8058: a POST of `List-Unsubscribe=One-Click` to the address in the header, without a cookie or a page."""
    parent = subscribed(post_office)
    post_office.approve(post_office.comment("An answer.", parent_id=parent.id))
    post_office.stream()
    mail = sent_to(post_office, BUDI)[-1]
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = mail["headers"]["List-Unsubscribe"].strip("<>")
    assert post_office.open(leave).status == 200
    assert post_office.subscription(parent) == "confirmed"
    for _ in range(2):
        assert post_office.open(leave, "POST", "List-Unsubscribe=One-Click").status == 200
    assert post_office.subscription(parent) == "left"
    subscription = [item for item in stored("comments") if item["sort"]["S"] == "subscription"]
    assert "email" not in subscription[0]
    before = len(sent_to(post_office, BUDI))
    post_office.approve(post_office.comment("Another answer.", parent_id=parent.id))
    post_office.approve(post_office.comment("Again.", **ASKING))
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == before
    post_office.now += timedelta(days=360)
    assert post_office.open(leave, "POST").status == 200


def test_who_leaves_while_a_mail_is_on_its_way_does_not_get_it(post_office: PostOffice) -> None:
    parent = subscribed(post_office)
    before = len(sent_to(post_office, BUDI))
    reply = post_office.approve(post_office.comment("An answer.", parent_id=parent.id))
    reply_subscriptions.execute(
        reply_subscriptions.SubscriptionLink("leave", 1, str(parent.person), 0), now=post_office.now
    )
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == before
    assert post_office.status(f"reply#{reply.id}#{parent.person}") == "dropped"


def test_a_refusal_outlives_the_comment_that_brought_the_question(
    post_office: PostOffice, configure: Configure
) -> None:
    """Else whoever typed the address could take their comment back, and have it asked again and again."""
    configure(moderation_mode="none")
    for refuse_first in (True, False):
        comment = post_office.comment(f"By somebody else, {refuse_first}.", **ASKING)
        post_office.stream()
        leave = reply_subscriptions.SubscriptionLink("leave", 1, str(comment.person), 0)
        if refuse_first:
            reply_subscriptions.execute(leave, now=post_office.now)
        editing.erase(1, comment.id, by="author", now=post_office.now)
        reply_subscriptions.execute(leave, now=post_office.now)
        assert post_office.subscription(comment) == "left"
        assert BUDI not in json.dumps(stored("comments"))
    post_office.now += timedelta(days=30)
    post_office.comment("Once more.", **ASKING)
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == 1


def test_who_did_not_answer_can_be_asked_again_when_the_link_has_expired(post_office: PostOffice) -> None:
    first = post_office.approve(post_office.comment("First.", **ASKING))
    post_office.stream()
    post_office.now += timedelta(days=10)
    assert post_office.subscription(first) is None
    post_office.approve(post_office.comment("Second.", **ASKING))
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == 2


@pytest.mark.parametrize("state", ["confirmed", "left"])
def test_a_new_key_of_the_site_has_nobody_asked_again(
    post_office: PostOffice, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    parent = subscribed(post_office)
    if state == "left":
        reply_subscriptions.execute(
            reply_subscriptions.SubscriptionLink("leave", 1, str(parent.person), 0), now=post_office.now
        )
    before = len(sent_to(post_office, BUDI))
    old = signing.load_keys()
    monkeypatch.setattr(signing, "load_keys", lambda: signing.SigningKeys("2", {"2": "f" * 64, **old.keys}))
    post_office.approve(post_office.comment("With the new key.", parent_id=parent.id, **ASKING))
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == before


def test_nobody_is_told_of_replies_to_a_comment_that_was_taken_down(post_office: PostOffice) -> None:
    parent = subscribed(post_office)
    reply = post_office.comment("An answer.", parent_id=parent.id)
    moderate(1, parent.id, "spam", by="test", now=post_office.now)
    post_office.approve(reply)
    assert f"reply#{reply.id}#{parent.person}" not in {item["id"]["S"] for item in stored("outbox")}


def test_a_reply_that_was_taken_down_meanwhile_is_not_mailed(post_office: PostOffice) -> None:
    parent = subscribed(post_office)
    reply = post_office.approve(post_office.comment("An answer.", parent_id=parent.id))
    moderate(1, reply.id, "delete", by="test", now=post_office.now)
    post_office.stream()
    assert post_office.status(f"reply#{reply.id}#{parent.person}") == "dropped"


@pytest.mark.parametrize("token", ["x", "1.x.y", "1.W10.c2lnbmVkIGVsc2V3aGVyZQ"])
def test_a_link_that_this_site_did_not_sign_does_nothing(post_office: PostOffice, token: str) -> None:
    for method in ("GET", "POST"):
        assert post_office.open(f"https://blog.example/api/subscription/{token}", method).status == 404


def test_an_old_link_confirms_nothing_and_who_left_stays_away(post_office: PostOffice) -> None:
    comment = post_office.approve(post_office.comment("First.", **ASKING))
    post_office.stream()
    confirm, leave = urls(sent_to(post_office, BUDI)[0]["text"], "subscription")
    assert post_office.open(leave, "POST").status == 200
    assert post_office.open(confirm, "POST").status == 409
    post_office.now += timedelta(days=8)
    for method in ("GET", "POST"):
        assert post_office.open(confirm, method).status == 410
    assert post_office.subscription(comment) == "left"


def test_a_subscription_expires_with_the_address(post_office: PostOffice) -> None:
    parent = subscribed(post_office)
    post_office.now += timedelta(days=settings().email_days + 1)
    reply = post_office.approve(post_office.comment("Very late.", parent_id=parent.id))
    post_office.stream()
    assert f"reply#{reply.id}#{parent.person}" not in {item["id"]["S"] for item in stored("outbox")}


def test_two_approvals_of_the_same_person_at_once_ask_once(post_office: PostOffice, faults: RefusedCalls) -> None:
    first, second = (post_office.comment(text, **ASKING) for text in ("One.", "Two."))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(post_office.approve, (first, second)))
    post_office.stream()
    assert len(sent_to(post_office, BUDI)) == 1


def test_erasing_the_comment_that_asked_erases_the_subscription(post_office: PostOffice) -> None:
    comment = subscribed(post_office)
    editing.erase(1, comment.id, by="author", now=post_office.now)
    assert BUDI not in json.dumps(stored("comments"))
    assert post_office.subscription(comment) is None


def test_who_is_forgotten_is_in_no_table_and_not_mailed_any_more(post_office: PostOffice) -> None:
    subscribed(post_office)
    person = pseudonym_of(BUDI, signing.load_keys())
    assert admin.erase_person(BUDI.upper(), signing.load_keys(), now=post_office.now) == 1
    everything = json.dumps(stored("comments"))
    assert BUDI not in everything
    assert person not in everything


def test_a_subscription_is_in_no_index(post_office: PostOffice) -> None:
    subscribed(post_office)
    for index in ("public", "recent", "by_status"):
        items = boto3.client("dynamodb").scan(TableName="kolom-comments", IndexName=index)["Items"]
        assert BUDI not in json.dumps(items)
        assert all("state" not in item for item in items)


def test_a_site_that_sends_no_mail_asks_nobody(post_office: PostOffice, configure: Configure) -> None:
    configure(owner_email="", mail_from="")
    comment = post_office.approve(post_office.comment("First.", **ASKING))
    assert (stored("outbox"), post_office.subscription(comment)) == ([], None)


def test_articles_in_english_are_told_of_in_english(post_office: PostOffice) -> None:
    publishing.publish(content("english", language="en"), now=post_office.now)
    post_office.approve(post_office.comment("Nice.", slug="english", **ASKING))
    post_office.stream()
    (mail,) = sent_to(post_office, BUDI)
    assert "Replies to your comment" in mail["subject"]
    assert "If this was not you, ignore this email" in mail["text"]
