"""Route paths to pages.

| path | DynamoDB requests, at most |
|---|---|
| ``/``, ``/label/{label}/``, ``/{year}/{month}/``, each also ``?cursor=`` | 2: the list, its count |
| ``/{year}/`` | 2: the list, its count |
| ``/labels/``, ``/archive/`` | 1 |
| ``/search/`` | 0; with a query those of the search: :mod:`kolom.search.searcher` |
| ``/contact/`` | 0 |
| ``/{slug}/``, or an article's path | 9: pointer, body, adjacent articles (2), comments (2), related ones (2 or 3) |
| … indexed by an earlier version, without a list of related articles | 18: the related ones take 12 |
| … stored when a path ``/x`` did not yet reserve the slug ``x`` | 2 more: one more pointer and article |
| the slug of a page of another site | 2, then a 302 |
| a former slug or path | 4: up to three pointers, the article; up to 10 in another Unicode form |
| the feed of another system, ``/favicon.ico`` | 3, then a 301 |
| ``/?p=12`` and the like (:mod:`kolom.pages.wordpress_urls`) | 2, then a 301 |
| anything else | 3: missing pointers; 9 if the Unicode normal forms of the path differ |

An article with a body of more than 1 MB needs one more request for each further MB. Each page has one canonical path.
Other paths of the page, such as those without a final slash, redirect directly to it with a 301 and keep their query.
The URLs of feeds, sitemaps and robots.txt with a slash at the end are redirected here, too: API Gateway has no other
route for them.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlencode

from kolom import urls
from kolom.articles import public
from kolom.articles.names import MAX_LABEL
from kolom.articles.types import ArticleFilter
from kolom.errors import Moved, NotFound
from kolom.feeds.documents import find_document_redirect
from kolom.feeds.legacy_urls import find_legacy_feed_redirect
from kolom.http.errors import failure_of
from kolom.i18n.locale import Locale, site_locale
from kolom.labels import display_label, normalize_label
from kolom.pages import views
from kolom.pages.article_extras import load_article_extras
from kolom.pages.response import HtmlResponse, redirect, redirect_to_page
from kolom.pages.theme import get_theme
from kolom.pages.wordpress_urls import home_redirect, post_redirect

HOME_LENGTH: Final = 10
LIST_LENGTH: Final = 20

_INVISIBLE: Final = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))

type Query = Mapping[str, list[str]]


def dispatch(path: str, query: Query, locale: Locale | None = None) -> HtmlResponse:
    """Return the page at ``path``. ``query`` has the values of each parameter.

    ``path`` is decoded, as API Gateway passes it, or percent-encoded. ``locale`` is the reader's, for pages without a
    language of their own, or in one without a locale. An error becomes a page, too, with the status that the API would
    return.
    """
    locale = locale or site_locale()
    try:
        try:
            return _page(path, query, locale)
        except NotFound:
            return _without_invisible_characters(path, query, locale)
    except Exception as error:  # noqa: BLE001 - failure_of logs unexpected errors
        return views.render_problem(failure_of(error).status, locale)


def _without_invisible_characters(url_path: str, query: Query, locale: Locale) -> HtmlResponse:
    """Redirect a URL with invisible characters, which copied text may have, to the URL without them.

    :raises NotFound: there is no such page
    """
    path = unquote(url_path)
    visible = path.translate(_INVISIBLE)
    if visible == path:
        raise NotFound(f"there is nothing at {path!r}")
    url_path = urls.encoded_path(visible)
    page = _page(url_path, query, locale)
    return page if page.status == HTTPStatus.MOVED_PERMANENTLY else _redirect(url_path, query)


def _page(url_path: str, query: Query, locale: Locale) -> HtmlResponse:
    path = unquote(url_path)
    for pattern, view in _ROUTES:
        if match := pattern.fullmatch(path):
            return view(path, query, locale, *match.groups())
    return _article(path, url_path, query, locale)


def _redirect(path: str, query: Query) -> HtmlResponse:
    return redirect(urls.with_query(path, urlencode(query, doseq=True)))


def _value(query: Query, name: str) -> str | None:
    return next((value for value in query.get(name, ()) if value), None)


def _home(path: str, query: Query, locale: Locale) -> HtmlResponse:
    if target := home_redirect(path or "/", query):
        return redirect(target)
    cursor = _value(query, "cursor")
    articles = public.list_articles(ArticleFilter(), limit=HOME_LENGTH, cursor=cursor)
    return views.render_home(articles, cursor=cursor, locale=locale)


def _labels(path: str, query: Query, locale: Locale) -> HtmlResponse:
    return (
        views.render_labels(public.list_labels(), locale=locale) if path == "/labels/" else _redirect("/labels/", query)
    )


def _archive(path: str, query: Query, locale: Locale) -> HtmlResponse:
    return (
        views.render_archive(public.list_months(), locale=locale)
        if path == "/archive/"
        else _redirect("/archive/", query)
    )


def _contact(path: str, query: Query, locale: Locale) -> HtmlResponse:
    return views.render_contact(locale=locale) if path == "/contact/" else _redirect("/contact/", query)


def _search(path: str, query: Query, locale: Locale) -> HtmlResponse:
    # Imported here, since other pages do not need it: it adds 40 ms to a cold start.
    from kolom.pages.search_form import SearchForm
    from kolom.pages.search_page import search_page

    form, cursor = SearchForm.from_query(query), _value(query, "cursor")
    return search_page(form, locale, cursor=cursor) if path == urls.SEARCH_PATH else redirect(form.path(cursor))


def _label(path: str, query: Query, locale: Locale, label: str) -> HtmlResponse:
    cursor = _value(query, "cursor")
    if not label.strip(" /") or len(label) > 3 * MAX_LABEL:  # case folding turns one character into at most three
        raise NotFound("there is no such label")
    canonical = f"/label/{normalize_label(label)}/"
    if path != canonical:
        return _redirect(urls.label_path(label), query)
    articles = public.list_articles(ArticleFilter(label=label), limit=LIST_LENGTH, cursor=cursor)
    if not articles.items and label.endswith("/"):
        return _label(path, query, locale, label.rstrip("/"))
    if not articles.items:
        raise NotFound(f"there are no articles with the label {label!r}")
    spelled = display_label(label, (each for article in articles.items for each in article.labels))
    return views.render_label(spelled, articles, cursor=cursor, locale=locale)


def _months(path: str, query: Query, locale: Locale, year: str, month: str | None = None) -> HtmlResponse:
    cursor = _value(query, "cursor")
    listing = ArticleFilter(year=int(year), month=None if month is None else int(month))
    if not listing.year:
        raise NotFound("there is no year 0")
    canonical = urls.year_path(listing.year) if listing.month is None else urls.month_path(listing.year, listing.month)
    if path != canonical:
        return _redirect(canonical, query)
    articles = public.list_articles(listing, limit=LIST_LENGTH, cursor=cursor)
    if not articles.items:
        raise NotFound("there are no articles in this period")
    return views.render_months(listing.year, listing.month, articles, cursor=cursor, locale=locale)


def _article(path: str, url_path: str, query: Query, locale: Locale) -> HtmlResponse:
    """Return the article at its path; redirect its other paths directly to it."""
    if document := find_document_redirect(path):
        return _redirect(document, query)
    try:
        found = public.get_article_at(path)
    except Moved as moved:
        return redirect_to_page(moved.url) if moved.url else _redirect(urls.encoded_path(moved.path), query)
    except NotFound:
        if feed := find_legacy_feed_redirect(path, query):
            return redirect(feed)
        if path.rstrip("/") == "/favicon.ico":
            return redirect(get_theme().asset("favicon.svg"))
        if path == "/index.php":
            return redirect(home_redirect(path, query) or "/")
        if target := post_redirect(query):  # of a WordPress site in a directory: /blog/?p=12
            return redirect(target)
        raise
    if found.article.url:
        return redirect_to_page(found.article.url)
    # For a path that is not decoded: another encoding than the canonical one redirects to it.
    canonical = urls.encoded_path(path)
    if url_path not in {canonical, path}:
        return _redirect(canonical, query)
    return views.render_article(
        found,
        load_article_extras(
            found.article,
            cursor=_value(query, "comments"),
            reply_to_id=_value(query, "answer"),
            now=datetime.now(UTC),
        ),
        locale=locale,
    )


_ROUTES: Final[tuple[tuple[re.Pattern[str], Callable[..., HtmlResponse]], ...]] = (
    (re.compile(r"/?"), _home),
    (re.compile(r"/labels/*"), _labels),
    (re.compile(r"/archive/*"), _archive),
    (re.compile(r"/contact/*"), _contact),
    (re.compile(r"/search/*"), _search),
    (re.compile(r"/label/(.+?)/?"), _label),
    (re.compile(r"/(\d{4})/*", re.ASCII), _months),
    (re.compile(r"/(\d{4})/(0?[1-9]|1[0-2])/*", re.ASCII), _months),
)
