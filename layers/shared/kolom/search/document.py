"""What one article contributes to the index: its terms with their frequencies, its length, its words. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from kolom.articles.names import label_key
from kolom.articles.types import Article, Body
from kolom.rendering.text import plain_text
from kolom.search.analyzer import base_language, is_stop_word, stem
from kolom.search.codec import DocumentStats, encode_document, encode_frequency, encode_posting
from kolom.search.tokenizer import Word, join_hyphenated, strip_accents, tokenize

TITLE_WEIGHT: Final = 3
LABEL_WEIGHT: Final = 2
HEADING_WEIGHT: Final = 2
MAX_TERMS: Final = 10_000
"""Different terms of one article; a novel has fewer. What comes after them is not found."""

MAX_TERMS_BYTES: Final = 150_000
"""All terms of one article together: ``terms#`` may hold two versions of them in an item of 400 KB."""

MAX_TEXT_BYTES: Final = 100 * 1024
"""How much of an article's text is kept for snippets and phrases."""

MIN_PREFIX: Final = 2
"""Letters from which on a word is suggested."""

MAX_TITLE_WORDS: Final = 30
_WORD_LENGTHS: Final = range(3, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedDocument:
    """What the index is to hold of an article.

    ``postings`` has a number for each term (:mod:`.codes`), ``document`` the article's number on the document list,
    ``title_words`` by which it is suggested, ``vocabulary`` the words that may be offered as corrections and
    completions, ``text`` what snippets are cut from.
    """

    postings: dict[str, int] = field(default_factory=dict)
    document: int | None = None
    title_words: frozenset[str] = frozenset()
    vocabulary: frozenset[str] = frozenset()
    text: str = ""
    is_whole: bool = True


EMPTY_DOCUMENT: Final = IndexedDocument()
"""The entry of an article that is not to be found."""


def build_document(article: Article, body: Body) -> IndexedDocument:
    """The entry of a published article.

    One frequency per term, over all fields with their weights (BM25F: Robertson, Zaragoza and Taylor, *Simple BM25
    extension to multiple weighted fields*, 2004), and a length counted in the same way. Stop words count only in
    titles, so that a title of nothing else is found.
    """
    assert article.published_at is not None
    text = plain_text(body.html)
    collected = _Collected(article.language)
    collected.add(article.title, TITLE_WEIGHT, with_stop_words=True)
    for label in article.labels:
        collected.add(label, LABEL_WEIGHT)
    for heading in body.toc:
        # Headings stand in the text too, which counts them once.
        collected.add(heading.text, HEADING_WEIGHT - 1)
    collected.add(text, 1)
    document = DocumentStats(article.published_at, base_language(article.language), encode_frequency(collected.length))
    postings = {
        term: encode_posting(article.id, encode_frequency(frequency))
        for term, frequency in collected.frequencies.items()
    }
    postings.update({label_term(label): encode_posting(article.id, 1) for label in article.labels})
    kept, is_whole = _beginning(text)
    return IndexedDocument(
        postings=postings,
        document=encode_document(article.id, document),
        title_words=frozenset(_title_words(article)),
        vocabulary=frozenset(collected.vocabulary),
        text=kept,
        is_whole=is_whole,
    )


def label_term(label: str) -> str:
    """The term of all articles with a label. No word has a colon."""
    return f"label:{label_key(label)}"


class _Collected:
    """Adds up the frequencies of an article's stems."""

    def __init__(self, language: str) -> None:
        self.frequencies: Counter[str] = Counter()
        self.length = 0
        self.vocabulary: set[str] = set()
        self._bytes = 0
        self._language = language
        self._known: dict[str, tuple[str, bool]] = {}

    def add(self, text: str, weight: int, *, with_stop_words: bool = False) -> None:
        """Count the words of ``text`` ``weight`` times."""
        for term, is_stop in self._terms(text):
            if is_stop and not with_stop_words:
                continue
            if self._has_room_for(term):
                self.frequencies[term] += weight
                self.length += 0 if is_stop else weight

    def _terms(self, text: str) -> Iterator[tuple[str, bool]]:
        before: Word | None = None
        for word in tokenize(text):
            term, is_stop = self._known.get(word.form) or self._learn(word.form)
            if term:
                yield term, is_stop
            if before is not None and (compound := join_hyphenated(before, word, text)):
                # Found under both spellings, but no longer for it: a compound's parts are its words.
                found = self._learn(compound)[0]
                if self._has_room_for(found):
                    self.frequencies[found] += 1
            before = word

    def _has_room_for(self, term: str) -> bool:
        if term in self.frequencies:
            return True
        self._bytes += len(term.encode())
        return len(self.frequencies) < MAX_TERMS and self._bytes <= MAX_TERMS_BYTES

    def _learn(self, form: str) -> tuple[str, bool]:
        known = self._known[form] = (stem(form, self._language), is_stop_word(form, self._language))
        if len(form) in _WORD_LENGTHS and form.isalpha() and not known[1] and len(self.vocabulary) < MAX_TERMS:
            self.vocabulary.add(form)
        return known


def _title_words(article: Article) -> Iterator[str]:
    for word in islice(tokenize(article.title), MAX_TITLE_WORDS):
        if len(word.form) >= MIN_PREFIX and not is_stop_word(word.form, article.language):
            yield strip_accents(word.form)


def _beginning(text: str) -> tuple[str, bool]:
    """As much of the text as is kept, and whether that is all of it."""
    data = text.encode()
    if len(data) <= MAX_TEXT_BYTES:
        return text, True
    return data[:MAX_TEXT_BYTES].decode(errors="ignore").rpartition(" ")[0], False
