"""Import a Medium export: published stories become articles, drafts become drafts.

The export contains the responses of its author to the stories of others, too: they are skipped. The export does not say
which stories are unlisted or for members only.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from kolom.articles.names import default_path
from kolom.articles.types import MAX_SOURCE_BYTES
from kolom_cli.importers.common.article_matching import extract_host, extract_path
from kolom_cli.importers.common.entry_ids import SAME_ID, EntryIds, RepeatedEntry
from kolom_cli.importers.common.export_files import Member, read_members
from kolom_cli.importers.common.own_links import LinkRewriter
from kolom_cli.importers.common.raw_articles import RawArticle, to_imported_article
from kolom_cli.importers.common.source_ids import origin_id
from kolom_cli.importers.common.types import Item, Skipped, SourceError
from kolom_cli.importers.medium.html_converter import convert, is_of_medium, own_link, without_redirect
from kolom_cli.importers.medium.story import Story, id_in, read_story

_ENDINGS: Final = frozenset((".htm", ".html"))
_DIRECTORY: Final = "posts"
_DIGITS: Final = 8


def read_medium(source: Path, *, language: str | None = None) -> Iterator[Item]:
    """Yield every story of the export: a zip archive, its unpacked directory, or the directory ``posts`` in it.

    ``language`` is the language of all stories. The export does not contain it: without ``language``, it is detected
    from the text of each story.

    :raises SourceError: the export cannot be read, or has no story
    """
    with ExitStack() as stack:
        files = _files(source, list(read_members(source, stack)))
        paths, hosts, others = _classify(files)
        if not paths:
            raise SourceError(f"{source}: not a Medium export: it has no story, such as posts/2024-05-01_Title-….html")
        reader = _Reader(own_link(paths, hosts), {each for each in hosts if not is_of_medium(each)}, language or "")
        for file in files:
            yield others[file.name] if file.name in others else reader.item(file)


def _files(source: Path, members: list[Member]) -> list[Member]:
    """Return the files of the directory ``posts``, or of ``source`` itself if it has no such directory."""
    pages = [member for member in members if member.path.suffix.lower() in _ENDINGS]
    posts = sorted(
        (member for member in pages if member.path.parent.name == _DIRECTORY), key=lambda member: member.name
    )
    return posts or [member for member in pages if source.is_dir() and Path(member.name).parent == source]


def _classify(files: Iterable[Member]) -> tuple[dict[str, str], set[str], dict[str, Skipped]]:
    """Return the paths of the stories by id, the hosts of their canonical URLs, and the skipped files by name."""
    paths: dict[str, str] = {}
    hosts: set[str] = set()
    others: dict[str, Skipped] = {}
    for file in files:
        try:
            story = _story(file)
        except SourceError as error:
            others[file.name] = Skipped(kind="article", name=_name(file), reason=str(error), refused=True)
            continue
        if story is None:
            others[file.name] = Skipped(kind="file", name=_name(file), reason="not a story of Medium")
        elif story.is_response:
            reason = "a response to a story: comments on Medium are not imported"
            others[file.name] = Skipped(kind="response", name=_name(file), reason=reason)
        else:
            paths.setdefault(story.id, _path(story) or default_path(_segment(story)))
            hosts |= {extract_host(story.url)} - {""}
    return paths, hosts, others


def _name(file: Member) -> str:
    return file.path.name


def _story(file: Member) -> Story | None:
    """Return the story in the file; None if it is not one.

    :raises SourceError: the file cannot be read, or is too large
    """
    if file.size > MAX_SOURCE_BYTES:
        raise SourceError(f"has {file.size:,} bytes, the maximum is {MAX_SOURCE_BYTES:,}")
    return read_story(file.path, file.read(MAX_SOURCE_BYTES + 1).decode("utf-8-sig", "replace"))


def _segment(story: Story) -> str:
    """Return the words at the end of the canonical URL without the id, or those in the name of the file."""
    path = urlsplit(story.url).path.rstrip("/") if extract_host(story.url) else ""
    words = unquote(path.rpartition("/")[2])
    number = id_in(path)
    words = words.removesuffix(number).rstrip("-") if number else words
    return re.sub("-{2,}", "-", (words or story.words).lower()).strip("-")


def _path(story: Story) -> str:
    """Return the path of the story on a custom domain, or else an empty string: Medium's own URLs are only aliases."""
    host = extract_host(story.url)
    return urlsplit(story.url).path if host and not is_of_medium(host) else ""


class _Reader:
    """Converts the stories of an export."""

    def __init__(self, own_link: Callable[[str], str], hosts: set[str], language: str) -> None:
        self._own_link = own_link
        self._hosts = hosts
        self._language = language
        self._ids = EntryIds()

    def item(self, file: Member) -> Item:
        """Return the article, or why it is skipped."""
        story = _story(file)
        assert story is not None
        own = origin_id("medium", story.id)
        try:
            origin = self._ids.add(own, (story.title, story.subtitle, story.body))
        except RepeatedEntry as error:
            return Skipped(kind="article", name=_name(file), reason=str(error))
        links = LinkRewriter(self._own_link, lambda url: extract_host(url) in self._hosts)

        def converted(html: str) -> tuple[str, tuple[str, ...]]:
            return convert(html, self._own_link, lambda url: links(without_redirect(url))), ()

        alias = extract_path(story.url) if is_of_medium(extract_host(story.url)) else None
        return to_imported_article(
            RawArticle(
                name=_name(file),
                origin=origin,
                kind="article",
                id_suffix=story.id[-_DIGITS:],
                title=story.title,
                slug=_segment(story),
                html=story.body,
                convert=converted,
                language=self._language,
                is_draft=story.is_draft,
                excerpt=story.subtitle,
                description=story.subtitle,
                labels=story.tags,
                author=story.author,
                published_at=story.published_at,
                url_path=_path(story),
                aliases=(alias,) if alias and not story.is_draft else (),
                notes=(SAME_ID,) if origin != own else (),
                links=links,
            )
        )
