"""The Comments table: comments by article and time, counts of approved comments, addresses and subscriptions.

| ``article_id`` | ``sort`` | item |
|---|---|---|
| ``7`` | a ULID | :class:`CommentRecord` |
| ``stats#7`` | ``stats`` | :class:`StatsRecord` |
| ``address#<ULID>`` | ``address`` | :class:`AddressRecord`: the email address of the comment's author; it expires |
| ``subscription#7#<person>`` | ``subscription`` | :class:`SubscriptionRecord`: the state of a reply subscription |

``public`` and ``recent`` are sparse indexes: a comment is in ``public`` while it has ``public_article_id``, and in
``recent`` while it has ``public_site``. They project only public attributes. The functions that show comments can read
these indexes and the counts, but nothing else: no email address and no pseudonym. The function that takes comments can
read all items.
"""

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection

from kolom.models.base import Record, SchemaAttribute, TableMeta, TimestampAttribute

STATS = "stats"
ADDRESS = "address"
SUBSCRIPTION = "subscription"
SITE = "site"
"""The only value of ``public_site``."""

_PUBLIC_FIELDS = [
    *("parent_id", "name", "website", "avatar", "is_owner", "content_html", "created_at", "edited_at", "deleted")
]


class Public(GlobalSecondaryIndex["CommentRecord"]):
    """The public comments of an article, including tombstones."""

    class Meta:
        index_name = "public"
        projection = IncludeProjection(_PUBLIC_FIELDS)

    public_article_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)


class Recent(GlobalSecondaryIndex["CommentRecord"]):
    """The approved comments of the whole site."""

    class Meta:
        index_name = "recent"
        projection = IncludeProjection(_PUBLIC_FIELDS)

    public_site = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)


class ByStatus(GlobalSecondaryIndex["CommentRecord"]):
    """The moderation queues."""

    class Meta:
        index_name = "by_status"
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)


class CommentsMeta(TableMeta):
    """The setting with the table's name."""

    setting = "comments_table"


class CommentRecord(Record):
    """A comment. ``name``, ``website`` and ``content_html`` are for the public, and exist only while it is approved."""

    class Meta(CommentsMeta):
        pass

    article_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)
    schema = SchemaAttribute()

    status = UnicodeAttribute()
    status_before = UnicodeAttribute(null=True)
    parent_id = UnicodeAttribute(null=True)
    depth = NumberAttribute()
    replies = NumberAttribute()
    author_name = UnicodeAttribute()
    author_website = UnicodeAttribute(null=True)
    content = UnicodeAttribute()
    person = UnicodeAttribute(null=True)
    avatar = UnicodeAttribute()
    is_owner = BooleanAttribute()
    created_at = TimestampAttribute()
    edited_at = TimestampAttribute(null=True)
    reasons: ListAttribute[str] = ListAttribute()
    decided_by = UnicodeAttribute()
    version = NumberAttribute()
    revision = NumberAttribute()
    change = UnicodeAttribute()
    announced = BooleanAttribute(default=False)
    expires_at = NumberAttribute(null=True)

    public_article_id = UnicodeAttribute(null=True)
    public_site = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    website = UnicodeAttribute(null=True)
    content_html = UnicodeAttribute(null=True)
    deleted = BooleanAttribute(null=True)

    public = Public()
    recent = Recent()
    by_status = ByStatus()


class StatsRecord(Record):
    """The number of approved comments of an article."""

    class Meta(CommentsMeta):
        pass

    article_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)
    schema = SchemaAttribute()
    approved = NumberAttribute(default=0)


class AddressRecord(Record):
    """The email address of a comment's author, and whether they want to be notified of replies."""

    class Meta(CommentsMeta):
        pass

    article_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)
    schema = SchemaAttribute()
    email = UnicodeAttribute()
    notify_replies = BooleanAttribute()
    expires_at = NumberAttribute()


class SubscriptionRecord(Record):
    """A person's subscription to replies to their comments on an article: asked, confirmed or left.

    It has no hash key of an index, so it is in no index.
    """

    class Meta(CommentsMeta):
        pass

    article_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)
    schema = SchemaAttribute()
    subscriber = UnicodeAttribute()
    comment_id = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


def stats_key(article_id: int) -> tuple[str, str]:
    """Return the key of an article's :class:`StatsRecord`."""
    return f"stats#{article_id}", STATS


def address_key(comment_id: str) -> tuple[str, str]:
    """Return the key of a comment's :class:`AddressRecord`."""
    return f"address#{comment_id}", ADDRESS


def subscription_key(article_id: int, person: str) -> tuple[str, str]:
    """Return the key of a person's :class:`SubscriptionRecord` for an article."""
    return f"subscription#{article_id}#{person}", SUBSCRIPTION
