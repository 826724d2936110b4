"""Words of generated texts: they have the frequencies of a natural language (Zipf and Mandelbrot)."""

import random
from itertools import accumulate
from typing import Final

VOCABULARY: Final = 10_000
QUERIES: Final = 50
WORDS_PER_ARTICLE: Final = 158
"""As in news."""


class Words:
    """Generates words and queries."""

    def __init__(self, seed: int = 7) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - a benchmark needs no secrets
        syllables = [a + b for a in "bcdfghjklmnprstw" for b in "aeiou"]
        spelling = random.Random(1)  # noqa: S311
        self._words: list[str] = []
        known = set()
        while len(self._words) < VOCABULARY:
            word = "".join(spelling.choices(syllables, k=spelling.choice((2, 3, 3, 4)))) + spelling.choice("bdgjmrstx")
            if word not in known:
                known.add(word)
                self._words.append(word)
        self._sums = list(accumulate(1 / (rank + 60) for rank in range(VOCABULARY)))

    def words(self, number: int) -> list[str]:
        """Return ``number`` words of a text."""
        return self._rng.choices(self._words, cum_weights=self._sums, k=number)

    def queries(self, length: int) -> list[str]:
        """Return queries of ``length`` words."""
        return [" ".join(self._rng.sample(sorted(set(self.words(WORDS_PER_ARTICLE))), length)) for _ in range(QUERIES)]
