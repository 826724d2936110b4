"""Searching: from what a reader typed to a page of results.

Requests: one for the revision of the document list (and those that read it, where it has changed), one Query per stem
(at most 16, more for a list over 1 MB), one for a label, one BatchGetItem for the articles of the page. A phrase reads
up to 200 candidates, 100 at a time; a word that no article has costs the Queries of :mod:`.correcting`.
"""

import hashlib
import heapq
import json
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from kolom.articles.types import Card
from kolom.cursors import first_page, issue_cursor, read_cursor
from kolom.errors import InvalidCursor
from kolom.search import correcting, documents
from kolom.search.codes import seconds
from kolom.search.documents import DocumentList
from kolom.search.entries import label_term
from kolom.search.highlighting import mark_snippet, mark_title, matcher
from kolom.search.languages import base
from kolom.search.queries import Query, parse
from kolom.search.reading import Found, Postings, read_found, read_postings
from kolom.search.words import words

MAX_VERIFIED: Final = 200
"""How many candidates a phrase is looked for in, the best first."""

type Order = tuple[int, float, int]
"""Where a result stands, the best being the least: 0 if it has all words, minus its score or time, its id.

Of equals, the one that was there first leads: of copies the original. Among the newest it is the last: minus its id.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
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

    card: Card
    score: float
    title_html: str
    snippet_html: str

    @property
    def size_bytes(self) -> int:
        """How much text a list shows of it."""
        return self.card.size_bytes + len(self.title_html.encode()) + len(self.snippet_html.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A page of results; ``total`` counts all, exactly unless a phrase had more candidates than were looked into."""

    items: tuple[Result, ...] = ()
    total: int = 0
    total_is_exact: bool = True
    next_cursor: str | None = None
    did_you_mean: str | None = None


def search(wanted: Search) -> Results:
    """The page of results, which ends before its limit where they are large (:func:`kolom.cursors.first_page`).

    :raises InvalidCursor: the cursor is damaged, or another search's
    """
    listing = _listing(wanted)
    after = None if wanted.cursor is None else _position(read_cursor(wanted.cursor, listing))
    listed = documents.current()
    query = parse(wanted.text, listed.codes) if listed.codes else Query()
    if not query.words:
        return Results()
    label = None if wanted.label is None else label_term(wanted.label)
    postings = read_postings([*query.stems, *([label] if label else [])])
    unknown = [word for word in query.words if not any(postings[stem] for stem in word.stems)]
    corrections = correcting.correct(unknown, listed.codes)
    query = correcting.apply(query, corrections)
    for correction in corrections:
        postings |= correction.postings
    labelled = None if label is None else postings[label].keys()
    matches = _Matches(wanted, query, postings, listed, labelled)
    found: dict[int, Found] = {}
    is_exact = True
    if query.phrases or query.excluded_phrases:
        found, is_exact = matches.verify_phrases()
    page = matches.page(after, wanted.limit + 1)
    shown, more = page[: wanted.limit], len(page) > wanted.limit
    ids = [_article_id(order) for order in shown]
    found |= read_found(each for each in ids if each not in found)
    stems = {stem for word in query.words for stem in word.stems}
    results = (_result(found[each], matches.score(each), stems) for each in ids if each in found)
    items, is_cut = first_page(results, wanted.limit)
    if is_cut:
        more, shown = True, shown[: ids.index(items[-1].card.id) + 1]
    return Results(
        items=items,
        total=len(matches.ids),
        total_is_exact=is_exact,
        next_cursor=issue_cursor(listing, json.dumps(shown[-1])) if more else None,
        did_you_mean=correcting.rewrite(wanted.text, corrections),
    )


class _Matches:
    """The articles that match, and their order."""

    def __init__(
        self,
        wanted: Search,
        query: Query,
        postings: Postings,
        listed: DocumentList,
        labelled: Iterable[int] | None,
    ) -> None:
        self._query = query
        self._listed = listed
        self._newest_first = wanted.newest_first
        self._ranking = listed.rank(postings, ((word.stems, word.count) for word in query.words))
        required = [number for number, word in enumerate(query.words) if word.is_required]
        self._all = sum(1 << number for number in required)
        self._phrase_words = sum(1 << n for n in required if any(query.words[n].form in each for each in query.phrases))
        excluded = {each for stems in query.excluded for stem in stems for each in postings[stem]}
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

    def verify_phrases(self) -> tuple[dict[int, Found], bool]:
        """Keep only what has the phrases; what was read for that, and whether all candidates could be looked into."""
        candidates = [each for each in self.ids if self._ranking.words[each] & self._phrase_words == self._phrase_words]
        best = heapq.nsmallest(MAX_VERIFIED, map(self._order, candidates))
        found = read_found(map(_article_id, best))
        is_exact = len(candidates) <= MAX_VERIFIED
        self.ids = set()
        for article_id, each in found.items():
            verdict = _has_phrases(each, self._query)
            if verdict:
                self.ids.add(article_id)
            is_exact = is_exact and (verdict or each.is_whole)
        return {article_id: found[article_id] for article_id in self.ids}, is_exact

    def _order(self, article_id: int) -> Order:
        has_all = self._ranking.words[article_id] & self._all == self._all
        rank = self._listed.times[article_id] if self._newest_first else self._ranking.scores[article_id]
        return (0 if has_all else 1, -rank, -article_id if self._newest_first else article_id)


def _article_id(order: Order) -> int:
    return abs(order[2])


def _filter(wanted: Search, listed: DocumentList) -> Callable[[int], bool] | None:
    language = None if wanted.language is None else base(wanted.language)
    if language is None and wanted.earliest is None and wanted.latest is None:
        return None
    earliest = seconds(wanted.earliest) if wanted.earliest else 0
    latest = seconds(wanted.latest) if wanted.latest else 1 << 62
    times, languages = listed.times, listed.languages
    return lambda each: earliest <= times[each] <= latest and (language is None or languages[each] == language)


def _has_phrases(found: Found, query: Query) -> bool:
    texts = [[word.form for word in words(text)] for text in (found.card.title, found.text)]
    return all(any(_holds(text, phrase) for text in texts) for phrase in query.phrases) and not any(
        _holds(text, phrase) for text in texts for phrase in query.excluded_phrases
    )


def _holds(text: Sequence[str], phrase: Sequence[str]) -> bool:
    first, length, wanted = phrase[0], len(phrase), list(phrase)
    places = (place for place, form in enumerate(text[: len(text) - length + 1]) if form == first)
    return any(text[place : place + length] == wanted for place in places)


def _result(found: Found, score: float, stems: Container[str]) -> Result:
    recognise = matcher(stems, found.card.language)
    return Result(
        card=found.card,
        score=round(score, 6),
        title_html=mark_title(found.card.title, recognise),
        snippet_html=mark_snippet(found.text.replace("\n", " "), recognise),
    )


def _listing(wanted: Search) -> str:
    """What a cursor belongs to: everything but the limit and the cursor itself."""
    asked = {name: value for name, value in asdict(wanted).items() if name not in {"limit", "cursor"}}
    digest = hashlib.blake2s(json.dumps(asked, default=str, sort_keys=True).encode("utf-8", "backslashreplace"))
    return f"search?{digest.hexdigest()}"


def _position(text: str) -> Order:
    try:
        group, rank, article_id = json.loads(text)
        return int(group), float(rank), int(article_id)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidCursor("this cursor is damaged") from error
