"""Files of an export that become much larger when they are unpacked are refused early."""

import gzip
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pytest

from kolom_cli.importers.common.export_files import open_member, read_members
from kolom_cli.importers.common.types import SourceError

MEGABYTE = 1024 * 1024
BOMB = bytes(40 * MEGABYTE)


def _zip(path: Path, data: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", data)


def _read(path: Path) -> bytes:
    """Return the content of the only member."""
    with ExitStack() as stack:
        (member,) = read_members(path, stack)
        with open_member(member) as file:
            return b"".join(iter(lambda: file.read(MEGABYTE), b""))


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_a_file_that_declares_an_excessive_size_is_refused_unread(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bomb"
    if kind == "zip":
        _zip(path, BOMB)
    else:
        path.write_bytes(gzip.compress(BOMB))
    with ExitStack() as stack:
        (member,) = read_members(path, stack)
        with pytest.raises(SourceError, match="200 times larger"):
            open_member(member)


def test_a_gzip_file_with_a_false_size_is_refused_after_16_mb(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    # The size at the end of the file is that of its last part.
    path.write_bytes(gzip.compress(BOMB) + gzip.compress(b"x"))
    read: list[int] = []

    def read_all(file: IO[bytes]) -> None:
        while True:
            read.append(len(file.read(MEGABYTE)))

    with ExitStack() as stack:
        (member,) = read_members(path, stack)
        with open_member(member) as file, pytest.raises(SourceError, match="200 times larger"):
            read_all(file)
    assert sum(read) <= 16 * MEGABYTE


@pytest.mark.parametrize("size", [0, 1, 5, 100_000])
def test_usual_files_are_read_completely(tmp_path: Path, size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    (tmp_path / "a.gz").write_bytes(gzip.compress(data))
    _zip(tmp_path / "a.zip", data)
    assert _read(tmp_path / "a.gz") == _read(tmp_path / "a.zip") == data
