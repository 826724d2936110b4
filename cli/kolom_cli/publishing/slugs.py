"""Make slugs from titles, file names and the slugs or ids of other systems."""

import hashlib
import re
import unicodedata
from typing import Final
from urllib.parse import unquote

from slugify import slugify

from kolom.articles.names import MAX_SLUG, is_slug_character, slug_problem

_MAX_GENERATED: Final = 80
"""The maximum length of a generated slug, to keep it readable in the address bar."""

_JOINERS: Final = str.maketrans({"\u200d": None, "\u200c": " "})
"""Invisible characters between letters."""


def slugify_title(text: str) -> str | None:
    """Return a slug for a title or a file name, with letters of any script; None if the result is not a valid slug."""
    text = unicodedata.normalize("NFC", text.translate(_JOINERS))
    # "legacy" splits words at combining marks. Texts without such marks still use it, because "modern" may cut a long
    # slug at another word, and slugs must not change.
    has_marks = any(unicodedata.category(each) in {"Mn", "Mc"} for each in text)
    made = slugify(
        text,
        allow_unicode=True,
        max_length=_MAX_GENERATED,
        word_boundary=True,
        algorithm="modern" if has_marks else "legacy",
    )
    made = unicodedata.normalize("NFC", made.lower())
    return made if slug_problem(made) is None else None


def slug_suffix(name: str) -> str:
    """Return an id of another system in a form for the end of a slug: a hash if it has no letters or digits."""
    made = str(slugify(name, max_length=_MAX_GENERATED))
    return made or hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]


def clean_slug(name: str) -> str | None:
    """Convert a slug of another system to a valid one: decoded, with few changes; None if impossible."""
    text = unicodedata.normalize("NFC", unquote(name).strip().lower())
    if slug_problem(text) is None:
        return text
    text = "".join(each if is_slug_character(each) else "\0" for each in text.translate(_JOINERS))
    text = re.sub("\0+", "-", text).strip("-_")[:MAX_SLUG].rstrip("-_")
    text = unicodedata.normalize("NFC", text)
    return text if slug_problem(text) is None else None
