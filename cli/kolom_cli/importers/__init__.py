"""Importers: one module for each system that a blog may come from.

Each reads an export and gives, in the order of the export, an :class:`Imported` or a :class:`Skipped` for everything in
it, so that the numbers of the report add up. :mod:`.storing` puts them into the store.
"""

from dataclasses import dataclass

from kolom.articles.types import Content
from kolom.errors import KolomError


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """An article of an export. ``content.origin`` names it there and is the same in every export of that blog.

    ``number`` is what is put behind its slug if that is taken. ``notes`` say what was changed about it.
    """

    name: str
    content: Content
    number: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something of an export that does not become an article; ``refused`` if it should have."""

    kind: str
    name: str
    reason: str
    refused: bool = False


type Item = Imported | Skipped


class SourceError(KolomError):
    """The export cannot be read, or not further than to here; the message says where and why."""
