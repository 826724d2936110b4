"""BM25 over the postings of a query's stems. Pure.

Robertson and Zaragoza, *The Probabilistic Relevance Framework: BM25 and Beyond* (2009), with Lucene's inverse document
frequency, which is never negative: ``ln(1 + (N - n + 0.5) / (n + 0.5))``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kolom.search.codec import FREQUENCIES

K1: Final = 1.2
B: Final = 0.75


@dataclass(slots=True)
class Scorer:
    """Scores articles, one stem at a time.

    ``lengths`` has the length code of every searchable article by its id; other articles are not scored. ``norms`` are
    the :func:`length_norms`.
    """

    lengths: Mapping[int, int]
    norms: tuple[float, ...]
    scores: dict[int, float] = field(default_factory=dict)
    words: dict[int, int] = field(default_factory=dict)
    """The words of the query that each article has: bit ``n`` for word ``n``, counted from 0."""

    def add(self, postings: Mapping[int, int], *, count: int, word: int) -> None:
        """Add the scores of a stem of word number ``word``, which occurs ``count`` times in the query.

        ``postings`` has frequency codes by article id.
        """
        lengths, norms, scores, words = self.lengths, self.norms, self.scores, self.words
        total, found, bit = len(lengths), len(postings), 1 << word
        weight = count * (K1 + 1) * math.log1p((max(total, found) - found + 0.5) / (found + 0.5))
        for article_id, code in postings.items():
            length = lengths.get(article_id)
            if length is not None:
                frequency = FREQUENCIES[code]
                scores[article_id] = scores.get(article_id, 0.0) + weight * frequency / (frequency + norms[length])
                words[article_id] = words.get(article_id, 0) | bit


def length_norms(average_length: float) -> tuple[float, ...]:
    """Return ``k1 (1 - b + b length / average)`` for every length code. Lengths have the same codes as frequencies."""
    average = average_length or 1.0
    return tuple(K1 * (1 - B + B * length / average) for length in FREQUENCIES)
