"""What a message is. Pure data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

type Status = Literal["new", "read", "spam"]

STATUSES: Final[tuple[Status, ...]] = ("new", "read", "spam")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it was submitted. ``reasons`` is what spoke against it; ``expires_at`` is in Unix seconds."""

    id: str
    status: Status
    email: str
    message: str
    created_at: datetime
    expires_at: int
    name: str | None = None
    subject: str | None = None
    reasons: tuple[str, ...] = ()
