"""The marks by which authors and their systems say that a text is not public. Pure.

A mark whose value is not understood counts as set: what may be a draft is treated as one.
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
"""Keys that hide a text unless they say no."""

_SHOWING: Final = frozenset(
    (
        *("published", "ispublished", "publish", "dgpublish", "public", "ispublic", "visible", "isvisible", "listed"),
        *("active", "isactive", "enabled", "isenabled", "live", "islive"),
    )
)
"""Keys that hide a text unless they say yes, or when."""

_WRITTEN: Final = frozenset(("permalink", "render", "list", "share"))
"""Keys that hide a text if they say no: then the site has no page of it, or does not name it."""

_STATUSES: Final = frozenset(("status", "poststatus", "publishstatus", "visibility", "access"))
_PUBLIC: Final = frozenset(
    ("published", "publish", "public", "live", "visible", "scheduled", "future", "open", "free", "everyone", "all")
)
"""What the status of a public text may be. One that waits for its date is held back by the date."""

_STATES: Final = frozenset(("state", "stage", "type", "posttype", "kind", "layout", "template"))
_LABELS: Final = frozenset(("tag", "tags", "label", "labels", "category", "categories", "keywords"))
_HIDDEN: Final = frozenset(("draft", "pending", "private", "hidden", "unlisted", "unpublished", "wip"))
"""What hides a text among words that may be about anything, such as the state in which it plays."""
_HIDING_LABELS: Final = frozenset(("draft", "drafts", "private"))

_GROUPS: Final = frozenset(
    ("params", "extra", "meta", "metadata", "build", "cascade", "eleventycomputed", "frontmatter", "data", "custom")
)
"""Keys below which there are further keys of the text."""
_DEEPEST: Final = 10

_YES: Final = frozenset(("true", "yes", "on", "y", "1"))
_NO: Final = frozenset(("false", "no", "off", "n", "0", "never"))
_YEAR: Final = re.compile(r"\b\d{4}\b")

_DRAFT_WORDS: Final = frozenset(
    (
        *("draft", "drafts", "draf", "unpublished", "wip", "brouillon", "brouillons", "borrador", "borradores"),
        *("entwurf", "entwürfe", "entwuerfe", "rascunho", "rascunhos", "bozza", "bozze", "черновик", "черновики"),
    )
)
"""Words for drafts, in several languages, that a name has beside others."""
_FOLDERS: Final = _DRAFT_WORDS | {
    *("private", "privat", "konsep", "trash", "sampah", "papierkorb", "corbeille", "papelera", "deleted", "hidden"),
    *("unlisted", "secret", "backup", "backups"),
}
"""Words that are the whole name of a folder, but for numbers and punctuation."""
_FILE_PARTS: Final = _DRAFT_WORDS | {"private", "bak", "backup", "old", "orig", "tmp"}
"""What stands between points in the name of a file that is not public."""

_HEADER_KEYS: Final = (
    _HIDING
    | _SHOWING
    | _STATUSES
    | {
        *(
            "title",
            "date",
            "modified",
            "updated",
            "author",
            "authors",
            "tags",
            "category",
            "categories",
            "keywords",
            "slug",
        ),
        *("summary", "description", "lang", "language", "template", "layout", "link", "type", "url", "saveas"),
    }
)
_HEADER_LINE: Final = re.compile(r"(?:\.\.[ \t]+)?([A-Za-z][\w -]{0,40}):(?:[ \t]+(.*))?")
_MAX_HEADER_LINES: Final = 100
_FENCE: Final = re.compile(r"\s*(---|\+\+\+|;;;)[ \t]*(\w+|#.*)?[ \t]*(?:\r\n|\n|\r)[ \t]*(.*)")
_JSON: Final = re.compile(r'\s*\{\s*"')


def draft_mark(values: Mapping[str, object]) -> str | None:
    """The first mark among the keys and values of a text's metadata, such as ``draft: true``; None if there is none.

    Keys are known however they are spelled: ``isDraft``, ``is_draft`` and ``Is-Draft`` are one.
    """
    return next(_marks(values, 0), None)


def _marks(values: Mapping[str, object], depth: int) -> Iterator[str]:
    for key, value in values.items():
        name = normalize(key)
        if name in _GROUPS and depth < _DEEPEST:
            for group in groups_in(value):
                yield from (f"{key}.{mark}"[:80] for mark in _marks(group, depth + 1))
        if label := _hiding_label(value) if name in _LABELS else None:
            yield f"{key}: {label}".strip()[:80]
        word = _word(value)
        if _is_mark(name, word.lower()):
            yield f"{key}: {word}".strip()[:80]


def groups_in(value: object) -> Iterator[Mapping[str, object]]:
    """The maps of keys that a value is: itself, or those in a list."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            yield each


def is_group(key: str) -> bool:
    """Whether the keys below this one are those of the text, such as ``params``."""
    return normalize(key) in _GROUPS


def _hiding_label(value: object) -> str | None:
    """The first of the labels that is the word ``draft`` or ``private``, and nothing else."""
    words = re.split(r"[,\s]+", value) if isinstance(value, str) else value if isinstance(value, list) else []
    return next((word for word in words if isinstance(word, str) and _plain(word).strip(" #") in _HIDING_LABELS), None)


def normalize(key: str) -> str:
    """A key without what differs between spellings of it: case, hyphens, underscores, spaces, invisible characters."""
    return re.sub(r"[-_\s]", "", _plain(key))


def _plain(text: str) -> str:
    """A text in lower case as it looks: without characters that are not seen, and wide letters as usual ones."""
    seen = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFKC", seen).lower()


def is_dated(word: str) -> bool:
    """Whether a value may be a date: ``published: 2024-05-16`` says when, not whether."""
    return _YEAR.search(word) is not None


def _word(value: object) -> str:
    """A value on one line; of a list or a group of keys only that it is one."""
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
        return _plain(word) in _HIDDEN
    return key in _WRITTEN and _plain(word) in _NO


def place_mark(parts: Sequence[str]) -> str | None:
    """What of a file's path says that it is a draft: ``my-drafts/x.md``, ``draft_x.md``, ``x.draft.md``; else None.

    A folder is named with such a word anywhere; a file begins or ends with it, for the word may be of its subject:
    ``how-to-draft-a-letter.md``. The folder of an ``index.md`` is named as a file is.
    """
    *folders, name = parts
    stem = name.rpartition(".")[0]
    bundle = folders.pop() if folders and stem == "index" else ""
    for folder in folders:
        if _is_folder_of_drafts(folder):
            return f"{folder}/"
    if bundle and (_is_draft_name(bundle) or set(_words(bundle)) <= _FOLDERS):
        return f"{bundle}/"
    return name if _is_draft_name(stem) else None


def _is_folder_of_drafts(name: str) -> bool:
    words = _words(name)
    return not _DRAFT_WORDS.isdisjoint(words) or (bool(words) and set(words) <= _FOLDERS)


def _is_draft_name(stem: str) -> bool:
    _, *parts = _plain(stem).split(".")
    words = _words(stem)
    is_named = len(words) > 1 or not stem[:1].isalnum()
    return (
        stem.startswith(("#", "~"))
        or not _FILE_PARTS.isdisjoint(part.strip() for part in parts)
        or (is_named and not _DRAFT_WORDS.isdisjoint([*words[:1], *words[-1:]]))
    )


def _words(name: str) -> list[str]:
    """The words of a name in lower case, without numbers."""
    return re.findall(r"[^\W\d_]+", _plain(name))


def read_header(text: str) -> dict[str, str]:
    """The lines ``Title: …`` with which a text of Pelican's, Nikola's or MultiMarkdown's begins, by their keys.

    Empty for a text that only looks so, such as one with a first line like ``Note: this is old``.
    """
    values: dict[str, str] = {}
    for line in _header_lines(text):
        if match := _HEADER_LINE.fullmatch(line.rstrip()):
            values.setdefault(match[1], (match[2] or "").strip())
        elif not values or not line.startswith((" ", "\t")):
            break
    known = {normalize(key) for key in values} & _HEADER_KEYS
    is_header = len(known) > 1 or "title" in known or draft_mark(values) is not None
    return values if is_header else {}


def _header_lines(text: str) -> Iterator[str]:
    beginning = text.lstrip().removeprefix("<!--").lstrip()
    for line in beginning[: _MAX_HEADER_LINES * 200].splitlines()[:_MAX_HEADER_LINES]:
        if not line.strip() or line.strip() == "-->":
            return
        yield line


def unread_metadata(text: str) -> str | None:
    """Why a text that has no front matter of ours seems to have metadata all the same; None if it does not."""
    if match := _FENCE.match(text):
        fence, language, following = match.groups()
        if fence != "---" or language or _HEADER_LINE.fullmatch(following.rstrip()):
            return "the front matter must begin with a line `---` that is the first of the file"
    if _JSON.match(text):
        return "front matter in JSON is not read: write it as YAML between lines `---`"
    if read_header(text):
        return "its metadata must stand between two lines `---`"
    return None
