"""A folder as the site that it makes: its documents with their addresses, and where its files lie."""

import fnmatch
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
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
from kolom_cli.importers.markdown.permalinks import tidy
from kolom_cli.publishing.document import FORMATS, NOT_READ, DocumentError, read_text
from kolom_cli.publishing.file_locations import folders_and_name, is_hidden_by_link
from kolom_cli.publishing.slugs import clean_slug, slugify_title

type Generator = Literal["jekyll", "hugo", "plain"]

OTHER_MARKUP: Final = {
    ".adoc": "AsciiDoc",
    ".asciidoc": "AsciiDoc",
    ".ipynb": "a notebook",
    ".mdx": "Markdown with programs",
    ".org": "Org",
    ".rst": "reStructuredText",
    ".textile": "Textile",
}
DATED: Final = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[-_](?=.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document of the site. ``address`` is where it answered, unescaped; ``others`` are its further addresses.
    ``body`` is where its text begins in the file.

    ``number`` goes behind its slug if that is taken. ``bundle`` is its folder if that is its own,
    ``at_root`` whether it lies in no section.
    """

    path: Path
    place: str
    front: Values
    body: int
    kind: Kind
    slug: str
    number: str
    name: str
    address: str | None = None
    others: tuple[str, ...] = ()
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
        """The address under which the site's own links may call it."""
        return same_address(self.address or default_path(self.slug))


@dataclass(slots=True)
class Site:
    """``roots`` are the folders whose files lie at the root of the site; ``pages`` is where pages begin."""

    flavour: Generator
    directory: Path
    pages: Path
    roots: tuple[Path, ...]
    config: Values = field(default_factory=dict)
    authors: Values = field(default_factory=dict)
    zone: tzinfo = field(default_factory=lambda: settings().zone)
    base: str = ""
    hosts: frozenset[str] = frozenset()
    items: list[Entry | Skipped] = field(default_factory=list)
    _by_path: dict[Path, Entry] = field(default_factory=dict)
    _by_address: dict[str, Entry] = field(default_factory=dict)
    _by_name: dict[str, Entry | None] = field(default_factory=dict)

    def add(self, items: Iterable[Entry | Skipped]) -> "Site":
        """Take up what was found; of two documents at one address the first has it."""
        for item in items:
            self.items.append(item)
            if isinstance(item, Entry):
                self._by_path[item.path.resolve()] = item
                if item.bundle is not None:
                    self._by_path.setdefault(item.bundle.resolve(), item)
                self._by_address.setdefault(item.key, item)
                for name in {item.path.name, item.path.stem, item.name}:
                    self._by_name[name] = None if name in self._by_name and name != "index" else item
        for item in [each for each in self.items if isinstance(each, Entry)]:
            for other in item.others:
                self._by_address.setdefault(same_address(other), item)
        return self

    def at_path(self, path: Path) -> Entry | None:
        """The document in a file, or in the folder that is its own."""
        return self._by_path.get(path)

    def at_address(self, address: str) -> Entry | None:
        """The document that answered there."""
        return self._by_address.get(same_address(address))

    def named(self, name: str) -> Entry | None:
        """The only document of that file name, with or without its suffix."""
        return self._by_name.get(name)

    def place_of(self, path: Path) -> tuple[str, ...]:
        """The folders around a file of the site, of a link also those around its target, and its name."""
        return folders_and_name(path, self.directory, path.relative_to(self.directory).parts[:-1])

    def without_base(self, path: str) -> str:
        """A path of the old site from its own root."""
        if self.base and (path == self.base or path.startswith(f"{self.base}/")):
            return path[len(self.base) :] or "/"
        return path


def same_address(address: str) -> str:
    """The form of an address that is the same for ``/x``, ``/x/``, ``/x/index.html``."""
    return tidy(address.removesuffix("index.html")).rstrip("/") or "/"


def base_of(url: str, path: str = "") -> tuple[str, frozenset[str]]:
    """The path at which a site stood, without the slash at its end, and the names of its host."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}" if "." in url else url)
    except ValueError:
        return "", frozenset()
    base = tidy(unquote(parts.path if not path else f"{parts.path}/{path}")).rstrip("/")
    host = (parts.hostname or "").removeprefix("www.")
    return base, frozenset((host, f"www.{host}")) if host else frozenset()


def walk(root: Path, directory: Path, *, enter: Callable[[Path], bool]) -> Iterator[Path | Skipped]:
    """The documents below ``root`` in order, and what is a text of another kind.

    Links to folders are not followed; a link to a file that lies outside of ``directory`` is left out with the reason.

    :raises OSError: a folder cannot be read
    """
    found: list[Path] = []
    for parent, folders, files in root.walk(on_error=_refuse):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in NOT_READ and enter(parent / name)
        )
        found += [parent / name for name in files if not name.startswith(".")]
    inside = directory.resolve()
    for path in sorted(found):
        suffix = path.suffix.lower()
        if not str(path).isprintable():
            if suffix in FORMATS:
                reason = "its file's name is not in UTF-8, or holds control characters: rename it"
                yield Skipped(kind="article", name=ascii(path.name), reason=reason, refused=True)
        elif suffix in FORMATS:
            if not path.resolve().is_relative_to(inside):
                yield Skipped(kind="file", name=str(path), reason="a link that leads out of the folder")
            elif is_hidden_by_link(path, directory):
                yield Skipped(kind="file", name=str(path), reason="a link into a hidden folder")
            else:
                yield path
        elif suffix in OTHER_MARKUP:
            reason = f"is {OTHER_MARKUP[suffix]}, which is not read: only Markdown and HTML are"
            yield Skipped(kind="article", name=str(path), reason=reason, refused=True)


def _refuse(error: OSError) -> None:
    raise error


def is_excluded(place: str, patterns: Iterable[str]) -> bool:
    """Whether a path below the root is one of those that a configuration leaves out."""
    for pattern in patterns:
        name = pattern.strip("/")
        if place == name or place.startswith(f"{name}/") or fnmatch.fnmatch(place, name):
            return True
    return False


def load(folder: Path, *names: str) -> Values:
    """The first of the data files that is there; empty without one.

    :raises SourceError: it cannot be understood, so that every address might be wrong
    """
    for name in names:
        path = folder / name
        if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            try:
                return read_data(path, read_text(path))
            except DocumentError as error:
                raise SourceError(str(error)) from error
    return {}


def number_of(place: str) -> str:
    """A short name for a file that stays the same."""
    return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:6]


def slug_for(wanted: str, *others: str, number: str) -> tuple[str, tuple[str, ...]]:
    """A slug as near as possible to the one that is wanted, and what is to be said of it."""
    slug = (clean_slug(wanted) if wanted else None) or next(
        (slug for each in others if (slug := slugify_title(each))), None
    )
    if slug is None:
        slug = clean_slug(f"page-{wanted}") if wanted else None
    if slug is None:
        slug = next((slug for each in others if (slug := slugify_title(f"page {each}"))), f"page-{number}")
    name = wanted or next((each for each in others if each), "")
    if slug.startswith("page-") and not name.lower().startswith("page"):
        return slug, (f"the slug {name!r} is not possible here: it became {slug!r}",)
    return slug, ()


def single_segment(address: str | None) -> str:
    """The slug of an address like ``/about/``; an empty one of any other."""
    match = re.fullmatch(r"/([^/.]+)/", address or "")
    return match[1] if match else ""


def default_author(config: Values) -> Value:
    """Whom the configuration names as the author of everything."""
    for holder in (config, get_map(config, "params")):
        author = holder.get("author") or holder.get("authors")
        if isinstance(author, dict):
            author = get_text(author, "name")
        if author:
            return author
    return None
