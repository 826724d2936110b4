"""Detect the marks by which authors and blog systems declare that a text is not public. Pure.

A mark with an unknown value counts as set: a text that may be a draft is treated as a draft.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

_HIDING: Final = frozenset(
    (
        *("draft", "isdraft", "private", "isprivate", "hidden", "ishidden", "hide", "unlisted", "isunlisted"),
        *("unpublished", "password", "protected", "passwordprotected", "encrypted", "headless", "wip", "iswip"),
        *("disabled", "isdisabled", "archived", "isarchived", "deleted", "isdeleted", "trashed", "secret", "issecret"),
        "eleventyexcludefromcollections",
    )
)
"""Keys that hide a text unless their value is false or empty."""

_SHOWING: Final = frozenset(
    (
        *("published", "ispublished", "publish", "dgpublish", "public", "ispublic", "visible", "isvisible", "listed"),
        *("active", "isactive", "enabled", "isenabled", "live", "islive"),
    )
)
"""Keys that hide a text unless their value is true or a date."""

_HIDING_IF_FALSE: Final = frozenset(("permalink", "render", "list", "share"))
"""Keys that hide a text if their value is false: the site then has no page for it, or does not list it."""

_STATUSES: Final = frozenset(("status", "poststatus", "publishstatus", "visibility", "access"))
_PUBLIC: Final = frozenset(
    ("published", "publish", "public", "live", "visible", "scheduled", "future", "open", "free", "everyone", "all")
)
"""The statuses of public texts. A scheduled text counts as public, since its date keeps it back."""

MARK_KEYS: Final = _HIDING | _SHOWING | _STATUSES
"""The keys that say only whether a text is public."""

_STATES: Final = frozenset(("state", "stage", "type", "posttype", "kind", "layout", "template"))
_LABELS: Final = frozenset(("tag", "tags", "label", "labels", "category", "categories", "keywords"))
_HIDING_STATES: Final = frozenset(("draft", "pending", "private", "hidden", "unlisted", "unpublished", "wip"))
"""The values of ``_STATES`` that hide a text. These keys also have other meanings, such as a federal state."""
_HIDING_LABELS: Final = frozenset(("draft", "drafts", "private"))

_GROUPS: Final = frozenset(
    ("params", "extra", "meta", "metadata", "build", "cascade", "eleventycomputed", "frontmatter", "data", "custom")
)
"""Keys whose value is a group of further keys of the text."""
_MAX_DEPTH: Final = 10

_YES: Final = frozenset(("true", "yes", "on", "y", "1"))
_NO: Final = frozenset(("false", "no", "off", "n", "0", "never"))
_YEAR: Final = re.compile(r"\b\d{4}\b")

_DRAFT_WORDS: Final = frozenset(
    (
        *("draft", "drafts", "draf", "unpublished", "wip", "brouillon", "brouillons", "borrador", "borradores"),
        *("entwurf", "entwürfe", "entwuerfe", "rascunho", "rascunhos", "bozza", "bozze", "черновик", "черновики"),
    )
)
"""Words for drafts in several languages. They mark a name even if it also contains other words."""
_DIRECTORIES: Final = _DRAFT_WORDS | {
    *("private", "privat", "konsep", "trash", "sampah", "papierkorb", "corbeille", "papelera", "deleted", "hidden"),
    *("unlisted", "secret", "backup", "backups"),
}
"""Words that mark a folder if its name consists of them, apart from numbers and punctuation."""
_FILE_PARTS: Final = _DRAFT_WORDS | {"private", "bak", "backup", "old", "orig", "tmp"}
"""The parts between dots in the name of a file that is not public."""


def draft_mark(values: Mapping[str, object]) -> str | None:
    """Return the first draft mark in a text's metadata, such as ``draft: true``; None if there is none.

    The spelling of keys does not matter: ``isDraft``, ``is_draft`` and ``Is-Draft`` are the same key. Each value is a
    text, such as ``"true"``, or a list or a mapping of such values.
    """
    return next(_marks(values, 0), None)


def _marks(values: Mapping[str, object], depth: int) -> Iterator[str]:
    for key, value in values.items():
        name = normalize(key)
        if name in _GROUPS and depth < _MAX_DEPTH:
            for group in groups_in(value):
                yield from (f"{key}.{mark}"[:80] for mark in _marks(group, depth + 1))
        if label := _hiding_label(value) if name in _LABELS else None:
            yield f"{key}: {label}".strip()[:80]
        word = _word(value)
        if _is_mark(name, word.lower()):
            yield f"{key}: {word}".strip()[:80]


def groups_in(value: object) -> Iterator[Mapping[str, object]]:
    """Yield the mappings in a value: the value itself, or the items of a list."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            yield each


def is_group(key: str) -> bool:
    """Return whether the value of this key is a group of further keys of the text, such as ``params``."""
    return normalize(key) in _GROUPS


def _hiding_label(value: object) -> str | None:
    """Return the first of the labels that is in ``_HIDING_LABELS``; None if there is none."""
    words = re.split(r"[,\s]+", value) if isinstance(value, str) else value if isinstance(value, list) else []
    return next((word for word in words if isinstance(word, str) and _plain(word).strip(" #") in _HIDING_LABELS), None)


def normalize(key: str) -> str:
    """Return a key in lower case, without hyphens, underscores, spaces and invisible characters."""
    return re.sub(r"[-_\s]", "", _plain(key))


def _plain(text: str) -> str:
    """Return a text in lower case, without invisible characters and with full-width letters as normal ones."""
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", visible).lower()


def is_dated(word: str) -> bool:
    """Return whether a value may be a date, as in ``published: 2024-05-16``, which does not mean true or false."""
    return _YEAR.search(word) is not None


def _word(value: object) -> str:
    """Return a value as one line: ``…`` for a list or a group of keys, an empty text if it is empty."""
    if isinstance(value, str):
        return " ".join(value.split())
    return "…" if value else ""


def _is_mark(key: str, word: str) -> bool:
    if key in _HIDING:
        return bool(word) and word not in _NO
    if key in _SHOWING:
        return word not in _YES and not is_dated(word)
    if key in _STATUSES:
        return bool(word) and word not in _PUBLIC
    if key in _STATES:
        return _plain(word) in _HIDING_STATES
    return key in _HIDING_IF_FALSE and _plain(word) in _NO


def path_mark(parts: Sequence[str]) -> str | None:
    """Return the part of a path that marks a draft (``my-drafts/x.md``, ``draft_x.md``, ``x.draft.md``), or None.

    In the name of a folder, the word may have any position. The name of a file must begin or end with it, since it may
    be part of the subject: ``how-to-draft-a-letter.md``. So must the name of the folder of an ``index.md``, or it must
    consist of such words: ``drafts/index.md`` is a draft, ``drafts.md`` is none.
    """
    *directories, name = parts
    stem = name.rpartition(".")[0]
    bundle = directories.pop() if directories and stem == "index" else ""
    for directory in directories:
        if _is_draft_directory(directory):
            return f"{directory}/"
    if bundle and (_is_draft_name(bundle) or _has_only_directory_words(bundle)):
        return f"{bundle}/"
    return name if _is_draft_name(stem) else None


def _is_draft_directory(name: str) -> bool:
    return not _DRAFT_WORDS.isdisjoint(_words(name)) or _has_only_directory_words(name)


def _has_only_directory_words(name: str) -> bool:
    words = _words(name)
    return bool(words) and set(words) <= _DIRECTORIES


def _is_draft_name(stem: str) -> bool:
    _, *parts = _plain(stem).split(".")
    words = _words(stem)
    is_single_word = len(words) == 1 and stem[:1].isalnum()  # `drafts.md` may be an article about drafts
    return (
        stem.startswith(("#", "~"))
        or not _FILE_PARTS.isdisjoint(part.strip() for part in parts)
        or (not is_single_word and not _DRAFT_WORDS.isdisjoint([*words[:1], *words[-1:]]))
    )


def _words(name: str) -> list[str]:
    """Return the words of a name in lower case, without numbers."""
    return re.findall(r"[^\W\d_]+", _plain(name))
