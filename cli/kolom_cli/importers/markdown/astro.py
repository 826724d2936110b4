"""Read the sites of Astro: content collections in ``src/content`` and pages in ``src/pages``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from kolom_cli.importers.common.types import Skipped
from kolom_cli.importers.markdown import plain
from kolom_cli.importers.markdown.front_matter_values import get_text
from kolom_cli.importers.markdown.permalinks import normalize_slashes
from kolom_cli.importers.markdown.site import (
    Site,
    SiteDocument,
    base_of,
    files_inside,
    find_directories,
    normalize_url_path,
    walk,
)
from kolom_cli.publishing.document import DocumentError, read_text

_CONFIGS: Final = tuple(f"astro.config.{suffix}" for suffix in ("mjs", "ts", "js", "mts", "cjs"))
_CONTENT_CONFIGS: Final = tuple(
    f"src/{name}.{suffix}" for name in ("content.config", "content/config") for suffix in ("ts", "mts", "js", "mjs")
)
_LINE_COMMENT: Final = re.compile(r"^\s*//.*$", re.MULTILINE)
_SITE: Final = re.compile(r"\bsite\s*:\s*[\"'](https?://[^\"'\s]+)[\"']")
_BASE: Final = re.compile(r"\bbase\s*:\s*[\"'](/[^\"'\s]*)[\"']")
_LOADED: Final = re.compile(r"\bbase\s*:\s*[\"']\.?/?(src/[^\"'\s]+)[\"']")
_COLLECTION: Final = re.compile(r"getCollection(?:<[^<>()]*>)?\(\s*[\"']([\w-]+)[\"']")
_DYNAMIC: Final = re.compile(r"\[(?:\.\.\.)?(\w+)\]")
_LISTS: Final = frozenset(("page", "tag", "category", "lang", "locale", "author", "year"))
"""The parameters of routes that show lists of entries."""
_PAGE_COLLECTIONS: Final = frozenset(("page", "pages"))
_GENERATED_PAGES: Final = frozenset(("/", "/404", "/500", "/search"))
_MAX_ROUTES: Final = 500


def is_astro(directory: Path) -> bool:
    """Return whether the directory has an Astro configuration or content collections."""
    return any((directory / name).is_file() for name in _CONFIGS) or (directory / "src/content").is_dir()


def read_site(directory: Path) -> Site:
    """Return the site with all its documents."""
    site = Site(
        flavor="plain",
        directory=directory,
        pages=directory,
        roots=(directory, *find_directories(directory, ["public", "src"])),
    )
    config = _LINE_COMMENT.sub("", "".join(_texts(directory, _CONFIGS)))
    site_url, base = _SITE.search(config), _BASE.search(config)
    site.base, site.hosts = base_of(site_url[1] if site_url else "", base[1] if base else "")
    return site.add(_with_page_kinds(list(_SiteReader(site).items())))


def _texts(directory: Path, names: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts of the files that exist. They are programs, which are searched and never run."""
    for path in files_inside(directory, names):
        try:
            yield read_text(path)
        except DocumentError:
            continue


def _with_page_kinds(items: list[tuple[str, SiteDocument | Skipped]]) -> list[SiteDocument | Skipped]:
    """Treat the entries of a collection as pages if none of them has a date."""
    dated = {name for name, item in items if isinstance(item, SiteDocument) and item.date is not None}
    return [
        replace(item, kind="page") if isinstance(item, SiteDocument) and name and name not in dated else item
        for name, item in items
    ]


@dataclass(slots=True)
class _SiteReader:
    site: Site
    directories: list[Path] = field(init=False)
    routes: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        directory = self.site.directory
        config = _LINE_COMMENT.sub("", "".join(_texts(directory, _CONTENT_CONFIGS)))
        loaded = [directory / name.rstrip("/") for name in _LOADED.findall(config)]
        self.directories = sorted(
            {directory / "src/content", *loaded}, key=lambda subdirectory: -len(subdirectory.parts)
        )
        pages = directory / "src/pages"
        for path in sorted(pages.rglob("*.astro"))[:_MAX_ROUTES] if pages.is_dir() else []:
            self._add_route(path.relative_to(pages).with_suffix(""), path)

    def _add_route(self, route: Path, path: Path) -> None:
        parts = route.parts[:-1] if route.name == "index" else route.parts
        parameters = [name for part in parts for name in _DYNAMIC.findall(part)]
        if len(parameters) == 1 and parameters[0] not in _LISTS and _DYNAMIC.fullmatch(parts[-1]):
            for text in _texts(self.site.directory, (path.relative_to(self.site.directory).as_posix(),)):
                for name in _COLLECTION.findall(text):
                    self.routes.setdefault(name, set()).add("/".join(parts[:-1]))

    def items(self) -> Iterator[tuple[str, SiteDocument | Skipped]]:
        """Yield the documents, each with the name of its collection. The name is empty for pages."""
        directory = self.site.directory
        for found in walk(
            directory, directory, enter=lambda subdirectory: subdirectory.name != "dist", formats=plain.FORMATS_READ
        ):
            if isinstance(found, Skipped):
                yield "", found
            else:
                yield self._item(found)

    def _item(self, path: Path) -> tuple[str, SiteDocument | Skipped]:
        pages = self.site.directory / "src/pages"
        if path.is_relative_to(pages):
            return "", self._page(path, path.relative_to(pages))
        directory = next((each for each in self.directories if path.is_relative_to(each)), None)
        if directory is None:
            reason = "is not in a folder that Astro publishes, such as src/content and src/pages"
            return "", Skipped(kind="file", name=str(path), reason=reason)
        relative = path.relative_to(directory)
        is_collection = directory != self.site.directory / "src/content"
        name = directory.name if is_collection else relative.parts[0] if len(relative.parts) > 1 else ""
        item = plain.read_item(self.site, path)
        if isinstance(item, Skipped):
            return name, item
        below = relative if is_collection else Path(*relative.parts[1:]) if name else relative
        entry = replace(item, url_path=item.url_path or self._url_path(name, item, below))
        return name, replace(entry, kind="page") if name in _PAGE_COLLECTIONS else entry

    def _url_path(self, collection: str, item: SiteDocument, path: Path) -> str | None:
        """Return the URL of an entry, if exactly one page of the site shows the entries of its collection."""
        routes = self.routes.get(collection, set())
        if len(routes) != 1:
            return None
        parts = path.with_suffix("").parts
        parts = parts[:-1] if parts and parts[-1] == "index" else parts
        own = get_text(item.front, "slug") or "/".join(map(_slug, parts))
        return normalize_slashes(f"{next(iter(routes))}/{own}/") if own else None

    def _page(self, path: Path, relative: Path) -> SiteDocument | Skipped:
        item = plain.read_item(self.site, path)
        if isinstance(item, Skipped):
            return item
        parts = relative.with_suffix("").parts
        url_path = normalize_slashes("/".join(parts[:-1] if parts[-1] == "index" else parts) + "/")
        if normalize_url_path(url_path) in _GENERATED_PAGES:
            return Skipped(kind="page", name=str(path), reason="a page that Kolom generates itself")
        return replace(item, url_path=item.url_path or url_path, kind="article" if item.date else "page")


def _slug(name: str) -> str:
    return re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-")
