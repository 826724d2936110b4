"""Parse the dates of a WordPress export."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kolom.config import settings
from kolom_cli.importers.common.dates import to_utc


def parse_gmt_or_local(gmt: str, local: str) -> datetime | None:
    """Parse ``gmt``, in UTC, or else ``local``, in the time zone of the Kolom site; None if neither is valid."""
    parsed = parse_utc_datetime(gmt)
    if parsed is None and (site_time := parse_utc_datetime(local)):
        parsed = to_utc(site_time.replace(tzinfo=settings().zone))
    return parsed


def parse_utc_datetime(text: str) -> datetime | None:
    """Parse ``2010-10-05 07:27:25`` as UTC; None for WordPress's ``0000-00-00 00:00:00`` and other invalid dates."""
    try:
        return to_utc(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC))
    except ValueError:
        return None


def parse_mail_date(text: str) -> datetime | None:
    """Parse a date in the format of email; None if it is invalid, such as WordPress's ``Wed, 30 Nov -0001``."""
    if " -0001 " in text:
        return None
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return to_utc(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
