"""ISO dates and times, as most exports write them. Pure."""

from datetime import UTC, datetime


def parse_iso_datetime(text: str) -> datetime | None:
    """The moment, in UTC unless it says otherwise; None for what is none."""
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
