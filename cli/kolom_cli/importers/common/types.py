"""The items that the reader of an export yields, one for each entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kolom.articles.input import ArticleInput
from kolom.comments.types import Status
from kolom.errors import KolomError
from kolom.rendering.removals import Removal
from kolom_cli.terminal.report import NO_LINKS, LinkCounts


@dataclass(frozen=True, slots=True)
class Links:
    """The links of an article that was read from a file of the folder ``root``, as written, with their replacements."""

    file: Path
    root: Path
    replaced: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedArticle:
    """An article of an export. ``content.origin`` identifies it and is the same in every export of that blog.

    ``slug_suffix`` is added to the slug if the slug is taken. ``aliases`` are further paths that the article had.
    ``notes`` describe the changes made to it. ``remote_media`` is the number of images, videos and audio files that it
    embeds from other sites (:mod:`.remote_media`); ``removals`` is the markup that was removed because Kolom
    does not allow it. ``links`` are to be checked; only an article from a folder has them. ``is_language_unclear`` is
    True if neither the export nor the text says its language. ``file_origin`` is the origin of a file without the
    digest of its site: the same for files of the same path in any directory.
    """

    name: str
    content: ArticleInput
    slug_suffix: str
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    remote_media: int = 0
    own_links: LinkCounts = NO_LINKS
    removals: tuple[Removal, ...] = ()
    links: Links | None = None
    is_language_unclear: bool = False
    file_origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedComment:
    """A comment of an export. ``origin`` identifies it and is the same in every export of that blog.

    ``article`` are the names under which Kolom may have the article, such as ``origin:…``, ``path:/2024/05/x.html`` and
    ``slug:x``; the first that exists is used. ``thread`` is the name of the article in the export, as in a mapping
    file, and ``title`` its title there. ``parent`` is the origin of the parent comment, which may come later in the
    export. ``content`` is Markdown, as a visitor would have typed it. The content and all personal data of a comment
    deleted at the source are empty. ``with_article`` is True if the export contains the article, too.
    """

    name: str
    origin: str
    article: tuple[str, ...]
    thread: str
    author: str
    content: str
    created_at: datetime
    title: str = ""
    with_article: bool = False
    status: Status = "approved"
    parent: str | None = None
    website: str | None = None
    email: str | None = None
    is_owner: bool = False
    notes: tuple[str, ...] = ()
    own_links: LinkCounts = NO_LINKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An entry of an export that is not imported; ``refused`` is True if that is an error."""

    kind: str
    name: str
    reason: str
    refused: bool = False


type Item = ImportedArticle | ImportedComment | Skipped


class SourceError(KolomError):
    """The export cannot be read, or cannot be read further; the message says where and why."""
