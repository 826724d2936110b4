"""Parse a query into words, phrases, exclusions, alternatives and filters. Pure. :mod:`.query_clauses` has the syntax.

Stop words (:mod:`.function_words`) are not searched for as single words, unless the query has no other word to search
for. Phrases and exclusions keep them.
"""

import itertools
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Final, NamedTuple

from kolom.search.analyzer import is_stop_word, stems
from kolom.search.function_words import ContentWord, content_words
from kolom.search.query_clauses import Clause, find_clauses
from kolom.search.query_filters import Condition, DateLimit, Filters, collect_filters, title_condition
from kolom.search.tokenizer import MAX_WORD, Word, are_hyphenated, join_hyphenated, strip_accents
from kolom.search.word_forms import find_spellings

MAX_WORDS: Final = 24
"""The maximum number of distinct words of a query that are searched, and of words in a phrase."""

MAX_STEMS: Final = 32
"""The maximum number of stems that one query reads."""

MAX_EXCLUSIONS: Final = 4
MAX_PHRASES: Final = 4
"""The maximum number of phrases, including those in groups of ``OR``. Further phrases are searched for as words.

It is also the maximum number of groups of ``OR``.
"""

MAX_ALTERNATIVES: Final = 24
"""The maximum number of sides of all groups of ``OR``. Each word of a query can be one."""

_MAX_EXCLUDED_STEMS: Final = 16
_MAX_DISTINCTIVE: Final = 2

_OTHER_APOSTROPHES: Final = frozenset("`´‘′")
"""Characters that some people type as an apostrophe. The tokenizer splits words at them."""


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word to search for. An article has the word if it has any of its stems.

    ``count`` is how often the word occurs in the query; ``[start:end]`` is its first position. Another spelling of
    words in the query, or a synonym of them, has them as its ``parts``: an article with it counts as having the parts.
    ``is_required`` is false for these, and for a word that may be a stop word. If ``languages`` are given, the word is
    a stop word in the others.
    """

    form: str
    stems: tuple[str, ...]
    start: int
    end: int
    count: int = 1
    is_required: bool = True
    parts: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()


class Alternative(NamedTuple):
    """One side of an ``OR``: words, all of which an article has, or a phrase."""

    forms: tuple[str, ...]
    is_phrase: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query.

    ``words`` has all words to search for, those of phrases and alternatives included. ``unquoted`` has the typed words
    outside of quotation marks, exclusions and conditions, in their order.

    ``phrases`` and ``excluded_phrases`` are sequences of forms. ``hyphenated`` has the pairs of adjacent forms in
    phrases with a hyphen between them. ``alternatives`` has the groups that ``OR`` joins. Phrases in these groups are
    not in ``phrases``.

    ``excluded`` has the stems of each excluded word. ``distinctive`` has for each excluded phrase the stems of its
    longest words: a text that lacks one of these words does not have the phrase. ``ambiguous`` has the stems of
    searched words that are stop words in some language. It is empty if the query has only stop words.
    """

    words: tuple[QueryWord, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[tuple[str, ...], ...] = ()
    excluded_phrases: tuple[tuple[str, ...], ...] = ()
    distinctive: tuple[tuple[tuple[str, ...], ...], ...] = ()
    hyphenated: frozenset[tuple[str, str]] = frozenset()
    alternatives: tuple[tuple[Alternative, ...], ...] = ()
    filters: Filters = field(default_factory=Filters)
    ambiguous: frozenset[str] = frozenset()
    unquoted: tuple[Word, ...] = ()

    @property
    def can_match(self) -> bool:
        """Return whether the query has words to search for, or conditions that select articles."""
        return bool(self.words) or self.filters.can_match_alone

    @property
    def needs_search(self) -> bool:
        """Return whether the query has phrases or conditions, which suggestions do not verify."""
        has_phrases = any(each.is_phrase for group in self.alternatives for each in group)
        return bool(self.phrases or self.excluded_phrases) or has_phrases or self.filters != Filters()

    @property
    def excluded_stems(self) -> list[str]:
        """Return the distinct stems of the excluded words."""
        return list(dict.fromkeys(itertools.chain.from_iterable(self.excluded)))

    @property
    def stems(self) -> list[str]:
        """Return all distinct stems to read: those of excluded words, then of the others, the most important first."""
        listed = (
            *self.excluded,
            *(word.stems for word in sorted(self.words, key=_importance)),
            *_flat(self.distinctive),
        )
        return list(dict.fromkeys(itertools.chain.from_iterable(listed)))

    def filtered_by(self, conditions: Iterable[Condition]) -> "Query":
        """Return the query for only those articles that also meet these conditions."""
        required = dict.fromkeys((*self.filters.required, *((each,) for each in conditions)))
        return replace(self, filters=replace(self.filters, required=tuple(required)))

    def on_site(self, url: str) -> "Query":
        """Return the query for the site at ``url``, which Kolom serves."""
        return replace(self, filters=self.filters.on_site(url))

    def restricted_to(self, available: Mapping[str, object]) -> "Query":
        """Return the query reduced to the stems in ``available``; words without one are dropped."""
        return replace(
            self,
            words=tuple(replace(word, stems=kept) for word in self.words if (kept := _among(word.stems, available))),
            distinctive=tuple(
                tuple(each for each in words if len(_among(each, available)) == len(each)) for words in self.distinctive
            ),
        )


def parse(text: str, languages: Sequence[str], zone: tzinfo = UTC) -> Query:
    """Parse ``text`` for articles in ``languages`` (codes, the one with the most articles first).

    Keeps at most :data:`MAX_WORDS` words and :data:`MAX_STEMS` stems: the most repeated words, then the longest, which
    tend to be the rarest. If not all stems of all words fit, each word keeps its stem in the first language, and the
    most important words keep those in the other languages. Dates are days in ``zone``.
    """
    parts = _Parts(text)
    for group in _groups(find_clauses(text, zone)):
        parts.add(_without_stop_words(group, languages))
    selector = _StemSelector(languages)
    excluded_stems = selector.select(list(dict.fromkeys(parts.excluded))[:MAX_EXCLUSIONS], _MAX_EXCLUDED_STEMS)
    content = content_words(parts.included, text, languages)
    chosen = _select_words(parts.included, parts.spellings, content)
    selected = selector.select([word.form for word in chosen], MAX_STEMS)
    unwanted = tuple(dict.fromkeys(parts.excluded_phrases))[:MAX_PHRASES]
    phrases = tuple(dict.fromkeys(parts.phrases))[:MAX_PHRASES]
    distinctive = [_distinctive_words(phrase, parts.hyphenated, languages) for phrase in unwanted]
    distinctive_stems = selector.select(list(dict.fromkeys(_flat(distinctive))), MAX_STEMS, whole=True)
    return Query(
        words=tuple(
            replace(word, stems=selected[word.form])
            for word in sorted(chosen, key=lambda word: (not word.is_required, word.start))
            if word.form in selected
        ),
        phrases=phrases,
        excluded=tuple(excluded_stems.values()),
        excluded_phrases=unwanted,
        distinctive=tuple(
            tuple(distinctive_stems[form] for form in forms if form in distinctive_stems) for forms in distinctive
        ),
        hyphenated=frozenset(parts.hyphenated),
        alternatives=_searchable_alternatives(parts.alternatives, selected, max_phrases=MAX_PHRASES - len(phrases)),
        filters=collect_filters(parts.conditions, parts.date_limits),
        ambiguous=frozenset(
            stem
            for form in content.keys() & selected.keys()
            if is_stop_word(form, *languages)
            for stem in selected[form]
        ),
        unquoted=tuple(parts.unquoted),
    )


class _Parts:
    """The parts of a query, collected from its clauses."""

    def __init__(self, text: str) -> None:
        self.included: list[Word] = []
        self.unquoted: list[Word] = []
        self.spellings: list[QueryWord] = []
        self.hyphenated: set[tuple[str, str]] = set()
        self.phrases: list[tuple[str, ...]] = []
        self.excluded: list[str] = []
        self.excluded_phrases: list[tuple[str, ...]] = []
        self.alternatives: list[tuple[Alternative, ...]] = []
        self.conditions: list[tuple[bool, list[Condition]]] = []
        self.date_limits: list[tuple[bool, DateLimit]] = []
        self._text = text

    def add(self, group: Sequence[Clause]) -> None:
        """Add the clauses that ``OR`` joins, or a single clause."""
        conditions: list[Condition] = []
        alternatives: list[Alternative] = []
        for clause in group:
            if isinstance(clause.condition, DateLimit):
                self.date_limits.append((clause.is_excluded, clause.condition))
            elif clause.condition is not None:
                conditions.append(clause.condition)
                if clause.condition.name == "title" and not clause.is_excluded:
                    titled = clause.condition.words
                    self.included += [word for word in clause.words if strip_accents(word.form) in titled]
            else:
                forms, is_phrase = self._add_words(clause, is_alternative=len(group) > 1)
                alternatives.append(Alternative(forms, is_phrase))
        if conditions:
            self.conditions.append((group[0].is_excluded, conditions))
        if len(alternatives) > 1:
            self.alternatives.append(tuple(dict.fromkeys(alternatives)))

    def _add_words(self, clause: Clause, *, is_alternative: bool) -> tuple[tuple[str, ...], bool]:
        found = clause.words
        forms = tuple(word.form for word in found)[:MAX_WORDS]
        compounds = list(_compounds(found, self._text))
        is_phrase = clause.is_phrase and len(forms) > 1
        if len(forms) > 1 and (is_phrase or clause.is_excluded):
            self.hyphenated |= {
                (first.form, second.form)
                for first, second in itertools.pairwise(found)
                if are_hyphenated(first, second, self._text)
            }
        if clause.is_excluded:
            if len(forms) == 1:
                self.excluded += forms
            else:
                self.excluded_phrases.append(forms)
            self.excluded += [word.form for word in compounds]
        else:
            self.included += found
            self.unquoted += () if clause.is_phrase else found
            self.spellings += compounds
            if is_phrase and not is_alternative:
                self.phrases.append(forms)
        return forms, is_phrase


def _without_stop_words(group: Sequence[Clause], languages: Sequence[str]) -> Sequence[Clause]:
    """Return the clauses of a group. Titles lose their stop words, which are not in the title index.

    If a title has only stop words, all titles of the group become words to search for. Stop words are only found in
    titles anyway.
    """
    first = group[0].condition
    if not isinstance(first, Condition) or first.name != "title":
        return group
    conditions = [
        title_condition(clause.condition.words, languages) if isinstance(clause.condition, Condition) else None
        for clause in group
    ]
    return [
        clause._replace(condition=condition if all(conditions) else None)
        for clause, condition in zip(group, conditions, strict=True)
    ]


def _groups(clauses: Iterable[Clause]) -> list[list[Clause]]:
    """Return the clauses in groups. Clauses that ``OR`` joins are one group; any other clause is a group of its own."""
    groups: list[list[Clause]] = []
    for clause in clauses:
        if clause.is_alternative:
            groups[-1].append(clause)
        else:
            groups.append([clause])
    return groups


def _searchable_alternatives(
    groups: Sequence[tuple[Alternative, ...]], searched: Container[str], max_phrases: int
) -> tuple[tuple[Alternative, ...], ...]:
    """Return the groups, without sides that have no word to search for.

    Keeps at most :data:`MAX_PHRASES` groups with :data:`MAX_ALTERNATIVES` sides in all. Phrases after the first
    ``max_phrases`` become words.
    """
    found: list[tuple[Alternative, ...]] = []
    max_sides = MAX_ALTERNATIVES
    for group in groups:
        sides: dict[Alternative, None] = {}
        for side in group:
            if len(sides) < max_sides and any(form in searched for form in side.forms):
                is_phrase = side.is_phrase and max_phrases > 0
                max_phrases -= is_phrase
                sides[side._replace(is_phrase=is_phrase)] = None
        if len(sides) > 1:
            max_sides -= len(sides)
            found.append(tuple(sides))
    return tuple(found[:MAX_PHRASES])


class _StemSelector:
    """Selects the stems to read."""

    def __init__(self, languages: Sequence[str]) -> None:
        self._languages = languages
        self._selected: set[str] = set()

    def select(self, forms: Sequence[str], limit: int, *, whole: bool = False) -> dict[str, tuple[str, ...]]:
        """Return the selected stems of these forms, at most ``limit``: the first stem of each form, then the others.

        The result lacks forms without a selected stem. With ``whole``, it also lacks forms with an unselected stem.
        """
        stems_by_form = {form: stems(form, self._languages) for form in forms}
        chosen: dict[str, list[str]] = {form: [] for form in forms}
        for index in range(max(map(len, stems_by_form.values()), default=0)):
            for form, found in stems_by_form.items():
                if index < len(found) and (found[index] in self._selected or len(self._selected) < limit):
                    self._selected.add(found[index])
                    chosen[form].append(found[index])
        return {
            form: tuple(each)
            for form, each in chosen.items()
            if each and not (whole and len(each) < len(stems_by_form[form]))
        }


def _compounds(found: Sequence[Word], text: str) -> Iterator[QueryWord]:
    """Yield other spellings of words that are next to each other in the query."""
    for first, second in itertools.pairwise(found):
        compound = join_hyphenated(first, second, text)
        if compound is None and text[first.end : second.start] in _OTHER_APOSTROPHES:
            compound = f"{first.form}'{second.form}"[:MAX_WORD]
        if compound:
            parts = (first.form, second.form)
            yield QueryWord(compound, (), first.start, second.end, is_required=False, parts=parts)
    offset = found[0].start if found else 0
    for spelling in find_spellings(text[offset : found[-1].end] if found else ""):
        start, end = spelling.start + offset, spelling.end + offset
        forms = tuple(word.form for word in found if start <= word.start < end)
        yield QueryWord(spelling.form, (), start, end, is_required=False, parts=forms)


def _select_words(
    included: Sequence[Word], spellings: Sequence[QueryWord], content: Mapping[str, ContentWord]
) -> list[QueryWord]:
    """Return the words to search for, still without their stems, the most important first.

    They are the ``content`` words, or all words if there are none, and their other ``spellings``.
    """
    counts = Counter(word.form for word in included)
    made: dict[str, QueryWord] = {}
    for form, start, end in included:
        if form in content or not content:
            codes, is_certain = content.get(form, ContentWord())
            word = QueryWord(form, (), start, end, counts[form], is_required=is_certain, languages=codes)
            made.setdefault(form, word)
    for spelling in spellings:
        made.setdefault(spelling.form, spelling)
    return sorted(made.values(), key=_importance)[:MAX_WORDS]


def _importance(word: QueryWord) -> tuple[bool, int, int]:
    return (not word.is_required, -word.count, -len(word.form))


def _distinctive_words(
    phrase: Sequence[str], hyphenated: Container[tuple[str, str]], languages: Sequence[str]
) -> list[str]:
    """Return the longest words of the phrase, which every text with the phrase has.

    Stop words are left out. So are parts of a hyphenated word, which may be spelled as one word, unless the phrase has
    no other words.
    """
    parts = set(_flat([pair for pair in itertools.pairwise(phrase) if pair in hyphenated]))
    forms = [form for form in dict.fromkeys(phrase) if not is_stop_word(form, *languages)]
    whole = [form for form in forms if form not in parts]
    return sorted(whole or forms, key=len, reverse=True)[:_MAX_DISTINCTIVE]


def _among(stems: Sequence[str], available: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(stem for stem in stems if stem in available)


def _flat[Item](nested: Sequence[Sequence[Item]]) -> Iterator[Item]:
    return itertools.chain.from_iterable(nested)
