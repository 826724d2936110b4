"""The ``from`` and ``to`` parameters of a search: dates in the site's time zone, or points in time. Pure."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from kolom.errors import FieldError, InvalidInput

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LOST_PLUS: Final = re.compile(r" (?=\d{2}:\d{2}$)", re.ASCII)


def parse_range(from_: str | None, to: str | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last second of the range in UTC; None for an open end.

    :raises InvalidInput: a value is neither a date nor an RFC 3339 time, or ``from`` is after ``to``
    """
    problems: list[FieldError] = []

    def moment(name: str, text: str | None, time_of_day: time) -> datetime | None:
        try:
            return None if text is None else _moment(text, zone, time_of_day)
        except ValueError as error:
            problems.append(FieldError(name, str(error)))
            return None

    earliest, latest = moment("from", from_, time.min), moment("to", to, time(23, 59, 59))
    if earliest and latest and earliest > latest:
        problems.append(FieldError("from", "must not be after `to`"))
    if problems:
        raise InvalidInput(*problems)
    return earliest, latest


def _moment(text: str, zone: ZoneInfo, time_of_day: time) -> datetime:
    try:
        moment = _parsed(text, zone, time_of_day)
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() is None:
        raise ValueError("must be a date such as 2024-05-16 or a time such as 2024-05-16T09:30:00Z")
    return _in_utc(moment)


def _parsed(text: str, zone: ZoneInfo, time_of_day: time) -> datetime:
    if _DATE.fullmatch(text):
        return datetime.combine(date.fromisoformat(text), time_of_day, zone)
    # An unescaped plus sign in a URL arrives as a space.
    return datetime.fromisoformat(_LOST_PLUS.sub("+", text))


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        limit = datetime.min if moment.year == 1 else datetime.max - timedelta(seconds=1)  # noqa: DTZ901 - made aware
        return limit.replace(tzinfo=UTC)
