"""Restore an article from an archive with its id, version, times, body and all its names.

A restore that is interrupted leaves the article in a consistent state, and running it again completes it. These are
its steps: reserve the id, add the aliases, store the body beside the existing one, write the article, delete the chunks
of the old body.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from kolom.articles import repository, transitions
from kolom.articles.input import STORED, ArticleInput
from kolom.articles.mapping import pointer_keys
from kolom.articles.names import default_path, label_key
from kolom.articles.types import Article, Body, Change
from kolom.errors import Conflict, FieldError, InvalidInput, RestoreConflict
from kolom.models.transaction import Transaction

MAX_ID = 10**12 - 1
"""The highest id that listings can sort."""

_MAX_ALIAS = 1_000
# Less strict than for new articles: old paths must be restored unchanged.
_ALIAS = re.compile(r"(?:slug:[^/\x00-\x1f\x7f]+|path:/[^\x00-\x1f\x7f]*|(?:origin|url):[^\x00-\x1f\x7f]+)")
# The fields of the input that a stored article has under the same names, and with the same meaning.
_SUPPLIED = ArticleInput.model_fields.keys() - {"body", "draft", "path"}
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSnapshot:
    """An article with its body and ``aliases``: all its names except its slug, path and origin.

    ``content_version`` is the version in which the article got this body. ``spellings`` maps the keys of its labels
    to their spelling in the list of all labels, where that differs from the article's own. The location of its chunks
    (``article.body_version`` and the numbers of chunks) is different in each table.
    """

    article: Article
    body: Body
    content_version: int
    aliases: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """The steps of a restore: add ``missing`` names; unless ``keep_existing``, replace ``old`` by ``snapshot``."""

    change: Change
    old: Article | None
    snapshot: ArticleSnapshot
    missing: tuple[str, ...]
    keep_existing: bool = False


def restore_article(snapshot: ArticleSnapshot, *, overwrite: bool = False) -> Change:
    """Restore an article. Restoring the same snapshot again changes nothing.

    With ``overwrite``, the snapshot replaces an existing article that differs, and the version of the article grows.

    :raises InvalidInput: it could not have been published, or is inconsistent
    :raises RestoreConflict: the existing article differs and ``overwrite`` is false
    :raises Conflict: its id or one of its names belongs to another article
    :raises ServiceBusy: DynamoDB did not complete the request in time
    """
    plan = plan_restore(snapshot, overwrite=overwrite)
    if plan.change != "unchanged":
        repository.reserve_id(snapshot.article.id)
        _add_names(plan)
        if not plan.keep_existing:
            _replace(plan.old, snapshot)
    return plan.change


def plan_restore(snapshot: ArticleSnapshot, *, overwrite: bool = False) -> RestorePlan:
    """Return what :func:`restore_article` would do; raises the same errors. Reads only."""
    errors = tuple(_problems(snapshot))
    if errors:
        raise InvalidInput(*errors)
    _check_fields(snapshot)
    article = snapshot.article
    names = dict(pointer_keys(article)) | {alias: f"the name {alias!r}" for alias in snapshot.aliases}
    owners = {key: repository.find_id(key) for key in names}
    for key, name in names.items():
        if owners[key] not in {None, article.id}:
            raise Conflict(f"{name} belongs to another article")
    missing = tuple(alias for alias in snapshot.aliases if owners[alias] is None)
    found = repository.get_snapshot(article.id)
    if found is None:
        return RestorePlan("created", None, snapshot, missing)
    old, body = found
    if owners[f"slug:{article.slug}"] is None and f"slug:{old.slug}" not in names:
        raise Conflict(f"the id {article.id} belongs to another article: {old.slug!r}")
    if body == snapshot.body and _comparable(old) == _comparable(article):
        return RestorePlan("updated" if missing else "unchanged", old, snapshot, missing, keep_existing=True)
    if not overwrite:
        raise RestoreConflict(
            f"differs from the existing article (version {old.version}); use --overwrite to replace it"
        )
    return RestorePlan("updated", old, snapshot, missing)


def _comparable(article: Article) -> Article:
    """Return the article without fields that depend on the number of writes and on the table."""
    return replace(article, version=0, body_version="", body_parts=0, source_parts=0)


def _add_names(plan: RestorePlan) -> None:
    article_id = plan.snapshot.article.id
    for key in plan.missing:
        transaction = Transaction()
        transitions.claim_pointer(transaction, key, article_id, Conflict(f"{key!r} belongs to another article"))
        transaction.commit()


def _replace(old: Article | None, snapshot: ArticleSnapshot) -> None:
    article = snapshot.article
    number = snapshot.content_version
    if old is not None:
        # At least the number of the next version: concurrent writers delete chunks with a lower one.
        number = max(article.version, old.version + 1)
        article = replace(article, version=number)
    if article.status == "deleted":
        committed = transitions.commit(old, replace(article, body_version="", body_parts=0, source_parts=0))
    else:
        committed = transitions.commit_with_body(
            old, article, snapshot.body, number=number, spellings=snapshot.spellings
        )
    repository.delete_stale_chunks(committed)


def _check_fields(snapshot: ArticleSnapshot) -> None:
    """Reject an article with a field that no version of this code would have accepted."""
    article = snapshot.article
    path = None if article.path == default_path(article.slug) else article.path
    supplied = {name: getattr(article, name) for name in _SUPPLIED}
    ArticleInput.model_validate(supplied | {"path": path, "body": snapshot.body}, context=STORED)


def _problems(snapshot: ArticleSnapshot) -> Iterator[FieldError]:
    article = snapshot.article
    if not 0 < article.id <= MAX_ID:
        yield FieldError("id", f"must be from 1 to {MAX_ID}")
    if not 0 <= snapshot.content_version <= article.version:
        yield FieldError("content_version", "must be from 0 to the version")
    if article.title != " ".join(article.title.split()):
        yield FieldError("title", "must be on one line, with single spaces")
    if any(label != " ".join(label.split()) for label in article.labels):
        yield FieldError("labels", "must be on one line each, with single spaces")
    if len({label_key(label) for label in article.labels}) < len(article.labels):
        yield FieldError("labels", "must not contain duplicates")
    if article.status in {"published", "scheduled"} and article.published_at is None:
        yield FieldError("date", f"is required: the article is {article.status}")
    if (article.month is not None) != (article.status == "published"):
        yield FieldError("month", "must be set for published articles only")
    if article.month is not None and not _MONTH.fullmatch(article.month):
        yield FieldError("month", f"must be like 2026-03, not {article.month!r}")
    if article.status == "deleted" and (snapshot.body.html or snapshot.body.source):
        yield FieldError("body", "must be empty for a deleted article")
    for alias in snapshot.aliases:
        if len(alias) > _MAX_ALIAS or not _ALIAS.fullmatch(alias):
            yield FieldError("aliases", f"must be like path:/2024/05/x.html or slug:x, not {alias[:100]!r}")
