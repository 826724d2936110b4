"""Parse and convert the dates of exports. Pure."""

from datetime import UTC, datetime

from kolom.timestamps import has_date_everywhere


def to_utc(moment: datetime) -> datetime | None:
    """Convert an aware time to UTC; None if its year is not from 1 to 9999 in every time zone."""
    return moment.astimezone(UTC) if has_date_everywhere(moment) else None


def parse_iso_datetime(text: str) -> datetime | None:
    """Parse an ISO date and time, in UTC unless it has an offset; None if it is invalid or out of range."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return to_utc(found.replace(tzinfo=UTC) if found.tzinfo is None else found)
