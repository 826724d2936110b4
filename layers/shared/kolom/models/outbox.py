"""The Outbox table: mail that is to be sent, written in the transaction that stores or approves what it tells of.

| ``id`` | item |
|---|---|
| ``contact#<message>``, ``moderation#<comment>``, ``confirm#…``, ``reply#…`` | :class:`OutboxRecord` |
| ``suppressed#<hash of an address>`` | :class:`SuppressionRecord` |

An item says what is to be told, never to whom in plain words, nor with which: whoever sends it reads that where it is.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from kolom.models.base import Record, TableMeta, TimestampAttribute

QUEUE = "mail"
"""The one value of ``queue``, which mail has until it is sent or given up."""


class OutboxMeta(TableMeta):
    """Which table it is."""

    setting = "outbox_table"


class Due(GlobalSecondaryIndex["OutboxRecord"]):
    """What is still to be sent, by the time at which somebody has to look after it."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    queue = UnicodeAttribute(hash_key=True)
    due = TimestampAttribute(range_key=True)


class OutboxByStatus(GlobalSecondaryIndex["OutboxRecord"]):
    """All mail, by what became of it."""

    class Meta:
        index_name = "by_status"
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    created_at = TimestampAttribute(range_key=True)


class OutboxRecord(Record):
    """One mail. Its id says what it tells of, so that the same is never written twice: ``moderation#<comment>``."""

    class Meta(OutboxMeta):
        pass

    id = UnicodeAttribute(hash_key=True)
    schema = NumberAttribute(default=1)
    kind = UnicodeAttribute()
    article_id = UnicodeAttribute(null=True)
    item_id = UnicodeAttribute()
    person = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    created_at = TimestampAttribute()
    deadline = TimestampAttribute()
    queue = UnicodeAttribute(null=True)
    due = TimestampAttribute(null=True)
    attempts = NumberAttribute(default=0)
    lease = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    sent_at = TimestampAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()

    due_index = Due()
    by_status = OutboxByStatus()


class SuppressionRecord(Record):
    """An address that is not written to any more, by its keyed hash."""

    class Meta(OutboxMeta):
        pass

    id = UnicodeAttribute(hash_key=True)
    schema = NumberAttribute(default=1)
    reason = UnicodeAttribute()
    created_at = TimestampAttribute()
