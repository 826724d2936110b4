"""Times as text: RFC 3339 in UTC. Pure."""

from datetime import UTC, datetime
from typing import Final

SECONDS_PER_DAY: Final = 86_400


def to_rfc3339(moment: datetime) -> str:
    """Format ``moment`` (aware) in UTC to the second, ending in ``Z``. The order of the texts is that of the times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
