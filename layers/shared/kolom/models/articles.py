"""The Articles table: one item collection per article, keyed by its id, beside pointers, counts and the sequence.

| ``key`` | ``part`` | item |
|---|---|---|
| ``7`` | ``body#<version>#0`` … | :class:`BodyChunk`: what is shown, compressed and cut |
| ``7`` | ``card`` | :class:`ArticlesTableRecord` |
| ``7`` | ``label#<label>`` | :class:`LabelRecord`: the card's list fields again, so that a label page is one Query |
| ``7`` | ``source#<version>#0`` … | :class:`BodyChunk`: what the author wrote |
| ``slug:<slug>``, ``path:<path>``, ``origin:<origin>`` | ``pointer`` | :class:`Pointer` to an id |
| ``counts`` | ``all``, ``month#…``, ``label#…``, ``label-month#…`` | :class:`Count` of published articles |
| ``sequence`` | ``article`` | :class:`Sequence`, the last id given |
| ``site`` | ``theme`` | :class:`ThemeRecord`: which files the pages show, and what the site's settings say |

The parts sort so that ``body#`` to ``card`` is one Query: a reader never pays for labels or the source.
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

from kolom.models.base import Record, TableMeta, TimestampAttribute
from kolom.models.summary import SummaryAttributes

ARTICLE = "card"
POINTER = "pointer"
COUNTS = "counts"
SITE = "site"
THEME = "theme"


class ByShelf(GlobalSecondaryIndex["ArticlesTableRecord"]):
    """Cards and labels in the order of their dates: ``shelf`` is ``all``, ``label#<label>``, ``scheduled`` …"""

    class Meta:
        index_name = "by_shelf"
        projection = AllProjection()

    shelf = UnicodeAttribute(hash_key=True)
    shelf_order = UnicodeAttribute(range_key=True)


class ArticlesTableRecord(Record):
    """Any item of the table; a read gives the subclass that ``item`` names."""

    class Meta(TableMeta):
        setting = "articles_table"

    key = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    item = DiscriminatorAttribute()
    schema = NumberAttribute(default=1)
    by_shelf = ByShelf()


class ListedRecord(SummaryAttributes, ArticlesTableRecord):
    """What a list shows of an article, and where it stands on a shelf."""

    shelf = UnicodeAttribute()
    shelf_order = UnicodeAttribute()


class ArticleRecord(ListedRecord, discriminator="card"):
    """An article's own item: everything about it but its body. ``touched`` asks for it to be indexed anew."""

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
    """A published article's place on the shelf of one of its labels."""


class BodyChunk(ArticlesTableRecord, discriminator="body"):
    """A piece of a compressed body or source."""

    data = BinaryAttribute(legacy_encoding=False)


class Pointer(ArticlesTableRecord, discriminator="pointer"):
    """A name that leads to an article: a slug, a path, or where it was imported from."""

    id = NumberAttribute()


class Count(ArticlesTableRecord, discriminator="count"):
    """How many published articles there are of a kind; ``label`` is the label as it was last written."""

    articles = NumberAttribute(default=0)
    label = UnicodeAttribute(null=True)


class Sequence(ArticlesTableRecord, discriminator="sequence"):
    """The last id that was given out."""

    value = NumberAttribute(default=0)


class ThemeRecord(ArticlesTableRecord, discriminator="theme"):
    """What the pages of the site look like: the switch from the files of one deployment to those of the next.

    ``assets`` are the names under which each file is uploaded by its plain name, ``former`` since when a name is not
    among them any more. ``menu`` and ``logo`` are what the site's settings say, as :mod:`kolom.pages.theme` reads it.
    """

    assets = JSONAttribute()
    former = JSONAttribute()
    menu = JSONAttribute(null=True)
    logo = JSONAttribute(null=True)
    deployed_at = TimestampAttribute()
    revision = NumberAttribute()
