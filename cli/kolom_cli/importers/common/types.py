"""What an importer yields for each entry of an export."""

from dataclasses import dataclass
from datetime import datetime

from kolom.articles.input import ArticleInput
from kolom.comments.types import Status
from kolom.errors import KolomError


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedArticle:
    """An article of an export. ``content.origin`` names it there and is the same in every export of that blog.

    ``number`` is what is put behind its slug if that is taken. ``aliases`` are further paths that it had. ``notes`` say
    what was changed about it. ``remote_images`` is how many pictures it shows from where they are (:mod:`.pictures`).
    """

    name: str
    content: ArticleInput
    number: str
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    remote_images: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedComment:
    """A comment of an export. ``origin`` names it there and is the same in every export of that blog.

    ``article`` are names under which its article may be found here, such as ``origin:…``, ``path:/2024/05/x.html`` and
    ``slug:x``: the first that is an article's counts. ``thread`` is what the article is called in the export, as a
    mapping file names it, ``title`` its title there. ``parent`` is the origin of the comment that it answers, wherever
    that stands in the export. ``content`` is Markdown, as a visitor would have typed it; of one that was removed there
    it is empty, as is everything that tells whose it was. ``with_article`` says that the export holds the article too.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something of an export that is not taken over; ``refused`` if it should have been."""

    kind: str
    name: str
    reason: str
    refused: bool = False


type Item = ImportedArticle | ImportedComment | Skipped


class SourceError(KolomError):
    """The export cannot be read, or not further than to here; the message says where and why."""
