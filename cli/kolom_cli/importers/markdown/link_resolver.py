"""Resolve the links and images of a page: upload images to ``/media/``, point links to articles, keep other URLs."""

import contextlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import normpath
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from kolom.articles.names import default_path, path_problem
from kolom.rendering.element_ids import article_fragment, element_url
from kolom.urls import encoded_path, label_path, with_query
from kolom_cli.importers.markdown.site import Site, SiteDocument
from kolom_cli.media.store import CONTENT_TYPES, MediaError, MediaStore, Resolver, is_media_path
from kolom_cli.publishing.document import FORMATS

_INTRASITE: Final = re.compile(
    r"(?:\{|%7B|\||%7C)(filename|static|attach|tag|category|author|index|archives)(?:\}|%7D|\||%7C)", re.IGNORECASE
)


def find_custom_path(entry: SiteDocument) -> str | None:
    """Return the path that the article keeps: its old path, if it is valid in Kolom and not the default path."""
    if entry.url_path is None or entry.url_path == default_path(entry.slug) or path_problem(entry.url_path):
        return None
    return entry.url_path


def url_of(entry: SiteDocument) -> str:
    """Return the article's URL path in Kolom, percent-encoded for a link."""
    return encoded_path(find_custom_path(entry) or default_path(entry.slug))


def _url_at(entry: SiteDocument, parts: SplitResult) -> str:
    """Return the article's URL with the query of its old URL, and the fragment that its element has in Kolom."""
    return element_url(with_query(url_of(entry), parts.query), parts.fragment)


@dataclass(slots=True)
class LinkResolver:
    """Resolves the URLs of one page.

    ``problems`` counts the links that could not be resolved, by reason. ``missing`` are the links to files that do not
    exist.
    """

    site: Site
    entry: SiteDocument
    media: MediaStore
    problems: Counter[str] = field(default_factory=Counter)
    missing: set[str] = field(default_factory=set)

    def __call__(self, url: str) -> str:
        """Return the replacement of ``url``."""
        if intrasite := _INTRASITE.match(url):
            return self._intrasite(url, intrasite[1].lower(), url[intrasite.end() :])
        try:
            parts = urlsplit(url)
            path = unquote(parts.path)
            if parts.scheme not in {"", "http", "https"} or "\0" in path:
                return url
            if parts.netloc:
                if parts.hostname not in self.site.hosts or not is_media_path(path):
                    return url
                found = self._find_file(self.site.without_base(path))
                return self._upload(url, found) if found else url
        except ValueError:
            return url
        if not path:
            return url
        if not is_media_path(path) and (target := self._find_page(path)):
            return _url_at(target, parts)
        found = self._find_file(path)
        if found is not None and found.suffix.lower() not in FORMATS:
            return self._upload(url, found)
        if found is None and is_media_path(path):
            self.problems[f"the file {path} does not exist"] += 1
            self.missing.add(url)
        return url

    def without_missing(self, links: Mapping[str, str]) -> dict[str, str]:
        """Return the links except those to missing files, which are reported already."""
        return {written: replaced for written, replaced in links.items() if written not in self.missing}

    def new_url(self, url: str) -> str:
        """Return the new URL of the page to which an HTTP URL of the old site leads; other URLs stay as they are."""
        try:
            parts = urlsplit(url)
            if parts.hostname not in self.site.hosts or not parts.path.strip("/") or is_media_path(parts.path):
                return url
            target = self.site.find_by_url_path(self.site.without_base(unquote(parts.path)))
        except ValueError:
            return url
        return url if target is None else _url_at(target, parts)

    def is_own(self, url: str) -> bool:
        """Return whether the URL is at a host of the site."""
        try:
            return urlsplit(url).hostname in self.site.hosts
        except ValueError:
            return False

    def _intrasite(self, url: str, kind: str, rest: str) -> str:
        """Return the URL for a link of Pelican, such as ``{filename}/post.md`` or ``{static}images/a.png``."""
        match kind:
            case "filename" | "static" | "attach":
                return self(self._beside_or_above(rest)) if not _INTRASITE.match(rest) else url
            case "tag" | "category":
                return label_path(unquote(rest.strip("/")))
            case "index" | "archives":
                return "/"
            case _:
                self.problems[f"the link {url} has no equivalent"] += 1
                return url

    def _beside_or_above(self, url: str) -> str:
        """Return the URL ``/x`` as a relative URL if ``x`` is a file in the folder of the page or in a folder above it.

        Other URLs are unchanged.
        """
        path = unquote(url.partition("#")[0].partition("?")[0])
        if not path.startswith("/") or "\0" in path:
            return url
        root = self.site.directory
        for level, directory in enumerate(self.entry.path.parents):
            if not directory.is_relative_to(root):
                break
            with contextlib.suppress(OSError, ValueError):
                if (directory / path.lstrip("/")).is_file():
                    return "../" * level + url.lstrip("/") if level else f"./{url.lstrip('/')}"
        return url

    def reference(self, wanted: str) -> str | None:
        """Return the URL of the target of Hugo's ``ref``, or Jekyll's ``post_url`` and ``link``, if it exists."""
        path, separator, fragment = wanted.strip().partition("#")
        target = self.entry if not path else self._find_reference(path)
        if target is None:
            return None
        return url_of(target) + separator + article_fragment(fragment) if path else separator + fragment

    def _find_reference(self, path: str) -> SiteDocument | None:
        name = path.strip("/")
        site = self.site
        bases = [self.entry.path.parent, site.pages, site.directory]
        if path.startswith("/"):
            bases = bases[1:]
        directories = ("", "_posts/", "_drafts/") if site.flavor == "jekyll" else ("",)
        for base in bases:
            for directory in directories:
                for suffix in ("", *FORMATS, "/index.md"):
                    if found := site.find_by_path(_joined(base, f"{directory}{name}{suffix}")):
                        return found
        return site.find_by_name(name.rpartition("/")[2]) or site.find_by_url_path(f"/{name}")

    def _find_page(self, path: str) -> SiteDocument | None:
        """Return the target page of a link, found by its file, its URL, or its URL relative to this page."""
        site = self.site
        if path.startswith("/"):
            own = site.without_base(path)
            return site.find_by_url_path(own) or site.find_by_path(_joined(site.pages, own.lstrip("/")))
        beside = _joined(self.entry.path.parent, path)
        if found := site.find_by_path(beside) or site.find_by_path(_joined(beside, "index.md")):
            return found
        if path.lower().endswith((".md", ".mdx", ".markdown")):
            return None
        return site.find_by_url_path(self._relative_url_path(path))

    def _relative_url_path(self, path: str) -> str:
        url_path = self.entry.url_path or default_path(self.entry.slug)
        return normpath(url_path.rpartition("/")[0] + "/" + path)

    def _find_file(self, path: str) -> Path | None:
        """Return the file of a URL's path. It must be within the directory after symbolic links are resolved."""
        site = self.site
        own = site.without_base(path).lstrip("/")
        candidates: list[Path] = []
        if not path.startswith("/"):
            candidates.append(self.entry.path.parent / path)
            if alias := re.match(r"[@~]/", path):  # In JavaScript, @/ and ~/ often mean the source folder.
                candidates += [root / path[alias.end() :] for root in site.roots]
            if not path.startswith("."):
                candidates += [root / path for root in site.roots]
            own = self._relative_url_path(path).lstrip("/")
        candidates += [root / own for root in site.roots]
        if path.startswith("/"):
            candidates += [root / path.lstrip("/") for root in (*site.roots, site.pages)]
        elif (owner := site.find_by_url_path(self._relative_url_path(path).rpartition("/")[0])) and owner.bundle:
            candidates.append(owner.bundle / own.rpartition("/")[2])
        if path.startswith("/") and (owner := site.find_by_url_path(f"/{own}".rpartition("/")[0])) and owner.bundle:
            candidates.append(owner.bundle / own.rpartition("/")[2])
        inside = site.directory.resolve()
        for candidate in candidates:
            try:
                target = candidate.resolve()
                if target.is_file() and target.is_relative_to(inside):
                    return target
            except (OSError, ValueError):
                continue
        return None

    def _upload(self, url: str, file: Path) -> str:
        if file.suffix.lower() not in CONTENT_TYPES:
            self.problems[f"{file.name} has a file type that is not imported"] += 1
            return url
        resolver = Resolver(file, self.site.directory, self.media, lambda _: None)
        try:
            return resolver(quote(file.name))
        except MediaError as error:
            self.problems[f"{file.name} {str(error).partition(': ')[2]}"] += 1
            return url


def _joined(base: Path, path: str) -> Path:
    try:
        return (base / path).resolve()
    except (OSError, ValueError):
        return base
