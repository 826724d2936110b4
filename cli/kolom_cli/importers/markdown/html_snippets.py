"""What tags of other systems become: Markdown or HTML that Kolom shows. Pure."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Final

from markdown_it import MarkdownIt

from kolom.rendering.types import SourceFormat

_ID: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
_YOUTUBE: Final = re.compile(r"(?:youtu\.be/|[?&]v=|/embed/|/shorts/|/v/)([\w-]{6,64})", re.ASCII)
_VIMEO: Final = re.compile(r"vimeo\.com/(?:video/)?(\d{1,20})", re.ASCII)
_INLINE: Final = MarkdownIt("commonmark")
_PIXELS: Final = re.compile(r"(\d{1,5})(?:px)?", re.ASCII)


@dataclass(slots=True)
class Converted:
    """A text without another system's tags. ``unknown`` are those that were kept, ``shown`` those that became
    something else than they were, each with their number."""

    text: str = ""
    unknown: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)


def image(src: str, *, alt: str = "", caption: str = "", link: str = "", width: str = "", height: str = "") -> str:
    """A picture, with its caption (inline Markdown) below it."""
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
    """One line of Markdown as HTML."""
    rendered: str = _INLINE.renderInline(" ".join(text.split()))
    return rendered


def youtube(wanted: str) -> str | None:
    """A player of a film, by its id or address; None if that is none."""
    found = _YOUTUBE.search(wanted)
    name = found[1] if found else wanted
    return _frame(f"https://www.youtube.com/embed/{name}") if _ID.fullmatch(name) else None


def vimeo(wanted: str) -> str | None:
    """A player of a film, by its id or address; None if that is none."""
    found = _VIMEO.search(wanted)
    name = found[1] if found else wanted
    return _frame(f"https://player.vimeo.com/video/{name}") if name.isascii() and name.isdigit() else None


def video_embed(name: str, parameters: Mapping[str, str], first: str) -> str | None:
    """The player that a tag of that name means, if it is one of a film."""
    wanted = next(
        (parameters[key] for key in ("id", "video_id", "videoid", "src", "url") if parameters.get(key)), first
    )
    provider = parameters.get("provider", "").lower() or name.lower()
    if "youtube" in provider:
        return youtube(wanted)
    return vimeo(wanted) if "vimeo" in provider else None


def link(address: str, text: str = "") -> str:
    """A link that shows where it leads."""
    return f'<a href="{escape(address)}">{escape(text or address)}</a>'


def placed(markup: str, before: str, after: str, source_format: SourceFormat) -> str:
    """``markup``, set apart by empty lines where its tag stood on a line of its own: else what follows it would be read
    as HTML too. ``before`` and ``after`` are what stands around the tag."""
    alone = not before.rpartition("\n")[2] and not after.partition("\n")[0].strip()
    return f"\n\n{markup}\n\n" if source_format == "markdown" and alone and not markup.startswith("\n") else markup


def _frame(src: str) -> str:
    return f'<iframe src="{escape(src)}"></iframe>'


def _plain(text: str) -> str:
    return re.sub(r"<[^<>]*>|[*_`]|\]\([^()]*\)|\[", "", text).strip()
