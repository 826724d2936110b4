"""Rendered articles as the domain takes them."""

import re
from typing import Final

from kolom.articles.types import Body
from kolom.rendering import Rendered

IMAGE_ADDRESS: Final = re.compile(r"(?:https?://|/)[^\s<>\"\\]+")
"""What may stand as an article's image."""


def body_of(rendered: Rendered, source: str, source_format: str) -> Body:
    """A rendered body with its source."""
    return Body(
        html=rendered.html,
        toc=rendered.toc,
        source=source,
        source_format="html" if source_format == "html" else "markdown",
    )


def image_of(rendered: Rendered) -> str | None:
    """The first image of an article, if it can stand alone."""
    return rendered.image if rendered.image and IMAGE_ADDRESS.fullmatch(rendered.image) else None
