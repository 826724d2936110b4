"""Completion of the last word of a query: the words of the site that begin with it, and the titles with such a word.

Suggestions and searches complete a word in the same way, so that a search finds the articles that were suggested.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from kolom.search import title_index, vocabulary
from kolom.search.analyzer import is_stop_word, stems
from kolom.search.codec import encode_frequency
from kolom.search.document_table import DocumentTable
from kolom.search.index_reader import Postings, read_postings
from kolom.search.query_clauses import last_word
from kolom.search.query_parser import Query, QueryWord
from kolom.search.terms import MAX_WORD_STEMS, MIN_PREFIX, TITLE_WEIGHT
from kolom.search.tokenizer import Word, strip_accents

MAX_COMPLETIONS: Final = 3
_MAX_TITLE_WORDS: Final = 50
_MAX_WORDS: Final = 150
"""How many words of the vocabulary are read: about 4 KB, which is half a read unit."""


@dataclass(frozen=True, slots=True)
class Completions:
    """The words that begin with a prefix. ``title_matches`` maps articles to such a word in their title."""

    words: tuple[QueryWord, ...]
    title_matches: dict[int, str]

    @property
    def stems(self) -> tuple[str, ...]:
        """Return the stems of all words."""
        return _stems(self.words)


@dataclass(frozen=True, slots=True)
class CompletedWord:
    """The last word of a query, the words that it was completed to, and their postings."""

    original: QueryWord
    forms: tuple[str, ...]
    postings: dict[str, dict[int, int]]

    def apply_to(self, query: Query) -> Query:
        """Return the query in which any of the completions matches."""
        completed = replace(self.original, stems=tuple(self.postings))
        return replace(query, words=tuple(completed if word == self.original else word for word in query.words))


def word_to_complete(text: str) -> Word | None:
    """Return the last word of a query if it may be incomplete. A single letter after it is ignored."""
    return last_word(text, MIN_PREFIX)


def whole_word_stems(form: str, query: Query) -> tuple[str, ...]:
    """Return the stems of a word of a query and of its other spellings. An article with any of them has the word."""
    return _stems(word for word in query.words if word.form == form or form in word.parts)


def find_completions(
    prefix: str, documents: DocumentTable, languages: Sequence[str], *, number: int = MAX_COMPLETIONS
) -> Completions:
    """Return the completions of a word, maybe with the word itself. Two Queries: words of titles, vocabulary."""
    title_matches = {
        each: word for word, each in title_index.with_prefix(prefix, _MAX_TITLE_WORDS) if each in documents.lengths
    }
    words = _words(prefix, title_matches.values(), languages)
    return Completions(tuple(words[:number]), title_matches)


def complete(
    text: str,
    query: Query,
    postings: Postings,
    is_searched: Callable[[int], bool],
    documents: DocumentTable,
    languages: Sequence[str],
) -> CompletedWord | None:
    """Complete the last word of a query if none of the articles for which ``is_searched`` is true has it.

    Returns None if nothing completes the word.

    Requests: those of :func:`find_completions`, and a Query for each stem of at most three completions of four stems.
    """
    last = word_to_complete(text)
    word = next((each for each in query.words if last and each.is_required and each.form == last.form), None)
    if word is None:
        return None
    whole = whole_word_stems(word.form, query)
    if any(is_searched(article_id) for stem in whole for article_id in postings[stem]):
        return None
    completions = find_completions(word.form, documents, languages, number=1 + MAX_COMPLETIONS)
    useless = {*query.excluded_stems, *whole}
    words = [each for each in completions.words if each.form != word.form and not useless.issuperset(each.stems)]
    words = words[:MAX_COMPLETIONS]
    read = {stem: listed for stem, listed in read_postings(_stems(words)).items() if listed}
    forms = [each.form for each in words if not read.keys().isdisjoint(each.stems)]
    titles = {each: form for each, form in completions.title_matches.items() if is_searched(each)}
    forms = forms or sorted(set(titles.values()))[:MAX_COMPLETIONS]
    if not forms:
        return None
    # No stem has this key, because a colon cannot occur in a word.
    in_titles = {f"title:{word.form}": dict.fromkeys(titles, encode_frequency(TITLE_WEIGHT))}
    return CompletedWord(word, tuple(forms), read | in_titles)


def _stems(words: Iterable[QueryWord]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(word.stems for word in words)))


def _words(prefix: str, title_matches: Iterable[str], languages: Sequence[str]) -> list[QueryWord]:
    """Return words that begin with ``prefix`` and have different stems, an exact match first.

    Then they are sorted by the number of titles with the word, by the number of words with the same stem, and by
    length. A frequent word has many forms, so many words have its stem.
    """
    in_titles = Counter(title_matches)
    # Words from titles have lost their accents; the vocabulary has the original spelling of the same word.
    written = {strip_accents(form): form for form in (*in_titles, prefix, *vocabulary.with_prefix(prefix, _MAX_WORDS))}
    words = [
        QueryWord(form, stems(form, languages)[:MAX_WORD_STEMS], 0, 0)
        for form in written.values()
        if not is_stop_word(form, *languages)
    ]
    same_stem = Counter(word.stems for word in words)

    def order(word: QueryWord) -> tuple[bool, int, int, int, str]:
        number = in_titles[strip_accents(word.form)]
        return (word.form != prefix, -number, -same_stem[word.stems], len(word.form), word.form)

    first = {word.stems: word for word in sorted(words, key=order, reverse=True)}
    return sorted(first.values(), key=order)
