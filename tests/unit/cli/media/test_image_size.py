"""The size of an image, read from the first bytes of its file."""

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.media.image_size import image_size

SVG = '<svg xmlns="http://www.w3.org/2000/svg" {}><rect width="7" height="7"/></svg>'


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def jpeg(width: int, height: int, orientation: int) -> bytes:
    """Return the beginning of a JPEG file: Exif orientation and the frame header."""
    tags = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b"Exif\0\0" + tags
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes(9)
    return (
        b"\xff\xd8\xff\xe1"
        + struct.pack(">H", len(exif) + 2)
        + exif
        + b"\xff\xc0"
        + struct.pack(">H", len(frame) + 2)
        + frame
    )


def test_the_size_of_a_photograph_is_read() -> None:
    assert image_size(png(1200, 675), ".png") == (1200, 675)
    assert image_size(b"GIF89a" + struct.pack("<HH", 20, 10) + bytes(20), ".gif") == (20, 10)


def test_a_rotated_photograph_has_its_displayed_size() -> None:
    assert image_size(jpeg(400, 300, 1), ".jpg") == (400, 300)
    assert image_size(jpeg(400, 300, 6), ".jpg") == (300, 400)


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="1200" height="675.4"', (1200, 675)),
        ('width="12px" height="8px" viewBox="0 0 24 16"', (12, 8)),
        ('viewBox="0 0 24 16"', (24, 16)),
        ('viewBox="0,0, 24 ,16"', (24, 16)),
        ('width="100%" height="100%" viewBox="0 0 24 16"', (24, 16)),
        ('width="100%"', None),
        ('viewBox="0 0 24"', None),
        ('width="0" height="0"', None),
        ('width="123456" height="1"', None),
        ("", None),
    ],
)
def test_an_svg_has_its_own_size_or_that_of_its_view_box(attributes: str, size: tuple[int, int] | None) -> None:
    assert image_size(SVG.format(attributes).encode(), ".svg") == size


@given(st.binary(max_size=200), st.sampled_from([".png", ".jpg", ".gif", ".webp", ".avif", ".svg"]))
def test_a_damaged_file_has_a_positive_size_or_none(data: bytes, suffix: str) -> None:
    heads = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".gif": b"GIF89a", ".webp": b"RIFF1234WEBPVP8 "}
    size = image_size(heads.get(suffix, b"") + data, suffix)
    assert size is None or min(size) >= 1
