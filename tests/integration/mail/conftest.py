"""SES on moto with injected failures, and a clock for tests that last days."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from functions.run_scheduled_tasks import app as run_scheduled_tasks
from functions.send_mail import app as send_mail
from functions.serve_mail_links import app as serve_mail_links
from functions.submit_contact import app as submit_contact
from functions.write_comments import app as write_comments
from kolom import outbox
from kolom.comments import admin, moderation, reply_subscriptions
from kolom.comments.types import Comment
from kolom.contact import repository as messages
from kolom.contact.types import Message
from kolom.mail import delivery
from kolom.models.outbox import OutboxRecord
from kolom_cli.emulator.ses import Mail, SentMail
from tests.factories import Context, comment_request, contact_request, pending_mail_event, request
from tests.integration.aws import client
from tests.integration.conftest import Configure
from tests.integration.handlers import Response, call

OWNER = "owner@site.example"
SENDER = "blog@site.example"


class Crash(BaseException):
    """Simulates the end of a process, which no handler can catch."""


class Ses:
    """SES, which accepts all mail by default. ``calls`` counts the requests."""

    def __init__(self, taken: SentMail) -> None:
        self._taken = taken
        self.calls = 0
        self.before: Callable[[], Any] = lambda: None
        self.after: Callable[[], Any] = lambda: None

    @property
    def mails(self) -> list[Mail]:
        """Return the mail that SES has accepted, in order."""
        return self._taken.mails

    def respond_with_error(self, code: str, status: int = 400) -> None:
        """Respond with an error from now on."""

        def answer() -> Any:
            error = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
            return SimpleNamespace(status_code=status), error

        self.before = answer

    def lose_connection(self, *, accepted: bool) -> None:
        """Lose the connection from now on, before SES gets the mail or after it accepted it."""

        def lose() -> None:
            raise ConnectionClosedError(endpoint_url="https://email")

        if accepted:
            self.after = lose
        else:
            self.before = lose

    def crash(self, *, accepted: bool) -> None:
        """End the sender's process from now on, before SES gets the mail or after it accepted it."""

        def end() -> None:
            raise Crash

        if accepted:
            self.after = end
        else:
            self.before = end

    def recover(self) -> None:
        """Accept all mail from now on."""
        self.before = self.after = lambda: None

    def before_send(self, **_: Any) -> Any:
        """Run before botocore sends a request; a returned response replaces that of SES."""
        self.calls += 1
        return self.before()

    def after_response(self, http_response: Any, **_: Any) -> None:
        """Run after SES responded, before the sender reads the response."""
        if http_response.status_code == 200:
            self.after()


@dataclass
class MailSystem:
    """The site's mail from the transaction to the reader. ``now`` is the time."""

    ses: Ses
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    visitors: int = 0

    def submit(self, message: str = "Hello.", **fields: Any) -> Message:
        """Submit a message through the contact form."""
        self.visitors += 1
        address = f"198.51.{self.visitors // 256}.{self.visitors % 256}"
        answer = call(submit_contact.handler, contact_request(address=address, message=message, **fields))
        assert answer.status == 201, answer.body
        return messages.get(answer.json["id"])

    def comment(self, text: str = "Nice.", **fields: Any) -> Comment:
        """Post a comment through the API. Each visitor has another IP address by default.

        The clock advances by a millisecond, so that the ids have the order of the comments.
        """
        self.visitors += 1
        self.now += timedelta(milliseconds=1)
        address = fields.pop("address", f"198.52.{self.visitors // 256}.{self.visitors % 256}")
        answer = call(write_comments.handler, comment_request(content=text, address=address, **fields))
        assert answer.status == 201, answer.body
        return admin.get(answer.json["comment"]["id"])

    def approve(self, comment: Comment) -> Comment:
        """Approve the comment as a moderator."""
        return moderation.moderate(comment.article_id, comment.id, "approve", by="test", now=self.now)

    def subscription(self, comment: Comment) -> str | None:
        """Return the state of the subscription of a comment's author."""
        found = reply_subscriptions.load(comment.article_id, str(comment.person), now=self.now)
        return found.state if found else None

    def open(self, url: str, method: str = "GET", body: str | None = None, **headers: str) -> Response:
        """Follow a link of a mail."""
        path = url.removeprefix("https://blog.example")
        form = {"content-type": "application/x-www-form-urlencoded"} if body else {}
        return call(serve_mail_links.handler, request(path, method=method, headers={**form, **headers}, body=body))

    def deliver_stream(self, *, batch: int = 10) -> None:
        """Invoke the sender with all pending mail, as the stream's filter selects it."""
        records = sorted(OutboxRecord.scan(OutboxRecord.status == "waiting"), key=lambda record: record.item_id)
        waiting = [record.id for record in records]
        for start in range(0, len(waiting), batch):
            self.invoke_sender(*waiting[start : start + batch])

    def invoke_sender(self, *mail_ids: str, left_milliseconds: int = 120_000) -> dict[str, Any]:
        """Invoke the sender with one batch."""
        answer: dict[str, Any] = send_mail.handler(pending_mail_event(*mail_ids), Context(left_milliseconds))
        return answer

    def run_timer(self) -> None:
        """Advance the clock by five minutes and run the scheduled tasks."""
        self.now += timedelta(minutes=5)
        run_scheduled_tasks.handler({}, Context())

    def run_for(self, hours: float) -> None:
        """Advance the clock by that time, and deliver all mail that becomes due."""
        self.deliver_stream()
        end = self.now + timedelta(minutes=5 * int(hours * 12))
        while self.now < end:
            if self.skip_idle_time(end):
                self.run_timer()
                self.deliver_stream()

    def skip_idle_time(self, end: datetime) -> bool:
        """Advance the clock, in steps of five minutes, as long as the scheduled tasks would find no mail that is due.

        Return whether the clock is still before the end.
        """
        due = min((record.due for record in OutboxRecord.scan(OutboxRecord.due.exists())), default=end)
        while self.now < end and due > self.now + timedelta(minutes=5):
            self.now += timedelta(minutes=5)
        return self.now < end

    def status(self, mail_id: str) -> str:
        """Return the status of a mail."""
        return outbox.get(mail_id).status


@pytest.fixture
def ses(tables: None) -> Iterator[Ses]:
    """Yield SES with a verified sender."""
    taken = SentMail()
    with taken.recording():
        client("sesv2").create_email_identity(EmailIdentity=SENDER)
        ses = Ses(taken)
        events = delivery._client().meta.events
        events.register_first("before-call.sesv2.SendEmail", ses.before_send)
        events.register("after-call.sesv2.SendEmail", ses.after_response)
        yield ses
        events.unregister("before-call.sesv2.SendEmail", ses.before_send)
        events.unregister("after-call.sesv2.SendEmail", ses.after_response)


@pytest.fixture
def mail_system(ses: Ses, secret: str, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> MailSystem:
    """Return the mail system of a site whose owner receives mail."""
    configure(owner_email=OWNER, mail_from=SENDER, comments_per_minute=100)
    mail_system = MailSystem(ses)
    clock = SimpleNamespace(now=lambda _: mail_system.now)
    for module in (send_mail, run_scheduled_tasks, submit_contact, write_comments, serve_mail_links):
        monkeypatch.setattr(module, "datetime", clock)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return mail_system
