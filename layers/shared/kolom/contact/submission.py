"""Taking a message: once, and stored together with the mail about it. Only then is the visitor told so."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ulid import ULID

from kolom import outbox
from kolom.config import settings
from kolom.models.messages import MessageRecord
from kolom.models.transaction import Transaction
from kolom.rendering import visitor_text
from kolom.security import signing
from kolom.security.pseudonyms import pseudonym_of
from kolom.submissions import spam_rules
from kolom.submissions.pipeline import FormMeta, RequestContext, SubmissionPipeline
from kolom.timestamps import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """What a visitor wrote, already valid in itself."""

    email: str
    message: str
    name: str | None = None
    subject: str | None = None
    form: FormMeta = field(default_factory=FormMeta)


@dataclass(frozen=True, slots=True)
class SubmissionResult:
    """The id of the message; ``status`` is None for one that had been sent before."""

    id: str
    status: Literal["new", "spam"] | None


def submit(draft: NewMessage, arrival: RequestContext, *, now: datetime) -> SubmissionResult:
    """Take the message. Sent again, it gives the same answer and changes nothing.

    What is surely spam is stored as such, and nobody is mailed of it; what is merely suspicious is mailed.

    :raises Invalid: a token is not valid
    :raises TooMany: the sender, their network or the site has to wait
    :raises Busy: nothing was stored
    """
    fields = {"name": draft.name, "email": draft.email, "subject": draft.subject, "message": draft.message}
    pipeline = SubmissionPipeline.start("contact", fields, draft.form, arrival, now=now)
    if pipeline.before is not None:
        return SubmissionResult(str(pipeline.before.item_id), None)
    pipeline.check_limits()
    content = f"{draft.subject}\n{draft.message}" if draft.subject else draft.message
    findings = pipeline.score_spam(name=draft.name or "", content=content, links=visitor_text.render(content).links)
    status: Literal["new", "spam"] = "spam" if spam_rules.is_spam(findings) else "new"
    days = settings().spam_days if status == "spam" else settings().message_days
    record = MessageRecord(
        str(ULID.from_datetime(now)),
        status=status,
        name=draft.name,
        email=draft.email,
        subject=draft.subject,
        message=draft.message,
        person=pseudonym_of(draft.email, signing.load_keys()),
        created_at=now,
        reasons=list(spam_rules.reasons(findings)),
        expires_at=int(now.timestamp()) + days * SECONDS_PER_DAY,
    )

    def add(transaction: Transaction) -> None:
        transaction.put(record)
        if status == "new" and settings().owner_email:
            outbox.enqueue(transaction, f"contact#{record.id}", "contact", item_id=record.id, now=now)

    before = pipeline.save_once(record.id, add)
    return SubmissionResult(record.id, status) if before is None else SubmissionResult(str(before.item_id), None)
