"""Find the words that a mistyped word may stand for, and how improbable each error is. Pure.

A word of eight letters can lose a letter in eight ways, but 200 words differ from it in one letter. So it is more
probable that a letter is missing, or that two are in the wrong order, than that a certain letter replaces another one.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from kolom.search.tokenizer import strip_accents

SHORTEST: Final = 4
"""The minimum length of a corrected word. A word of this length may only lack a letter, or have two exchanged."""

_SHORT: Final = 8
_MAX_SIMILAR: Final = 50
_WRONG_LETTER: Final = 2.0  # or one letter too many
_SECOND_ERROR: Final = 5.0
_FIRST_LETTER: Final = 0.5
_MISSING_SPACE: Final = 1.0
_SHORT_PART: Final = 1.0
_ADDITIONAL_SPACE: Final = 0.5
_MIN_PART: Final = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be meant: a word, or two words without the space between them.

    ``cost`` is the negative logarithm of the probability of the error, compared with the most probable errors.
    """

    forms: tuple[str, ...]
    cost: float


def allowed_errors(word: str) -> int:
    """Return how many errors a word may have: none up to 3 letters, 1 up to 8, then 2."""
    return 0 if len(word) < SHORTEST else 1 if len(word) <= _SHORT else 2


def find_similar(typed: str, words: Collection[str]) -> list[Candidate]:
    """Return the words with at most :func:`allowed_errors` differences. Accents are no difference."""
    # Imported lazily: only a query with an unknown word needs it, and it would delay every cold start.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    folded = strip_accents(typed)
    near = process.extract(
        folded,
        words,
        scorer=OSA.distance,
        processor=strip_accents,
        score_cutoff=allowed_errors(folded),
        limit=_MAX_SIMILAR,
    )
    found = [Candidate((word,), _cost(folded, strip_accents(word), round(errors))) for word, errors, _ in near]
    return [each for each in found if len(folded) > SHORTEST or each.cost < _WRONG_LETTER]


def find_parts(typed: str, beginnings: Iterable[str], ends: Iterable[str], end_letters: int) -> list[Candidate]:
    """Return the pairs of words that give ``typed`` if the space between them is missing.

    The first word is one of ``beginnings``. The second one is one of ``ends``, or any word with fewer than
    ``end_letters`` letters: such words cannot be in ``ends``, which was read by so many last letters of ``typed``.
    """
    folded = strip_accents(typed)
    endings = {strip_accents(word): word for word in ends}
    found = []
    for word in beginnings:
        first = strip_accents(word)
        if len(first) < _MIN_PART or not folded.startswith(first):
            continue
        rest = folded[len(first) :]
        if len(rest) >= _MIN_PART and (rest in endings or len(rest) < end_letters):
            short = (len(first) == _MIN_PART) + (len(rest) == _MIN_PART)
            found.append(Candidate((word, endings.get(rest, rest)), _MISSING_SPACE + short * _SHORT_PART))
    return found


def find_joined(first: str, second: str, words: Iterable[str]) -> list[Candidate]:
    """Return the words that give ``first`` and ``second`` if a space is typed inside."""
    joined = strip_accents(first + second)
    return [Candidate((word,), _ADDITIONAL_SPACE) for word in words if strip_accents(word) == joined]


def _cost(typed: str, word: str, errors: int) -> float:
    if errors == 0:
        return 0.0
    is_exchange = len(typed) == len(word) and sorted(typed) == sorted(word)
    cost = 0.0 if is_exchange or len(typed) < len(word) else _WRONG_LETTER
    if typed[0] != word[0]:
        cost += _FIRST_LETTER
    return cost + (errors - 1) * _SECOND_ERROR
