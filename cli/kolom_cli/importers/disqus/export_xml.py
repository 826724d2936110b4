"""Read the export format of Disqus as a stream of plain records.

The elements are described at https://help.disqus.com/en/articles/1717164-comments-export and in
https://disqus.com/api/schemas/1.0/disqus.xsd. IP addresses (``ipAddress``) are never read.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

from lxml import etree

from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.common.xml_stream import (
    describe_error,
    free_element,
    iterate_elements,
    local_name,
    refuse_document_type,
    refuse_zip,
    text_of,
)

_WATCHED: Final = ("{*}category", "{*}thread", "{*}post")
_GZIP: Final = b"\x1f\x8b"
_TRUE: Final = frozenset(("true", "1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The comment thread of one page. Posts refer to it by ``key``; ``identifier`` is its name in the blog's script.

    ``account`` is the user name of its author, empty if they were not signed in.
    """

    key: str
    identifier: str
    forum: str
    link: str
    title: str
    is_deleted: bool
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A comment at ``line`` of the file. ``thread`` and ``parent`` are keys, ``identifier`` is that of the thread.

    ``is_approved`` is True unless the export says otherwise: most exports do not say it.
    """

    line: int
    key: str
    thread: str
    identifier: str
    parent: str
    message: str
    created_at: str
    is_deleted: bool
    is_spam: bool
    is_approved: bool
    name: str
    username: str
    email: str
    website: str
    account: str


@dataclass(frozen=True, slots=True)
class Forum:
    """The short name of a blog at Disqus."""

    name: str


def read_disqus_xml(path: Path) -> Iterator[Thread | Post | Forum]:
    """Yield the records of the file in their order. The file may be compressed with gzip, as Disqus sends it.

    :raises SourceError: the file cannot be read, is not a Disqus export, or is invalid from here on
    """
    try:
        with path.open("rb") as file:
            refuse_zip(path, file)
            is_compressed = file.read(2) == _GZIP
            file.seek(0)
            if not is_compressed:
                yield from _parse(path, file)
                return
            with gzip.open(file) as unpacked:
                yield from _parse(path, cast("IO[bytes]", unpacked))
    except (EOFError, zlib.error) as error:
        raise SourceError(f"{path}: the gzip file is damaged: {error}") from error
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from error


def _parse(path: Path, file: IO[bytes]) -> Iterator[Thread | Post | Forum]:
    _check_document(path, file)
    elements = iterate_elements(file, *_WATCHED)
    try:
        for _, element in elements:
            if not _is_of_root(element):
                continue
            match local_name(element):
                case "thread":
                    yield _thread(element)
                case "post":
                    yield _post(element)
                case _:
                    yield Forum(_fields(element).get("forum", ""))
            free_element(element)
    except etree.XMLSyntaxError as error:
        raise SourceError(f"{path}:{describe_error(elements, error)}") from error


def _check_document(path: Path, file: IO[bytes]) -> None:
    """Check the root element and rewind the file."""
    beginning = iterate_elements(file, event="start")
    try:
        _, root = next(iter(beginning))
    except etree.XMLSyntaxError as error:
        raise SourceError(f"{path}:{describe_error(beginning, error)}") from error
    except StopIteration:
        raise SourceError(f"{path}: not a Disqus export") from None
    refuse_document_type(path, root, "Disqus export")
    if local_name(root) != "disqus":
        raise SourceError(f"{path}: not a Disqus export: its root element is <{local_name(root)}>")
    file.seek(0)


def _is_of_root(element: Any) -> bool:
    """Return whether the element is a child of the root: posts and threads contain references of the same names."""
    parent = element.getparent()
    return parent is not None and parent.getparent() is None


def _thread(element: Any) -> Thread:
    fields = _fields(element)
    identifier = fields.get("id", "")
    author = next((_fields(child) for child in element if local_name(child) == "author"), {})
    return Thread(
        key=_key(element, identifier),
        identifier=identifier,
        forum=fields.get("forum", ""),
        link=fields.get("link", ""),
        title=fields.get("title", ""),
        is_deleted=fields.get("isDeleted", "").lower() in _TRUE,
        account=_account(author),
    )


def _post(element: Any) -> Post:
    children = {local_name(child): child for child in element if isinstance(child.tag, str)}
    fields = _fields(element)
    author = _fields(children["author"]) if "author" in children else {}
    return Post(
        line=element.sourceline or 0,
        key=_key(element, fields.get("id", "")),
        thread=_attribute(children.get("thread")),
        identifier=fields.get("thread", ""),
        parent=_key(children["parent"], fields.get("parent", "")) if "parent" in children else "",
        message=fields.get("message", ""),
        created_at=fields.get("createdAt", ""),
        is_deleted=fields.get("isDeleted", "").lower() in _TRUE,
        is_spam=fields.get("isSpam", "").lower() in _TRUE,
        is_approved=fields.get("isApproved", "").lower() in {"", *_TRUE},
        name=author.get("name", ""),
        username=author.get("username", ""),
        email=author.get("email", ""),
        website=author.get("link", ""),
        account=_account(author),
    )


def _account(author: dict[str, str]) -> str:
    """Return the user name of an author who was signed in, else an empty string: visitors may enter any name."""
    return "" if author.get("isAnonymous", "").lower() in _TRUE else author.get("username", "")


_READ: Final = frozenset(
    (
        *("id", "forum", "link", "title", "message", "createdAt", "isDeleted", "isSpam", "isApproved"),
        *("thread", "parent", "name", "username", "email", "isAnonymous"),
    )
)


def _fields(element: Any) -> dict[str, str]:
    """Return the text of the element's children by name, the first of each."""
    fields: dict[str, str] = {}
    for child in element:
        if (name := local_name(child)) in _READ:
            fields.setdefault(name, text_of(child).strip())
    return fields


def _key(element: Any, identifier: str) -> str:
    """Return the key by which others refer to the element: the number of Disqus, or the blog's identifier."""
    return _attribute(element) or (f"id:{identifier}" if identifier else "")


def _attribute(element: Any) -> str:
    """Return the attribute ``dsq:id``, with any prefix."""
    if element is None:
        return ""
    for name, value in element.attrib.items():
        if str(name).rpartition("}")[2].rpartition(":")[2] == "id":
            return str(value).strip()
    return ""
