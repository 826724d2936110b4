"""Where Blogger's exports lie: a feed alone, pages of a feed, or a Takeout, zipped or unpacked, with its pictures."""

import json
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final
from urllib.parse import unquote

from kolom_cli.importers.common.types import SourceError
from kolom_cli.media.store import CONTENT_TYPES, MAX_BYTES

UNREADABLE: Final = (
    OSError,
    EOFError,
    RuntimeError,
    UnicodeDecodeError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a file may raise, or one in a zip file: broken, encrypted, or packed in a way that is not known."""

_FEEDS: Final = (".atom", ".xml")
_MAX_METADATA: Final = 256 * 1024
_NOT_OF_THE_BLOG: Final = frozenset(("__MACOSX",))
_THEMES: Final = frozenset(("theme-layouts.xml", "theme-classic.xml"))


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an export; ``size`` in bytes. ``is_named`` if it was asked for itself, not with its folder."""

    name: str
    size: int
    open: Callable[[], Any]
    is_named: bool = False

    def read(self, limit: int) -> bytes:
        """Its content, not more than ``limit`` bytes of it.

        :raises SourceError: it cannot be read
        """
        try:
            with self.open() as file:
                return bytes(file.read(limit))
        except UNREADABLE as error:
            raise SourceError(f"{self.name}: cannot be read: {error}") from error


@dataclass(slots=True)
class Export:
    """The feeds of one blog, and the pictures beside them by their names."""

    feeds: list[Member]
    pictures: dict[str, list[Member]] = field(default_factory=dict)

    def picture(self, name: str) -> Member | None:
        """The picture of that name; None if there is none, or several that differ."""
        found = self.pictures.get(name.casefold(), [])
        if len(found) > 1 and len({member.size for member in found}) > 1:
            return None
        return found[0] if found else None


@contextmanager
def open_export(sources: Iterable[Path], blog: str | None = None) -> Iterator[Export]:
    """The export in files and folders. ``blog`` names one of the blogs of a Takeout by its folder.

    :raises SourceError: it cannot be read, holds no feed, or holds several blogs and none is named
    """
    with ExitStack() as stack:
        members = [member for source in sources for member in _members(source, stack)]
        feeds = _of_one_blog([member for member in members if _is_feed(member.name)], blog)
        if not feeds:
            raise SourceError(f"{', '.join(map(str, sources))}: there is no feed in it")
        yield Export(feeds, _pictures(members))


def _is_feed(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in _FEEDS and path.name not in _THEMES


def _of_one_blog(feeds: list[Member], blog: str | None) -> list[Member]:
    """The feeds of the blog called ``blog``, or of the only one; those that belong to none in particular come along.

    Takeout has a folder for each blog, below ``Blogs``, and the comments that its owner wrote below ``Comments``.
    """
    blogs: dict[str, list[Member]] = {}
    for feed in feeds:
        if (name := _below("Blogs", feed)) is not None:
            blogs.setdefault(name, []).append(feed)
    others = [feed for feed in feeds if _below("Blogs", feed) is None and (feed.is_named or not blogs)]
    names = ", ".join(sorted(map(repr, blogs)))
    if blog is not None and blog not in blogs:
        raise SourceError(f"there is no blog {blog!r} in it, but {names or 'none with a name'}")
    if blog is None and len(blogs) > 1:
        raise SourceError(f"there are several blogs in it: choose one by --blog: {names}")
    own = blogs[blog] if blog is not None else [feed for found in blogs.values() for feed in found]
    return own + [feed for feed in others if feed.is_named or _below("Comments", feed) is None]


def _below(folder: str, feed: Member) -> str | None:
    """The ``x`` of ``folder/x/feed.atom``."""
    match PurePosixPath(feed.name).parts:
        case (*_, above, name, _) if above == folder:
            return name
        case _:
            return None


def _members(source: Path, stack: ExitStack) -> Iterator[Member]:
    try:
        if source.is_dir():
            yield from _in_folder(source)
        elif zipfile.is_zipfile(source):
            yield from _in_zip(stack.enter_context(zipfile.ZipFile(source)))
        else:
            yield Member(str(source), source.stat().st_size, lambda: source.open("rb"), is_named=True)
            yield from _albums_beside(source)
    except UNREADABLE as error:
        raise SourceError(f"{source}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _in_folder(folder: Path) -> Iterator[Member]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and _concerns(path.relative_to(folder).parts):
            yield Member(str(path), path.stat().st_size, lambda path=path: path.open("rb"))  # type: ignore[misc]


def _in_zip(archive: zipfile.ZipFile) -> Iterator[Member]:
    for info in archive.infolist():
        if not info.is_dir() and _concerns(PurePosixPath(info.filename).parts):
            yield Member(info.filename, info.file_size, lambda info=info: archive.open(info))  # type: ignore[misc]


def _concerns(parts: tuple[str, ...]) -> bool:
    return not _NOT_OF_THE_BLOG.intersection(parts) and not parts[-1].startswith(".")


def _albums_beside(feed: Path) -> Iterator[Member]:
    """The pictures of an unpacked Takeout, of which only the feed was named: ``Blogger/Blogs/x/feed.atom``."""
    if feed.resolve().parent.parent.name == "Blogs":
        albums = feed.resolve().parent.parent.parent / "Albums"
        if albums.is_dir():
            yield from (member for member in _in_folder(albums) if not _is_feed(member.name))


def _pictures(members: list[Member]) -> dict[str, list[Member]]:
    """Pictures by their names, and by the titles that the files beside them give: Takeout shortens names."""
    pictures: dict[str, list[Member]] = {}
    by_path = {}
    for member in members:
        path = PurePosixPath(member.name)
        if path.suffix.lower() in CONTENT_TYPES and member.size <= MAX_BYTES:
            pictures.setdefault(path.name.casefold(), []).append(member)
            by_path[member.name] = member
    for member in members:
        if member.name.endswith(".json") and member.size <= _MAX_METADATA:
            described = next((by_path[name] for name in _described_by(member.name) if name in by_path), None)
            title = _title_in(member) if described else ""
            if described and title and described not in pictures.setdefault(title.casefold(), []):
                pictures[title.casefold()].append(described)
    return pictures


def _described_by(metadata: str) -> Iterator[str]:
    """``a.jpg`` for ``a.jpg.json`` and ``a.jpg.supplemental-metadata.json``."""
    name = metadata.removesuffix(".json")
    yield name
    yield name.rpartition(".")[0]


def _title_in(metadata: Member) -> str:
    try:
        data = json.loads(metadata.read(_MAX_METADATA))
    except (ValueError, RecursionError, SourceError):
        return ""
    title = data.get("title") if isinstance(data, dict) else None
    return unquote(title) if isinstance(title, str) else ""


def opened(feed: Member) -> IO[bytes]:
    """The feed, from its beginning.

    :raises SourceError: it cannot be read
    """
    try:
        file: IO[bytes] = feed.open()
    except UNREADABLE as error:
        raise SourceError(f"{feed.name}: cannot be read: {error}") from error
    return file
