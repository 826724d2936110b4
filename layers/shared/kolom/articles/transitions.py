"""From one state of an article to the next, in one transaction: card, labels, pointers and counts together."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ulid import ULID

from kolom.articles import repository
from kolom.articles.body_chunks import split_body, split_source
from kolom.articles.mapping import count_deltas, pointer_keys, to_article_record, to_label_records
from kolom.articles.names import label_key
from kolom.articles.types import Article, Body
from kolom.errors import Conflict, KolomError, StaleRead
from kolom.models.articles import COUNTS, POINTER, ArticleRecord, Count, LabelRecord, Pointer
from kolom.models.transaction import MAX_ITEMS, Transaction

_NONE: Final[Mapping[str, str]] = {}


def commit(old: Article | None, new: Article, *, spellings: Mapping[str, str] = _NONE) -> Article:
    """Replace ``old`` (None: there is none yet) by ``new``, whose ``version`` is one higher; give back what is kept.

    Counts move by exactly the difference between the two states, so that publishing twice counts once. When most of
    many labels change at once, the change takes two steps, each complete in itself: the labels that stay, then the
    new ones; the version then grows by two. ``spellings`` says, by their keys, how labels are to be called among the
    counts; without it, as ``new`` calls them.

    :raises Conflict: the article changed since ``old`` was read, or one of ``new``'s names is another article's
    :raises Busy: other writers or the store's limits stood in the way throughout; nothing was written
    """
    transaction = _transaction(old, new, spellings)
    if len(transaction) > MAX_ITEMS and old is not None:
        kept_keys = {label_key(label) for label in new.labels}
        kept = tuple(label for label in old.labels if label_key(label) in kept_keys)
        between = commit(old, replace(old, labels=kept, version=new.version), spellings=spellings)
        new = replace(new, version=new.version + 1)
        transaction = _transaction(between, new, spellings)
    transaction.commit()
    return new


def commit_with_body(
    old: Article | None, new: Article, body: Body, *, number: int, spellings: Mapping[str, str] = _NONE
) -> Article:
    """Store ``body``, then :func:`commit` ``new`` with it, which raises; give back what is kept.

    The body gets a version of its own, which begins with ``number``, so that writers at the same time never mix theirs.
    """
    version = f"{repository.body_version_prefix(number)}{ULID()}"
    shown, source = split_body(new.id, version, body), split_source(new.id, version, body)
    repository.write_chunks([*shown, *source])
    new = replace(new, body_version=version, body_parts=len(shown), source_parts=len(source))
    try:
        return commit(old, new, spellings=spellings)
    except KolomError:
        repository.delete_chunks([*shown, *source])
        raise


def claim_pointer(transaction: Transaction, key: str, article_id: int, refused: Conflict) -> None:
    """Let the name ``key`` lead to the article; ``refused`` is raised if it leads to another."""
    free = Pointer.key.does_not_exist() | (Pointer.id == article_id)
    transaction.put(Pointer(key, POINTER, id=article_id), free, refused)


def _transaction(old: Article | None, new: Article, spellings: Mapping[str, str]) -> Transaction:
    transaction = Transaction()
    _write_article(transaction, old, new)
    _write_pointers(transaction, old, new)
    _write_labels(transaction, old, new)
    _write_counts(transaction, old, new, spellings)
    return transaction


def _write_article(transaction: Transaction, old: Article | None, new: Article) -> None:
    unchanged = ArticleRecord.key.does_not_exist() if old is None else ArticleRecord.version == old.version
    refused = StaleRead(f"{new.slug!r} was changed by someone else in the meantime")
    transaction.put(to_article_record(new), unchanged, refused)


def _write_pointers(transaction: Transaction, old: Article | None, new: Article) -> None:
    known = set(pointer_keys(old)) if old else set()
    # An article is new if its slug and its origin led nowhere when they were looked up.
    were_free = {f"slug:{new.slug}", f"origin:{new.origin}"} if old is None else frozenset()
    for key, name in pointer_keys(new):
        if (key, name) not in known:
            refused = StaleRead if key in were_free else Conflict
            claim_pointer(transaction, key, new.id, refused(f"{name} belongs to another article"))


def _write_labels(transaction: Transaction, old: Article | None, new: Article) -> None:
    wanted = to_label_records(new)
    for part in to_label_records(old) if old else ():
        if part not in wanted:
            transaction.delete(LabelRecord(str(new.id), part))
    for label in wanted.values():
        transaction.put(label)


def _write_counts(transaction: Transaction, old: Article | None, new: Article, spellings: Mapping[str, str]) -> None:
    change = count_deltas(new)
    change.subtract(count_deltas(old))
    names = {f"label#{(key := label_key(label))}": spellings.get(key, label) for label in new.labels}
    for part, amount in change.items():
        if amount:
            actions = [Count.articles.add(amount), Count.item.set(Count), Count.schema.set(1)]
            if part in names:
                actions.append(Count.label.set(names[part]))
            transaction.update(Count(COUNTS, part), actions)
