"""Convert the known shortcodes of Hugo in a text; the others stay as text and are counted. Pure.

Any text is accepted, and the running time is linear in its length.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kolom.rendering.types import SourceFormat
from kolom_cli.importers.common.code_blocks import code_block
from kolom_cli.importers.markdown import html_snippets
from kolom_cli.importers.markdown.html_snippets import Converted
from kolom_cli.importers.markdown.tag_arguments import Arguments, arguments

_CODE: Final = re.compile(
    r"\{\{(?P<kind>[<%])(?:"
    r"/\*(?P<escaped>(?:[^*{]|\*(?!/)|\{(?!\{[<%]))*+)\*/|"
    r"\s*+(?P<close>/?)\s*+(?P<name>[\w./-]++)"
    r"(?P<given>(?:[^\"`>%{]|\"(?:[^\"\\]|\\.)*+\"|`[^`]*+`|[%>](?!\}\})|\{(?!\{[<%]))*+))[>%]\}\}",
    re.DOTALL,
)
_LONGEST: Final = 5_000
_TRANSPARENT: Final = frozenset(("html", "raw", "rawhtml", "raw-html", "raw_html", "unsafe"))


@dataclass(frozen=True, slots=True)
class Shortcodes:
    """Converts the texts of one page.

    ``address_of`` returns the URL of the target of ``ref``, ``value_of`` the page's parameter; both return None if it
    is unknown.
    """

    address_of: Callable[[str], str | None]
    value_of: Callable[[str], str | None]
    source_format: SourceFormat = "markdown"

    def convert(self, text: str) -> Converted:
        """Return the text with the known shortcodes converted."""
        result = Converted()
        pieces: list[str] = []
        ends: list[tuple[int, int]] | None = None
        position = 0
        start = text.find("{{")
        while start >= 0:
            if start < position or (match := _CODE.match(text, start, start + _LONGEST)) is None:
                start = text.find("{{", start + 2)
                continue
            pieces.append(text[position:start])
            position = match.end()
            name = (match["name"] or "").strip("/")
            if match["escaped"] is not None:
                kind = match["kind"]
                converted: str | None = "{{" + kind + match["escaped"] + (">" if kind == "<" else "%") + "}}"
            elif name == "highlight" and not match["close"]:
                if ends is None:
                    pattern = re.compile(r"\{\{[<%]\s*/\s*highlight\s*[>%]\}\}")
                    ends = [found.span() for found in pattern.finditer(text)][::-1]
                while ends and ends[-1][0] < position:
                    ends.pop()
                converted = None
                if ends:
                    first = arguments(match["given"]).first
                    converted = code_block(text[position : ends[-1][0]], first, self.source_format)
                    position = ends[-1][1]
            else:
                converted = self._convert_one(
                    name, bool(match["close"]), arguments(match["given"].rstrip().removesuffix("/"))
                )
                if converted is not None and converted.startswith("<"):
                    before, after = text[max(start - 200, 0) : start], text[position : position + 200]
                    converted = html_snippets.placed(converted, before, after, self.source_format)
            if converted is None:
                converted = match[0]
                if name and not match["close"]:
                    result.unknown[f"{{{{< {name} >}}}}"] += 1
            pieces.append(converted)
            start = text.find("{{", position)
        result.text = "".join([*pieces, text[position:]])
        return result

    def _convert_one(self, name: str, closing: bool, given: Arguments) -> str | None:
        if closing:
            return "" if name in _TRANSPARENT | {"figure", "youtube", "vimeo", "gist"} else None
        match name:
            case "figure" | "img" | "image":
                src = given.get("src", "link") or given.first
                return src and html_snippets.image(
                    src,
                    alt=given.get("alt"),
                    caption=_caption(given),
                    link=given.get("link") if given.get("src") else "",
                    width=given.get("width"),
                    height=given.get("height"),
                )
            case "youtube" | "vimeo":
                return html_snippets.video_embed(name, given.named, given.first)
            case "ref" | "relref":
                return self.address_of(given.get("path") or given.first)
            case "gist" if len(given.texts) > 1:
                return html_snippets.link(f"https://gist.github.com/{given.texts[0]}/{given.texts[1]}")
            case "tweet" | "x" | "twitter" | "twitter_simple" | "x_simple":
                user, number = given.get("user") or "i", given.get("id") or given.first
                return html_snippets.link(f"https://twitter.com/{user}/status/{number}") if number.isdigit() else None
            case "instagram":
                return html_snippets.link(f"https://www.instagram.com/p/{given.first}/") if given.first else None
            case "param":
                return self.value_of(given.first.lower())
            case _:
                return "" if name in _TRANSPARENT else None


def _caption(given: Arguments) -> str:
    """Return the title, the caption and the credit of an image on one line."""
    title, caption, credit = given.get("title"), given.get("caption"), given.get("attr")
    parts = [f"**{title}**" if title and caption else title, caption]
    if credit:
        parts.append(f"[{credit}]({given.get('attrlink')})" if given.get("attrlink") else credit)
    return " ".join(part for part in parts if part)
