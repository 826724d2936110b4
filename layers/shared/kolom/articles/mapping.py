"""Between articles and the items that hold them: which items a state of an article consists of. Pure."""

from collections import Counter
from dataclasses import fields
from typing import Any

from kolom.articles.names import address_keys, is_site_address, label_key, natural_path
from kolom.articles.types import Article, Card
from kolom.models.articles import CARD, CardRecord, LabelRecord
from kolom.models.summary import CardAttributes
from kolom.timestamps import to_rfc3339

CARD_FIELDS = tuple(field.name for field in fields(Card))
_ARTICLE_FIELDS = tuple(field.name for field in fields(Article))

ALL = "all"


def shelf_of(article: Article) -> str:
    """The shelf on which the article's card stands: ``all`` is the public one, the others are the author's."""
    if article.status == "published":
        return ALL if article.kind == "article" else "page"
    return article.status


def label_shelf(label: str) -> str:
    """The shelf of a label."""
    return f"label#{label_key(label)}"


def shelf_order(card: Card) -> str:
    """Where a card stands on its shelves: by time, then by id. Ids stay below 10^12."""
    return f"{to_rfc3339(card.published_at or card.updated_at)}#{card.id:012d}"


def card_record(article: Article) -> CardRecord:
    """The article's own item."""
    return CardRecord(
        str(article.id),
        CARD,
        shelf=shelf_of(article),
        shelf_order=shelf_order(article),
        **{name: _stored(getattr(article, name)) for name in _ARTICLE_FIELDS},
    )


def label_records(article: Article) -> dict[str, LabelRecord]:
    """The items that put a listed article on its labels' shelves, by their range key."""
    if not article.is_listed:
        return {}
    return {
        label_shelf(label): LabelRecord(
            str(article.id),
            label_shelf(label),
            shelf=label_shelf(label),
            shelf_order=shelf_order(article),
            **card_attributes(article),
        )
        for label in article.labels
    }


def pointer_keys(article: Article) -> list[tuple[str, str]]:
    """The names under which the article is found, each with what it is called in a message."""
    keys = {f"slug:{article.slug}": f"the slug {article.slug!r}"}
    if article.path != natural_path(article.slug):
        for key in address_keys(article.path):
            keys.setdefault(key, f"the path {article.path!r}")
    if article.origin:
        keys[f"origin:{article.origin}"] = f"the origin {article.origin!r}"
    return list(keys.items())


def counts_of(article: Article | None) -> Counter[str]:
    """What the article adds to each count, by the count's range key; nothing unless it is listed."""
    if article is None or not article.is_listed:
        return Counter()
    keys = [label_key(label) for label in article.labels]
    return Counter(
        [
            ALL,
            f"month#{article.month}",
            *(f"label#{key}" for key in keys),
            *(f"label-month#{key}#{article.month}" for key in keys),
        ]
    )


def card_attributes(card: Card) -> dict[str, Any]:
    """What an item holds of a card."""
    return {name: _stored(getattr(card, name)) for name in CARD_FIELDS}


def to_card(record: CardAttributes) -> Card:
    """The card that an item holds."""
    return Card(**_fields(record, CARD_FIELDS))


def to_article(record: CardRecord) -> Article:
    """The article of a card item."""
    return Article(**_fields(record, _ARTICLE_FIELDS))


def _fields(record: CardAttributes, names: tuple[str, ...]) -> dict[str, Any]:
    """What the item says; an article that was given an address of the site's answers at its slug's."""
    path = natural_path(record.slug) if is_site_address(record.path) else record.path
    return {name: _loaded(getattr(record, name)) for name in names} | {"path": path}


def _stored(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _loaded(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
