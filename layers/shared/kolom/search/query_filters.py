"""The conditions of a query on labels, authors, titles, sites and dates: ``label:news``, ``after:2024``. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import chain
from typing import Final, NamedTuple, Self

from kolom.articles.page_urls import normalize_url, site_of
from kolom.errors import FieldError, InvalidInput
from kolom.search.analyzer import is_stop_word
from kolom.search.terms import EXTERNAL, MIN_PREFIX, author_term, label_term, site_term
from kolom.search.tokenizer import strip_accents, tokenize

OPERATORS: Final = ("label", "author", "title", "site", "before", "after")

MAX_CONDITIONS: Final = 8
"""The maximum number of values of ``label:``, ``author:``, ``title:`` and ``site:`` in a query, exclusions included."""

MAX_LABELS: Final = 8
"""The maximum number of labels that the parameters of a search may require, besides those in the query."""

MAX_CONDITION_WORDS: Final = 4
"""The maximum number of words of a title or an author that are compared: each costs a DynamoDB Query."""

_PERIOD: Final = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?", re.ASCII)
_TRAILING: Final = ",;.!?"
_SITE: Final = re.compile(
    r"(?=.*[.:]) (?: [\w-]+ (?: \.[\w-]+ )* | \[ [0-9a-f:.]+ \] ) (?: :\d+ )?", re.ASCII | re.VERBOSE
)
"""A site as :func:`.site_of` returns it. A dot or a colon distinguishes it from a word: a domain, or a port."""

OWN_SITE: Final = "own site"
_TERMS: Final = {"label": label_term, "author": author_term, "site": site_term}


class Condition(NamedTuple):
    """A condition on an article: its label, the words of its author's name, words of its title, or its site.

    ``words`` has the label as it was typed, the distinct words of the author or title without accents, or the site
    without ``www.`` (:func:`.site_of`). The name is :data:`OWN_SITE` if the site is the one that Kolom serves.
    """

    name: str
    words: tuple[str, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """Return the terms to read: an article must have all of them; none for a title.

        The first term of the own site is that of the pages which are not on it.
        """
        if self.name == "title":
            return ()
        if self.name == OWN_SITE:
            return (EXTERNAL, *map(site_term, self.words))
        return tuple(map(_TERMS[self.name], self.words))


class DateLimit(NamedTuple):
    """A limit of the time of publication: from ``moment`` on, or before it."""

    moment: datetime
    is_first: bool


@dataclass(frozen=True, slots=True)
class Filters:
    """The conditions of a query.

    An article must meet one condition of each group in ``required``, and none of ``excluded``. ``earliest`` is
    inclusive, ``latest`` is not.
    """

    required: tuple[tuple[Condition, ...], ...] = ()
    excluded: tuple[Condition, ...] = ()
    earliest: datetime | None = None
    latest: datetime | None = None

    @property
    def can_match_alone(self) -> bool:
        """Return whether the conditions select articles without any word.

        Exclusions of labels, authors, titles and sites do not, but an excluded period does: ``-before:2024``.
        """
        return bool(self.required or self.earliest or self.latest)

    @property
    def terms(self) -> list[str]:
        """Return the distinct terms to read."""
        return list(dict.fromkeys(chain.from_iterable(condition.terms for condition in self.conditions)))

    @property
    def label_terms(self) -> set[str]:
        """Return the terms of the labels that every article must have."""
        alone = (group[0] for group in self.required if len(group) == 1)
        return {term for condition in alone if condition.name == "label" for term in condition.terms}

    @property
    def title_words(self) -> list[str]:
        """Return the distinct words of titles to look up."""
        return _title_words(self.conditions)

    @property
    def required_title_words(self) -> list[str]:
        """Return the distinct words of titles that are not excluded."""
        return _title_words(chain.from_iterable(self.required))

    @property
    def conditions(self) -> list[Condition]:
        """Return all conditions on labels, authors, titles and sites."""
        return [*chain.from_iterable(self.required), *self.excluded]

    def on_site(self, url: str) -> Self:
        """Return the conditions for the site at ``url``, which Kolom serves."""
        typed = Condition("site", (site_of(url) or "",))
        if typed not in self.conditions:
            return self

        def resolved(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
            return tuple(each._replace(name=OWN_SITE) if each == typed else each for each in conditions)

        return replace(self, required=tuple(map(resolved, self.required)), excluded=resolved(self.excluded))


def distinct_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the labels without empty ones, and without other spellings of earlier ones."""
    distinct: dict[str, str] = {}
    for label in filter(None, labels):
        distinct.setdefault(label_term(label), label)
    return tuple(distinct.values())


def parse_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct labels of the parameters of a search.

    :raises InvalidInput: there are more than :data:`MAX_LABELS`
    """
    distinct = distinct_labels(labels)
    if len(distinct) > MAX_LABELS:
        raise InvalidInput(FieldError("label", f"at most {MAX_LABELS} labels are allowed, got {len(distinct)}"))
    return distinct


def parse_condition(name: str, value: str, zone: tzinfo) -> Condition | DateLimit | None:
    """Return the condition of a name in :data:`OPERATORS` and a value; None if the value is not valid.

    A title keeps all words of at least two letters: :func:`title_condition` selects those that are compared.
    ``after:2024`` begins with the first day of 2024, and ``before:2024`` ends with the last day of 2023. A value may
    also be a month or a day (``2024-05``, ``2024-05-16``). A site is a host name, such as ``www.example.com``.
    """
    if name in {"before", "after"}:
        moment = _first_moment(value.strip().rstrip(_TRAILING), zone)
        return None if moment is None else DateLimit(moment, name == "after")
    if name == "label":
        label = value.strip().rstrip(",;")
        return Condition(name, (label,)) if label_term(label) != label_term("") else None
    if name == "site":
        site = _parse_site(value)
        return None if site is None else Condition(name, (site,))
    words = tuple(dict.fromkeys(strip_accents(word.form) for word in tokenize(value)))
    words = tuple(word for word in words if len(word) >= MIN_PREFIX) if name == "title" else words[:MAX_CONDITION_WORDS]
    return Condition(name, words) if words else None


def title_condition(words: Iterable[str], languages: Sequence[str]) -> Condition | None:
    """Return the condition on the first words of a title that are no stop words; None if it has no such word.

    The title index lacks the stop words of an article's own language. So if the title has only stop words, those are
    compared that are content in another language.
    """
    listed = list(words)
    content = [word for word in listed if not is_stop_word(word, *languages)]
    content = content or [word for word in listed if not all(is_stop_word(word, code) for code in languages)]
    return Condition("title", tuple(content[:MAX_CONDITION_WORDS])) if content else None


def collect_filters(
    groups: Sequence[tuple[bool, Sequence[Condition]]], limits: Sequence[tuple[bool, DateLimit]]
) -> Filters:
    """Return the filters of groups of conditions, and of date limits.

    An article must meet one condition of each group. Each group and each limit comes with whether it is excluded.
    Keeps the first :data:`MAX_CONDITIONS` conditions.
    """
    required: list[tuple[Condition, ...]] = []
    excluded: list[Condition] = []
    remaining = MAX_CONDITIONS
    for is_excluded, conditions in groups:
        kept = tuple(dict.fromkeys(conditions))[:remaining]
        remaining -= len(kept)
        if is_excluded:
            excluded += kept
        elif kept:
            required.append(kept)
    earliest = [limit.moment for is_excluded, limit in limits if limit.is_first != is_excluded]
    latest = [limit.moment for is_excluded, limit in limits if limit.is_first == is_excluded]
    return Filters(
        required=tuple(dict.fromkeys(required)),
        excluded=tuple(dict.fromkeys(excluded)),
        earliest=max(earliest, default=None),
        latest=min(latest, default=None),
    )


def _parse_site(value: str) -> str | None:
    """Return the site of a host name, or of the URL of its home page."""
    text = value.strip().rstrip(f"{_TRAILING})")
    url = text if "://" in text else f"https://{text}"
    site = site_of(url)
    return site if site and _SITE.fullmatch(site) and normalize_url(url) == site else None


def _title_words(conditions: Iterable[Condition]) -> list[str]:
    titles = (condition.words for condition in conditions if condition.name == "title")
    return list(dict.fromkeys(chain.from_iterable(titles)))


def _first_moment(text: str, zone: tzinfo) -> datetime | None:
    """Return the first moment in UTC of a year, a month or a day."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        return datetime(year, month, day, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
