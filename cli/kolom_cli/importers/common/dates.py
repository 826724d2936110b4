"""Parse ISO dates and times, as most exports write them. Pure."""

from datetime import UTC, datetime


def parse_iso_datetime(text: str) -> datetime | None:
    """Parse an ISO date and time, in UTC unless it has an offset; None if it is invalid."""
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
