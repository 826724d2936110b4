"""A folder of Markdown files from another site generator. The files stay as they are; their paths name the articles."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kolom.config import settings
from kolom_cli.contents import Contents, Source, slug_of, sources, where
from kolom_cli.documents import DocumentError, read_document
from kolom_cli.importers import Imported, Item, Skipped, SourceError
from kolom_cli.media import MediaError, MediaStore


def read_markdown(directory: Path, *, language: str | None = None, dry_run: bool = False) -> Iterator[Item]:
    """Every document in the folder, its pictures uploaded. ``language`` is for those that name none."""
    contents = Contents(MediaStore(dry_run=dry_run), language)
    found, errors = sources([directory])
    if errors:
        raise SourceError(str(errors[0]))
    for source in found:
        yield _item(source, directory, contents)


def _item(source: Source, directory: Path, contents: Contents) -> Item:
    kind = "file"
    try:
        document = read_document(source.path, settings().zone)
        kind = document.kind
        content = contents.make(document, slug_of(document), source)
    except (DocumentError, MediaError) as error:
        reason = error.message if isinstance(error, DocumentError) else str(error)
        return Skipped(kind=kind, name=where(source.path, error), reason=reason, refused=True)
    place = source.path.relative_to(directory).as_posix()
    return Imported(
        name=str(source.path),
        content=replace(content, origin=f"markdown:{place}"),
        number=hashlib.sha256(place.encode()).hexdigest()[:6],
    )
