"""Files of an export that become much larger when they are unpacked are refused early."""

import gzip
import zipfile
import zlib
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


def test_a_file_that_declares_an_excessive_size_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    _zip(path, BOMB)
    with ExitStack() as stack:
        (member,) = read_members(path, stack)
        with pytest.raises(SourceError, match="200 times larger"):
            open_member(member)


@pytest.mark.parametrize("end", [b"", gzip.compress(b"x")], ids=["one part", "two parts"])
def test_a_gzip_bomb_is_refused_after_16_mb(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(BOMB) + end)
    read: list[int] = []

    def read_all(file: IO[bytes]) -> None:
        while True:
            read.append(len(file.read(MEGABYTE)))

    with ExitStack() as stack:
        (member,) = read_members(path, stack)
        with open_member(member) as file, pytest.raises(SourceError, match="200 times larger"):
            read_all(file)
    assert sum(read) <= 16 * MEGABYTE


def test_a_truncated_gzip_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Any bytes may be at its end, where the size of a complete file is."""
    packed = gzip.compress(bytes(number * number % 251 for number in range(100_000)), 1)
    (tmp_path / "a.gz").write_bytes(packed[:-12] + b"\xff\xff\xff\xff")
    with ExitStack() as stack:
        (member,) = read_members(tmp_path / "a.gz", stack)
        with open_member(member) as file:
            assert file.read(1_000)
            with pytest.raises((EOFError, zlib.error)):
                file.read()


@pytest.mark.parametrize("size", [0, 1, 5, 100_000])
def test_usual_files_are_read_completely(tmp_path: Path, size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    (tmp_path / "a.gz").write_bytes(gzip.compress(data))
    _zip(tmp_path / "a.zip", data)
    assert _read(tmp_path / "a.gz") == _read(tmp_path / "a.zip") == data
