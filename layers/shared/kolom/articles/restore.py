"""Putting an article back as it was: with its id, version, times, body and all its names. For archives.

Broken off anywhere, it leaves the article as it was or as it should be, and running it again finishes the work: first
the id is taken from the sequence, then the body is stored beside what there is, then the further names lead to the id;
the transaction that writes the card is the last that matters.
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
"""The highest id that the shelves can order."""

_MAX_ALIAS = 1_000
# Wider than what an article may be called now: old addresses are as they are.
_ALIAS = re.compile(r"(?:slug:[^/\x00-\x1f\x7f]+|path:/[^\x00-\x1f\x7f]*|origin:[^\x00-\x1f\x7f]+)")
_SUPPLIED = (
    *("title", "slug", "excerpt", "description", "image", "labels", "language", "author", "kind", "origin"),
    *("published_at", "updated_at", "reading_minutes", "comments_open"),
)
_MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSnapshot:
    """An article with its body and its ``aliases``: all names that lead to it beside its slug, path and origin.

    ``content_version`` is the version of the article that first had this body. ``spellings`` says how its labels are
    called in the list of all labels, by their keys, where that is not as it calls them itself. Where its parts lie
    (``article.body_version`` and the numbers of parts) is each store's own affair.
    """

    article: Article
    body: Body
    content_version: int
    aliases: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What is to be done: ``missing`` names are added; unless ``is_kept``, ``wanted`` takes the place of ``old``."""

    change: Change
    old: Article | None
    wanted: ArticleSnapshot
    missing: tuple[str, ...]
    keep_existing: bool = False


def restore_article(wanted: ArticleSnapshot, *, overwrite: bool = False) -> Change:
    """Make ``wanted`` the article of its id. The same again changes nothing.

    With ``overwrite`` also in place of what the article has become here; its version then goes on from the one here.

    :raises Invalid: it could not have been published, or contradicts itself
    :raises Kept: the article is another state here, and ``overwrite`` was not said
    :raises Conflict: its id or one of its names is another article's here
    :raises Busy: the store could not take it in time
    """
    planned = plan_restore(wanted, overwrite=overwrite)
    if planned.change != "unchanged":
        repository.reserve_id(wanted.article.id)
        _add_names(planned)
        if not planned.keep_existing:
            _replace(planned.old, wanted)
    return planned.change


def plan_restore(wanted: ArticleSnapshot, *, overwrite: bool = False) -> RestorePlan:
    """What :func:`restore_article` would do, which it also raises. Reads only."""
    errors = tuple(_problems(wanted))
    if errors:
        raise InvalidInput(*errors)
    _check_fields(wanted)
    article = wanted.article
    names = dict(pointer_keys(article)) | {alias: f"the address {alias!r}" for alias in wanted.aliases}
    leads = {key: repository.find_id(key) for key in names}
    for key, name in names.items():
        if leads[key] not in {None, article.id}:
            raise Conflict(f"{name} belongs to another article")
    missing = tuple(alias for alias in wanted.aliases if leads[alias] is None)
    found = repository.get_snapshot(article.id)
    if found is None:
        return RestorePlan("created", None, wanted, missing)
    old, body = found
    if leads[f"slug:{article.slug}"] is None and f"slug:{old.slug}" not in names:
        raise Conflict(f"the id {article.id} is another article's here: {old.slug!r}")
    if body == wanted.body and _comparable(old) == _comparable(article):
        return RestorePlan("updated" if missing else "unchanged", old, wanted, missing, keep_existing=True)
    if not overwrite:
        raise RestoreConflict(f"is another state here, of version {old.version}; --overwrite replaces it")
    return RestorePlan("updated", old, wanted, missing)


def _comparable(article: Article) -> Article:
    """The article without what depends on how often it was written, and where."""
    return replace(article, version=0, body_version="", body_parts=0, source_parts=0)


def _add_names(planned: RestorePlan) -> None:
    article_id = planned.wanted.article.id
    for key in planned.missing:
        transaction = Transaction()
        transitions.claim_pointer(
            transaction, key, article_id, Conflict(f"the address {key!r} belongs to another article")
        )
        transaction.commit()


def _replace(old: Article | None, wanted: ArticleSnapshot) -> None:
    article = wanted.article
    number = wanted.content_version
    if old is not None:
        # Another's parts of a lower number than the next version's are tidied away at any moment.
        number = max(article.version, old.version + 1)
        article = replace(article, version=number)
    if article.status == "deleted":
        committed = transitions.commit(old, replace(article, body_version="", body_parts=0, source_parts=0))
    else:
        committed = transitions.commit_with_body(old, article, wanted.body, number=number, spellings=wanted.spellings)
    repository.delete_stale_chunks(committed)


def _check_fields(wanted: ArticleSnapshot) -> None:
    """Refuse what can never have been published."""
    article = wanted.article
    path = None if article.path == default_path(article.slug) else article.path
    supplied = {name: getattr(article, name) for name in _SUPPLIED}
    ArticleInput.model_validate(supplied | {"path": path, "body": wanted.body}, context=STORED)


def _problems(wanted: ArticleSnapshot) -> Iterator[FieldError]:
    article = wanted.article
    if not 0 < article.id <= MAX_ID:
        yield FieldError("id", f"must be from 1 to {MAX_ID}")
    if not 0 <= wanted.content_version <= article.version:
        yield FieldError("content_version", "must not be higher than the version")
    if article.title != " ".join(article.title.split()):
        yield FieldError("title", "must be on one line, with single spaces")
    if any(label != " ".join(label.split()) for label in article.labels):
        yield FieldError("labels", "must be on one line each, with single spaces")
    if len({label_key(label) for label in article.labels}) < len(article.labels):
        yield FieldError("labels", "the same one stands there twice")
    if article.status in {"published", "scheduled"} and article.published_at is None:
        yield FieldError("date", f"is needed: the article is {article.status}")
    if (article.month is not None) != (article.status == "published"):
        yield FieldError("month", "is what a published article has, and no other")
    if article.month is not None and not _MONTH.fullmatch(article.month):
        yield FieldError("month", f"must be like 2026-03, not {article.month!r}")
    if article.status == "deleted" and (wanted.body.html or wanted.body.source):
        yield FieldError("body", "a deleted article has none")
    for alias in wanted.aliases:
        if len(alias) > _MAX_ALIAS or not _ALIAS.fullmatch(alias):
            yield FieldError("aliases", f"must be like path:/2024/05/x.html or slug:x, not {alias[:100]!r}")
