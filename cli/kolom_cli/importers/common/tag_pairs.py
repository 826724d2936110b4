"""Match the opening and closing tags of another system's notation. Pure."""

from collections.abc import Iterable
from typing import Literal

type TagKind = Literal["opening", "closing", "other"]


def pair_tags(tags: Iterable[tuple[str, TagKind]]) -> dict[int, int]:
    """Return the index of the closing tag of each opening tag that has one, for tags as ``(name, kind)``.

    A closing tag belongs to the last opening tag of its name. Pairs of different names may overlap.
    """
    opened: dict[str, list[int]] = {}
    pairs: dict[int, int] = {}
    for index, (name, kind) in enumerate(tags):
        if kind == "opening":
            opened.setdefault(name, []).append(index)
        elif kind == "closing" and opened.get(name):
            pairs[opened[name].pop()] = index
    return pairs
