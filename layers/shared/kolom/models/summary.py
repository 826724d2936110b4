"""The attributes of an article summary, shared by the tables that store one."""

from typing import Any

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from kolom.models.base import TimestampAttribute


class SummaryAttributes:
    """The attributes of a :class:`kolom.articles.types.ArticleSummary`, to be mixed into a model."""

    attribute_values: dict[str, Any]
    """The values of the model, by name."""

    id = NumberAttribute()
    slug = UnicodeAttribute()
    path = UnicodeAttribute()
    title = UnicodeAttribute()
    excerpt = UnicodeAttribute()
    image = UnicodeAttribute(null=True)
    labels: ListAttribute[str] = ListAttribute()
    language = UnicodeAttribute()
    author = UnicodeAttribute()
    published_at = TimestampAttribute(null=True)
    updated_at = TimestampAttribute()
    reading_minutes = NumberAttribute()
    url = UnicodeAttribute(null=True)
