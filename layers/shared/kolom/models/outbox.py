"""The Outbox table: mail that is to be sent, written in the transaction that stores or approves what it tells of."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from kolom.models.base import Record, TableMeta, TimestampAttribute

QUEUE = "mail"
"""The one value of ``queue``, which mail has until it is sent."""


class Due(GlobalSecondaryIndex["OutboxRecord"]):
    """What is still to be sent, by the time at which to try."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    queue = UnicodeAttribute(hash_key=True)
    due = UnicodeAttribute(range_key=True)


class OutboxByStatus(GlobalSecondaryIndex["OutboxRecord"]):
    """All mail, by what became of it."""

    class Meta:
        index_name = "by_status"
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    created_at = TimestampAttribute(range_key=True)


class OutboxRecord(Record):
    """One mail. Its id says what it tells of, so that the same is never written twice: ``moderation#<comment>``."""

    class Meta(TableMeta):
        setting = "outbox_table"

    id = UnicodeAttribute(hash_key=True)
    schema = NumberAttribute(default=1)
    kind = UnicodeAttribute()
    article_id = UnicodeAttribute(null=True)
    item_id = UnicodeAttribute()
    status = UnicodeAttribute()
    created_at = TimestampAttribute()
    queue = UnicodeAttribute(null=True)
    due = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()

    due_index = Due()
    by_status = OutboxByStatus()
