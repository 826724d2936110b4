"""Detect exports of other systems and archives of Kolom, so that their files are not published as documents.

An export contains drafts as well as published texts, and the content of a file does not say whether it is a draft.
"""

import re
from pathlib import Path
from typing import Final

from kolom_cli.archive.layout import FORMAT, MANIFEST

_MEDIUM: Final = re.compile(r"(?:draft|\d{4}-\d{2}-\d{2})_.*\.html?", re.IGNORECASE)
_MEDIUM_ARTICLE: Final = b'class="h-entry"'
_SUBSTACK_COLUMNS: Final = (b"post_id", b"is_published")
_SUBDIRECTORIES: Final = frozenset(("posts", "articles", "html"))
_OTHER_COMMAND: Final = "is an export of {0}: import it with `kolom import {1}`, which keeps its drafts private"
_MAX_BYTES: Final = 64 * 1024


def export_problem(directory: Path) -> str | None:
    """Return a message if the folder is an export, an archive of Kolom, or a subfolder of one; None otherwise."""
    for root in (directory, directory.parent) if directory.resolve().name in _SUBDIRECTORIES else (directory,):
        if f'"{FORMAT}"'.encode() in _beginning(root / MANIFEST):
            return "is an archive of Kolom: restore it with `kolom import archive`"
        columns = _beginning(root / "posts.csv").partition(b"\n")[0]
        if all(column in columns for column in _SUBSTACK_COLUMNS):
            return _OTHER_COMMAND.format("Substack", "substack")
        for posts in (root, root / "posts"):
            if any(map(_is_medium_article, _files(posts))):
                return _OTHER_COMMAND.format("Medium", "medium")
    return None


def _files(directory: Path) -> list[Path]:
    """Return the content of a folder, sorted; empty if it is not a folder or cannot be read."""
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []


def _is_medium_article(path: Path) -> bool:
    return _MEDIUM.fullmatch(path.name) is not None and _MEDIUM_ARTICLE in _beginning(path)


def _beginning(path: Path) -> bytes:
    """Return the first bytes of a file; empty if it is not a file or cannot be read."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)
    except OSError:
        return b""
