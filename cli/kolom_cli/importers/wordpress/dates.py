"""The dates of a WordPress export."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from kolom.config import settings


def parse_local_datetime(gmt: str, local: str) -> datetime | None:
    """The moment of a time in UTC or else, for lack of one, in the site's time zone; None if neither is a date."""
    moment = parse_utc_datetime(gmt)
    if moment is None and (at_home := parse_utc_datetime(local)):
        moment = _in_utc(at_home.replace(tzinfo=settings().zone))
    return moment


def parse_utc_datetime(text: str) -> datetime | None:
    """``2010-10-05 07:27:25`` in UTC; None for WordPress's ``0000-00-00 00:00:00`` and whatever is no date."""
    try:
        return _in_utc(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC))
    except ValueError:
        return None


def parse_mail_date(text: str) -> datetime | None:
    """A date as in an e-mail; None for what is none, such as WordPress's ``Wed, 30 Nov -0001``."""
    if " -0001 " in text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return _in_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _in_utc(moment: datetime) -> datetime | None:
    """The moment in UTC; None if it is before the first or after the last year, in UTC or where the site is."""
    try:
        moment.astimezone(settings().zone)
        return moment.astimezone(UTC)
    except OverflowError:
        return None
