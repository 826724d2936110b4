"""Times as text: RFC 3339 in UTC. Pure."""

from datetime import UTC, datetime
from typing import Final

SECONDS_PER_DAY: Final = 86_400

# No time zone is as much as a day from UTC.
_FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC)


def has_date_everywhere(moment: datetime) -> bool:
    """Return whether ``moment`` (aware) has a date in every time zone: years are from 1 to 9999."""
    return _FIRST <= moment <= _LAST


def to_rfc3339(moment: datetime) -> str:
    """Format ``moment`` (aware) in UTC to the second, ending in ``Z``. The order of the texts is that of the times."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def parse_time(text: str) -> datetime:
    """Parse a time in RFC 3339.

    :raises ValueError: it is none, or has no time zone
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} has no time zone")
    return moment
