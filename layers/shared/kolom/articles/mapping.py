"""Convert between articles and table items, and return the items that an article in its current state has. Pure."""

import unicodedata
from collections import Counter
from dataclasses import fields
from typing import Any, Final

from kolom.articles.names import default_path, is_reserved_path, label_key, pointer_keys_at
from kolom.articles.page_urls import url_pointer_key
from kolom.articles.types import Article, ArticleSummary
from kolom.models.articles import ARTICLE, ArticleRecord, LabelRecord
from kolom.models.summary import SummaryAttributes
from kolom.timestamps import to_rfc3339

SUMMARY_FIELDS = tuple(field.name for field in fields(ArticleSummary))
_ARTICLE_FIELDS = tuple(field.name for field in fields(Article))

LISTED_ATTRIBUTES = ("key", "part", "item", "schema", *(name for name in SUMMARY_FIELDS if name != "url"))
"""The attributes of an item that :func:`to_summary` needs, with those that identify the item.

Articles in public lists have no URL: they are not pages of other sites.
"""

ALL_ARTICLES = "all"
ALL_PAGES = "page"
ALL_EXTERNAL = "external"
_PUBLISHED: Final = {"article": ALL_ARTICLES, "page": ALL_PAGES, "external": ALL_EXTERNAL}


def listing_key(article: Article) -> str:
    """Return the listing of the article: ``all`` is public, ``page`` for the sitemap, the others for the author."""
    return _PUBLISHED[article.kind] if article.status == "published" else article.status


def label_listing_key(label: str) -> str:
    """Return the listing of a label."""
    return f"label#{label_key(label)}"


def listing_order(summary: ArticleSummary) -> str:
    """Return the sort key of an article in its listings: by time, then by id. Ids stay below 10^12."""
    return f"{to_rfc3339(summary.published_at or summary.updated_at)}#{summary.id:012d}"


def to_article_record(article: Article) -> ArticleRecord:
    """Return the item of the article."""
    return ArticleRecord(
        str(article.id),
        ARTICLE,
        shelf=listing_key(article),
        shelf_order=listing_order(article),
        **{name: _stored(getattr(article, name)) for name in _ARTICLE_FIELDS},
    )


def to_label_records(article: Article) -> dict[str, LabelRecord]:
    """Return the items that add an article to the listings of its labels, by range key; none if it is not listed."""
    if not article.is_listed:
        return {}
    return {
        label_listing_key(label): LabelRecord(
            str(article.id),
            label_listing_key(label),
            shelf=label_listing_key(label),
            shelf_order=listing_order(article),
            **summary_attributes(article),
        )
        for label in article.labels
    }


def pointer_keys(article: Article) -> list[tuple[str, str]]:
    """Return the article's pointers, each with its name for an error message."""
    keys = {f"slug:{article.slug}": f"the slug {article.slug!r}"}
    if article.path != default_path(article.slug):
        for path in _spellings(article.path):
            for key in pointer_keys_at(path):
                keys.setdefault(key, f"the path {article.path!r}")
    if article.url:
        keys[url_pointer_key(article.url)] = f"the URL {article.url}"
    if article.origin:
        keys[f"origin:{article.origin}"] = f"the origin {article.origin!r}"
    return list(keys.items())


def _spellings(path: str) -> tuple[str, ...]:
    """Return the path, and its NFC form if it mixes composed and decomposed letters: lookups use NFC and NFD."""
    composed = unicodedata.normalize("NFC", path)
    return (path,) if path in {composed, unicodedata.normalize("NFD", path)} else (path, composed)


def count_deltas(article: Article | None) -> Counter[str]:
    """Return the contribution of the article to each count, by the count's range key; none if it is not listed."""
    if article is None or not article.is_listed:
        return Counter()
    keys = [label_key(label) for label in article.labels]
    return Counter(
        [
            ALL_ARTICLES,
            f"month#{article.month}",
            *(f"label#{key}" for key in keys),
            *(f"label-month#{key}#{article.month}" for key in keys),
        ]
    )


def summary_attributes(summary: ArticleSummary) -> dict[str, Any]:
    """Return the attributes of an article summary in an item. Only external articles have the attribute ``url``."""
    attributes = {name: _stored(getattr(summary, name)) for name in SUMMARY_FIELDS}
    if summary.url is None:
        del attributes["url"]
    return attributes


def to_summary(record: SummaryAttributes) -> ArticleSummary:
    """Return the article summary of an item."""
    return ArticleSummary(**_fields(record, SUMMARY_FIELDS))


def to_article(record: ArticleRecord) -> Article:
    """Return the article of an item."""
    return Article(**_fields(record, _ARTICLE_FIELDS))


def _fields(record: SummaryAttributes, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of an item. A path that is reserved for the site is replaced by the default path."""
    values = record.attribute_values  # without their descriptors: a list reads hundreds
    path = default_path(record.slug) if is_reserved_path(record.path) else record.path
    return {name: _loaded(values.get(name)) for name in names} | {"path": path}


def _stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _loaded(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
