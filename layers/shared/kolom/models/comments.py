"""The Comments table: the comments of an article by time, how many of them are approved, and where to answer.

| ``article_id`` | ``sort`` | item |
|---|---|---|
| ``7`` | a ULID | :class:`CommentRecord` |
| ``stats#7`` | ``stats`` | :class:`StatsRecord` |
| ``address#<ULID>`` | ``address`` | :class:`AddressRecord`: the e-mail address of that comment's author, for a while |
| ``subscription#7#<person>`` | ``subscription`` | :class:`SubscriptionRecord`: whether they are told of replies |

``public`` and ``recent`` are sparse: a comment is in them while it has ``public_article_id`` and ``public_site``. They
hold nothing that a reader may not see, so that the functions which serve the public may query these and nothing else.
What identifies a person is in no item that they can reach.
"""

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection

from kolom.models.base import Record, TableMeta, TimestampAttribute

STATS = "stats"
ADDRESS = "address"
SUBSCRIPTION = "subscription"
SITE = "site"
"""The one value of ``public_site``."""

_PUBLIC_FIELDS = [
    *("parent_id", "name", "website", "avatar", "is_owner", "content_html", "created_at", "edited_at", "deleted")
]


class Public(GlobalSecondaryIndex["CommentRecord"]):
    """What readers see below an article, tombstones included."""

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
    """The moderator's queues."""

    class Meta:
        index_name = "by_status"
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)


class CommentsMeta(TableMeta):
    """Which table it is."""

    setting = "comments_table"


class CommentRecord(Record):
    """A comment. What begins with ``author_``, and ``content``, is kept; what readers see is there while they may."""

    class Meta(CommentsMeta):
        pass

    article_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)
    schema = NumberAttribute(default=1)

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
    """How many comments of an article are approved."""

    class Meta(CommentsMeta):
        pass

    article_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)
    schema = NumberAttribute(default=1)
    approved = NumberAttribute(default=0)


class AddressRecord(Record):
    """Where the author of a comment can be reached, and whether they want to hear of replies."""

    class Meta(CommentsMeta):
        pass

    article_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)
    schema = NumberAttribute(default=1)
    email = UnicodeAttribute()
    notify_replies = BooleanAttribute()
    expires_at = NumberAttribute()


class SubscriptionRecord(Record):
    """Whether a person is told by mail of replies to their comments on an article: asked, confirmed or left.

    Its attributes are named so that it is in no index.
    """

    class Meta(CommentsMeta):
        pass

    article_id = UnicodeAttribute(hash_key=True)
    sort = UnicodeAttribute(range_key=True)
    schema = NumberAttribute(default=1)
    subscriber = UnicodeAttribute()
    comment_id = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    expires_at = NumberAttribute()


def stats_key(article_id: int) -> tuple[str, str]:
    """The key of an article's :class:`StatsRecord`."""
    return f"stats#{article_id}", STATS


def address_key(comment_id: str) -> tuple[str, str]:
    """The key of a comment's :class:`AddressRecord`."""
    return f"address#{comment_id}", ADDRESS


def subscription_key(article_id: int, person: str) -> tuple[str, str]:
    """The key of a person's :class:`SubscriptionRecord` for an article."""
    return f"subscription#{article_id}#{person}", SUBSCRIPTION
