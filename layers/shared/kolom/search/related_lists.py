"""The stored lists of related articles, so that the page of an article does not search for them.

The index writer computes the list of an article when its terms change. It then also computes the lists of the articles
that the article is, or was, most similar to, so that older articles lead to newer ones. A list that is not computed
again may differ from what a search would find now, but it never leads to an article that is not published.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Final

from kolom.articles import public
from kolom.articles.types import ArticleSummary
from kolom.models.search import RELATED, RelatedRecord
from kolom.search import document_table
from kolom.search.document_table import DocumentTable
from kolom.search.forward_index import load_entry
from kolom.search.index_reader import MAX_POSTINGS, Postings, read_postings
from kolom.search.more_like_this import rank_related, related_articles

LENGTH: Final = 8
"""The number of ids in a list: more than a page shows, since some articles may be unpublished later."""

_NEIGHBORS: Final = 4
"""The number of articles at the beginning of a changed article's list that get a new list, too."""


def listed_related(article_id: int, limit: int) -> tuple[ArticleSummary, ...]:
    """Return at most ``limit`` (up to :data:`LENGTH`) articles of the stored list.

    A GetItem and a BatchGetItem, and another BatchGetItem if an article is no longer published.
    If no list is stored, this returns :func:`related_articles`: the article is not indexed, or an earlier version
    indexed it.
    """
    ids = _load(article_id)
    if ids is None:
        return related_articles(article_id, limit)
    shown: list[ArticleSummary] = []
    for part in (ids[:limit], ids[limit:]):  # the rest replaces articles that are no longer published
        if part and len(shown) < limit:
            found = public.get_many_without_body(part)
            shown += [found[each] for each in part if each in found and found[each].is_related]
    return tuple(shown[:limit])


class RelatedListWriter:
    """Computes the lists after a change of some articles. ``terms`` has the frequency codes of their terms.

    ``neighbors`` maps each other article whose list must be computed to the changed articles that require it. Postings
    are kept in memory, since similar articles have the same terms.
    """

    def __init__(self, terms: Mapping[int, Mapping[str, int]]) -> None:
        self.neighbors: defaultdict[int, set[int]] = defaultdict(set)
        self._terms = terms
        self._postings: dict[str, Mapping[int, int]] = {}
        self._lock = Lock()
        self._listed: DocumentTable | None = None

    def update(self, article_id: int) -> None:
        """Compute the list of a changed article, and add the most similar articles to :attr:`neighbors`."""
        old = _load(article_id)
        new = self._write(article_id, self._terms[article_id], old)
        for each in {*(old or ())[:_NEIGHBORS], *new[:_NEIGHBORS]} - self._terms.keys():
            self.neighbors[each].add(article_id)

    def update_neighbor(self, article_id: int) -> None:
        """Compute the list of another article."""
        self._write(article_id, load_entry(article_id, consistent=True).frequency_codes(), _load(article_id))

    def _write(self, article_id: int, terms: Mapping[str, int], old: Sequence[int] | None) -> Sequence[int]:
        """Store the list of an article if it has changed, or delete it if the article is not searchable."""
        if article_id not in self._documents.lengths:
            if old is not None:
                RelatedRecord(f"related#{article_id}", RELATED).delete()
            return ()
        new = rank_related(article_id, terms, self._documents, self._read)[:LENGTH]
        if new != old:
            RelatedRecord(f"related#{article_id}", RELATED, ids=new).save()
        return new

    @property
    def _documents(self) -> DocumentTable:
        with self._lock:
            if self._listed is None:
                # Consistent, since the changed articles were just added to the list, or removed from it.
                self._listed = document_table.get(consistent=True)
            return self._listed

    def _read(self, terms: Sequence[str]) -> Postings:
        known = {term: postings for term in terms if (postings := self._postings.get(term)) is not None}
        # Consistent, since the postings of the changed articles were just written.
        read = read_postings((term for term in terms if term not in known), consistent=True)
        with self._lock:
            if sum(map(len, self._postings.values())) > MAX_POSTINGS:
                self._postings = {}
            self._postings |= read
        return known | read


def _load(article_id: int) -> list[int] | None:
    try:
        record = RelatedRecord.get(f"related#{article_id}", RELATED)
    except RelatedRecord.DoesNotExist:
        return None
    return list(map(int, record.ids))
