"""Types of contact messages. Pure data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

type Status = Literal["new", "read", "spam"]

STATUSES: Final[tuple[Status, ...]] = ("new", "read", "spam")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A submitted message. ``reasons`` are the spam findings; ``expires_at`` is in Unix seconds."""

    id: str
    status: Status
    email: str
    message: str
    created_at: datetime
    expires_at: int
    name: str | None = None
    subject: str | None = None
    reasons: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return the text that the spam rules evaluate."""
        return join_subject_and_text(self.subject, self.message)


def join_subject_and_text(subject: str | None, message: str) -> str:
    """Return the subject, if there is one, and the message, as one text."""
    return f"{subject}\n{message}" if subject else message
