"""Expand a query with the owner's synonyms. Pure.

A synonym becomes a further word of the query. An article that has the synonym counts as if it had the words in the
query that the synonym replaces. Other spellings, such as ``wifi`` for ``Wi-Fi``, work in the same way.

* Words are compared by their stems, so ``cars`` has the synonyms of ``car``.
* A synonym of several words matches articles that have all of them, wherever they are.
* Words in quotation marks, conditions and exclusions have no synonyms.
* A stop word has synonyms where it is content (:mod:`.function_words`), or as part of a longer phrase.
* Synonyms have no synonyms of their own.
* Each stem is scored once. If the query has all stems of a synonym, the synonym is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, pairwise
from typing import Final

from kolom.search.analyzer import is_stop_word, stem, stems
from kolom.search.query_parser import MAX_STEMS, Query, QueryWord
from kolom.search.search_settings import SynonymRule
from kolom.search.terms import MAX_WORD_STEMS
from kolom.search.tokenizer import HYPHENS, Word, tokenize

MAX_SYNONYMS: Final = 8
"""The maximum number of synonyms of one query."""

MAX_SYNONYM_STEMS: Final = 12
"""The maximum number of stems that synonyms add. A query has at most :data:`.query_parser.MAX_STEMS` in all."""

SYNONYM: Final = "synonym:"
"""The forms of synonyms in a query begin with this, followed by the words."""

_MAX_TOKENS: Final = 256
_MAX_TRIED: Final = 64
"""The number of synonyms of a query that are tried, of which :data:`MAX_SYNONYMS` are taken."""


type Key = tuple[str, ...]
"""The stems of a word or phrase in one language."""

type Phrase = tuple[str, ...]
"""The normalized words of a synonym."""


class SynonymIndex:
    """The synonyms of a site, found by the stems of words and phrases in ``languages``."""

    def __init__(self, rules: Iterable[SynonymRule], languages: Sequence[str]) -> None:
        self.languages = languages
        self._targets: defaultdict[Key, dict[Phrase, None]] = defaultdict(dict)
        for rule in rules:
            phrases = [tuple(word.form for word in tokenize(phrase)) for phrase in rule.words]
            for source in phrases[:1] if rule.one_way else phrases:
                targets = dict.fromkeys(phrase for phrase in phrases if phrase != source)
                for language in languages:
                    self._targets[_key(source, language)].update(targets)
        self._longest = max(map(len, self._targets), default=0)

    @property
    def is_empty(self) -> bool:
        """Return whether no word has a synonym."""
        return not self._targets

    def find(self, tokens: Sequence[Word], text: str) -> Iterator[tuple[Sequence[Word], Phrase]]:
        """Yield words of ``text`` and a synonym for them: a pair for each synonym, the longest phrases first.

        Words that the text repeats are looked up once.
        """
        seen: set[tuple[str, ...]] = set()
        for run in _runs(tokens, text):
            stemmed = [_key([word.form for word in run], language) for language in self.languages]
            for length in range(min(self._longest, len(run)), 0, -1):
                for start in range(len(run) - length + 1):
                    end = start + length
                    forms = tuple(word.form for word in run[start:end])
                    if forms in seen:
                        continue
                    seen.add(forms)
                    keys = {stems[start:end]: None for stems in stemmed if stems[start:end] in self._targets}
                    for target in dict.fromkeys(each for key in keys for each in self._targets[key]):
                        yield run[start:end], target


@dataclass(frozen=True, slots=True)
class ExpandedQuery:
    """A query with synonyms. ``combined`` maps each synonym of several words to the stems of each of its words."""

    query: Query
    combined: Mapping[str, tuple[tuple[str, ...], ...]]

    def terms(self, stems: Iterable[str]) -> list[str]:
        """Return the terms to read for these stems. A combined synonym is replaced by the stems of its words."""
        return list(dict.fromkeys(each for stem in stems for each in self._stems_of(stem)))

    def combine(self, postings: Mapping[str, dict[int, int]]) -> dict[str, dict[int, int]]:
        """Return the postings, and those of combined synonyms.

        A combined synonym has the articles with all its words. The frequency code of an article is the lowest one of
        these words. A synonym is missing if not all of its words were read.
        """
        found = dict(postings)
        for key, words in self.combined.items():
            if all(stem in postings for stems in words for stem in stems):
                found[key] = _intersection([_union([postings[stem] for stem in stems]) for stems in words])
        return found

    def for_marks(self, query: Query) -> Query:
        """Return ``query`` for marking words in results: the words of combined synonyms are marked one by one."""
        words = (replace(word, stems=tuple(self.terms(word.stems))) for word in query.words)
        return replace(query, words=tuple(words)) if self.combined else query

    def _stems_of(self, stem: str) -> Iterator[str]:
        if stem in self.combined:
            for stems in self.combined[stem]:
                yield from stems
        else:
            yield stem


def expand(query: Query, text: str, index: SynonymIndex) -> ExpandedQuery:
    """Return ``query``, which was parsed from ``text``, with at most :data:`MAX_SYNONYMS` synonyms."""
    known = set(query.stems)
    room = min(MAX_SYNONYM_STEMS, MAX_STEMS - len(known))
    if index.is_empty or room <= 0:
        return ExpandedQuery(query, {})
    searched = {word.form: word for word in query.words if not word.parts}
    typed = {stem for word in query.words for stem in word.stems}
    added: dict[str, QueryWord] = {}
    combined: dict[str, tuple[tuple[str, ...], ...]] = {}
    for words, synonym in islice(index.find(query.unquoted[:_MAX_TOKENS], text), _MAX_TRIED):
        forms = dict.fromkeys(word.form for word in words)
        parts = tuple(form for form in forms if form in searched)
        if not parts or not all(form in searched or is_stop_word(form, *index.languages) for form in forms):
            continue
        count = max(searched[part].count for part in parts)
        listed = tuple(stems(form, index.languages)[:MAX_WORD_STEMS] for form in _significant(synonym, index.languages))
        if not all(listed) or typed.issuperset(chain.from_iterable(listed)):
            continue
        if len(listed) == 1:
            scored = typed.union(*(word.stems for word in added.values() if word.parts == parts))
            listed = (tuple(each for each in listed[0] if each not in scored),)
            if not listed[0]:
                continue
        key = f"{SYNONYM}{' '.join(synonym)}"  # no stem or form: a word has no colon
        same = key if key in added else _synonym_with(listed, added, combined)
        if same is not None:
            parts = tuple(dict.fromkeys((*added[same].parts, *parts)))
            added[same] = replace(added[same], parts=parts, count=max(count, added[same].count))
            continue
        new = {each for found in listed for each in found} - known
        if len(new) > room or len(added) == MAX_SYNONYMS:
            continue
        room -= len(new)
        known |= new
        if len(listed) > 1:
            combined[key] = listed
        added[key] = QueryWord(
            key,
            (key,) if len(listed) > 1 else listed[0],
            words[0].start,
            words[-1].end,
            count,
            is_required=False,
            parts=parts,
        )
    return ExpandedQuery(replace(query, words=(*query.words, *added.values())) if added else query, combined)


def _synonym_with(
    listed: tuple[tuple[str, ...], ...],
    added: Mapping[str, QueryWord],
    combined: Mapping[str, tuple[tuple[str, ...], ...]],
) -> str | None:
    """Return an added synonym that has all these stems, or None."""
    if len(listed) > 1:
        return next((key for key, words in combined.items() if words == listed), None)
    return next((key for key, word in added.items() if set(word.stems).issuperset(listed[0])), None)


def _significant(phrase: Phrase, languages: Sequence[str]) -> Phrase:
    """Return the words of a phrase without its stop words, which only titles have; all words if it has no others."""
    return tuple(form for form in phrase if not is_stop_word(form, *languages)) or phrase


def _runs(tokens: Sequence[Word], text: str) -> Iterator[list[Word]]:
    """Yield runs of words that only white space and hyphens separate in the text."""
    run: list[Word] = list(tokens[:1])
    for before, word in pairwise(tokens):
        if text[before.end : word.start].strip().strip(HYPHENS):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _key(forms: Sequence[str], language: str) -> Key:
    return tuple(stem(form, language) or form for form in forms)


def _union(postings: Sequence[dict[int, int]]) -> dict[int, int]:
    if len(postings) == 1:
        return postings[0]
    found: dict[int, int] = {}
    for listed in postings:
        for article_id, code in listed.items():
            found[article_id] = max(code, found.get(article_id, 0))
    return found


def _intersection(postings: Sequence[Mapping[int, int]]) -> dict[int, int]:
    shortest = min(postings, key=len)
    return {each: min(listed[each] for listed in postings) for each in shortest if all(each in p for p in postings)}
