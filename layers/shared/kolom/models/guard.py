"""The Guard table: what is remembered for a while, so that nobody can do twice, or too often, what should be done once.

| ``key`` | holds |
|---|---|
| ``once#…`` | which comment or message a submission became: ``fingerprint``, ``article_id``, ``item_id`` |
| ``tally#…`` | the submissions of an address, a network, the site or a text within a time: ``seen`` |
| ``sender#<comment>`` | keyed hashes of where a comment came from: ``address``, ``network``; its ``submission`` |
| ``ban#…`` | who may not write any more |
| ``used#…`` | a token or proof of work that is good for one use |

All of it expires. DynamoDB deletes late, so whoever reads an item looks at ``expires_at`` as well.
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
