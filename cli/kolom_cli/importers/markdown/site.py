"""The model of a site that is generated from a directory: its documents with their URLs, and its files."""

import fnmatch
import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from kolom.articles.names import default_path
from kolom.articles.types import Kind
from kolom.config import settings
from kolom_cli.importers.common.types import Skipped, SourceError
from kolom_cli.importers.markdown.front_matter_values import get_map, get_text
from kolom_cli.importers.markdown.lenient_front_matter import Value, Values, read_data
from kolom_cli.importers.markdown.permalinks import normalize_slashes
from kolom_cli.publishing.document import FORMATS, NOT_READ, DocumentError, read_text
from kolom_cli.publishing.file_locations import directories_and_name, is_hidden_by_link
from kolom_cli.publishing.slugs import clean_slug, slugify_title

type Generator = Literal["jekyll", "hugo", "pelican", "plain"]

OTHER_MARKUP: Final = {
    ".adoc": "AsciiDoc",
    ".asciidoc": "AsciiDoc",
    ".ipynb": "a notebook",
    ".mdx": "Markdown with JSX",
    ".org": "Org",
    ".rst": "reStructuredText",
    ".textile": "Textile",
}
DATE_PREFIX: Final = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[-_](?=.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDocument:
    """A document of the site.

    ``url_path`` is the path of its URL, unescaped; ``aliases`` are other paths that lead to it. ``body`` is the
    position of its text in the file.

    ``id_suffix`` is added to its slug if the slug is taken. ``bundle`` is its directory if it is a page bundle.
    ``at_root`` is True if it is not in a section.
    """

    path: Path
    location: str
    front: Values
    body: int
    kind: Kind
    slug: str
    id_suffix: str
    name: str
    url_path: str | None = None
    aliases: tuple[str, ...] = ()
    date: datetime | None = None
    updated: datetime | None = None
    draft: bool = False
    language: str | None = None
    labels: tuple[str, ...] = ()
    bundle: Path | None = None
    at_root: bool = False
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The normalized path by which the site's own links refer to it."""
        return normalize_url_path(self.url_path or default_path(self.slug))


@dataclass(slots=True)
class Site:
    """A site. ``roots`` are the directories served at the root of the site; ``pages`` is the directory of its pages.

    ``has_mdx`` is True if its Markdown is MDX, whatever the names of the files.
    """

    flavor: Generator
    directory: Path
    pages: Path
    roots: tuple[Path, ...]
    config: Values = field(default_factory=dict)
    authors: Values = field(default_factory=dict)
    zone: tzinfo = field(default_factory=lambda: settings().zone)
    base: str = ""
    hosts: frozenset[str] = frozenset()
    has_mdx: bool = False
    items: list[SiteDocument | Skipped] = field(default_factory=list)
    _by_path: dict[Path, SiteDocument] = field(default_factory=dict)
    _by_url_path: dict[str, SiteDocument] = field(default_factory=dict)
    _by_name: dict[str, SiteDocument | None] = field(default_factory=dict)

    def add(self, items: Iterable[SiteDocument | Skipped]) -> "Site":
        """Add documents and skipped files. If two documents have the same URL, the first one keeps it."""
        for item in items:
            self.items.append(item)
            if isinstance(item, SiteDocument):
                self._by_path[item.path.resolve()] = item
                if item.bundle is not None:
                    self._by_path.setdefault(item.bundle.resolve(), item)
                self._by_url_path.setdefault(item.key, item)
                for name in {item.path.name, item.path.stem, item.name}:
                    self._by_name[name] = None if name in self._by_name else item
        for item in [each for each in self.items if isinstance(each, SiteDocument)]:
            for alias in item.aliases:
                self._by_url_path.setdefault(normalize_url_path(alias), item)
        return self

    @property
    def identity(self) -> str:
        """The URL and the title of the site in its configuration; an empty string if it has neither."""
        title = get_text(self.config, "title") or get_text(get_map(self.config, "params"), "title")
        return "\n".join((min(self.hosts, key=len, default="") + self.base, title)).strip()

    def find_by_path(self, path: Path) -> SiteDocument | None:
        """Return the document of a file or of a bundle's directory."""
        return self._by_path.get(path)

    def find_by_url_path(self, url_path: str) -> SiteDocument | None:
        """Return the document with that URL."""
        return self._by_url_path.get(normalize_url_path(url_path))

    def find_by_name(self, name: str) -> SiteDocument | None:
        """Return the document of that file name, with or without suffix, if there is exactly one."""
        return self._by_name.get(name)

    def location_of(self, path: Path) -> tuple[str, ...]:
        """Return the directories that contain a file, for a symbolic link also those of its target, and its name."""
        return directories_and_name(path, self.directory, path.relative_to(self.directory).parts[:-1])

    def without_base(self, path: str) -> str:
        """Return a path of the old site relative to its base path."""
        if self.base and (path == self.base or path.startswith(f"{self.base}/")):
            return path[len(self.base) :] or "/"
        return path


def normalize_url_path(url_path: str) -> str:
    """Return the normalized form of a path, which is the same for ``/x``, ``/x/`` and ``/x/index.html``."""
    return normalize_slashes(url_path.removesuffix("index.html")).rstrip("/") or "/"


def base_of(url: str, path: str = "") -> tuple[str, frozenset[str]]:
    """Return the base path of a site, without a trailing slash, and its host names."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}" if "." in url else url)
    except ValueError:
        return "", frozenset()
    base = normalize_slashes(unquote(parts.path if not path else f"{parts.path}/{path}")).rstrip("/")
    host = (parts.hostname or "").removeprefix("www.")
    return base, frozenset((host, f"www.{host}")) if host else frozenset()


def walk(
    root: Path, directory: Path, *, enter: Callable[[Path], bool], formats: Collection[str] = FORMATS
) -> Iterator[Path | Skipped]:
    """Yield the documents below ``root`` in order, and a ``Skipped`` for each document that must not or cannot be read.

    ``formats`` are the suffixes of documents.

    Symbolic links to directories are not followed. A link to a file outside of ``directory`` is skipped.

    :raises OSError: a directory cannot be read
    """
    found: list[Path] = []
    for parent, directories, files in root.walk(on_error=_refuse):
        directories[:] = sorted(
            name for name in directories if not name.startswith(".") and name not in NOT_READ and enter(parent / name)
        )
        found += [parent / name for name in files if not name.startswith(".")]
    inside = directory.resolve()
    for path in sorted(found):
        suffix = path.suffix.lower()
        # Only the path in the site becomes part of URLs and of the article's origin.
        if not str(path.relative_to(directory)).isprintable():
            if suffix in formats:
                reason = "its path is not UTF-8 or contains invisible characters: rename the file or its folder"
                yield Skipped(kind="article", name=ascii(path.name), reason=reason, refused=True)
        elif suffix in formats:
            if not path.resolve().is_relative_to(inside):
                yield Skipped(kind="file", name=str(path), reason="a link to a file outside of the folder")
            elif is_hidden_by_link(path, directory):
                yield Skipped(kind="file", name=str(path), reason="a link into a hidden folder")
            else:
                yield path
        elif suffix in OTHER_MARKUP:
            reason = f"is {OTHER_MARKUP[suffix]}, which is not supported: convert it to Markdown or HTML"
            yield Skipped(kind="article", name=str(path), reason=reason, refused=True)


def _refuse(error: OSError) -> None:
    raise error


def matches_pattern(location: str, patterns: Iterable[str]) -> bool:
    """Return whether a path, or a folder above it, matches one of the patterns. Paths are relative to the root."""
    for pattern in patterns:
        name = pattern.strip("/")
        if location == name or location.startswith(f"{name}/") or fnmatch.fnmatch(location, name):
            return True
    return False


def find_directory(directory: Path, name: str) -> Path | None:
    """Return the directory ``name`` if it exists within ``directory``; None otherwise. The name may be a full path."""
    found = (directory / name).resolve()
    if not found.is_dir() or not found.is_relative_to(directory.resolve()):
        return None
    return directory / found.relative_to(directory.resolve()) if Path(name).is_absolute() else directory / name


def find_directories(directory: Path, names: Iterable[str]) -> tuple[Path, ...]:
    """Return the directories of these names that exist within ``directory``."""
    return tuple(found for name in names if (found := find_directory(directory, name)) is not None)


def files_inside(directory: Path, names: Iterable[str]) -> Iterator[Path]:
    """Yield the files of these names that exist, except links that lead out of the folder."""
    for name in names:
        path = directory / name
        if path.is_file() and path.resolve().is_relative_to(directory.resolve()):
            yield path


def load_first_data_file(directory: Path, *names: str) -> Values:
    """Return the values of the first data file that exists, or an empty map.

    :raises SourceError: the file is invalid, so every URL might be wrong
    """
    for path in files_inside(directory, names):
        try:
            return read_data(path, read_text(path))
        except DocumentError as error:
            raise SourceError(str(error)) from error
    return {}


def derive_id_suffix(location: str) -> str:
    """Return a short, stable, hexadecimal suffix for the slug of a file."""
    return hashlib.sha256(location.encode("utf-8", "surrogateescape")).hexdigest()[:6]


def slug_for(wanted: str, *others: str, id_suffix: str) -> tuple[str, tuple[str, ...]]:
    """Return a valid slug, as close as possible to ``wanted`` or else to one of ``others``.

    The notes tell if the slug had to begin with ``page-``; smaller changes have no note.
    """
    slug = (clean_slug(wanted) if wanted else None) or next(
        (slug for each in others if (slug := slugify_title(each))), None
    )
    if slug is None:
        slug = clean_slug(f"page-{wanted}") if wanted else None
    if slug is None:
        slug = next((slug for each in others if (slug := slugify_title(f"page {each}"))), f"page-{id_suffix}")
    name = wanted or next((each for each in others if each), "")
    if slug.startswith("page-") and not name.lower().startswith("page"):
        return slug, (f"invalid slug {name!r} changed to {slug!r}",)
    return slug, ()


def single_segment(url_path: str | None) -> str:
    """Return the slug of a path like ``/about/``, or an empty string for any other path."""
    match = re.fullmatch(r"/([^/.]+)/", url_path or "")
    return match[1] if match else ""


def default_author(config: Values) -> Value:
    """Return the default author in the configuration."""
    for source in (config, get_map(config, "params")):
        author = source.get("author") or source.get("authors")
        if isinstance(author, dict):
            author = get_text(author, "name")
        if author:
            return author
    return None
