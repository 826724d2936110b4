"""Large XML files, read element by element: nothing in them is resolved or fetched, nothing that was read is kept.

What all exports in XML have in common; :mod:`.wxr`, :mod:`.disqus_xml` and :mod:`.blogger.feed` know their formats.
"""

import re
from typing import IO, Any, Final

from lxml import etree

from kolom_cli.importers import SourceError

# Blogs let them pass into posts, XML does not; they mean nothing.
_CONTROL: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_CLEAN: Final = bytes.maketrans(_CONTROL, b" " * len(_CONTROL))
_HEAD_BYTES: Final = 64 * 1024
_ROOT: Final = re.compile(rb"<[A-Za-z_:]")
_HARMLESS: Final = re.compile(rb"<!--.*?-->", re.DOTALL)


class _Cleaned:
    """A file's bytes with blanks for the control characters that XML forbids; lines and columns stay."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
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

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        return data if self._is_wide else data.translate(_CLEAN)


def elements_of(file: IO[bytes], *tags: str, event: str = "end") -> Any:
    """An iterator over the file's elements of these names (none: all), each at its ``event``: its end or start."""
    cleaned = _Cleaned(file)
    return etree.iterparse(
        cleaned,
        events=(event,),
        tag=tags or None,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        # An article with pictures in its text may be longer than the 10 MB that libxml2 takes for an attack. The
        # attacks need entities.
        huge_tree=cleaned.declares_nothing,
    )


def place(elements: Any, error: etree.XMLSyntaxError) -> str:
    """Where the XML broke and why: the parser's first complaint, since the later ones only follow from it."""
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


def forget(element: etree._Element) -> None:
    """Free the memory of the element and of all before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
