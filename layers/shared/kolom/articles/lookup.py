"""Look-ups of articles by id and slug that readers and the author's side share. Light: readers import it."""

import time
from collections.abc import Callable, Collection

from kolom.articles.body_chunks import join_body
from kolom.articles.mapping import to_article
from kolom.articles.types import Article, Body
from kolom.errors import NotFound, ServiceBusy
from kolom.models.articles import ARTICLE, POINTER, ArticleRecord, ArticlesTableRecord, BodyChunk, Pointer
from kolom.models.base import is_key

_BODY_READS = 3

type Check = Callable[[Article], None]
"""Raises what keeps an article from being shown."""


def find_ids(slugs: Collection[str]) -> dict[str, int]:
    """The ids of the articles that have, or had, these slugs, published or not. A BatchGetItem for each hundred."""
    keys = [(f"slug:{slug}", POINTER) for slug in slugs if is_key(f"slug:{slug}")]
    return {record.key.removeprefix("slug:"): int(record.id) for record in Pointer.batch_get(keys)} if keys else {}


def get_with_body(article_id: int, check: Check) -> tuple[Article, Body]:
    """Card and body of one moment: read again when the card names parts that were not there a moment before.

    ``check`` raises what keeps the article from being shown.
    """
    for attempt in range(_BODY_READS):
        items = list(
            ArticlesTableRecord.query(
                str(article_id), ArticlesTableRecord.part.between("body#", ARTICLE), consistent_read=attempt > 0
            )
        )
        card = items.pop() if items else None
        if not isinstance(card, ArticleRecord):
            raise NotFound("there is no such article")
        article = to_article(card)
        check(article)
        prefix = f"body#{article.body_version}#"
        parts = [item for item in items if isinstance(item, BodyChunk) and item.part.startswith(prefix)]
        if len(parts) == article.body_parts:
            return article, join_body(parts)
        time.sleep(0.05 * attempt)
    raise ServiceBusy("this article is being published at this moment")
