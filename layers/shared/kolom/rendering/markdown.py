"""Convert Markdown to HTML: CommonMark with tables, strikethrough, task lists, footnotes and definition lists.

Emphasis also works beside Chinese, Japanese and Korean punctuation (:mod:`.emphasis`).

Raw HTML passes through, since authors may use it; :func:`kolom.rendering.renderer.render` sanitizes the result.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML, RendererProtocol
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref

from kolom.rendering.emphasis import new_parser

_MAX_NESTING: Final = 40
_MARKERS: Final = re.compile(r"[\s>*+-]+|\d+[.)]")
_FOOTNOTE_REFERENCE: Final = re.compile(r"\[\^[^\s\]]{1,200}\]")


def to_html(source: str) -> str:
    """Return unsanitized HTML.

    Content in 20 nested lists, or in 40 nested quotations, is dropped. Links and images in more than 40 nested brackets
    may not be parsed.
    """
    html: str = _PARSER.render(source)
    return html


def find_lost_lines(source: str) -> list[int]:
    """Return the lines, from 1, at which text is dropped because it is nested too deeply."""
    lines = source.split("\n")
    return [
        opening.map[0] + 1
        for opening, closing in pairwise(_PARSER.parse(source))
        if opening.map and opening.level >= _MAX_NESTING - 2 and (opening.nesting, closing.nesting) == (1, -1)
        if _MARKERS.sub("", "".join(lines[opening.map[0] : opening.map[1]]))
    ]


def _footnote_reference(state: StateInline, silent: bool) -> bool:
    # The plugin's own rule searches the rest of the text for the closing bracket of each "[^", in quadratic time.
    return _FOOTNOTE_REFERENCE.match(state.src, state.pos) is not None and footnote_ref(state, silent)


def _footnote_name(
    _self: RendererProtocol, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType
) -> str:
    return f"-{tokens[index].meta['id'] + 1}"


def _list_item(self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    # Articles have no form elements, so a ballot box character replaces the checkbox of a task.
    assert isinstance(self, RendererHTML)
    item = self.renderToken(tokens, index, options, env)
    checked = tokens[index].meta.get("checked")
    return item if checked is None else f"{item}{'☑' if checked else '☐'} "


def _parser() -> MarkdownIt:
    parser = new_parser("commonmark", {"html": True, "maxNesting": _MAX_NESTING, "tasklists": True})
    parser.enable(["table", "strikethrough"])
    parser.use(deflist_plugin)
    parser.use(footnote_plugin, inline=False)
    parser.inline.ruler.at("footnote_ref", _footnote_reference)
    parser.add_render_rule("footnote_anchor_name", _footnote_name)
    parser.add_render_rule("list_item_open", _list_item)
    return parser


_PARSER: Final = _parser()
