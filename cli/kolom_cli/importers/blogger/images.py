"""Store the images that the Takeout of a Blogger blog contains."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from kolom.config import settings
from kolom_cli.importers.blogger.takeout import Export
from kolom_cli.importers.blogger.urls import image_name
from kolom_cli.importers.common.export_files import Member
from kolom_cli.importers.common.types import SourceError
from kolom_cli.media.store import CONTENT_TYPES, MAX_BYTES, MediaStore, media_name
from kolom_cli.media.svg_safety import find_unsafe_svg


@dataclass(slots=True)
class Images:
    """Maps the URL of each image to the URL of its stored copy. Takeout identifies images by name, not by URL."""

    export: Export
    media: MediaStore
    _known: dict[str, str | None] = field(default_factory=dict)
    _notes: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> str:
        """Return the URL of the stored copy, or ``url`` if there is none."""
        name = image_name(url) if self.export.images else None
        if name is None:
            return url
        if name not in self._known:
            member = self.export.image(name)
            self._known[name] = self._store(member) if member else None
        return self._known[name] or url

    def pop_notes(self) -> list[str]:
        """Return the notes about images that could not be stored, and clear them."""
        notes, self._notes = self._notes, []
        return notes

    def _store(self, member: Member) -> str | None:
        """Store the image and return its URL; None, with a note, if that is not possible."""
        path = PurePosixPath(member.name)
        if not settings().media_bucket:
            self._notes.append("its images are not copied: this endpoint has only tables, no media bucket")
            return None
        try:
            data = member.read(MAX_BYTES)
        except SourceError as error:
            self._notes.append(f"the image {path.name} is not copied: {error}")
            return None
        if path.suffix.lower() == ".svg" and (problem := find_unsafe_svg(data)):
            self._notes.append(f"the image {path.name} is not copied: {problem}")
            return None
        return self.media.put(media_name(path.name), data, CONTENT_TYPES[path.suffix.lower()])
