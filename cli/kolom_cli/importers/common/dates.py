"""Parse ISO dates and times, as most exports write them. Pure."""

from datetime import UTC, datetime

from kolom.timestamps import has_date_everywhere


def parse_iso_datetime(text: str) -> datetime | None:
    """Parse an ISO date and time, in UTC unless it has an offset; None if it is invalid or out of range."""
    try:
        found = datetime.fromisoformat(text.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if has_date_everywhere(found) else None
