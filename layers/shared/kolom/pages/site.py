"""Which page answers which address.

| address | DynamoDB requests, at most |
|---|---|
| ``/``, ``/label/{label}/``, ``/{year}/{month}/``, each also ``?cursor=`` | 2: a Query of the list, its count |
| ``/{year}/`` | 2: the same |
| ``/labels/``, ``/archive/`` | 1 |
| ``/search/`` | 0; with a query those of the search: :mod:`kolom.search.searching` |
| ``/contact/`` | 0 |
| ``/{slug}/`` | 17: pointer, article with its body, each neighbour, two for comments, eleven for related articles |
| an old slug | 4: pointer and article, then both again to learn the new address |
| ``/2024/05/x.html``, the path that an article keeps | 20: two pointers, two cards, then as by slug |
| where another system had a feed | 2, then a 301 to the feed |
| anything else | 2: two pointers that are not there |

An article with a body beyond 1 MB takes another request for each further MB. Addresses have one form, with a slash at
the end; the others lead to it with a 301.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from pynamodb.exceptions import PynamoDBException

from kolom.articles import reading, store
from kolom.articles.names import MAX_LABEL
from kolom.articles.types import Article, Shelf
from kolom.errors import Busy, Gone, InvalidCursor, Moved, NotFound
from kolom.models.transaction import is_throttled
from kolom.pages import addresses, views
from kolom.pages.former_feeds import former_feed
from kolom.pages.living import read_living
from kolom.pages.page import Page, redirect
from kolom.pages.search_page import PATH as SEARCH_PATH
from kolom.pages.search_page import SearchForm, search_page

HOME_LENGTH: Final = 10
LIST_LENGTH: Final = 20

type Query = Mapping[str, list[str]]

_STATUS_OF: Final = {
    InvalidCursor: HTTPStatus.BAD_REQUEST,
    NotFound: HTTPStatus.NOT_FOUND,
    Gone: HTTPStatus.GONE,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
}


def respond(path: str, query: Query) -> Page:
    """The page at ``path`` (percent-encoded, as in the request line) with the values of each query parameter.

    What readers may run into is a page too: 400 for a damaged cursor, 404, 410, 503 when the store is at its limit.
    Other errors are raised, for the caller to record before it shows ``problem(500)``.
    """
    try:
        return _page(unquote(path), query)
    except (InvalidCursor, NotFound, Gone, Busy) as error:
        return views.problem(_STATUS_OF[type(error)])
    except PynamoDBException as error:
        if is_throttled(error):
            return views.problem(HTTPStatus.SERVICE_UNAVAILABLE)
        raise


def _page(path: str, query: Query) -> Page:
    for pattern, answer in _ROUTES:
        if match := pattern.fullmatch(path):
            return answer(path, query, *match.groups())
    return _article(path, query)


def _value(query: Query, name: str) -> str | None:
    return next((value for value in query.get(name, ()) if value), None)


def _home(_path: str, query: Query) -> Page:
    cursor = _value(query, "cursor")
    return views.home(reading.list_cards(Shelf(), limit=HOME_LENGTH, cursor=cursor), cursor=cursor)


def _labels(path: str, _query: Query) -> Page:
    return views.labels(reading.labels()) if path == "/labels/" else redirect("/labels/")


def _archive(path: str, _query: Query) -> Page:
    return views.archive(reading.archive()) if path == "/archive/" else redirect("/archive/")


def _contact(path: str, _query: Query) -> Page:
    return views.contact() if path == "/contact/" else redirect("/contact/")


def _search(path: str, query: Query) -> Page:
    form, cursor = SearchForm.of(query), _value(query, "cursor")
    return search_page(form, cursor=cursor) if path == SEARCH_PATH else redirect(form.path(cursor))


def _label(path: str, query: Query, label: str) -> Page:
    cursor = _value(query, "cursor")
    if not label.strip(" /") or len(label) > 3 * MAX_LABEL:  # folding case makes three characters of one, at most
        raise NotFound("there is no such label")
    canonical = f"/label/{addresses.label_name(label)}/"
    if path != canonical:
        return redirect(addresses.with_cursor(addresses.label_path(label), cursor))
    cards = reading.list_cards(Shelf(label=label), limit=LIST_LENGTH, cursor=cursor)
    if not cards.items:
        raise NotFound(f"nothing is labelled {label!r}")
    return views.label(addresses.label_as_written(label, cards.items), cards, cursor=cursor)


def _months(path: str, query: Query, year: str, month: str | None = None) -> Page:
    cursor = _value(query, "cursor")
    shelf = Shelf(year=int(year), month=None if month is None else int(month))
    if not shelf.year or (shelf.month is not None and not 1 <= shelf.month <= 12):
        raise NotFound(f"there is no such month: {path!r}")
    canonical = (
        addresses.year_path(shelf.year) if shelf.month is None else addresses.month_path(shelf.year, shelf.month)
    )
    if path != canonical:
        return redirect(addresses.with_cursor(canonical, cursor))
    cards = reading.list_cards(shelf, limit=LIST_LENGTH, cursor=cursor)
    if not cards.items:
        raise NotFound("nothing was published in that time")
    return views.months(shelf.year, shelf.month, cards, cursor=cursor)


def _article(path: str, query: Query) -> Page:
    """The article at a path of its own, or at ``/slug/``; from its other addresses to that one."""
    match = re.fullmatch(r"/([^/]+)/?", path)
    if match is not None:
        try:
            return _by_slug(match[1], path, query)
        except NotFound:
            pass  # an article may have brought a path of a single segment from elsewhere, such as /about.html
    kept = _find(f"path:{path}")
    if kept is not None:
        return _by_slug(kept.slug, path, query)
    if feed := former_feed(path, query):
        return redirect(feed)
    raise NotFound(f"there is nothing at {path!r}")


def _by_slug(slug: str, path: str, query: Query) -> Page:
    try:
        found = reading.read(slug)
    except Moved as moved:
        current = _find(f"slug:{moved.slug}")
        if current is None:
            raise NotFound(f"there is no article {moved.slug!r}") from None
        return redirect(addresses.encoded_path(current.path))
    if found.article.path != path:
        return redirect(addresses.encoded_path(found.article.path))
    return views.article(
        found,
        read_living(
            found.article,
            cursor=_value(query, "comments"),
            answering=_value(query, "answer"),
            now=datetime.now(UTC),
        ),
    )


def _find(pointer_key: str) -> Article | None:
    article_id = store.find_id(pointer_key)
    return None if article_id is None else store.load(article_id)


_ROUTES: Final[tuple[tuple[re.Pattern[str], Callable[..., Page]], ...]] = (
    (re.compile(r"/?"), _home),
    (re.compile(r"/labels/?"), _labels),
    (re.compile(r"/archive/?"), _archive),
    (re.compile(r"/contact/?"), _contact),
    (re.compile(r"/search/?"), _search),
    (re.compile(r"/label/(.+?)/?"), _label),
    (re.compile(r"/(\d{4})/?", re.ASCII), _months),
    (re.compile(r"/(\d{4})/(\d{1,2})/?", re.ASCII), _months),
)
