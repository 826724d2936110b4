"""Publish, unpublish, delete and schedule articles: the operations of the author.

A publication stores the chunks of the new body beside the old ones, then switches article, labels, pointers and counts
to the new state in one transaction (:mod:`.transitions`; in two if very many labels change), then deletes the old
chunks. If interrupted, it leaves the article in a consistent state, and running it again completes it.
"""

import hashlib
import json
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from kolom.articles import repository, transitions
from kolom.articles.names import default_path, label_key
from kolom.articles.page_urls import url_pointer_key
from kolom.articles.types import Article, Change, Status
from kolom.config import settings
from kolom.errors import Conflict, NotFound, StaleRead, VersionConflict
from kolom.models.retry import retry_on_conflict

if TYPE_CHECKING:  # pydantic would lengthen the cold start of the timer's function
    from kolom.articles.input import ArticleInput


@dataclass(frozen=True, slots=True)
class PublishResult:
    """The result of a publication: the stored article, how it changed, and the article before, if there was one."""

    article: Article
    change: Change
    previous: Article | None = None


def publish(
    content: "ArticleInput",
    *,
    now: datetime,
    article_id: int | None = None,
    expected_version: int | None = None,
    force: bool = False,
) -> PublishResult:
    """Publish ``content`` as a new article or a new version; the same content again changes nothing.

    ``article_id`` names the article to change; without it, the origin of ``content`` does, or else its slug.
    Changing an article needs ``expected_version``, the version that the author last saw, or ``force``; publishing the
    same content again after it was unpublished needs neither. A draft is stored but not public; a publication date
    after ``now`` schedules the article.

    :raises NotFound: there is no article ``article_id``
    :raises VersionConflict: the article has a different version
    :raises Conflict: a name belongs to another article
    :raises ServiceBusy: DynamoDB did not complete the request in time; nothing was changed, or only labels removed
    """

    def attempt() -> PublishResult:
        old = _find(content, article_id)
        planned = plan_change(old, content, now=now, expected_version=expected_version, force=force)
        if planned.change == "unchanged":
            return planned
        return replace(planned, article=_replace_body(old, planned.article, content))

    return retry_on_conflict(attempt) if force else attempt()


def publish_new(content: "ArticleInput", new_id: int, *, now: datetime) -> PublishResult:
    """Publish ``content`` as a new article with an id of :func:`.repository.next_ids`.

    The caller has read that no article has the slug or the origin, so they are not read again: the transaction fails if
    they are taken. Publishing again with the same id completes a publication whose response was lost.

    :raises Conflict: a name belongs to another article
    :raises ServiceBusy: DynamoDB did not complete the request in time; nothing was changed
    """
    new = replace(_next_state(content, None, now), id=new_id)
    try:
        stored = transitions.commit_with_body(None, new, content.body, number=new.version)
    except StaleRead:
        own = repository.get(new_id)
        if own is None or own.fingerprint != new.fingerprint:
            raise
        stored = own  # the transaction of an earlier attempt was applied, and only its response was lost
    return PublishResult(stored, "created")


def plan_publish(
    content: "ArticleInput",
    *,
    now: datetime,
    article_id: int | None = None,
    expected_version: int | None = None,
    force: bool = False,
) -> PublishResult:
    """Return what :func:`publish` would do now, without writing; raises the same errors.

    A new article has the id 0. Only a write detects a path that belongs to another article.
    """
    old = _find(content, article_id)
    return plan_change(old, content, now=now, expected_version=expected_version, force=force)


def plan_change(
    old: Article | None,
    content: "ArticleInput",
    *,
    now: datetime,
    expected_version: int | None = None,
    force: bool = False,
) -> PublishResult:
    """Return what publishing ``content`` would make of ``old``, which is None for a new article. No requests.

    :raises VersionConflict: ``old`` has a different version
    :raises Conflict: only one of the two is the page of another site
    """
    new = _next_state(content, old, now)
    if old is None:
        return PublishResult(new, "created")
    _check_kind(old, new)
    if _is_unchanged(old, new):
        return PublishResult(old, "unchanged", old)
    is_same_text = old.fingerprint == new.fingerprint and old.status != "deleted"
    if not force and not (expected_version is None and is_same_text):
        _check_version(old, expected_version)
    return PublishResult(new, "updated", old)


def unpublish(slug: str, *, now: datetime) -> Article:
    """Unpublish an article: it becomes a draft and keeps all its data.

    :raises NotFound: there is no article with that slug, or it is deleted
    :raises Conflict: it is the page of another site
    """
    return _set_status(slug, "draft", now)


def delete(slug: str, *, now: datetime) -> Article:
    """Delete an article: its body is removed; its metadata and names stay, so that its page reports 410.

    :raises NotFound: there is no article with that slug, or it is deleted already; then its body is removed, too, in
        case that an earlier deletion was interrupted
    """
    try:
        article = _set_status(slug, "deleted", now)
    except NotFound:
        repository.delete_stale_chunks(get_by_slug(slug))
        raise
    repository.delete_stale_chunks(article)
    return article


def publish_scheduled(article_id: int, *, now: datetime) -> Article | None:
    """Publish a scheduled article that is due; None if it is not due or not scheduled (any more).

    :raises Conflict: the author changed it concurrently
    """
    article = repository.get(article_id)
    if article is None or article.status != "scheduled" or not article.published_at or article.published_at > now:
        return None
    return transitions.commit(article, _published(replace(article, version=article.version + 1)))


def get_by_slug(slug: str) -> Article:
    """Return the article with that slug or alias, in any status and in any Unicode normal form.

    :raises NotFound: there is none
    """
    article_id = repository.find_id(f"slug:{slug}")
    if article_id is None and not unicodedata.is_normalized("NFC", slug):
        article_id = repository.find_id(f"slug:{unicodedata.normalize('NFC', slug)}")
    article = None if article_id is None else repository.get(article_id)
    if article is None:
        raise NotFound(f"there is no article {slug!r}")
    return article


def _find(content: "ArticleInput", article_id: int | None) -> Article | None:
    if article_id is not None:
        article = repository.get(article_id)
        if article is None:
            raise NotFound(f"there is no article with the id {article_id}")
        return article
    names = [f"origin:{content.origin}"] if content.origin else []
    names += [url_pointer_key(content.url)] if content.url else []
    for name in (*names, f"slug:{content.slug}"):
        found = repository.find_id(name)
        if found is not None:
            article = repository.get(found)
            if article is not None and name.startswith("slug:") and article.slug != content.slug:
                raise Conflict(f"{content.slug!r} is an alias of {article.slug!r}")
            if article is not None and content.origin and article.origin != content.origin:
                raise Conflict(f"the slug {content.slug!r} belongs to another article")
            if article is not None and name.startswith("slug:") and content.url:
                raise Conflict(f"the slug {content.slug!r} belongs to another article")
            return article
    return None


def _check_kind(old: Article, new: Article) -> None:
    if old.url is not None and new.url is None:
        raise Conflict(f"{old.slug!r} is the page {old.url} of another site, which only `kolom sync` changes")
    if old.url is None and new.url is not None:
        raise Conflict(f"{old.slug!r} is an article of this site, not a page of another one")


def _check_version(old: Article, expected_version: int | None) -> None:
    if expected_version == old.version:
        return
    is_deleted = old.status == "deleted"
    if is_deleted:
        message = f"the article {old.slug!r} is deleted (version {old.version})"
    elif expected_version is None:
        message = f"the article {old.slug!r} already exists (version {old.version})"
    else:
        message = f"{old.slug!r} has version {old.version}, but this change is based on version {expected_version}"
    raise VersionConflict(message, slug=old.slug, version=old.version, is_deleted=is_deleted)


def _next_state(content: "ArticleInput", old: Article | None, now: datetime) -> Article:
    """Return the next state of ``old`` with ``content``, without its stored body."""
    current_date = old.published_at if old else None
    published_at = content.published_at or current_date or (None if content.draft else now)
    labels = {label_key(label): " ".join(label.split()) for label in reversed(content.labels)}
    article = Article(
        id=old.id if old else 0,
        slug=content.slug,
        path=content.path or default_path(content.slug),
        title=" ".join(content.title.split()),
        excerpt=content.excerpt,
        image=content.image,
        labels=tuple(reversed(labels.values())),
        language=content.language,
        author=content.author,
        published_at=published_at.replace(microsecond=0) if published_at else None,
        updated_at=(content.updated_at or now).replace(microsecond=0),
        reading_minutes=content.reading_minutes,
        url=content.url,
        kind=content.kind,
        status="draft",
        month=None,
        description=content.description,
        comments_open=content.comments_open,
        version=old.version + 1 if old else 1,
        fingerprint=fingerprint_of(content),
        origin=content.origin or (old.origin if old else None),
        source_format=content.body.source_format,
        body_version="",
        body_parts=0,
        source_parts=0,
    )
    if content.draft or article.published_at is None:
        return article
    if article.published_at > now:
        return replace(article, status="scheduled")
    if old is None and content.updated_at is None:
        article = replace(article, updated_at=article.published_at)
    return _published(article)


def _published(article: Article) -> Article:
    if article.published_at is None:
        raise Conflict(f"{article.slug!r} has no publication date")
    return replace(
        article,
        status="published",
        month=article.published_at.astimezone(settings().zone).strftime("%Y-%m"),
        # Edits before publication do not count as updates.
        updated_at=max(article.updated_at, article.published_at),
    )


def _is_unchanged(old: Article, new: Article) -> bool:
    """Return whether the author supplied the same content, and the status is the same."""
    return (old.fingerprint, old.status) == (new.fingerprint, new.status)


def fingerprint_of(content: "ArticleInput") -> str:
    """Return a digest of everything that the author supplied."""
    # Without a URL, the digest is that of earlier versions, which had no external pages.
    fields = content.model_dump(exclude={"url"} if content.url is None else None)
    supplied = json.dumps(fields, default=str, sort_keys=True)
    return hashlib.sha256(supplied.encode("utf-8", "backslashreplace")).hexdigest()


def _replace_body(old: Article | None, new: Article, content: "ArticleInput") -> Article:
    new = replace(new, id=old.id if old else repository.next_id())
    new = transitions.commit_with_body(old, new, content.body, number=new.version)
    if old is not None:
        repository.delete_stale_chunks(new)
    return new


def _set_status(slug: str, status: Status, now: datetime) -> Article:
    def attempt() -> Article:
        article = get_by_slug(slug)
        if article.status == "deleted":
            raise NotFound(f"the article {slug!r} is deleted")
        if status == "draft" and article.url is not None:
            raise Conflict(f"{slug!r} is the page {article.url} of another site, which cannot be a draft")
        if article.status == status:
            return article
        changed = replace(
            article, status=status, month=None, version=article.version + 1, updated_at=now.replace(microsecond=0)
        )
        if status == "deleted":
            changed = replace(changed, body_version="", body_parts=0, source_parts=0)
        return transitions.commit(article, changed)

    return retry_on_conflict(attempt)
