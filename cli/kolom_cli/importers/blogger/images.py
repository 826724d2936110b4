"""The pictures of a blog at Blogger: those that the Takeout holds are stored here."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from kolom.config import settings
from kolom_cli.importers.blogger.takeout import Export, Member
from kolom_cli.importers.blogger.urls import image_name
from kolom_cli.importers.common.types import SourceError
from kolom_cli.media.store import CONTENT_TYPES, MAX_BYTES, MediaStore, media_name
from kolom_cli.media.svg_safety import find_unsafe_svg


@dataclass(slots=True)
class Images:
    """Answers for each picture's address with where it stands here. Takeout has them by name, not by address."""

    export: Export
    media: MediaStore
    _known: dict[str, str | None] = field(default_factory=dict)
    _notes: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> str:
        """What shall stand in place of ``url``."""
        name = image_name(url) if self.export.pictures else None
        if name is None:
            return url
        if name not in self._known:
            member = self.export.picture(name)
            self._known[name] = self._stored(member) if member else None
        return self._known[name] or url

    def take_notes(self) -> list[str]:
        """What could not be stored since this was last asked."""
        notes, self._notes = self._notes, []
        return notes

    def _stored(self, member: Member) -> str | None:
        path = PurePosixPath(member.name)
        if not settings().media_bucket:
            self._notes.append("its pictures stay where they are: this endpoint has tables only, and no media bucket")
            return None
        try:
            data = member.read(MAX_BYTES)
        except SourceError as error:
            self._notes.append(f"the picture {path.name} stays where it is: {error}")
            return None
        if path.suffix.lower() == ".svg" and (problem := find_unsafe_svg(data)):
            self._notes.append(f"the picture {path.name} stays where it is: {problem}")
            return None
        return self.media.put(media_name(path.name), data, CONTENT_TYPES[path.suffix.lower()])
