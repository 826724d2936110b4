"""The articles that match a query, and their order."""

import functools
import heapq
import operator
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from kolom.search.analyzer import codes_of, stems
from kolom.search.document_table import DocumentTable
from kolom.search.index_reader import LoadedResults, articles_with
from kolom.search.phrase_verification import Order, PhraseVerifier
from kolom.search.query_parser import Query
from kolom.search.query_rewriter import RewrittenQuery
from kolom.search.search_request import SearchRequest
from kolom.search.synonyms import SYNONYM

ALL_WORDS_FACTOR: Final = 1.2
"""The factor for the score of an article that has all words of the query."""

_FEW_WORDS: Final = 2
"""Up to this number of words, and when sorted by time, articles with all words come first."""


def count_words(query: Query) -> int:
    """Return the number of required words. A compound counts as one word, and so do the sides of an ``OR``."""
    forms = {word.form for word in query.words if word.is_required}
    for word in query.words:
        if not word.form.startswith(SYNONYM):
            joined = [part for part in word.parts if part in forms]
            forms.difference_update(joined[:-1])
    return len(forms) - sum(len(group) - 1 for group in query.alternatives)


class Matches:
    """The articles that match a query, and their order. ``loaded`` has the results that have been read."""

    def __init__(self, request: SearchRequest, found: RewrittenQuery, documents: DocumentTable) -> None:
        self.loaded = LoadedResults(found.loaded)
        self._pinned: list[int] = []
        self._query = query = found.query
        self._completions = found.completions
        self._postings = postings = found.postings
        self._documents = documents
        is_by_score = request.sort == "relevance" and bool(query.words)
        # 1 and -1 if the oldest or the newest articles come first; 0 if articles are sorted by their scores.
        self._time_sign = 0 if is_by_score else 1 if request.sort == "oldest" else -1
        self._ranking = documents.rank(postings, ((word.stems, word.count) for word in query.words))
        self._required_words = sum(1 << number for number, word in enumerate(query.words) if word.is_required)
        self._bits = bits = {word.form: 1 << number for number, word in enumerate(query.words)}
        # For each synonym and other spelling, such as "wifi" for "Wi-Fi": its bit, and those of its parts.
        self._substitutes = [
            (bits[word.form], sum(bits.get(part, 0) for part in set(word.parts))) for word in query.words if word.parts
        ]
        self._all_words_first = bool(self._time_sign) or count_words(query) <= _FEW_WORDS
        # The same for each side of an OR: an article that has it counts as having all sides.
        sides = [[self._bits_of(each.forms) for each in group] for group in query.alternatives]
        self._alternatives = [
            (side, functools.reduce(operator.or_, group)) for group in sides for side in group if side
        ]
        self._verifier = PhraseVerifier(query, documents, self.loaded, has_words=self._has_words, order=self._order)
        lists_all = not query.words and query.filters.can_match_alone
        self.ids = found.is_searched.select(None if lists_all else self._ranking.scores.keys())

    @property
    def is_exact(self) -> bool:
        """Return whether it is certain for each article whether it has the phrases of the query."""
        return self._verifier.is_exact

    def score(self, article_id: int) -> float:
        """Return the article's BM25 score.

        It is multiplied if the article has all words, unless such articles come first anyway.
        """
        score = self._ranking.scores.get(article_id, 0.0)
        return score if self._all_words_first or not self._has_all(article_id) else score * ALL_WORDS_FACTOR

    def words(self, article_id: int) -> int:
        """Return the bits of the words that the article has."""
        return self._ranking.words.get(article_id, 0)

    def pin(self, article_ids: Iterable[int]) -> None:
        """Put these articles first, in this order, unless they are sorted by time."""
        if not self._time_sign:
            self._pinned = list(article_ids)
            self.ids |= set(self._pinned)

    def page(self, after: Order | None, size: int) -> list[Order]:
        """Return the best ``size`` matches after ``after``."""
        orders: Iterable[Order] = map(self._order, self.ids)
        if after is not None:
            orders = (order for order in orders if order > after)
        return heapq.nsmallest(size, orders)

    def require_phrases(self) -> bool:
        """Keep only articles that have the phrases. Returns False, and keeps all, if no text that was read has them."""
        if not self._verifier.is_needed:
            return True
        having = self._verifier.with_phrases(self.ids)
        self.ids = having or self.ids
        return bool(having)

    def exclude_phrases(self) -> None:
        """Exclude articles that have an excluded phrase, or may have one and could not be read."""
        if not self._query.excluded_phrases:
            return
        # Only an article with all distinctive words of an excluded phrase may have the phrase.
        candidates = self.ids & set().union(*map(self._articles_with_all, self._query.distinctive))
        self.ids = self._verifier.without_excluded_phrases(self.ids, candidates)

    def by_language(self) -> dict[str, set[int]]:
        """Return the matches by language. A match counts only if a search in its language alone finds it.

        Other matches only have a stem of another language, such as an English text that names an Indonesian root.
        """
        matching: defaultdict[str, set[int]] = defaultdict(set)
        for article_id in self.ids:
            matching[self._documents.languages[article_id]].add(article_id)
        if len(matching) == 1 or not self._query.words:
            return matching
        return {code: ids & self._having_stem_of(code) for code, ids in matching.items()}

    def _having_stem_of(self, language: str) -> set[int]:
        """Return the articles that have a stem of a language for any word of the query, and the pinned articles."""
        codes = codes_of(language, self._documents.codes)
        found = set(self._pinned)
        for word in self._query.words:
            forms = self._completions.get(word.form) or word.form.removeprefix(SYNONYM).split()
            own = {stem for form in forms for stem in stems(form, codes)}
            # Words of titles and synonyms of several words, which have a colon, are not told apart by language.
            found |= articles_with((stem for stem in word.stems if stem in own or ":" in stem), self._postings)
        return found

    def _articles_with_all(self, words: Sequence[Sequence[str]]) -> set[int]:
        """Return the matches that have all of these words, each given as its stems; without words, all matches."""
        articles = (articles_with(stems, self._postings) for stems in words)
        return set.intersection(set(self.ids), *articles)

    def _bits_of(self, forms: Iterable[str]) -> int:
        """Return the bits of words. Words that are not searched for have none."""
        return functools.reduce(operator.or_, (self._bits.get(form, 0) for form in forms), 0)

    def _has_words(self, article_id: int, forms: Iterable[str]) -> bool:
        wanted = self._bits_of(forms)
        return self._words_of(article_id) & wanted == wanted

    def _words_of(self, article_id: int) -> int:
        """Return the bits of the words that the article has, in the typed spelling or another one."""
        return _with_substitutes(self.words(article_id), self._substitutes)

    def _has_all(self, article_id: int) -> bool:
        words = _with_substitutes(self._words_of(article_id), self._alternatives)
        return words & self._required_words == self._required_words

    def _order(self, article_id: int) -> Order:
        if article_id in self._pinned:
            return (self._pinned.index(article_id) - len(self._pinned), 0.0, article_id)
        is_later = self._all_words_first and not self._has_all(article_id)
        if sign := self._time_sign:
            return (int(is_later), sign * self._documents.times[article_id], sign * article_id)
        return (int(is_later), -self.score(article_id), article_id)


def _with_substitutes(words: int, substitutes: Iterable[tuple[int, int]]) -> int:
    """Return the bits of words. For each substitute among them, add the bits of the words that it replaces."""
    for substitute, replaced in substitutes:
        if words & substitute == substitute:
            words |= replaced
    return words
