"""SES as moto plays it, with the weather of the field; and a clock, so that a day passes in a test."""

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
from tests.factories import Context, comment_request, contact_request, request, waiting_mail
from tests.integration.aws import client
from tests.integration.conftest import Configure
from tests.integration.handlers import Answered, call

OWNER = "owner@site.example"
SENDER = "blog@site.example"


class Crash(BaseException):
    """The end of a process in the middle of its work, which no handler can catch."""


class Ses:
    """What SES does with each mail it is given: by default it takes it. ``calls`` counts how often it is asked."""

    def __init__(self, taken: SentMail) -> None:
        self._taken = taken
        self.calls = 0
        self.before: Callable[[], Any] = lambda: None
        self.after: Callable[[], Any] = lambda: None

    @property
    def mails(self) -> list[Mail]:
        """What SES has accepted, in that order."""
        return self._taken.mails

    def refuse(self, code: str, status: int = 400) -> None:
        """Answer with an error from now on."""

        def answer() -> Any:
            error = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
            return SimpleNamespace(status_code=status), error

        self.before = answer

    def cut(self, *, accepted: bool) -> None:
        """Lose the connection from now on, before SES has heard of the mail or after it has accepted it."""

        def lose() -> None:
            raise ConnectionClosedError(endpoint_url="https://email")

        if accepted:
            self.after = lose
        else:
            self.before = lose

    def crash(self, *, accepted: bool) -> None:
        """End the sender's process from now on, before SES has heard of the mail or after it has accepted it."""

        def end() -> None:
            raise Crash

        if accepted:
            self.after = end
        else:
            self.before = end

    def mend(self) -> None:
        """Take every mail from now on."""
        self.before = self.after = lambda: None

    def hear(self, **_: Any) -> Any:
        """Before botocore sends; an answer stands for SES's."""
        self.calls += 1
        return self.before()

    def answer(self, http_response: Any, **_: Any) -> None:
        """After SES has answered, before anybody has read it."""
        if http_response.status_code == 200:
            self.after()


@dataclass
class PostOffice:
    """The site's mail from the transaction to the reader. ``now`` is the time; ``outcomes`` what handlers answered."""

    ses: Ses
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    visitors: int = 0

    def submit(self, message: str = "Hello.", **fields: Any) -> Message:
        """A message by the contact form."""
        self.visitors += 1
        address = f"198.51.{self.visitors // 256}.{self.visitors % 256}"
        answer = call(submit_contact.handler, contact_request(address=address, message=message, **fields))
        assert answer.status == 201, answer.body
        return messages.get(answer.json["id"])

    def comment(self, text: str = "Nice.", **fields: Any) -> Comment:
        """A comment by the API. Each visitor has an address of their own, unless they say otherwise."""
        self.visitors += 1
        address = fields.pop("address", f"198.52.{self.visitors // 256}.{self.visitors % 256}")
        answer = call(write_comments.handler, comment_request(content=text, address=address, **fields))
        assert answer.status == 201, answer.body
        return admin.get(answer.json["comment"]["id"])

    def approve(self, comment: Comment) -> Comment:
        """What the moderator does."""
        return moderation.moderate(comment.article_id, comment.id, "approve", by="test", now=self.now)

    def subscription(self, comment: Comment) -> str | None:
        """The state of the subscription of a comment's author."""
        found = reply_subscriptions.load(comment.article_id, str(comment.person), now=self.now)
        return found.state if found else None

    def open(self, url: str, method: str = "GET", body: str | None = None, **headers: str) -> Answered:
        """Follow a link of a mail."""
        path = url.removeprefix("https://blog.example")
        form = {"content-type": "application/x-www-form-urlencoded"} if body else {}
        return call(serve_mail_links.handler, request(path, method=method, headers={**form, **headers}, body=body))

    def stream(self, *, batch: int = 10) -> None:
        """Bring all mail that waits to its sender, as the stream does through its filter."""
        waiting = [record.id for record in OutboxRecord.scan(OutboxRecord.status == "waiting")]
        for start in range(0, len(waiting), batch):
            self.bring(*waiting[start : start + batch])

    def bring(self, *mail_ids: str, left_milliseconds: int = 120_000) -> dict[str, Any]:
        """Bring the sender one batch."""
        answer: dict[str, Any] = send_mail.handler(waiting_mail(*mail_ids), Context(left_milliseconds))
        return answer

    def timer(self) -> None:
        """The five minutes are over."""
        self.now += timedelta(minutes=5)
        run_scheduled_tasks.handler({}, Context())

    def run(self, hours: float) -> None:
        """Let so much time pass. The timer is rung only when mail is due: otherwise it does nothing."""
        self.stream()
        due = self._next_due()
        for _ in range(int(hours * 12)):
            if due is None or due > self.now + timedelta(minutes=5):
                self.now += timedelta(minutes=5)
                continue
            self.timer()
            self.stream()
            due = self._next_due()

    def _next_due(self) -> datetime | None:
        return min((record.due for record in OutboxRecord.scan(OutboxRecord.due.exists())), default=None)

    def status(self, mail_id: str) -> str:
        """What has become of a mail."""
        return outbox.get(mail_id).status


@pytest.fixture
def ses(tables: None) -> Iterator[Ses]:
    """SES, with its sender verified."""
    taken = SentMail()
    with taken.recording():
        client("sesv2").create_email_identity(EmailIdentity=SENDER)
        ses = Ses(taken)
        events = delivery._client().meta.events
        events.register_first("before-call.sesv2.SendEmail", ses.hear)
        events.register("after-call.sesv2.SendEmail", ses.answer)
        yield ses
        events.unregister("before-call.sesv2.SendEmail", ses.hear)
        events.unregister("after-call.sesv2.SendEmail", ses.answer)


@pytest.fixture
def post_office(ses: Ses, secret: str, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> PostOffice:
    """A site whose owner wants mail, and its clock."""
    configure(owner_email=OWNER, mail_from=SENDER, comments_per_minute=100)
    office = PostOffice(ses)
    clock = SimpleNamespace(now=lambda _: office.now)
    for module in (send_mail, run_scheduled_tasks, submit_contact, write_comments, serve_mail_links):
        monkeypatch.setattr(module, "datetime", clock)
    monkeypatch.setattr("time.sleep", lambda _: None)
    return office
