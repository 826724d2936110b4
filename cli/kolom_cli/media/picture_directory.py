"""Find the file of a picture by the path of its URL, in a folder such as ``wp-content/uploads``."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

_MIN_SEGMENTS: Final = 2


@dataclass(frozen=True, slots=True)
class PictureDirectory:
    """A folder with pictures. Files outside of it are never read, not even through symbolic links."""

    root: Path

    def find(self, url: str) -> Path | None:
        """Return the file of the picture; None if the folder does not have it.

        These paths in the folder are tried, in this order: the part of the URL's path after the name of the folder;
        the whole path; the path without its first segment, without its first two segments, and so on. The last one has
        one directory and the file name.
        """
        inside = self.root.resolve()
        for candidate in self._candidates(url, inside):
            try:
                target = (inside / candidate).resolve()
                if target.is_relative_to(inside) and target.is_file():
                    return target
            except (OSError, ValueError):
                continue
        return None

    def _candidates(self, url: str, inside: Path) -> Iterator[str]:
        try:
            path = unquote(urlsplit(url).path, errors="strict")
        except ValueError:
            return
        parts = [part for part in path.split("/") if part]
        if "\0" in path or "\\" in path or {".", ".."} & set(parts):
            return
        if inside.name in parts:
            position = len(parts) - parts[::-1].index(inside.name)
            if position < len(parts):
                yield "/".join(parts[position:])
        for start in range(max(1, len(parts) - _MIN_SEGMENTS + 1)):
            yield "/".join(parts[start:])
