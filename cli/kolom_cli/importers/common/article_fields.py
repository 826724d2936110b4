"""What an export says of an article, in the form that it has here; notes tell what could not stay as it was."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from kolom.articles.input import MAX_AUTHOR, MAX_DESCRIPTION, MAX_EXCERPT, MAX_LABELS, MAX_TITLE, field_problem
from kolom.articles.names import MAX_LABEL, default_path, label_key, label_problem, path_problem
from kolom.articles.types import MAX_SOURCE_BYTES, Kind
from kolom.config import settings
from kolom.rendering.text import plain_text
from kolom_cli.publishing.slugs import clean_slug, slugify_title

UNCATEGORIZED: Final = frozenset(("uncategorized", "uncategorised", "tak-berkategori"))
"""What other systems put where an author chose no category."""

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
    """Makes the fields of one article of ``kind``, called ``number`` where it has no other name."""

    kind: Kind
    number: str
    notes: list[str] = field(default_factory=list)

    def title(self, title: str, html: str) -> str:
        """The title, or else the first words of the text."""
        if title:
            return self.cut("title", title)
        text = plain_text(html)
        if len(text) > _FALLBACK_TITLE:
            text = text[:_FALLBACK_TITLE].rpartition(" ")[0] or text[:_FALLBACK_TITLE]
            text += "…"
        self.notes.append("without a title there: its first words are the title here")
        return text or f"{self.kind.capitalize()} {self.number}"

    def slug(self, wanted: str, title: str, fallback: str) -> str:
        """The slug that it had there, or else one made of its title."""
        if not wanted:
            return slugify_title(title) or fallback
        slug = clean_slug(wanted)
        if slug is not None:
            if slug != unquote(wanted):
                self.notes.append(f"the slug {unquote(wanted)!r} is not possible: it became {slug!r}")
            return slug
        slug = clean_slug(f"{self.kind}-{wanted}") or fallback
        if slug == self.kind:
            slug = fallback
        self.notes.append(f"the slug {unquote(wanted)!r} is not possible: it became {slug!r}")
        return slug

    def path(self, address: str, slug: str) -> str | None:
        """The path of its permanent address, if it had one that is not the slug's own: ``?p=7`` is none."""
        try:
            parts = urlsplit(address)
            path = unquote(parts.path, errors="strict")
        except (ValueError, UnicodeDecodeError):
            return None
        while "//" in path:
            path = path.replace("//", "/")
        if path in {"", "/"} or _NUMBERED & parse_qs(parts.query).keys():
            return None
        if problem := path_problem(path):
            self.notes.append(f"its old address does not answer: {problem}")
            return None
        return None if path == default_path(slug) else path

    def labels(self, names: Iterable[str]) -> tuple[str, ...]:
        """The labels, each once; not more than an article may have."""
        labels: dict[str, str] = {}
        for name in names:
            label = " ".join(name.split())
            if not label:
                continue
            if label_problem(label):
                self.notes.append(f"left out a label that is longer than {MAX_LABEL} characters: {label[:30]!r}…")
                continue
            labels.setdefault(label_key(label), label)
        kept = list(labels.values())
        if len(kept) > MAX_LABELS:
            left_out = ", ".join(kept[MAX_LABELS:])
            self.notes.append(f"has {len(kept)} labels, of which the first {MAX_LABELS} are kept, without: {left_out}")
        return tuple(kept[:MAX_LABELS])

    def cut(self, what: str, text: str) -> str:
        """``text``, as the article's ``what``, not longer than that may be."""
        limit = _LIMITS[what]
        if len(text) <= limit:
            return text
        self.notes.append(f"its {what} has {len(text)} characters: cut to {limit}")
        return text[: limit - 1].rstrip() + "…"


def size_problem(source: str) -> str | None:
    """Why a text is too long to be looked at; most that is too long is found out when it is rendered."""
    size = len(source.encode("utf-8", "replace"))
    if size <= MAX_SOURCE_BYTES:
        return None
    return f"its text has {size:,} bytes, at most {MAX_SOURCE_BYTES:,} are possible: are there pictures in it?"


def site_language(code: str) -> str:
    """The site's language that an export's code means; its first one for what is no code."""
    codes = settings().language_codes
    return language_in(code, codes) or codes[0]


def language_in(text: str, codes: tuple[str, ...]) -> str | None:
    """A language's code as the site has it: ``en-US`` and ``en_us`` are ``en`` unless the site has that itself."""
    code = text.strip().replace("_", "-").partition(".")[0]
    primary, _, rest = code.partition("-")
    whole = primary.lower() + (f"-{rest}" if rest else "")
    if whole in codes:
        return whole
    return None if field_problem("language", primary.lower()) else primary.lower()
