"""Look up names and articles for a batch of imported articles, in few requests."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Self

from kolom.articles import repository
from kolom.articles.types import Article
from kolom_cli.concurrency import Workers


@dataclass(slots=True)
class ArticleLookup:
    """The ids that names such as ``slug:x`` have, and the articles. Whatever was not loaded is read when needed.

    Reads are repeated while DynamoDB is busy (:meth:`.Workers.call_for_all`).
    """

    _workers: Workers
    _ids: dict[str, int | None]
    _articles: dict[int, Article | None]

    @classmethod
    def load(cls, names: Collection[str], workers: Workers) -> Self:
        """Load the ids of all ``names`` and their articles. A BatchGetItem for each hundred."""
        ids = workers.call_for_all(partial(repository.find_ids, names))
        found = set(ids.values())
        articles = workers.call_for_all(partial(repository.get_many, found))
        return cls(workers, {name: ids.get(name) for name in names}, {each: articles.get(each) for each in found})

    def find_id(self, name: str) -> int | None:
        """Return the article id of a pointer, or None."""
        if name not in self._ids:
            self._ids[name] = self._workers.call_for_all(partial(repository.find_id, name))
        return self._ids[name]

    def get(self, article_id: int) -> Article | None:
        """Return the article with that id, or None."""
        if article_id not in self._articles:
            self._articles[article_id] = self._workers.call_for_all(partial(repository.get, article_id))
        return self._articles[article_id]

    def find(self, name: str) -> Article | None:
        """Return the article that a pointer names, or None."""
        article_id = self.find_id(name)
        return None if article_id is None else self.get(article_id)
