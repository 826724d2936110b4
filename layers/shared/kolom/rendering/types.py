"""What rendering and articles both speak of: an author's formats, and the headings that a body has."""

from dataclasses import dataclass
from typing import Literal

type SourceFormat = Literal["markdown", "html"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of the table of contents: ``id`` is the anchor in the body, ``level`` 2 or 3, ``text`` plain."""

    id: str
    level: int
    text: str
