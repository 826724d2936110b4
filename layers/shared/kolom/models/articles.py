"""The Articles table: one item collection per article, keyed by its id; also pointers, counts and the sequence.

| ``key`` | ``part`` | item |
|---|---|---|
| ``7`` | ``body#<version>#0`` … | :class:`BodyChunk`: the rendered body, compressed and split |
| ``7`` | ``card`` | :class:`ArticleRecord` |
| ``7`` | ``label#<label>`` | :class:`LabelRecord`: a copy of the list fields, so that a label page is one Query |
| ``7`` | ``source#<version>#0`` … | :class:`BodyChunk`: the author's source |
| ``slug:…``, ``path:…``, ``origin:…``, ``url:<normalized>`` | ``pointer`` | :class:`Pointer` to an id |
| ``counts`` | ``all``, ``month#…``, ``label#…``, ``label-month#…`` | :class:`Count` of published articles |
| ``sequence`` | ``article`` | :class:`Sequence`, the last assigned id |
| ``site`` | ``theme`` | :class:`ThemeRecord`: the current assets and the settings of the pages |
| ``search-settings`` | ``settings`` | :class:`SearchSettingsRecord`: the owner's synonyms and pinned articles |
| ``sync#<site>`` | ``page#00`` … ``page#63``, ``unfinished`` | :class:`SyncRecord`: what `kolom sync` knows of a site |
| ``blocked-words`` | ``settings`` | :class:`BlockedWordsRecord`: the owner's list of blocked words |

The parts sort so that one Query reads ``body#`` to ``card``, without the labels and the source.
"""

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from kolom.models.base import Record, SchemaAttribute, TableMeta, TimestampAttribute
from kolom.models.summary import SummaryAttributes

ARTICLE = "card"
POINTER = "pointer"
COUNTS = "counts"
SITE = "site"
THEME = "theme"
SEARCH_SETTINGS = "search-settings"  # not "site", which functions that need only the theme may read
BLOCKED_WORDS = "blocked-words"
SETTINGS = "settings"


class ByShelf(GlobalSecondaryIndex["ArticlesTableRecord"]):
    """Listed articles by date. ``shelf`` is the listing: ``all``, ``label#<label>``, ``scheduled`` and others."""

    class Meta:
        index_name = "by_shelf"
        projection = AllProjection()

    shelf = UnicodeAttribute(hash_key=True)
    shelf_order = UnicodeAttribute(range_key=True)


class ArticlesTableRecord(Record):
    """Any item of the table. A read returns an instance of the subclass that ``item`` names."""

    class Meta(TableMeta):
        setting = "articles_table"

    key = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    item = DiscriminatorAttribute()
    schema = SchemaAttribute()
    by_shelf = ByShelf()


class ListedRecord(SummaryAttributes, ArticlesTableRecord):
    """The list fields of an article, and its position in a listing."""

    shelf = UnicodeAttribute()
    shelf_order = UnicodeAttribute()


class ArticleRecord(ListedRecord, discriminator="card"):
    """An article without its body. ``touched`` is the reindex mark: a new mark makes the indexer index the article."""

    kind = UnicodeAttribute()
    status = UnicodeAttribute()
    month = UnicodeAttribute(null=True)
    description = UnicodeAttribute()
    comments_open = BooleanAttribute()
    version = NumberAttribute()
    fingerprint = UnicodeAttribute()
    origin = UnicodeAttribute(null=True)
    source_format = UnicodeAttribute()
    body_version = UnicodeAttribute()
    body_parts = NumberAttribute()
    source_parts = NumberAttribute()
    touched = UnicodeAttribute(null=True)


class LabelRecord(ListedRecord, discriminator="label"):
    """A published article in the listing of one of its labels."""


class BodyChunk(ArticlesTableRecord, discriminator="body"):
    """A chunk of a compressed body or source."""

    data = BinaryAttribute(legacy_encoding=False)


class Pointer(ArticlesTableRecord, discriminator="pointer"):
    """A name of an article: a slug, a path, the origin of an import, or the URL of an external page."""

    id = NumberAttribute()


class Count(ArticlesTableRecord, discriminator="count"):
    """The number of published articles in a group; ``label`` is the label in its latest spelling."""

    articles = NumberAttribute(default=0)
    label = UnicodeAttribute(null=True)


class Sequence(ArticlesTableRecord, discriminator="sequence"):
    """The last assigned id."""

    value = NumberAttribute(default=0)


class ThemeRecord(ArticlesTableRecord, discriminator="theme"):
    """The theme of the site. Updating it switches the pages from the assets of one deployment to those of the next.

    ``assets`` maps plain file names to uploaded names; ``former`` has the time at which an uploaded name went out of
    use. ``menu`` and ``logo`` are the site's settings as :mod:`kolom.pages.theme` reads them.
    """

    assets = JSONAttribute()
    former = JSONAttribute()
    menu = JSONAttribute(null=True)
    logo = JSONAttribute(null=True)
    deployed_at = TimestampAttribute()
    revision = NumberAttribute()


class SearchSettingsRecord(ArticlesTableRecord, discriminator="search-settings"):
    """The owner's settings of the search. ``data`` is compressed JSON; ``revision`` grows with every change."""

    revision = NumberAttribute()
    data = BinaryAttribute(legacy_encoding=False)


class SyncRecord(ArticlesTableRecord, discriminator="sync"):
    """A part of the manifest of a site, or the mark of a run that has not finished.

    ``data`` is compressed JSON; ``revision`` grows with every change.
    """

    revision = NumberAttribute(default=0)
    data = BinaryAttribute(null=True, legacy_encoding=False)


class BlockedWordsRecord(ArticlesTableRecord, discriminator="blocked-words"):
    """The owner's list of blocked words. ``data`` is compressed JSON; ``revision`` grows with every change."""

    revision = NumberAttribute()
    data = BinaryAttribute(legacy_encoding=False)
