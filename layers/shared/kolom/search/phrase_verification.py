"""Verify which articles of a search have its phrases, from their stored texts.

Requests: a BatchGetItem for each hundred of the best candidates, at the same time, and one for the rests of their
texts; each of them again for excluded phrases. Results that are in memory are not read.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from kolom.search.document_table import DocumentTable
from kolom.search.index_reader import LoadedResults
from kolom.search.phrase_matcher import SearchedText, all_true, any_true, text_after
from kolom.search.query_parser import Alternative, Query

MAX_VERIFIED: Final = 300
"""The maximum number of candidates in which a phrase is verified, the best first.

In 10,000 articles generated with the lengths and word frequencies of the Cranfield collection, 53 % of random phrases
of two words have more than 100 candidates, 29 % more than 300, and 19 % more than 500. Each candidate costs half a read
unit.
"""

MAX_RESTS: Final = 100
"""The maximum number of candidates whose texts are read as a whole: the limit of one BatchGetItem."""

MAX_CHARACTERS_COMPARED: Final = 1_500_000
"""The maximum number of characters compared with the phrases, and again with the excluded phrases.

A query has at most four of each. The limit is rarely reached, because :meth:`.DocumentTable.within_budget` already
limits the estimated length.
"""

type Order = tuple[int, float, int]
"""The sort key of a result. The smallest key comes first. It has three parts:

1. 0, or 1 if articles with all words come first and the article lacks a word. Pinned articles have negative numbers.
2. The negated score, or the negated time if results are sorted by time.
3. The id, so that an original precedes its copies. It is negated if results are sorted by time: the newest comes first.
"""


def article_id_of(order: Order) -> int:
    """Return the article of a sort key."""
    return abs(order[2])


class PhraseVerifier:
    """Verifies the phrases of a query. ``is_exact`` is false if it is not certain for each article whether it has them.

    ``has_words`` returns whether an article has all of some words of the query; ``order`` returns its sort key.
    """

    def __init__(
        self,
        query: Query,
        documents: DocumentTable,
        loaded: LoadedResults,
        *,
        has_words: Callable[[int, Iterable[str]], bool],
        order: Callable[[int], Order],
    ) -> None:
        self.is_exact = True
        self._query = query
        self._documents = documents
        self._loaded = loaded
        self._has_words = has_words
        self._order = order
        self._alternatives = [group for group in query.alternatives if any(each.is_phrase for each in group)]

    @property
    def is_needed(self) -> bool:
        """Return whether the query requires a phrase, perhaps as an alternative to something else."""
        return bool(self._query.phrases or self._alternatives)

    def with_phrases(self, article_ids: Collection[int]) -> set[int]:
        """Return the articles that have all phrases, and at least one alternative of each group."""
        candidates = [each for each in article_ids if self._may_have_phrases(each)]
        having = {each for each in candidates if self._needs_no_text(each)}
        verdicts = self._compare(
            [each for each in candidates if each not in having],
            lambda article_id, texts: all_true(
                [
                    *(self._contain(texts, phrase) for phrase in self._query.phrases),
                    *(self._contain_any(article_id, texts, group) for group in self._alternatives),
                ]
            ),
        )
        return having | {article_id for article_id, has in verdicts.items() if has}

    def without_excluded_phrases(self, article_ids: set[int], candidates: Collection[int]) -> set[int]:
        """Return the articles that certainly have no excluded phrase. Only ``candidates`` may have one.

        A candidate is left out if its text was not compared because of a limit, or if the comparison is uncertain.
        """
        verdicts = self._compare(
            candidates, lambda _, texts: any_true([self._contain(texts, each) for each in self._query.excluded_phrases])
        )
        return article_ids - set(candidates) | {article_id for article_id, has in verdicts.items() if has is False}

    def _may_have_phrases(self, article_id: int) -> bool:
        return all(self._has_words(article_id, phrase) for phrase in self._query.phrases) and all(
            any(self._has_words(article_id, each.forms) for each in group) for group in self._alternatives
        )

    def _needs_no_text(self, article_id: int) -> bool:
        """Return whether the words of the article are enough.

        No phrase is required then. In each group, the article has the words of an alternative that is not a phrase.
        """
        return not self._query.phrases and all(
            any(not each.is_phrase and self._has_words(article_id, each.forms) for each in group)
            for group in self._alternatives
        )

    def _contain(self, texts: Iterable[SearchedText], phrase: Sequence[str]) -> bool | None:
        return any_true([text.has(phrase, self._query.hyphenated) for text in texts])

    def _contain_any(self, article_id: int, texts: Sequence[SearchedText], group: Iterable[Alternative]) -> bool | None:
        return any_true(
            [
                self._contain(texts, each.forms) if each.is_phrase else self._has_words(article_id, each.forms)
                for each in group
            ]
        )

    def _compare(
        self, candidates: Collection[int], has: Callable[[int, Sequence[SearchedText]], bool | None]
    ) -> dict[int, bool | None]:
        """Return the result of ``has`` for each candidate that can be read, the best first; None if it is unknown."""
        loaded = self._loaded
        best = list(map(article_id_of, heapq.nsmallest(MAX_VERIFIED, map(self._order, candidates))))
        read = list(self._documents.within_budget(best, loaded=loaded))
        loaded.load(read)
        verdicts: dict[int, bool | None] = {each: False for each in read if each not in loaded}  # recently deleted
        texts: dict[int, list[SearchedText]] = {}
        remaining = MAX_CHARACTERS_COMPARED

        def compare(article_ids: Iterable[int]) -> None:
            nonlocal remaining
            for article_id in article_ids:
                stored = loaded[article_id]
                text = stored.text
                if article_id in texts:
                    text = text_after(text, len(texts[article_id][-1].text))
                remaining -= len(text)
                if remaining < 0:
                    break
                of_article = texts.setdefault(article_id, [SearchedText(stored.summary.title)])
                of_article.append(SearchedText(text))
                verdict = has(article_id, of_article)
                if verdict or stored.rest is None:
                    verdicts[article_id] = verdict
                    self.is_exact &= verdict is True or (verdict is False and stored.is_whole)

        compare(each for each in read if each in loaded)
        undecided = [each for each in read if each not in verdicts][:MAX_RESTS]
        loaded.load_rests(undecided)
        compare(undecided)
        self.is_exact &= len(verdicts) == len(candidates)
        return verdicts
