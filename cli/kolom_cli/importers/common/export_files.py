"""Open the files of an export: a file, a directory, or a zip archive. Nothing is unpacked to the disk."""

import gzip
import lzma
import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Self

from kolom_cli.importers.common.types import Skipped, SourceError

UNREADABLE: Final = (
    OSError,
    EOFError,
    RuntimeError,
    UnicodeDecodeError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)
"""The exceptions that reading a file can raise.

The file may be in a zip archive. It may be damaged, encrypted, or compressed with an unknown method."""

_NUMBERS: Final = re.compile(r"([0-9]+)")
_IGNORED_DIRECTORIES: Final = frozenset(("__MACOSX",))


_GZIP: Final = b"\x1f\x8b"
_ARCHIVES: Final = frozenset((".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zip"))
_UNCHECKED_BYTES: Final = 16 * 1024 * 1024
_PIECE_BYTES: Final = 1024 * 1024
_MAX_RATIO: Final = 200
"""The maximum ratio of the unpacked to the packed size of a file that unpacks to more than :data:`_UNCHECKED_BYTES`.

The ratio of a text is at most a tenth of that. The ratio of a zip bomb is higher."""


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

    @property
    def is_archive(self) -> bool:
        """Whether it is an archive in a directory or in another archive. Such an archive is not opened."""
        return not self.is_named and self.path.suffix.lower() in _ARCHIVES

    def read(self, limit: int) -> bytes:
        """Return its content, at most ``limit`` bytes.

        :raises SourceError: the file cannot be read
        """
        try:
            with self.open() as file:
                return bytes(file.read(limit))
        except UNREADABLE as error:
            raise SourceError(f"{self.name}: cannot be read: {error}") from error


class _Unpacked:
    """A file that is unpacked while it is read, up to :data:`_MAX_RATIO`.

    ``packed_bytes`` returns how much of the packed file has been read, or the size of the packed file.
    """

    def __init__(self, name: str, file: Any, packed_bytes: Callable[[], int], *files: Any) -> None:
        self._name = name
        self._file = file
        self._packed_bytes = packed_bytes
        self._files = (file, *files)
        self._read_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, size: int = -1) -> bytes:
        pieces = []
        left = size if size >= 0 else sys.maxsize
        while left and (piece := self._counted(self._file.read(min(left, _PIECE_BYTES)))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def read1(self, size: int = -1) -> bytes:
        return self._counted(self._file.read1(size))

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    @property
    def closed(self) -> bool:
        return bool(self._file.closed)

    def flush(self) -> None:
        """Do nothing, as a file that is only read."""

    def close(self) -> None:
        for file in self._files:
            file.close()

    def _counted(self, data: bytes) -> bytes:
        self._read_bytes += len(data)
        _check_ratio(self._name, self._read_bytes, self._packed_bytes())
        return data


def _check_ratio(name: str, unpacked_bytes: int, packed_bytes: int) -> None:
    if unpacked_bytes > max(_UNCHECKED_BYTES, packed_bytes * _MAX_RATIO):
        raise SourceError(
            f"{name}: not read further: it becomes more than {_MAX_RATIO} times larger when it is unpacked"
        )


def read_members(source: Path, stack: ExitStack) -> Iterator[Member]:
    """Yield the files of the export; a zip archive stays open until ``stack`` is closed.

    A file that is compressed with gzip counts as the file in it.

    :raises SourceError: the export cannot be read
    """
    try:
        if source.is_dir():
            yield from members_in_directory(source)
        elif zipfile.is_zipfile(source):
            yield from _in_zip(stack.enter_context(zipfile.ZipFile(source)))
        else:
            size = source.stat().st_size
            with source.open("rb") as file:
                is_gzip = file.read(len(_GZIP)) == _GZIP
            opener = partial(_open_gzip, source) if is_gzip else lambda: source.open("rb")
            yield Member(str(source), size, opener, is_named=True)
    except UNREADABLE as error:
        raise SourceError(f"{source}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _open_gzip(source: Path) -> _Unpacked:
    # The size at the end of the file is not read: in a truncated file, any other bytes are there.
    packed = source.open("rb")
    return _Unpacked(str(source), gzip.GzipFile(fileobj=packed), packed.tell, packed)


def xml_members_of(source: Path, stack: ExitStack) -> Iterator[Member | Skipped]:
    """Yield the XML files of an export: a single file, or the files in a directory or zip archive.

    They are in the order of the numbers in their names. Other files are yielded as skipped.

    :raises SourceError: the export cannot be read, or has no XML file
    """
    members = list(read_members(source, stack))
    found = [member for member in members if member.is_named or member.path.suffix.lower() == ".xml"]
    if not found:
        raise SourceError(f"{source}: no XML file in it")
    yield from sorted(
        found, key=lambda member: [int(each) if each.isdigit() else each for each in _NUMBERS.split(member.name)]
    )
    for member in members:
        if member.is_archive:
            yield Skipped(kind="file", name=member.name, reason="an archive within the export: unpack it", refused=True)
        elif member not in found:
            yield Skipped(kind="file", name=member.name, reason="not an XML file")


def single_member_of(source: Path, stack: ExitStack) -> Member:
    """Return the file of an export that has only one. It may be in a zip archive, or compressed with gzip.

    :raises SourceError: the export cannot be read, or has another number of files
    """
    members = list(read_members(source, stack))
    if len(members) != 1:
        raise SourceError(f"{source}: must contain one file, not {len(members):,}")
    if members[0].is_archive:
        raise SourceError(f"{members[0].name}: an archive within the export: unpack it")
    return members[0]


def members_in_directory(directory: Path) -> Iterator[Member]:
    """Yield the files below the directory in the order of their names, without symbolic links and hidden files."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.is_symlink() and _is_relevant(path.relative_to(directory).parts):
            yield Member(str(path), path.stat().st_size, lambda path=path: path.open("rb"))  # type: ignore[misc]


def _in_zip(archive: zipfile.ZipFile) -> Iterator[Member]:
    def opened(info: zipfile.ZipInfo) -> _Unpacked:
        _check_ratio(info.filename, info.file_size, info.compress_size)
        return _Unpacked(info.filename, archive.open(info), lambda: info.compress_size)

    for info in archive.infolist():
        if not info.is_dir() and _is_relevant(PurePosixPath(info.filename).parts):
            yield Member(info.filename, info.file_size, partial(opened, info))


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
