"""Recognize the type of a picture by its content. Pure."""

import re
from typing import Final

from kolom_cli.media.image_size import image_size
from kolom_cli.media.svg_safety import find_unsafe_svg

_SIGNATURES: Final = (
    (re.compile(rb"\xff\xd8\xff"), ".jpg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), ".png"),
    (re.compile(rb"GIF8[79]a"), ".gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), ".webp"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), ".avif"),
    (
        re.compile(
            rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]", re.DOTALL
        ),
        ".svg",
    ),
)
_BEGINNING: Final = 4 * 1024


class NotAPicture(Exception):
    """The data is not a picture that can be published; the message says why."""


def picture_suffix(data: bytes) -> str:
    """Return the file suffix for the type of the picture, such as ``.jpg``.

    :raises NotAPicture: the data is not of a known type, has no width and height, or is an unsafe SVG
    """
    beginning = data[:_BEGINNING]
    suffix = next((suffix for signature, suffix in _SIGNATURES if signature.match(beginning)), None)
    if suffix is None:
        raise NotAPicture("it is not a picture" if data else "it is empty")
    if suffix == ".svg":
        if problem := find_unsafe_svg(data):
            raise NotAPicture(problem)
    elif image_size(data, suffix) is None:
        raise NotAPicture("it is damaged: it has no width and height")
    return suffix
