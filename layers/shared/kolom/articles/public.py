"""Reading what is published: lists, single articles, labels and months. Never a draft, and never unbounded.

Reads through the index follow a publication by about a second.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime
from itertools import accumulate, islice
from urllib.parse import quote

from pynamodb.expressions.condition import Condition

from kolom.articles.mapping import ALL_ARTICLES, label_listing_key, listing_order, to_article, to_summary
from kolom.articles.names import label_key, pointer_keys_at, variant_pointer_keys
from kolom.articles.repository import Check, get_with_body
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
from kolom.pagination import decode_cursor, encode_cursor, first_page
from kolom.timestamps import to_rfc3339

MAX_MONTHS = 2_400
"""How many months the archive has: those of 200 years."""

MAX_LABELS_BYTES = 2_000_000
"""How large the page of all labels becomes, at most: that is 6,000 labels of 20 letters, or 600 of the longest."""

_ENTRY_BYTES = 150  # of a label on that page, without its name
_ENCODED = 8  # what a byte of its name becomes at most: escaped as text, and percent-encoded in a link

_POSITION = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)#(\d{12})")
_FIRST, _LAST = "0", "9999-12-31T23:59:59Z~"


def list_articles(shelf: ArticleFilter, *, limit: int, cursor: str | None = None) -> ArticleList:
    """A page of at most ``limit`` (1 to :data:`MAX_LIMIT`) published articles, newest first.

    The page ends before ``limit`` where its cards are large (:func:`kolom.pagination.first_page`). Going on from
    ``cursor`` skips nothing and repeats nothing, whatever is published in between.
    Two requests: one Query of the index, one read of the counts.

    :raises InvalidCursor: ``cursor`` was not issued for this shelf
    """
    listing = _cursor_scope(shelf)
    first, last = _bounds(shelf)
    if cursor is not None:
        last = min(last, _before(decode_cursor(cursor, listing)))
    places = ListedRecord.shelf_order.between(first, last)
    found = _query_listing(_listing_key(shelf), places, newest_first=True, limit=limit + 1)
    cards, more = first_page(found, limit)
    return ArticleList(
        items=cards,
        total=count_articles(shelf),
        next_cursor=encode_cursor(listing, listing_order(cards[-1])) if more else None,
    )


def list_newest(shelf: ArticleFilter, *, limit: int) -> list[ArticleSummary]:
    """The newest ``limit`` published articles of the shelf. One Query."""
    places = ListedRecord.shelf_order.between(*_bounds(shelf))
    return list(_query_listing(_listing_key(shelf), places, newest_first=True, limit=limit))


def list_oldest(shelf: ArticleFilter, *, start: int, limit: int) -> list[ArticleSummary]:
    """The ``limit`` published articles of the shelf after its ``start`` oldest.

    Reads those before too: a Query, and one more for each megabyte of cards, of which a thousand have about one.
    """
    places = ListedRecord.shelf_order.between(*_bounds(shelf))
    found = _query_listing(_listing_key(shelf), places, newest_first=False, limit=start + limit)
    return list(islice(found, start, None))


def count_articles(shelf: ArticleFilter) -> int:
    """How many published articles stand on the shelf, exactly. One request: a GetItem, or a Query of 12 months."""
    label = None if shelf.label is None else label_key(shelf.label)
    if shelf.year is None:
        return _count(ALL_ARTICLES if label is None else f"label#{label}")
    prefix = "month#" if label is None else f"label-month#{label}#"
    if shelf.month is not None:
        return _count(f"{prefix}{shelf.year:04d}-{shelf.month:02d}")
    months = Count.part.between(f"{prefix}{shelf.year:04d}-01", f"{prefix}{shelf.year:04d}-12")
    return sum(int(record.articles) for record in Count.query(COUNTS, months))


def list_labels() -> list[LabelCount]:
    """The labels that published articles carry, in alphabetical order; of very many the most used. One Query.

    As many as fit within :data:`MAX_LABELS_BYTES`. One Query more for each megabyte of labels.
    """
    most_used = sorted(list_all_labels(), key=lambda entry: (-entry.count, entry.label))
    sizes = accumulate(_ENTRY_BYTES + _ENCODED * len(entry.label.encode()) for entry in most_used)
    shown = [entry for entry, size in zip(most_used, sizes, strict=True) if size <= MAX_LABELS_BYTES]
    return _alphabetical(shown)


def list_all_labels() -> list[LabelCount]:
    """All labels that published articles carry, in alphabetical order. For the author's side."""
    return _alphabetical(
        LabelCount(record.label or record.part.removeprefix("label#"), int(record.articles))
        for record in Count.query(COUNTS, Count.part.startswith("label#"))
        if record.articles > 0
    )


def _alphabetical(counts: Iterable[LabelCount]) -> list[LabelCount]:
    return sorted(counts, key=lambda entry: (entry.label.casefold(), entry.label))


def list_months() -> list[MonthCount]:
    """The newest :data:`MAX_MONTHS` months in which articles were published, newest first. One Query."""
    counts = Count.query(COUNTS, Count.part.startswith("month#"), scan_index_forward=False)
    months = (
        MonthCount(int(record.part[6:10]), int(record.part[11:13]), int(record.articles))
        for record in counts
        if record.articles > 0
    )
    return list(islice(months, MAX_MONTHS))


def resolve_path(path: str) -> str:
    """The slug of the published article at ``path``, or to which ``path`` leads as :func:`get_article_at` has it.

    Two or three GetItems; up to nine where nothing is there, as for :func:`get_article_at`.

    :raises NotFound: nothing that is published stands there
    """
    try:
        return _find_at(path, _get_summary).slug
    except Moved as moved:
        return moved.slug
    except Gone:
        raise NotFound(f"there is nothing at {path!r}") from None


def get_article(slug: str) -> PublishedArticle:
    """The published article of that slug, with its body and neighbours.

    Four requests: its pointer, its collection (more for a body over 1 MB), and a Query for each neighbour.

    :raises NotFound: there is none, or it is not published
    :raises Gone: it was deleted
    :raises Moved: it has another slug now
    :raises Busy: it was being replaced at each of several reads
    """
    return _with_adjacent(*get_with_body(_id_of(slug), lambda article: _check_slug(article, slug)))


def get_article_at(path: str) -> PublishedArticle:
    """The published article whose address ``path`` (unescaped) is, with its body and neighbours.

    Requests as by slug: one more for a path of a single segment that was published before such a path took the slug.
    To what is not there go one or two for the path as it is, one for it without its slash or with one, and at most six
    more if it is not the same in all of Unicode's normal forms.

    :raises NotFound: nothing that is published stands there
    :raises Gone: what stood there was deleted
    :raises Moved: the path leads to an article that has another one
    :raises Busy: the article was being replaced at each of several reads
    """
    return _with_adjacent(*_find_at(path, get_with_body))


def get_summary(slug: str) -> Article:
    """The published article of that slug, without its body. Two GetItems.

    :raises NotFound: there is none, or it is not published
    :raises Gone: it was deleted
    :raises Moved: it has another slug now
    """
    return _get_summary(_id_of(slug), lambda article: _check_slug(article, slug))


def find_summary(slug: str) -> Article:
    """The published article that has that slug, or had it before. Two GetItems.

    :raises NotFound: there is none, or it is not published
    :raises Gone: it was deleted
    """
    return _get_summary(_id_of(slug), _check_public)


def get_summaries(article_ids: Collection[int]) -> dict[int, Article]:
    """The published ones among these articles. A BatchGetItem for each hundred."""
    records = ArticleRecord.batch_get([(str(article_id), ARTICLE) for article_id in article_ids]) if article_ids else ()
    cards = (to_article(record) for record in records)
    return {card.id: card for card in cards if card.status == "published"}


def get_by_id(article_id: int) -> tuple[Article, Body]:
    """The published article of that id with its body. One Query.

    :raises NotFound: there is none, or it is not published
    :raises Busy: it was being replaced at each of several reads
    """
    return get_with_body(article_id, _check_published)


def _find_at[Found](path: str, read: Callable[[int, Check], Found]) -> Found:
    """What ``read`` gives of the article whose address ``path`` is, whatever else leads there too.

    It raises as :func:`get_article_at`: of what the path leads to, the first counts that is or was public.
    """
    checked: set[int] = set()
    for keys in (pointer_keys_at(path), variant_pointer_keys(path)):
        answer: Moved | Gone | None = None
        for key in keys:
            article_id = _find_id(key)
            if article_id is None or article_id in checked:
                continue
            checked.add(article_id)
            try:
                return read(article_id, lambda article: _check_path(article, path))
            except NotFound:
                continue
            except (Moved, Gone) as error:
                answer = answer or error
        if answer is not None:
            raise answer
    raise NotFound(f"there is nothing at {path!r}")


def _id_of(slug: str) -> int:
    """The id of the article that has the slug, or had it, in whichever of Unicode's forms it is given."""
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


def _get_summary(article_id: int, check: Check) -> Article:
    """The article without its body; ``check`` raises what keeps it from being shown."""
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
        raise Moved(article.slug, article.path)


def _check_path(article: Article, path: str) -> None:
    _check_public(article)
    if article.path != path:
        raise Moved(article.slug, article.path)


def _adjacent(article: Article, *, newer: bool) -> AdjacentArticle | None:
    here = listing_order(article)
    beyond = ListedRecord.shelf_order > here if newer else ListedRecord.shelf_order < here
    found = next(_query_listing(ALL_ARTICLES, beyond, newest_first=not newer, limit=1), None)
    return AdjacentArticle(found.slug, found.path, found.title) if found else None


def _query_listing(shelf: str, places: Condition, *, newest_first: bool, limit: int) -> Iterator[ArticleSummary]:
    records = ArticlesTableRecord.by_shelf.query(shelf, places, scan_index_forward=not newest_first, limit=limit)
    return (to_summary(record) for record in records if isinstance(record, ListedRecord))


def _listing_key(shelf: ArticleFilter) -> str:
    return ALL_ARTICLES if shelf.label is None else label_listing_key(shelf.label)


def _count(part: str) -> int:
    try:
        return int(Count.get(COUNTS, part).articles)
    except Count.DoesNotExist:
        return 0


def _cursor_scope(shelf: ArticleFilter) -> str:
    label = "" if shelf.label is None else f"label={quote(label_key(shelf.label))}"
    return f"articles?{label}&year={shelf.year or ''}&month={shelf.month or ''}"


def _bounds(shelf: ArticleFilter) -> tuple[str, str]:
    """The first and the last place on the shelf that belong to its year or month, in the site's time zone."""
    if shelf.year is None:
        return _FIRST, _LAST
    year, month = shelf.year, shelf.month or 1
    following = (year + month // 12, month % 12 + 1) if shelf.month else (year + 1, 1)
    return _start(year, month) or _FIRST, _start(*following) or _LAST


def _start(year: int, month: int) -> str | None:
    try:
        return to_rfc3339(datetime(year, month, 1, tzinfo=settings().zone).astimezone(UTC))
    except (OverflowError, ValueError):
        return None  # beyond the years that a datetime can tell


def _before(position: str) -> str:
    """The last place before ``position``: same moment, next lower id."""
    match = _POSITION.fullmatch(position)
    if match is None or int(match[2]) < 1:
        raise InvalidCursor("this cursor is damaged")
    return f"{match[1]}#{int(match[2]) - 1:012d}"
