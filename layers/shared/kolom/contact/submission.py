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
from kolom.security.pseudonyms import person_of
from kolom.submissions import spam_rules
from kolom.submissions.pipeline import Arrival, Form, Intake
from kolom.timestamps import SECONDS_PER_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a visitor wrote, already valid in itself."""

    email: str
    message: str
    name: str | None = None
    subject: str | None = None
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The id of the message; ``status`` is None for one that had been sent before."""

    id: str
    status: Literal["new", "spam"] | None


def submit(draft: Draft, arrival: Arrival, *, now: datetime) -> Submitted:
    """Take the message. Sent again, it gives the same answer and changes nothing.

    What is surely spam is stored as such, and nobody is mailed of it; what is merely suspicious is mailed.

    :raises Invalid: a token is not valid
    :raises TooMany: the sender, their network or the site has to wait
    :raises Busy: nothing was stored
    """
    fields = {"name": draft.name, "email": draft.email, "subject": draft.subject, "message": draft.message}
    intake = Intake.begin("contact", fields, draft.form, arrival, now=now)
    if intake.before is not None:
        return Submitted(str(intake.before.item_id), None)
    intake.admit()
    content = f"{draft.subject}\n{draft.message}" if draft.subject else draft.message
    findings = intake.examine(name=draft.name or "", content=content, links=visitor_text.render(content).links)
    status: Literal["new", "spam"] = "spam" if spam_rules.is_spam(findings) else "new"
    days = settings().spam_days if status == "spam" else settings().message_days
    record = MessageRecord(
        str(ULID.from_datetime(now)),
        status=status,
        name=draft.name,
        email=draft.email,
        subject=draft.subject,
        message=draft.message,
        person=person_of(draft.email, signing.secret()),
        created_at=now,
        reasons=list(spam_rules.reasons(findings)),
        expires_at=int(now.timestamp()) + days * SECONDS_PER_DAY,
    )

    def add(transaction: Transaction) -> None:
        transaction.put(record)
        if status == "new" and settings().owner_email:
            outbox.put(transaction, f"contact#{record.id}", "contact", item_id=record.id, now=now)

    before = intake.store(record.id, add)
    return Submitted(record.id, status) if before is None else Submitted(str(before.item_id), None)
