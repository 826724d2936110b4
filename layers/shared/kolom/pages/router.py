"""Which page answers which address.

| address | DynamoDB requests, at most |
|---|---|
| ``/``, ``/label/{label}/``, ``/{year}/{month}/``, each also ``?cursor=`` | 2: a Query of the list, its count |
| ``/{year}/`` | 2: the same |
| ``/labels/``, ``/archive/`` | 1 |
| ``/search/`` | 0; with a query those of the search: :mod:`kolom.search.searcher` |
| ``/contact/`` | 0 |
| ``/{slug}/``, or an article's own path | 17: pointer, body, neighbours (2), comments (2), related ones (11) |
| … at one segment, published when such a path did not take the slug yet | 19: a further pointer and article |
| an old slug, an old path | 4: up to three pointers, the article; up to 10 in another Unicode form |
| where another system had a feed | 3, then a 301 to the feed |
| anything else | 3: pointers that are not there; 9 if the path is not the same in all of Unicode's normal forms |

An article with a body beyond 1 MB takes another request for each further MB. Each page has one address; the others,
such as those without a slash at the end, lead straight to it with a 301.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

from kolom import urls
from kolom.articles import public
from kolom.articles.names import MAX_LABEL
from kolom.articles.types import ArticleFilter
from kolom.errors import Moved, NotFound
from kolom.feeds.legacy_urls import legacy_feed_redirect
from kolom.http.errors import failure_of
from kolom.labels import display_label, normalize_label
from kolom.pages import views
from kolom.pages.article_extras import load_article_extras
from kolom.pages.response import HtmlResponse, redirect
from kolom.pages.search_page import PATH as SEARCH_PATH
from kolom.pages.search_page import SearchForm, search_page

HOME_LENGTH: Final = 10
LIST_LENGTH: Final = 20

type Query = Mapping[str, list[str]]


def dispatch(path: str, query: Query) -> HtmlResponse:
    """The page at ``path`` (percent-encoded, as in the request line) with the values of each query parameter.

    Whatever fails is a page too, of the status that the API would answer.
    """
    try:
        return _page(path, query)
    except Exception as error:  # noqa: BLE001 - what is nobody's mistake is recorded there
        return views.problem(failure_of(error).status)


def _page(address: str, query: Query) -> HtmlResponse:
    path = unquote(address)
    for pattern, answer in _ROUTES:
        if match := pattern.fullmatch(path):
            return answer(path, query, *match.groups())
    return _article(path, address, query)


def _value(query: Query, name: str) -> str | None:
    return next((value for value in query.get(name, ()) if value), None)


def _home(_path: str, query: Query) -> HtmlResponse:
    cursor = _value(query, "cursor")
    return views.home(public.list_articles(ArticleFilter(), limit=HOME_LENGTH, cursor=cursor), cursor=cursor)


def _labels(path: str, _query: Query) -> HtmlResponse:
    return views.labels(public.list_labels()) if path == "/labels/" else redirect("/labels/")


def _archive(path: str, _query: Query) -> HtmlResponse:
    return views.archive(public.list_months()) if path == "/archive/" else redirect("/archive/")


def _contact(path: str, _query: Query) -> HtmlResponse:
    return views.contact() if path == "/contact/" else redirect("/contact/")


def _search(path: str, query: Query) -> HtmlResponse:
    form, cursor = SearchForm.from_query(query), _value(query, "cursor")
    return search_page(form, cursor=cursor) if path == SEARCH_PATH else redirect(form.path(cursor))


def _label(path: str, query: Query, label: str) -> HtmlResponse:
    cursor = _value(query, "cursor")
    if not label.strip(" /") or len(label) > 3 * MAX_LABEL:  # folding case makes three characters of one, at most
        raise NotFound("there is no such label")
    canonical = f"/label/{normalize_label(label)}/"
    if path != canonical:
        return redirect(urls.with_cursor(urls.label_path(label), cursor))
    cards = public.list_articles(ArticleFilter(label=label), limit=LIST_LENGTH, cursor=cursor)
    if not cards.items:
        raise NotFound(f"nothing is labelled {label!r}")
    spelled = display_label(label, (each for card in cards.items for each in card.labels))
    return views.label(spelled, cards, cursor=cursor)


def _months(path: str, query: Query, year: str, month: str | None = None) -> HtmlResponse:
    cursor = _value(query, "cursor")
    shelf = ArticleFilter(year=int(year), month=None if month is None else int(month))
    if not shelf.year:
        raise NotFound("there is no year 0")
    canonical = urls.year_path(shelf.year) if shelf.month is None else urls.month_path(shelf.year, shelf.month)
    if path != canonical:
        return redirect(urls.with_cursor(canonical, cursor))
    cards = public.list_articles(shelf, limit=LIST_LENGTH, cursor=cursor)
    if not cards.items:
        raise NotFound("nothing was published in that time")
    return views.months(shelf.year, shelf.month, cards, cursor=cursor)


def _article(path: str, address: str, query: Query) -> HtmlResponse:
    """The article at its path; from its other addresses a redirect straight to that one."""
    try:
        found = public.get_article_at(path)
    except Moved as moved:
        return redirect(urls.encoded_path(moved.path))
    except NotFound:
        if feed := legacy_feed_redirect(path, query):
            return redirect(feed)
        raise
    # API Gateway decodes paths. Where nothing does, other ways to encode this one lead to it too.
    canonical = urls.encoded_path(path)
    if address not in {canonical, path}:
        return redirect(canonical)
    return views.article(
        found,
        load_article_extras(
            found.article,
            cursor=_value(query, "comments"),
            reply_to_id=_value(query, "answer"),
            now=datetime.now(UTC),
        ),
    )


_ROUTES: Final[tuple[tuple[re.Pattern[str], Callable[..., HtmlResponse]], ...]] = (
    (re.compile(r"/?"), _home),
    (re.compile(r"/labels/?"), _labels),
    (re.compile(r"/archive/?"), _archive),
    (re.compile(r"/contact/?"), _contact),
    (re.compile(r"/search/?"), _search),
    (re.compile(r"/label/(.+?)/?"), _label),
    (re.compile(r"/(\d{4})/?", re.ASCII), _months),
    (re.compile(r"/(\d{4})/(0?[1-9]|1[0-2])/?", re.ASCII), _months),
)
