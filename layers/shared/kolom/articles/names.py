"""The rules for what an article may be called: slugs, paths, labels. Pure."""

import re
import unicodedata

from kolom.labels import normalize_label

SITE_SEGMENTS = frozenset(
    {
        *("api", "archive", "assets", "contact", "feeds", "label", "labels", "media", "preview", "search", "sitemaps"),
        *("robots.txt", "sitemap.xml", "_local"),
    }
)
"""First path segments at which the site, its CDN or the local stack answers."""

RESERVED_SLUGS = SITE_SEGMENTS | {"page", "pages", "studio", "subscription", "thanks", ".well-known"}
"""First path segments of which no article can be: those of the site, and those that are kept free for it."""

MAX_SLUG = 200
MAX_PATH = 500
MAX_LABEL_BYTES = 900
MAX_LABEL = 100

_SLUG = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_PATH = re.compile(r"(?:/[^/\s?#%\\\x00-\x1f\x7f]+)+/?")
_UNSAFE = frozenset('"<>^`{|}')
_PERIOD = re.compile(r"/\d{4}(?:/(?:0?[1-9]|1[0-2]))?/?", re.ASCII)


def slug_problem(slug: str) -> str | None:
    """Why ``slug`` cannot be an article's name in a URL, or None.

    A slug has letters and digits of any script in lower case, in Unicode's NFC form, with hyphens or underscores
    between them; at most :data:`MAX_SLUG` characters.
    """
    if not slug:
        return "must not be empty"
    if len(slug) > MAX_SLUG:
        return f"must have at most {MAX_SLUG} characters, has {len(slug)}"
    if not _SLUG.fullmatch(slug):
        return f"may hold only letters, digits and hyphens between them, not as in {slug!r}"
    if slug != unicodedata.normalize("NFC", slug.lower()):
        return f"must be in lower case: {unicodedata.normalize('NFC', slug.lower())!r}"
    if is_site_path(default_path(slug)):
        return f"{slug!r} is an address of the site itself"
    return None


def path_problem(path: str, *, is_stored: bool = False) -> str | None:
    """Why ``path`` cannot be an article's path, or None: ``/2024/05/x.html``, unescaped, without query.

    A stored path may hold characters that no URL holds (RFC 3986), as earlier versions accepted them.
    """
    if len(path) > MAX_PATH:
        return f"must have at most {MAX_PATH} characters, has {len(path)}"
    if not _PATH.fullmatch(path) or any(segment in {".", ".."} for segment in path.split("/")):
        return f"must be like /2024/05/title.html, without spaces, '?', '#' or '%', not {path!r}"
    if not is_stored and (unsafe := sorted(set(path) & _UNSAFE)):
        return f"must not hold {' '.join(unsafe)}: {path!r}"
    if _has_controls(path):
        return f"must not hold control characters: {path!r}"
    if is_site_path(path):
        return f"{path!r} is an address of the site itself"
    return None


def alias_problem(alias: str) -> str | None:
    """Why ``alias`` cannot lead to an article, or None. Not linked to, it may hold spaces, ``%`` or ``?``."""
    if len(alias) > MAX_PATH:
        return f"must have at most {MAX_PATH} characters, has {len(alias)}"
    segments = alias.split("/")
    if segments[0] or not segments[1:] or not segments[1] or {".", ".."} & set(segments):
        return f"must be like /2024/05/title.html, not {alias!r}"
    if _has_controls(alias):
        return f"must not hold control characters: {alias!r}"
    if is_site_path(alias):
        return f"{alias!r} is an address of the site itself"
    return None


def label_problem(label: str) -> str | None:
    """Why ``label`` cannot be a label, or None."""
    if not label.strip():
        return "must not be empty"
    if len(label) > MAX_LABEL:
        return f"must have at most {MAX_LABEL} characters: {label[:40]!r}…"
    if _has_controls(label):
        return f"must not hold control characters: {label!r}"
    return None


def label_key(label: str) -> str:
    """The form of ``label`` under which it is found, whatever its case and spacing; holds no ``#``.

    It fits into a key: what is cut off is more than any label that can be published has.
    """
    escaped = normalize_label(label).replace("%", "%25").replace("#", "%23")
    return escaped.encode()[:MAX_LABEL_BYTES].decode(errors="ignore")


def _has_controls(text: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def default_path(slug: str) -> str:
    """The address of an article that keeps none from elsewhere."""
    return f"/{slug}/"


def is_site_path(path: str) -> bool:
    """Whether the site itself answers at ``path`` or is free to: with a list of a year or a month, or anything else."""
    return path[1:].split("/")[0] in RESERVED_SLUGS or _PERIOD.fullmatch(path) is not None


def pointer_keys_at(path: str) -> tuple[str, ...]:
    """The pointers that say which article answers at ``path``, in the order in which they are looked up.

    The segment of a path of one segment is a slug: ``/x/``, ``/x`` and the slug ``x`` lead to one article.

    >>> address_keys("/about/"), address_keys("/2024/05/x.html")
    (('slug:about', 'path:/about/'), ('path:/2024/05/x.html',))
    """
    match = re.fullmatch(r"/([^/]+)/?", path)
    return (f"path:{path}",) if match is None else (f"slug:{match[1]}", f"path:{path}")


def variant_pointer_keys(path: str) -> tuple[str, ...]:
    """The pointers of what ``path`` may stand for if nothing answers there, the likeliest first.

    That is the same path with or without a slash at its end, without doubled slashes, in Unicode's two normal forms.

    >>> variant_keys("/2024/05/x")
    ('path:/2024/05/x/',)
    """
    bare = re.sub("//+", "/", path).rstrip("/")
    if not bare:
        return ()
    texts = [bare, unicodedata.normalize("NFC", bare), unicodedata.normalize("NFD", bare)]
    keys = (key for text in texts for form in (text, f"{text}/") for key in pointer_keys_at(form))
    known = pointer_keys_at(path)
    return tuple(key for key in dict.fromkeys(keys) if key not in known)
