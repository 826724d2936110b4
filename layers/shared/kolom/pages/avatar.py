"""Draw the avatar of a comment's author, the same picture as ``avatar()`` in ``frontend/widgets/kolom-comments.js``."""

import re
from typing import Final

from markupsafe import Markup

_HEXADECIMAL: Final = re.compile(r"[\da-f]*", re.ASCII | re.IGNORECASE)
_CELLS: Final = 15
_SIDE: Final = 5


def render_avatar(seed: str) -> Markup:
    """Return the SVG of an author's seed: a symmetric pattern of five by five squares.

    The pattern and the color are two hexadecimal numbers in the seed. If one contains another character, only the
    digits before it count.
    """
    bits, hue = _number(seed[:7]), _number(seed[7:10]) % 360
    path = ""
    for cell in range(_CELLS):
        if not bits >> cell & 1:
            continue
        row, column = divmod(cell, 3)
        for x in sorted({column, _SIDE - 1 - column}):
            path += f"M{x + 1.5} {row + 1.5}h1v1h-1z"
    picture = f'<path fill="hsl({hue} 45% 52%)" d="{path}"/>'
    # The markup contains only numbers.
    return Markup(f'<svg class="comment__avatar" viewBox="0 0 8 8" aria-hidden="true">{picture}</svg>')  # noqa: S704


def _number(text: str) -> int:
    found = _HEXADECIMAL.match(text)
    return int(found[0], 16) if found and found[0] else 0
