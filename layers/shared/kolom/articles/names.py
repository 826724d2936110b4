"""The rules for what an article may be called: slugs, paths, labels. Pure."""

import re
import unicodedata

RESERVED_SLUGS = frozenset(
    {
        *("api", "archive", "assets", "contact", "feeds", "label", "labels", "media", "page", "pages", "preview"),
        *("search", "sitemaps", "subscription", "thanks", "robots.txt", "sitemap.xml"),
    }
)
"""First path segments that the site uses itself, so that no article can stand there."""

MAX_SLUG = 200
MAX_PATH = 500
MAX_LABEL_BYTES = 900
MAX_LABEL = 100

_SLUG = re.compile(r"[^\W_](?:[\w-]*[^\W_])?")
_PATH = re.compile(r"(?:/[^/\s?#%\\\x00-\x1f\x7f]+)+/?")


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
    if slug in RESERVED_SLUGS or re.fullmatch(r"\d{4}", slug):
        return f"{slug!r} is an address of the site itself"
    return None


def path_problem(path: str) -> str | None:
    """Why ``path`` cannot be an article's address, or None: ``/2024/05/x.html``, unescaped, without query."""
    if len(path) > MAX_PATH:
        return f"must have at most {MAX_PATH} characters, has {len(path)}"
    if not _PATH.fullmatch(path) or any(segment in {".", ".."} for segment in path.split("/")):
        return f"must be like /2024/05/title.html, without spaces, '?', '#' or '%', not {path!r}"
    if path.split("/")[1] in RESERVED_SLUGS:
        return f"{path!r} is an address of the site itself"
    return None


def alias_problem(alias: str) -> str | None:
    """Why ``alias`` cannot lead to an article, or None. Not linked to, it may hold spaces, ``%`` or ``?``."""
    if len(alias) > MAX_PATH:
        return f"must have at most {MAX_PATH} characters, has {len(alias)}"
    segments = alias.split("/")
    if segments[0] or not segments[1:] or not segments[1] or {".", ".."} & set(segments):
        return f"must be like /2024/05/title.html, not {alias!r}"
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in alias):
        return f"must not hold control characters: {alias!r}"
    if segments[1] in RESERVED_SLUGS or re.fullmatch(r"/\d{4}/(\d{2}/)?", alias):
        return f"{alias!r} is an address of the site itself"
    return None


def label_problem(label: str) -> str | None:
    """Why ``label`` cannot be a label, or None."""
    if not label.strip():
        return "must not be empty"
    if len(label) > MAX_LABEL:
        return f"must have at most {MAX_LABEL} characters: {label[:40]!r}…"
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in label):
        return f"must not hold control characters: {label!r}"
    return None


def label_key(label: str) -> str:
    """The form of ``label`` under which it is found, whatever its case and spacing; holds no ``#``.

    It fits into a key: what is cut off is more than any label that can be published has.
    """
    folded = unicodedata.normalize("NFC", " ".join(label.split()).casefold())
    return folded.replace("%", "%25").replace("#", "%23").encode()[:MAX_LABEL_BYTES].decode(errors="ignore")


def natural_path(slug: str) -> str:
    """The address of an article that keeps none from elsewhere."""
    return f"/{slug}/"


def slug_at(path: str) -> str | None:
    """The slug whose natural address ``path`` is, or None."""
    match = re.fullmatch(r"/([^/]+)/", path)
    return match[1] if match else None
