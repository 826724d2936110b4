"""The first step: author's markup in, balanced markup of known elements and bounded depth out.

A browser's way of mending markup (html5ever has it, inside nh3) takes quadratic time, or worse, when tens of thousands
of elements stay open. So nh3 is given markup in which every tag has its partner and no more than :data:`MAX_DEPTH`
elements are open at once: deeper tags are left out, their text stays. The rules for omitted end tags are the standard's
in outline (a paragraph ends where a block begins, an item where the next begins); nh3 does the rest exactly.

Unknown elements lose their tags and keep their content. Those in :data:`DROPPED` vanish with all that is in them.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from kolom.rendering.html_tokenizer import VOID, Comment, End, Start, Text, Token, names
from kolom.rendering.sanitizer import SOURCE_ATTRIBUTES, SOURCE_TAGS

MAX_DEPTH: Final = 200
"""How many elements may be open at once."""

DROPPED: Final = names("button datalist math noembed noframes option select script style svg template textarea title")
"""Elements that vanish with their content, since it is no text of the article."""

MORE: Final = "more"
"""The comment that ends the excerpt, as it stands in the output of :func:`balance`."""

_MAX_REOPENED: Final = 8
_REOPENED_BUDGET: Final = 100_000
_RENAMED: Final = {
    "acronym": "abbr",
    "center": "div",
    "dir": "ul",
    "image": "img",
    "listing": "pre",
    "menu": "ul",
    "plaintext": "pre",
    "strike": "s",
    "tt": "code",
    "xmp": "pre",
}
_FORMATTING: Final = names("a b code em i s small strong u")
_CELLS: Final = names("caption td th")
_BLOCKS: Final = names(
    "address article aside blockquote details div dl dd dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr "
    "li ol p pre section summary table ul"
)
_ROW_GROUPS: Final = names("tbody tfoot thead")
_TABLE_PARTS: Final = _ROW_GROUPS | _CELLS | {"col", "colgroup", "tr"}
_FOREIGN: Final = names("math select option svg")

_PARAGRAPH: Final = names("p")
_TABLE: Final = names("table")
_TABLE_OR_CELLS: Final = _TABLE | _CELLS
_NOTHING: Final[frozenset[str]] = frozenset()

# What a start tag ends, if it is open, and the elements beyond which it ends nothing.
_ENDS: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "li": (names("li"), (_TABLE_OR_CELLS | _BLOCKS) - names("address div li p")),
    "dt": (names("dd dt"), (_TABLE_OR_CELLS | _BLOCKS) - names("address dd div dt p")),
    "dd": (names("dd dt"), (_TABLE_OR_CELLS | _BLOCKS) - names("address dd div dt p")),
    "a": (names("a"), _CELLS),
    "td": (names("td th"), names("table tr")),
    "th": (names("td th"), names("table tr")),
    "tr": (names("caption colgroup tr"), _TABLE),
    **dict.fromkeys(_ROW_GROUPS, (_ROW_GROUPS | {"caption", "colgroup"}, _TABLE)),
    "rt": (names("rp rt"), names("ruby")),
    "rp": (names("rp rt"), names("ruby")),
    "option": (names("option"), names("select")),
}


def balance(tokens: Iterable[Token]) -> list[Token]:
    """The tokens with every start tag followed by its end tag, in order, with known names and attributes only.

    Of the comments only the one that ends the excerpt is kept, as ``Comment(MORE)``.
    """
    balancer = _Balancer()
    for token in tokens:
        balancer.take(token)
    return balancer.finish()


class _Balancer:
    """What has been written, and the elements that are open, outermost first."""

    def __init__(self) -> None:
        self._written: list[Token] = []
        self._open: list[Start] = []
        self._interrupted: list[Start] = []  # formatting that goes on with the next text, outermost first
        self._names: Counter[str] = Counter()  # of the open elements
        self._muted = 0  # how many of the open elements are to vanish with their content
        self._too_deep: Counter[str] = Counter()  # start tags that were left out, by name
        self._budget = _REOPENED_BUDGET

    def take(self, token: Token) -> None:
        match token:
            case Start():
                self._start(token)
            case End(name):
                self._end(_RENAMED.get(name, name))
            case Text(markup) if not (self._open and self._open[-1].name == "iframe"):
                if self._interrupted and not markup.isspace():
                    self._resume()
                self._write(token)
            case Comment(data) if data.strip().lower() == MORE:
                self._write(Comment(MORE))
            case _:
                pass

    def finish(self) -> list[Token]:
        while self._open:
            self._pop()
        return self._written

    def _write(self, token: Token) -> None:
        if not self._muted:
            self._written.append(token)

    def _start(self, source: Start) -> None:
        name = _RENAMED.get(source.name, source.name)
        if name not in SOURCE_TAGS and name not in DROPPED:
            return
        is_block = name in _BLOCKS
        while self._muted and is_block and self._open and self._open[-1].name in _FOREIGN:
            self._pop()  # a drawing or a list of options that was never closed must not swallow the article
        if is_block and self._names["p"]:
            self._end_open(_PARAGRAPH, _TABLE_OR_CELLS)
        if name in _ENDS:
            self._forget(name)
            self._end_open(*_ENDS[name])
        if name in _TABLE_PARTS:
            self._interrupted.clear()
        elif self._interrupted and not is_block:
            self._resume()
        if name in VOID:
            self._write(_known(name, source))
        elif len(self._open) < MAX_DEPTH:
            self._push(_known(name, source))
        else:
            self._too_deep[name] += 1

    def _end(self, name: str) -> None:
        if self._too_deep[name]:
            self._too_deep[name] -= 1
        elif self._forget(name):
            return  # it was interrupted, and does not go on
        elif self._open and self._open[-1].name == name:
            self._pop()
        elif self._names[name]:
            beyond = _NOTHING if name == "table" else _TABLE if name in _TABLE_PARTS else _TABLE_OR_CELLS
            self._end_open(frozenset((name,)), beyond)

    def _forget(self, name: str) -> bool:
        """End interrupted formatting of that name; whether there was any."""
        before = len(self._interrupted)
        if before:
            self._interrupted = [element for element in self._interrupted if element.name != name]
        return len(self._interrupted) < before

    def _end_open(self, names: frozenset[str], beyond: frozenset[str]) -> None:
        """End the innermost open element of one of the names; the formatting that was open within it is interrupted.

        Nothing happens if there is none, or none inside the innermost element whose name is in ``beyond``.
        """
        if not any(self._names[name] for name in names):
            return
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth].name in names:
                break
            if self._open[depth].name in beyond:
                return
        interrupted: list[Start] = []
        while len(self._open) > depth:
            element = self._pop()
            if len(self._open) > depth and element.name in _FORMATTING and element not in interrupted:
                interrupted.append(element)
        self._interrupted = [*interrupted[::-1], *self._interrupted][-_MAX_REOPENED:]

    def _resume(self) -> None:
        """Formatting that was closed with an element around it goes on after it, as in a browser, within a budget."""
        interrupted, self._interrupted = self._interrupted, []
        for element in interrupted:
            self._budget -= sum(len(value) + 20 for value in element.attributes.values()) + 20
            if self._budget >= 0 and len(self._open) < MAX_DEPTH:
                self._push(element)

    def _push(self, element: Start) -> None:
        self._muted += element.name in DROPPED
        self._write(element)
        self._open.append(element)
        self._names[element.name] += 1

    def _pop(self) -> Start:
        element = self._open.pop()
        self._names[element.name] -= 1
        self._write(End(element.name))
        self._muted -= element.name in DROPPED
        return element


def _known(name: str, source: Start) -> Start:
    """The tag under its present name, with the attributes that mean something in an article."""
    known = SOURCE_ATTRIBUTES["*"] | SOURCE_ATTRIBUTES.get(name, frozenset())
    attributes = {key: value for key, value in source.attributes.items() if key in known}
    if source.name == "center":
        attributes["align"] = "center"
    return Start(name, attributes)
