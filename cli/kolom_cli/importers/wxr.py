"""WordPress's export format (WXR 1.0 to 1.2) as plain records, streamed.

Nothing in the file is resolved or fetched. Only elements that are complete are given out, so a file that breaks off
gives what precedes the break, and then a :class:`SourceError` that says where it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from lxml import etree

from kolom_cli.importers import SourceError

_WATCHED: Final = ("item", "language", "{*}author", "{*}wxr_version")
_CONTENT: Final = "modules/content/"
# WordPress lets them pass into posts, XML does not; they mean nothing.
_CONTROL: Final = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_CLEAN: Final = bytes.maketrans(_CONTROL, b" " * len(_CONTROL))


@dataclass(slots=True)
class Record:
    """An ``<item>``: fields by their names (``title``, ``wp:post_id``, ``content:encoded`` …), in ``line`` of the file.

    ``terms`` are ``(domain, nicename, name)`` of its categories and tags.
    """

    line: int
    fields: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str, str]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    comments: int = 0

    def get(self, name: str) -> str:
        """The field's text without the space around it; empty if there is none."""
        return self.fields.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Author:
    """An author of the blog: articles name the login."""

    login: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Language:
    """The blog's language, as a code."""

    code: str


def read_wxr(path: Path) -> Iterator[Record | Author | Language]:
    """Everything of interest in the file, in its order.

    :raises SourceError: the file cannot be read, is no WordPress export, or is broken from here on
    """
    try:
        with path.open("rb") as file:
            yield from _parse(path, file)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error


def _parse(path: Path, file: IO[bytes]) -> Iterator[Record | Author | Language]:
    seen = False
    elements = etree.iterparse(
        _Cleaned(file),
        events=("end",),
        tag=_WATCHED,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        for _, element in elements:
            if not seen:
                _check_document(path, element)
                seen = True
            if (found := _read(element)) is not None:
                yield found
            if element.tag == "item" and _is_of_channel(element):
                _forget(element)
    except etree.XMLSyntaxError as error:
        raise SourceError(f"{path}:{_place(elements, error)}") from error
    if not seen:
        raise SourceError(f"{path}: this is no WordPress export")


class _Cleaned:
    """A file's bytes with blanks for the control characters that XML forbids; lines and columns stay."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        # In UTF-16 and UTF-32 these bytes are halves of characters.
        self._is_wide = file.read(4)[:2] in {b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00"}
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        return data if self._is_wide else data.translate(_CLEAN)


def _check_document(path: Path, element: Any) -> None:
    document = element.getroottree()
    root = document.getroot()
    if document.docinfo.internalDTD is not None:
        raise SourceError(f"{path}: it has a document type declaration, which no WordPress export has: not read")
    namespaces = [uri for uri in root.nsmap.values() if "wordpress.org/export/" in uri]
    if root.tag != "rss" or not namespaces:
        raise SourceError(f"{path}: this is no WordPress export, but <{etree.QName(root).localname}>")


def _read(element: Any) -> Record | Author | Language | None:
    if not _is_of_channel(element):
        return None
    match etree.QName(element).localname:
        case "item":
            return _record(element)
        case "author":
            fields = {_name(child): _text(child) for child in element if isinstance(child.tag, str)}
            login = fields.get("wp:author_login", "").strip()
            return Author(login, fields.get("wp:author_display_name", "").strip() or login)
        case "language":
            return Language(_text(element).strip())
        case _:
            return None


def _is_of_channel(element: Any) -> bool:
    """Not within another item or anywhere else: ``<language>`` is a common name."""
    parent = element.getparent()
    return parent is not None and parent.tag == "channel"


def _place(elements: Any, error: etree.XMLSyntaxError) -> str:
    """Where the XML broke and why: the parser's first complaint, since the later ones only follow from it."""
    for entry in elements.error_log:
        if entry.level_name == "FATAL":
            return f"{entry.line}:{entry.column}: the XML is broken here: {entry.message.strip()}"
    line, column = error.position
    return f"{line}:{column}: the XML is broken here: {error.msg}"


def _record(item: Any) -> Record:
    record = Record(line=item.sourceline or 0)
    for child in item:
        if not isinstance(child.tag, str):
            continue
        name = _name(child)
        if name == "category":
            record.terms.append((child.get("domain", ""), child.get("nicename", ""), _text(child).strip()))
        elif name == "wp:postmeta":
            pair = {_name(part): _text(part) for part in child if isinstance(part.tag, str)}
            record.meta.setdefault(pair.get("wp:meta_key", "").strip(), pair.get("wp:meta_value", "").strip())
        elif name == "wp:comment":
            record.comments += 1
        else:
            record.fields.setdefault(name, _text(child))
    return record


def _name(element: etree._Element) -> str:
    """The element's name with the usual prefix, whatever the version of the format and the prefix in the file."""
    name = etree.QName(element)
    space = name.namespace or ""
    if not space:
        return name.localname
    if "excerpt" in space:
        return f"excerpt:{name.localname}"
    if space.endswith(_CONTENT):
        return f"content:{name.localname}"
    if "wordpress.org/export/" in space:
        return f"wp:{name.localname}"
    return f"dc:{name.localname}" if "purl.org/dc/" in space else f"other:{name.localname}"


def _text(element: etree._Element) -> str:
    return "".join(str(piece) for piece in element.itertext())


def _forget(element: etree._Element) -> None:
    """Free the memory of the element and of all before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
