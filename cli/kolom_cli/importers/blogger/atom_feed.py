"""Read Blogger's Atom as a stream of plain entries: ``feed.atom`` of Google Takeout, the older export, or a live feed.

| | Takeout | older export | live feed |
|---|---|---|---|
| kind | ``blogger:type`` | a category of the scheme ``…#kind`` | the id; a comment has ``thr:in-reply-to`` |
| status | ``blogger:status``, ``blogger:trashed`` | ``app:draft`` | always public |
| URL | ``blogger:filename`` | ``link rel=alternate`` | ``link rel=alternate`` |
| comment's post | ``blogger:parent`` | ``thr:in-reply-to`` | ``thr:in-reply-to`` |
| comment's parent | ``blogger:inReplyTo`` | ``link rel=related`` | ``link rel=related`` |

Below the root element, only the names of elements count, not their namespaces: some exports use prefixes that they do
not declare.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final, Literal

from lxml import etree

from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.common.xml_stream import (
    Format,
    NotXml,
    Outside,
    XmlEntry,
    get_element_text,
    local_name,
    read_entries,
)
from kolom_cli.publishing.document import size_problem

type EntryKind = Literal["post", "page", "comment", "settings", "template", "other"]

_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_EXPORT: Final = "Blogger feed"
_ENTRIES: Final = ("entry",)
_CONTAINERS: Final = ("feed",)
_ATOM: Final = "http://www.w3.org/2005/Atom"
_KIND_SCHEME: Final = "http://schemas.google.com/g/2005#kind"
_LABEL_SCHEMES: Final = ("http://www.blogger.com/atom/ns#", "https://www.blogger.com/atom/ns#", "tag:blogger.com,1999:")
_KINDS: Final[dict[str, EntryKind]] = {
    name: name for name in ("post", "page", "comment", "settings", "template", "other")
}
_ID: Final = re.compile(r"blog-(\d+)\.(post|page|settings|layout|template)\b-?(\d*)")
_BEGINNING: Final = 1_000
"""The number of characters to keep of content that is too large: enough for a title if the entry has none."""
_REMOVED: Final = "blogger.contentRemoved"
_TEXT_FIELDS: Final = {
    "issued": "published",
    "metaDescription": "description",
    "published": "published",
    "updated": "updated",
}
"""The fields of an entry that are the text of an element."""


@dataclass(slots=True)
class Writer:
    """The author of an entry. ``uri`` is their profile or website.

    ``type`` is the type that Takeout gives the author, in upper case. Only the type ``BLOGGER`` guarantees that the
    profile belongs to the author.
    """

    name: str = ""
    uri: str = ""
    email: str = ""
    type: str = ""


@dataclass(slots=True)
class AtomEntry:
    """An ``<entry>`` at ``line`` of the feed.

    ``id``, ``post`` and ``parent`` look like ``blog-1.post-2``: ``post`` is the post of a comment, ``parent`` the
    comment that it replies to; ``parent`` may lack the blog (``post-2``). ``url`` is a URL or a path. ``status`` is a
    status of Takeout in upper case, also for an entry of another format; it is empty if an entry of Takeout states
    none. ``problem`` says why the entry cannot be imported. If its content is too large, ``content`` is only the
    beginning. If ``is_damaged`` is True, the entry could not be read as a whole, and any field may be incomplete.
    """

    line: int
    id: str = ""
    kind: EntryKind = "other"
    status: str = "LIVE"
    is_trashed: bool = False
    is_removed: bool = False
    title: str = ""
    content: str = ""
    problem: str | None = None
    is_html: bool = True
    is_summary: bool = False
    published: str = ""
    updated: str = ""
    writer: Writer = field(default_factory=Writer)
    labels: list[str] = field(default_factory=list)
    url: str = ""
    description: str = ""
    post: str = ""
    parent: str = ""
    repairs: tuple[str, ...] = ()
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class Blog:
    """The metadata of a feed."""

    language: str = ""
    url: str = ""


class NotAFeed(SourceError):
    """The file is not a Blogger feed, or its beginning cannot be parsed. ``is_certain`` is True in the first case."""

    def __init__(self, message: str, *, is_certain: bool = False) -> None:
        super().__init__(message)
        self.is_certain = is_certain


def read_feed(name: str, file: IO[bytes]) -> Iterator[AtomEntry | Blog]:
    """Yield the entries and metadata of the feed ``name``, in its order.

    :raises NotAFeed: the file is not a Blogger feed
    :raises SourceError: the file cannot be read, or is invalid after the entries yielded so far
    """

    def check(root: Any) -> None:
        if root.tag != f"{{{_ATOM}}}feed":
            raise NotAFeed(f"{name}: not a Blogger feed: its root element is <{local_name(root)}>", is_certain=True)

    try:
        for part in read_entries(
            name, file, Format(name=_EXPORT, entries=_ENTRIES, containers=_CONTAINERS, check=check)
        ):
            match part:
                case Outside(element):
                    yield from _blogs(element)
                case XmlEntry():
                    yield _entry(part)
    except NotXml as error:
        raise NotAFeed(str(error)) from error


def _blogs(feed: Any) -> Iterator[Blog]:
    if language := feed.get(_XML_LANG):
        yield Blog(language=language)
    for child in feed:
        if local_name(child) == "link" and child.get("rel") == "alternate":
            yield Blog(url=child.get("href", ""))


def _entry(part: XmlEntry) -> AtomEntry:
    entry = AtomEntry(line=part.line, repairs=part.repairs)
    kind = status = ""
    is_takeout = is_draft = False
    for child in () if part.element is None else part.element:
        match local_name(child):
            case "type":
                kind = _stripped_text(child).lower()
                is_takeout = True
            case "status":
                status = _stripped_text(child).upper()
            case "control":
                is_draft |= any(local_name(each) == "draft" and _stripped_text(each).lower() != "no" for each in child)
            case "category":
                kind = _category(child, entry) or kind
            case "content" | "summary" as name:
                _set_content(child, entry, is_summary=name == "summary")
            case name if name in _TEXT_FIELDS:
                setattr(entry, _TEXT_FIELDS[name], _stripped_text(child))
            case name:
                _set_field(name, child, entry)
    entry.kind = _kind(kind, entry)
    # Takeout states the status of public entries, too; the other formats do not.
    entry.status = status or ("" if is_takeout else "LIVE")
    entry.problem, entry.is_damaged = part.problem or entry.problem, bool(part.problem)
    if is_draft and entry.status in {"", "LIVE", "SCHEDULED"}:
        entry.status = "DRAFT"
    return entry


def _set_field(name: str, element: Any, entry: AtomEntry) -> None:
    match name:
        case "id":
            entry.id = _short_id(get_element_text(element))
        case "trashed":
            entry.is_trashed = bool(_stripped_text(element))
        case "title":
            entry.title = _markup(element)
        case "created" if not entry.published:
            entry.published = _stripped_text(element)
        case "author":
            entry.writer = _writer(element)
        case "filename":
            entry.url = _stripped_text(element) or entry.url
        case "parent":
            entry.post = _short_id(get_element_text(element))
        case "inReplyTo":
            entry.parent = _short_id(get_element_text(element))
        case "in-reply-to":
            entry.post = _short_id(element.get("ref", "")) or entry.post
        case "link":
            _link(element, entry)
        case "extendedProperty":
            entry.is_removed |= element.get("name") == _REMOVED and element.get("value") == "true"
        case _:
            pass


def _set_content(element: Any, entry: AtomEntry, *, is_summary: bool) -> None:
    if is_summary and entry.content:
        return
    entry.is_summary = is_summary
    content = _markup(element)
    entry.problem = size_problem(content)
    entry.content = content[:_BEGINNING] if entry.problem else content
    entry.is_html = element.get("type") != "text"


def _kind(named: str, entry: AtomEntry) -> EntryKind:
    if named:
        return _KINDS.get(named, "other")
    if entry.post:
        return "comment"
    match = _ID.search(entry.id)
    if match is None:
        return "other"
    return "page" if match[2] == "page" else "post" if match[2] == "post" else "settings"


def _category(element: Any, entry: AtomEntry) -> str:
    """Return the kind that the category defines, or add the label that it defines to the entry."""
    scheme, term = element.get("scheme", ""), element.get("term", "")
    if scheme == _KIND_SCHEME:
        return str(term.rpartition("#")[2])
    if term and (not scheme or scheme.startswith(_LABEL_SCHEMES)):
        entry.labels.append(term)
    return ""


def _link(element: Any, entry: AtomEntry) -> None:
    href = element.get("href") or ""
    match element.get("rel"):
        case "alternate" if not entry.url:
            entry.url = href
        case "related" if "/comments/default/" in href and not entry.parent:
            # …/feeds/<blog>/<post>/comments/default/<comment>
            entry.parent = f"post-{href.partition('?')[0].rstrip('/').rpartition('/')[2]}"
        case _:
            pass


def _writer(element: Any) -> Writer:
    fields = {local_name(child): get_element_text(child).strip() for child in element if local_name(child)}
    return Writer(
        name=fields.get("name", ""),
        uri=fields.get("uri", ""),
        email=fields.get("email", ""),
        type=fields.get("type", "").upper(),
    )


def _stripped_text(element: Any) -> str:
    return get_element_text(element).strip()


def _markup(element: Any) -> str:
    """Return the text of an Atom text construct (RFC 4287, section 3.1), XHTML as markup."""
    if element.get("type") == "xhtml":
        return "".join(etree.tostring(child, encoding="unicode", with_tail=True) for child in element)
    return get_element_text(element)


def _short_id(text: str) -> str:
    """Return ``blog-1.post-2`` for ``tag:blogger.com,1999:blog-1.post-2``; other ids stay as they are."""
    return text.strip().removeprefix("tag:blogger.com,1999:")
