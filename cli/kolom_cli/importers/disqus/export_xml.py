"""Read the export format of Disqus as a stream of plain records.

The elements are described at https://help.disqus.com/en/articles/1717164-comments-export and in
https://disqus.com/api/schemas/1.0/disqus.xsd. IP addresses (``ipAddress``) are never read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.common.xml_stream import Format, XmlEntry, get_element_text, local_name, read_entries

_EXPORT: Final = "Disqus export"
_ENTRIES: Final = ("category", "thread", "post")
_CONTAINERS: Final = ("disqus",)
_TRUE: Final = frozenset(("true", "1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The comment thread of one page. Posts refer to it by ``key``.

    ``identifier`` is the name that the blog gave it (``disqus_identifier`` in the script that embeds Disqus).
    ``account`` is the user name of its author, empty if they were not signed in. If there is a ``problem``, the thread
    could not be read completely.
    """

    line: int
    key: str
    identifier: str
    forum: str
    link: str
    title: str
    is_deleted: bool
    account: str
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A comment at ``line`` of the file. ``thread`` and ``parent`` are keys, ``identifier`` is that of the thread.

    ``is_approved`` is True unless the export says otherwise: most exports do not say it. If there is a ``problem``,
    the comment could not be read completely.
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
    repairs: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Forum:
    """The short name of a blog at Disqus."""

    name: str


def read_disqus_xml(name: str, file: IO[bytes]) -> Iterator[Thread | Post | Forum]:
    """Yield the records of the file ``name`` in their order.

    :raises SourceError: the file cannot be read, is not a Disqus export, or cannot be read further
    """

    def check(root: Any) -> None:
        if local_name(root) != "disqus":
            raise SourceError(f"{name}: not a Disqus export: its root element is <{local_name(root)}>")

    for entry in read_entries(name, file, Format(name=_EXPORT, entries=_ENTRIES, containers=_CONTAINERS, check=check)):
        match entry:
            case XmlEntry(name="thread"):
                yield _thread(entry)
            case XmlEntry(name="post"):
                yield _post(entry)
            case XmlEntry():
                yield Forum(_fields(entry.element).get("forum", ""))
            case _:
                pass


def _thread(entry: XmlEntry) -> Thread:
    element, fields = entry.element, _fields(entry.element)
    identifier = fields.get("id", "")
    author = next((_fields(child) for child in element if local_name(child) == "author"), {})
    return Thread(
        line=entry.line,
        key=_key(element, identifier),
        identifier=identifier,
        forum=fields.get("forum", ""),
        link=fields.get("link", ""),
        title=fields.get("title", ""),
        is_deleted=fields.get("isDeleted", "").lower() in _TRUE,
        account=_account(author),
        problem=entry.problem,
    )


def _post(entry: XmlEntry) -> Post:
    element = entry.element
    children = {local_name(child): child for child in (() if element is None else element) if local_name(child)}
    fields = _fields(element)
    author = _fields(children["author"]) if "author" in children else {}
    return Post(
        line=entry.line,
        key=_key(element, fields.get("id", "")),
        thread=_disqus_id(children.get("thread")),
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
        repairs=entry.repairs,
        problem=entry.problem,
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
    for child in () if element is None else element:
        if (name := local_name(child)) in _READ:
            fields.setdefault(name, get_element_text(child).strip())
    return fields


def _key(element: Any, identifier: str) -> str:
    """Return the key by which others refer to the element: the number of Disqus, or the blog's identifier."""
    return _disqus_id(element) or (f"id:{identifier}" if identifier else "")


def _disqus_id(element: Any) -> str:
    """Return the attribute ``dsq:id``, with any prefix."""
    if element is None:
        return ""
    for name, value in element.attrib.items():
        if str(name).rpartition("}")[2].rpartition(":")[2] == "id":
            return str(value).strip()
    return ""
