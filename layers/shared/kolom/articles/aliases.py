"""Further addresses of an article, such as those that it had in another system: each leads to it with a 301."""

import re

from kolom.articles import store, transitions
from kolom.articles.names import alias_problem, natural_path, slug_problem
from kolom.errors import Conflict, FieldError, Invalid
from kolom.models.transaction import Transaction


def alias_keys(path: str) -> tuple[str, ...]:
    """The pointers that make ``path`` lead somewhere.

    Of a path of one segment the slug is taken too, because that is what the site looks up first.
    """
    match = re.fullmatch(r"/([^/]+)/?", path)
    if match is None or slug_problem(match[1]):
        return (f"path:{path}",)
    slug = f"slug:{match[1]}"
    return (slug,) if path == natural_path(match[1]) else (slug, f"path:{path}")


def add(article_id: int, path: str) -> bool:
    """Let ``path`` lead to the article; False if it did already.

    :raises Invalid: nothing can stand at that path
    :raises Conflict: it is another article's address
    :raises Busy: the store could not take it in time; nothing was changed
    """
    if problem := alias_problem(path):
        raise Invalid(FieldError("alias", problem))
    missing = [key for key in alias_keys(path) if store.find_id(key) != article_id]
    transaction = Transaction()
    for key in missing:
        transitions.claim(transaction, key, article_id, Conflict(f"the address {path} is another article's"))
    if missing:
        transaction.commit()
    return bool(missing)
