"""The Messages table: what the contact form received, for the site's owner alone."""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from kolom.models.base import Record, TableMeta, TimestampAttribute


class MessagesByStatus(GlobalSecondaryIndex["MessageRecord"]):
    """The messages by what became of them, in the order in which they came."""

    class Meta:
        index_name = "by_status"
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class MessageRecord(Record):
    """One message, as it was submitted. ``person`` is a keyed hash of its e-mail address, to find a person's by."""

    class Meta(TableMeta):
        setting = "messages_table"

    id = UnicodeAttribute(hash_key=True)
    schema = NumberAttribute(default=1)
    status = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    email = UnicodeAttribute()
    subject = UnicodeAttribute(null=True)
    message = UnicodeAttribute()
    person = UnicodeAttribute()
    created_at = TimestampAttribute()
    reasons: ListAttribute[str] = ListAttribute()
    expires_at = NumberAttribute()

    by_status = MessagesByStatus()
