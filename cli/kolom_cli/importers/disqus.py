"""Disqus's XML: comments find their articles by the address of their thread, or by what the blog called it.

The schema is at https://disqus.com/api/schemas/1.0/disqus.xsd. Threads and posts are linked by ``dsq:id``. Nobody's IP
address is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from lxml import etree

from kolom.comments.types import Status
from kolom_cli.importers import Item, Skipped, SourceError
from kolom_cli.importers.addresses import host_of, thread_names
from kolom_cli.importers.comment_fields import Found, moment, taken_over
from kolom_cli.importers.comment_text import markdown_of
from kolom_cli.importers.mapping import ThreadMap
from kolom_cli.importers.xml_stream import elements_of, forget, place, text_of

_SPACE: Final = "http://disqus.com"
_ID: Final = "{http://disqus.com/disqus-internals}id"
_KIND: Final = "comment"


@dataclass(frozen=True, slots=True)
class _Thread:
    """A page with comments. ``identifier`` is what the blog called it in Disqus's script."""

    forum: str
    link: str
    identifier: str
    title: str

    @property
    def name(self) -> str:
        """What it is called in reports and mappings."""
        return self.link or self.identifier


def read_disqus(path: Path, mapping: ThreadMap | None = None) -> Iterator[Item]:
    """Every comment of the export. ``mapping`` goes before the threads' own addresses.

    :raises SourceError: the file cannot be read, is no export of Disqus's, or is broken from here on
    """
    threads: dict[str, _Thread] = {}
    try:
        for element in _elements(path, "thread"):
            threads[element.get(_ID, "")] = _thread(element)
    except SourceError:
        pass  # The second reading comes to the same place, and says so after everything before it.
    for element in _elements(path, "post"):
        yield _item(element, threads, mapping or ThreadMap())


def _elements(path: Path, name: str) -> Iterator[Any]:
    try:
        with path.open("rb") as file:
            yield from _parse(path, file, name)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error


def _parse(path: Path, file: IO[bytes], name: str) -> Iterator[Any]:
    elements = elements_of(file, f"{{{_SPACE}}}thread", f"{{{_SPACE}}}post", f"{{{_SPACE}}}category")
    seen = False
    try:
        for _, element in elements:
            if not seen:
                _check(path, element)
                seen = True
            if element.getparent() is not element.getroottree().getroot():
                continue  # a post names its thread by an element of the same name
            if element.tag == f"{{{_SPACE}}}{name}":
                yield element
            forget(element)
        if not seen:
            _check(path, elements.root)
    except etree.XMLSyntaxError as error:
        raise SourceError(f"{path}:{place(elements, error)}") from error


def _check(path: Path, element: Any) -> None:
    document = element.getroottree()
    if document.docinfo.internalDTD is not None:
        raise SourceError(f"{path}: it has a document type declaration, which no export of Disqus's has: not read")
    if document.getroot().tag != f"{{{_SPACE}}}disqus":
        raise SourceError(f"{path}: this is no export of Disqus's, but <{etree.QName(document.getroot()).localname}>")


def _fields(element: Any) -> dict[str, str]:
    return {etree.QName(child).localname: text_of(child).strip() for child in element if isinstance(child.tag, str)}


def _thread(element: Any) -> _Thread:
    fields = _fields(element)
    return _Thread(
        fields.get("forum", ""), fields.get("link", ""), fields.get("id", ""), " ".join(fields.get("title", "").split())
    )


def _reference(element: Any, name: str) -> str:
    """The ``dsq:id`` of the thread or the post that it names."""
    found = element.find(f"{{{_SPACE}}}{name}")
    return found.get(_ID, "") if found is not None else ""


def _item(element: Any, threads: dict[str, _Thread], mapping: ThreadMap) -> Item:
    fields, number = _fields(element), element.get(_ID, "")
    thread = threads.get(_reference(element, "thread"))
    name = f"{number or f'line {element.sourceline}'} on {thread.name if thread else 'no thread'}"
    if fields.get("isSpam") == "true":
        return Skipped(kind=_KIND, name=name, reason="spam there")
    if not number:
        return Skipped(kind=_KIND, name=name, reason="has no id", refused=True)
    if thread is None:
        reason = f"belongs to the thread {_reference(element, 'thread') or '?'}, which is not in the export"
        return Skipped(kind=_KIND, name=name, reason=reason, refused=True)
    article = mapping.find(thread.link, thread.identifier)
    if article == ():
        return Skipped(kind=_KIND, name=name, reason="left out by the mapping")
    author = element.find(f"{{{_SPACE}}}author")
    writer = _fields(author) if author is not None else {}
    blog = thread.forum or host_of(thread.link)
    parent = _reference(element, "parent")
    return taken_over(
        Found(
            name=name,
            origin=f"disqus:{blog}#{number}",
            article=article or thread_names(thread.link, thread.identifier),
            thread=thread.name or f"thread {_reference(element, 'thread')}",
            title=thread.title,
            authors=(writer.get("name", ""), writer.get("username", "")),
            content=markdown_of(fields.get("message", "")),
            created_at=moment(fields.get("createdAt", "")),
            status=_status(fields),
            parent=f"disqus:{blog}#{parent}" if parent else None,
            email=writer.get("email", ""),
            website=writer.get("link", ""),
        )
    )


def _status(fields: dict[str, str]) -> Status:
    if fields.get("isDeleted") == "true":
        return "deleted"
    return "pending" if fields.get("isApproved") == "false" else "approved"
