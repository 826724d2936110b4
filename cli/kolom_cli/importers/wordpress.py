"""WordPress exports: posts become articles, pages become pages.

What was not public there is not public here: drafts, pending, private and password-protected posts become drafts,
scheduled ones stay scheduled. What was thrown away or never finished is skipped, as are menus, revisions and other
kinds; media files are used where articles show them, from where they are. Comments follow their article.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from kolom.articles.names import MAX_LABEL, label_key, label_problem, natural_path, path_problem
from kolom.articles.types import Content
from kolom.articles.validation import MAX_LABELS
from kolom.config import settings
from kolom.rendering import plain_text, render
from kolom_cli.bodies import IMAGE_ADDRESS, body_of, image_of
from kolom_cli.importers import Imported, Item, Skipped, SourceError
from kolom_cli.importers.wordpress_comments import read_comments
from kolom_cli.importers.wordpress_dates import mail_date, moment_of, utc
from kolom_cli.importers.wordpress_markup import Attachment, Converter
from kolom_cli.importers.wxr import Author, Language, Record, read_wxr
from kolom_cli.slugs import slug_from, slug_kept

_KINDS: Final[dict[str, Literal["article", "page"]]] = {"post": "article", "page": "page"}
_OTHER_KINDS: Final = {
    "attachment": "media file: stays where it is, shown by the articles that use it",
    "nav_menu_item": "menu entry: the site has no menus of WordPress's",
    "revision": "older version of an article",
    "custom_css": "style of a WordPress theme",
    "wp_global_styles": "style of a WordPress theme",
    "wp_template": "part of a WordPress theme",
    "wp_template_part": "part of a WordPress theme",
    "wp_navigation": "part of a WordPress theme",
}
_NEVER_PUBLISHED: Final = {
    "trash": "in the bin",
    "auto-draft": "never saved by its author",
    "inherit": "belongs to another post",
}
_UNCATEGORISED: Final = frozenset(("uncategorized", "uncategorised", "tak-berkategori"))
_MAX_TITLE: Final = 300
_MAX_TEXT: Final = 1_000
_MAX_AUTHOR: Final = 100
_FALLBACK_TITLE: Final = 60


@dataclass(slots=True)
class _Blog:
    """What must be known of the whole export before its first article: an article may use what comes after it."""

    language: str
    authors: dict[str, str] = field(default_factory=dict)
    author_ids: set[str] = field(default_factory=set)
    media: dict[str, Attachment] = field(default_factory=dict)
    by_parent: dict[str, list[Attachment]] = field(default_factory=lambda: defaultdict(list))


def read_wordpress(path: Path, *, language: str | None = None) -> Iterator[Item]:
    """Everything in the export. ``language`` goes before the one that the export names.

    :raises SourceError: the file cannot be read, or not further than to here
    """
    blog = _survey(path, language)
    for record in read_wxr(path):
        if isinstance(record, Record):
            yield _Reader(record, blog).item()
            yield from read_comments(
                record.comments, article=_origin(record), title=_name(record), owners=blog.author_ids
            )


def _survey(path: Path, language: str | None) -> _Blog:
    blog = _Blog(language or settings().language_codes[0])
    try:
        for record in read_wxr(path):
            match record:
                case Author(login, display_name, number):
                    blog.authors[login] = display_name
                    blog.author_ids |= {number} - {"", "0"}
                case Language(code) if language is None:
                    blog.language = _site_language(code)
                case Record() if record.get("wp:post_type") == "attachment":
                    attachment = _attachment(record)
                    blog.media[attachment.id] = attachment
                    blog.by_parent[attachment.parent].append(attachment)
                case _:
                    pass
    except SourceError:
        pass  # The second reading comes to the same place, and says so after everything before it.
    return blog


def _site_language(code: str) -> str:
    """The site's language that an export's code means: ``en-US`` is ``en`` where the site has that."""
    codes = settings().language_codes
    primary = code.partition("-")[0].lower()
    if code in codes or not (2 <= len(primary) <= 3 and primary.isascii() and primary.isalpha()):  # noqa: PLR2004, RUF100
        return code if code in codes else codes[0]
    return primary


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


def _title(record: Record) -> str:
    return plain_text(record.get("title"))


def _address(record: Record) -> str:
    return record.get("guid") or record.get("link")


def _number(record: Record) -> str:
    return record.get("wp:post_id") or hashlib.sha256(_address(record).encode()).hexdigest()[:8]


def _origin(record: Record) -> str:
    return f"wordpress:{_address(record)[:900]}#{_number(record)}"


class _Reader:
    """Makes one article of one record."""

    def __init__(self, record: Record, blog: _Blog) -> None:
        self._record = record
        self._blog = blog
        self._notes: list[str] = []
        self._number = record.get("wp:post_id")
        self._kind = _KINDS.get(record.get("wp:post_type"), "article")
        self._name = _name(record)

    def item(self) -> Item:
        """The article, or why there is none."""
        record = self._record
        kind, status = record.get("wp:post_type") or "item", record.get("wp:status")
        if kind not in _KINDS:
            return self._skipped(kind, _OTHER_KINDS.get(kind, f"not a post or a page, but {kind!r}"))
        if status in _NEVER_PUBLISHED:
            return self._skipped(self._kind, _NEVER_PUBLISHED[status])
        if not _address(record) and not self._number:
            return Skipped(kind=self._kind, name=self._name, reason="has neither an id nor an address", refused=True)
        self._number = _number(record)
        content = self._content(_origin(record))
        return Imported(name=self._name, content=content, number=self._number, notes=tuple(self._notes))

    def _skipped(self, kind: str, reason: str) -> Skipped:
        return Skipped(kind=kind, name=self._name, reason=reason)

    def _content(self, origin: str) -> Content:
        record = self._record
        converter = Converter(self._blog.media, self._blog.by_parent.get(record.get("wp:post_id"), []))
        source = converter.convert(record.fields.get("content:encoded", ""))
        self._notes += converter.notes
        rendered = render(source, "html")
        slug = self._slug()
        published_at = self._date()
        return Content(
            title=self._article_title(rendered.html),
            slug=slug,
            body=body_of(rendered, source, "html"),
            excerpt=self._cut("excerpt", plain_text(record.get("excerpt:encoded")), _MAX_TEXT) or rendered.excerpt,
            description=self._cut("description", plain_text(record.meta.get("_yoast_wpseo_metadesc", "")), _MAX_TEXT),
            image=self._featured() or image_of(rendered),
            labels=self._labels(),
            language=self._blog.language,
            author=self._author(),
            published_at=published_at,
            updated_at=utc(record.get("wp:post_modified_gmt")) or published_at,
            path=self._path(slug),
            kind=self._kind,
            draft=self._is_draft(published_at),
            comments_open=record.get("wp:comment_status") == "open",
            reading_minutes=rendered.reading_minutes,
            origin=origin,
        )

    def _is_draft(self, published_at: datetime | None) -> bool:
        status = self._record.get("wp:status")
        if self._record.get("wp:post_password"):
            self._notes.append("protected by a password there: a draft here")
            return True
        if status == "publish":
            return False
        if status == "future" and published_at is not None:
            return False
        if status != "draft":
            self._notes.append(f"{status or 'without a status'} there: a draft here")
        return True

    def _article_title(self, html: str) -> str:
        title = _title(self._record)
        if title:
            return self._cut("title", title, _MAX_TITLE)
        text = plain_text(html)
        if len(text) > _FALLBACK_TITLE:
            text = text[:_FALLBACK_TITLE].rpartition(" ")[0] or text[:_FALLBACK_TITLE]
            text += "…"
        self._notes.append("without a title there: its first words are the title here")
        return text or f"{self._kind.capitalize()} {self._number}"

    def _slug(self) -> str:
        wanted = self._record.get("wp:post_name")
        fallback = f"{self._record.get('wp:post_type')}-{self._number}"
        if not wanted:
            return slug_from(_title(self._record)) or fallback
        slug = slug_kept(wanted)
        if slug is not None:
            if slug != unquote(wanted):
                self._notes.append(f"the slug {unquote(wanted)!r} is not possible: it became {slug!r}")
            return slug
        slug = slug_kept(f"{self._kind}-{wanted}") or fallback
        if slug == self._kind:
            slug = fallback
        self._notes.append(f"the slug {unquote(wanted)!r} is not possible: it became {slug!r}")
        return slug

    def _path(self, slug: str) -> str | None:
        """The path of its permanent address, if it had one: ``?p=7`` is none."""
        try:
            parts = urlsplit(self._record.get("link"))
            path = unquote(parts.path, errors="strict")
        except (ValueError, UnicodeDecodeError):
            return None
        while "//" in path:
            path = path.replace("//", "/")
        if path in {"", "/"} or {"p", "page_id", "attachment_id"} & parse_qs(parts.query).keys():
            return None
        if problem := path_problem(path):
            self._notes.append(f"its old address does not answer: {problem}")
            return None
        return None if path == natural_path(slug) else path

    def _date(self) -> datetime | None:
        record = self._record
        moment = moment_of(record.get("wp:post_date_gmt"), record.get("wp:post_date"))
        if moment is None and record.get("wp:status") in {"publish", "future"}:
            moment = mail_date(record.get("pubDate"))
            if moment is None:
                self._notes.append("without a date there: dated by the import")
        return moment

    def _author(self) -> str:
        login = self._record.get("dc:creator")
        return self._cut("author's name", self._blog.authors.get(login, login), _MAX_AUTHOR)

    def _featured(self) -> str | None:
        number = self._record.meta.get("_thumbnail_id", "")
        if not number:
            return None
        attachment = self._blog.media.get(number)
        if attachment is None or not IMAGE_ADDRESS.fullmatch(attachment.url):
            self._notes.append("its featured image is not in the export")
            return None
        return attachment.url

    def _labels(self) -> tuple[str, ...]:
        """Categories, then tags, each once, without WordPress's placeholder; not more than an article may have."""
        terms = self._record.terms
        wanted = [term for term in terms if term[0] in {"", "category"}]
        wanted += [term for term in terms if term[0] in {"post_tag", "tag"}]
        labels: dict[str, str] = {}
        for _, nicename, name in wanted:
            label = " ".join(plain_text(name).split())
            key = label_key(label)
            if not label or nicename in _UNCATEGORISED or (not nicename and key in _UNCATEGORISED):
                continue
            if label_problem(label):
                self._notes.append(f"left out a label that is longer than {MAX_LABEL} characters: {label[:30]!r}…")
                continue
            labels.setdefault(key, label)
        names = list(labels.values())
        if len(names) > MAX_LABELS:
            left_out = ", ".join(names[MAX_LABELS:])
            self._notes.append(
                f"has {len(names)} labels, of which the first {MAX_LABELS} are kept, without: {left_out}"
            )
        return tuple(names[:MAX_LABELS])

    def _cut(self, what: str, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        self._notes.append(f"its {what} has {len(text)} characters: cut to {limit}")
        return text[: limit - 1].rstrip() + "…"
