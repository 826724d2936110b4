"""Further addresses of an article, such as those that it had in another system: each leads to it with a 301."""

from kolom.articles import repository, transitions
from kolom.articles.names import alias_problem, pointer_keys_at
from kolom.errors import Conflict, FieldError, InvalidInput
from kolom.models.transaction import Transaction


def add_alias(article_id: int, path: str) -> bool:
    """Let ``path`` lead to the article; False if it did already.

    :raises Invalid: nothing can stand at that path
    :raises Conflict: it is another article's address
    :raises Busy: the store could not take it in time; nothing was changed
    """
    if problem := alias_problem(path):
        raise InvalidInput(FieldError("alias", problem))
    missing = [key for key in pointer_keys_at(path) if repository.find_id(key) != article_id]
    transaction = Transaction()
    for key in missing:
        transitions.claim_pointer(transaction, key, article_id, Conflict(f"the address {path} is another article's"))
    if missing:
        transaction.commit()
    return bool(missing)
