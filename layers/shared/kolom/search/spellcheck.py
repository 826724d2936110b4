"""Spelling correction: replace query words that no article has by similar words of the site.

A word may have a wrong, missing or additional letter, or two letters in the wrong order, at any position. The space
before or after it may be wrong, too: ``keretaapi`` is corrected to ``kereta api``, and ``ker eta`` to ``kereta``.

Of several candidates, the one with the most articles is chosen. Only articles that the filters of the search admit are
counted; if no candidate has such articles, all articles are. An article with other words of the query counts more. A
candidate that needs an improbable error counts less (:mod:`.misspelling`).

Requests for each of at most two words: one Query of the words with the same first letters (at most three if there are
many), one of those with the same last letters, and one for each stem of at most three candidates. A word of up to three
letters is only joined with its neighbors: one BatchGetItem, and a Query for each stem of the word that was found.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Final

from kolom.limits import MAX_QUERY
from kolom.search import vocabulary
from kolom.search.analyzer import stems
from kolom.search.index_reader import Postings, articles_with, read_postings
from kolom.search.misspelling import SHORTEST, Candidate, find_joined, find_parts, find_similar
from kolom.search.query_clauses import find_clauses
from kolom.search.query_parser import Query, QueryWord
from kolom.search.terms import MAX_WORD_STEMS
from kolom.search.tokenizer import Word, strip_accents, tokenize

MAX_CORRECTIONS: Final = 2
"""The maximum number of corrected words per query: each costs DynamoDB Queries of the vocabulary and of postings."""

_MAX_WORDS: Final = 3

_OTHER_WORD: Final = 20
"""How often an article counts for each other word of the query that it has."""

_NAMED: Final = re.compile(r"[:：]\S")

_MUCH_MORE_PROBABLE: Final = 2.0
"""The minimum difference between the logarithms of two probabilities."""

_OPERATORS: Final = frozenset("-－:：")
"""A hyphen before a word excludes it, and a colon makes it the value of a condition."""


type Select = Callable[[set[int]], set[int]]
"""A function that returns some of the articles that it is given."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The typed forms ``originals`` at ``[start:end]`` of the query, and the words that replace them."""

    originals: tuple[str, ...]
    start: int
    end: int
    replacements: tuple[QueryWord, ...]
    postings: dict[str, dict[int, int]]

    @property
    def forms(self) -> tuple[str, ...]:
        """Return the forms of the replacements."""
        return tuple(word.form for word in self.replacements)


def suggest(
    text: str,
    query: Query,
    unknown: Sequence[QueryWord],
    postings: Postings,
    admitted: Select,
    languages: Sequence[str],
) -> list[Correction]:
    """Return corrections of unknown words of a query to words that some articles have.

    ``text`` is the text of the query, and ``postings`` has those of its words. Given some articles, ``admitted``
    returns those that the filters of the search admit.

    An unknown word has postings if another word has the same stem. It is then only corrected to a much more probable
    word, and the articles with its own stem still match.

    Words of ``title:`` are not corrected, because the articles with the typed words have been chosen already. Nor is a
    word that a colon and a value follow: ``auhtor:ana`` are two words, and ``author:ana`` would be another search.
    """
    titled = query.filters.required_title_words
    tried = [word for word in unknown if word.is_required and not word.form[0].isdigit()]
    tried = [word for word in tried if strip_accents(word.form) not in titled and not _NAMED.match(text, word.end)]
    tried = sorted(tried, key=lambda word: len(word.form) < SHORTEST)[:MAX_CORRECTIONS]
    if not tried:
        return []
    neighbors = _Neighbors(text)
    excluded = articles_with(query.excluded_stems, postings)
    others = [articles_with(word.stems, postings) - excluded for word in query.words if word not in unknown]
    made: list[Correction] = []
    for word in tried:
        corrected = {form for each in made for form in each.originals}
        if word.form not in corrected:
            pairs = [pair for pair in neighbors.pairs(word) if corrected.isdisjoint(each.form for each in pair)]
            made += _correct(word, _candidates(word, pairs), others, excluded, postings, admitted, languages)
    return made


def apply_to(query: Query, corrections: Sequence[Correction]) -> Query:
    """Return the query with the corrections applied."""
    words, phrases, alternatives = query.words, query.phrases, query.alternatives
    for each in corrections:
        place = next(number for number, word in enumerate(words) if word.form in each.originals)
        kept = [word for word in words if word.form not in each.originals]
        new = [word for word in each.replacements if word.form not in {other.form for other in kept}]
        words = (*kept[:place], *new, *kept[place:])
        phrases = tuple(_replace(phrase, each.originals, each.forms) for phrase in phrases)
        alternatives = tuple(
            tuple(side._replace(forms=_replace(side.forms, each.originals, each.forms)) for side in group)
            for group in alternatives
        )
    return replace(query, words=words, phrases=phrases, alternatives=alternatives)


def rewrite_text(text: str, corrections: Sequence[Correction]) -> str | None:
    """Return the text of the query with the corrections applied wherever it searches for the words.

    Two words that replace one side of an ``OR`` are put in quotation marks. Returns None without corrections, or if the
    text would be longer than a query may be.
    """
    if not corrections:
        return None
    clauses = find_clauses(text)
    sides = {
        word.start
        for clause, following in pairwise([*clauses, None])
        if clause and not clause.is_phrase and (clause.is_alternative or (following and following.is_alternative))
        for word in clause.words
    }
    words = [word for clause in clauses if not clause.is_excluded and not clause.condition for word in clause.words]
    replaced: dict[int, tuple[int, str]] = {}
    for each in corrections:
        number = len(each.originals)
        end = 0
        for first, last in zip(words, words[number - 1 :], strict=False):
            if first.start >= end and _is_typed(each.originals, (first, last)[:number], text):
                end = last.end
                quote = '"' if len(each.forms) > 1 and first.start in sides else ""
                replaced[first.start] = end, f"{quote}{' '.join(each.forms)}{quote}"
    for start, (end, forms) in sorted(replaced.items(), reverse=True):
        text = text[:start] + forms + text[end:]
    rewritten = " ".join(text.split())
    return rewritten if replaced and len(rewritten) <= MAX_QUERY else None


def _is_typed(forms: Sequence[str], words: Sequence[Word], text: str) -> bool:
    """Return whether one or two words have these forms, and nothing but spaces between them."""
    return tuple(word.form for word in words) == tuple(forms) and all(
        text[first.end : second.start].isspace() for first, second in pairwise(words)
    )


class _Neighbors:
    """Finds the words next to a word of the query, with nothing but spaces between them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = list(tokenize(text))

    def pairs(self, word: QueryWord) -> list[tuple[Word, Word]]:
        """Return the word before with this word, and this word with the word after."""
        return [
            (first, second)
            for first, second in pairwise(self._words)
            if word.start in (first.start, second.start)
            and self._text[first.end : second.start].isspace()
            and self._text[first.start - 1 : first.start] not in _OPERATORS
        ]


def _candidates(word: QueryWord, pairs: Sequence[tuple[Word, Word]]) -> dict[Candidate, tuple[Word, ...]]:
    """Return what may be meant, the most probable errors first, each with the words of the query that it replaces."""
    found: dict[Candidate, tuple[Word, ...]] = {}
    if len(word.form) < SHORTEST:
        words = vocabulary.find_existing([first.form + second.form for first, second in pairs])
    else:
        near = vocabulary.words_near(word.form)
        words = {*near.beginnings, *near.ends}
        here = (Word(word.form, word.start, word.end),)
        found |= dict.fromkeys(find_similar(word.form, words), here)
        found |= dict.fromkeys(find_parts(word.form, near.beginnings, near.ends, near.end_letters), here)
    for first, second in pairs:
        found |= dict.fromkeys(find_joined(first.form, second.form, words), (first, second))
    return dict(sorted(found.items(), key=lambda item: (item[0].cost, item[0].forms)))


def _correct(
    word: QueryWord,
    candidates: Mapping[Candidate, tuple[Word, ...]],
    others: Sequence[set[int]],
    excluded: set[int],
    typed_postings: Postings,
    admitted: Select,
    languages: Sequence[str],
) -> Iterator[Correction]:
    """Yield the correction of a word, if there is one. ``others`` has the articles of each other word of the query.

    ``excluded`` has the articles with excluded words. They count for no candidate.
    """
    typed_articles = articles_with(word.stems, typed_postings)
    # Another form with the stem of the typed word would not find other articles.
    typed_stems = word.stems if typed_articles else ()
    stems_by_form = _stems_to_read(candidates, languages, set(typed_stems))
    read = read_postings(chain.from_iterable(stems_by_form.values())) if stems_by_form else {}

    having = {
        each: set.intersection(*(articles_with(stems_by_form[form], read) for form in each.forms)) - excluded
        for each in candidates
        if stems_by_form.keys() >= set(each.forms)
    }
    found = {each: admitted(articles) for each, articles in having.items()}
    if any(found.values()):
        having, typed_articles = found, admitted(typed_articles)
    # The logarithm of how probable it is that a candidate is meant, compared with others.
    probabilities = {each: _log_weight(articles, others) - each.cost for each, articles in having.items()}
    best = max(probabilities, key=lambda each: (probabilities[each], each.forms), default=None)
    least = _log_weight(typed_articles, others) + _MUCH_MORE_PROBABLE
    if best is None or not probabilities[best] > least:
        return
    span = candidates[best]
    start, end = span[0].start, span[-1].end
    yield Correction(
        originals=tuple(each.form for each in span),
        start=start,
        end=end,
        replacements=tuple(
            QueryWord(form, (*stems_by_form[form], *typed_stems), start, end, word.count) for form in best.forms
        ),
        postings={stem: read.get(stem, {}) for form in best.forms for stem in stems_by_form[form]},
    )


def _stems_to_read(
    candidates: Iterable[Candidate], languages: Sequence[str], excluded: set[str]
) -> dict[str, tuple[str, ...]]:
    """Return the stems of at most three words of the first candidates, without candidates that have an excluded stem.

    Words with the same stems count once.
    """
    chosen: dict[str, tuple[str, ...]] = {}
    for candidate in candidates:
        found = {form: stems(form, languages)[:MAX_WORD_STEMS] for form in candidate.forms}
        if excluded.isdisjoint(chain.from_iterable(found.values())):
            more = chosen | found
            chosen = more if len(set(more.values())) <= _MAX_WORDS else chosen
    return chosen


def _log_weight(articles: set[int], others: Sequence[set[int]]) -> float:
    weight = len(articles) + _OTHER_WORD * sum(len(articles & other) for other in others)
    return math.log(weight) if weight else -math.inf


def _replace(phrase: tuple[str, ...], originals: tuple[str, ...], forms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the phrase in which ``forms`` stand for ``originals``."""
    replaced: list[str] = []
    place = 0
    while place < len(phrase):
        is_original = phrase[place : place + len(originals)] == originals
        replaced += forms if is_original else phrase[place : place + 1]
        place += len(originals) if is_original else 1
    return tuple(replaced)
