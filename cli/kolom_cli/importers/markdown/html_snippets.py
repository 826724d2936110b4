"""Write the HTML that replaces the tags of other systems. Pure."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final

from kolom.rendering.emphasis import new_parser
from kolom.rendering.types import SourceFormat

_ID: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
_YOUTUBE: Final = re.compile(r"(?:youtu\.be/|[?&]v=|/embed/|/shorts/|/v/)([\w-]{6,64})", re.ASCII)
_VIMEO: Final = re.compile(r"vimeo\.com/(?:video/)?(\d{1,20})", re.ASCII)
_INLINE: Final = new_parser("commonmark")
_PIXELS: Final = re.compile(r"(\d{1,5})(?:px)?", re.ASCII)


@dataclass(slots=True)
class Converted:
    """A text with another system's tags converted.

    ``replaced`` counts the tags of the site or theme that became an image, a player or a link. ``removed`` counts the
    tags that were removed; the text in them is kept. ``scripts`` counts the tags whose result has a script, which the
    renderer removes. ``examples`` has the first tag of each name in ``removed`` or ``scripts``, with the reason if one
    is known.
    """

    text: str = ""
    replaced: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    scripts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)


def image(src: str, *, alt: str = "", caption: str = "", link: str = "", width: str = "", height: str = "") -> str:
    """Return an image, with its caption (inline Markdown) below it."""
    sizes = "".join(
        f' {name}="{digits[1]}"'
        for name, value in (("width", width), ("height", height))
        if (digits := _PIXELS.fullmatch(value))
    )
    image = f'<img src="{escape(src)}" alt="{escape(alt or _plain(caption))}"{sizes}>'
    if link:
        image = f'<a href="{escape(link)}">{image}</a>'
    if not caption:
        return image
    return f"<figure>{image}<figcaption>{inline(caption)}</figcaption></figure>"


def inline(text: str) -> str:
    """Return one line of Markdown as HTML."""
    rendered: str = _INLINE.renderInline(" ".join(text.split()))
    return rendered


def youtube(wanted: str) -> str | None:
    """Return a player for a video, given its id or URL; None if that is invalid."""
    found = _YOUTUBE.search(wanted)
    name = found[1] if found else wanted
    return _frame(f"https://www.youtube.com/embed/{name}") if _ID.fullmatch(name) else None


def vimeo(wanted: str) -> str | None:
    """Return a player for a video, given its id or URL; None if that is invalid."""
    found = _VIMEO.search(wanted)
    name = found[1] if found else wanted
    return _frame(f"https://player.vimeo.com/video/{name}") if name.isascii() and name.isdigit() else None


def video_embed(name: str, parameters: Mapping[str, str], first: str) -> str | None:
    """Return the player for a tag of that name, or None if it is not a video tag."""
    wanted = next(
        (parameters[key] for key in ("id", "video_id", "videoid", "src", "url") if parameters.get(key)), first
    )
    provider = parameters.get("provider", "").lower() or name.lower()
    if "youtube" in provider:
        return youtube(wanted)
    return vimeo(wanted) if "vimeo" in provider else None


def link(url: str, text: str = "") -> str:
    """Return a link whose default text is its URL."""
    return f'<a href="{escape(url)}">{escape(text or url)}</a>'


def placed(markup: str, before: str, after: str, source_format: SourceFormat) -> str:
    """Return ``markup``, surrounded by empty lines if its tag was alone on its line.

    Without these lines, the text after it would be parsed as HTML, too. ``before`` and ``after`` are the text around
    the tag.
    """
    alone = not before.rpartition("\n")[2] and not after.partition("\n")[0].strip()
    return f"\n\n{markup}\n\n" if source_format == "markdown" and alone and not markup.startswith("\n") else markup


def _frame(src: str) -> str:
    return f'<iframe src="{escape(src)}"></iframe>'


def _plain(text: str) -> str:
    return re.sub(r"<[^<>]*>|[*_`]|\]\([^()]*\)|\[", "", text).strip()
