"""Read the export format of WordPress (WXR 1.0 to 1.2) as a stream of plain records.

Nothing in the file is resolved or fetched. A truncated file yields the complete items, and then raises a
:class:`SourceError` with the position.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final

from lxml import etree

from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.common.xml_stream import Format, Outside, XmlEntry, get_element_text, name_of, read_entries

_EXPORT: Final = "WordPress export"
_ENTRIES: Final = ("item",)
_CONTAINERS: Final = ("rss", "channel")
_CONTENT: Final = "modules/content/"


@dataclass(slots=True)
class Record:
    """An ``<item>`` at ``line`` of the file. Its fields are ``title``, ``wp:post_id``, ``content:encoded`` and others.

    ``terms`` are the ``(domain, nicename, name)`` of its categories and tags; ``comments`` are the fields of each
    comment. ``repairs`` say what was changed in a damaged item. If there is a ``problem``, the fields are what could be
    read of the item, perhaps nothing.
    """

    line: int
    fields: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str, str]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)
    comments: list[dict[str, str]] = field(default_factory=list)
    repairs: tuple[str, ...] = ()
    problem: str = ""

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
class BlogUrl:
    """The URL of the blog."""

    url: str


@dataclass(frozen=True, slots=True)
class Language:
    """The blog's language, as a code."""

    code: str


def read_wxr(name: str, file: IO[bytes]) -> Iterator[Record | Author | Language | BlogUrl]:
    """Yield the records of the file ``name`` in their order.

    :raises SourceError: the file cannot be read, is not a WordPress export, or cannot be read further
    """

    def check(root: Any) -> None:
        namespaces = [uri for uri in root.nsmap.values() if "wordpress.org/export/" in uri]
        if root.tag != "rss" or not namespaces:
            raise SourceError(f"{name}: not a WordPress export: its root element is <{name_of(root)[1]}>")

    for part in read_entries(name, file, Format(name=_EXPORT, entries=_ENTRIES, containers=_CONTAINERS, check=check)):
        match part:
            case Outside(element):
                yield from (record for each in element if (record := _about_blog(each)) is not None)
            case XmlEntry():
                yield _record(part)


def _about_blog(element: Any) -> Author | Language | BlogUrl | None:
    match name_of(element)[1]:
        case "author":
            fields = {_name(child): get_element_text(child) for child in element if isinstance(child.tag, str)}
            login = fields.get("wp:author_login", "").strip()
            display_name = fields.get("wp:author_display_name", "").strip()
            return Author(login, display_name or login, fields.get("wp:author_id", "").strip())
        case "language":
            return Language(get_element_text(element).strip())
        case "link" | "base_blog_url":
            return BlogUrl(get_element_text(element).strip())
        case _:
            return None


def _record(item: XmlEntry) -> Record:
    record = Record(line=item.line, repairs=item.repairs, problem=item.problem)
    for child in () if item.element is None else item.element:
        if not isinstance(child.tag, str):
            continue
        name = _name(child)
        if name == "category":
            record.terms.append((child.get("domain", ""), child.get("nicename", ""), get_element_text(child).strip()))
        elif name == "wp:postmeta":
            pair = {_name(part): get_element_text(part) for part in child if isinstance(part.tag, str)}
            record.meta.setdefault(pair.get("wp:meta_key", "").strip(), pair.get("wp:meta_value", "").strip())
        elif name == "wp:comment":
            record.comments.append(
                {_name(part): get_element_text(part).strip() for part in child if isinstance(part.tag, str)}
            )
        else:
            record.fields.setdefault(name, get_element_text(child))
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
