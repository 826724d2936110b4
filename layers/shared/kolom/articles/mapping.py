"""Between articles and the items that hold them: which items a state of an article consists of. Pure."""

import unicodedata
from collections import Counter
from dataclasses import fields
from typing import Any

from kolom.articles.names import default_path, is_site_path, label_key, pointer_keys_at
from kolom.articles.types import Article, ArticleSummary
from kolom.models.articles import ARTICLE, ArticleRecord, LabelRecord
from kolom.models.summary import SummaryAttributes
from kolom.timestamps import to_rfc3339

SUMMARY_FIELDS = tuple(field.name for field in fields(ArticleSummary))
_ARTICLE_FIELDS = tuple(field.name for field in fields(Article))

ALL_ARTICLES = "all"


def listing_key(article: Article) -> str:
    """The shelf on which the article's card stands: ``all`` is the public one, the others are the author's."""
    if article.status == "published":
        return ALL_ARTICLES if article.kind == "article" else "page"
    return article.status


def label_listing_key(label: str) -> str:
    """The shelf of a label."""
    return f"label#{label_key(label)}"


def listing_order(card: ArticleSummary) -> str:
    """Where a card stands on its shelves: by time, then by id. Ids stay below 10^12."""
    return f"{to_rfc3339(card.published_at or card.updated_at)}#{card.id:012d}"


def to_article_record(article: Article) -> ArticleRecord:
    """The article's own item."""
    return ArticleRecord(
        str(article.id),
        ARTICLE,
        shelf=listing_key(article),
        shelf_order=listing_order(article),
        **{name: _stored(getattr(article, name)) for name in _ARTICLE_FIELDS},
    )


def to_label_records(article: Article) -> dict[str, LabelRecord]:
    """The items that put a listed article on its labels' shelves, by their range key."""
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
    """The names under which the article is found, each with what it is called in a message."""
    keys = {f"slug:{article.slug}": f"the slug {article.slug!r}"}
    if article.path != default_path(article.slug):
        for path in _spellings(article.path):
            for key in pointer_keys_at(path):
                keys.setdefault(key, f"the path {article.path!r}")
    if article.origin:
        keys[f"origin:{article.origin}"] = f"the origin {article.origin!r}"
    return list(keys.items())


def _spellings(path: str) -> tuple[str, ...]:
    """Return the path, and its NFC form if it mixes composed and decomposed letters: readers look in NFC and NFD."""
    composed = unicodedata.normalize("NFC", path)
    return (path,) if path in {composed, unicodedata.normalize("NFD", path)} else (path, composed)


def count_deltas(article: Article | None) -> Counter[str]:
    """What the article adds to each count, by the count's range key; nothing unless it is listed."""
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


def summary_attributes(card: ArticleSummary) -> dict[str, Any]:
    """What an item holds of a card."""
    return {name: _stored(getattr(card, name)) for name in SUMMARY_FIELDS}


def to_summary(record: SummaryAttributes) -> ArticleSummary:
    """The card that an item holds."""
    return ArticleSummary(**_fields(record, SUMMARY_FIELDS))


def to_article(record: ArticleRecord) -> Article:
    """The article of a card item."""
    return Article(**_fields(record, _ARTICLE_FIELDS))


def _fields(record: SummaryAttributes, names: tuple[str, ...]) -> dict[str, Any]:
    """What the item says; an article that was given an address of the site's answers at its slug's."""
    path = default_path(record.slug) if is_site_path(record.path) else record.path
    return {name: _loaded(getattr(record, name)) for name in names} | {"path": path}


def _stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _loaded(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
