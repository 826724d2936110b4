"""Searching: from what a reader typed to a page of results.

Requests: one for the revision of the document list (and those that read it, where it has changed), one Query per stem
(at most 32, more for a list over 1 MB), one for a label, one BatchGetItem for the articles of the page. A phrase reads
its candidates with one BatchGetItem, from which the page is shown; one more where their words are searched instead. A
word that no article has costs the Queries of :mod:`.correcting`.

Work: a request reads about a megabyte of text (:meth:`.DocumentList.within_budget`), compares as many characters with
its phrases, and looks at half as many for snippets, whatever the articles' sizes.
"""

import hashlib
import heapq
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from kolom.articles.types import ArticleSummary
from kolom.errors import InvalidCursor
from kolom.json_input import parse_json
from kolom.pagination import decode_cursor, encode_cursor, first_page
from kolom.search import document_table, spellcheck
from kolom.search.analyzer import base_language
from kolom.search.codec import seconds
from kolom.search.document import label_term
from kolom.search.document_table import DocumentTable
from kolom.search.highlighter import MAX_CHARACTERS, mark_snippet, mark_title, matcher
from kolom.search.index_reader import Postings, StoredResult, load_results, read_postings
from kolom.search.phrase_matcher import SearchedText
from kolom.search.query_parser import Query, parse

MAX_VERIFIED: Final = 100
"""How many candidates a phrase is looked for in, the best first: what one BatchGetItem can read."""

MAX_CHARACTERS_COMPARED: Final = 1_500_000
"""How much text is compared with phrases; more than is read, unless the texts are longer than their words tell."""

MAX_CHARACTERS_MARKED: Final = 500_000
"""How much text is looked at for the snippets of a page, each result having its share."""

type Order = tuple[int, float, int]
"""Where a result stands, the best being the least: 0 if it has all words, minus its score or time, its id.

Of equals, the one that was there first leads: of copies the original. Among the newest it is the last: minus its id.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """What is searched for. ``earliest`` and ``latest`` are inclusive; ``limit`` is 1 to 100."""

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
    """A found article; title and snippet are HTML in which only ``<mark>`` is markup."""

    card: ArticleSummary
    score: float
    title_html: str
    snippet_html: str

    @property
    def size_bytes(self) -> int:
        """How much text a list shows of it."""
        return self.card.size_bytes + len(self.title_html.encode()) + len(self.snippet_html.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A page of results.

    ``total`` counts all; it is not exact where there was more to be read than one request may read, which is then not
    counted. ``is_relaxed``: the phrases were found in no text that was looked into, and their words are searched
    instead; with an inexact total, there may be one all the same. ``has_words``: whether anything was asked for.
    """

    items: tuple[Result, ...] = ()
    total: int = 0
    total_is_exact: bool = True
    next_cursor: str | None = None
    did_you_mean: str | None = None
    is_relaxed: bool = False
    has_words: bool = True


def search(wanted: SearchRequest) -> Results:
    """The page of results. It ends before its limit if its texts are long or its results large.

    :meth:`DocumentTable.within_budget` and :func:`kolom.pagination.first_page` say how long and how large.

    :raises InvalidCursor: the cursor is damaged, or another search's
    """
    listing = _listing(wanted)
    after = None if wanted.cursor is None else _position(decode_cursor(wanted.cursor, listing))
    listed = document_table.get()
    languages = _languages(wanted, listed)
    query = parse(wanted.text, languages or ("",))
    if not query.words or not languages:
        return Results(has_words=bool(query.words))
    label = None if wanted.label is None else label_term(wanted.label)
    first = [*([label] if label else []), *query.excluded_stems]
    terms = [*first, *query.stems]
    postings = read_postings(terms, needed=len(first) + 1)
    is_exact = postings.keys() >= set(terms)
    query = query.restricted_to(postings)
    unknown = [word for word in query.words if not any(postings[stem] for stem in word.stems)]
    corrections = spellcheck.suggest(unknown, languages)
    query = spellcheck.apply_to(query, corrections)
    for correction in corrections:
        postings |= correction.postings
    labelled = None if label is None else postings[label].keys()
    matches = _Matches(wanted, query, postings, listed, labelled)
    is_relaxed = bool(query.phrases) and not matches.require_phrases()
    if query.excluded_phrases:
        matches.exclude_phrases()
    page = matches.page(after, wanted.limit + 1)
    ids = list(listed.within_budget(map(_article_id, page[: wanted.limit]), known=matches.found))
    matches.found |= load_results(each for each in ids if each not in matches.found)
    marker = _Marker(query, len(ids))
    results = (marker.result(matches.found[each], matches.score(each)) for each in ids if each in matches.found)
    items, is_cut = first_page(results, wanted.limit)
    if is_cut:
        ids = ids[: ids.index(items[-1].card.id) + 1]
    return Results(
        items=items,
        total=len(matches.ids),
        total_is_exact=is_exact and matches.is_exact,
        next_cursor=encode_cursor(listing, json.dumps(page[len(ids) - 1])) if len(page) > len(ids) else None,
        did_you_mean=spellcheck.rewrite_text(wanted.text, corrections),
        is_relaxed=is_relaxed,
    )


class _Matches:
    """The articles that match, and their order.

    ``found`` are those that have been read; ``is_exact`` tells whether all could be that had to.
    """

    def __init__(
        self,
        wanted: SearchRequest,
        query: Query,
        postings: Postings,
        listed: DocumentTable,
        labelled: Iterable[int] | None,
    ) -> None:
        self.found: dict[int, StoredResult] = {}
        self.is_exact = True
        self._query = query
        self._postings = postings
        self._listed = listed
        self._newest_first = wanted.newest_first
        self._ranking = listed.rank(postings, ((word.stems, word.count) for word in query.words))
        required = [number for number, word in enumerate(query.words) if word.is_required]
        self._all = sum(1 << number for number in required)
        self._phrase_words = sum(1 << n for n in required if any(query.words[n].form in each for each in query.phrases))
        excluded = {each for stem in query.excluded_stems for each in postings[stem]}
        self.ids = self._ranking.scores.keys() - excluded
        if labelled is not None:
            self.ids &= set(labelled)
        if allowed := _filter(wanted, listed):
            self.ids = {each for each in self.ids if allowed(each)}

    def score(self, article_id: int) -> float:
        """The article's BM25."""
        return self._ranking.scores[article_id]

    def page(self, after: Order | None, size: int) -> list[Order]:
        """The best ``size`` matches that come after ``after``."""
        orders: Iterable[Order] = map(self._order, self.ids)
        if after is not None:
            orders = (order for order in orders if order > after)
        return heapq.nsmallest(size, orders)

    def require_phrases(self) -> bool:
        """Keep only what has the phrases. False, and all is kept, where no text that was looked into has them."""
        candidates = [each for each in self.ids if self._ranking.words[each] & self._phrase_words == self._phrase_words]
        verdicts = self._compare(candidates, lambda texts: _all(_have(texts, each) for each in self._query.phrases))
        having = {article_id for article_id, has in verdicts.items() if has}
        if having:
            self.ids = having
        return bool(having)

    def exclude_phrases(self) -> None:
        """Leave out what has one of the excluded phrases, or may have one and could not be looked into."""
        suspects = self.ids & set().union(*map(self._having_all, self._query.telling))
        verdicts = self._compare(
            suspects, lambda texts: _any(_have(texts, each) for each in self._query.excluded_phrases)
        )
        self.ids = self.ids - suspects | {article_id for article_id, has in verdicts.items() if has is False}

    def _having_all(self, words: Sequence[Sequence[str]]) -> set[int]:
        """The articles that have all of these words, each its stems: all articles, without words."""
        articles = ({each for stem in stems for each in self._postings[stem]} for stems in words)
        return set.intersection(set(self.ids), *articles)

    def _compare(
        self, candidates: Collection[int], has: Callable[[Sequence[SearchedText]], bool | None]
    ) -> dict[int, bool | None]:
        """The verdict on the texts of each candidate that can be looked into, the best first; None: it is not known."""
        best = list(map(_article_id, heapq.nsmallest(MAX_VERIFIED, map(self._order, candidates))))
        read = list(self._listed.within_budget(best, known=self.found))
        self.found |= load_results(each for each in read if each not in self.found)
        verdicts: dict[int, bool | None] = {}
        left = MAX_CHARACTERS_COMPARED
        for article_id in read:
            found = self.found.get(article_id)
            if found is None:
                verdicts[article_id] = False  # it has just gone
                continue
            left -= len(found.text)
            if left < 0:
                break
            verdict = has((SearchedText(found.card.title), SearchedText(found.text)))
            verdicts[article_id] = verdict
            self.is_exact &= verdict is True or (verdict is False and found.is_whole)
        self.is_exact &= len(verdicts) == len(candidates)
        return verdicts

    def _order(self, article_id: int) -> Order:
        has_all = self._ranking.words[article_id] & self._all == self._all
        rank = self._listed.times[article_id] if self._newest_first else self._ranking.scores[article_id]
        return (0 if has_all else 1, -rank, -article_id if self._newest_first else article_id)


def _article_id(order: Order) -> int:
    return abs(order[2])


def _languages(wanted: SearchRequest, listed: DocumentTable) -> Sequence[str]:
    """The languages whose articles are searched: of those of the site, the one that is wanted."""
    if wanted.language is None:
        return listed.codes
    return [code for code in listed.codes if code == base_language(wanted.language)]


def _filter(wanted: SearchRequest, listed: DocumentTable) -> Callable[[int], bool] | None:
    language = None if wanted.language is None else base_language(wanted.language)
    if language is None and wanted.earliest is None and wanted.latest is None:
        return None
    earliest = seconds(wanted.earliest) if wanted.earliest else 0
    latest = seconds(wanted.latest) if wanted.latest else 1 << 62
    times, languages = listed.times, listed.languages
    return lambda each: earliest <= times[each] <= latest and (language is None or languages[each] == language)


def _have(texts: Iterable[SearchedText], phrase: Sequence[str]) -> bool | None:
    return _any(text.has(phrase) for text in texts)


def _any(verdicts: Iterable[bool | None]) -> bool | None:
    """Whether one of them is true; None if that is not known."""
    distinct = set(verdicts)
    return True if True in distinct else None if None in distinct else False


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    """Whether all of them are true; None if that is not known."""
    distinct = set(verdicts)
    return False if False in distinct else None if None in distinct else True


class _Marker:
    """Makes results of articles: so many, for this query."""

    def __init__(self, query: Query, number: int) -> None:
        self._stems = {stem for word in query.words for stem in word.stems}
        self._hints = [*self._stems, *(word.form for word in query.words)]
        self._within = min(MAX_CHARACTERS, MAX_CHARACTERS_MARKED // max(number, 1))

    def result(self, found: StoredResult, score: float) -> Result:
        """The article as a result."""
        recognise = matcher(self._stems, found.card.language)
        text = found.text.replace("\n", " ")
        return Result(
            card=found.card,
            score=round(score, 6),
            title_html=mark_title(found.card.title, recognise),
            snippet_html=mark_snippet(text, recognise, hints=self._hints, within=self._within),
        )


def _listing(wanted: SearchRequest) -> str:
    """What a cursor belongs to: everything but the limit and the cursor itself."""
    asked = {name: value for name, value in asdict(wanted).items() if name not in {"limit", "cursor"}}
    digest = hashlib.blake2s(json.dumps(asked, default=str, sort_keys=True).encode("utf-8", "backslashreplace"))
    return f"search?{digest.hexdigest()}"


def _position(text: str) -> Order:
    try:
        group, rank, article_id = parse_json(text)
        return int(group), float(rank), int(article_id)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidCursor("this cursor is damaged") from error
