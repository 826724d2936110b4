"""The page with the search form and the results of a search."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from http import HTTPStatus
from typing import Final, Self
from urllib.parse import urlencode

from kolom.config import settings
from kolom.errors import FieldError, InvalidInput
from kolom.i18n.locale import Locale
from kolom.limits import MAX_QUERY
from kolom.pages.response import BY_LANGUAGE, HtmlResponse, html_response
from kolom.pages.templating import Head, render
from kolom.search.date_range import parse_range
from kolom.search.query_filters import parse_labels
from kolom.search.searcher import Results, SearchRequest, search
from kolom.urls import SEARCH_PATH, with_query

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)
_MAX_SHOWN: Final = 80
_SORTS: Final = ("relevance", "newest")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchForm:
    """The parameters of ``GET /api/search`` as entered by the reader; empty if not given."""

    q: str = ""
    label: str = ""
    language: str = ""
    since: str = ""
    until: str = ""
    sort: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> Self:
        """Return the form for the query string of the page."""
        values = {field.name: next(iter(query.get(_parameter(field.name), ())), "").strip() for field in fields(cls)}
        return cls(**values | {"sort": "" if values["sort"] == _SORTS[0] else values["sort"]})

    @property
    def has_filters(self) -> bool:
        """Return whether the search has filters."""
        return self != SearchForm(q=self.q)

    def path(self, cursor: str | None = None) -> str:
        """Return the path of the page for this search, from ``cursor`` on."""
        values = {_parameter(field.name): getattr(self, field.name) for field in fields(self)} | {"cursor": cursor}
        query = urlencode({name: value for name, value in values.items() if value})
        return with_query(SEARCH_PATH, query)

    def replace(self, **changes: str) -> Self:
        """Return the same search with ``changes``."""
        return replace(self, **changes)

    def to_search(self, cursor: str | None) -> SearchRequest:
        """Return the search request.

        :raises InvalidInput: a field is not valid
        """
        errors = []
        if len(self.q) > MAX_QUERY:
            errors.append(FieldError("q", f"must have at most {MAX_QUERY} characters"))
        if self.sort not in {"", *_SORTS}:
            errors.append(FieldError("sort", f"must be one of {', '.join(_SORTS)}"))
        if errors:
            raise InvalidInput(*errors)
        earliest, latest = parse_range(self.since or None, self.until or None, settings().zone)
        return SearchRequest(
            text=self.q,
            labels=parse_labels([self.label]),
            language=self.language or None,
            earliest=earliest,
            latest=latest,
            newest_first=self.sort == "newest",
            cursor=cursor,
            zone=settings().zone,
        )


def search_page(form: SearchForm, locale: Locale, *, cursor: str | None = None) -> HtmlResponse:
    """Return the results from ``cursor`` on, the errors of an invalid search, or only the form if there are no words.

    Requests: those of the search, see :mod:`kolom.search.searcher`.

    :raises InvalidCursor: ``cursor`` is damaged, or belongs to a different search
    """
    try:
        request = form.to_search(cursor)
    except InvalidInput as invalid:
        return _page(form, None, locale, errors=frozenset(error.field for error in invalid.errors))
    return _page(form, search(request), locale, cursor=cursor) if form.q else _page(form, None, locale)


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
        errors=errors,
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


def _parameter(name: str) -> str:
    """Return the query parameter of a form field."""
    return {"since": "from", "until": "to"}.get(name, name)
