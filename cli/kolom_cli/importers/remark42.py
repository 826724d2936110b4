"""Import comments from a backup of Remark42. They are matched to articles by the URLs of their pages.

The backup is that of ``backend/app/migrator/native.go`` in https://github.com/umputun/remark42: one JSON object in each
line. The first line has the version, and data of users, among them email addresses. Every other line is a comment, with
the fields of ``backend/app/store/comment.go``. Hashes of IP addresses are never read.
"""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from kolom.json_input import parse_json
from kolom_cli.importers.common.article_matching import extract_host, thread_names
from kolom_cli.importers.common.comment_backups import refuse_backup_of_another_system
from kolom_cli.importers.common.comment_fields import (
    MAX_PAGE_URL,
    RawComment,
    page_url_problem,
    parse_datetime,
    shorten,
    to_imported_comment,
    to_single_line,
    to_text,
)
from kolom_cli.importers.common.comment_text import has_markup, html_problem
from kolom_cli.importers.common.export_files import UNREADABLE, Member, open_member, single_member_of
from kolom_cli.importers.common.html_to_markdown import html_to_markdown
from kolom_cli.importers.common.thread_map import ThreadMap
from kolom_cli.importers.common.types import Item, Skipped, SourceError

_KIND: Final = "comment"
_VERSIONS: Final = (0, 1)
"""Remark42 also reads backups without a version, which its first releases wrote."""

_HEADER: Final = frozenset(("version", "users", "posts"))
_MAX_LINE: Final = 8 * 1024 * 1024
"""The maximum number of characters of a line. A comment of the maximum size has a line of about a twentieth of this."""

_ENTITY: Final = re.compile("&(amp|lt|gt|#34|#39);")
_CHARACTERS: Final = {"amp": "&", "lt": "<", "gt": ">", "#34": '"', "#39": "'"}


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the backup: its object, or why it cannot be read."""

    number: int
    content: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def read_remark42(path: Path, mapping: ThreadMap | None = None) -> Iterator[Item]:
    """Yield every comment of the backup. ``mapping`` takes precedence over the URLs of the pages.

    :raises SourceError: the file cannot be read, is not a backup of Remark42, or cannot be read further
    """
    refuse_backup_of_another_system(path, "remark42")
    with ExitStack() as stack:
        lines = _lines(single_member_of(path, stack))
        first = next(lines, _Line(1, problem="the file is empty"))
        if first.problem or not (_HEADER & first.content.keys() or "locator" in first.content):
            reason = first.problem or "its first line has no version"
            raise SourceError(f"{path}: not a backup of Remark42: {reason}")
        if "comments" in first.content:
            raise SourceError(
                f"{path}: not a backup of Remark42: its first line contains all comments, as in Commento: "
                "try `kolom import commento`"
            )
        emails: Mapping[str, str] = {}
        if "locator" in first.content:
            yield _item(first, emails, mapping or ThreadMap())
        else:
            emails = _emails(path, first.content)
        for line in lines:
            yield _item(line, emails, mapping or ThreadMap())


def _lines(member: Member) -> Iterator[_Line]:
    """Yield the lines that are not blank."""
    try:
        with open_member(member) as file:
            text = io.TextIOWrapper(file, "utf-8-sig", errors="replace", newline="\n")
            number = 0
            while line := text.readline(_MAX_LINE + 1):
                number += 1
                if len(line) > _MAX_LINE:
                    raise SourceError(
                        f"{member.name}:{number}: has more than {_MAX_LINE:,} characters: not read further"
                    )
                if line.strip():
                    yield _parse(number, line)
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{member.name}: cannot be read further: {reason}") from error


def _parse(number: int, line: str) -> _Line:
    try:
        content = parse_json(line)
    except ValueError as error:
        return _Line(number, problem=f"invalid JSON: {error}" if line.endswith("\n") else "the file ends within it")
    return _Line(number, content) if isinstance(content, dict) else _Line(number, problem="is not a JSON object")


def _emails(path: Path, header: Mapping[str, Any]) -> dict[str, str]:
    """Return the email addresses of users by their ids.

    :raises SourceError: the version of the backup is not supported
    """
    version = header.get("version", 0)
    if version not in _VERSIONS:
        reason = f"of version {shorten(repr(version))}: only version 1 is supported"
        raise SourceError(f"{path}: a backup of Remark42 {reason}")
    users = header.get("users")
    found = (_object(user) for user in users) if isinstance(users, list) else ()
    emails = ((to_text(user.get("id")), to_text(_object(user.get("details")).get("email"))) for user in found)
    return {user: email for user, email in emails if user and email}


def _item(line: _Line, emails: Mapping[str, str], mapping: ThreadMap) -> Item:
    comment = line.content
    locator, user = _object(comment.get("locator")), _object(comment.get("user"))
    key, parent = to_single_line(to_text(comment.get("id"))), to_single_line(to_text(comment.get("pid")))
    url = to_single_line(_unescaped(locator.get("url")))
    name = f"{shorten(key) or f'line {line.number}'} on {url[:MAX_PAGE_URL] or 'no page'}"
    is_deleted = comment.get("delete") is True
    html = to_text(comment.get("text"))
    if problem := line.problem or _problem(key, url, "" if is_deleted else html):
        return Skipped(kind=_KIND, name=name if key else f"line {line.number}", reason=problem, refused=True)
    article = mapping.find(url)
    if article == ():
        return Skipped(kind=_KIND, name=name, reason="excluded by the mapping")
    namespace = (to_single_line(to_text(locator.get("site"))) or extract_host(url))[:200]
    return to_imported_comment(
        RawComment(
            name=name,
            origin=f"remark42:{namespace}#{key}",
            article=article or _names(url),
            thread=url,
            title=to_single_line(_unescaped(comment.get("title"))),
            authors=(_unescaped(user.get("name")),),
            content="" if is_deleted else _markdown(to_text(comment.get("orig")), html),
            created_at=parse_datetime(to_text(comment.get("time"))),
            status="deleted" if is_deleted else "approved",
            parent=f"remark42:{namespace}#{parent}" if parent else None,
            email=emails.get(to_text(user.get("id")), ""),
            # The server says who is an administrator: visitors cannot.
            is_owner=user.get("admin") is True,
        )
    )


_names = lru_cache(maxsize=256)(thread_names)


def _problem(key: str, url: str, html: str) -> str | None:
    """Return why a comment is refused, or None."""
    if not key:
        return "has no id"
    if not url:
        return "has no URL of a page"
    return page_url_problem(url) or html_problem(html)


def _markdown(typed: str, html: str) -> str:
    """Return the Markdown that a visitor typed, or that of the HTML if the visitor typed HTML or it was imported."""
    return typed if typed.strip() and not has_markup(typed) else html_to_markdown(html)


def _unescaped(value: object) -> str:
    """Return a text of the backup: names, titles and URLs are escaped as in HTML."""
    return _ENTITY.sub(lambda match: _CHARACTERS[match[1]], to_text(value))


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
