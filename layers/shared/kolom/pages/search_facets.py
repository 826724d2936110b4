"""The links of the search page that narrow and widen a search, with the numbers of results."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from kolom.i18n.locale import Locale
from kolom.pages.search_form import SearchForm
from kolom.search.searcher import Results

MAX_YEARS: Final = 6
"""The number of years that are shown; the fields of the form select any other period."""


class Choice(NamedTuple):
    """A link to a narrower search, and its number of results."""

    name: str
    number: str
    path: str


class FacetGroup(NamedTuple):
    """The choices of one kind; ``key`` is that of its name in the catalog."""

    key: str
    choices: tuple[Choice, ...]


class ActiveFilter(NamedTuple):
    """A filter of the search, and the path of the same search without it."""

    name: str
    path: str


def facet_groups(form: SearchForm, results: Results, locale: Locale) -> tuple[FacetGroup, ...]:
    """Return the groups that have a choice: one that some results meet, but not all."""
    facets = results.facets
    if facets is None:
        return ()

    def choice(name: str, count: int, narrowed: SearchForm) -> Choice:
        return Choice(name, locale.number(count), narrowed.path())

    labels = [
        choice(label, count, form.replace(labels=(*form.labels, label)))
        for label, count in facets.labels
        if count < results.total and not form.has_label(label)
    ]
    years = [choice(str(year), count, form.of_year(year)) for year, count in facets.years[:MAX_YEARS]]
    languages = [
        choice(language_name(code, locale), count, form.replace(language=code)) for code, count in facets.languages
    ]
    groups = [
        FacetGroup("search.label", tuple(labels)),
        FacetGroup("search.year", tuple(years) if len(years) > 1 else ()),
        FacetGroup("search.language", tuple(languages) if len(languages) > 1 else ()),
    ]
    return tuple(group for group in groups if group.choices)


def active_filters(form: SearchForm, locale: Locale) -> tuple[ActiveFilter, ...]:
    """Return the filters of the search by label, date and language."""
    return tuple(ActiveFilter(name, wider.path()) for name, wider in _filters(form, locale))


def language_name(code: str, locale: Locale) -> str:
    """Return the name of a language, or its code if the catalog has none."""
    key = f"language.{code}"
    return locale.translate(key) if key in locale.strings else code


def _filters(form: SearchForm, locale: Locale) -> Iterator[tuple[str, SearchForm]]:
    for label in form.labels:
        yield label, form.without_label(label)
    if form.since or form.until:
        yield form.year or f"{form.since[:10]}–{form.until[:10]}", form.replace(since="", until="")
    if form.language:
        yield language_name(form.language, locale), form.replace(language="")
