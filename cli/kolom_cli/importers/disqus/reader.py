"""Disqus: comments find their articles by the address of their thread, or by what the blog called it.

What was not public there is not public here: spam and deleted threads stay behind, of deleted comments only their
places come, and what a moderator has not approved waits for approval here too, if the export tells.
"""

import html
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from kolom_cli.importers.common.article_matching import host_of, thread_names
from kolom_cli.importers.common.comment_fields import (
    MAX_CONTENT,
    RawComment,
    one_line,
    parse_datetime,
    to_imported_comment,
)
from kolom_cli.importers.common.html_to_markdown import html_to_markdown
from kolom_cli.importers.common.thread_map import ThreadMap
from kolom_cli.importers.common.types import Item, Skipped, SourceError
from kolom_cli.importers.disqus.export_xml import Forum, Post, Thread, read_disqus_xml

_KIND: Final = "comment"
_MAX_SOURCE: Final = 8 * MAX_CONTENT
"""How many characters of HTML are looked at: markup is longer than what it shows, but not that much."""
_MAX_TITLE: Final = 200

_REDIRECT: Final = re.compile(r"""(?<==)(["'])(https?://disq\.us/(?:url)?\?[^"'<>]*)\1""", re.IGNORECASE)
_SIGNATURE: Final = re.compile(r":[\w-]{27}\Z", re.ASCII)
_MENTION: Final = re.compile(r"(?<!\w)@([\w.-]{1,60}):disqus\b")


@dataclass(slots=True)
class _Blog:
    """What must be known of the whole export before its first comment: threads may stand after it."""

    forum: str = ""
    threads: dict[str, Thread] = field(default_factory=dict)
    by_identifier: dict[str, Thread] = field(default_factory=dict)

    def add(self, thread: Thread) -> None:
        """Keep the thread; Disqus repeats some of them without their fields."""
        known = self.threads.get(thread.key)
        if known is None or not (known.link or known.identifier):
            self.threads[thread.key] = thread
        if thread.identifier:
            self.by_identifier.setdefault(thread.identifier, thread)

    def thread_of(self, post: Post) -> Thread | None:
        """The thread to which the comment belongs."""
        if post.thread:
            return self.threads.get(post.thread)
        return self.by_identifier.get(one_line(post.identifier)) if post.identifier else None


def read_disqus(path: Path, mapping: ThreadMap | None = None) -> Iterator[Item]:
    """Every comment of the export. ``mapping`` goes before the threads' own addresses.

    :raises SourceError: the file cannot be read, is no export of Disqus's, or is broken from here on
    """
    blog = _survey(path)
    for record in read_disqus_xml(path):
        if isinstance(record, Post):
            yield _item(record, blog, mapping or ThreadMap())


def _survey(path: Path) -> _Blog:
    blog = _Blog()
    try:
        for record in read_disqus_xml(path):
            match record:
                case Forum(name):
                    blog.forum = blog.forum or one_line(name)
                case Thread():
                    blog.add(_kept(record))
                    blog.forum = blog.forum or one_line(record.forum)
                case _:
                    pass
    except SourceError:
        pass  # The second reading comes to the same place, and says so after everything before it.
    return blog


def _kept(thread: Thread) -> Thread:
    """The thread as it is remembered while the comments are read: all of a large blog's are."""
    return replace(
        thread,
        identifier=one_line(thread.identifier),
        forum=sys.intern(one_line(thread.forum)),
        link=one_line(thread.link),
        title=one_line(html.unescape(thread.title))[:_MAX_TITLE],
    )


def _item(post: Post, blog: _Blog, mapping: ThreadMap) -> Item:
    thread = blog.thread_of(post)
    number = f"thread {one_line(post.thread or post.identifier) or '?'}"
    link, identifier = (thread.link, thread.identifier) if thread else ("", "")
    called = link or identifier or number
    name = f"{one_line(post.key) or f'line {post.line}'} on {called}"
    article = mapping.find(link, identifier, number)
    if post.is_spam:
        return Skipped(kind=_KIND, name=name, reason="spam there")
    if not post.key:
        return Skipped(kind=_KIND, name=name, reason="has no id", refused=True)
    if article == ():
        return Skipped(kind=_KIND, name=name, reason="left out by the mapping")
    if article is None and thread is None:
        reason = f"belongs to the {number}, which is not in the export"
        return Skipped(kind=_KIND, name=name, reason=reason, refused=not post.is_deleted)
    if article is None and thread is not None and thread.is_deleted:
        return Skipped(kind=_KIND, name=name, reason="its thread was deleted there")
    if len(post.message) > _MAX_SOURCE and not post.is_deleted:
        reason = f"has {len(post.message):,} characters of HTML, at most {_MAX_SOURCE:,} are possible"
        return Skipped(kind=_KIND, name=name, reason=reason, refused=True)
    space = ((thread.forum if thread else "") or blog.forum or host_of(link))[:200]
    return to_imported_comment(
        RawComment(
            name=name,
            origin=f"disqus:{space}#{post.key}",
            article=article or _names(link, identifier),
            thread=called,
            title=thread.title if thread else "",
            authors=(post.name, post.username),
            content="" if post.is_deleted else _markdown(post.message),
            created_at=parse_datetime(post.created_at),
            status="deleted" if post.is_deleted else "approved" if post.is_approved else "pending",
            parent=f"disqus:{space}#{post.parent}" if post.parent else None,
            email=post.email,
            website=post.website,
        )
    )


_names = lru_cache(maxsize=256)(thread_names)


def _markdown(message: str) -> str:
    return html_to_markdown(_MENTION.sub(r"@\1", _REDIRECT.sub(_direct, message)))


def _direct(match: re.Match[str]) -> str:
    """A link without the detour over Disqus, which signs the address at its end."""
    target = parse_qs(urlsplit(html.unescape(match[2])).query).get("url", [""])[0]
    target = _SIGNATURE.sub("", target)
    is_web = target.startswith(("http://", "https://"))
    return f"{match[1]}{html.escape(target)}{match[1]}" if is_web else match[0]
