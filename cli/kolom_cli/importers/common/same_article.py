"""Decide whether an article that was imported from a file of the same path is an earlier version of that file."""

import re
from typing import Final

from kolom.articles import repository
from kolom.articles.input import ArticleInput
from kolom.articles.types import Article
from kolom.articles.versions import is_unedited

_SITE: Final = re.compile(r"#[0-9a-f]{16}")
_MIN_LINE: Final = 20
_SHARE: Final = 4


def is_of_same_file(existing: Article, origin: str) -> bool:
    """Return whether the article has the file's ``origin``, without or with the digest of a site."""
    found = existing.origin or ""
    return found.startswith(origin) and (found == origin or _SITE.fullmatch(found, len(origin)) is not None)


def is_earlier_version(existing: Article, content: ArticleInput, *, lenient: bool) -> bool:
    """Return whether the text of the article has lines in common with that of the file.

    With ``lenient``, the same title is sufficient. So is an edit in Kolom, which may have changed both title and text.
    """
    if lenient and (existing.title == content.title or not is_unedited(existing)):
        return True
    return _share_lines(repository.get_body(existing).source, content.body.source)


def _share_lines(first: str, second: str) -> bool:
    """Return whether the texts are equal, or have a quarter of the long lines of the shorter one in common."""
    if first.split() == second.split():
        return True
    ours, theirs = _long_lines(first), _long_lines(second)
    shared = len(ours & theirs)
    return shared > 0 and shared * _SHARE >= min(len(ours), len(theirs))


def _long_lines(text: str) -> set[str]:
    return {line for each in text.splitlines() if len(line := " ".join(each.split())) >= _MIN_LINE}
