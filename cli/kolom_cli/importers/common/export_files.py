"""Open the files of an export: a file, a directory, or a zip archive. Nothing is unpacked to the disk."""

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from kolom_cli.importers.common.types import SourceError

UNREADABLE: Final = (
    OSError,
    EOFError,
    RuntimeError,
    UnicodeDecodeError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)
"""The exceptions of reading a file, which may be in a zip archive, and damaged, encrypted or of unknown compression."""

_IGNORED_DIRECTORIES: Final = frozenset(("__MACOSX",))


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an export; ``size`` is in bytes. ``is_named`` is True if the user named it, not only its directory."""

    name: str
    size: int
    open: Callable[[], Any]
    is_named: bool = False

    @property
    def path(self) -> PurePosixPath:
        """The name as a path, only for comparisons: a zip archive may contain any name."""
        return PurePosixPath(self.name)

    def read(self, limit: int) -> bytes:
        """Return its content, at most ``limit`` bytes.

        :raises SourceError: the file cannot be read
        """
        try:
            with self.open() as file:
                return bytes(file.read(limit))
        except UNREADABLE as error:
            raise SourceError(f"{self.name}: cannot be read: {error}") from error


def members_of(source: Path, stack: ExitStack) -> Iterator[Member]:
    """Yield the files of the export; a zip archive stays open until ``stack`` is closed.

    :raises SourceError: the export cannot be read
    """
    try:
        if source.is_dir():
            yield from members_in_folder(source)
        elif zipfile.is_zipfile(source):
            yield from _in_zip(stack.enter_context(zipfile.ZipFile(source)))
        else:
            yield Member(str(source), source.stat().st_size, lambda: source.open("rb"), is_named=True)
    except UNREADABLE as error:
        raise SourceError(f"{source}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def members_in_folder(folder: Path) -> Iterator[Member]:
    """Yield the files below the directory in the order of their names, without symbolic links and hidden files."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and _is_relevant(path.relative_to(folder).parts):
            yield Member(str(path), path.stat().st_size, lambda path=path: path.open("rb"))  # type: ignore[misc]


def _in_zip(archive: zipfile.ZipFile) -> Iterator[Member]:
    for info in archive.infolist():
        if not info.is_dir() and _is_relevant(PurePosixPath(info.filename).parts):
            yield Member(info.filename, info.file_size, lambda info=info: archive.open(info))  # type: ignore[misc]


def _is_relevant(parts: tuple[str, ...]) -> bool:
    return not _IGNORED_DIRECTORIES.intersection(parts) and not parts[-1].startswith(".")


def open_member(member: Member) -> IO[bytes]:
    """Open the file.

    :raises SourceError: the file cannot be read
    """
    try:
        file: IO[bytes] = member.open()
    except UNREADABLE as error:
        raise SourceError(f"{member.name}: cannot be read: {error}") from error
    return file
