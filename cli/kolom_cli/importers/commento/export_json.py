"""Read the exports of Commento and Comentario as a stream of plain records.

Version 1 is that of Commento (``api/domain_export.go``, ``api/comment.go`` and ``api/commenter.go``), and of Comentario
before its version 3, which renamed some fields. Version 3 is that of Comentario (``internal/svc/impex_comentario.go``
and the models in ``resources/swagger/swagger.yml``). IP addresses and countries are never read.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from kolom_cli.importers.common import json_stream
from kolom_cli.importers.common.comment_fields import shorten, to_single_line, to_text
from kolom_cli.importers.common.export_files import Member, open_member, single_member_of
from kolom_cli.importers.common.types import SourceError

VERSIONS: Final = (1, 3)
_ANONYMOUS: Final = frozenset(("", "anonymous", "0" * 64, "00000000-0000-0000-0000-000000000000"))
_ROOT: Final = frozenset(("", "root"))
_DELETED: Final = frozenset(("", "[deleted]"))
"""The texts of deleted comments. An export of version 1 does not say otherwise that they are deleted."""

_UNDEFINED: Final = "undefined"
"""Commento stores this as the email address and the website of commenters who have none."""

type State = Literal["approved", "pending", "deleted", "spam", "rejected", "unknown"]
_STATES: Final[dict[str, State]] = {"approved": "approved", "unapproved": "pending", "flagged": "spam"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of an export of version 3. The address of the site is only in the URLs of comments."""

    path: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commenter:
    """A person with an account, or with a name that Commento has stored for a comment."""

    name: str
    email: str
    website: str
    is_moderator: bool


@dataclass(slots=True)
class Export:
    """What the comments of an export refer to. It is read first, because it may follow them."""

    system: str
    version: int
    pages: dict[str, Page] = field(default_factory=dict)
    commenters: dict[str, Commenter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment. ``host`` and ``path`` are those of its page, and ``title`` is the page's title.

    ``path`` may be any text: the site may name its threads. ``author`` is the key of the commenter, empty for an
    anonymous one, who may have a ``name``.
    """

    key: str
    parent: str
    host: str
    path: str
    title: str
    author: str
    name: str
    markdown: str
    html: str
    created_at: str
    state: State


def open_export(path: Path, stack: ExitStack) -> tuple[Export, Iterator[Comment]]:
    """Return what the comments refer to, and the comments. A damaged file is refused as a whole.

    :raises SourceError: the file cannot be read, or is not an export that is supported
    """
    member = single_member_of(path, stack)
    with open_member(member) as file:
        outline = json_stream.read_outline(member.name, file)
    if "version" not in outline or "comments" not in outline:
        raise SourceError(f"{path}: not an export of Commento or Comentario: it has no version or no comments")
    if (version := outline["version"]) not in VERSIONS:
        raise SourceError(
            f"{path}: an export of Commento or Comentario of version {shorten(repr(version))}: "
            "only versions 1 and 3 are supported"
        )
    if not isinstance(outline["comments"], list | None):
        raise SourceError(f"{path}: not an export of Commento or Comentario: its comments are not a list")
    export = Export("Commento" if version == 1 else "Comentario", version)
    with open_member(member) as file:
        for (table, _), entry in json_stream.read_entries(member.name, file, _is_referred):
            if table == "pages":
                export.pages[_text(entry, "id")] = Page(path=_text(entry, "path"), title=_text(entry, "title"))
            else:
                export.commenters.setdefault(_text(entry, "id", "commenterHex"), _commenter(entry))
    return export, _comments(member, export)


def _is_referred(path: json_stream.Path) -> bool:
    return path in {("pages", "[]"), ("commenters", "[]")}


def _commenter(entry: dict[str, Any]) -> Commenter:
    website = _text(entry, "websiteUrl", "link")
    return Commenter(
        name=_text(entry, "name"),
        email=_text(entry, "email"),
        website="" if website == _UNDEFINED else website,
        is_moderator=entry.get("isModerator") is True,
    )


def _comments(member: Member, export: Export) -> Iterator[Comment]:
    read = _comment_of_version_1 if export.version == 1 else _comment_of_version_3
    with open_member(member) as file:
        for _, entry in json_stream.read_entries(member.name, file, lambda path: path == ("comments", "[]")):
            yield read(entry, export)


def _comment_of_version_1(entry: dict[str, Any], _: Export) -> Comment:
    """Return a comment of version 1. ``url`` is the path of the page, for which Comentario uses ``path``."""
    host, path = _text(entry, "domain", "host"), _text(entry, "path", "url")
    markdown = _raw_text(entry, "markdown")
    is_deleted = entry.get("deleted") is True or markdown.strip() in _DELETED
    return Comment(
        key=_text(entry, "commentHex"),
        parent=_without(_ROOT, _text(entry, "parentHex")),
        host=host,
        # Without a path, it is the front page.
        path=path or ("/" if host else ""),
        title="",
        author=_without(_ANONYMOUS, _text(entry, "commenterHex")),
        name="",
        markdown=markdown,
        html=_raw_text(entry, "html"),
        created_at=_text(entry, "creationDate"),
        state="deleted" if is_deleted else _STATES.get(_text(entry, "state"), "unknown"),
    )


def _comment_of_version_3(entry: dict[str, Any], export: Export) -> Comment:
    """Return a comment of version 3. Its URL is that of the page with a fragment."""
    page = export.pages.get(_text(entry, "pageId"))
    url = _text(entry, "url").partition("#")[0]
    return Comment(
        key=_text(entry, "id"),
        parent=_text(entry, "parentId"),
        host=url.partition("://")[2].partition("/")[0],
        path=page.path if page else f"/{url.partition('://')[2].partition('/')[2]}" if url else "",
        title=page.title if page else "",
        author=_without(_ANONYMOUS, _text(entry, "userCreated")),
        name=_text(entry, "authorName"),
        markdown=_raw_text(entry, "markdown"),
        html=_raw_text(entry, "html"),
        created_at=_text(entry, "createdTime"),
        state=_state(entry),
    )


def _state(entry: dict[str, Any]) -> State:
    """Return the state of a comment of version 3. One that is neither approved nor pending was rejected."""
    for name, state in (("isDeleted", "deleted"), ("isPending", "pending"), ("isApproved", "approved")):
        if entry.get(name) is True:
            return state  # type: ignore[return-value]
    return "rejected"


def _text(entry: dict[str, Any], *names: str) -> str:
    """Return the first of these fields that is not empty, on one line."""
    return next(filter(None, (to_single_line(_raw_text(entry, name)) for name in names)), "")


def _raw_text(entry: dict[str, Any], name: str) -> str:
    return to_text(entry.get(name))


def _without(excluded: frozenset[str], text: str) -> str:
    return "" if text in excluded else text
