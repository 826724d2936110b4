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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """An article as it is stored and shown.

    ``toc`` has the headings of levels 2 and 3, at most 1,000 or 100 KB of them; ``excerpt`` is plain text, about 200
    characters of the first paragraphs or less; ``image`` is the URL of the first image that is meant to be seen.
    """

    html: str
    toc: tuple[Heading, ...]
    excerpt: str
    reading_minutes: int
    image: str | None
