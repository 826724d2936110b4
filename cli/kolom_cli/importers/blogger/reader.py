"""Import a Blogger blog: posts become articles, pages become pages, and comments keep their threads.

Drafts stay drafts and scheduled posts stay scheduled. Deleted entries, settings and the theme are skipped. The posts
keep the paths of their URLs. Images in a Takeout are stored; all others stay at their URLs.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote

from kolom.articles.input import ArticleInput, first_image
from kolom.articles.types import Body
from kolom.errors import InvalidInput
from kolom.rendering.removals import find_removals
from kolom.rendering.renderer import render
from kolom.rendering.text import plain_text
from kolom_cli.importers.blogger.atom_feed import AtomEntry, Blog, NotAFeed, read_feed
from kolom_cli.importers.blogger.comments import read_comment
from kolom_cli.importers.blogger.html_converter import Converter
from kolom_cli.importers.blogger.images import Images
from kolom_cli.importers.blogger.takeout import Export, open_export
from kolom_cli.importers.blogger.urls import OwnLinks, get_host, split
from kolom_cli.importers.common.article_fields import ArticleFields, site_language
from kolom_cli.importers.common.dates import parse_iso_datetime
from kolom_cli.importers.common.entry_ids import SAME_ID, EntryIds, RepeatedEntry
from kolom_cli.importers.common.export_files import Member, open_member
from kolom_cli.importers.common.own_links import LinkRewriter
from kolom_cli.importers.common.remote_media import RemoteMedia
from kolom_cli.importers.common.source_ids import origin_id
from kolom_cli.importers.common.types import ImportedArticle, Item, Skipped, SourceError
from kolom_cli.media.store import MediaStore
from kolom_cli.publishing.slugs import slug_suffix

_KINDS: Final[dict[str, Literal["article", "page"]]] = {"post": "article", "page": "page"}
_OTHER_KINDS: Final = {
    "settings": "a setting of Blogger",
    "template": "the theme: the site has its own",
    "other": "not a post, page or comment",
}
_TRASHED: Final = frozenset(("SOFT_TRASHED", "TRASHED", "DELETED"))
_PUBLIC: Final = frozenset(("LIVE", "SCHEDULED"))
_EXTENSION: Final = re.compile(r"\.html?$", re.IGNORECASE)
_DIGITS: Final = 8


@dataclass(slots=True)
class _BlogFacts:
    """The data of the whole export that its entries refer to."""

    language: str
    hosts: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    owners: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)  # the id prefixes of blogs with restricted access
    not_feeds: dict[str, NotAFeed] = field(default_factory=dict)  # files that are not feeds, by name

    def links(self) -> LinkRewriter:
        """Return the rewriter of links to the blog's articles."""
        own = OwnLinks(self.paths.__contains__, frozenset(self.hosts))
        return LinkRewriter(own, own.has_known_host)


def read_blogger(
    sources: Iterable[Path], *, language: str | None = None, blog: str | None = None, dry_run: bool = False
) -> Iterator[Item]:
    """Yield every item of an export: a Takeout (zipped, in several parts, or unpacked), a feed, or the pages of a feed.

    ``language`` takes precedence over the language of the export. ``blog`` selects one of the blogs of a Takeout.

    :raises SourceError: the export cannot be read, or cannot be read further
    """
    with open_export(sources, blog) as export:
        facts = _collect_facts(export, language)
        feeds = [feed for feed in export.feeds if feed.name not in facts.not_feeds]
        if not feeds:
            raise SourceError(f"no Blogger feed found: {'; '.join(map(str, facts.not_feeds.values()))}")
        for name, why in facts.not_feeds.items():
            yield Skipped(kind="file", name=name, reason=_without_name(why, name), refused=not why.is_certain)
        images = Images(export, MediaStore(dry_run=dry_run))
        ids = EntryIds()
        for feed, entry in _entries(feeds):
            try:
                origin = ids.add(_origin(entry.id), _without_line(entry), feed.name) if entry.id else ""
            except RepeatedEntry as error:
                yield Skipped(kind=_kind(entry), name=_name(entry), reason=str(error))
            else:
                yield _item(entry, origin, facts, images)


def _without_name(error: NotAFeed, name: str) -> str:
    return str(error).removeprefix(f"{name}:").strip()


def _entries(feeds: Iterable[Member]) -> Iterator[tuple[Member, AtomEntry]]:
    for feed in feeds:
        with open_member(feed) as file:
            yield from ((feed, record) for record in read_feed(feed.name, file) if isinstance(record, AtomEntry))


def _without_line(entry: AtomEntry) -> AtomEntry:
    """Return the entry without its place in the file, to compare it with other entries that have the same id."""
    return replace(entry, line=0)


def _collect_facts(export: Export, language: str | None) -> _BlogFacts:
    facts = _BlogFacts(language or "")
    for feed in export.feeds:
        try:
            with open_member(feed) as file:
                for record in read_feed(feed.name, file):
                    if isinstance(record, Blog):
                        _add_blog(facts, record, has_language=language is not None)
                    else:
                        _add_entry(facts, record, has_language=language is not None)
        except NotAFeed as error:
            if not feed.is_named:  # the second pass raises the error of a file that the user named
                facts.not_feeds[feed.name] = error
        except SourceError:
            pass  # The second pass reaches the same error and raises it after all items before it.
    return facts


def _add_blog(facts: _BlogFacts, blog: Blog, *, has_language: bool) -> None:
    if blog.language and not has_language:
        facts.language = site_language(blog.language)
    if parts := split(blog.url):
        facts.hosts |= {get_host(parts)} - {""}


def _add_entry(facts: _BlogFacts, entry: AtomEntry, *, has_language: bool) -> None:
    if entry.kind == "settings" and entry.id.endswith(".BLOG_LOCALE") and not has_language:
        facts.language = site_language(entry.content.strip())
    if entry.kind == "settings" and entry.id.endswith(".BLOG_READ_ACCESS_MODE") and entry.content.strip() != "PUBLIC":
        facts.private.add(entry.id.partition(".")[0])
    if entry.kind in _KINDS:
        facts.owners |= {entry.writer.uri} - {""}
        if path := _path(entry):
            facts.paths.add(path)


def _path(entry: AtomEntry) -> str:
    parts = split(entry.url)
    return parts.path if parts else ""


def _kind(entry: AtomEntry) -> str:
    return _KINDS.get(entry.kind, entry.kind)


def _name(entry: AtomEntry) -> str:
    title = (
        plain_text(entry.title if entry.is_html else html.escape(entry.title)) or plain_text(entry.content[:400])[:40]
    )
    return f"{_path(entry) or entry.id or f'line {entry.line}'} {title[:80]!r}"


def _origin(entry_id: str) -> str:
    return origin_id("blogger", entry_id)


def _item(entry: AtomEntry, origin: str, facts: _BlogFacts, images: Images) -> Item:
    kind, name = _kind(entry), _name(entry)
    if entry.is_damaged:
        return Skipped(kind=kind, name=name, reason=entry.problem or "", refused=True)
    if entry.kind in _OTHER_KINDS:
        return Skipped(kind=kind, name=name, reason=_OTHER_KINDS[entry.kind])
    if not entry.id:
        return Skipped(kind=kind, name=name, reason="has no id", refused=True)
    if entry.is_trashed or entry.status in _TRASHED:
        return Skipped(kind=kind, name=name, reason="in the trash")
    if entry.problem:
        return Skipped(kind=kind, name=name, reason=entry.problem, refused=True)
    if entry.kind == "comment":
        return read_comment(entry, origin=origin, origin_of=_origin, owners=facts.owners, links=facts.links())
    try:
        return _Reader(entry, origin, facts, images).item()
    except InvalidInput as error:
        return Skipped(kind=kind, name=name, reason=str(error), refused=True)


class _Reader:
    """Converts one entry to an article."""

    def __init__(self, entry: AtomEntry, origin: str, facts: _BlogFacts, images: Images) -> None:
        self._entry = entry
        self._origin = origin
        self._facts = facts
        self._images = images
        self._links = facts.links()
        self._published = parse_iso_datetime(entry.published)
        number = re.sub(r"\D", "", entry.id.rpartition(".")[2])[-_DIGITS:] or slug_suffix(entry.id[-_DIGITS:])
        # If the slug is taken, the month of the post is a clearer suffix than its long number.
        self._slug_suffix = f"{self._published:%Y-%m}" if self._published else number
        self._fields = ArticleFields(_KINDS[entry.kind], number)
        self._notes = self._fields.notes
        if origin != _origin(entry.id):
            self._notes.append(SAME_ID)
        self._notes += entry.repairs

    def item(self) -> ImportedArticle:
        """Return the article."""
        entry = self._entry
        source = self._source()
        remote = RemoteMedia()
        # Blogger escapes titles once too often. A "<" in the unescaped title is text, not a tag.
        given_title = " ".join(plain_text(html.unescape(entry.title).replace("<", "&lt;")).split())
        rendered = render(source, "html", title=given_title, resolve=remote, size_of=self._images.media.sizes.get)
        self._notes += self._images.pop_notes()
        title = self._fields.title(given_title, rendered.html)
        slug = self._fields.slug(self._wanted_slug(), title, f"{entry.kind}-{self._fields.id_suffix}")
        content = ArticleInput(
            title=title,
            slug=slug,
            body=Body.from_rendered(rendered, source, "html"),
            excerpt=rendered.excerpt,
            description=self._fields.cut("description", plain_text(html.escape(entry.description))),
            image=first_image(rendered),
            labels=self._fields.labels(entry.labels),
            language=self._fields.language(self._facts.language, title, rendered.html),
            author=self._fields.cut("author's name", " ".join(entry.writer.name.split())),
            published_at=self._published,
            updated_at=parse_iso_datetime(entry.updated) or self._published,
            path=self._fields.path(entry.url, slug) if entry.url else None,
            kind=self._fields.kind,
            draft=self._is_draft(),
            reading_minutes=rendered.reading_minutes,
            origin=self._origin,
        )
        return ImportedArticle(
            name=_name(entry),
            content=content,
            slug_suffix=self._slug_suffix,
            notes=tuple(self._notes),
            remote_media=remote.count,
            own_links=self._links.counts,
            removals=find_removals(entry.content, "html", rendered, is_converted=True) if entry.is_html else (),
            is_language_unclear=self._fields.is_language_unclear,
        )

    def _source(self) -> str:
        entry = self._entry
        if entry.is_summary:
            self._notes.append("the feed has only a summary: it is imported as the text")
        if not entry.is_html:
            return "<p>" + html.escape(entry.content).replace("\n\n", "</p>\n<p>") + "</p>"
        converter = Converter(self._links, self._images)
        source = converter.convert(entry.content)
        self._notes += converter.notes
        return source

    def _wanted_slug(self) -> str:
        return _EXTENSION.sub("", unquote(_path(self._entry).rstrip("/")).rpartition("/")[2])

    def _is_draft(self) -> bool:
        status = self._entry.status
        if self._entry.id.partition(".")[0] in self._facts.private:
            self._notes.append("the blog is not public in Blogger: imported as a draft")
            return True
        if status == "SCHEDULED" and self._published is None:
            self._notes.append("scheduled in Blogger without a date: imported as a draft")
            return True
        if status not in _PUBLIC and status != "DRAFT":
            self._notes.append(
                f"status {status!r} in Blogger: imported as a draft"
                if status
                else "no status in the export: imported as a draft"
            )
        if status in _PUBLIC and self._published is None:
            self._notes.append("no date in the export: the date of the import is used")
        return status not in _PUBLIC
