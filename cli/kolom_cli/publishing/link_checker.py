"""Check the links of articles to pages, headings and files of the site, after all articles were read.

| a link to | is checked against |
|---|---|
| an article | the articles of this run, or else stored ones: a BatchGetItem per 100 pointers, one per 100 articles |
| a heading | the ids of the article's HTML: for a stored article one Query |
| a picture or another file in ``/media/`` | the bucket, with one request |
| a label | the labels of this run, or else the stored ones: one Query |
| a page or a feed of the site itself | their paths |

Each target is looked up once. Links to other sites are not checked.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote, urljoin, urlsplit

from kolom.articles import public, repository
from kolom.articles.input import ArticleInput
from kolom.articles.names import default_path, label_key, pointer_keys_at, variant_pointer_keys
from kolom.articles.types import Article
from kolom.config import settings
from kolom.feeds.documents import is_document_path
from kolom.feeds.legacy_urls import find_legacy_feed_redirect
from kolom.rendering.element_ids import PAGE_ANCHORS
from kolom.rendering.html_tokenizer import Start, tokenize, unescape
from kolom_cli.media.store import MediaStore, is_media_path
from kolom_cli.publishing.document import FORMATS
from kolom_cli.terminal.output import format_place

_PAGE: Final = re.compile(
    r"/|/(?:labels|archive|contact|search)/?|/(?:api|assets)/.+|/favicon\.ico|/\d{4}/?|/\d{4}/(?:0?[1-9]|1[0-2])/?",
    re.ASCII,
)
"""The paths of the site that lead to no article and need no other check."""

_LABEL: Final = re.compile(r"/label/(.+?)/?")
_COMMENTS: Final = re.compile(r"/feeds/comments/([^/]+)")
_COMMENT_ID: Final = "comment-"
_TEXT_FRAGMENT: Final = ":~:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is known of an article of this run. ``links`` maps each link as it was written to its replacement.

    ``path`` is unescaped, ``hrefs`` are the links of the HTML, and ``ids`` its anchors. A file outside of the folder
    ``root`` cannot be linked.
    """

    file: Path
    root: Path
    slug: str
    path: str
    draft: bool
    published_at: datetime | None
    labels: tuple[str, ...]
    links: Mapping[str, str]
    hrefs: tuple[str, ...]
    ids: frozenset[str]

    @classmethod
    def of(cls, article: ArticleInput, links: Mapping[str, str], *, file: Path, root: Path) -> Self:
        """Return the page of an article."""
        hrefs = (unescape(tag.attributes.get("href", "")) for tag in _tags(article.body.html) if tag.name == "a")
        return cls(
            file=file,
            root=root,
            slug=article.slug,
            path=article.path or default_path(article.slug),
            draft=article.draft,
            published_at=article.published_at,
            labels=article.labels,
            links=links,
            hrefs=tuple(dict.fromkeys(hrefs)),
            ids=_ids_of(article.body.html),
        )


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """A link that leads nowhere, or not yet to a public page; ``target`` is the link as it was written."""

    file: Path
    line: int | None
    target: str
    reason: str

    @property
    def place(self) -> str:
        """The file with the line of the link."""
        return format_place(self.file, self.line)

    @property
    def text(self) -> str:
        """The problem as a note."""
        return f"broken link {self.target}: {self.reason}"


@dataclass(frozen=True, slots=True)
class _Target:
    """What a URL leads to: ``problem`` says why it is not a public page, ``public_from`` when it will be one."""

    problem: str | None = None
    public_from: datetime | None = None


class LinkChecker:
    """Checks the links of the pages that were added."""

    def __init__(self, media: MediaStore, now: datetime) -> None:
        self._media = media
        self._now = now
        self._pages: list[Page] = []
        self._own: dict[str, Page] = {}  # by pointer key
        self._found: dict[str, int] = {}  # the ids of stored articles, by pointer key
        self._articles: dict[int, Article] = {}
        self._targets: dict[str, _Target] = {}
        self._ids: dict[str, frozenset[str]] = {}
        self._labels: frozenset[str] | None = None

    def add(self, page: Page) -> None:
        """Add an article of this run: its links are checked, and links of all pages to it are found."""
        self._pages.append(page)
        for key in (*pointer_keys_at(page.path), *pointer_keys_at(default_path(page.slug))):
            self._own[key] = page

    def broken_links(self) -> list[BrokenLink]:
        """Return the broken links of all pages, in their order."""
        links = [(page, list(_links_of(page))) for page in self._pages]
        self._look_up(unquote(urlsplit(url).path) for _, found in links for _, url in found)
        return [
            BrokenLink(page.file, _line(page.file, written), written, reason)
            for page, found in links
            for written, url in found
            if (reason := self._problem(page, written, url))
        ]

    def _look_up(self, paths: Iterable[str]) -> None:
        """Read the articles at all these paths that are not in this run."""
        keys = {
            key for path in paths if not self._own_page(path) and not _is_site_page(path) for key in _pointer_keys(path)
        }
        self._found = repository.find_ids(keys)
        self._articles = repository.get_many(self._found.values())

    def _problem(self, page: Page, written: str, url: str) -> str | None:
        parts = urlsplit(url)
        path, fragment = unquote(parts.path), unquote(parts.fragment)
        if path not in self._targets:
            self._targets[path] = self._target(path)
        target = self._targets[path]
        if target.problem is not None and self._own_page(path) is not page:
            if target.public_from and page.published_at and page.published_at >= target.public_from:
                return None  # both are scheduled, and the target is public first
            return _file_problem(page, written) or target.problem
        if fragment in PAGE_ANCHORS or fragment.startswith((_COMMENT_ID, _TEXT_FRAGMENT)):
            return None
        ids = self._ids_at(path)
        return None if ids is None or fragment in ids else _missing_heading(fragment, ids)

    def _target(self, path: str) -> _Target:
        if own := self._own_page(path):
            return self._own_target(own)
        if match := _LABEL.fullmatch(path):
            return _Target() if self._has_label(match[1]) else _Target(f"no article has the label {match[1]!r}")
        if path.startswith("/media/"):
            return _Target() if self._has_file(path) else _Target("there is no such file in the media bucket")
        if match := _COMMENTS.fullmatch(path):
            return self._target(default_path(match[1]))
        if _is_site_page(path):
            return _Target()
        article = self._article(path)
        if article is None:
            return _Target(f"there is no {'file' if is_media_path(path) else 'page'} at {path}")
        match article.status:
            case "published":
                return _Target()
            case "scheduled":
                return _Target(
                    f"the article {article.slug!r} is not public yet: scheduled", public_from=article.published_at
                )
            case "draft":
                return _Target(f"the article {article.slug!r} is a draft")
            case _:
                return _Target(f"the article {article.slug!r} was deleted")

    def _own_target(self, page: Page) -> _Target:
        if page.draft:
            return _Target(f"the article {page.slug!r} is a draft")
        if page.published_at and page.published_at > self._now:
            return _Target(f"the article {page.slug!r} is not public yet: scheduled", public_from=page.published_at)
        return _Target()

    def _own_page(self, path: str) -> Page | None:
        return next((self._own[key] for key in _pointer_keys(path) if key in self._own), None)

    def _article(self, path: str) -> Article | None:
        """Return the stored article at the path; of several, a published one."""
        ids = dict.fromkeys(self._found[key] for key in _pointer_keys(path) if key in self._found)
        articles = [self._articles[each] for each in ids if each in self._articles]
        return next((each for each in articles if each.status == "published"), next(iter(articles), None))

    def _ids_at(self, path: str) -> frozenset[str] | None:
        """Return the ids of the article at the path; None if it is not an article."""
        if path not in self._ids:
            if own := self._own_page(path):
                self._ids[path] = own.ids
            elif article := self._article(path):
                body = repository.find_rendered_body(article)
                self._ids[path] = frozenset() if body is None else _ids_of(body.html)
            else:
                return None
        return self._ids[path]

    def _has_label(self, label: str) -> bool:
        if self._labels is None:
            stored = (each.label for each in public.list_all_labels())
            own = (label for page in self._pages if not page.draft for label in page.labels)
            self._labels = frozenset(map(label_key, (*stored, *own)))
        return label_key(label) in self._labels

    def _has_file(self, path: str) -> bool:
        return not settings().media_bucket or self._media.has(path.removeprefix("/"))


def _links_of(page: Page) -> Iterator[tuple[str, str]]:
    """Yield each link of the page that may lead to this site: as it was written, and its URL from the root."""
    base = page.path
    site = urlsplit(settings().site_url or "")
    for written, resolved in page.links.items():
        is_uploaded = resolved != written and resolved.startswith("/media/")
        if not is_uploaded and (url := _local_url(resolved, base, site.netloc)):
            yield written, url
    for href in page.hrefs:
        is_new = href.startswith("#") or (href not in page.links and "://" in href)
        if is_new and (url := _local_url(href, base, site.netloc)):
            yield href, url


def _local_url(url: str, base: str, host: str) -> str | None:
    """Return the path, query and fragment of a URL on this site; None for another site."""
    try:
        parts = urlsplit(urljoin(base, url))
    except ValueError:
        return None
    if (parts.scheme or parts.netloc) and (parts.scheme not in {"", "http", "https"} or parts.netloc != host):
        return None
    return parts._replace(scheme="", netloc="").geturl() or "/"


def _tags(html: str) -> Iterator[Start]:
    return (token for token in tokenize(html) if isinstance(token, Start))


def _ids_of(html: str) -> frozenset[str]:
    return frozenset(unescape(tag.attributes["id"]) for tag in _tags(html) if "id" in tag.attributes)


def _pointer_keys(path: str) -> tuple[str, ...]:
    return (*pointer_keys_at(path), *variant_pointer_keys(path))


def _is_site_page(path: str) -> bool:
    is_page = _PAGE.fullmatch(path) is not None
    return is_page or is_document_path(path) or find_legacy_feed_redirect(path, {}) is not None


def _file_problem(page: Page, written: str) -> str | None:
    """Return why a link to a file beside the text is broken; None if it is not like a link to a file."""
    try:
        parts = urlsplit(written)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme or parts.netloc or path.startswith("/") or Path(path).suffix.lower() not in FORMATS:
        return None
    file = (page.file.parent / path).resolve()
    if not file.is_file():
        return f"there is no file {path}"
    if not file.is_relative_to(page.root.resolve()):
        return f"the file is outside of the published folder {page.root}"
    return None if page.links.get(written, written) != written else "the file is not an article, or has an error"


def _missing_heading(fragment: str, ids: frozenset[str]) -> str:
    similar = difflib.get_close_matches(fragment, ids, 1) or [each for each in ids if each == f"section-{fragment}"]
    hint = f"; did you mean #{similar[0]}?" if similar else ""
    return f"there is no heading or element with the id {fragment!r}{hint}"


def _line(file: Path, written: str) -> int | None:
    """Return the line of the first occurrence of the link in the file."""
    forms = {written, unquote(written), written.replace("%20", " "), written.replace("&", "&amp;")}
    pattern = re.compile("|".join(rf"(?<![\w/.-]){re.escape(form)}(?![\w/.-])" for form in forms))
    try:
        found = pattern.search(text := file.read_text("utf-8", errors="replace"))
    except OSError:
        return None
    return text.count("\n", 0, found.start()) + 1 if found else None
