"""Read Obsidian vaults: notes are private unless they are marked as published, and may contain comments."""

import re
from pathlib import Path
from typing import Final

from kolom_cli.importers.markdown.front_matter_values import get_flag
from kolom_cli.importers.markdown.lenient_front_matter import Values
from kolom_cli.publishing.draft_marks import normalize

_PUBLISHED: Final = frozenset(("publish", "dgpublish"))
_COMMENT: Final = re.compile(
    r"(^ {0,3}(`{3,}|~{3,})[^\n]*\n(?s:.*?)(?:^ {0,3}\2|\Z)|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\3(?!`))|%%(?s:.*?)(?:%%|\Z)",
    re.MULTILINE,
)


def is_vault(directory: Path) -> bool:
    """Return whether the directory is a vault or within one."""
    resolved = directory.resolve()
    return any((each / ".obsidian").is_dir() for each in (resolved, *resolved.parents))


def is_published(front: Values) -> bool:
    """Return whether a note is marked as published for Obsidian Publish or a digital garden."""
    return any(normalize(key) in _PUBLISHED and get_flag(front, key) is True for key in front)


def without_comments(text: str) -> str:
    """Return a note without the text between ``%%`` and ``%%``, or after an unclosed ``%%``; code stays."""
    return _COMMENT.sub(lambda match: match[1] or "", text)
