"""Remember which article has a slug or path, so that a warm process reads the article without reading its pointer.

A remembered id is only a guess: a check decides whether the article that was read is public and still has the name.
If not, its pointer is read again. No two articles have the same name, because their pointer leads to one of them.
"""

from collections.abc import Callable
from typing import Final

from kolom.articles.lookup import Check
from kolom.articles.types import Article
from kolom.errors import Gone, Moved, NotFound

MAX_IDS: Final = 1_000

_ids: Final[dict[str, int]] = {}


def remembering(name: str, check: Check) -> Check:
    """Return the check, extended to remember that the articles that pass it have that name."""

    def check_and_remember(article: Article) -> None:
        check(article)
        if len(_ids) >= MAX_IDS:
            _ids.clear()
        _ids[name] = article.id

    return check_and_remember


def read_known[Found](name: str, read: Callable[[int, Check], Found], check: Check) -> Found | None:
    """Return the result of ``read`` for the article that had that name, or None if none is known to have it now."""
    article_id = _ids.get(name)
    if article_id is None:
        return None
    try:
        return read(article_id, check)
    except (Gone, Moved, NotFound):
        _ids.pop(name, None)
        return None


def clear_cache() -> None:
    """Forget all names."""
    _ids.clear()
