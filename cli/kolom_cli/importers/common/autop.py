"""Turn blank lines into paragraphs, as WordPress's ``wpautop`` does.

The running time is linear in the length of the text.
"""

import re
from collections.abc import Iterator
from typing import Final

_BLOCKS: Final = (
    "address|article|aside|blockquote|body|caption|center|col|colgroup|dd|details|dir|div|dl|dt|fieldset|figcaption|figure|"
    "footer|form|h[1-6]|header|hgroup|hr|html|iframe|legend|li|main|map|math|menu|nav|noscript|object|ol|p|section|select|"
    "summary|svg|table|tbody|td|tfoot|th|thead|tr|ul"
)
_BLOCK_TAG: Final = re.compile(rf"</?(?:{_BLOCKS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_RAW_START: Final = re.compile(r"<!--|<(pre|code|script|style|textarea)(?=[\s>])", re.IGNORECASE)
_RAW_ENDS: Final = {"": re.compile("-->")} | {
    name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("pre", "code", "script", "style", "textarea")
}
_TAG_NAME: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_TAG: Final = re.compile(r"<[a-zA-Z/][^<>]*>")
_VOID: Final = frozenset(("col", "hr"))
# Line breaks in the elements of _NO_TEXT are ignored. In the elements of _ONE_PARAGRAPH they become <br>.
_NO_TEXT: Final = frozenset(
    ("table", "tbody", "thead", "tfoot", "tr", "colgroup", "ul", "ol", "dl", "select", "figure", "object", "map", "svg")
)
_ONE_PARAGRAPH: Final = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "address", "caption", "figcaption", "legend", "summary", "dt", "iframe")
)
_ITEMS: Final = frozenset(("li", "td", "th", "dd"))


def paragraphs(text: str) -> str:
    """Return ``text`` with ``<p>`` around parts separated by blank lines and ``<br>`` at other line breaks.

    This is how WordPress displays it.
    """
    written: list[str] = []
    run: list[str] = []
    open_blocks: list[str] = []

    def end_run() -> None:
        written.append(_run("".join(run), open_blocks[-1] if open_blocks else ""))
        run.clear()

    for raw, piece in split_raw(text):
        if raw:
            if piece[:5].lower() == "<code":
                run.append(piece)
            else:
                end_run()
                written.append(piece)
            continue
        position = 0
        for tag in _BLOCK_TAG.finditer(piece):
            run.append(piece[position : tag.start()])
            position = tag.end()
            end_run()
            written.append(tag[0])
            _follow(tag[0], open_blocks)
        run.append(piece[position:])
    end_run()
    return "".join(written)


def _follow(tag: str, open_blocks: list[str]) -> None:
    """Push the block element that the tag opens to ``open_blocks``, or pop the one that it closes."""
    parts = _TAG_NAME.match(tag)
    if parts is None or tag.endswith("/>"):
        return
    name = parts[2].lower()
    if not parts[1]:
        if name not in _VOID:
            open_blocks.append(name)
    elif name in open_blocks[-50:]:
        while open_blocks.pop() != name:
            pass


def split_raw(text: str) -> Iterator[tuple[bool, str]]:
    """Split the text into raw parts and the rest, as ``(is_raw, text)``.

    Comments are raw, and so are elements such as ``<pre>`` and ``<script>`` with their tags; unclosed ones are not.
    """
    position = start = 0
    endless: set[str] = set()
    while opening := _RAW_START.search(text, position):
        name = (opening[1] or "").lower()
        closing = None if name in endless else _RAW_ENDS[name].search(text, opening.end())
        if closing is None:
            endless.add(name)
            position = opening.end()
            continue
        if opening.start() > start:
            yield False, text[start : opening.start()]
        yield True, text[opening.start() : closing.end()]
        position = start = closing.end()
    if start < len(text):
        yield False, text[start:]


def _run(text: str, within: str) -> str:
    """Convert the text between two block tags; ``within`` is the innermost open block."""
    text = _TAG.sub(lambda tag: tag[0].replace("\n", " "), text)
    if not text.strip() or within in _NO_TEXT:
        return text
    parts = [part.strip() for part in re.split(r"\n[ \t]*(?:\n[ \t]*)+", text) if part.strip()]
    broken = [re.sub(r"(?:<br\s*/?>)?[ \t]*\n", "<br>\n", part) for part in parts]
    if within in _ONE_PARAGRAPH or (within in _ITEMS and len(parts) == 1):
        return "<br>\n".join(broken)
    return "\n".join(["", *(f"<p>{part}</p>" for part in broken), ""])
