"""Obsidian's vaults: notes that are private unless they say that they are published, with comments in them."""

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
    """Whether the folder is a vault or lies in one."""
    folder = directory.resolve()
    return any((each / ".obsidian").is_dir() for each in (folder, *folder.parents))


def is_published(front: Values) -> bool:
    """Whether a note says that it is published, by Obsidian Publish or as a digital garden."""
    return any(normalize(key) in _PUBLISHED and get_flag(front, key) is True for key in front)


def without_comments(text: str) -> str:
    """A note without what stands between ``%%`` and ``%%``, or behind a ``%%`` that is not closed; code stays."""
    return _COMMENT.sub(lambda match: match[1] or "", text)
