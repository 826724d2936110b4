"""Parse CSS: the files that a stylesheet refers to, and colors."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import tinycss2
from tinycss2.color4 import Color, parse_color

_SAFE: Final = re.compile(r"[-#\w(),.%/ +]+", re.ASCII)


def replace_references(css: str, replace: Callable[[str], str]) -> str:
    """Return the stylesheet with the references in ``url(…)`` and ``@import`` replaced; comments are not changed."""
    nodes = tinycss2.parse_component_value_list(css)
    _replace(nodes, replace)
    return str(tinycss2.serialize(nodes))


def _replace(nodes: Iterable[Any], replace: Callable[[str], str], *, within_url: bool = False) -> None:
    imports = False
    for node in nodes:
        if node.type == "url":
            node.representation = f'url("{replace(node.value)}")'
        elif node.type == "string" and (within_url or imports):
            node.representation = f'"{replace(node.value)}"'
        elif node.type == "function":
            _replace(node.arguments, replace, within_url=node.lower_name == "url")
        elif node.type.endswith("block"):
            _replace(node.content, replace)
        if node.type not in {"whitespace", "comment"}:
            imports = node.type == "at-keyword" and node.lower_value == "import"


def css_color(text: str) -> str:
    """Return ``text`` without outer spaces if it is exactly one fixed CSS color (level 4).

    A fixed color depends on nothing else: not on the element, as ``currentColor`` does, nor on the system of the
    reader.

    :raises ValueError: it is not a fixed color
    """
    text = text.strip()
    if not isinstance(parse_color(text), Color) or not _SAFE.fullmatch(text):
        raise ValueError(f"{text!r} is not a fixed CSS color such as #97351a, rgb(151 53 26) or oklch(46% 0.13 36)")
    return text


def contrast_ratio(first: str, second: str) -> float | None:
    """Return the contrast ratio of two opaque colors, 1 to 21 (WCAG 2.2); None if a color space is not supported."""
    luminances = sorted(value for value in (_luminance(first), _luminance(second)) if value is not None)
    return (luminances[1] + 0.05) / (luminances[0] + 0.05) if len(luminances) > 1 else None


def _luminance(text: str) -> float | None:
    """Return the relative luminance, the Y of CIE XYZ: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parsed = parse_color(text)
    if parsed.space in {"srgb", "hsl", "hwb"}:
        channels = parsed.to("srgb").coordinates
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
        return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])
    for space in ("xyz-d65", "xyz-d50"):
        try:
            return float(parsed.to(space).coordinates[1])
        except NotImplementedError:
            continue
    return None
