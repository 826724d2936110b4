"""Import comments from Disqus. They are matched to articles by the URL or the identifier of their thread.

Content that was not public does not become public, unless the user asks for it. Spam is skipped. Deleted threads are
skipped unless the mapping names an article for them. A deleted comment keeps only its position in the thread. A comment
is imported as pending if the export says that it was not approved.
"""

import html
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from kolom_cli.importers.common.article_matching import extract_host, thread_names
from kolom_cli.importers.common.comment_backups import refuse_backup_of_another_system
from kolom_cli.importers.common.comment_fields import (
    RawComment,
    parse_datetime,
    to_imported_comment,
    to_single_line,
)
from kolom_cli.importers.common.comment_text import html_problem
from kolom_cli.importers.common.export_files import Member, open_member, xml_members_of
from kolom_cli.importers.common.html_to_markdown import html_to_markdown
from kolom_cli.importers.common.thread_map import ThreadMap
from kolom_cli.importers.common.types import Item, Skipped, SourceError
from kolom_cli.importers.disqus.export_xml import Forum, Post, Thread, read_disqus_xml

_KIND: Final = "comment"
_MAX_TITLE: Final = 200

_REDIRECT: Final = re.compile(r"""(?<==)(["'])(https?://disq\.us/(?:url)?\?[^"'<>]*)\1""", re.IGNORECASE)
_SIGNATURE: Final = re.compile(r":[\w-]{27}\Z", re.ASCII)
_MENTION: Final = re.compile(r"(?<!\w)@([\w.-]{1,60}):disqus\b")


@dataclass(slots=True)
class _Blog:
    """The threads of the whole export. They are collected first, because they may follow their comments."""

    forum: str = ""
    threads: dict[str, Thread] = field(default_factory=dict)
    by_identifier: dict[str, Thread] = field(default_factory=dict)

    def add(self, thread: Thread) -> None:
        """Add the thread. Disqus repeats some threads without their fields; the repetition is ignored."""
        known = self.threads.get(thread.key)
        if known is None or not (known.link or known.identifier):
            self.threads[thread.key] = thread
        if thread.identifier:
            self.by_identifier.setdefault(thread.identifier, thread)

    def thread_of(self, post: Post) -> Thread | None:
        """Return the thread to which the comment belongs, if the export contains it."""
        if post.thread:
            return self.threads.get(post.thread)
        return self.by_identifier.get(to_single_line(post.identifier)) if post.identifier else None


def read_disqus(path: Path, mapping: ThreadMap | None = None) -> Iterator[Item]:
    """Yield every comment of the export. ``mapping`` takes precedence over the threads' own URLs.

    :raises SourceError: the file cannot be read, is not a Disqus export, or is invalid after what was yielded so far
    """
    refuse_backup_of_another_system(path, "disqus")
    with ExitStack() as stack:
        members = list(xml_members_of(path, stack))
        files = [member for member in members if isinstance(member, Member)]
        blog = _collect_threads(files)
        for file in files:
            with open_member(file) as stream:
                for record in read_disqus_xml(file.name, stream):
                    match record:
                        case Post():
                            yield _item(record, blog, mapping or ThreadMap())
                        case Thread() if record.problem:
                            yield _damaged("thread", record)
                        case _:
                            pass
        yield from (member for member in members if isinstance(member, Skipped))


def _collect_threads(files: list[Member]) -> _Blog:
    blog = _Blog()
    for file in files:
        # The second pass reaches the same error and raises it after all items before it.
        with suppress(SourceError), open_member(file) as stream:
            for record in read_disqus_xml(file.name, stream):
                match record:
                    case Forum(name):
                        blog.forum = blog.forum or to_single_line(name)
                    case Thread(problem=""):
                        blog.add(_compact(record))
                        blog.forum = blog.forum or to_single_line(record.forum)
                    case _:
                        pass
    return blog


def _damaged(kind: str, record: Thread | Post) -> Skipped:
    name = f"{to_single_line(record.key) or f'line {record.line}'}"
    return Skipped(kind=kind, name=name, reason=record.problem, refused=True)


def _compact(thread: Thread) -> Thread:
    """Return the thread reduced to the fields that are needed: all threads of a large blog are in memory."""
    return replace(
        thread,
        identifier=to_single_line(thread.identifier),
        forum=sys.intern(to_single_line(thread.forum)),
        link=to_single_line(thread.link),
        account=sys.intern(thread.account),
        title=to_single_line(html.unescape(thread.title))[:_MAX_TITLE],
    )


def _item(post: Post, blog: _Blog, mapping: ThreadMap) -> Item:
    thread = blog.thread_of(post)
    number = f"thread {to_single_line(post.thread or post.identifier) or '?'}"
    link, identifier = (thread.link, thread.identifier) if thread else ("", "")
    thread_name = link or identifier or number
    name = f"{to_single_line(post.key) or f'line {post.line}'} on {thread_name}"
    is_deleted = thread is not None and thread.is_deleted
    # Only a line for this thread imports a deleted one, not a line for all threads of a folder.
    article = mapping.find(link, identifier, number, with_folders=not is_deleted)
    if post.problem:
        return _damaged(_KIND, post)
    if post.is_spam:
        return Skipped(kind=_KIND, name=name, reason="marked as spam in Disqus")
    if not post.key:
        return Skipped(kind=_KIND, name=name, reason="has no id", refused=True)
    if article == ():
        return Skipped(kind=_KIND, name=name, reason="excluded by the mapping")
    if article is None and thread is None:
        reason = f"its {number} is not in the export"
        return Skipped(kind=_KIND, name=name, reason=reason, refused=not post.is_deleted)
    if article is None and is_deleted:
        return Skipped(kind=_KIND, name=name, reason="its thread was deleted in Disqus")
    if not post.is_deleted and (problem := html_problem(post.message)):
        return Skipped(kind=_KIND, name=name, reason=problem, refused=True)
    namespace = ((thread.forum if thread else "") or blog.forum or extract_host(link))[:200]
    return to_imported_comment(
        RawComment(
            name=name,
            origin=f"disqus:{namespace}#{post.key}",
            article=article or _names(link, identifier),
            thread=thread_name,
            title=thread.title if thread else "",
            authors=(post.name, post.username),
            content="" if post.is_deleted else _markdown(post.message),
            created_at=parse_datetime(post.created_at),
            status="deleted" if post.is_deleted else "approved" if post.is_approved else "pending",
            parent=f"disqus:{namespace}#{post.parent}" if post.parent else None,
            email=post.email,
            website=post.website,
            notes=post.repairs,
            # Disqus creates the thread of a page in the name of the blog's owner.
            is_owner=bool(post.account) and thread is not None and post.account == thread.account,
        )
    )


_names = lru_cache(maxsize=256)(thread_names)


def _markdown(message: str) -> str:
    return html_to_markdown(_MENTION.sub(r"@\1", _REDIRECT.sub(_direct, message)))


def _direct(match: re.Match[str]) -> str:
    """Replace a redirect over Disqus by its target, without the signature that Disqus appends."""
    target = parse_qs(urlsplit(html.unescape(match[2])).query).get("url", [""])[0]
    target = _SIGNATURE.sub("", target)
    is_web = target.startswith(("http://", "https://"))
    return f"{match[1]}{html.escape(target)}{match[1]}" if is_web else match[0]
