"""Measure how well the search understands mistyped and unfinished words.

    uv sync --extra cli --group bench
    .venv/bin/python -m benchmarks.search_spelling --collections en=DIR id=DIR [--full]

The collections are those of :mod:`.search_quality`. The queries are made from the titles of random documents, or from
the first words of documents without a title. A query is found if its document is among the ten best results. Each kind
of query is compared with the same queries without the mistake ("as meant"):

* three words of the title, of which one is mistyped: a letter is inserted, left out, replaced, or exchanged with the
  next one, at any position. Mistyped words have at least five letters.
* one word, mistyped in the same way. An offer is what the response names in ``did_you_mean`` or ``completed``: it is
  right if it has the word that was meant, or another form with the same stem.
* three words, of which the last is unfinished: it has at least half of its letters (rounded down), and at least
  three.
* an unfinished word alone.
* two adjacent words without the space between them, and one word with a space inside.

A query is measured even if the mistake made another word of the collection. The goals are shares of the queries.
"""

import os
import random
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.runner.figures import Figure, NotRunError
from benchmarks.runner.part import Part
from benchmarks.search_quality import Collection, Document, load, publish_collection
from benchmarks.stack import TEMPLATE, get
from kolom.search import vocabulary
from kolom.search.analyzer import is_stop_word, stem
from kolom.search.tokenizer import tokenize
from kolom_cli.emulator.stack import EmulatedStack

SEED = 20261130
SHOWN = 10
FIRST_WORDS = 8
"""The number of words that stand for the title of a document without one."""

SHORTEST = 5
"""The minimum number of letters of a word that is mistyped, cut or split."""

MIN_PREFIX = 3


@dataclass(frozen=True, slots=True)
class Case:
    """A query with a mistake, and the query as it was meant.

    ``document`` is the number of its document. ``words`` has the words that the mistake changed, as they were meant.
    """

    document: int
    typed: str
    meant: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Goals:
    """What a kind of query should reach in a language: shares of the queries, None without a goal.

    ``found`` is the share of all queries, ``found_of_meant`` that of the queries that are found without the mistake.
    The higher one is the goal, because a small collection is easier than a large one.
    """

    found: float | None = None
    found_of_meant: float = 0
    offered_right: float | None = None
    offered_wrong: float | None = None
    without_results: float | None = None


_OFFERS = {"offered_right": 170 / 200, "offered_wrong": 12 / 200, "without_results": 5 / 200}

GOALS = {
    ("id", "three words, one mistyped"): Goals(194 / 200, 194 / 196),
    ("en", "three words, one mistyped"): Goals(176 / 200, 176 / 177),
    ("id", "one word, mistyped"): Goals(85 / 200, 85 / 102, **_OFFERS),
    ("en", "one word, mistyped"): Goals(88 / 200, 88 / 92, **_OFFERS),
    ("id", "three words, the last unfinished"): Goals(185 / 200, 185 / 194),
    ("en", "three words, the last unfinished"): Goals(150 / 189, 150 / 162),
    ("id", "an unfinished word"): Goals(60 / 200, 60 / 101),
    ("en", "an unfinished word"): Goals(70 / 200, 70 / 108),
}


def mistype(word: str, chance: random.Random) -> str:
    """Return the word with one edit: an insertion, a deletion, a substitution or a transposition."""
    while True:
        position = chance.randrange(len(word))
        before, letter, after = word[:position], word[position], word[position + 1 :]
        other = chance.choice(string.ascii_lowercase)
        kind = chance.choice(("insertion", "deletion", "substitution", "transposition"))
        if kind == "insertion":
            typed = before + other + letter + after
        elif kind == "deletion":
            typed = before + after
        elif kind == "substitution":
            typed = before + other + after
        else:
            typed = before + after[:1] + letter + after[1:]
        if typed != word:
            return typed


def cut(word: str, chance: random.Random) -> str:
    """Return the beginning of a word: at least half of its letters (rounded down), at least three, not all."""
    return word[: chance.randrange(max(MIN_PREFIX, len(word) // 2), len(word))]


def split(word: str, chance: random.Random) -> str:
    """Return the word with a space after its second letter or later, and before the last two letters."""
    at = chance.randrange(2, len(word) - 1)
    return f"{word[:at]} {word[at:]}"


class Titles:
    """The words of each document's title, or its first words."""

    def __init__(self, collection: Collection) -> None:
        self._language = collection.language
        self._texts = [_title(document) for document in collection.documents]

    def words(self, number: int) -> list[str]:
        """Return the words that are searched for, in their order: words of letters, without stop words."""
        forms = dict.fromkeys(word.form for word in tokenize(self._texts[number]))
        return [each for each in forms if self._is_searched(each)]

    def pairs(self, number: int) -> list[tuple[str, str]]:
        """Return the pairs of adjacent words that are searched for."""
        forms = [word.form for word in tokenize(self._texts[number])]
        return [
            (first, second)
            for first, second in pairwise(forms)
            if first != second and self._is_searched(first) and self._is_searched(second)
        ]

    def _is_searched(self, form: str) -> bool:
        return form.isascii() and form.isalpha() and len(form) >= MIN_PREFIX and not is_stop_word(form, self._language)


def three_words(words: Sequence[str], chance: random.Random) -> list[str] | None:
    """Return three words in their order, the last of which is long enough for a mistake."""
    if len(words) < 3:
        return None
    chosen = [words[at] for at in sorted(chance.sample(range(len(words)), 3))]
    return chosen if len(chosen[-1]) >= SHORTEST else None


def one_mistyped(titles: Titles, number: int, chance: random.Random) -> Case | None:
    """Make a case of three words, one of them mistyped."""
    words = titles.words(number)
    long = [word for word in words if len(word) >= SHORTEST]
    if len(words) < 3 or not long:
        return None
    meant = chance.choice(long)
    others = chance.sample([word for word in words if word != meant], 2)
    chosen = [word for word in words if word in (*others, meant)]
    typed = mistype(meant, chance)
    return Case(number, " ".join(typed if word == meant else word for word in chosen), " ".join(chosen), (meant,))


def alone(change: Callable[[str, random.Random], str]) -> Callable[[Titles, int, random.Random], Case | None]:
    """Return a function that makes a case of one changed word."""

    def make(titles: Titles, number: int, chance: random.Random) -> Case | None:
        long = [word for word in titles.words(number) if len(word) >= SHORTEST]
        if not long:
            return None
        word = chance.choice(long)
        return Case(number, change(word, chance), word, (word,))

    return make


def last_unfinished(titles: Titles, number: int, chance: random.Random) -> Case | None:
    """Make a case of three words, the last of them unfinished."""
    words = three_words(titles.words(number), chance)
    if words is None:
        return None
    typed = " ".join([*words[:-1], cut(words[-1], chance)])
    return Case(number, typed, " ".join(words), (words[-1],))


def without_space(titles: Titles, number: int, chance: random.Random) -> Case | None:
    """Make a case of two adjacent words without the space between them."""
    pairs = titles.pairs(number)
    if not pairs:
        return None
    first, second = chance.choice(pairs)
    return Case(number, first + second, f"{first} {second}", (first, second))


KINDS: dict[str, Callable[[Titles, int, random.Random], Case | None]] = {
    "three words, one mistyped": one_mistyped,
    "one word, mistyped": alone(mistype),
    "three words, the last unfinished": last_unfinished,
    "an unfinished word": alone(cut),
    "two words without their space": without_space,
    "a word with a space inside": alone(split),
}


def make_cases(collection: Collection, kind: str, number: int, seed: int) -> list[Case]:
    """Return ``number`` cases of a kind, always the same for a seed."""
    chance = random.Random(f"{seed} {collection.name} {kind}")  # noqa: S311 - not for secrets
    titles = Titles(collection)
    cases: list[Case] = []
    while len(cases) < number:
        case = KINDS[kind](titles, chance.randrange(len(collection.documents)), chance)
        if case is not None:
            cases.append(case)
    return cases


@dataclass(slots=True)
class Tally:
    """The counts of one kind of query, and the requests of each query."""

    found: int = 0
    right: int = 0
    wrong: int = 0
    empty: int = 0
    requests: list[int] = field(default_factory=list)
    meant_found: int = 0
    meant_requests: list[int] = field(default_factory=list)


type Answer = Callable[[str], tuple[dict[str, Any], int]]
"""A function from a query to the response, and the number of its requests."""


def run(cases: Sequence[Case], language: str, answer: Answer) -> Tally:
    """Search for all cases, as typed and as meant."""
    tally = Tally()
    for case in cases:
        slug = slug_of(case.document)
        body, requests = answer(case.typed)
        tally.requests.append(requests)
        tally.found += _has(body, slug)
        tally.empty += not body["items"]
        offered = offers(body, case)
        if offered:
            is_right = {stem(word, language) for word in case.words} <= {stem(each, language) for each in offered}
            tally.right += is_right
            tally.wrong += not is_right
        body, requests = answer(case.meant)
        tally.meant_requests.append(requests)
        tally.meant_found += _has(body, slug)
    return tally


def offers(body: dict[str, Any], case: Case) -> set[str]:
    """Return the words that the response offers in place of typed ones."""
    typed = {word.form for word in tokenize(case.typed)}
    meant = {word.form for word in tokenize(body["did_you_mean"] or "")} - typed
    return meant | {form for forms in body["completed"].values() for form in forms}


def slug_of(number: int) -> str:
    """Return the slug of a document."""
    return f"document-{number}"


def _has(body: dict[str, Any], slug: str) -> bool:
    return any(item["slug"] == slug for item in body["items"])


def _title(document: Document) -> str:
    return document.title or " ".join(document.text.split()[:FIRST_WORDS])


def figures(case: str, tally: Tally, goals: Goals) -> Iterator[Figure]:
    """Yield the counts with their goals."""
    number = len(tally.requests)

    def goal(share: float | None) -> int | None:
        return None if share is None else round(share * number)

    found = goal(goals.found)
    least = None if found is None else max(found, round(goals.found_of_meant * tally.meant_found))
    yield Figure(case, "found", [tally.found], least, at_least=True)
    yield Figure(case, "found, as meant", [tally.meant_found])
    yield Figure(case, "right offer", [tally.right], goal(goals.offered_right), at_least=True)
    yield Figure(case, "wrong offer", [tally.wrong], goal(goals.offered_wrong))
    yield Figure(case, "no offer", [number - tally.right - tally.wrong])
    yield Figure(case, "no results", [tally.empty], goal(goals.without_results))
    yield Figure(case, "requests", tally.requests)
    yield Figure(case, "requests, as meant", tally.meant_requests)


@dataclass(frozen=True, slots=True)
class Options:
    """The collections, as for search_quality; the number of queries of each kind, and the seed that chooses them."""

    collections: tuple[str, ...] = ()
    queries: int = 200
    seed: int = SEED


def measure(options: Options) -> Iterator[Figure]:
    """Yield the figures of every kind of query on every collection.

    :raises NotRunError: there are no collections
    """
    named = options.collections or tuple(os.environ.get("COLLECTIONS", "").split())
    if not named or not all(Path(each.partition("=")[2], "docs.jsonl").exists() for each in named):
        raise NotRunError('there are no collections: set COLLECTIONS="en=DIRECTORY id=DIRECTORY"')
    for argument in named:
        language, _, directory = argument.partition("=")
        collection = load(language, Path(directory), limit=1)
        vocabulary.clear_cache()  # the words of the collection before are not in this stack
        with EmulatedStack(TEMPLATE, port=0) as stack:
            publish_collection(stack, collection)

            def answer(text: str, stack: EmulatedStack = stack) -> tuple[dict[str, Any], int]:
                status, bill, body = get(stack, "/api/search", urlencode({"q": text, "limit": SHOWN}))
                assert status == 200, body  # noqa: PLR2004, RUF100
                return body, bill.total_requests

            for kind in KINDS:
                tally = run(make_cases(collection, kind, options.queries, options.seed), language, answer)
                case = f"{collection.name} ({language}, {options.queries} queries): {kind}"
                yield from figures(case, tally, GOALS.get((language, kind), Goals()))


PART = Part(
    "search_spelling",
    "How well the search understands mistyped and unfinished words.",
    measure,
    small=Options(),
    full=Options(queries=1_000),
)

if __name__ == "__main__":
    PART.main()
