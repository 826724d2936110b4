"""Recognizing pictures by their content."""

import base64

import pytest

from kolom_cli.media.picture_type import NotAPicture, picture_suffix

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
GIF = base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (PNG, ".png"),
        (GIF, ".gif"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ".svg"),
        (b"<?xml version='1.0'?>\n<!-- x -->\n<svg viewBox='0 0 1 1'></svg>", ".svg"),
    ],
)
def test_a_picture_has_the_suffix_of_its_content(data: bytes, suffix: str) -> None:
    assert picture_suffix(data) == suffix


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "not a picture"),
        (b"<html><svg/></html>", "not a picture"),
        (PNG[:12], "no width"),
        (b"\xff\xd8\xff" + b"x" * 40, "no width"),
        (b"<svg><script/></svg>", "script"),
        (b"<svg onload='x()'/>", "onload"),
    ],
)
def test_anything_else_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(NotAPicture, match=says):
        picture_suffix(data)
