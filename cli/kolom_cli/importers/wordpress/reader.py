"""Import a WordPress export: posts become articles, pages become pages.

Content that was not public does not become public: drafts, pending, private and password-protected posts become
drafts, and scheduled posts stay scheduled. Posts in the trash and automatic drafts are skipped, as are menus, revisions
and other post types. Media files stay at their URLs, and articles embed them from there. Comments follow their article.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from kolom.articles.input import ArticleInput, first_image, is_image_url
from kolom.articles.names import label_key, post_number_alias
from kolom.articles.types import Body
from kolom.errors import InvalidInput
from kolom.rendering.removals import Removal, find_removals
from kolom.rendering.renderer import render
from kolom.rendering.text import plain_text
from kolom_cli.importers.common.article_fields import UNCATEGORIZED, ArticleFields, site_language
from kolom_cli.importers.common.conversion import convert_in_order
from kolom_cli.importers.common.entry_ids import SAME_ID, EntryIds, RepeatedEntry
from kolom_cli.importers.common.export_files import Member, open_member, xml_members_of
from kolom_cli.importers.common.own_links import LinkRewriter, OldUrls, host_key, path_key
from kolom_cli.importers.common.path_plan import PathPlan
from kolom_cli.importers.common.remote_media import RemoteMedia
from kolom_cli.importers.common.source_ids import wordpress_origin
from kolom_cli.importers.common.types import ImportedArticle, Item, Skipped, SourceError
from kolom_cli.importers.wordpress.comments import read_comments
from kolom_cli.importers.wordpress.dates import parse_gmt_or_local, parse_mail_date, parse_utc_datetime
from kolom_cli.importers.wordpress.html_converter import Attachment, Converter
from kolom_cli.importers.wordpress.restrictions import restriction_in
from kolom_cli.importers.wordpress.wxr import Author, BlogUrl, Language, Record, read_wxr
from kolom_cli.publishing.document import size_problem
from kolom_cli.publishing.slugs import slug_suffix

_KINDS: Final[dict[str, Literal["article", "page"]]] = {"post": "article", "page": "page"}
_OTHER_KINDS: Final = {
    "attachment": "media file: not an article, but articles may show it",
    "nav_menu_item": "menu item: menus are not imported",
    "revision": "older version of an article",
    "custom_css": "style of a WordPress theme",
    "wp_global_styles": "style of a WordPress theme",
    "wp_template": "part of a WordPress theme",
    "wp_template_part": "part of a WordPress theme",
    "wp_navigation": "part of a WordPress theme",
}
_NEVER_PUBLISHED: Final = {
    "trash": "in the trash",
    "auto-draft": "automatic draft, never saved by its author",
    "inherit": "belongs to another post",
}


@dataclass(slots=True)
class _Blog:
    """The data of the whole export that articles refer to. It is collected first, because it may follow them."""

    language: str
    authors: dict[str, str] = field(default_factory=dict)
    author_ids: set[str] = field(default_factory=set)
    media: dict[str, Attachment] = field(default_factory=dict)
    by_parent: dict[str, list[Attachment]] = field(default_factory=lambda: defaultdict(list))
    hosts: set[str] = field(default_factory=set)
    by_path: dict[str, str] = field(default_factory=dict)
    by_number: dict[str, str] = field(default_factory=dict)
    plan: PathPlan = field(default_factory=PathPlan)

    def links(self) -> LinkRewriter:
        """Return the rewriter of links to the articles of the export."""
        old_urls = OldUrls(frozenset(self.hosts - {""}), self.by_path, self.by_number)
        return LinkRewriter(old_urls, old_urls.is_own)


def read_wordpress(*sources: Path, language: str | None = None) -> Iterator[Item]:
    """Yield every item of the export: one or more files, each of which may be compressed or a zip archive of files.

    ``language`` takes precedence over the language of the export.

    :raises SourceError: a file cannot be read, or the only one cannot be read further
    """
    with ExitStack() as stack:
        members = [member for source in sources for member in xml_members_of(source, stack)]
        files = [member for member in members if isinstance(member, Member)]
        blog = _collect(files, language)
        yield from convert_in_order(_items, blog, _entries(files), _size_of)
        yield from (member for member in members if isinstance(member, Skipped))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A record of the export with its origin, and the reason why it is no article. Its comments may be imported."""

    record: Record
    origin: str
    skipped: Skipped | None


def _entries(files: list[Member]) -> Iterator[_Entry | Skipped]:
    """Yield all entries in their order, or that a file cannot be read further."""
    ids = EntryIds()
    for file in files:
        try:
            with open_member(file) as stream:
                for record in read_wxr(file.name, stream):
                    if isinstance(record, Record):
                        yield _entry(record, ids, file.name)
        except SourceError as error:
            if len(files) == 1:
                raise
            yield Skipped(kind="file", name=file.name, reason=_without_name(error, file.name), refused=True)


def _size_of(entry: _Entry | Skipped) -> int:
    if isinstance(entry, Skipped):
        return 0
    texts = (entry.record.fields, *entry.record.comments)
    return sum(len(text) for fields in texts for text in fields.values())


def _without_name(error: SourceError, name: str) -> str:
    return str(error).removeprefix(f"{name}:").strip()


def _entry(record: Record, ids: EntryIds, file: str) -> _Entry:
    origin = _origin(record)
    skipped = _skipped(record)
    if skipped is None:
        try:
            origin = ids.add(origin, (record.fields, record.terms, record.meta), file)
        except RepeatedEntry as error:
            skipped = Skipped(kind=_kind(record), name=_name(record), reason=str(error))
    return _Entry(record, origin, skipped)


def _items(entry: _Entry | Skipped, blog: _Blog) -> list[Item]:
    """Return the article, or why it is skipped, and its comments."""
    if isinstance(entry, Skipped):
        return [entry]
    record, origin = entry.record, entry.origin
    items: list[Item] = [entry.skipped or _Reader(record, origin, blog).item()]
    if not record.problem:
        items += read_comments(
            record.comments, article=origin, title=_name(record), owners=blog.author_ids, links=blog.links()
        )
    return items


def _skipped(record: Record) -> Skipped | None:
    """Return why the record is no article; None if it is one."""
    kind, status, name = record.get("wp:post_type") or "item", record.get("wp:status"), _name(record)
    if record.problem:
        return Skipped(
            kind="item", name=name, reason=f"{record.problem}: its comments are not imported either", refused=True
        )
    if kind not in _KINDS:
        reason = _OTHER_KINDS.get(kind, f"post type {kind!r} is not supported")
        return Skipped(kind=kind, name=name, reason=reason)
    if status in _NEVER_PUBLISHED:
        return Skipped(kind=_kind(record), name=name, reason=_NEVER_PUBLISHED[status])
    if not _url(record) and not record.get("wp:post_id"):
        return Skipped(kind=_kind(record), name=name, reason="has neither an id nor a URL", refused=True)
    if problem := size_problem(record.fields.get("content:encoded", "")):
        return Skipped(kind=_kind(record), name=name, reason=problem, refused=True)
    return None


def _collect(files: list[Member], language: str | None) -> _Blog:
    blog = _Blog(language or "")
    for file in files:
        # The second pass reaches the same error and reports it after all items before it.
        with suppress(SourceError), open_member(file) as stream:
            for record in read_wxr(file.name, stream, with_comments=False):
                match record:
                    case Author(login, display_name, number):
                        blog.authors[login] = display_name
                        blog.author_ids |= {number} - {"", "0"}
                    case Language(code) if language is None:
                        blog.language = site_language(code)
                    case Record() if record.get("wp:post_type") == "attachment":
                        attachment = _attachment(record)
                        blog.media[attachment.id] = attachment
                        blog.by_parent[attachment.parent].append(attachment)
                    case BlogUrl(url):
                        blog.hosts.add(host_key(url))
                    case Record() if _skipped(record) is None:
                        _plan(blog, record)
                    case _:
                        pass
    return blog


def _plan(blog: _Blog, record: Record) -> None:
    """Note under which path the article will be, for the links to it."""
    fields = ArticleFields(_kind(record), slug_suffix(_number(record)))
    slug = _slug(record, fields)
    path = blog.plan.add(fields.path(record.get("link"), slug), slug, fields.id_suffix)
    for url in (record.get("link"), record.get("guid")):
        try:
            parts = urlsplit(url)
        except ValueError:
            continue
        # The guid of a post that came from another system or a feed is not a URL of this blog.
        if url == record.get("link") or post_number_alias(parse_qs(parts.query)):
            blog.hosts.add(host_key(url))
            if (key := path_key(parts.path)) and not parts.query:
                blog.by_path.setdefault(key, path)
    if alias := post_number_alias({"p": [record.get("wp:post_id")]}):
        blog.by_number.setdefault(alias, path)


def _slug(record: Record, fields: ArticleFields) -> str:
    return fields.slug(record.get("wp:post_name"), _title(record), f"{record.get('wp:post_type')}-{fields.id_suffix}")


def _attachment(record: Record) -> Attachment:
    return Attachment(
        id=record.get("wp:post_id"),
        url=record.get("wp:attachment_url") or record.get("guid"),
        alt=plain_text(record.meta.get("_wp_attachment_image_alt", "")),
        caption=record.get("excerpt:encoded"),
        parent=record.get("wp:post_parent"),
    )


def _name(record: Record) -> str:
    number = record.get("wp:post_id") or f"line {record.line}"
    return f"{number} {_title(record) or unquote(record.get('wp:post_name'))!r}"


def _kind(record: Record) -> Literal["article", "page"]:
    return _KINDS.get(record.get("wp:post_type"), "article")


def _title(record: Record) -> str:
    return plain_text(record.get("title"))


def _url(record: Record) -> str:
    return record.get("guid") or record.get("link")


def _number(record: Record) -> str:
    return record.get("wp:post_id") or hashlib.sha256(_url(record).encode()).hexdigest()[:8]


def _origin(record: Record) -> str:
    return wordpress_origin(_url(record), _number(record))


class _Reader:
    """Converts one record to an article."""

    def __init__(self, record: Record, origin: str, blog: _Blog) -> None:
        self._record = record
        self._origin = origin
        self._blog = blog
        # Plugins and other systems write ids that are not numbers.
        self._id_suffix = slug_suffix(_number(record))
        self._kind = _kind(record)
        self._fields = ArticleFields(self._kind, self._id_suffix)
        self._notes = self._fields.notes
        if origin != _origin(record):
            self._notes.append(SAME_ID)
        self._notes += record.repairs
        self._remote = RemoteMedia()
        self._links = blog.links()
        self._removals: tuple[Removal, ...] = ()
        self._name = _name(record)

    def item(self) -> Item:
        """Return the article, or why it is refused."""
        try:
            content = self._content()
        except InvalidInput as error:
            return Skipped(kind=self._kind, name=self._name, reason=str(error), refused=True)
        return ImportedArticle(
            name=self._name,
            content=content,
            slug_suffix=self._id_suffix,
            aliases=self._aliases(),
            notes=tuple(self._notes),
            remote_media=self._remote.count,
            own_links=self._links.counts,
            removals=self._removals,
            is_language_unclear=self._fields.is_language_unclear,
        )

    def _aliases(self) -> tuple[str, ...]:
        """Return ``/?p=12``, the URL of the post on a site with plain permalinks and its short link on all others."""
        alias = post_number_alias({"p": [self._record.get("wp:post_id")]})
        return (alias,) if alias and self._origin == _origin(self._record) else ()

    def _content(self) -> ArticleInput:
        record = self._record
        own = self._blog.by_parent.get(record.get("wp:post_id"), [])
        converter = Converter(self._blog.media, own, record.meta.get("footnotes", ""))
        original = record.fields.get("content:encoded", "")
        source = self._links.in_html(converter.convert(original))
        self._notes += converter.notes
        title = _title(record)
        rendered = render(source, "html", title=title, resolve=self._remote)
        self._removals = find_removals(original, "html", rendered, is_converted=True)
        slug = _slug(record, self._fields)
        published_at = self._date()
        return ArticleInput(
            title=self._fields.title(title, rendered.html),
            slug=slug,
            body=Body.from_rendered(rendered, source, "html"),
            excerpt=self._fields.cut("excerpt", plain_text(record.get("excerpt:encoded"))) or rendered.excerpt,
            description=self._fields.cut("description", plain_text(record.meta.get("_yoast_wpseo_metadesc", ""))),
            image=self._featured() or first_image(rendered),
            labels=self._labels(),
            language=self._fields.language(self._blog.language, title, rendered.html),
            author=self._author(),
            published_at=published_at,
            updated_at=parse_utc_datetime(record.get("wp:post_modified_gmt")) or published_at,
            path=self._fields.path(record.get("link"), slug),
            kind=self._kind,
            draft=self._is_draft(published_at),
            comments_open=record.get("wp:comment_status").lower() != "closed",
            reading_minutes=rendered.reading_minutes,
            origin=self._origin,
        )

    def _is_draft(self, published_at: datetime | None) -> bool:
        status = self._record.get("wp:status")
        if self._record.fields.get("wp:post_password"):  # a space is a valid password
            self._notes.append("password-protected in WordPress: imported as a draft")
            return True
        if restriction := restriction_in(self._record.fields.get("content:encoded", ""), self._record.meta):
            self._notes.append(f"restricted to some readers in WordPress ({restriction}): imported as a draft")
            return True
        if status == "publish":
            return False
        if status == "future":
            if published_at is not None and self._has_date():
                return False
            self._notes.append("scheduled in WordPress without a date: imported as a draft")
        elif status != "draft":
            self._notes.append(
                f"status {status!r} in WordPress: imported as a draft"
                if status
                else "no status in the export: imported as a draft"
            )
        return True

    def _has_date(self) -> bool:
        """Return whether the post itself has a date: ``pubDate`` may be the date of the export."""
        return parse_gmt_or_local(self._record.get("wp:post_date_gmt"), self._record.get("wp:post_date")) is not None

    def _date(self) -> datetime | None:
        record = self._record
        published_at = parse_gmt_or_local(record.get("wp:post_date_gmt"), record.get("wp:post_date"))
        if published_at is None and record.get("wp:status") in {"publish", "future"}:
            published_at = parse_mail_date(record.get("pubDate"))
            if published_at is None:
                self._notes.append("no date in the export: the date of the import is used")
        return published_at

    def _author(self) -> str:
        login = self._record.get("dc:creator")
        return self._fields.cut("author's name", self._blog.authors.get(login, login))

    def _featured(self) -> str | None:
        number = self._record.meta.get("_thumbnail_id", "")
        if not number:
            return None
        attachment = self._blog.media.get(number)
        if attachment is None or not is_image_url(attachment.url):
            self._notes.append("its featured image is not in the export")
            return None
        return attachment.url

    def _labels(self) -> tuple[str, ...]:
        """Return the categories, then the tags, without the default category."""
        terms = self._record.terms
        wanted = [term for term in terms if term[0] in {"", "category"}]
        wanted += [term for term in terms if term[0] in {"post_tag", "tag"}]
        names = [(nicename, " ".join(plain_text(name).split())) for _, nicename, name in wanted]
        return self._fields.labels(
            name
            for nicename, name in names
            if nicename not in UNCATEGORIZED and (nicename or label_key(name) not in UNCATEGORIZED)
        )
