"""Types shared by rendering and articles: source formats, headings and rendered articles."""

from dataclasses import dataclass
from typing import Literal

type SourceFormat = Literal["markdown", "html"]


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of the table of contents: ``id`` is the anchor in the body, ``level`` 2 or 3, ``text`` plain text."""

    id: str
    level: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A rendered article.

    ``toc`` has the headings of levels 2 and 3, at most 1,000 or 100 KB of them; ``excerpt`` is plain text, at most
    about 200 characters of the first paragraphs; ``image`` is the URL of the first visible image. ``omitted_heading``
    is the markup of the first ``<h1>`` if it repeats the title.
    """

    html: str
    toc: tuple[Heading, ...]
    excerpt: str
    reading_minutes: int
    image: str | None
    omitted_heading: str = ""
