"""Build the results that a search shows: titles and snippets with marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kolom.articles.types import ArticleSummary
from kolom.search.highlighter import (
    MAX_CHARACTERS,
    find_matches,
    join_blocks,
    mark_snippet,
    mark_title,
    matching_labels,
)
from kolom.search.index_reader import StoredResult
from kolom.search.matcher import Match, Matcher
from kolom.search.query_parser import Query
from kolom.search.sections import Section, best_sections
from kolom.search.tokenizer import strip_accents

MAX_CHARACTERS_MARKED: Final = 500_000
"""The maximum length of text searched for the snippets of a page, divided evenly among its results."""


@dataclass(frozen=True, slots=True)
class Result:
    """A search result; title and snippet are HTML in which ``<mark>`` is the only markup.

    ``matched_labels`` has the labels with a word of the query, and ``sections`` the best sections of a long article.
    """

    summary: ArticleSummary
    score: float
    title_html: str
    snippet_html: str
    matched_labels: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Return the size of the text that a list shows of the result."""
        shown = (self.title_html, self.snippet_html, *(text for section in self.sections for text in section))
        return self.summary.size_bytes + len("".join(shown).encode())


class ResultBuilder:
    """Builds the results of a query; ``number`` is their count. Words that begin with ``prefix`` match, too."""

    def __init__(self, query: Query, number: int, prefix: str | None) -> None:
        self._prefix = prefix
        self._ambiguous = query.ambiguous
        self._stems = {stem for word in query.words for stem in word.stems}
        self._hints = [*self._stems, *(word.form for word in query.words)]
        self._within = min(MAX_CHARACTERS, MAX_CHARACTERS_MARKED // max(number, 1))
        beginning = {strip_accents(prefix)} if prefix else set()
        self._keys = [{*word.stems, *(beginning if word.form == prefix else ())} for word in query.words]
        self._matchers: dict[str, Matcher] = {}
        self._found: dict[int, _Matched] = {}

    def needs_rest(self, stored: StoredResult, words: int) -> bool:
        """Return whether title, labels and the beginning of the text lack one of the words that the article has.

        Bit ``n`` of ``words`` is set if it has word ``n``.
        """
        if stored.rest is None:
            return False
        matcher = self._matcher(stored)
        shown = (stored.summary.title, *stored.summary.labels)
        seen = {key for text in shown for *_, key in matcher.find(text)}
        seen |= {key for *_, key in self._matched(stored).matches}
        return any(words >> number & 1 and keys.isdisjoint(seen) for number, keys in enumerate(self._keys))

    def result(self, stored: StoredResult, score: float) -> Result:
        """Build the result for an article."""
        matcher = self._matcher(stored)
        matched = self._matched(stored)
        return Result(
            summary=stored.summary,
            score=round(score, 6),
            title_html=mark_title(stored.summary.title, matcher),
            snippet_html=mark_snippet(matched.text, matched.matches, continues=stored.rest is not None),
            matched_labels=matching_labels(stored.summary.labels, matcher),
            sections=best_sections(matched.blocks, matched.text, stored.headings, matched.matches),
        )

    def _matcher(self, stored: StoredResult) -> Matcher:
        """Return the matcher of the article's language, which caches what the results have in common."""
        language = stored.summary.language
        if (matcher := self._matchers.get(language)) is None:
            matcher = self._matchers[language] = Matcher(self._stems, language, self._prefix, self._ambiguous)
        return matcher

    def _matched(self, stored: StoredResult) -> "_Matched":
        """Return the text with its matches. The beginning and the rest of a text share the limit."""
        before = self._found.get(stored.summary.id)
        if before is not None and before.stored is stored:
            return before
        within = self._within // 2 if stored.rest or before else self._within
        blocks = stored.text
        text = join_blocks(blocks)
        matches = find_matches(text, self._matcher(stored), hints=self._hints, within=within)
        matched = self._found[stored.summary.id] = _Matched(stored, blocks, text, matches)
        return matched


@dataclass(frozen=True, slots=True)
class _Matched:
    """The text of a result, as one line per block and as one line, and the matches that were found in the latter."""

    stored: StoredResult
    blocks: str
    text: str
    matches: Sequence[Match]
