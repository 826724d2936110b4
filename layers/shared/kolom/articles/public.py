"""Read published articles: lists, single articles, labels and months. Drafts are never returned.

The index that lists are read from is updated about a second after a publication.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate, islice
from urllib.parse import parse_qs, quote

from kolom.articles import known_ids
from kolom.articles.lookup import Check, get_with_body
from kolom.articles.mapping import (
    ALL_ARTICLES,
    ALL_PAGES,
    LISTED_ATTRIBUTES,
    label_listing_key,
    listing_order,
    to_article,
    to_summary,
)
from kolom.articles.names import label_key, pointer_keys_at, post_number_alias, variant_pointer_keys
from kolom.articles.page_urls import path_on_site, url_pointer_keys_at
from kolom.articles.types import (
    AdjacentArticle,
    Article,
    ArticleFilter,
    ArticleList,
    ArticleSummary,
    Body,
    LabelCount,
    MonthCount,
    PublishedArticle,
)
from kolom.config import settings
from kolom.errors import Gone, InvalidCursor, Moved, NotFound
from kolom.models.articles import (
    ARTICLE,
    COUNTS,
    POINTER,
    ArticleRecord,
    ArticlesTableRecord,
    Count,
    ListedRecord,
    Pointer,
)
from kolom.models.base import is_key
from kolom.models.expressions import Condition
from kolom.pagination import decode_cursor, encode_cursor, first_page
from kolom.timestamps import to_rfc3339

MAX_MONTHS = 2_400
"""The maximum number of months in the archive: those of 200 years."""

MAX_LABELS_BYTES = 2_000_000
"""The maximum size of the page of all labels: 6,000 labels of 20 ASCII letters, or 2,000 of the maximum length."""

_ENTRY_BYTES = 150  # per label on that page, without its name
_ENCODED = 8  # maximum growth per byte of the name: escaped as text, and percent-encoded in a link

_POSITION = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)#(\d{12})")
_FIRST, _LAST = "0", "9999-12-31T23:59:59Z~"


def list_articles(listing: ArticleFilter, *, limit: int, cursor: str | None = None) -> ArticleList:
    """Return a page of at most ``limit`` (1 to :data:`kolom.pagination.MAX_LIMIT`) published articles, newest first.

    The page ends before ``limit`` if its summaries are large (:func:`kolom.pagination.first_page`). Continuing from
    ``cursor`` skips nothing and repeats nothing, even if articles are published in between.

    Two requests: one Query of the index, one read of the counts.

    :raises InvalidCursor: ``cursor`` was not created for this list
    """
    scope = _cursor_scope(listing)
    first, last = _bounds(listing)
    if cursor is not None:
        last = min(last, _before(decode_cursor(cursor, scope)))
    sort_keys = ListedRecord.shelf_order.between(first, last)
    found = _query_listing(_listing_key(listing), sort_keys, newest_first=True, limit=limit + 1)
    summaries, more = first_page(found, limit)
    return ArticleList(
        items=summaries,
        total=count_articles(listing),
        next_cursor=encode_cursor(scope, listing_order(summaries[-1])) if more else None,
    )


def list_newest(listing: ArticleFilter, *, limit: int) -> list[ArticleSummary]:
    """Return the newest ``limit`` published articles of the list. One Query."""
    sort_keys = ListedRecord.shelf_order.between(*_bounds(listing))
    return list(_query_listing(_listing_key(listing), sort_keys, newest_first=True, limit=limit))


def list_oldest(listing: ArticleFilter, *, start: int, limit: int) -> list[ArticleSummary]:
    """Return up to ``limit`` published articles of the list, oldest first, without the ``start`` oldest.

    Reads the ``start`` oldest as well: one Query, and another for each megabyte of summaries (about a thousand).
    """
    sort_keys = ListedRecord.shelf_order.between(*_bounds(listing))
    found = _query_listing(_listing_key(listing), sort_keys, newest_first=False, limit=start + limit)
    return list(islice(found, start, None))


def list_pages(*, limit: int) -> list[ArticleSummary]:
    """Return at most ``limit`` published pages, which are in no other list, newest first.

    One Query, and another for each megabyte of summaries.
    """
    return list(_query_listing(ALL_PAGES, None, newest_first=True, limit=limit))


def count_articles(listing: ArticleFilter) -> int:
    """Return the exact number of published articles of the list. One request: a GetItem, or a Query of 12 months."""
    label = None if listing.label is None else label_key(listing.label)
    if listing.year is None:
        return _count(ALL_ARTICLES if label is None else f"label#{label}")
    prefix = "month#" if label is None else f"label-month#{label}#"
    if listing.month is not None:
        return _count(f"{prefix}{listing.year:04d}-{listing.month:02d}")
    months = Count.part.between(f"{prefix}{listing.year:04d}-01", f"{prefix}{listing.year:04d}-12")
    return sum(int(record.articles) for record in Count.query(COUNTS, months))


def list_labels() -> list[LabelCount]:
    """Return the labels of published articles in alphabetical order; if there are too many, the most used.

    Returns as many as fit within :data:`MAX_LABELS_BYTES`. One Query, and another for each megabyte of labels.
    """
    most_used = sorted(list_all_labels(), key=lambda entry: (-entry.count, entry.label))
    sizes = accumulate(_ENTRY_BYTES + _ENCODED * len(entry.label.encode()) for entry in most_used)
    shown = [entry for entry, size in zip(most_used, sizes, strict=True) if size <= MAX_LABELS_BYTES]
    return _alphabetical(shown)


def list_all_labels() -> list[LabelCount]:
    """Return all labels of published articles in alphabetical order. For the author, since there is no maximum."""
    return _alphabetical(
        LabelCount(record.label or record.part.removeprefix("label#"), int(record.articles))
        for record in Count.query(COUNTS, Count.part.startswith("label#"))
        if record.articles > 0
    )


def _alphabetical(counts: Iterable[LabelCount]) -> list[LabelCount]:
    return sorted(counts, key=lambda entry: (entry.label.casefold(), entry.label))


def list_months() -> list[MonthCount]:
    """Return the newest :data:`MAX_MONTHS` months with published articles, newest first. One Query."""
    counts = Count.query(COUNTS, Count.part.startswith("month#"), scan_index_forward=False)
    months = (
        MonthCount(int(record.part[6:10]), int(record.part[11:13]), int(record.articles))
        for record in counts
        if record.articles > 0
    )
    return list(islice(months, MAX_MONTHS))


def resolve_path(path: str) -> str:
    """Return the slug of the published article that :func:`get_article_at` finds at ``path``.

    A path with the number of a WordPress post in its query, such as ``/?p=12``, leads to that post.

    Two or three GetItems; more if no article is at exactly this path, as for :func:`get_article_at`.

    :raises NotFound: no published article is there
    """
    _, _, query = path.partition("?")
    try:
        return _find_at(post_number_alias(parse_qs(query)) or path, _get_without_body).slug
    except Moved as moved:
        return moved.slug
    except Gone:
        raise NotFound(f"there is nothing at {path!r}") from None


def resolve_url(url: str) -> str:
    """Return the slug of the published article whose page has that URL: an external page, or a page of this site.

    The variants of :mod:`.page_urls` identify the same page. A URL with a query identifies the page without the query
    if there is none with it. Up to three GetItems; those of :func:`resolve_path` more for a URL of this site.

    :raises NotFound: no published article is there
    """
    return get_at_url(url).slug


def get_at_url(url: str) -> Article:
    """Return the published article whose page has that URL, without its body. See :func:`resolve_url`.

    :raises NotFound: no published article is there
    """
    for key in url_pointer_keys_at(url):
        article_id = _find_id(key)
        if article_id is not None:
            try:
                return _get_without_body(article_id, _check_public)
            except (Gone, NotFound):
                continue
    if (path := path_on_site(url, settings().site_url)) is not None:
        try:
            return _find_at(path, _get_without_body)
        except Moved as moved:
            return get_by_any_slug(moved.slug)
        except Gone:
            pass
    raise NotFound(f"there is no page at {url!r}")


def url_pointers(url: str) -> Sequence[str]:
    """Return the pointers that may identify the article whose page has that URL, in the order of lookup.

    For a page of this site, the URL must have the path of the article, or its slug as the path.
    """
    path = path_on_site(url, settings().site_url)
    return [*url_pointer_keys_at(url), *(pointer_keys_at(path) if path is not None else ())]


def current_path(path: str) -> str:
    """Return the path that the published article at ``path`` has now. The requests are those of :func:`resolve_path`.

    :raises NotFound: no published article is there
    :raises Gone: the article there was deleted
    """
    try:
        return _find_at(path, _get_without_body).path
    except Moved as moved:
        return moved.path


def get_article(slug: str) -> PublishedArticle:
    """Return the published article with that slug, its body and the adjacent articles.

    Four requests: its pointer, its collection (more for a body over 1 MB), and a Query for each adjacent article. One
    more reads the other form of a slug that is not in the Unicode form NFC.

    :raises NotFound: there is none, or it is not published
    :raises Gone: it was deleted
    :raises Moved: it has a different slug now
    :raises ServiceBusy: it was replaced during each of several reads
    """
    return _with_adjacent(*_find_by_slug(slug, get_with_body))


def get_article_at(path: str) -> PublishedArticle:
    """Return the published article at ``path`` (unescaped), its body and the adjacent articles.

    Makes the requests of :func:`get_article`. An old path of one segment takes one more, because an earlier version did
    not store such paths as slugs. If no article is at exactly ``path``, up to nine more look up its variants: with or
    without a final slash, without double slashes, in other Unicode normal forms.

    :raises NotFound: no published article is there
    :raises Gone: the article there was deleted
    :raises Moved: the article at the path has a different path now
    :raises ServiceBusy: the article was replaced during each of several reads
    """
    return _with_adjacent(*_find_at(path, get_with_body))


def get_without_body(slug: str) -> Article:
    """Return the published article with that slug, without its body. Two GetItems.

    One more reads the other form of a slug that is not in the Unicode form NFC.

    :raises NotFound: there is none, or it is not published
    :raises Gone: it was deleted
    :raises Moved: it has a different slug now
    """
    return _find_by_slug(slug, _get_without_body)


def get_by_any_slug(slug: str) -> Article:
    """Return the published article with that current or former slug, without its body.

    The GetItems of :func:`get_without_body`, and for a former slug also those for the current one.

    :raises NotFound: there is none, or it is not published
    :raises Gone: it was deleted
    """
    try:
        return get_without_body(slug)
    except Moved as moved:
        return get_by_any_slug(moved.slug)


def get_many_without_body(article_ids: Collection[int]) -> dict[int, Article]:
    """Return those of these articles that are published, without bodies, by id. A BatchGetItem for each hundred."""
    records = ArticleRecord.batch_get([(str(article_id), ARTICLE) for article_id in article_ids]) if article_ids else ()
    articles = (to_article(record) for record in records)
    return {article.id: article for article in articles if article.status == "published"}


def published_ids(article_ids: Collection[int]) -> set[int]:
    """Return those of these articles that are published. A BatchGetItem for each hundred."""
    keys = [(str(article_id), ARTICLE) for article_id in article_ids]
    attributes = ["key", "part", "item", "schema", "status"]
    records = ArticleRecord.batch_get(keys, attributes_to_get=attributes) if keys else ()
    return {int(record.key) for record in records if record.status == "published"}


def get_by_id(article_id: int) -> tuple[Article, Body]:
    """Return the published article with that id and its body. One Query.

    :raises NotFound: there is none, or it is not published
    :raises ServiceBusy: it was replaced during each of several reads
    """
    return get_with_body(article_id, _check_published)


def _find_by_slug[Found](slug: str, read: Callable[[int, Check], Found]) -> Found:
    """Return the result of ``read`` for the article with that slug. Raises the errors of :func:`get_article`."""
    name = f"slug:{slug}"
    check = known_ids.remembering(name, lambda article: _check_slug(article, slug))
    return known_ids.read_known(name, read, check) or read(_id_of(slug), check)


def _find_at[Found](path: str, read: Callable[[int, Check], Found]) -> Found:
    """Return the result of ``read`` for the article at ``path``.

    Raises the errors of :func:`get_article_at`. Of several candidates, the published article with exactly this path is
    used; if there is none, the first that is published or was deleted.
    """
    name = f"path:{path}"
    check = known_ids.remembering(name, lambda article: _check_path(article, path))
    if (known := known_ids.read_known(name, read, check)) is not None:
        return known
    checked: set[int] = set()
    for keys in (pointer_keys_at(path), variant_pointer_keys(path)):
        first_error: Moved | Gone | None = None
        for key in keys:
            article_id = _find_id(key)
            if article_id is None or article_id in checked:
                continue
            checked.add(article_id)
            try:
                return read(article_id, check)
            except NotFound:
                continue
            except (Moved, Gone) as error:
                first_error = first_error or error
        if first_error is not None:
            raise first_error
    raise NotFound(f"there is nothing at {path!r}")


def _id_of(slug: str) -> int:
    """Return the id of the article with that current or former slug, in any Unicode normal form."""
    for form in dict.fromkeys((slug, unicodedata.normalize("NFC", slug))):
        article_id = _find_id(f"slug:{form}")
        if article_id is not None:
            return article_id
    raise NotFound(f"there is no article {slug!r}")


def _find_id(key: str) -> int | None:
    try:
        return int(Pointer.get(key, POINTER).id) if is_key(key) else None
    except Pointer.DoesNotExist:
        return None


def _get_without_body(article_id: int, check: Check) -> Article:
    """Return the article without its body; ``check`` raises an error if it must not be shown."""
    try:
        article = to_article(ArticleRecord.get(str(article_id), ARTICLE))
    except ArticleRecord.DoesNotExist:
        raise NotFound("there is no such article") from None
    check(article)
    return article


def _with_adjacent(article: Article, body: Body) -> PublishedArticle:
    if not article.is_listed:
        return PublishedArticle(article=article, body=body, previous=None, next=None)
    return PublishedArticle(
        article=article,
        body=body,
        previous=_adjacent(article, newer=False),
        next=_adjacent(article, newer=True),
    )


def _check_published(article: Article) -> None:
    if article.status != "published":
        raise NotFound("the article is not published")


def _check_public(article: Article) -> None:
    if article.status == "deleted":
        raise Gone("the article was deleted")
    _check_published(article)


def _check_slug(article: Article, slug: str) -> None:
    _check_public(article)
    if article.slug != slug:
        raise Moved(article.slug, article.path, article.url)


def _check_path(article: Article, path: str) -> None:
    _check_public(article)
    if article.path != path:
        raise Moved(article.slug, article.path, article.url)


def _adjacent(article: Article, *, newer: bool) -> AdjacentArticle | None:
    here = listing_order(article)
    beyond = ListedRecord.shelf_order > here if newer else ListedRecord.shelf_order < here
    found = next(_query_listing(ALL_ARTICLES, beyond, newest_first=not newer, limit=1), None)
    return AdjacentArticle(found.slug, found.path, found.title) if found else None


def _query_listing(
    listing: str, sort_keys: Condition | None, *, newest_first: bool, limit: int
) -> Iterator[ArticleSummary]:
    # An index entry has twice as many attributes as a list shows.
    records = ArticlesTableRecord.by_shelf.query(
        listing, sort_keys, scan_index_forward=not newest_first, limit=limit, attributes_to_get=[*LISTED_ATTRIBUTES]
    )
    return (to_summary(record) for record in records if isinstance(record, ListedRecord))


def _listing_key(listing: ArticleFilter) -> str:
    return ALL_ARTICLES if listing.label is None else label_listing_key(listing.label)


def _count(part: str) -> int:
    try:
        return int(Count.get(COUNTS, part).articles)
    except Count.DoesNotExist:
        return 0


def _cursor_scope(listing: ArticleFilter) -> str:
    label = "" if listing.label is None else f"label={quote(label_key(listing.label))}"
    return f"articles?{label}&year={listing.year or ''}&month={listing.month or ''}"


def _bounds(listing: ArticleFilter) -> tuple[str, str]:
    """Return the first and last sort key of the year or month of the list, in the site's time zone."""
    if listing.year is None:
        return _FIRST, _LAST
    year, month = listing.year, listing.month or 1
    following = (year + month // 12, month % 12 + 1) if listing.month else (year + 1, 1)
    return _start(year, month) or _FIRST, _start(*following) or _LAST


def _start(year: int, month: int) -> str | None:
    try:
        return to_rfc3339(datetime(year, month, 1, tzinfo=settings().zone).astimezone(UTC))
    except (OverflowError, ValueError):
        return None  # outside the range of datetime


def _before(position: str) -> str:
    """Return the last sort key before ``position``: same time, next lower id."""
    match = _POSITION.fullmatch(position)
    if match is None or int(match[2]) < 1:
        raise InvalidCursor("the cursor is damaged")
    return f"{match[1]}#{int(match[2]) - 1:012d}"
