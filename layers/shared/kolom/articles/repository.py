"""Read and write items of the Articles table for the author, including drafts.

All reads are consistent, except :func:`get_for_preview`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from kolom.articles.body_chunks import join_body, join_source
from kolom.articles.lookup import get_with_body
from kolom.articles.mapping import to_article
from kolom.articles.types import Article, Body
from kolom.errors import NotFound, StaleRead
from kolom.models.articles import ARTICLE, POINTER, ArticleRecord, ArticlesTableRecord, BodyChunk, Pointer
from kolom.models.articles import Sequence as IdSequence
from kolom.models.base import is_key
from kolom.models.retry import retry_on_conflict


def next_id() -> int:
    """Return a new article id. An unused id leaves a gap, which is harmless."""
    return next_ids(1)[0]


def next_ids(count: int) -> Sequence[int]:
    """Return ``count`` new article ids in ascending order, without gaps between them."""
    sequence = IdSequence("sequence", "article")
    sequence.update(actions=[IdSequence.value.add(count)])
    last = int(sequence.value)
    return range(last - count + 1, last + 1)


def reserve_id(article_id: int) -> None:
    """Reserve this id, so that no later article gets it."""
    value = IdSequence.value
    IdSequence("sequence", "article").update_if(value.does_not_exist() | (value < article_id), [value.set(article_id)])


def find_id(pointer_key: str) -> int | None:
    """Return the article id of a ``slug:…``, ``path:…`` or ``origin:…`` pointer, or None."""
    if not is_key(pointer_key):
        return None
    try:
        return int(Pointer.get(pointer_key, POINTER, consistent_read=True).id)
    except Pointer.DoesNotExist:
        return None


def find_ids(pointer_keys: Collection[str]) -> dict[str, int]:
    """Return the article ids of the pointers that exist, by pointer key. A BatchGetItem for each hundred."""
    keys = [(key, POINTER) for key in set(pointer_keys) if is_key(key)]
    pointers = Pointer.batch_get(keys, consistent_read=True) if keys else ()
    return {pointer.key: int(pointer.id) for pointer in pointers}


def get(article_id: int) -> Article | None:
    """Return the article with that id in any status, or None."""
    try:
        return to_article(ArticleRecord.get(str(article_id), ARTICLE, consistent_read=True))
    except ArticleRecord.DoesNotExist:
        return None


def get_many(article_ids: Collection[int]) -> dict[int, Article]:
    """Return the articles with these ids in any status, by id. A BatchGetItem for each hundred."""
    keys = [(str(article_id), ARTICLE) for article_id in set(article_ids)]
    articles = map(to_article, ArticleRecord.batch_get(keys, consistent_read=True)) if keys else ()
    return {article.id: article for article in articles}


def get_with_reindex_mark(article_id: int) -> tuple[Article | None, str | None]:
    """Return the article with that id, and the mark of the last :func:`request_reindex` since it was published."""
    try:
        record = ArticleRecord.get(str(article_id), ARTICLE, consistent_read=True)
    except ArticleRecord.DoesNotExist:
        return None, None
    return to_article(record), record.touched


def request_reindex(article_id: int, mark: str) -> None:
    """Mark the article, so that the table's stream triggers the indexer. Does nothing if there is no such article."""
    ArticleRecord(str(article_id), ARTICLE).update_if(ArticleRecord.key.exists(), [ArticleRecord.touched.set(mark)])


def find_rendered_body(article: Article) -> Body | None:
    """Return the article's body without its source; None if it was replaced since ``article`` was read."""
    parts = _query_chunks(article.id, f"body#{article.body_version}#")
    return join_body(parts) if len(parts) == article.body_parts else None


def get_body(article: Article) -> Body:
    """Return the article's body with its source. A deleted article has an empty body."""
    if article.status == "deleted":
        return Body(html="", source_format=article.source_format)
    rendered = join_body(_query_chunks(article.id, f"body#{article.body_version}#"))
    return Body(
        html=rendered.html,
        toc=rendered.toc,
        source=join_source(_query_chunks(article.id, f"source#{article.body_version}#")),
        source_format=article.source_format,
    )


def get_snapshot(article_id: int) -> tuple[Article, Body] | None:
    """Return the article with that id and its body, or None.

    :raises ServiceBusy: it was replaced repeatedly while it was read
    """

    def read() -> tuple[Article, Body] | None:
        article = get(article_id)
        if article is None:
            return None
        if article.status == "deleted":
            return article, get_body(article)
        chunks = _query_chunks(article.id, f"body#{article.body_version}#")
        source_chunks = _query_chunks(article.id, f"source#{article.body_version}#")
        if (len(chunks), len(source_chunks)) != (article.body_parts, article.source_parts):
            raise StaleRead(f"the article {article_id} was replaced while it was read")
        body = join_body(chunks)
        return article, replace(body, source=join_source(source_chunks), source_format=article.source_format)

    return retry_on_conflict(read)


def pointers_by_id() -> Mapping[int, Sequence[str]]:
    """Return the pointers to each article, such as ``slug:x``, by its id. Scans the whole table.

    An article without pointers has an empty list.
    """
    names: dict[int, list[str]] = {}
    is_article_or_pointer = (ArticlesTableRecord.part == ARTICLE) | (ArticlesTableRecord.part == POINTER)
    for record in ArticlesTableRecord.scan(
        is_article_or_pointer, consistent_read=True, attributes_to_get=["key", "part", "item", "schema", "id"]
    ):
        if isinstance(record, Pointer):
            names.setdefault(int(record.id), []).append(record.key)
        elif isinstance(record, ArticleRecord):
            names.setdefault(int(record.key), [])
    return names


def write_chunks(parts: Iterable[BodyChunk]) -> None:
    """Write the chunks of a body that no article refers to yet."""
    with ArticlesTableRecord.batch_write() as batch:
        for part in parts:
            batch.save(part)


def delete_chunks(parts: Iterable[BodyChunk]) -> None:
    """Delete chunks that no article refers to."""
    with ArticlesTableRecord.batch_write() as batch:
        for part in parts:
            batch.delete(part)


def delete_stale_chunks(current: Article) -> None:
    """Delete the bodies and sources that ``current`` has replaced, and those of interrupted publications.

    A body's version begins with the number of the article's version for which it was stored. Chunks with a number above
    that of ``current`` belong to a concurrent writer that updates ``current``. The others, except the body of
    ``current`` itself, will never be used.
    """
    stale = [
        part
        for prefix in ("body#", "source#")
        for part in BodyChunk.query(
            str(current.id),
            BodyChunk.part.between(prefix, f"{prefix}{body_version_prefix(current.version + 1)}"),
            consistent_read=True,
            attributes_to_get=["key", "part", "item", "schema"],
        )
        if part.part.split("#")[1] != current.body_version
    ]
    if stale:
        delete_chunks(stale)


def body_version_prefix(version: int) -> str:
    """Return the prefix of body versions for that version of an article; sorts like the number."""
    return f"{version:010d}."


def _query_chunks(article_id: int, prefix: str) -> Sequence[BodyChunk]:
    return list(BodyChunk.query(str(article_id), BodyChunk.part.startswith(prefix), consistent_read=True))


def get_for_preview(article_id: int) -> tuple[Article, Body]:
    """Return the article with that id and its body, also if it is not published. One Query.

    :raises NotFound: there is none, or it was deleted
    :raises ServiceBusy: it was replaced during each of several reads
    """
    return get_with_body(article_id, _check_exists)


def _check_exists(article: Article) -> None:
    if article.status == "deleted":
        raise NotFound("the article was deleted")
