"""Change an article from one state to the next in one transaction: article, labels, pointers and counts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ulid import ULID

from kolom.articles import repository
from kolom.articles.body_chunks import split_body, split_source
from kolom.articles.mapping import count_deltas, pointer_keys, to_article_record, to_label_records
from kolom.articles.names import label_key
from kolom.articles.page_urls import url_pointer_key
from kolom.articles.types import Article, Body
from kolom.errors import Conflict, KolomError, StaleRead
from kolom.models.articles import COUNTS, POINTER, ArticleRecord, Count, LabelRecord, Pointer
from kolom.models.errors import StorageError, none_if_unavailable
from kolom.models.transaction import MAX_ITEMS, Transaction

_NONE: Final[Mapping[str, str]] = {}


def commit(old: Article | None, new: Article, *, spellings: Mapping[str, str] = _NONE) -> Article:
    """Replace ``old`` (None for a new article) by ``new``, whose ``version`` is higher; return the stored article.

    Counts change by exactly the difference between the two states, so that publishing twice counts once. If too many
    labels change for one transaction, the change takes two: the first removes labels, the second adds the new ones.
    Each leaves a consistent state, and the version grows by one more. ``spellings`` are the names of labels in the list
    of labels, by their keys; the default is the spelling of ``new``.

    :raises Conflict: the article changed since ``old`` was read, or one of ``new``'s names belongs to another article
    :raises ServiceBusy: conflicts or throttling lasted past the deadline of retries; at most the first of two
        transactions was written
    """
    transaction = _transaction(old, new, spellings)
    if len(transaction) > MAX_ITEMS and old is not None:
        kept_keys = {label_key(label) for label in new.labels}
        kept = tuple(label for label in old.labels if label_key(label) in kept_keys)
        # Without a fingerprint: neither the old nor the new content is the same as this state.
        fewer = replace(old, labels=kept, version=new.version, fingerprint="")
        intermediate = commit(old, fewer, spellings=spellings)
        new = replace(new, version=new.version + 1)
        transaction = _transaction(intermediate, new, spellings)
    transaction.commit()
    return new


def commit_with_body(
    old: Article | None, new: Article, body: Body, *, number: int, spellings: Mapping[str, str] = _NONE
) -> Article:
    """Store ``body``, then :func:`commit` ``new`` with it, which may raise; return the stored article.

    The body gets a unique version that begins with ``number``, so that concurrent writers never mix their chunks. If
    nothing was committed, the chunks are deleted. If it is unknown whether the transaction was applied, they stay: it
    may still be, and an article without its body would be worse than chunks that nobody reads.
    """
    version = f"{repository.body_version_prefix(number)}{ULID()}"
    shown, source = split_body(new.id, version, body), split_source(new.id, version, body)
    try:
        repository.write_chunks([*shown, *source])
    except StorageError:
        none_if_unavailable(lambda: repository.delete_chunks([*shown, *source]))
        raise
    new = replace(new, body_version=version, body_parts=len(shown), source_parts=len(source))
    try:
        return commit(old, new, spellings=spellings)
    except KolomError:
        none_if_unavailable(lambda: repository.delete_chunks([*shown, *source]))
        raise


def claim_pointer(transaction: Transaction, key: str, article_id: int, conflict: Conflict) -> None:
    """Point the name ``key`` to the article; the transaction raises ``conflict`` if it belongs to another one."""
    free = Pointer.key.does_not_exist() | (Pointer.id == article_id)
    transaction.put(Pointer(key, POINTER, id=article_id), free, conflict)


def _transaction(old: Article | None, new: Article, spellings: Mapping[str, str]) -> Transaction:
    transaction = Transaction()
    _write_article(transaction, old, new)
    _write_pointers(transaction, old, new)
    _write_labels(transaction, old, new)
    _write_counts(transaction, old, new, spellings)
    return transaction


def _write_article(transaction: Transaction, old: Article | None, new: Article) -> None:
    unchanged = ArticleRecord.key.does_not_exist() if old is None else ArticleRecord.version == old.version
    conflict = StaleRead(f"{new.slug!r} was changed in the meantime")
    transaction.put(to_article_record(new), unchanged, conflict)


def _write_pointers(transaction: Transaction, old: Article | None, new: Article) -> None:
    old_keys = set(pointer_keys(old)) if old else set()
    # The slug, the origin and the URL of a new article were free when they were looked up. If they no longer are, that
    # read is stale; if another name is taken, the article conflicts.
    were_free = {f"slug:{new.slug}", f"origin:{new.origin}"} if old is None else set()
    if old is None and new.url:
        were_free.add(url_pointer_key(new.url))
    for key, name in pointer_keys(new):
        if (key, name) not in old_keys:
            conflict = StaleRead if key in were_free else Conflict
            claim_pointer(transaction, key, new.id, conflict(f"{name} belongs to another article"))


def _write_labels(transaction: Transaction, old: Article | None, new: Article) -> None:
    current = to_label_records(new)
    for part in to_label_records(old) if old else ():
        if part not in current:
            transaction.delete(LabelRecord(str(new.id), part))
    for label in current.values():
        transaction.put(label)


def _write_counts(transaction: Transaction, old: Article | None, new: Article, spellings: Mapping[str, str]) -> None:
    change = count_deltas(new)
    change.subtract(count_deltas(old))
    names = {f"label#{(key := label_key(label))}": spellings.get(key, label) for label in new.labels}
    for part, amount in change.items():
        if amount:
            actions = [Count.articles.add(amount), Count.item.set(Count), Count.schema.keep_or_set()]
            if part in names:
                actions.append(Count.label.set(names[part]))
            transaction.update(Count(COUNTS, part), actions)
