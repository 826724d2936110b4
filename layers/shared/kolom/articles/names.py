"""Validate and normalize the names of articles: slugs, paths, labels. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from kolom.labels import normalize_label

SITE_SEGMENTS = frozenset(
    {
        *("api", "archive", "assets", "contact", "feeds", "label", "labels", "media", "preview", "search", "sitemaps"),
        *("robots.txt", "sitemap.xml", "_local"),
    }
)
"""First path segments of the site, its CDN or the local stack."""

RESERVED_SLUGS = SITE_SEGMENTS | {"page", "pages", "studio", "subscription", "thanks", ".well-known"}
"""First path segments that articles cannot have: those of the site, and those reserved for it."""

MAX_SLUG = 200
MAX_PATH = 500
MAX_LABEL_BYTES = 900
MAX_LABEL = 100

_PATH = re.compile(r"(?:/[^/\s?#%\\\x00-\x1f\x7f]+)+/?")
_UNSAFE = frozenset('"<>^`{|}')
_INVISIBLE = frozenset("\u00ad\u200b\u2060\ufeff")
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_NUMBERED = "/?p="
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_PERIOD = re.compile(r"/\d{4}(?:/(?:0?[1-9]|1[0-2]))?/*", re.ASCII)


def slug_problem(slug: str) -> str | None:
    """Return why ``slug`` is not valid, or None.

    A slug has lowercase letters, their marks, and digits of any script, in Unicode's NFC form, with hyphens or
    underscores between them; at most :data:`MAX_SLUG` characters.
    """
    if not slug:
        return "must not be empty"
    if len(slug) > MAX_SLUG:
        return f"must have at most {MAX_SLUG} characters, got {len(slug)}"
    if not slug[0].isalnum() or slug[-1] in "-_" or not all(is_slug_character(character) for character in slug):
        return f"must consist of letters and digits with hyphens between them, not {slug!r}"
    composed = unicodedata.normalize("NFC", slug.lower())
    if slug != composed:
        rule = "be lowercase" if slug != slug.lower() else "have composed characters (NFC)"
        return f"must {rule}: {composed!r}"
    if is_reserved_path(default_path(slug)):
        return f"{slug!r} is reserved for the site itself"
    return None


def is_slug_character(character: str) -> bool:
    """Return whether a slug may have the character: a letter or digit of any script, a mark, a hyphen, an underscore.

    Marks are accents and, in many scripts of India and Southeast Asia, vowels.
    """
    return character in "-_" or character.isalnum() or _is_mark(character)


def _is_mark(character: str) -> bool:
    is_variation_selector = "\ufe00" <= character <= "\ufe0f" or character >= "\U000e0100"
    return unicodedata.category(character) in {"Mn", "Mc"} and not is_variation_selector


def path_problem(path: str, *, is_stored: bool = False) -> str | None:
    """Return why ``path`` is not valid, or None. A path is like ``/2024/05/x.html``, unescaped, without query.

    A stored path may have characters that are invalid in URLs (RFC 3986), since earlier versions accepted them.
    """
    if len(path) > MAX_PATH:
        return f"must have at most {MAX_PATH} characters, got {len(path)}"
    if not _PATH.fullmatch(path) or any(segment in {".", ".."} for segment in path.split("/")):
        return f"must be like /2024/05/title.html, without spaces, '?', '#' or '%', not {path!r}"
    if not is_stored and (unsafe := sorted(set(path) & _UNSAFE)):
        return f"must not contain {' '.join(unsafe)}: {path!r}"
    if not is_stored and _INVISIBLE & set(path):
        return f"must not contain invisible characters: {path!r}"
    if _has_controls(path):
        return f"must not contain control characters: {path!r}"
    if is_reserved_path(path):
        return f"{path!r} is reserved for the site itself"
    return None


def alias_problem(alias: str) -> str | None:
    """Return why ``alias`` is not valid, or None. It may have spaces, ``%`` or ``?``: the site never links to it."""
    if len(alias) > MAX_PATH:
        return f"must have at most {MAX_PATH} characters, got {len(alias)}"
    segments = alias.split("/")
    if segments[0] or not segments[1:] or not segments[1] or {".", ".."} & set(segments):
        return f"must be like /2024/05/title.html, not {alias!r}"
    if _has_controls(alias):
        return f"must not contain control characters: {alias!r}"
    if is_reserved_path(alias):
        return f"{alias!r} is reserved for the site itself"
    return None


def label_problem(label: str, *, is_stored: bool = False) -> str | None:
    """Return why ``label`` is not valid, or None.

    For a stored label, the URL of its page need not work, since earlier versions accepted such labels.
    """
    if not label.strip():
        return "must not be empty"
    if len(label) > MAX_LABEL:
        return f"must have at most {MAX_LABEL} characters: {label[:40]!r}…"
    if _has_controls(label):
        return f"must not contain control characters: {label!r}"
    if is_stored:
        return None
    # Browsers and servers would change the parts of a URL that are rejected below, even percent-encoded ones.
    if {".", "..", ""} & {part.strip() for part in label.split("/")}:
        return f"must not have a part between slashes that is empty, '.' or '..', because of its URL: {label!r}"
    if escape := _ESCAPE.search(label):
        return f"must not contain {escape[0]!r}, because of its URL: {label!r}"
    return None


def label_key(label: str) -> str:
    """Return the key of ``label``, independent of its case and spacing; never contains ``#``.

    It is truncated to fit into a DynamoDB key; labels that can be published are shorter.
    """
    escaped = normalize_label(label).replace("%", "%25").replace("#", "%23")
    return escaped.encode()[:MAX_LABEL_BYTES].decode(errors="ignore")


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def default_path(slug: str) -> str:
    """Return the path of an article without a custom path."""
    return f"/{slug}/"


def is_reserved_path(path: str) -> bool:
    """Return whether ``path`` is reserved: a list of a year or a month, or anything below a reserved slug."""
    return path[1:].split("/")[0] in RESERVED_SLUGS or _PERIOD.fullmatch(path) is not None


def post_number_alias(query: Mapping[str, Sequence[str]]) -> str | None:
    """Return the alias of a WordPress post or page whose URL has this query; None for any other query.

    Both ``/?p=12`` and ``/?page_id=12`` have the alias ``/?p=12``. A page never has the number of a post.
    """
    numbers = (value for name in ("p", "page_id") for value in query.get(name, ()))
    number = next((value for value in numbers if _NUMBER.fullmatch(value)), None)
    return None if number is None else f"{_NUMBERED}{number}"


def is_post_number_alias(path: str) -> bool:
    """Return whether ``path`` begins as the aliases that :func:`post_number_alias` returns."""
    return path.startswith(_NUMBERED)


def pointer_keys_at(path: str) -> tuple[str, ...]:
    """Return the pointers that may identify the article at ``path``, in the order of lookup.

    A path of one segment is treated as a slug: ``/x/``, ``/x`` and the slug ``x`` identify the same article.

    >>> pointer_keys_at("/about/"), pointer_keys_at("/2024/05/x.html")
    (('slug:about', 'path:/about/'), ('path:/2024/05/x.html',))
    """
    match = None if is_post_number_alias(path) else re.fullmatch(r"/([^/]+)/?", path)
    return (f"path:{path}",) if match is None else (f"slug:{match[1]}", f"path:{path}")


def variant_pointer_keys(path: str) -> tuple[str, ...]:
    """Return the pointers of variants of ``path`` to try if there is no article at it, the most likely first.

    The variants: with or without a final slash, without double slashes, in Unicode's normal forms NFC and NFD.

    >>> variant_pointer_keys("/2024/05/x")
    ('path:/2024/05/x/',)
    """
    bare = re.sub("//+", "/", path).rstrip("/")
    if not bare or is_post_number_alias(path):
        return ()
    texts = [bare, unicodedata.normalize("NFC", bare), unicodedata.normalize("NFD", bare)]
    keys = (key for text in texts for form in (text, f"{text}/") for key in pointer_keys_at(form))
    tried = pointer_keys_at(path)
    return tuple(key for key in dict.fromkeys(keys) if key not in tried)
