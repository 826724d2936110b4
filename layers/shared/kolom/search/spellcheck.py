"""Spelling correction: replace query words that no article has by similar words of the site."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kolom.search import vocabulary
from kolom.search.analyzer import stems
from kolom.search.index_reader import read_postings
from kolom.search.query_parser import Query, QueryWord

MAX_CORRECTIONS: Final = 2
"""The maximum number of corrected words per query: each costs DynamoDB Queries of the vocabulary and of postings."""

_MAX_CANDIDATES: Final = 3
_MAX_STEMS: Final = 4
"""The maximum number of stems per candidate."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of the query, its replacement, and the replacement's postings."""

    original: QueryWord
    replacement: QueryWord
    postings: dict[str, dict[int, int]]


def allowed_edits(word: str) -> int:
    """Return how many typos a word may have: none up to 4 letters, 1 up to 8, then 2, as in Meilisearch."""
    return 0 if len(word) <= 4 else 1 if len(word) <= 8 else 2  # noqa: PLR2004, RUF100 - the rule itself


def suggest(unknown: Sequence[QueryWord], languages: Sequence[str]) -> list[Correction]:
    """Return corrections of words without postings to words that have some.

    Per word one DynamoDB Query of the vocabulary (at most three if it is large), and those for the stems of at most
    three candidates.
    """
    tried = [word for word in unknown if word.is_required and allowed_edits(word.form)][:MAX_CORRECTIONS]
    return [made for word in tried if (made := _correct(word, languages))]


def apply_to(query: Query, corrections: Sequence[Correction]) -> Query:
    """Return the query with the corrections applied."""
    replacements = {each.original.form: each.replacement for each in corrections}
    forms = {typed: word.form for typed, word in replacements.items()}
    return replace(
        query,
        words=tuple(replacements.get(word.form, word) for word in query.words),
        phrases=tuple(_replaced(phrase, forms) for phrase in query.phrases),
        alternatives=tuple(
            tuple(each._replace(forms=_replaced(each.forms, forms)) for each in group) for group in query.alternatives
        ),
    )


def rewrite_text(text: str, corrections: Sequence[Correction]) -> str | None:
    """Return the text of the query with the corrections applied; None without corrections."""
    for each in sorted(corrections, key=lambda each: each.original.start, reverse=True):
        text = text[: each.original.start] + each.replacement.form + text[each.original.end :]
    return " ".join(text.split()) if corrections else None


def _replaced(forms: Sequence[str], replacements: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(replacements.get(form, form) for form in forms)


def _correct(word: QueryWord, languages: Sequence[str]) -> Correction | None:
    # Imported lazily: only a query with an unknown word needs it, and it would delay every cold start.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    vocabulary_words = vocabulary.with_same_beginning(word.form)
    near = process.extract(
        word.form, vocabulary_words, scorer=OSA.distance, score_cutoff=allowed_edits(word.form), limit=50
    )
    best = sorted(near, key=lambda found: (found[1], abs(len(found[0]) - len(word.form)), found[0]))[:_MAX_CANDIDATES]
    candidates = {found[0]: stems(found[0], languages)[:_MAX_STEMS] for found in best}
    if not candidates:
        return None
    postings = read_postings(each for found in candidates.values() for each in found)
    distances = {found[0]: found[1] for found in best}
    usage = {form: sum(len(postings.get(each, ())) for each in found) for form, found in candidates.items()}
    chosen = min(
        (form for form in candidates if usage[form]), key=lambda form: (distances[form], -usage[form]), default=None
    )
    if chosen is None:
        return None
    replacement = QueryWord(chosen, candidates[chosen], word.start, word.end, word.count)
    return Correction(word, replacement, {each: postings.get(each, {}) for each in candidates[chosen]})
