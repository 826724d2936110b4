"""Look up articles by id and slug, for readers and the author.

This module imports little, so that the Lambda functions that answer visitors start quickly.
"""

import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from kolom.articles.body_chunks import join_body
from kolom.articles.mapping import to_article
from kolom.articles.types import Article, Body
from kolom.errors import NotFound, ServiceBusy
from kolom.models.articles import ARTICLE, POINTER, ArticleRecord, ArticlesTableRecord, BodyChunk, Pointer
from kolom.models.base import is_key

# How often an article is read until its chunks match. A query does not read a snapshot, so a publication at the same
# time may replace the chunks. kolom.models.retry is not used, since it loads tenacity: 70 ms of a cold start.
_BODY_READS = 3

type Check = Callable[[Article], None]
"""A function that raises an error if an article must not be shown."""


def slug_pointers(slug: str) -> Sequence[str]:
    """Return the pointers that may identify the article with that current or former slug, also in the form NFC."""
    return [f"slug:{form}" for form in dict.fromkeys((slug, unicodedata.normalize("NFC", slug)))]


def find_pointed_ids(pointers: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Return the ids of the articles that each sequence of pointers leads to, in its order, by the given names.

    A BatchGetItem for each hundred pointers.
    """
    keys = {(key, POINTER) for each in pointers.values() for key in each if is_key(key)}
    ids = {record.key: int(record.id) for record in Pointer.batch_get(keys)} if keys else {}
    return {name: [ids[key] for key in each if key in ids] for name, each in pointers.items()}


def get_with_body(article_id: int, check: Check) -> tuple[Article, Body]:
    """Return a consistent article and body: reads again if the article refers to chunks that were not read.

    ``check`` raises an error if the article must not be shown.
    """
    for attempt in range(_BODY_READS):
        items = list(
            ArticlesTableRecord.query(
                str(article_id), ArticlesTableRecord.part.between("body#", ARTICLE), consistent_read=attempt > 0
            )
        )
        record = items.pop() if items else None
        if not isinstance(record, ArticleRecord):
            raise NotFound("there is no such article")
        article = to_article(record)
        check(article)
        prefix = f"body#{article.body_version}#"
        parts = [item for item in items if isinstance(item, BodyChunk) and item.part.startswith(prefix)]
        if len(parts) == article.body_parts:
            return article, join_body(parts)
        time.sleep(0.05 * attempt)
    raise ServiceBusy("the article is being published; please retry")
