"""The form of the search page: its fields, and the paths of other searches."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self
from urllib.parse import urlencode

from kolom.config import settings
from kolom.errors import FieldError, InvalidInput
from kolom.limits import MAX_QUERY
from kolom.search.date_range import parse_range
from kolom.search.query_filters import MAX_LABELS, distinct_labels, parse_labels
from kolom.search.search_request import SearchRequest
from kolom.search.terms import label_term
from kolom.urls import SEARCH_PATH, with_query

_SORTS: Final = ("relevance", "newest")
_YEAR: Final = re.compile(r"(\d{4})-01-01", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchForm:
    """The parameters of ``GET /api/search`` as entered by the reader; empty if not given."""

    q: str = ""
    labels: tuple[str, ...] = ()
    language: str = ""
    since: str = ""
    until: str = ""
    sort: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> Self:
        """Return the form for the query string of the page."""

        def value(name: str) -> str:
            return next(iter(query.get(name, ())), "").strip()

        return cls(
            q=value("q"),
            labels=distinct_labels(label.strip() for label in query.get("label", ()))[:MAX_LABELS],
            language=value("language"),
            since=value("from"),
            until=value("to"),
            sort="" if value("sort") == _SORTS[0] else value("sort"),
        )

    @property
    def has_filters(self) -> bool:
        """Return whether the search has filters."""
        return self != SearchForm(q=self.q)

    @property
    def year(self) -> str:
        """Return the year to which the dates limit the search, or an empty string."""
        match = _YEAR.fullmatch(self.since)
        return match[1] if match and self.until == f"{match[1]}-12-31" else ""

    def path(self, cursor: str | None = None) -> str:
        """Return the path of the page for this search, from ``cursor`` on."""
        values = [("q", self.q), *(("label", label) for label in self.labels), ("language", self.language)]
        values += [("from", self.since), ("to", self.until), ("sort", self.sort), ("cursor", cursor or "")]
        return with_query(SEARCH_PATH, urlencode([(name, value) for name, value in values if value]))

    def replace(self, **changes: Any) -> Self:
        """Return the same search with ``changes``."""
        return replace(self, **changes)

    def has_label(self, label: str) -> bool:
        """Return whether the search requires a label, in any spelling."""
        return label_term(label) in map(label_term, self.labels)

    def without_label(self, label: str) -> Self:
        """Return the same search without a label."""
        return self.replace(labels=tuple(each for each in self.labels if each != label))

    def of_year(self, year: int) -> Self:
        """Return the same search in a year."""
        return self.replace(since=f"{year:04}-01-01", until=f"{year:04}-12-31")

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
            labels=parse_labels(self.labels),
            language=self.language or None,
            earliest=earliest,
            latest=latest,
            newest_first=self.sort == "newest",
            cursor=cursor,
            zone=settings().zone,
            site_url=settings().site_url,
        )
