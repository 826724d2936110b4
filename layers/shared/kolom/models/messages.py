"""The Messages table: messages from the contact form, readable only by the site's owner."""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from kolom.models.base import Record, SchemaAttribute, TableMeta, TimestampAttribute


class MessagesByStatus(GlobalSecondaryIndex["MessageRecord"]):
    """Messages by status, in the order in which they arrived."""

    class Meta:
        index_name = "by_status"
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class MessageRecord(Record):
    """A message as submitted. ``person`` is the pseudonym of its email address, to find the messages of a person."""

    class Meta(TableMeta):
        setting = "messages_table"

    id = UnicodeAttribute(hash_key=True)
    schema = SchemaAttribute()
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
