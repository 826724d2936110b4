"""Slugs made from titles, file names and other systems' names."""

import hashlib
import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from slugify import slugify

from kolom.articles.names import MAX_SLUG, slug_problem

_GENERATED: Final = 80
"""How long a slug made from a title becomes at most: readable in an address bar."""


def slugify_title(text: str) -> str | None:
    """A slug for a title or a file name, letters of any script kept; None if it has none, or none that is free."""
    made = slugify(text, allow_unicode=True, max_length=_GENERATED, word_boundary=True)
    made = unicodedata.normalize("NFC", made.lower())
    return made if slug_problem(made) is None else None


def slug_suffix(name: str) -> str:
    """Another system's id so that a slug may end with it, behind a word and a hyphen; a hash of what has no letters."""
    made = str(slugify(name, max_length=_GENERATED))
    return made or hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]


def clean_slug(name: str) -> str | None:
    """Another system's slug, percent-escapes decoded, with as little change as makes it valid; None if none is left."""
    text = unicodedata.normalize("NFC", unquote(name).strip().lower())
    if slug_problem(text) is None:
        return text
    text = re.sub(r"[^\w-]+", "-", text).strip("-_")[:MAX_SLUG].rstrip("-_")
    text = unicodedata.normalize("NFC", text)
    return text if slug_problem(text) is None else None
