"""Aliases: further paths of an article, such as those from another system, which redirect to it with a 301."""

from collections.abc import Iterable

from kolom.articles import repository, transitions
from kolom.articles.names import alias_problem, pointer_keys_at
from kolom.errors import Conflict, FieldError, InvalidInput
from kolom.models.transaction import Transaction


def add_alias(article_id: int, path: str) -> bool:
    """Add ``path`` as an alias of the article; False if it was one already.

    :raises InvalidInput: the path is not allowed
    :raises Conflict: the path belongs to another article
    :raises ServiceBusy: DynamoDB did not complete the request in time; nothing was changed
    """
    if problem := alias_problem(path):
        raise InvalidInput(FieldError("alias", problem))
    missing = [key for key in pointer_keys_at(path) if repository.find_id(key) != article_id]
    if missing:
        claim_keys(missing, article_id, path)
    return bool(missing)


def claim_keys(keys: Iterable[str], article_id: int, path: str) -> None:
    """Point the keys of the alias ``path`` to the article, without reading them first.

    :raises Conflict: the path belongs to another article
    :raises ServiceBusy: DynamoDB did not complete the request in time; nothing was changed
    """
    transaction = Transaction()
    for key in keys:
        transitions.claim_pointer(transaction, key, article_id, Conflict(f"the path {path} belongs to another article"))
    transaction.commit()
