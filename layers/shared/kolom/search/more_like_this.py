"""Find related articles by the most significant terms of an article.

Requests: the article's ``terms#``, the revision of the document list, at most 9 Queries of postings, one BatchGetItem.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kolom.articles.types import ArticleSummary
from kolom.pagination import first_page
from kolom.search import document_table
from kolom.search.codec import FREQUENCIES
from kolom.search.document_table import DocumentTable
from kolom.search.forward_index import load_entry
from kolom.search.index_reader import Postings, load_results, read_postings
from kolom.search.terms import PAGES, is_word

MAX_TERMS: Final = 8
_MAX_LABELS: Final = 2
_MIN_LENGTH: Final = 3
_PAIR: Final = r"[\p{Han}\p{Katakana}ー]{2}"
"""A term that is as distinctive as a longer word. Pairs with Hiragana are mostly endings and particles."""


def related_articles(article_id: int, limit: int) -> tuple[ArticleSummary, ...]:
    """Return at most ``limit`` other articles, the most similar first; none for an article that is not in the index.

    Returns fewer if the texts are long, since they are read too, or if the summaries do not fit on a page.
    """
    own = load_entry(article_id, consistent=False).frequency_codes()
    listed = document_table.get()
    best = list(listed.within_budget(rank_related(article_id, own, listed, read_postings)[:limit]))
    found = load_results(best)
    return first_page((found[each].summary for each in best if each in found), limit)[0]


def rank_related(
    article_id: int,
    own: Mapping[str, int],
    listed: DocumentTable,
    read: Callable[[Sequence[str]], Postings],
) -> list[int]:
    """Return the ids of all other articles that have a significant term of the article, the most similar first.

    Pages are omitted.

    ``own`` has the frequency codes of the terms of the article; ``read`` returns the postings of terms.
    """
    terms = _significant_terms(own)
    postings = read([PAGES, *terms])
    scores = listed.rank(postings, (((term,), 1) for term in terms)).scores
    return sorted(
        scores.keys() - {article_id} - postings.get(PAGES, {}).keys(), key=lambda each: (-scores[each], -each)
    )


def _significant_terms(frequencies: Mapping[str, int]) -> list[str]:
    """Return up to two labels and the most frequent terms of the article; of equally frequent terms the longer first.

    The rarity of a term is known only after its postings are read; it then determines the weight of the term.
    """
    labels = sorted(term for term in frequencies if term.startswith("label:"))[:_MAX_LABELS]
    weights = {term: FREQUENCIES[code] for term, code in frequencies.items() if is_word(term) and _is_distinctive(term)}
    distinctive = sorted(weights, key=lambda term: (-weights[term], -len(term), term))
    return [*labels, *distinctive[: MAX_TERMS - len(labels)]]


def _is_distinctive(term: str) -> bool:
    if term.replace(".", "").isdigit():
        return False
    return len(term) >= _MIN_LENGTH or _is_pair(term)


def _is_pair(term: str) -> bool:
    # Imported here: pages of articles load this module, but examine no terms, and need no `regex` otherwise.
    import regex

    return regex.fullmatch(_PAIR, term) is not None
