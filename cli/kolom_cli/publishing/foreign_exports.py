"""Folders that are exports of other systems: known by their shape, so that none is taken for a folder of documents.

Such a folder holds drafts beside published texts, in files that do not say which they are.
"""

import re
from pathlib import Path
from typing import Final

from kolom_cli.archive.layout import FORMAT, MANIFEST

_MEDIUM: Final = re.compile(r"(?:draft|\d{4}-\d{2}-\d{2})_.*\.html?", re.IGNORECASE)
_MEDIUM_ARTICLE: Final = b'class="h-entry"'
_SUBSTACK_COLUMNS: Final = (b"post_id", b"is_published")
_INNER: Final = frozenset(("posts", "articles", "html"))
_NOT_READ: Final = "is an export of {0}: import it with `kolom import {1}`, which keeps its drafts private"
_BEGINNING: Final = 64 * 1024


def export_problem(folder: Path) -> str | None:
    """Why nothing in the folder is read: it is an export of another system, or its folder ``posts``. None otherwise."""
    for root in (folder, folder.parent) if folder.resolve().name in _INNER else (folder,):
        if f'"{FORMAT}"'.encode() in _beginning(root / MANIFEST):
            return "is an archive of Kolom's: put it back with `kolom import archive`"
        columns = _beginning(root / "posts.csv").partition(b"\n")[0]
        if all(column in columns for column in _SUBSTACK_COLUMNS):
            return _NOT_READ.format("Substack", "substack")
        for posts in (root, root / "posts"):
            if any(map(_is_of_medium, _files(posts))):
                return _NOT_READ.format("Medium", "medium")
    return None


def _files(folder: Path) -> list[Path]:
    """What lies in a folder; nothing in what is none, or cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_of_medium(path: Path) -> bool:
    return _MEDIUM.fullmatch(path.name) is not None and _MEDIUM_ARTICLE in _beginning(path)


def _beginning(path: Path) -> bytes:
    """The first bytes of a file; none of what is no file, or cannot be read."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(_BEGINNING)
    except OSError:
        return b""
