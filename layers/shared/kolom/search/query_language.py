"""Decide by the articles that have the words of a query which of its undecided words to search for. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from kolom.search.query_parser import Query

_ARTICLES_COMPARED: Final = 1_000
"""The maximum number of articles of each word that are counted by language."""

type Postings = dict[str, dict[int, int]]


def resolve(query: Query, postings: Postings, languages: Mapping[int, str]) -> tuple[Query, Postings]:
    """Return the query without undecided words that are stop words in the language of the other words.

    The synonyms of dropped words are dropped, too. A word that is content in some languages keeps only the postings of
    articles in these. ``languages`` has the language of each article.
    """
    partial = [word for word in query.words if word.languages]
    if not partial:
        return query, postings
    likely = _language(query, postings, languages)
    kept = [word for word in partial if word.is_required or likely in word.languages]
    reduced = {
        stem: {each: code for each, code in postings.get(stem, {}).items() if languages.get(each) in word.languages}
        for word in kept
        for stem in word.stems
    }
    dropped = {word.form for word in partial if word not in kept}
    words = tuple(
        word for word in query.words if word.form not in dropped and not (word.parts and dropped.issuperset(word.parts))
    )
    return replace(query, words=words), {**postings, **reduced}


def _language(query: Query, postings: Postings, languages: Mapping[int, str]) -> str:
    """Return the language of most articles that have the other words. All of these words count the same."""
    shares: defaultdict[str, float] = defaultdict(float)
    for word in query.words:
        if word.is_required and not word.languages:
            having = islice((each for stem in word.stems for each in postings.get(stem, ())), _ARTICLES_COMPARED)
            found = Counter(languages[each] for each in having if each in languages)
            for code, number in found.items():
                shares[code] += number / found.total()
    return max(shares, key=lambda code: (shares[code], code), default="")
