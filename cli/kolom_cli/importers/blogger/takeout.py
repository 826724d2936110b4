"""Open the files of a Blogger export: a feed, pages of a feed, or a Takeout with its images, zipped or unpacked."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

from kolom_cli.importers.common.export_files import Member, members_in_directory, read_members
from kolom_cli.importers.common.types import SourceError
from kolom_cli.media.store import CONTENT_TYPES, MAX_BYTES

_FEEDS: Final = (".atom", ".xml")
_MAX_METADATA: Final = 256 * 1024
_THEMES: Final = frozenset(("theme-layouts.xml", "theme-classic.xml"))


@dataclass(slots=True)
class Export:
    """The feeds of one blog, and the images beside them by name."""

    feeds: list[Member]
    images: dict[str, list[Member]] = field(default_factory=dict)

    def image(self, name: str) -> Member | None:
        """Return the image of that name; None if there is none, or several different ones."""
        found = self.images.get(name.casefold(), [])
        if len(found) > 1 and len({member.size for member in found}) > 1:
            return None
        return found[0] if found else None


@contextmanager
def open_export(sources: Iterable[Path], blog: str | None = None) -> Iterator[Export]:
    """Open the export in files and directories. ``blog`` is the directory name of one of the blogs of a Takeout.

    :raises SourceError: the export cannot be read, has no feed, or has several blogs and none is selected
    """
    with ExitStack() as stack:
        members = [member for source in sources for member in _members(source, stack)]
        feeds = _of_one_blog([member for member in members if _is_feed(member.name)], blog)
        if not feeds:
            raise SourceError(f"{', '.join(map(str, sources))}: no Blogger feed found")
        yield Export(feeds, _images(members))


def _is_feed(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in _FEEDS and path.name not in _THEMES


def _of_one_blog(feeds: list[Member], blog: str | None) -> list[Member]:
    """Return the feeds of the blog called ``blog``, or of the only blog, and other feeds that the user named.

    Takeout has a directory for each blog below ``Blogs``, and the comments that the user wrote below ``Comments``. If
    no feed is below ``Blogs``, all feeds are returned, except those below ``Comments`` that the user did not name.
    """
    blogs: dict[str, list[Member]] = {}
    for feed in feeds:
        if (name := _below("Blogs", feed)) is not None:
            blogs.setdefault(name, []).append(feed)
    others = [feed for feed in feeds if _below("Blogs", feed) is None and (feed.is_named or not blogs)]
    names = ", ".join(sorted(map(repr, blogs)))
    if blog is not None and blog not in blogs:
        raise SourceError(f"no blog {blog!r} in the export; its blogs: {names or 'none with a name'}")
    if blog is None and len(blogs) > 1:
        raise SourceError(f"the export contains several blogs: choose one with --blog: {names}")
    own = blogs[blog] if blog is not None else [feed for found in blogs.values() for feed in found]
    return own + [feed for feed in others if feed.is_named or _below("Comments", feed) is None]


def _below(directory: str, feed: Member) -> str | None:
    """Return the ``x`` of ``folder/x/feed.atom``."""
    match PurePosixPath(feed.name).parts:
        case (*_, above, name, _) if above == directory:
            return name
        case _:
            return None


def _members(source: Path, stack: ExitStack) -> Iterator[Member]:
    for member in read_members(source, stack):
        yield member
        if member.is_named:
            yield from _albums_beside(source)


def _albums_beside(feed: Path) -> Iterator[Member]:
    """Yield the images of an unpacked Takeout if the user named only its feed: ``Blogger/Blogs/x/feed.atom``."""
    if feed.resolve().parent.parent.name == "Blogs":
        albums = feed.resolve().parent.parent.parent / "Albums"
        if albums.is_dir():
            yield from (member for member in members_in_directory(albums) if not _is_feed(member.name))


def _images(members: list[Member]) -> dict[str, list[Member]]:
    """Return the images by name, and by the title in the metadata file beside each: Takeout shortens file names."""
    images: dict[str, list[Member]] = {}
    by_path = {}
    for member in members:
        path = PurePosixPath(member.name)
        if path.suffix.lower() in CONTENT_TYPES and member.size <= MAX_BYTES:
            images.setdefault(path.name.casefold(), []).append(member)
            by_path[member.name] = member
    for member in members:
        if member.name.endswith(".json") and member.size <= _MAX_METADATA:
            described = next((by_path[name] for name in _described_by(member.name) if name in by_path), None)
            title = _title_in(member) if described else ""
            if described and title and described not in images.setdefault(title.casefold(), []):
                images[title.casefold()].append(described)
    return images


def _described_by(metadata: str) -> Iterator[str]:
    """Yield ``a.jpg`` for ``a.jpg.json`` and ``a.jpg.supplemental-metadata.json``, among other candidates."""
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
