"""Large XML files, read element by element: nothing in them is resolved or fetched, nothing that was read is kept.

What all exports in XML have in common; :mod:`.wxr`, :mod:`.disqus_xml` and :mod:`.blogger.feed` know their formats.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from lxml import etree

from kolom_cli.importers.common.types import SourceError

# Blogs let them pass into posts, XML does not; they mean nothing.
_CONTROL: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_CLEAN: Final = bytes.maketrans(_CONTROL, b" " * len(_CONTROL))
_HEAD_BYTES: Final = 64 * 1024
_MAX_ELEMENT_BYTES: Final = 32 * 1024 * 1024
"""How much may be read before an element that was asked for ends: all of it is in memory then, several times over."""

_ZIP: Final = b"PK\x03\x04"
_ROOT: Final = re.compile(rb"<[A-Za-z_:]")
_HARMLESS: Final = re.compile(rb"<!--.*?-->", re.DOTALL)


class _TooLarge(etree.XMLSyntaxError):
    """An element has more bytes than may be kept in memory."""

    def __init__(self) -> None:
        super().__init__(f"an element of more than {_MAX_ELEMENT_BYTES >> 20} MB", 0, 0, 0)  # type: ignore[call-arg, arg-type]  # the stubs are wrong


class _Cleaned:
    """A file's bytes with blanks for the control characters that XML forbids; lines and columns stay."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._unfinished_bytes = 0
        # In UTF-16 and UTF-32 these bytes are halves of characters.
        self._is_wide = file.read(4)[:2] in {b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00"}
        file.seek(0)

    @property
    def declares_nothing(self) -> bool:
        """Whether its root element comes soon, with no document type before it that could declare entities."""
        head = self._file.read(_HEAD_BYTES)
        self._file.seek(0)
        root = _ROOT.search(head)
        return not self._is_wide and root is not None and b"<!" not in _HARMLESS.sub(b"", head[: root.start()])

    def begin(self) -> None:
        """Count the bytes of the next element."""
        self._unfinished_bytes = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._unfinished_bytes += len(data)
        if self._unfinished_bytes > _MAX_ELEMENT_BYTES:
            raise _TooLarge
        return data if self._is_wide else data.translate(_CLEAN)


class Elements:
    """The elements of a file with their events, as lxml's ``iterparse`` gives them."""

    def __init__(self, file: IO[bytes], tags: tuple[str, ...], event: str) -> None:
        self._file = _Cleaned(file)
        self.last_line = 1
        """The line in which the last element began that was given out."""
        self._parsed: Any = etree.iterparse(
            self._file,
            events=(event,),
            tag=tags or None,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            # An article with pictures in its text may be longer than the 10 MB that libxml2 takes for an attack. The
            # attacks need entities.
            huge_tree=self._file.declares_nothing,
        )

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for event, element in self._parsed:
            self._file.begin()
            self.last_line = element.sourceline or self.last_line
            yield event, element

    @property
    def error_log(self) -> Any:
        """The parser's complaints."""
        return self._parsed.error_log


def iterate_elements(file: IO[bytes], *tags: str, event: str = "end") -> Elements:
    """The file's elements of these names (none: all), each at its ``event``: its end or start.

    :raises etree.XMLSyntaxError: the XML is broken, or one of them has more than 32 MB; :func:`place` says where
    """
    return Elements(file, tags, event)


def place(elements: Elements, error: etree.XMLSyntaxError) -> str:
    """Where the XML broke and why: the parser's first complaint, since the later ones only follow from it."""
    if isinstance(error, _TooLarge):
        return f"{elements.last_line}: after what begins here there is {error.msg}: not read further"
    for entry in elements.error_log:
        if entry.level_name == "FATAL":
            return f"{entry.line}:{entry.column}: the XML is broken here: {entry.message.strip()}"
    line, column = error.position
    if {entry.domain_name for entry in elements.error_log} == {"NAMESPACE"}:
        return f"{line}:{column}: not well-formed XML: {error.msg}; it was read to its end nonetheless"
    return f"{line}:{column}: the XML is broken here: {error.msg}"


def refuse_document_type(place: object, element: Any, export: str) -> None:
    """Have nothing to do with a file that may declare entities.

    :raises SourceError: there is a document type, which no ``export`` has
    """
    if element.getroottree().docinfo.internalDTD is not None:
        raise SourceError(f"{place}: it has a document type declaration, which no {export} has: not read")


def refuse_zip(path: Path, file: IO[bytes]) -> None:
    """Say what to do with a zip archive, as some systems wrap their exports in.

    :raises SourceError: the file is one
    """
    is_zip = file.read(len(_ZIP)) == _ZIP
    file.seek(0)
    if is_zip:
        raise SourceError(f"{path}: this is a zip archive: unzip it, then import each XML file in it")


def local_name(element: Any) -> str:
    """The element's name without name space or prefix, declared or not; empty for what is no element."""
    return name_of(element)[1].rpartition(":")[2] if isinstance(element.tag, str) else ""


def name_of(element: Any) -> tuple[str, str]:
    """The element's name space, or nothing, and its name there; a prefix that is not declared is a part of the name."""
    space, _, name = str(element.tag).rpartition("}")
    return space[1:], name


def text_of(element: etree._Element) -> str:
    """All text within the element."""
    return "".join(str(piece) for piece in element.itertext())


def free_element(element: etree._Element) -> None:
    """Free the memory of the element and of all before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
