"""Measure the cost of messages and mail: DynamoDB requests and capacity units of each step, by real handlers on moto.

    .venv/bin/python -m benchmarks.mail

An update in a transaction is counted for an item of less than 1 KB. Index writes are counted for complete items. SES
additionally bills each mail that it accepts.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.capacity import metered
from benchmarks.handlers import bill_figures, configure, local_aws
from benchmarks.runner.figures import Figure
from benchmarks.runner.part import NoOptions, Part
from kolom_cli.emulator.ses import SentMail

TEXT = "Message {} of an ordinary length. It has two sentences and some more words, so that duplicates are searched."


class Site:
    """A site with an owner, and the handlers that send mail."""

    def __init__(self) -> None:
        # Imported after the environment is set, because the logger reads it.
        from functions.send_mail.app import handler as send
        from functions.submit_contact.app import handler as submit
        from functions.write_comments.app import handler as write
        from kolom.articles import publishing
        from tests import factories

        self._factories = factories
        self._handlers = {"submit": submit, "send": send, "write": write}
        self._visitors = 0
        publishing.publish(factories.content("a"), now=factories.NOW)

    def submit(self, message: str, **fields: Any) -> None:
        """Send a message from a new IP address."""
        event = self._factories.contact_request(address=self._address(), message=message, **fields)
        answer = self._handlers["submit"](event, self._factories.Context())
        assert answer["statusCode"] == 201, answer  # noqa: PLR2004, RUF100

    def comment(self, **fields: Any) -> Any:
        """Post a comment from a new IP address; return the stored comment."""
        import json

        from kolom.comments import admin

        event = self._factories.comment_request("a", address=self._address(), **fields)
        answer = self._handlers["write"](event, self._factories.Context())
        return admin.get(json.loads(answer["body"])["comment"]["id"])

    def send(self, *mail_ids: str) -> None:
        """Invoke the function that sends the mails."""
        self._handlers["send"](self._factories.pending_mail_event(*mail_ids), self._factories.Context())

    def _address(self) -> str:
        self._visitors += 1
        return f"10.{self._visitors // 250}.{self._visitors % 250}.1"


def measure(_: NoOptions) -> Iterator[Figure]:
    """Yield the requests and capacity units of each step."""
    with local_aws() as mails:
        site = Site()
        site.submit("The first message, which fills the caches.")
        yield from _messages(site)
        yield from _mail(site, mails)


def _messages(site: Site) -> Iterator[Figure]:
    key = {"idempotency-key": "again"}
    site.submit(TEXT.format(0), headers=key)
    steps: dict[str, Callable[[], None]] = {
        "POST /api/contact": lambda: site.submit(TEXT.format(1)),
        "… of a text below 40 characters": lambda: site.submit("Short."),
        "… spam": lambda: site.submit(TEXT.format(2), website_url="x"),
        "… sent again": lambda: site.submit(TEXT.format(0), headers=key),
        "… refused for its email address": lambda: _refused(site),
    }
    for name, step in steps.items():
        with metered() as bill:
            step()
        yield from bill_figures(name, bill)


def _refused(site: Site) -> None:
    try:
        site.submit("x", email="no")
    except AssertionError:
        return


def _mail(site: Site, mails: SentMail) -> Iterator[Figure]:
    from kolom import outbox
    from kolom.comments import moderation, reply_subscriptions
    from kolom.models.outbox import OutboxRecord

    now = datetime.now(UTC)
    configure(moderation_mode="first")

    def approve(comment: Any, name: str) -> Iterator[Figure]:
        with metered() as bill:
            moderation.moderate(1, comment.id, "approve", by="benchmark", now=now)
        yield from bill_figures(name, bill)

    parent = site.comment(content="The first.", email="a@example.com", notify_replies=True)
    waiting = next(record.id for record in OutboxRecord.scan() if record.kind == "moderation")
    with metered() as bill:
        site.send(waiting)
    yield from bill_figures("sending the mail about a comment", bill)
    yield from approve(parent, "approving a comment whose author wants notifications of replies")
    reply_subscriptions.execute(reply_subscriptions.SubscriptionLink("confirm", 1, str(parent.person), 0), now=now)
    yield from approve(site.comment(content="A reply.", parent_id=parent.id), "approving a reply to a subscriber")
    for kind in ("contact", "confirm", "reply"):
        mail_id = next(record.id for record in OutboxRecord.scan() if record.kind == kind)
        before = len(mails.mails)
        with metered() as bill:
            site.send(mail_id)
        sent = "sending" if len(mails.mails) > before else "dropping"
        yield from bill_figures(f"{sent} the mail of kind {kind}", bill)
    yield from _digest(site)
    with metered() as bill:
        outbox.requeue_due(now=now)
    yield from bill_figures("the schedule, with no mail due", bill)
    with metered() as bill:
        released = outbox.requeue_due(now=now + timedelta(hours=6))
    yield from bill_figures(f"the schedule, with {len(released.requeued)} mails due", bill)


def _digest(site: Site) -> Iterator[Figure]:
    """Measure a mail that is left to a digest, and the digest of five comments."""
    from kolom import outbox
    from kolom.mail import digests
    from kolom.models.outbox import OutboxRecord

    now = datetime.now(UTC)
    for number in range(12):
        site.comment(content=f"One of many, number {number}.")
    waiting = [
        record.id for record in OutboxRecord.scan(OutboxRecord.status == "waiting") if record.kind == "moderation"
    ]
    for mail_id in waiting[:9]:
        site.send(mail_id)
    with metered() as bill:
        site.send(waiting[9])
    yield from bill_figures("leaving the mail about a comment to a digest", bill)
    digest = digests.digest_id(now)
    outbox.resend(digest, now=now)
    with metered() as bill:
        site.send(digest)
    yield from bill_figures(f"sending a digest of {len(outbox.get(digest).members or ())} comments", bill)
    outbox.requeue_due(now=now + timedelta(hours=2))
    with metered() as bill:
        site.send(waiting[9])
    yield from bill_figures("marking a mail of a digest as sent", bill)


PART = Part("mail", "Requests and capacity units of messages and mail.", measure, small=NoOptions(), full=NoOptions())

if __name__ == "__main__":
    PART.main()
