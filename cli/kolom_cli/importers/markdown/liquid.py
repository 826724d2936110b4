"""Convert the Liquid tags of Jekyll in a text. Pure.

A tag without an equivalent is removed and counted, and the text between it and its end tag is kept. So readers never
see the source of a tag, except in code. Any text is accepted, and the running time is linear in its length.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kolom.rendering.types import SourceFormat
from kolom_cli.importers.common.code_blocks import code_block
from kolom_cli.importers.markdown import html_snippets
from kolom_cli.importers.markdown.html_snippets import Converted
from kolom_cli.importers.markdown.tag_arguments import Arguments, parse_arguments

_TAG: Final = re.compile(r"\{%-?\s*+([\w-]*+)((?:[^%{]|%(?!\})|\{(?!%))*+)%\}|\{\{((?:[^{}]|\}(?!\})|\{(?!\{))*+)\}\}")
_CODE: Final = frozenset(("highlight", "codeblock", "code"))
_PROGRAM: Final = re.compile(r"\{%-?\s*(?:for|assign|capture|if|unless|case|paginate|include|tablerow)\b")
_IMAGE: Final = re.compile(r"\.(?:avif|gif|jpe?g|png|svg|webp)(?:$|[?#])", re.IGNORECASE)
_TEXT: Final = re.compile(r"\s*(?:\"([^\"]*+)\"|'([^']*+)')")
_FILTERS: Final = frozenset(("relative_url", "absolute_url", "prepend", "append", "escape", "strip", "xml_escape"))
_CODE_SPAN: Final = re.compile(
    r"^[ \t>]*+(`{3,}+|~{3,}+)[^\n]*+\n(?s:.*?)(?:^[ \t>]*+\1|\Z)|(?<!`)(`++)[^\n`]*+(?<!`)\2(?!`)", re.MULTILINE
)
_INCLUDES: Final = frozenset(("include", "include_cached", "include_relative"))
_REFERENCES: Final = frozenset(("post_url", "link", "post_link", "post_path"))
_SRC_KEYS: Final = ("src", "url", "image_path", "path", "file", "img", "image", "filename", "source", "name")


class _CodeSpans:
    """The spans of code in a Markdown text. Positions must be asked in ascending order."""

    def __init__(self, text: str) -> None:
        self._spans = _CODE_SPAN.finditer(text)
        self._span = next(self._spans, None)

    def contains(self, position: int) -> bool:
        """Return whether a position is in code. It must not precede the position of an earlier call."""
        while self._span is not None and self._span.end() <= position:
            self._span = next(self._spans, None)
        return self._span is not None and self._span.start() <= position


@dataclass(frozen=True, slots=True)
class Liquid:
    """Converts the texts of one page.

    ``url_of`` returns the URL of the target of ``post_url`` and ``link``, ``value_of`` the value of a name such as
    ``site.title``; both return None if it is unknown.
    """

    url_of: Callable[[str], str | None]
    value_of: Callable[[str], str | None]
    source_format: SourceFormat = "markdown"

    def convert(self, text: str) -> Converted:
        """Return the text with the known tags converted."""
        result = Converted()
        pieces: list[str] = []
        ends: dict[str, list[tuple[int, int]]] = {}
        code = _CodeSpans(text)
        position = 0
        for match in _TAG.finditer(text):
            if match.start() < position:
                continue
            pieces.append(text[position : match.start()])
            position = match.end()
            name = match[1] or ""
            if name in {"raw", "comment", *_CODE}:
                end = _end_of(name, text, position, ends)
                if end is not None:
                    inside = text[position : end[0]]
                    position = end[1]
                    pieces.append(self._block(name, match[2], inside))
                    continue
            before, after = text[max(match.start() - 200, 0) : match.start()], text[position : position + 200]
            if match[3] is None:
                converted = self._tag(name, match[2], result)
            else:
                converted = self._output(match[3], before[-1:], after[:1])
            if converted is None and code.contains(match.start()):
                converted = match[0]
            elif converted is None:
                converted = self._removed(match, result)
            elif converted.startswith("<"):
                converted = html_snippets.placed(converted, before, after, self.source_format)
            pieces.append(converted)
        result.text = "".join([*pieces, text[position:]])
        return result

    def _removed(self, match: re.Match[str], result: Converted) -> str:
        """Count a tag that is removed, and return what stays of it: the target of a link, or the path of a file."""
        name, given = match[1] or "", parse_arguments((match[2] or "").removesuffix("-"))
        if name.startswith(("end", "else", "elsif")):
            return ""
        label = f"{{% {name} %}}" if match[3] is None else f"{{{{ {match[3].strip()[:60]} }}}}"
        if name in _INCLUDES:
            label = f"{{% {name} {given.first} %}}"
        result.removed[label] += 1
        result.examples.setdefault(label, " ".join(match[0].split())[:200])
        if name in _REFERENCES:
            return given.first
        path = _TEXT.match(match[3] or "")
        written = (path[1] or "") + (path[2] or "") if path else ""
        return written if "/" in written else ""

    def _block(self, name: str, given: str, inside: str) -> str:
        match name:
            case "raw":
                return inside
            case "comment":
                return ""
            case _:
                found = parse_arguments(given)
                language = found.get("lang", "language") if name != "highlight" else ""
                return code_block(inside, language or found.first, self.source_format)

    def _tag(self, name: str, given: str, result: Converted) -> str | None:
        given = given.removesuffix("-").strip()
        found = parse_arguments(given)
        match name:
            case "post_url" | "link" | "post_link" | "post_path":
                return self.url_of(given.strip("\"'") if name in {"link", "post_url"} else found.first)
            case _ if name in _INCLUDES:
                converted = self._include(found)
                result.replaced[f"{{% {name} {found.first} %}}"] += converted is not None
                return converted
            case "img" | "image" | "asset_img" | "figure":
                return self._image(found)
            case "youtube" | "vimeo":
                return html_snippets.video_embed(name, found.named, found.first)
            case "gist":
                return html_snippets.link(f"https://gist.github.com/{found.first}") if found.first else None
            case "more" | "excerpt":
                return "<!--more-->"
            case "endraw" | "toc":
                return ""
            case _:
                return None

    def _include(self, found: Arguments) -> str | None:
        """Return a figure or a player for an include that has the parameters of one."""
        named = {key: self._resolved(value) for key, value in found.named.items()}
        if player := html_snippets.video_embed(found.first, named, ""):
            return player
        src = next((named[key] for key in _SRC_KEYS if _IMAGE.search(named.get(key, ""))), None)
        if src is None:
            return None
        given = Arguments((), named)
        return html_snippets.image(
            src,
            alt=given.get("alt", "title"),
            caption=given.get("caption", "description"),
            link=given.get("link", "href", "target") if "://" in given.get("link", "href") else "",
            width=given.get("width", "max-width"),
            height=given.get("height"),
        )

    def _image(self, found: Arguments) -> str | None:
        """Convert Octopress's ``{% img left /a.png 300 200 Title %}`` and Hexo's ``{% asset_img a.png Title %}``."""
        given = [*found.texts, *found.named.values()]
        position = next((index for index, text in enumerate(given) if _IMAGE.search(text)), None)
        if position is None:
            return None
        words = [text for text in given[position + 1 :] if not text.isdigit()]
        return html_snippets.image(given[position], alt=" ".join(words))

    def _resolved(self, value: str) -> str:
        """Return the value of a parameter, which may be a name such as ``site.baseurl``."""
        return (self.value_of(value) or value) if re.fullmatch(r"(?:site|page)\.[\w.]+", value) else value

    def _output(self, expression: str, before: str, after: str) -> str | None:
        """Return the output of ``{{ expression }}``; None if unknown. URLs are relative to the root of the site."""
        first, *filters = expression.strip().strip("-").split("|")
        quoted = _TEXT.match(first)
        name = first.strip()
        if any((words := each.split(":")[0].strip()) and words not in _FILTERS for each in filters):
            return None
        if quoted is not None:
            value: str | None = (quoted[1] or "") + (quoted[2] or "")
        else:
            value = self.value_of(name)
        if value is None:
            return None
        for each in filters:
            verb, _, operand = each.strip().partition(":")
            other = _TEXT.match(operand)
            extra = ((other[1] or "") + (other[2] or "")) if other else self.value_of(operand.strip())
            match verb.strip():
                case "relative_url" | "absolute_url":
                    value = value if "://" in value else f"/{value.lstrip('/')}"
                case "prepend" if extra is not None:
                    value = extra + value
                case "append" if extra is not None:
                    value += extra
                case "prepend" | "append":
                    return None
                case _:
                    pass
        if not value and before in {"(", '"', "'"} and after in {")", '"', "'", " "}:
            return "/"  # the home page
        return value


def generates_content(text: str) -> bool:
    """Return whether a text has Liquid code that may generate content, such as a loop, a condition or an include."""
    return _PROGRAM.search(text) is not None


def _end_of(name: str, text: str, position: int, ends: dict[str, list[tuple[int, int]]]) -> tuple[int, int] | None:
    """Return the span of the first ``{% end… %}`` after ``position``; the end tags of each name are searched once."""
    if name not in ends:
        pattern = re.compile(rf"\{{%-?\s*end{name}\s*-?%\}}")
        ends[name] = [match.span() for match in pattern.finditer(text)][::-1]
    while ends[name] and ends[name][-1][0] < position:
        ends[name].pop()
    return ends[name][-1] if ends[name] else None
