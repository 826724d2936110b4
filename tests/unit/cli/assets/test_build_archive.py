"""A build of assets is the same after it was packed and unpacked."""

from dataclasses import replace
from typing import Final

import pytest

from kolom_cli.assets.build_archive import ArchiveError, digest_of, pack, unpack
from kolom_cli.assets.deployment import AssetBuild
from kolom_cli.assets.fingerprint import with_hashes

BUILD: Final = AssetBuild(
    assets=with_hashes({"theme/a.css": b"@import './b.css';", "theme/b.css": b"b{}", "icon.png": b"\x89PNG"}),
    menu=[{"label": "Über", "url": "/about"}],
    logo={"src": "icon.png"},
    warnings=["contrast"],
)


def test_a_build_is_the_same_after_packing() -> None:
    assert unpack(pack(BUILD)) == replace(BUILD, warnings=[])


def test_the_digest_depends_on_every_part() -> None:
    changed = [
        replace(BUILD, menu=None),
        replace(BUILD, logo=None),
        replace(BUILD, assets=BUILD.assets[:-1]),
        replace(BUILD, assets=[replace(BUILD.assets[0], content=b"x"), *BUILD.assets[1:]]),
        replace(BUILD, assets=[replace(BUILD.assets[0], hashed_content=b"x"), *BUILD.assets[1:]]),
    ]
    digests = {digest_of(each) for each in (BUILD, *changed)}
    assert len(digests) == 1 + len(changed)
    assert digest_of(unpack(pack(BUILD))) == digest_of(BUILD)


@pytest.mark.parametrize("data", [b"", b"PK", pack(BUILD)[:200], pack(BUILD).replace(b"settings", b"Settings")])
def test_a_damaged_archive_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError, match="damaged"):
        unpack(data)


def test_an_archive_with_a_flipped_bit_is_refused_or_has_another_digest() -> None:
    """Decompressors have many classes of errors for damaged data. A bit that zipfile ignores changes nothing."""
    whole, refused = pack(BUILD), 0
    for position in range(len(whole)):
        data = bytearray(whole)
        data[position] ^= 1 << position % 8
        try:
            assert unpack(bytes(data)) == replace(BUILD, warnings=[]) or digest_of(unpack(bytes(data))) != digest_of(
                BUILD
            )
        except ArchiveError:
            refused += 1
    assert refused > len(whole) / 2
