"""Convert the fields of an exported article to valid fields of a Kolom article, with a note for each change."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from kolom.articles.input import MAX_AUTHOR, MAX_DESCRIPTION, MAX_EXCERPT, MAX_LABELS, MAX_TITLE, field_problem
from kolom.articles.names import MAX_LABEL, default_path, label_key, label_problem, path_problem
from kolom.articles.types import Kind
from kolom.config import settings
from kolom.rendering.text import plain_text
from kolom_cli.publishing.language_detection import detect_language
from kolom_cli.publishing.slugs import clean_slug, slugify_title

UNCATEGORIZED: Final = frozenset(("uncategorized", "uncategorised", "tak-berkategori"))
"""The default categories of other systems, for articles to which the author assigned none."""

_LIMITS: Final = {
    "title": MAX_TITLE,
    "excerpt": MAX_EXCERPT,
    "description": MAX_DESCRIPTION,
    "author's name": MAX_AUTHOR,
}
_FALLBACK_TITLE: Final = 60
_NUMBERED: Final = frozenset(("p", "page_id", "attachment_id"))


@dataclass(slots=True)
class ArticleFields:
    """The converter for the fields of one article.

    ``kind`` and ``id_suffix`` name the article if it has neither a title nor a text.
    ``is_language_unclear`` is True after :meth:`language` if neither the export nor the text says the language.
    """

    kind: Kind
    id_suffix: str
    notes: list[str] = field(default_factory=list)
    is_language_unclear: bool = False

    def title(self, title: str, html: str) -> str:
        """Return the title; if it is empty, the first words of the text; without a text, a name like ``Article 7``."""
        if title:
            return self.cut("title", title)
        text = plain_text(html)
        if len(text) > _FALLBACK_TITLE:
            text = text[:_FALLBACK_TITLE].rpartition(" ")[0] or text[:_FALLBACK_TITLE]
            text += "…"
        if not text:
            text = f"{self.kind.capitalize()} {self.id_suffix}"
            self.notes.append(f"neither title nor text in the export: the title is {text!r}")
            return text
        self.notes.append("no title in the export: the first words of the text are used")
        return text

    def slug(self, wanted: str, title: str, fallback: str) -> str:
        """Return the slug of the export, made valid if necessary, or a slug derived from the title if it has none."""
        if not wanted:
            return slugify_title(title) or fallback
        slug = clean_slug(wanted)
        if slug is not None:
            if slug != unquote(wanted):
                self.notes.append(f"invalid slug {unquote(wanted)!r} changed to {slug!r}")
            return slug
        slug = clean_slug(f"{self.kind}-{wanted}") or fallback
        if slug == self.kind:
            slug = fallback
        self.notes.append(f"invalid slug {unquote(wanted)!r} changed to {slug!r}")
        return slug

    def path(self, url: str, slug: str) -> str | None:
        """Return the path of the article's permanent URL, or None if it is the default path of the slug.

        A URL that is only a query, such as ``?p=7``, also gives None.
        """
        try:
            parts = urlsplit(url)
            path = unquote(parts.path, errors="strict")
        except (ValueError, UnicodeDecodeError):
            return None
        while "//" in path:
            path = path.replace("//", "/")
        if path in {"", "/"} or _NUMBERED & parse_qs(parts.query).keys():
            return None
        if problem := path_problem(path):
            self.notes.append(f"its old URL is not kept: {problem}")
            return None
        return None if path == default_path(slug) else path

    def labels(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the labels without duplicates, at most as many as an article may have."""
        labels: dict[str, str] = {}
        for name in names:
            label = " ".join(name.split())
            if not label:
                continue
            if len(label) > MAX_LABEL:
                self.notes.append(f"label longer than {MAX_LABEL} characters removed: {label[:30]!r}…")
                continue
            if problem := label_problem(label):
                self.notes.append(f"label removed: {problem}")
                continue
            labels.setdefault(label_key(label), label)
        kept = list(labels.values())
        if len(kept) > MAX_LABELS:
            removed = ", ".join(kept[MAX_LABELS:])
            self.notes.append(f"at most {MAX_LABELS} labels are allowed, got {len(kept)}: removed {removed}")
        return tuple(kept[:MAX_LABELS])

    def language(self, declared: str, title: str, content_html: str) -> str:
        """Return the language that the export declares, or else that of the text, or else the site's first one."""
        if declared:
            return declared
        codes = settings().language_codes
        detected = detect_language(title, content_html, codes)
        self.is_language_unclear = detected is None
        return detected or codes[0]

    def cut(self, what: str, text: str) -> str:
        """Return ``text`` cut to the limit of the field ``what``."""
        limit = _LIMITS[what]
        if len(text) <= limit:
            return text
        self.notes.append(f"its {what} has {len(text)} characters: cut to the maximum of {limit}")
        return text[: limit - 1].rstrip() + "…"


def site_language(code: str) -> str:
    """Return the language code of an export as this site writes it, or an empty string if it is invalid."""
    return normalize_language_code(code, settings().language_codes) or ""


def normalize_language_code(text: str, codes: tuple[str, ...]) -> str | None:
    """Return the language code as the site writes it, or None for an invalid one.

    ``en-US`` and ``en_US`` are ``en``, unless the site has the code ``en-US`` itself, with its region in the same case.
    """
    code = text.strip().replace("_", "-").partition(".")[0]
    primary, _, rest = code.partition("-")
    full_code = primary.lower() + (f"-{rest}" if rest else "")
    if full_code in codes:
        return full_code
    return None if field_problem("language", primary.lower()) else primary.lower()
