"""Disqus's export format as plain records, streamed.

The elements and what they mean are described at https://help.disqus.com/en/articles/1717164-comments-export and in
https://disqus.com/api/schemas/1.0/disqus.xsd. Addresses from which people wrote (``ipAddress``) are never read.
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
    free_element,
    iterate_elements,
    local_name,
    place,
    refuse_document_type,
    refuse_zip,
    text_of,
)

_WATCHED: Final = ("{*}category", "{*}thread", "{*}post")
_GZIP: Final = b"\x1f\x8b"
_TRUE: Final = frozenset(("true", "1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The comments of one page. ``key`` is how posts refer to it, ``identifier`` what the blog's script called it."""

    key: str
    identifier: str
    forum: str
    link: str
    title: str
    is_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A comment, in ``line`` of the file. ``thread`` and ``parent`` are keys, ``identifier`` a thread's identifier.

    ``is_approved`` is True unless the export says that it is not: most say nothing.
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


@dataclass(frozen=True, slots=True)
class Forum:
    """The short name of a blog at Disqus."""

    name: str


def read_disqus_xml(path: Path) -> Iterator[Thread | Post | Forum]:
    """Everything of interest in the file, in its order; it may be compressed, as Disqus sends it.

    :raises SourceError: the file cannot be read, is no Disqus export, or is broken from here on
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
        raise SourceError(f"{path}: the compressed file is broken: {error}") from error
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
        raise SourceError(f"{path}:{place(elements, error)}") from error


def _check_document(path: Path, file: IO[bytes]) -> None:
    """Look at the root alone, and go back."""
    beginning = iterate_elements(file, event="start")
    try:
        _, root = next(iter(beginning))
    except etree.XMLSyntaxError as error:
        raise SourceError(f"{path}:{place(beginning, error)}") from error
    except StopIteration:
        raise SourceError(f"{path}: this is no export of Disqus's") from None
    refuse_document_type(path, root, "export of Disqus's")
    if local_name(root) != "disqus":
        raise SourceError(f"{path}: this is no export of Disqus's, but <{local_name(root)}>")
    file.seek(0)


def _is_of_root(element: Any) -> bool:
    """Not within a post or a thread: those refer to others by elements of the same names."""
    parent = element.getparent()
    return parent is not None and parent.getparent() is None


def _thread(element: Any) -> Thread:
    fields = _fields(element)
    identifier = fields.get("id", "")
    return Thread(
        key=_key(element, identifier),
        identifier=identifier,
        forum=fields.get("forum", ""),
        link=fields.get("link", ""),
        title=fields.get("title", ""),
        is_deleted=fields.get("isDeleted", "").lower() in _TRUE,
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
    )


_READ: Final = frozenset(
    (
        *("id", "forum", "link", "title", "message", "createdAt", "isDeleted", "isSpam", "isApproved"),
        *("thread", "parent", "name", "username", "email"),
    )
)


def _fields(element: Any) -> dict[str, str]:
    """The text of its children, the first of each name."""
    fields: dict[str, str] = {}
    for child in element:
        if (name := local_name(child)) in _READ:
            fields.setdefault(name, text_of(child).strip())
    return fields


def _key(element: Any, identifier: str) -> str:
    """How others refer to the element: by Disqus's number, else by what the blog called it."""
    return _attribute(element) or (f"id:{identifier}" if identifier else "")


def _attribute(element: Any) -> str:
    """``dsq:id``, whatever the prefix."""
    if element is None:
        return ""
    for name, value in element.attrib.items():
        if str(name).rpartition("}")[2].rpartition(":")[2] == "id":
            return str(value).strip()
    return ""
