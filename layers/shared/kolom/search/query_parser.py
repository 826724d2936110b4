"""Parse a query into words, ``"phrases"`` and ``-exclusions``. Pure.

Every query is valid: a character is an operator only in the positions below, and is ignored elsewhere.

* A hyphen excludes if it starts a clause (after white space or at the beginning), is not doubled (``--dry-run`` is a
  word), and a word or a phrase follows directly. The word begins with a letter, or with ``#``, ``@`` or a full stop
  before a letter. Before a digit, the hyphen is a minus. Dashes and minus signs never exclude.
* A quotation mark opens a phrase unless a letter or a digit precedes it (``27"``), and only if a matching mark
  follows to close it. Chinese and Japanese quotation brackets open a phrase anywhere.

Stop words (:mod:`.function_words`) are not searched for as single words, unless the query has no other word to search
for. Phrases and exclusions keep them.
"""

import itertools
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import regex

from kolom.search.analyzer import is_stop_word, stems
from kolom.search.function_words import ContentWord, content_words
from kolom.search.tokenizer import MAX_WORD, Word, are_hyphenated, join_hyphenated, strip_accents, tokenize

MAX_WORDS: Final = 24
"""The maximum number of distinct words of a query that are searched, and of words in a phrase."""

MAX_STEMS: Final = 32
"""The maximum number of stems that one query reads."""

MAX_EXCLUSIONS: Final = 4
MAX_PHRASES: Final = 4
_MAX_EXCLUDED_STEMS: Final = 16
_MAX_DISTINCTIVE: Final = 2

_OTHER_APOSTROPHES: Final = frozenset("`´‘′")
"""Characters that some people type as an apostrophe. The tokenizer splits words at them."""

_BRACKETS: Final = ("「」", "『』", "《》", "〈〉")
_QUOTES: Final = ('"“”„‟＂〝〞〟', "«»", "‹›", *_BRACKETS)
_ALL_QUOTES: Final = "".join(_QUOTES)
_PHRASE: Final = "|".join(f"[{kind}](?P<phrase>[^{kind}]*+)[{kind}]" for kind in _QUOTES)
_CLAUSE: Final = regex.compile(
    rf"""
    (?P<not> (?<!\S) [-－] (?= [\#@.]?\p{{L}} | {_PHRASE} ) )?+
    (?:
        (?: (?<![\p{{L}}\p{{M}}\p{{N}}]) | (?=[{"".join(_BRACKETS)}]) ) (?: {_PHRASE} )
      | (?P<word> [^\s{_ALL_QUOTES}]++ )
    )
    """,
    regex.VERBOSE | regex.VERSION1,
)


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A word to search for: a match for any of its stems counts.

    ``count`` is how often the word occurs in the query; ``[start:end]`` is its first position. ``is_required`` is false
    for another spelling of words in the query, its ``parts``: an article with this spelling counts as having the parts;
    and for a word that may be a stop word. If ``languages`` are given, the word is a stop word in the others.
    """

    form: str
    stems: tuple[str, ...]
    start: int
    end: int
    count: int = 1
    is_required: bool = True
    parts: tuple[str, ...] = ()
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query. Phrases are sequences of forms; the words of a phrase are also in ``words``.

    ``excluded`` has the stems of each excluded word. ``hyphenated`` has the pairs of adjacent forms in phrases with a
    hyphen between them. ``distinctive`` has for each excluded phrase the stems of its longest words: a text that lacks
    one of these words does not have the phrase. ``ambiguous`` has the stems of words that are stop words, too, unless
    the query has only stop words.
    """

    words: tuple[QueryWord, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[tuple[str, ...], ...] = ()
    excluded_phrases: tuple[tuple[str, ...], ...] = ()
    distinctive: tuple[tuple[tuple[str, ...], ...], ...] = ()
    hyphenated: frozenset[tuple[str, str]] = frozenset()
    ambiguous: frozenset[str] = frozenset()

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

    def restricted_to(self, available: Mapping[str, object]) -> "Query":
        """Return the query reduced to the stems in ``available``; words without one are dropped."""
        return replace(
            self,
            words=tuple(replace(word, stems=kept) for word in self.words if (kept := _among(word.stems, available))),
            distinctive=tuple(
                tuple(each for each in words if len(_among(each, available)) == len(each)) for words in self.distinctive
            ),
        )


def parse(text: str, languages: Sequence[str]) -> Query:
    """Parse ``text`` for articles in ``languages`` (codes, the one with the most articles first).

    Keeps at most :data:`MAX_WORDS` words and :data:`MAX_STEMS` stems: the most repeated words, then the longest, which
    tend to be the rarest. If not all stems of all words fit, each word keeps its stem in the first language, and the
    most important words keep those in the other languages.
    """
    included: list[Word] = []
    alternatives: list[QueryWord] = []
    hyphenated: set[tuple[str, str]] = set()
    phrases: list[tuple[str, ...]] = []
    excluded: list[str] = []
    excluded_phrases: list[tuple[str, ...]] = []
    for is_excluded, is_phrase, found in _clauses(text):
        forms = tuple(word.form for word in found)[:MAX_WORDS]
        compounds = list(_compounds(found, text))
        if len(forms) > 1 and (is_phrase or is_excluded):
            hyphenated |= {
                (first.form, second.form)
                for first, second in itertools.pairwise(found)
                if are_hyphenated(first, second, text)
            }
        if is_excluded:
            if len(forms) == 1:
                excluded += forms
            else:
                excluded_phrases.append(forms)
            excluded += [word.form for word in compounds]
        else:
            included += found
            alternatives += compounds
            if is_phrase and len(forms) > 1:
                phrases.append(forms)
    selector = _StemSelector(languages)
    excluded_stems = selector.select(list(dict.fromkeys(excluded))[:MAX_EXCLUSIONS], _MAX_EXCLUDED_STEMS)
    content = content_words(included, text, languages)
    chosen = _select_words(included, alternatives, content)
    selected = selector.select([word.form for word in chosen], MAX_STEMS)
    unwanted = tuple(dict.fromkeys(excluded_phrases))[:MAX_PHRASES]
    distinctive = [_distinctive_words(phrase, hyphenated, languages) for phrase in unwanted]
    distinctive_stems = selector.select(list(dict.fromkeys(_flat(distinctive))), MAX_STEMS, whole=True)
    return Query(
        words=tuple(
            replace(word, stems=selected[word.form])
            for word in sorted(chosen, key=lambda word: (not word.is_required, word.start))
            if word.form in selected
        ),
        phrases=tuple(dict.fromkeys(phrases))[:MAX_PHRASES],
        excluded=tuple(excluded_stems.values()),
        excluded_phrases=unwanted,
        distinctive=tuple(
            tuple(distinctive_stems[form] for form in forms if form in distinctive_stems) for forms in distinctive
        ),
        hyphenated=frozenset(hyphenated),
        ambiguous=frozenset(
            stem
            for form in content.keys() & selected.keys()
            if is_stop_word(form, *languages)
            for stem in selected[form]
        ),
    )


class _StemSelector:
    """Selects the stems to read."""

    def __init__(self, languages: Sequence[str]) -> None:
        self._languages = languages
        self._selected: set[str] = set()

    def select(self, forms: Sequence[str], limit: int, *, whole: bool = False) -> dict[str, tuple[str, ...]]:
        """Return stems of these forms, at most ``limit`` in all: the first stem of each form, then the others.

        Forms without a selected stem are missing; with ``whole``, also forms without all their stems.
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


def _clauses(text: str) -> Iterator[tuple[bool, bool, list[Word]]]:
    """Yield for each clause with words whether it is excluded, whether it is a phrase, and its words with positions."""
    for match in _CLAUSE.finditer(text):
        is_phrase = match["word"] is None
        start = match.start("phrase" if is_phrase else "word")
        found = [
            Word(word.form, word.start + start, word.end + start)
            for word in tokenize(match["phrase" if is_phrase else "word"])
        ]
        if found:
            yield match["not"] is not None, is_phrase, found


def last_word(text: str, min_length: int) -> Word | None:
    """Return the word of ``text`` that a reader may still be typing, or None if it is excluded or a phrase.

    It is the last one of at least ``min_length`` characters without accents; only white space and shorter words follow
    it.
    """
    end = len(text)
    for is_excluded, _, found in reversed(list(_clauses(text))):
        for word in reversed(found):
            if len(strip_accents(word.form)) < min_length:
                end = word.start
                continue
            return None if is_excluded or text[word.end : end].strip() else word
    return None


def _compounds(found: Sequence[Word], text: str) -> Iterator[QueryWord]:
    for first, second in itertools.pairwise(found):
        compound = join_hyphenated(first, second, text)
        if compound is None and text[first.end : second.start] in _OTHER_APOSTROPHES:
            compound = f"{first.form}'{second.form}"[:MAX_WORD]
        if compound:
            parts = (first.form, second.form)
            yield QueryWord(compound, (), first.start, second.end, is_required=False, parts=parts)


def _select_words(
    included: Sequence[Word], alternatives: Sequence[QueryWord], content: Mapping[str, ContentWord]
) -> list[QueryWord]:
    """Return the words to search for, the most important first, still without their stems; without ``content``, all."""
    counts = Counter(word.form for word in included)
    made: dict[str, QueryWord] = {}
    for form, start, end in included:
        if form in content or not content:
            codes, is_certain = content.get(form, ContentWord())
            word = QueryWord(form, (), start, end, counts[form], is_required=is_certain, languages=codes)
            made.setdefault(form, word)
    for alternative in alternatives:
        made.setdefault(alternative.form, alternative)
    return sorted(made.values(), key=_importance)[:MAX_WORDS]


def _importance(word: QueryWord) -> tuple[bool, int, int]:
    return (not word.is_required, -word.count, -len(word.form))


def _distinctive_words(
    phrase: Sequence[str], hyphenated: Container[tuple[str, str]], languages: Sequence[str]
) -> list[str]:
    """Return the longest words of the phrase, which every text with the phrase has.

    They are no stop words, and, if possible, no parts of a hyphenated word, which may be spelled as one word.
    """
    parts = set(_flat([pair for pair in itertools.pairwise(phrase) if pair in hyphenated]))
    forms = [form for form in dict.fromkeys(phrase) if not is_stop_word(form, *languages)]
    whole = [form for form in forms if form not in parts]
    return sorted(whole or forms, key=len, reverse=True)[:_MAX_DISTINCTIVE]


def _among(stems: Sequence[str], available: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(stem for stem in stems if stem in available)


def _flat[Item](nested: Sequence[Sequence[Item]]) -> Iterator[Item]:
    return itertools.chain.from_iterable(nested)
