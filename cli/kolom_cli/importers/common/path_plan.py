"""Choose slugs and paths for imported articles whose slug or path is taken."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from kolom.articles.names import MAX_SLUG, default_path, pointer_keys_at
from kolom.urls import encoded_path


def slug_candidates(slug: str, slug_suffix: str) -> Iterable[str]:
    """Yield the slugs to try for an article: its own, then with the suffix once, twice and so on."""
    yield slug
    ending = f"-{slug_suffix}"
    while True:
        yield slug[: MAX_SLUG - len(ending)].rstrip("-_") + ending
        ending += f"-{slug_suffix}"


@dataclass(slots=True)
class PathPlan:
    """Predicts the paths of the articles of an export, which are added in the order of the export.

    Only these articles are taken into account, not those that Kolom has already.
    """

    _names: set[str] = field(default_factory=set)

    def add(self, path: str | None, slug: str, slug_suffix: str) -> str:
        """Return the path that the article gets, percent-encoded, by the rules of :class:`.ArticlePlanner`."""
        if path is not None and not self._names.isdisjoint(pointer_keys_at(path)):
            path = None
        for candidate in slug_candidates(slug, slug_suffix):
            names = (f"slug:{candidate}",) if path is not None else pointer_keys_at(default_path(candidate))
            if self._names.isdisjoint(names):
                break
        chosen = path or default_path(candidate)
        self._names |= {f"slug:{candidate}", *pointer_keys_at(chosen)}
        return encoded_path(chosen)
