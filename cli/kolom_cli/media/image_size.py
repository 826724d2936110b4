"""Determine the size of an image, so that a page can reserve the space before the image is loaded."""

import re
from io import BytesIO
from typing import Final

import imagesize
from lxml import etree

_LENGTH: Final = re.compile(r"\s*(\d+(?:\.\d+)?)(?:px)?\s*", re.ASCII)
_VIEW_BOX: Final = re.compile(r"[\s,]+")
_MAX_PIXELS: Final = 99_999  # articles store no larger sizes


def image_size(data: bytes, suffix: str) -> tuple[int, int] | None:
    """Return the width and height in pixels as a browser displays the file; None if the file does not contain them.

    ``suffix`` is that of the file name (``.jpg``). The orientation of a photograph is applied. The size of an SVG
    without a width and height is that of its view box.
    """
    # imagesize gives -1 for what it cannot read.
    width, height = _svg_size(data) if suffix == ".svg" else imagesize.get(BytesIO(data))
    size = round(width), round(height)
    return size if all(1 <= length <= _MAX_PIXELS for length in size) else None


def _svg_size(data: bytes) -> tuple[float, float]:
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return 0, 0
    width, height = (_LENGTH.fullmatch(root.get(name, "")) for name in ("width", "height"))
    if width and height:
        return float(width[1]), float(height[1])
    box = [_LENGTH.fullmatch(part) for part in _VIEW_BOX.split(root.get("viewBox", "").strip())]
    if len(box) == 4 and box[2] and box[3]:  # x, y, width, height
        return float(box[2][1]), float(box[3][1])
    return 0, 0
