"""Aliases: further paths of an article, such as those from another system, which redirect to it with a 301."""

from collections.abc import Iterable

from kolom.articles import repository, transitions
from kolom.articles.mapping import to_article_record
from kolom.articles.names import alias_problem, pointer_keys_at
from kolom.articles.page_urls import url_pointer_key
from kolom.errors import Conflict, FieldError, InvalidInput, StaleRead
from kolom.models.articles import POINTER, ArticleRecord, Pointer
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


def release_former_url(url: str, article_id: int) -> None:
    """Let the pointer of a former URL of an external article lead nowhere, because there is another page now.

    A pointer that does not lead to the article, or leads to its current URL, stays as it is.

    :raises Conflict: the article was changed in the meantime
    :raises ServiceBusy: DynamoDB did not complete the request in time; nothing was changed
    """
    key = url_pointer_key(url)
    article = repository.get(article_id) if repository.find_id(key) == article_id else None
    if article is None or key == url_pointer_key(article.url or ""):
        return
    changed = StaleRead(f"the page {article.url} was changed in the meantime")
    transaction = Transaction()
    # The article stays as it is. A check alone would need a further permission.
    transaction.put(to_article_record(article), ArticleRecord.version == article.version, changed)
    transaction.delete(Pointer(key, POINTER), Pointer.key.does_not_exist() | (Pointer.id == article_id), changed)
    transaction.commit()
