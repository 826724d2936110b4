"""Remove markup that Kolom does not support: attribute lists of Kramdown and Goldmark, and Kramdown's extensions. Pure.

The ids of headings become anchors. A Kramdown comment is removed with its text. Fenced code and code spans are not
changed; indented code is, because it may be the text of a list item. Any text is accepted, and the running time is
linear in its length.
"""

import re
from typing import Final

_FENCE: Final = re.compile(r"[ \t>]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?(`{3,}|~{3,})")
_ATTRIBUTE_LINE: Final = re.compile(r"[ \t>]*\{:?[ \t]*(?:[.#][\w-]|[\w-]+=|toc\b)[^{}]*\}[ \t]*\r?\n?")
_COMMENT: Final = re.compile(r"[ \t]*\{::comment\}")
_COMMENT_END: Final = re.compile(r"\{:/(?:comment)?\}")
_INLINE: Final = re.compile(
    r"(?<!`)(`+)(?!`)[^`]*+(?<!`)\1(?!`)|\{:[ \t]*+(?:[.#][\w-]|[\w-]+=)[^{}]*+\}"
    r"|\{::(?:options|nomarkdown)[^{}]*/?\}|\{:/(?:nomarkdown)?\}"
)
_HEADING: Final = re.compile(r" {0,3}#{1,6}[ \t]")
_ID: Final = re.compile(r"(?:^|\s)#([\w.:-]+)")
_TOC_ITEM: Final = re.compile(r"[ \t]*(?:[-*+]|1\.)[ \t]+\S.*\r?\n?")
_TOC_ATTRIBUTES: Final = re.compile(r"[ \t]*\{:[ \t]*toc\b[^{}]*\}[ \t]*\r?\n?")


def without_attributes(text: str) -> str:
    """Return the Markdown without attribute lists, Kramdown's comments and its other extensions."""
    lines: list[str] = []
    fence = ""
    hidden = False
    for line in text.splitlines(keepends=True):
        if fence:
            opened = _FENCE.match(line)
            if opened and opened[1].startswith(fence) and not line[opened.end() :].strip():
                fence = ""
        elif hidden or _COMMENT.match(line):
            hidden = _COMMENT_END.search(line) is None
            continue
        elif opened := _FENCE.match(line):
            fence = opened[1]
        elif _TOC_ATTRIBUTES.fullmatch(line) and lines and _TOC_ITEM.fullmatch(lines[-1]):
            lines.pop()
            continue
        elif _ATTRIBUTE_LINE.fullmatch(line):
            continue
        elif _HEADING.match(line) and line.rstrip().endswith("}"):
            line = _heading(line)
        elif "{:" in line:
            line = _INLINE.sub(lambda match: match[0] if match[0].startswith("`") else "", line)
        lines.append(line)
    return "".join(lines)


def _heading(line: str) -> str:
    """Return a heading without ``{#id .class}`` at its end; an anchor replaces the id."""
    brace = line.rfind("{")
    attributes = line[brace + 1 :].rstrip().removesuffix("}").removeprefix(":").strip()
    if not attributes.startswith((".", "#")) and "=" not in attributes:
        return line
    marks = _HEADING.match(line)
    start = marks.end() if marks else 0
    found = _ID.search(attributes)
    anchor = f'<a id="{found[1]}"></a>' if found else ""
    return f"{line[:start]}{anchor}{line[start:brace].strip()}\n"
