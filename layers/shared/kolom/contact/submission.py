"""Store contact messages. Each is stored once, together with the mail about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from ulid import ULID

from kolom import outbox
from kolom.config import settings
from kolom.contact.types import join_subject_and_text
from kolom.models.guard import GuardRecord
from kolom.models.messages import MessageRecord
from kolom.models.transaction import Transaction
from kolom.rendering import visitor_text
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of
from kolom.submissions import spam_rules
from kolom.submissions.pipeline import FormMeta, RequestContext, SubmissionPipeline, SubmittedText, submit_new
from kolom.submissions.spam_rules import SpamFinding
from kolom.timestamps import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A visitor's message with validated fields."""

    email: str
    message: str
    name: str | None = None
    subject: str | None = None
    form: FormMeta = field(default_factory=FormMeta)


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """The id of the message; ``status`` is None for a repetition."""

    id: str
    status: Literal["new", "spam"] | None


def submit(message: NewMessage, context: RequestContext, *, now: datetime) -> SubmissionResult:
    """Store a contact message and the mail about it.

    Sending it again changes nothing and returns the same id: for :data:`~.idempotency.KEY_HOURS` with an idempotency
    key, otherwise for :data:`~.idempotency.SAME_MINUTES` from the same address. Later it is a new message.

    Conclusive spam is stored as spam, without a mail; suspicious messages are mailed.

    :raises InvalidInput: the idempotency key, the form token or the proof of work is not valid
    :raises RateLimited: a limit of the client, its network or the site is reached
    :raises ServiceBusy: nothing was stored
    """
    return submit_new(_MessageSubmission(message, now), context, now=now)


class _MessageSubmission:
    purpose = "contact"
    is_message = True

    def __init__(self, message: NewMessage, now: datetime) -> None:
        self._message = message
        self._now = now
        self.form = message.form

    def fields(self) -> dict[str, Any]:
        message = self._message
        return {"name": message.name, "email": message.email, "subject": message.subject, "message": message.message}

    def check(self) -> None:
        """Do nothing: a site always accepts messages."""

    def text(self) -> SubmittedText:
        message = self._message
        content = join_subject_and_text(message.subject, message.message)
        return SubmittedText(
            name=message.name or "",
            content=content,  # a message is shown as it was sent
            source=content,
            links=visitor_text.render(content).links,
        )

    def store(self, findings: Sequence[SpamFinding], pipeline: SubmissionPipeline) -> SubmissionResult:
        status: Literal["new", "spam"] = "spam" if spam_rules.is_spam(findings) else "new"
        record = self._record(status, findings)

        def add(transaction: Transaction) -> None:
            transaction.put(record)
            if status == "new" and settings().owner_email:
                outbox.enqueue(transaction, f"contact#{record.id}", "contact", item_id=record.id, now=self._now)

        pipeline.save_once(record.id, add)
        return SubmissionResult(record.id, status)

    def repeat(self, record: GuardRecord, *, is_same_client: bool) -> SubmissionResult:  # noqa: ARG002 - any client may get the id
        return SubmissionResult(str(record.item_id), None)

    def _record(self, status: Literal["new", "spam"], findings: Sequence[SpamFinding]) -> MessageRecord:
        message, now = self._message, self._now
        days = settings().spam_days if status == "spam" else settings().message_days
        return MessageRecord(
            str(ULID.from_datetime(now)),
            status=status,
            name=message.name,
            email=message.email,
            subject=message.subject,
            message=message.message,
            person=pseudonym_of(message.email, signing.load_keys()),
            created_at=now,
            reasons=list(spam_rules.reasons(findings)),
            expires_at=int(now.timestamp()) + days * SECONDS_PER_DAY,
        )
