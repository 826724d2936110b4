"""The Outbox table: mail to send, written in the transaction that stores or approves what it is about.

| ``id`` | item |
|---|---|
| ``contact#<message>``, ``moderation#<comment>``, ``confirm#…``, ``reply#…`` | :class:`OutboxRecord` |
| ``moderation-digest#<hour>`` | :class:`OutboxRecord`, with the moderation mails of that hour |
| ``suppressed#<hash of an address>`` | :class:`SuppressionRecord` |

An item has references only: no address in plain text and no content. The composer reads both from their tables.
"""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection

from kolom.models.base import Record, SchemaAttribute, TableMeta, TimestampAttribute

QUEUE = "mail"
"""The only value of ``queue``, which a mail has until it is sent, failed or dropped."""


class OutboxMeta(TableMeta):
    """The setting with the table's name."""

    setting = "outbox_table"


class Due(GlobalSecondaryIndex["OutboxRecord"]):
    """Unsent mail by the time of its next attempt."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    queue = UnicodeAttribute(hash_key=True)
    due = TimestampAttribute(range_key=True)


class OutboxByStatus(GlobalSecondaryIndex["OutboxRecord"]):
    """Mail that is sent, failed or dropped, by status. Unsent mail is only in :class:`Due`: its status changes soon."""

    class Meta:
        index_name = "by_status"
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    created_at = TimestampAttribute(range_key=True)


class OutboxRecord(Record):
    """A mail. Its id says what it is about, ``moderation#<comment>``, so that the same mail is never created twice.

    A digest has the ids of the mails that were sent singly in its hour (``single``), of those that it replaces
    (``members``), and the number of further mails (``more``). Before the first member, it has no status. A mail that a
    digest replaces has its id in ``digest``.

    ``created_at`` is the range key of the index by status. Unsent mail does not have it; earlier versions set it when
    they created a mail. :attr:`created` is the time of creation in any case.
    """

    class Meta(OutboxMeta):
        pass

    id = UnicodeAttribute(hash_key=True)
    schema = SchemaAttribute()
    kind = UnicodeAttribute()
    article_id = UnicodeAttribute(null=True)
    item_id = UnicodeAttribute()
    person = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    enqueued_at = TimestampAttribute(null=True)
    created_at = TimestampAttribute(null=True)
    deadline = TimestampAttribute()
    queue = UnicodeAttribute(null=True)
    due = TimestampAttribute(null=True)
    attempts = NumberAttribute(default=0)
    lease = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    sent_at = TimestampAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()
    digest = UnicodeAttribute(null=True)
    single = UnicodeSetAttribute(null=True)
    members = UnicodeSetAttribute(null=True)
    more = NumberAttribute(null=True)

    due_index = Due()
    by_status = OutboxByStatus()

    @property
    def created(self) -> datetime:
        """Return when the mail was created."""
        created = self.enqueued_at or self.created_at
        assert created is not None
        return created


class SuppressionRecord(Record):
    """A suppressed email address, by its keyed hash."""

    class Meta(OutboxMeta):
        pass

    id = UnicodeAttribute(hash_key=True)
    schema = SchemaAttribute()
    reason = UnicodeAttribute()
    created_at = TimestampAttribute()
