"""Read large XML exports entry by entry, without resolving or fetching anything, in bounded memory.

This is the common part of all exports in XML. :mod:`.wordpress.wxr`, :mod:`.disqus.export_xml` and
:mod:`.blogger.atom_feed` know their formats. A damaged entry is repaired if its meaning is certain; otherwise it is
reported, and the entries after it are read.
"""

import html
import re
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple

from lxml import etree

from kolom_cli.importers.common.export_files import UNREADABLE
from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.common.xml_encoding import Decoder, open_encoded
from kolom_cli.importers.common.xml_scanner import TOO_LARGE, Piece, Scanner
from kolom_cli.terminal.plurals import count

_ARCHIVES: Final = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
_VERBATIM: Final = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>"}
"""The signs at the beginning and end of parts in which tags and entities do not count."""
_VERBATIM_START: Final = re.compile(r"<!--|<\?|<!\[CDATA\[")
_TAG: Final = re.compile(rb"<([A-Za-z_][\w.:-]*)(?:[\s/](?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)?>")
_LAST_TAG: Final = re.compile(rb"<([A-Za-z_][\w.:-]*)(?:\s[^<>]*)?(?<!/)>\s*\Z")
_DECLARATION: Final = re.compile(r"\sxmlns(?::([\w.-]+))?\s*=\s*(\"[^\"<&]*\"|'[^'<&]*')")
_DOCUMENT_TYPE: Final = re.compile(rb"<!DOCTYPE", re.IGNORECASE)

_REPAIRED: Final = re.compile(
    r"&\#(?:[0-9]+|x[0-9a-fA-F]+);|&(?:[A-Za-z][A-Za-z0-9]*;)?|<(?![A-Za-z_/!?])|\]\]>",
)
_XML_ENTITIES: Final = frozenset(("&amp;", "&lt;", "&gt;", "&quot;", "&apos;"))
_MAX_DIGITS: Final = len(str(sys.maxunicode))
_ERRORS: Final = frozenset(("ERROR", "FATAL"))
_HARMLESS_ERRORS: Final = frozenset(("ERR_HYPHEN_IN_COMMENT",))


class NotXml(SourceError):
    """The file has no XML element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlEntry:
    """An entry of an export at ``line`` of the file. ``name`` is the name of its element without prefix.

    If there is a ``problem``, ``element`` is what could be read of the entry, perhaps nothing. ``repairs`` say what was
    changed in a damaged entry.
    """

    name: str
    line: int
    element: Any
    repairs: tuple[str, ...] = ()
    problem: str = ""


class Outside(NamedTuple):
    """What is before or between entries. ``element`` is the root, its container of entries, or an element around it."""

    element: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of exports. ``name`` is for messages, such as ``WordPress export``.

    ``entries`` and ``containers`` are the names of elements, without prefixes: the entries, and the elements that
    contain them. ``check`` raises an error if the root element is not the format's.
    """

    name: str
    entries: Collection[str]
    containers: Collection[str]
    check: Callable[[Any], None]


def read_entries(name: str, file: IO[bytes], format_: Format) -> Iterator[XmlEntry | Outside]:
    """Yield the entries of the file ``name``, and what is outside of them, in their order.

    :raises NotXml: the file has no XML element
    :raises SourceError: the file is of another format, cannot be read further, or is truncated
    """
    return _Reader(name, format_).read(file)


@dataclass(slots=True)
class _Reader:
    name: str
    format: Format
    _decoder: Decoder = field(default_factory=Decoder)
    _namespaces: dict[str, str] = field(default_factory=dict)
    _root: bytes = b""
    _is_closed: bool = False
    _wrapper: bytes = b""

    def read(self, file: IO[bytes]) -> Iterator[XmlEntry | Outside]:
        try:
            readable, self._decoder = open_encoded(file)
        except UNREADABLE as error:
            raise self._unreadable(1, error) from error
        scanner = Scanner(readable, self.format.entries)
        unfinished = ""
        for piece in scanner:
            if not piece.name:
                yield from self._outside(piece)
            elif piece.ends_with == "end of file":
                unfinished = f", within the <{piece.name}> that begins in line {piece.line}: {_excerpt(piece.data)}"
            else:
                yield self._entry(piece)
        self._end(scanner, unfinished)

    def _outside(self, piece: Piece) -> Iterator[Outside]:
        data = piece.data
        if piece.line == 1 and data.startswith(_ARCHIVES):
            raise SourceError(f"{self.name}: an archive that is damaged, or within another archive: unpack it")
        if self._wrapper and re.search(rb"</" + re.escape(self._wrapper) + rb"\s*>", data):
            self._wrapper = b""
        if not data.strip():
            return
        if not self._root:
            data = data[max(data.rfind(b"<?xml "), 0) :]  # a server may have written error messages before the file
        bare = _bare(data)
        self._refuse_document_type(bare)
        root = _TAG.search(bare)
        if not self._root:
            yield from self._head(piece, data, root)
        elif b"<" in bare:
            yield from self._between(data, bare)
        if piece.is_too_large:
            raise SourceError(f"{self.name}:{piece.line}: {TOO_LARGE} without a <{'>, <'.join(self.format.entries)}>")
        last = _LAST_TAG.search(bare)
        if not self._wrapper and last and _local(last[1]) not in self.format.containers:
            self._wrapper = last[1]

    def _refuse_document_type(self, bare: bytes) -> None:
        if _DOCUMENT_TYPE.search(bare):
            reason = f"it has a document type declaration, which no {self.format.name} has"
            raise SourceError(f"{self.name}: not read: {reason}")

    def _head(self, piece: Piece, data: bytes, root: re.Match[bytes] | None) -> Iterator[Outside]:
        """Check the root element, and yield what precedes the first entry."""
        element = self._root_element(data, root) if root else None
        if element is None or root is None:
            line = piece.line + piece.data.rstrip().count(b"\n")
            raise NotXml(f"{self.name}:{line}: invalid XML: no element found")
        self.format.check(element)
        self._root = root[1]
        self._is_closed = root[0].endswith(b"/>") or self._closes(data)
        yield self._container(element)

    def _root_element(self, data: bytes, root: re.Match[bytes]) -> Any:
        """Return the element that begins with the tag ``root``, and collect the namespaces that it declares."""
        text, _ = self._decoder.decode(data[max(data.find(root[0]), 0) :])
        for prefix, value in _DECLARATION.findall(text):
            self._namespaces.setdefault(prefix, value)
        return _parse(text.encode("utf-8", "replace"))[0]

    def _container(self, root: Any) -> Outside:
        return Outside(next((each for each in root if local_name(each) in self.format.containers), root))

    def _between(self, data: bytes, bare: bytes) -> Iterator[Outside]:
        """Yield what is between entries. Another root element begins another document, appended to the first."""
        text, _ = self._decoder.decode(data)
        element, _ = self._wrapped(text)
        if element is not None and len(element):
            yield Outside(element)
        if not self._closes(bare):
            return
        rest = bare[bare.rindex(b"</" + self._root) :].partition(b">")[2]
        again = _TAG.search(rest)
        self._is_closed = again is None or again[1] != self._root
        if again is not None and not self._is_closed:
            if (root := self._root_element(data[data.rindex(b"<" + self._root) :], again)) is not None:
                yield self._container(root)
        elif rest.strip():
            raise SourceError(f"{self.name}: Extra content after the end of the export: {_excerpt(rest)}")

    def _closes(self, data: bytes) -> bool:
        return re.search(rb"</" + re.escape(self._root) + rb"\s*>", data) is not None

    def _entry(self, piece: Piece) -> XmlEntry:
        text, repairs = self._decoder.decode(piece.data)
        if piece.ends_with == "next entry" and not piece.is_too_large:
            text += f"</{_name_at(text)}>"
            repairs.append("its end tag is missing")
        element, errors = self._wrapped(text)
        problem = ""
        if piece.is_too_large:
            problem = f"has {TOO_LARGE}"
        elif self._wrapper:
            problem = f"is within <{self._wrapper.decode('utf-8', 'replace')}>, not an entry of the export"
        elif errors:
            repaired, changes = _repair(text)
            element, errors = self._wrapped(repaired) if changes else (element, errors)
            repairs += changes
            problem = self._describe(errors[0], piece.line) if errors else ""
        return XmlEntry(
            name=piece.name,
            line=piece.line,
            element=element[0] if element is not None and len(element) else None,
            repairs=tuple(repairs),
            problem=problem,
        )

    def _wrapped(self, text: str) -> tuple[Any, list[Any]]:
        """Return an element around the parsed text, and the errors in it."""
        declared = "".join(f" xmlns{':' + prefix if prefix else ''}={uri}" for prefix, uri in self._namespaces.items())
        element, errors = _parse(f"<_{declared}>{text}</_>".encode("utf-8", "replace"))
        # Elements are recognized without their prefixes, so an undeclared prefix damages nothing.
        return element, [error for error in errors if error.domain_name != "NAMESPACE"]

    def _describe(self, error: Any, first_line: int) -> str:
        return f"damaged XML in line {first_line + error.line - 1}: {error.message.strip().splitlines()[0]}"

    def _unreadable(self, line: int, error: BaseException) -> SourceError:
        return SourceError(f"{self.name}:{line}: cannot be read further: {getattr(error, 'strerror', None) or error}")

    def _end(self, scanner: Scanner, unfinished: str) -> None:
        """Raise an error if the file cannot be read to its end, or ends too early."""
        place = f"{self.name}:{scanner.line}"
        if scanner.read_error is not None:
            raise self._unreadable(scanner.line, scanner.read_error)
        if not self._root:
            raise NotXml(f"{place}: invalid XML: no element found")
        if unfinished or not self._is_closed:
            raise SourceError(f"{place}: invalid XML: the file is truncated{unfinished}; all before it was read")


def _parse(data: bytes) -> tuple[Any, list[Any]]:
    """Return the element with its content as far as it can be parsed, and the errors."""
    # Without a document type there are no entities, so the size of a text is no sign of an attack.
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, encoding="utf-8"
    )
    try:
        element: Any = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        element = None
    errors = [each for each in parser.error_log if each.level_name in _ERRORS]
    return element, [each for each in errors if each.type_name not in _HARMLESS_ERRORS]


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Split the text into verbatim parts (comments, instructions, CDATA) and others, in linear time.

    A part without its end is not verbatim.
    """
    position = start = 0
    unclosed: set[str] = set()
    while opening := _VERBATIM_START.search(text, start):
        start, ending = opening.end(), _VERBATIM[opening[0]]
        if opening[0] in unclosed:
            continue
        found = text.find(ending, start)
        if found < 0:
            unclosed.add(opening[0])
            continue
        yield text[position : opening.start()], False
        position = start = found + len(ending)
        yield text[opening.start() : position], True
    yield text[position:], False


def _bare(data: bytes) -> bytes:
    """Return the data without its verbatim parts."""
    text = data.decode("latin-1")  # any bytes are valid
    return "".join(part for part, is_verbatim in _parts(text) if not is_verbatim).encode("latin-1")


def _repair(text: str) -> tuple[str, list[str]]:
    """Return the XML without signs that cannot be markup and references that are forbidden, and what was changed."""
    escaped = forbidden = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal escaped, forbidden
        found = match[0]
        if found in _XML_ENTITIES or (found.startswith("&#") and _is_allowed(_code_of(found))):
            return found
        if found.startswith("&#"):
            forbidden += 1
            return " "
        escaped += 1
        return html.escape(html.unescape(found) if found.endswith(";") else found, quote=False)

    parts = (part if is_verbatim else _REPAIRED.sub(replaced, part) for part, is_verbatim in _parts(text))
    repaired = "".join(parts)
    changes = [f"{count(escaped, 'unescaped or unknown sign')} read as text"] if escaped else []
    if forbidden:
        singular = "reference to a forbidden character replaced by a space"
        changes.append(count(forbidden, singular, "references to forbidden characters replaced by spaces"))
    return repaired, changes


def _code_of(reference: str) -> int:
    """Return the number in a reference such as ``&#65;`` or ``&#x41;``; any number beyond Unicode for a long one."""
    digits, base = (reference[3:-1], 16) if reference[2] == "x" else (reference[2:-1], 10)
    significant = digits.lstrip("0")
    return int(significant or "0", base) if len(significant) <= _MAX_DIGITS else sys.maxunicode + 1


def _is_allowed(code: int) -> bool:
    """Return whether XML allows the character (XML 1.0, section 2.2)."""
    return code in {9, 10, 13} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


def _excerpt(data: bytes) -> str:
    """Return the beginning of a text on one line, for messages."""
    title = re.search(rb"<title[^<>]*>(?:<!\[CDATA\[)?([^<>\]]{1,200})", data)
    text = (title[1] if title else re.sub(rb"<[^<>]{0,200}>", b" ", data[:400])).decode("utf-8", "replace")
    return repr(" ".join(text.split())[:60])


def _local(name: bytes) -> str:
    return name.decode("utf-8", "replace").rpartition(":")[2]


def _name_at(text: str) -> str:
    match = re.match(r"<([\w.:-]+)", text)
    return match[1] if match else ""


def local_name(element: Any) -> str:
    """Return the element's name without namespace or prefix, declared or not; empty if it is not an element."""
    return name_of(element)[1].rpartition(":")[2] if isinstance(element.tag, str) else ""


def name_of(element: Any) -> tuple[str, str]:
    """Return the element's namespace, or an empty string, and its name; an undeclared prefix is part of the name."""
    return split_name(str(element.tag))


def split_name(tag: str) -> tuple[str, str]:
    """Return the namespace and the name of a tag like ``{namespace}name``."""
    space, _, name = tag.rpartition("}")
    return space[1:], name


def get_element_text(element: etree._Element) -> str:
    """Return all text within the element."""
    if not len(element):
        return element.text or ""
    return "".join(str(piece) for piece in element.itertext())
