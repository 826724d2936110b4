"""Build the index document of an article: terms with frequencies, length, title words, vocabulary. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice, pairwise
from typing import Final
from unicodedata import normalize

from kolom.articles.page_urls import site_of
from kolom.articles.types import Article, Body
from kolom.rendering.text import plain_text
from kolom.search.analyzer import base_language, is_stop_word, stem
from kolom.search.codec import DocumentStats, encode_document, encode_frequency, encode_posting
from kolom.search.function_words import is_abbreviation
from kolom.search.sections import Headings, find_headings
from kolom.search.terms import (
    EXTERNAL,
    MAX_TEXT_BYTES,
    MIN_PREFIX,
    PAGES,
    TITLE_WEIGHT,
    author_term,
    label_term,
    site_term,
)
from kolom.search.tokenizer import Word, find_characters, join_hyphenated, strip_accents, tokenize
from kolom.search.word_forms import find_parts, find_spellings

LABEL_WEIGHT: Final = 2
HEADING_WEIGHT: Final = 2
MAX_TERMS: Final = 10_000
"""Distinct terms per article; a novel has fewer. Terms after these are not indexed."""

MAX_TERMS_BYTES: Final = 150_000
"""The limit for all terms of one article: a ``terms#`` item (at most 400 KB) may contain two versions of them."""

MAX_TITLE_WORDS: Final = 30
MAX_AUTHOR_WORDS: Final = 8
_WORD_LENGTHS: Final = range(3, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedDocument:
    """The index content for one article.

    ``postings`` maps each term to an encoded posting (:mod:`.codec`), ``list_entry`` is the article's entry in the
    document list, ``title_words`` are for autocomplete, ``vocabulary`` has the words that may be offered as corrections
    and completions, ``text`` is the source of snippets. ``is_whole`` is false if ``text`` is truncated.
    ``headings`` are those of ``text``.
    """

    postings: dict[str, int] = field(default_factory=dict)
    list_entry: int | None = None
    title_words: frozenset[str] = frozenset()
    vocabulary: frozenset[str] = frozenset()
    text: str = ""
    is_whole: bool = True
    headings: Headings = ()


EMPTY_DOCUMENT: Final = IndexedDocument()
"""The index document of an article that must not be searchable."""


def build_document(article: Article, body: Body) -> IndexedDocument:
    """Return the index document of a published article or page.

    Each term has one frequency, summed over all fields with their weights (BM25F: Robertson, Zaragoza and Taylor,
    *Simple BM25 extension to multiple weighted fields*, 2004). Stop words count only in titles, so that a title
    that consists of stop words can be found, and as abbreviations (:func:`.is_abbreviation`). The length
    is the weighted number of words, without stop words.
    """
    assert article.published_at is not None
    text = normalize("NFC", plain_text(body.html))
    counter = _TermCounter(article.language)
    counter.add(article.title, TITLE_WEIGHT, with_stop_words=True)
    for label in article.labels:
        counter.add(label, LABEL_WEIGHT)
    for heading in body.toc:
        # The text contains the headings too and counts them once.
        counter.add(heading.text, HEADING_WEIGHT - 1)
    counter.add(text, 1)
    document = DocumentStats(article.published_at, base_language(article.language), encode_frequency(counter.length))
    postings = {
        term: encode_posting(article.id, encode_frequency(frequency)) for term, frequency in counter.frequencies.items()
    }
    names = [*map(label_term, article.labels), *map(author_term, _author_words(article))]
    if article.kind == "page":
        names.append(PAGES)
    if article.url is not None and (site := site_of(article.url)):
        names += [EXTERNAL, site_term(site)]
    postings.update({term: encode_posting(article.id, 1) for term in names})
    stored, is_whole = _truncate(text)
    return IndexedDocument(
        postings=postings,
        list_entry=encode_document(article.id, document),
        title_words=frozenset(_title_words(article)),
        vocabulary=frozenset(counter.vocabulary),
        text=stored,
        is_whole=is_whole,
        headings=tuple(find_headings(stored, body.toc)),
    )


class _TermCounter:
    """Sums the frequencies of an article's stems."""

    def __init__(self, language: str) -> None:
        self.frequencies: Counter[str] = Counter()
        self.length = 0
        self.vocabulary: set[str] = set()
        self._bytes = 0
        self._language = language
        self._analyzed: dict[str, tuple[str, bool]] = {}

    def add(self, text: str, weight: int, *, with_stop_words: bool = False) -> None:
        """Count each word of ``text``, and each Chinese character in a longer run, ``weight`` times.

        Other further forms (:mod:`.word_forms`) count once, whatever the weight. They add nothing to the length: their
        words do.
        """
        before: Word | None = None
        for word in tokenize(text):
            if before is not None and (compound := join_hyphenated(before, word, text)):
                self._count(compound, 1, with_stop_words=with_stop_words)
            before = word
            is_indexed = with_stop_words or (text[word.start].isupper() and is_abbreviation(text, *word[1:]))
            if self._count(word.form, weight, with_stop_words=is_indexed):
                self.length += weight
        for further in chain(find_parts(text), find_spellings(text)):
            self._count(further.form, 1, with_stop_words=with_stop_words)
        for character in find_characters(text):
            self._count(character.form, weight, with_stop_words=with_stop_words)

    def _count(self, form: str, weight: int, *, with_stop_words: bool) -> bool:
        """Count a word; return whether it adds to the length."""
        term, is_stop = self._analyzed.get(form) or self._analyze(form)
        if is_stop and not with_stop_words:
            return False
        if term in self.frequencies or (term and self._has_room_for(term)):
            self.frequencies[term] += weight
            return not is_stop
        return False

    def _has_room_for(self, term: str) -> bool:
        self._bytes += len(term.encode())
        return len(self.frequencies) < MAX_TERMS and self._bytes <= MAX_TERMS_BYTES

    def _analyze(self, form: str) -> tuple[str, bool]:
        analyzed = self._analyzed[form] = (stem(form, self._language), is_stop_word(form, self._language))
        if len(form) in _WORD_LENGTHS and form.isalpha() and not analyzed[1] and len(self.vocabulary) < MAX_TERMS:
            self.vocabulary.add(form)
        return analyzed


def _author_words(article: Article) -> Iterator[str]:
    return (strip_accents(word.form) for word in islice(tokenize(article.author), MAX_AUTHOR_WORDS))


def _title_words(article: Article) -> Iterator[str]:
    title = article.title
    words = list(islice(tokenize(title), MAX_TITLE_WORDS))
    compounds = (join_hyphenated(before, word, title) for before, word in pairwise(words))
    further = islice(chain(find_parts(title), find_spellings(title)), MAX_TITLE_WORDS)
    for form in (*(word.form for word in words), *compounds, *(word.form for word in further)):
        if form and len(form) >= MIN_PREFIX and not is_stop_word(form, article.language):
            yield strip_accents(form)


def _truncate(text: str) -> tuple[str, bool]:
    """Return the part of the text that is stored, and whether that is the whole text."""
    data = text.encode()
    if len(data) <= MAX_TEXT_BYTES:
        return text, True
    return data[:MAX_TEXT_BYTES].decode(errors="ignore").rpartition(" ")[0], False
