"""Balance tags: the first pass turns an author's markup into balanced tags of known elements with bounded depth.

HTML error recovery in browsers (and in html5ever, inside nh3) takes quadratic time, or worse, if tens of thousands of
elements remain open. So nh3 receives markup in which all tags are paired and at most :data:`MAX_DEPTH` elements are
open at once: deeper tags are dropped, their text is kept. The rules for omitted end tags follow the standard in outline
(a block ends a paragraph, an item ends the previous one); nh3 does the rest exactly.

Unknown elements lose their tags and keep their content; the tags of those in :data:`_SEPARATE` become spaces. Elements
in :data:`DROPPED` are removed with their content.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from kolom.rendering.html_tokenizer import VOID, Comment, End, Start, Text, Token, names
from kolom.rendering.sanitizer import SOURCE_ATTRIBUTES, SOURCE_TAGS

MAX_DEPTH: Final = 200
"""The maximum number of elements that are open at once."""

DROPPED: Final = names("button datalist math noembed noframes option select script style svg template textarea title")
"""Elements that are removed with their content, which is not text of the article."""

MORE: Final = "more"
"""The comment that marks the end of the excerpt in the output of :func:`balance`."""

_MAX_REOPENED: Final = 8
_REOPENED_BUDGET: Final = 100_000
RENAMED: Final = {
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
BLOCKS: Final = names(
    "address article aside blockquote details div dl dd dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr "
    "li ol p pre section summary table ul"
)
_ROW_GROUPS: Final = names("tbody tfoot thead")
_TABLE_PARTS: Final = _ROW_GROUPS | _CELLS | {"col", "colgroup", "tr"}
ENDED_BY_BLOCKS: Final = names("math select option svg")
"""Those elements of :data:`DROPPED` that end where a block begins: they were probably not closed."""

_SEPARATE: Final = names(
    "body button dialog fieldset form head html legend main nav noscript object optgroup option search select textarea"
)
"""Elements that are not allowed in an article, but separate the words before, in and after them."""

_PARAGRAPH: Final = names("p")
_TABLE: Final = names("table")
_TABLE_OR_CELLS: Final = _TABLE | _CELLS
_NO_SCOPE: Final[frozenset[str]] = frozenset()

# The open elements that a start tag closes, and the elements that stop the search for them.
_ENDS: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "li": (names("li"), (_TABLE_OR_CELLS | BLOCKS) - names("address div li p")),
    "dt": (names("dd dt"), (_TABLE_OR_CELLS | BLOCKS) - names("address dd div dt p")),
    "dd": (names("dd dt"), (_TABLE_OR_CELLS | BLOCKS) - names("address dd div dt p")),
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
    """Return the tokens with every start tag paired with its end tag, with only known names and attributes.

    Comments are removed, except the one that marks the end of the excerpt: ``Comment(MORE)``.
    """
    balancer = _Balancer()
    for token in tokens:
        balancer.feed(token)
    return balancer.finish()


class _Balancer:
    """The output so far, and the open elements, outermost first."""

    def __init__(self) -> None:
        self._written: list[Token] = []
        self._open: list[Start] = []
        self._interrupted: list[Start] = []  # formatting that resumes with the next text, outermost first
        self._names: defaultdict[str, int] = defaultdict(int)  # how many elements of each name are open
        self._dropping = 0  # the number of open elements that are removed with their content
        self._too_deep: defaultdict[str, int] = defaultdict(int)  # dropped start tags, by name
        self._budget = _REOPENED_BUDGET
        self._is_separate = False  # whether the next word is not part of the last one

    def feed(self, token: Token) -> None:
        if isinstance(token, Text):
            if self._open and self._open[-1].name == "iframe":
                return
            if self._interrupted and not token.markup.isspace():
                self._resume()
            self._write(token)
        elif isinstance(token, Start):
            self._is_separate |= token.name in _SEPARATE
            self._start(token)
        elif isinstance(token, End):
            self._is_separate |= token.name in _SEPARATE
            self._end(RENAMED.get(token.name, token.name))
        elif token.data.strip().lower() == MORE:
            self._write(Comment(MORE))

    def finish(self) -> list[Token]:
        while self._open:
            self._pop()
        return self._written

    def _write(self, token: Token) -> None:
        if self._dropping:
            return
        if self._is_separate:
            if self._written and _is_inline(self._written[-1]) and _is_inline(token):
                self._written.append(Text(" "))
            self._is_separate = False
        self._written.append(token)

    def _start(self, source: Start) -> None:
        name = RENAMED.get(source.name, source.name)
        if name not in SOURCE_TAGS and name not in DROPPED:
            return
        is_block = name in BLOCKS
        while self._dropping and is_block and self._open and self._open[-1].name in ENDED_BY_BLOCKS:
            self._pop()  # an unclosed drawing or option list must not remove the rest of the article
        if is_block and self._names["p"]:
            self._end_open(_PARAGRAPH, _TABLE_OR_CELLS)
        if name in _ENDS:
            self._discard_interrupted(name)
            self._end_open(*_ENDS[name])
        if name in _TABLE_PARTS:
            self._interrupted.clear()
        elif self._interrupted and not is_block:
            self._resume()
        if name in VOID:
            self._write(_allowed_tag(name, source))
        elif len(self._open) < MAX_DEPTH:
            self._push(_allowed_tag(name, source))
        else:
            self._too_deep[name] += 1

    def _end(self, name: str) -> None:
        if self._too_deep[name]:
            self._too_deep[name] -= 1
        elif self._discard_interrupted(name):
            return  # it was interrupted, and does not resume
        elif self._open and self._open[-1].name == name:
            self._pop()
        elif self._names[name]:
            scope = _NO_SCOPE if name == "table" else _TABLE if name in _TABLE_PARTS else _TABLE_OR_CELLS
            self._end_open(frozenset((name,)), scope)

    def _discard_interrupted(self, name: str) -> bool:
        """Discard interrupted formatting with that name; return whether there was any."""
        before = len(self._interrupted)
        if before:
            self._interrupted = [element for element in self._interrupted if element.name != name]
        return len(self._interrupted) < before

    def _end_open(self, names: frozenset[str], scope: frozenset[str]) -> None:
        """Close the innermost open element with one of the names, and interrupt the formatting that is open within it.

        Does nothing if no such element is inside the innermost open element whose name is in ``scope``.
        """
        if not any(map(self._names.get, names)):
            return
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth].name in names:
                break
            if self._open[depth].name in scope:
                return
        interrupted: list[Start] = []
        while len(self._open) > depth:
            element = self._pop()
            if len(self._open) > depth and element.name in _FORMATTING and element not in interrupted:
                interrupted.append(element)
        self._interrupted = [*interrupted[::-1], *self._interrupted][-_MAX_REOPENED:]

    def _resume(self) -> None:
        """Reopen formatting that was closed with an enclosing element, as browsers do, within a budget."""
        interrupted, self._interrupted = self._interrupted, []
        for element in interrupted:
            self._budget -= sum(len(value) + 20 for value in element.attributes.values()) + 20
            if self._budget >= 0 and len(self._open) < MAX_DEPTH:
                self._push(element)

    def _push(self, element: Start) -> None:
        self._dropping += element.name in DROPPED
        self._write(element)
        self._open.append(element)
        self._names[element.name] += 1

    def _pop(self) -> Start:
        element = self._open.pop()
        self._names[element.name] -= 1
        self._write(End(element.name))
        self._dropping -= element.name in DROPPED
        return element


def _is_inline(token: Token) -> bool:
    return not isinstance(token, Start | End) or token.name not in BLOCKS | _TABLE_PARTS


def _allowed_tag(name: str, source: Start) -> Start:
    """Return the tag under its current name, with the attributes that the other passes accept."""
    if not source.attributes and name == source.name:
        return source
    allowed = SOURCE_ATTRIBUTES["*"] | SOURCE_ATTRIBUTES.get(name, frozenset())
    attributes = {key: value for key, value in source.attributes.items() if key in allowed}
    if source.name == "center":
        attributes["align"] = "center"
    return Start(name, attributes)
