"""The searcher: answers a query with a page of results.

Requests:

* one for the revision of the document list, and those that read the list if it has changed;
* one Query for each stem, including those of synonyms (at most 32; more for a posting list over 1 MB), with those of at
  most two words that turn out to be stop words (:mod:`.query_language`), and one for a label;
* one for the owner's settings, if they have changed since the process read them (:mod:`.settings_cache`);
* one BatchGetItem for the articles of the page, and one for the rests of their texts if the beginnings lack a word. A
  query with phrases needs up to four more before these, for the candidates; the page does not read the candidates
  again. Results that are in memory (:mod:`.result_cache`) are not read;
* the Queries of :mod:`.completion` if no article has the last word, and the requests of :mod:`.spellcheck` for any
  other word that no article has.

Work, regardless of the sizes of the articles: each BatchGetItem reads about a megabyte of text
(:meth:`.DocumentTable.within_budget`). At most 1.5 million characters are compared with the phrases, as many with the
excluded phrases, and at most 500,000 are searched for snippets.
"""

import hashlib
import heapq
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

from kolom.articles.types import ArticleSummary
from kolom.errors import InvalidCursor
from kolom.json_input import parse_json
from kolom.pagination import decode_cursor, encode_cursor, first_page
from kolom.search import document_table, spellcheck
from kolom.search.analyzer import base_language
from kolom.search.codec import seconds
from kolom.search.completion import complete
from kolom.search.document_table import DocumentTable
from kolom.search.highlighter import (
    MAX_CHARACTERS,
    Match,
    Matcher,
    find_matches,
    join_blocks,
    mark_snippet,
    mark_title,
    matching_labels,
)
from kolom.search.index_reader import Postings, StoredResult, load_rests, load_results, read_postings
from kolom.search.phrase_matcher import SearchedText, all_true, any_true, text_after
from kolom.search.pins import find_pinned
from kolom.search.query_language import resolve
from kolom.search.query_parser import Query, parse
from kolom.search.settings_cache import owner_settings
from kolom.search.synonyms import expand
from kolom.search.terms import label_term
from kolom.search.tokenizer import strip_accents
from kolom.search.unknown_words import find_unknown

MAX_VERIFIED: Final = 100
"""The maximum number of candidates in which a phrase is verified, the best first: the limit of one BatchGetItem."""

MAX_CHARACTERS_COMPARED: Final = 1_500_000
"""The maximum length of text compared with the phrases, and again with the excluded ones.

It is rarely reached, because :meth:`.DocumentTable.within_budget` already limits the estimated length.
"""

MAX_CHARACTERS_MARKED: Final = 500_000
"""The maximum length of text searched for the snippets of a page, divided evenly among its results."""

ALL_WORDS_FACTOR: Final = 1.2
"""How much more the score of an article counts that has all words of the query."""

_FEW_WORDS: Final = 2
"""For queries of so few words, and when sorted by time, all articles with all words precede those with some."""

type Order = tuple[int, float, int]
"""A sort key of results, the best first: 1 if an article with all words precedes it (else 0), the negated score or
time, the id.

Pinned articles have a negative number in place of 0 or 1. Of equal results, the oldest comes first: the original before
its copies. When sorted by time, the newest comes first: the id is negated.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search request. ``earliest`` and ``latest`` are inclusive; ``limit`` is 1 to 100."""

    text: str
    label: str | None = None
    language: str | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    newest_first: bool = False
    limit: int = 10
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A search result; title and snippet are HTML in which ``<mark>`` is the only markup.

    ``matched_labels`` has the labels with a word of the query.
    """

    summary: ArticleSummary
    score: float
    title_html: str
    snippet_html: str
    matched_labels: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Return the size of the text that a list shows of the result."""
        return self.summary.size_bytes + len(self.title_html.encode()) + len(self.snippet_html.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A page of results.

    ``total`` counts all matches. It is not exact if a request would have to read more than its limit; matches that were
    not read are then missing.

    ``is_relaxed`` is true if no text that was read has the phrases, so that their words were searched instead. If the
    total is not exact, a text that was not read may have the phrases. ``completed`` maps the last word of the query, if
    no article has it, to the words that were searched instead. ``has_words`` is false if the query has no word to
    search for: it is empty, or has only exclusions.
    """

    items: tuple[Result, ...] = ()
    total: int = 0
    total_is_exact: bool = True
    next_cursor: str | None = None
    did_you_mean: str | None = None
    is_relaxed: bool = False
    has_words: bool = True
    completed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def search(request: SearchRequest) -> Results:
    """Return a page of results: fewer than ``limit`` if the texts to read are long, or the results are large.

    :meth:`DocumentTable.within_budget` and :func:`kolom.pagination.first_page` define these limits.

    :raises InvalidCursor: the cursor is damaged, or belongs to a different search
    """
    listing = _listing(request)
    after = None if request.cursor is None else _position(decode_cursor(request.cursor, listing))
    documents = document_table.get()
    languages = _languages(request, documents)
    query = parse(request.text, languages or ("",))
    if not query.words or not languages:
        return Results(has_words=bool(query.words))
    expanded = expand(query, request.text, owner_settings.synonyms(languages))
    label = None if request.label is None else label_term(request.label)
    first = [*([label] if label else []), *query.excluded_stems]
    terms = [*first, *expanded.terms(expanded.query.stems)]
    read = read_postings(terms, needed=len(first) + 1)
    is_exact = read.keys() >= set(terms)
    postings = expanded.combine(read)
    query, postings = resolve(expanded.query.restricted_to(postings), postings, documents.languages)
    labeled = None if label is None else postings[label].keys()
    is_searched = _article_filter(request, documents, labeled, _excluded(query, postings))
    completed = complete(request.text, query, postings, is_searched, documents, languages)
    if completed is not None:
        query = completed.apply_to(query)
        postings |= completed.postings
    unknown = find_unknown(query, postings, limit=0 if completed else request.limit)
    corrections = spellcheck.suggest(request.text, query, unknown.words, postings, languages)
    if completed and any(completed.original.form in each.originals for each in corrections):
        completed = None
    query = spellcheck.apply_to(query, corrections)
    for correction in corrections:
        postings |= correction.postings
    matches = _Matches(request, query, postings, documents, labeled)
    matches.loaded |= unknown.loaded
    is_relaxed = bool(query.phrases) and not matches.require_phrases()
    if query.excluded_phrases:
        matches.exclude_phrases()
    matches.pin(filter(is_searched, find_pinned(query, request.text, owner_settings.pins())))
    page = matches.page(after, request.limit + 1)
    ids = list(documents.within_budget(map(_article_id, page[: request.limit]), loaded=matches.loaded))
    matches.load(ids)
    builder = _ResultBuilder(expanded.for_marks(query), len(ids), prefix=completed.original.form if completed else None)
    matches.load_rests(
        each for each in ids if each in matches.loaded and builder.needs_rest(matches.loaded[each], matches.words(each))
    )
    results = (builder.result(matches.loaded[each], matches.score(each)) for each in ids if each in matches.loaded)
    items, is_cut = first_page(results, request.limit)
    if is_cut:
        ids = ids[: ids.index(items[-1].summary.id) + 1]
    return Results(
        items=items,
        total=len(matches.ids),
        total_is_exact=is_exact and matches.is_exact,
        next_cursor=encode_cursor(listing, json.dumps(page[len(ids) - 1])) if len(page) > len(ids) else None,
        did_you_mean=spellcheck.rewrite_text(request.text, corrections),
        is_relaxed=is_relaxed,
        completed={completed.original.form: completed.forms} if completed else {},
    )


class _Matches:
    """The matching articles and their order.

    ``loaded`` has the results that have been read; ``is_exact`` is false if a necessary text could not be read.
    """

    def __init__(
        self,
        request: SearchRequest,
        query: Query,
        postings: Postings,
        documents: DocumentTable,
        labeled: Iterable[int] | None,
    ) -> None:
        self.loaded: dict[int, StoredResult] = {}
        self.is_exact = True
        self._pinned: list[int] = []
        self._query = query
        self._postings = postings
        self._documents = documents
        self._newest_first = request.newest_first
        self._ranking = documents.rank(postings, ((word.stems, word.count) for word in query.words))
        required = [number for number, word in enumerate(query.words) if word.is_required]
        self._required_words = sum(1 << number for number in required)
        self._phrase_words = sum(1 << n for n in required if any(query.words[n].form in each for each in query.phrases))
        bits = {word.form: 1 << number for number, word in enumerate(query.words)}
        # For each other spelling, such as "wifi" for "Wi-Fi": its bit, and those of the words that it replaces.
        self._substitutes = [
            (bits[word.form], sum(bits.get(part, 0) for part in set(word.parts))) for word in query.words if word.parts
        ]
        # A compound is one word in two parts.
        self._all_words_first = self._newest_first or len(required) - len(self._substitutes) <= _FEW_WORDS
        self.ids = self._ranking.scores.keys() - _excluded(query, postings)
        if labeled is not None:
            self.ids &= set(labeled)
        if allowed := _filter(request, documents):
            self.ids = {each for each in self.ids if allowed(each)}

    def score(self, article_id: int) -> float:
        """Return the article's BM25 score, greater if it has all words; 0 for a pinned article without any."""
        if article_id not in self._ranking.scores:
            return 0.0
        return self._ranking.scores[article_id] * (ALL_WORDS_FACTOR if self._has_all(article_id) else 1.0)

    def words(self, article_id: int) -> int:
        """Return the bits of the words that the article has."""
        return self._ranking.words.get(article_id, 0)

    def pin(self, article_ids: Iterable[int]) -> None:
        """Put these articles first, in this order, unless the newest come first."""
        if not self._newest_first:
            self._pinned = list(article_ids)
            self.ids |= set(self._pinned)

    def load(self, article_ids: Iterable[int]) -> None:
        """Read the stored results that are not loaded yet."""
        self.loaded |= load_results(each for each in article_ids if each not in self.loaded)

    def load_rests(self, article_ids: Iterable[int]) -> None:
        """Read the rests of the texts of loaded results."""
        if beginnings := [self.loaded[each] for each in article_ids if self.loaded[each].rest]:
            self.loaded |= load_rests(beginnings)

    def page(self, after: Order | None, size: int) -> list[Order]:
        """Return the best ``size`` matches after ``after``."""
        orders: Iterable[Order] = map(self._order, self.ids)
        if after is not None:
            orders = (order for order in orders if order > after)
        return heapq.nsmallest(size, orders)

    def require_phrases(self) -> bool:
        """Keep only articles that have the phrases. Returns False, and keeps all, if no text that was read has them."""
        candidates = [each for each in self.ids if self._words_of(each) & self._phrase_words == self._phrase_words]
        verdicts = self._compare(
            candidates, lambda texts: all_true(self._contain(texts, each) for each in self._query.phrases)
        )
        having = {article_id for article_id, has in verdicts.items() if has}
        if having:
            self.ids = having
        return bool(having)

    def exclude_phrases(self) -> None:
        """Exclude articles that have an excluded phrase, or may have one and could not be read."""
        # Only an article with all distinctive words of an excluded phrase may have the phrase.
        candidates = self.ids & set().union(*map(self._articles_with_all, self._query.distinctive))
        verdicts = self._compare(
            candidates, lambda texts: any_true(self._contain(texts, each) for each in self._query.excluded_phrases)
        )
        self.ids = self.ids - candidates | {article_id for article_id, has in verdicts.items() if has is False}

    def _contain(self, texts: Iterable[SearchedText], phrase: Sequence[str]) -> bool | None:
        return any_true(text.has(phrase, self._query.hyphenated) for text in texts)

    def _articles_with_all(self, words: Sequence[Sequence[str]]) -> set[int]:
        """Return the articles that have all of these words, each given as its stems; without words, all articles."""
        articles = ({each for stem in stems for each in self._postings[stem]} for stems in words)
        return set.intersection(set(self.ids), *articles)

    def _compare(
        self, candidates: Collection[int], has: Callable[[Sequence[SearchedText]], bool | None]
    ) -> dict[int, bool | None]:
        """Return the result of ``has`` for each candidate that can be read, the best first; None if it is unknown."""
        best = list(map(_article_id, heapq.nsmallest(MAX_VERIFIED, map(self._order, candidates))))
        read = list(self._documents.within_budget(best, loaded=self.loaded))
        self.load(read)
        verdicts: dict[int, bool | None] = {each: False for each in read if each not in self.loaded}  # recently deleted
        texts: dict[int, list[SearchedText]] = {}
        remaining = MAX_CHARACTERS_COMPARED

        def compare(article_ids: Iterable[int]) -> None:
            nonlocal remaining
            for article_id in article_ids:
                stored = self.loaded[article_id]
                text = stored.text
                if article_id in texts:
                    text = text_after(text, len(texts[article_id][-1].text))
                remaining -= len(text)
                if remaining < 0:
                    break
                of_article = texts.setdefault(article_id, [SearchedText(stored.summary.title)])
                of_article.append(SearchedText(text))
                verdict = has(of_article)
                if verdict or stored.rest is None:
                    verdicts[article_id] = verdict
                    self.is_exact &= verdict is True or (verdict is False and stored.is_whole)

        compare(each for each in read if each in self.loaded)
        undecided = [each for each in read if each not in verdicts]
        self.load_rests(undecided)
        compare(undecided)
        self.is_exact &= len(verdicts) == len(candidates)
        return verdicts

    def _words_of(self, article_id: int) -> int:
        """Return the bits of the words that the article has, in the typed spelling or another one."""
        words = self._ranking.words[article_id]
        for spelling, parts in self._substitutes:
            if words & spelling:
                words |= parts
        return words

    def _order(self, article_id: int) -> Order:
        if article_id in self._pinned:
            return (self._pinned.index(article_id) - len(self._pinned), 0.0, article_id)
        is_later = self._all_words_first and not self._has_all(article_id)
        rank = self._documents.times[article_id] if self._newest_first else self.score(article_id)
        return (int(is_later), -rank, -article_id if self._newest_first else article_id)

    def _has_all(self, article_id: int) -> bool:
        return self._words_of(article_id) & self._required_words == self._required_words


def _article_filter(
    request: SearchRequest, documents: DocumentTable, labeled: Collection[int] | None, excluded: Collection[int]
) -> Callable[[int], bool]:
    """Return a function that tells whether an article passes the filters and has no excluded word."""
    allowed = _filter(request, documents) or (lambda _: True)
    return lambda each: (
        each in documents.lengths and each not in excluded and (labeled is None or each in labeled) and allowed(each)
    )


def _excluded(query: Query, postings: Postings) -> set[int]:
    return {each for stem in query.excluded_stems for each in postings[stem]}


def _article_id(order: Order) -> int:
    return abs(order[2])


def _languages(request: SearchRequest, documents: DocumentTable) -> Sequence[str]:
    """Return the languages to search: all of the site, or only the requested one if the site has it."""
    if request.language is None:
        return documents.codes
    return [code for code in documents.codes if base_language(code) == base_language(request.language)]


def _filter(request: SearchRequest, documents: DocumentTable) -> Callable[[int], bool] | None:
    language = None if request.language is None else base_language(request.language)
    if language is None and request.earliest is None and request.latest is None:
        return None
    earliest = seconds(request.earliest) if request.earliest else 0
    latest = seconds(request.latest) if request.latest else 1 << 62
    times, languages = documents.times, documents.languages
    return lambda each: earliest <= times[each] <= latest and (language is None or languages[each] == language)


class _ResultBuilder:
    """Builds the results of a query; ``number`` is their count. Words that begin with ``prefix`` match, too."""

    def __init__(self, query: Query, number: int, prefix: str | None) -> None:
        self._prefix = prefix
        self._ambiguous = query.ambiguous
        self._stems = {stem for word in query.words for stem in word.stems}
        self._hints = [*self._stems, *(word.form for word in query.words)]
        self._within = min(MAX_CHARACTERS, MAX_CHARACTERS_MARKED // max(number, 1))
        beginning = {strip_accents(prefix)} if prefix else set()
        self._keys = [{*word.stems, *(beginning if word.form == prefix else ())} for word in query.words]
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
        )

    def _matcher(self, stored: StoredResult) -> Matcher:
        return Matcher(self._stems, stored.summary.language, self._prefix, self._ambiguous)

    def _matched(self, stored: StoredResult) -> "_Matched":
        """Return the text with its matches. The beginning and the rest of a text share the limit."""
        before = self._found.get(stored.summary.id)
        if before is not None and before.stored is stored:
            return before
        within = self._within // 2 if stored.rest or before else self._within
        text = join_blocks(stored.text)
        matches = find_matches(text, self._matcher(stored), hints=self._hints, within=within)
        matched = self._found[stored.summary.id] = _Matched(stored, text, matches)
        return matched


@dataclass(frozen=True, slots=True)
class _Matched:
    """The text of a result in one line, and the matches that were found in it."""

    stored: StoredResult
    text: str
    matches: Sequence[Match]


def _listing(request: SearchRequest) -> str:
    """Return the identity of a search for its cursors: everything but the limit and the cursor."""
    criteria = {name: value for name, value in asdict(request).items() if name not in {"limit", "cursor"}}
    digest = hashlib.blake2s(json.dumps(criteria, default=str, sort_keys=True).encode("utf-8", "backslashreplace"))
    return f"search?{digest.hexdigest()}"


def _position(text: str) -> Order:
    try:
        group, rank, article_id = parse_json(text)
        return int(group), float(rank), int(article_id)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidCursor("the cursor is damaged") from error
