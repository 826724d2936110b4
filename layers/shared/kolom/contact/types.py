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
