"""How large a picture is, so that a page can keep its place until it comes."""

import re
from io import BytesIO
from typing import Final

import imagesize
from lxml import etree

_LENGTH: Final = re.compile(r"\s*(\d+(?:\.\d+)?)(?:px)?\s*", re.ASCII)
_VIEW_BOX: Final = re.compile(r"[\s,]+")
_MAX_PIXELS: Final = 99_999  # more digits are not kept in an article


def image_size(data: bytes, suffix: str) -> tuple[int, int] | None:
    """Width and height in pixels as a browser shows the file of that suffix (``.jpg``); None where it does not say.

    A photograph that was taken with the camera turned is measured as it is shown. A drawing without a size of its own
    is as large as its view box.
    """
    width, height = _drawing(data) if suffix == ".svg" else _photograph(data)
    size = round(width), round(height)
    return size if all(1 <= length <= _MAX_PIXELS for length in size) else None


def _photograph(data: bytes) -> tuple[float, float]:
    try:
        width, height = imagesize.get(BytesIO(data))
    except Exception:  # noqa: BLE001 - it raises whatever a damaged file makes it raise
        return 0, 0
    return width, height


def _drawing(data: bytes) -> tuple[float, float]:
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
