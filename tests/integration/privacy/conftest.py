"""A person whose data contains canaries, and a blog that they use through all functions that take personal data."""

import hashlib
import importlib
import io
import json
import os
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import pytest

from kolom.articles import publishing
from kolom.comments import admin, moderation, moderation_links, reply_subscriptions
from kolom.comments.types import Action, Comment
from kolom.config import settings
from kolom.mail import delivery
from kolom.models.outbox import OutboxRecord
from kolom.observability import logger
from kolom.security import pseudonyms, signing
from kolom.security.client_address import ClientId
from kolom_cli.emulator.ses import Mail, SentMail
from tests.factories import Context, comment_request, contact_request, content, pending_mail_event, request
from tests.integration.aws import client, restore_or_create
from tests.integration.cli.conftest import Kolom, create_stack
from tests.integration.conftest import Configure
from tests.integration.contracts.scenarios import stream_event
from tests.integration.handlers import Response, call
from tests.paths import PROJECT

OWNER: Final = "owner@blog.example"
READER: Final = "reader@other.example"
"""Another commenter, who is subscribed to replies."""

EMAIL: Final = "canary.person@canary-mail.example"
ADDRESS: Final = "192.0.2.177"
AGENT: Final = "CanaryBrowser/7.7"
PRIVATE_WORD: Final = "canarymessage"
"""In the name, subject and text of the contact message, and in a search."""
UNAPPROVED_WORD: Final = "canarypending"
"""In comments that were never approved."""
PUBLIC_WORD: Final = "canarypublic"
"""In the name, website and text of an approved comment."""


def forms_of(*texts: str) -> re.Pattern[str]:
    """Return a pattern of these texts in any case of letters, also encoded or hashed without a key."""
    forms: set[str] = set()
    for text in texts:
        data = text.encode()
        forms |= {text, quote(text, safe=""), data.hex(), json.dumps(text)[1:-1]}
        # Base64 has another form for each position; its first and last characters depend on what is around.
        forms |= {b64encode(bytes(shift) + data).decode()[4:-4] for shift in range(3)}
        for spelling in {data, data.lower()}:
            forms |= {getattr(hashlib, name)(spelling).hexdigest() for name in ("md5", "sha1", "sha256")}
    return re.compile("|".join(re.escape(form) for form in sorted(forms)), re.IGNORECASE)


NEVER_SHOWN: Final = forms_of(EMAIL, ADDRESS, "canary.person", "canary-mail", AGENT, "CanaryBrowser", PRIVATE_WORD)
UNAPPROVED: Final = forms_of(UNAPPROVED_WORD)
ANYTHING: Final = re.compile(f"{NEVER_SHOWN.pattern}|canary", re.IGNORECASE)


@dataclass
class Blog:
    """A blog, its visitors, and everything that left it. ``to_person`` has the responses to the person."""

    mailbox: SentMail
    logs: io.StringIO
    to_person: list[Response] = field(default_factory=list)
    to_others: list[tuple[str, Response]] = field(default_factory=list)
    invoked: set[str] = field(default_factory=set)
    comments: list[Comment] = field(default_factory=list)

    @property
    def mails(self) -> list[Mail]:
        """Return the mail that was sent."""
        return self.mailbox.mails

    def ask(self, function: str, event: dict[str, Any]) -> Response:
        """Send a request of another visitor."""
        answer = self._call(function, event)
        self.to_others.append((event["rawPath"], answer))
        return answer

    def ask_as_person(self, function: str, event: dict[str, Any]) -> Response:
        """Send a request with the address and the browser of the person."""
        event["requestContext"]["http"] |= {"sourceIp": ADDRESS, "userAgent": AGENT}
        event["headers"] |= {"user-agent": AGENT, "x-forwarded-for": ADDRESS, "forwarded": f"for={ADDRESS}"}
        answer = self._call(function, event)
        self.to_person.append(answer)
        return answer

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """Invoke a function that answers no request."""
        self.invoked.add(function)
        return importlib.import_module(f"functions.{function}.app").handler(event, Context())

    def deliver_mail(self) -> None:
        """Send all mail that waits."""
        waiting = [record.id for record in OutboxRecord.scan(OutboxRecord.status == "waiting")]
        self.invoke("send_mail", pending_mail_event(*waiting))

    def comment(self, text: str, *, approve: bool, **fields: Any) -> Comment:
        """Post a comment of the person, and approve it if wanted."""
        event = comment_request(content=text, **{"email": EMAIL, "name": "Canarypublic Person", **fields})
        answer = self.ask_as_person("write_comments", event)
        assert answer.status == 201, answer.body
        posted = admin.get(answer.json["comment"]["id"])
        self.comments.append(posted)
        return self.moderate(posted, "approve") if approve else posted

    def moderate(self, comment: Comment, action: Action) -> Comment:
        """Follow a moderation link, as the owner."""
        token = moderation_links.create(comment, action, signing.load_keys(), now=datetime.now(UTC))
        for method in ("GET", "POST"):
            answer = self.ask("serve_mail_links", request(f"/api/moderation/{token}", method=method))
            assert answer.status == 200, answer.body
        return admin.get(comment.id)

    def follow_subscription(self, comment: Comment, action: reply_subscriptions.Action) -> None:
        """Follow a subscription link, as the author of the comment."""
        token = reply_subscriptions.create_token(
            action, 1, str(comment.person), signing.load_keys(), now=datetime.now(UTC)
        )
        for method in ("GET", "POST"):
            answer = self.ask_as_person("serve_mail_links", request(f"/api/subscription/{token}", method=method))
            assert answer.status == 200, answer.body

    def _call(self, function: str, event: dict[str, Any]) -> Response:
        self.invoked.add(function)
        return call(importlib.import_module(f"functions.{function}.app").handler, event)


@pytest.fixture
def kolom(tables: None) -> Iterator[Kolom]:
    """Return `kolom` with a deployed stack, and restore the environment afterwards."""
    before = dict(os.environ)
    restore_or_create("stack", create_stack)
    yield Kolom()
    os.environ.clear()
    os.environ.update(before)
    settings.cache_clear()


@pytest.fixture
def blog(kolom: Kolom, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Iterator[Blog]:
    """Return a blog with an article, which sends mail and logs as much as it can."""
    configure(owner_email=OWNER, mail_from=OWNER, comments_per_minute=100, search_report="on")
    now = datetime.now(UTC)
    publishing.publish(content("hello", labels=("News",), published_at=now - timedelta(hours=1)), now=now)
    logs = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", logs)
    logger.setLevel("DEBUG")
    mailbox = SentMail()
    with mailbox.recording():
        client("sesv2").create_email_identity(EmailIdentity=OWNER)
        delivery._client.cache_clear()
        yield Blog(mailbox, logs)
    delivery._client.cache_clear()
    logger.setLevel("INFO")


def live_through_everything(blog: Blog) -> None:
    """Let the person and others do everything that a visitor can, and invoke all functions."""
    blog.invoke("index_articles", stream_event(1))
    reader = blog.ask("write_comments", comment_request(content="First.", email=READER, notify_replies=True))
    parent = blog.moderate(admin.get(reader.json["comment"]["id"]), "approve")
    reply_subscriptions.execute(
        reply_subscriptions.SubscriptionLink("confirm", 1, str(parent.person), 0), now=datetime.now(UTC)
    )
    approved = blog.comment(
        f"{PUBLIC_WORD} text of a reply",
        approve=True,
        parent_id=parent.id,
        website=f"https://{PUBLIC_WORD}.example/",
        notify_replies=True,
    )
    blog.deliver_mail()
    blog.follow_subscription(approved, "confirm")
    answer = blog.ask("write_comments", comment_request(content="An answer.", name="Reader", parent_id=approved.id))
    blog.moderate(admin.get(answer.json["comment"]["id"]), "approve")
    blog.deliver_mail()
    use_rest_of_comments(blog)
    use_contact_form(blog)
    use_searches(blog)
    bounce = json.loads((PROJECT / "events/handle_bounces/bounce.json").read_text("utf-8"))
    bounce["detail"]["bounce"]["bouncedRecipients"] = [{"emailAddress": EMAIL}]
    bounce["detail"]["mail"]["destination"] = [EMAIL]
    blog.invoke("handle_bounces", bounce)
    blog.deliver_mail()
    blog.invoke("run_scheduled_tasks", {})


def use_rest_of_comments(blog: Blog) -> None:
    """Post comments that stay pending, become spam, are edited or deleted, are invalid, or meet a ban."""
    blog.ask_as_person("write_comments", request("/api/form-token"))
    pending = blog.comment(f"{UNAPPROVED_WORD} text", approve=False, headers={"idempotency-key": "a-key"})
    blog.comment(f"{UNAPPROVED_WORD} text", approve=False, headers={"idempotency-key": "a-key"})
    edited = blog.comment(f"{UNAPPROVED_WORD} text before an edit", approve=False)
    headers = {"content-type": "application/json"}
    token = json.loads(blog.to_person[-1].body)["edit_token"]
    change: dict[str, Any] = {"headers": {**headers, "authorization": f"Bearer {token}"}}
    path = f"/api/articles/hello/comments/{edited.id}"
    body = json.dumps({"content": f"{UNAPPROVED_WORD} text after the edit"})
    assert blog.ask_as_person("write_comments", request(path, method="PATCH", body=body, **change)).status == 200
    assert blog.ask_as_person("write_comments", request(path, method="DELETE", **change)).status == 204
    spam = blog.comment(f"{UNAPPROVED_WORD} spam", approve=False)
    blog.moderate(spam, "spam")
    deleted = blog.comment(f"{UNAPPROVED_WORD} deleted", approve=False)
    moderation.moderate(1, deleted.id, "delete", by="test", now=datetime.now(UTC))
    for wrong in ({"email": f"not {EMAIL}"}, {"email": f"{EMAIL}@x"}, {"website": f"ftp://{ADDRESS}"}):
        invalid: dict[str, Any] = {"email": EMAIL, **wrong}
        event = comment_request(content=f"{UNAPPROVED_WORD} text", **invalid)
        assert blog.ask_as_person("write_comments", event).status == 422
    blog.comments[:] = [each for each in blog.comments if each.id not in {edited.id, pending.id}] + [pending]


def use_contact_form(blog: Blog) -> None:
    """Send messages with the contact form: one as it should be, one as a plain form, and invalid ones."""
    fields: dict[str, Any] = {"email": EMAIL, "name": f"{PRIVATE_WORD} Name", "subject": f"{PRIVATE_WORD} subject"}
    sent = blog.ask_as_person("submit_contact", contact_request(message=f"{PRIVATE_WORD} text", **fields))
    assert sent.status == 201
    for wrong in ({"email": f"not {EMAIL}"}, {"message": ""}):
        event = contact_request(**{"message": f"{PRIVATE_WORD} text", **fields, **wrong})
        assert blog.ask_as_person("submit_contact", event).status == 422


def use_searches(blog: Blog) -> None:
    """Search for personal data, as the person."""
    for query in (EMAIL, f"{PRIVATE_WORD} {EMAIL}", ADDRESS):
        blog.ask_as_person("search_articles", request("/api/search", {"q": query}))
        blog.ask_as_person("search_articles", request("/api/search/suggest", {"q": query}))
        blog.ask_as_person("serve_pages", request("/search/", {"q": query}))


def keyed_hashes() -> list[str]:
    """Return the keyed hashes of the person: of the address, the mailbox, the IP address and its network."""
    keys = signing.load_keys()
    by_ip = ClientId.from_ip(ADDRESS, keys)
    by_email = pseudonyms.pseudonym_of(EMAIL, keys), pseudonyms.mailbox_pseudonym_of(EMAIL, keys)
    return [*by_email, by_ip.address, by_ip.network]
