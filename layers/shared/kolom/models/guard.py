"""The Guard table: short-lived records that make actions idempotent and limit their rate.

| ``key`` | content |
|---|---|
| ``once#…`` | the comment or message created by a submission: ``fingerprint``, ``article_id``, ``item_id`` |
| ``tally#…`` | the submissions of an address, a network or the site in a period: ``seen`` |
| ``tally#copies#…`` | keyed hashes of the senders of a text on a day: ``seen`` |
| ``sender#<comment>`` | keyed hashes of a comment's client: ``address``, ``network``; its ``submission`` |
| ``ban#…`` | a banned client |
| ``used#…`` | a used single-use token or proof of work |

All items expire. DynamoDB deletes late, so readers must also check ``expires_at``.
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from kolom.models.base import Record, TableMeta


class GuardRecord(Record):
    """Any item of the table."""

    class Meta(TableMeta):
        setting = "guard_table"

    key = UnicodeAttribute(hash_key=True)
    schema = NumberAttribute(default=1)
    expires_at = NumberAttribute()
    fingerprint = UnicodeAttribute(null=True)
    article_id = UnicodeAttribute(null=True)
    item_id = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)
    network = UnicodeAttribute(null=True)
    submission = UnicodeAttribute(null=True)
    seen = UnicodeSetAttribute(null=True)
