"""The page with the search form and the results of a search."""

import re
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from kolom.config import settings
from kolom.errors import InvalidInput
from kolom.i18n.locale import Locale
from kolom.pages.response import BY_LANGUAGE, HtmlResponse, html_response
from kolom.pages.search_facets import active_filters, facet_groups, language_name
from kolom.pages.search_form import SearchForm
from kolom.pages.templating import Head, render
from kolom.search.searcher import Results, search

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
_MAX_SHOWN: Final = 80


def search_page(form: SearchForm, locale: Locale, *, cursor: str | None = None) -> HtmlResponse:
    """Return the results from ``cursor`` on, the errors of an invalid search, or only the form if there are no words.

    Requests: those of the search, see :mod:`kolom.search.searcher`.

    :raises InvalidCursor: ``cursor`` is damaged, or belongs to a different search
    """
    try:
        request = form.to_search(cursor)
    except InvalidInput as invalid:
        return _page(form, None, locale, errors=frozenset(error.field for error in invalid.errors))
    if not form.q:
        return _page(form, None, locale)
    results = search(request)
    return replace(_page(form, results, locale, cursor=cursor), searched=(request, results))


def _page(
    form: SearchForm,
    results: Results | None,
    locale: Locale,
    *,
    cursor: str | None = None,
    errors: frozenset[str] = frozenset(),
) -> HtmlResponse:
    title = locale.translate("search.title", query=_shortened(form.q)) if form.q else locale.translate("search")
    html = render(
        "search.html",
        _head(form, results, title, cursor, locale),
        locale,
        form=form,
        results=results,
        shown_query=_isolated(form.q),
        found=_found(form, results, locale, is_first=cursor is None) if results else "",
        is_first=cursor is None,
        active_filters=active_filters(form, locale),
        facet_groups=facet_groups(form, results, locale) if results else (),
        errors=errors,
        language_name=language_name,
        since=_day(form.since),
        until=_day(form.until),
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return html_response(html, locale.code, status=status, headers=BY_LANGUAGE)


def _head(form: SearchForm, results: Results | None, title: str, cursor: str | None, locale: Locale) -> Head:
    """Return the page's metadata. Only the empty form is indexable, not results."""
    next_cursor = results.next_cursor if results else None
    description = locale.translate("search.description", site=settings().site_title)
    if results and results.items:
        total = locale.count("search.found" if results.total_is_exact else "search.about", results.total)
        description = f"{title}. {total}."
    return Head(
        title=title if cursor is None else locale.translate("continued", title=title),
        description=description,
        canonical=form.path(cursor),
        next_page=form.path(next_cursor) if next_cursor else None,
        is_indexable=not form.q and not form.has_filters,
    )


def _found(form: SearchForm, results: Results, locale: Locale, *, is_first: bool) -> str:
    """Return the number of results in the words of the custom element, which shows the same before the list."""
    query = _isolated(results.did_you_mean or form.q)
    total = locale.number(results.total)
    if not results.total_is_exact:
        total = locale.translate("search.results.about", n=total)
    shown = len(results.items)
    if is_first and not results.next_cursor and shown == results.total:
        found = locale.count("search.results", shown, query=query)
    else:
        found = locale.translate("search.results.part", n=locale.number(shown), total=total, query=query)
    notes = [locale.translate("search.relaxed")] if results.is_relaxed else []
    for word, forms in results.completed.items():
        notes.append(locale.translate("search.completed", word=f"\u2068{word}\u2069", words=", ".join(forms)))
    return " ".join([f"{found}." if notes else found, *notes])


def _isolated(query: str) -> str:
    """Return a query for a message, in bidi isolates: its text may run in the other direction than the message."""
    return f"\u2068{_shortened(query)}\u2069"


def _shortened(query: str) -> str:
    """Return a query for titles and messages, truncated if it is long."""
    return query if len(query) <= _MAX_SHOWN else query[: _MAX_SHOWN - 1].rstrip() + "…"


def _day(text: str) -> str:
    """Return the day of a date or a time in the format of a date field."""
    return text[:10] if _DAY.match(text) else ""
