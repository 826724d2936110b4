"""Read large XML files element by element, without resolving or fetching anything, in constant memory.

This is the common part of all exports in XML. :mod:`.wordpress.wxr`, :mod:`.disqus.export_xml` and
:mod:`.blogger.atom_feed` know their formats.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from lxml import etree

from kolom_cli.importers.common.types import SourceError

# Blogs allow control characters in posts, XML forbids them. They have no meaning, so they are replaced.
_CONTROL: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_CLEAN: Final = bytes.maketrans(_CONTROL, b" " * len(_CONTROL))
_HEAD_BYTES: Final = 64 * 1024
_MAX_ELEMENT_BYTES: Final = 32 * 1024 * 1024
"""The maximum number of bytes up to the end of a requested element. They are in memory, in several copies."""

_ZIP: Final = b"PK\x03\x04"
_ROOT: Final = re.compile(rb"<[A-Za-z_:]")
_HARMLESS: Final = re.compile(rb"<!--.*?-->", re.DOTALL)


class _TooLarge(etree.XMLSyntaxError):
    """An element is larger than the limit for memory."""

    def __init__(self) -> None:
        super().__init__(f"an element of more than {_MAX_ELEMENT_BYTES >> 20} MB", 0, 0, 0)  # type: ignore[call-arg, arg-type]  # the stubs are wrong


class _Cleaned:
    """A file whose forbidden control characters are replaced by spaces; lines and columns stay the same."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._unfinished_bytes = 0
        # In UTF-16 and UTF-32 these bytes are parts of characters.
        self._is_wide = file.read(4)[:2] in {b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00"}
        file.seek(0)

    @property
    def declares_nothing(self) -> bool:
        """Whether the root element is near the start, without a document type before it that could declare entities."""
        head = self._file.read(_HEAD_BYTES)
        self._file.seek(0)
        root = _ROOT.search(head)
        return not self._is_wide and root is not None and b"<!" not in _HARMLESS.sub(b"", head[: root.start()])

    def begin(self) -> None:
        """Start to count the bytes of the next element."""
        self._unfinished_bytes = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._unfinished_bytes += len(data)
        if self._unfinished_bytes > _MAX_ELEMENT_BYTES:
            raise _TooLarge
        return data if self._is_wide else data.translate(_CLEAN)


class Elements:
    """The elements of a file with their events, as lxml's ``iterparse`` yields them."""

    def __init__(self, file: IO[bytes], tags: tuple[str, ...], event: str) -> None:
        self._file = _Cleaned(file)
        self.last_line = 1
        """The first line of the last element that was yielded."""
        self._parsed: Any = etree.iterparse(
            self._file,
            events=(event,),
            tag=tags or None,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            # An article with embedded images may exceed the 10 MB above which libxml2 assumes an attack. These attacks
            # need entities.
            huge_tree=self._file.declares_nothing,
        )

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for event, element in self._parsed:
            self._file.begin()
            self.last_line = element.sourceline or self.last_line
            yield event, element

    @property
    def error_log(self) -> Any:
        """The errors of the parser."""
        return self._parsed.error_log


def iterate_elements(file: IO[bytes], *tags: str, event: str = "end") -> Elements:
    """Return the file's elements with these names (all elements if none is given), at their ``event``: end or start.

    :raises etree.XMLSyntaxError: the XML is invalid, or an element has more than 32 MB; :func:`describe_error` says
        where
    """
    return Elements(file, tags, event)


def describe_error(elements: Elements, error: etree.XMLSyntaxError) -> str:
    """Return where the XML is invalid and why: the parser's first error, since the later ones follow from it."""
    if isinstance(error, _TooLarge):
        return f"{elements.last_line}: the element that starts here is followed by {error.msg}: not read further"
    for entry in elements.error_log:
        if entry.level_name == "FATAL":
            return f"{entry.line}:{entry.column}: invalid XML: {entry.message.strip()}"
    line, column = error.position
    if {entry.domain_name for entry in elements.error_log} == {"NAMESPACE"}:
        return f"{line}:{column}: XML that is not well-formed: {error.msg}; the file was read to its end"
    return f"{line}:{column}: invalid XML: {error.msg}"


def refuse_document_type(location: object, element: Any, export: str) -> None:
    """Refuse a file that may declare entities.

    :raises SourceError: the file has a document type declaration; ``export`` names its format for the message
    """
    if element.getroottree().docinfo.internalDTD is not None:
        raise SourceError(f"{location}: not read: it has a document type declaration, which no {export} has")


def refuse_zip(path: Path, file: IO[bytes]) -> None:
    """Refuse a zip archive, which contains the export of some systems, with a message that says what to do.

    :raises SourceError: the file is a zip archive
    """
    is_zip = file.read(len(_ZIP)) == _ZIP
    file.seek(0)
    if is_zip:
        raise SourceError(f"{path}: this is a zip archive: unzip it, then import each XML file in it")


def local_name(element: Any) -> str:
    """Return the element's name without namespace or prefix, declared or not; empty if it is not an element."""
    return name_of(element)[1].rpartition(":")[2] if isinstance(element.tag, str) else ""


def name_of(element: Any) -> tuple[str, str]:
    """Return the element's namespace, or an empty string, and its name; an undeclared prefix is part of the name."""
    space, _, name = str(element.tag).rpartition("}")
    return space[1:], name


def text_of(element: etree._Element) -> str:
    """Return all text within the element."""
    return "".join(str(piece) for piece in element.itertext())


def free_element(element: etree._Element) -> None:
    """Free the memory of the element and of all its preceding siblings."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
