"""Distinguish the entries of an export that have the same id. Pure."""

import hashlib
from dataclasses import dataclass, field
from typing import Final

SAME_ID: Final = "has the same id as another entry of the export: both are imported"
"""The note of an entry whose origin :meth:`EntryIds.add` changed."""


class RepeatedEntry(Exception):
    """An entry of the same id was read before; the message says whether this entry is a copy or another version."""


@dataclass(slots=True)
class EntryIds:
    """The origins of the entries that were read, with digests of their content, in the order of the export.

    Two different entries of a file may have the same id, for example after files were merged by hand. The first keeps
    its origin; the second gets the origin with a number at its end: ``…#2``. The same export always gives the same
    origins.
    """

    _known: dict[str, list[bytes]] = field(default_factory=dict)
    _files: dict[str, str] = field(default_factory=dict)

    def add(self, origin: str, content: object, file: str = "") -> str:
        """Return the origin of an entry: ``origin``, with a number at its end if another entry has this origin already.

        ``content`` is everything that the entry contains; it is compared by its ``repr``.

        :raises RepeatedEntry: an entry of the same id was read, from another ``file`` or with the same content
        """
        digest = hashlib.blake2b(repr(content).encode("utf-8", "replace"), digest_size=16).digest()
        digests = self._known.setdefault(origin, [])
        if digest in digests:
            raise RepeatedEntry("duplicate entry in the export")
        if self._files.setdefault(origin, file) != file:
            raise RepeatedEntry("another version of an entry in another file of the export: the first is imported")
        digests.append(digest)
        return origin if len(digests) == 1 else f"{origin}#{len(digests)}"
