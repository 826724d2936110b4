"""Expiry of items. DynamoDB deletes expired items late, so whoever reads an item must ignore it from then on.

``now`` is the current time by default.
"""

from datetime import UTC, datetime

from pynamodb.attributes import NumberAttribute

from kolom.models.expressions import Condition


def has_expired(expires_at: float | None, now: datetime | None = None) -> bool:
    """Return whether an item with this ``expires_at`` (Unix seconds, None for never) has expired."""
    return expires_at is not None and expires_at <= (now or datetime.now(UTC)).timestamp()


def is_expired(expires_at: NumberAttribute, now: datetime | None = None) -> Condition:
    """Return the condition that an item has expired, so that a new one may replace it."""
    condition: Condition = expires_at <= _seconds(now)
    return condition


def is_unexpired(expires_at: NumberAttribute, now: datetime | None = None) -> Condition:
    """Return the condition that an item has not expired. An item without the attribute, or no item, has not."""
    condition: Condition = expires_at.does_not_exist() | (expires_at > _seconds(now))
    return condition


def _seconds(now: datetime | None) -> int:
    return int((now or datetime.now(UTC)).timestamp())
