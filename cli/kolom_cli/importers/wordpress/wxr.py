"""Read the export format of WordPress (WXR 1.0 to 1.2) as a stream of plain records.

Nothing in the file is resolved or fetched. Only complete elements are yielded. A truncated file yields the elements
before the end, and then raises a :class:`SourceError` with the position.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from lxml import etree

from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.common.xml_stream import (
    describe_error,
    free_element,
    iterate_elements,
    name_of,
    refuse_document_type,
    refuse_zip,
    text_of,
)

_WATCHED: Final = ("item", "language", "{*}author", "{*}wxr_version")
_CONTENT: Final = "modules/content/"


@dataclass(slots=True)
class Record:
    """An ``<item>`` at ``line`` of the file. Its fields are ``title``, ``wp:post_id``, ``content:encoded`` and others.

    ``terms`` are the ``(domain, nicename, name)`` of its categories and tags; ``comments`` are the fields of each
    comment.
    """

    line: int
    fields: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str, str]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    comments: list[dict[str, str]] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Return the field's text without surrounding white space; empty if the field is missing."""
        return self.fields.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Author:
    """An author of the blog. Articles refer to the login, comments to the id."""

    login: str
    display_name: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Language:
    """The blog's language, as a code."""

    code: str


def read_wxr(path: Path) -> Iterator[Record | Author | Language]:
    """Yield the records of the file in their order.

    :raises SourceError: the file cannot be read, is not a WordPress export, or is invalid from here on
    """
    try:
        with path.open("rb") as file:
            refuse_zip(path, file)
            yield from _parse(path, file)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error


def _parse(path: Path, file: IO[bytes]) -> Iterator[Record | Author | Language]:
    is_checked = False
    elements = iterate_elements(file, *_WATCHED)
    try:
        for _, element in elements:
            if not is_checked:
                _check_document(path, element)
                is_checked = True
            if (record := _read(element)) is not None:
                yield record
            if element.tag == "item" and _is_of_channel(element):
                free_element(element)
    except etree.XMLSyntaxError as error:
        raise SourceError(f"{path}:{describe_error(elements, error)}") from error
    if not is_checked:
        raise SourceError(f"{path}: not a WordPress export")


def _check_document(path: Path, element: Any) -> None:
    refuse_document_type(path, element, "WordPress export")
    root = element.getroottree().getroot()
    namespaces = [uri for uri in root.nsmap.values() if "wordpress.org/export/" in uri]
    if root.tag != "rss" or not namespaces:
        raise SourceError(f"{path}: not a WordPress export: its root element is <{name_of(root)[1]}>")


def _read(element: Any) -> Record | Author | Language | None:
    if not _is_of_channel(element):
        return None
    match name_of(element)[1]:
        case "item":
            return _record(element)
        case "author":
            fields = {_name(child): text_of(child) for child in element if isinstance(child.tag, str)}
            login = fields.get("wp:author_login", "").strip()
            display_name = fields.get("wp:author_display_name", "").strip()
            return Author(login, display_name or login, fields.get("wp:author_id", "").strip())
        case "language":
            return Language(text_of(element).strip())
        case _:
            return None


def _is_of_channel(element: Any) -> bool:
    """Return whether the element is a child of ``<channel>``: ``<language>`` is a common name elsewhere."""
    parent = element.getparent()
    return parent is not None and parent.tag == "channel"


def _record(item: Any) -> Record:
    record = Record(line=item.sourceline or 0)
    for child in item:
        if not isinstance(child.tag, str):
            continue
        name = _name(child)
        if name == "category":
            record.terms.append((child.get("domain", ""), child.get("nicename", ""), text_of(child).strip()))
        elif name == "wp:postmeta":
            pair = {_name(part): text_of(part) for part in child if isinstance(part.tag, str)}
            record.meta.setdefault(pair.get("wp:meta_key", "").strip(), pair.get("wp:meta_value", "").strip())
        elif name == "wp:comment":
            record.comments.append({_name(part): text_of(part).strip() for part in child if isinstance(part.tag, str)})
        else:
            record.fields.setdefault(name, text_of(child))
    return record


def _name(element: etree._Element) -> str:
    """Return the element's name with the usual prefix, for any version of the format and any prefix in the file."""
    space, name = name_of(element)
    if not space:
        return name
    if "excerpt" in space:
        return f"excerpt:{name}"
    if space.endswith(_CONTENT):
        return f"content:{name}"
    if "wordpress.org/export/" in space:
        return f"wp:{name}"
    return f"dc:{name}" if "purl.org/dc/" in space else f"other:{name}"
