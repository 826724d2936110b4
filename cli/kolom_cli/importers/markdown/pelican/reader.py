"""Read the documents of a Pelican site: articles, pages, and their URLs."""

import contextlib
import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final
from zoneinfo import ZoneInfo

from kolom.articles.types import Kind
from kolom.rendering.html_tokenizer import Start, Text, tokenize, unescape
from kolom_cli.importers.common.types import Skipped
from kolom_cli.importers.markdown.front_matter_values import get_datetime, get_list, get_text
from kolom_cli.importers.markdown.lenient_front_matter import Front, Values, header_front, read_front_or_header
from kolom_cli.importers.markdown.pelican.configuration import Settings, as_value, read_settings
from kolom_cli.importers.markdown.pelican.urls import expand, slugify_like_pelican
from kolom_cli.importers.markdown.permalinks import normalize_slashes
from kolom_cli.importers.markdown.publication import Publication, publication_of, read_source, skip_without_front_matter
from kolom_cli.importers.markdown.site import (
    DATE_PREFIX,
    Site,
    SiteDocument,
    base_of,
    derive_id_suffix,
    find_directory,
    normalize_url_path,
    single_segment,
    slug_for,
    walk,
)
from kolom_cli.publishing.document import FORMATS, DocumentError
from kolom_cli.publishing.draft_marks import draft_mark

_DECISIVE: Final = (
    *("DEFAULT_METADATA", "ARTICLE_PATHS", "ARTICLE_DIR", "ARTICLE_EXCLUDES", "PAGE_PATHS", "PAGE_DIR"),
    *("PAGE_EXCLUDES", "IGNORE_FILES", "PATH_METADATA"),
)
"""The settings that may say that a text is not public."""
_GENERATED_PAGES: Final = frozenset(
    ("/", "/404.html", "/archives.html", "/tags.html", "/categories.html", "/search.html")
)
_FENCED: Final = re.compile(r"\s*---[ \t]*\r?\n((?:.*\n)*?)(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")
_BODY: Final = re.compile(r"<body(?:\s[^<>]*)?>", re.IGNORECASE)
_NO_CATEGORY: Final = frozenset(("", "misc"))


def read_site(directory: Path) -> Site:
    """Return the site with all its documents."""
    settings = read_settings(directory)
    pages = next(
        (
            subdirectory
            for name in (settings.text("PATH"), "content")
            if name and (subdirectory := find_directory(directory, name))
        ),
        directory,
    )
    site = Site(flavor="pelican", directory=directory, pages=pages, roots=(pages,))
    site.config = {"author": settings.text("AUTHOR"), "lang": settings.text("DEFAULT_LANG")}
    site.config["title"] = settings.text("SITENAME")
    site.base, site.hosts = base_of(settings.text("SITEURL"))
    with contextlib.suppress(OSError, ValueError):
        site.zone = ZoneInfo(settings.text("TIMEZONE")) if settings.text("TIMEZONE") else site.zone
    return site.add(_SiteReader(site, settings).items())


@dataclass(slots=True)
class _SiteReader:
    site: Site
    settings: Settings
    uncertain: str = field(init=False)

    def __post_init__(self) -> None:
        names = [name for name in _DECISIVE if name in self.settings.unknown]
        if "status" in self.settings.text("PATH_METADATA"):
            names.append("PATH_METADATA")
        self.uncertain = ", ".join([*names, *(f"the import of {name}" for name in sorted(self.settings.imported))])

    def items(self) -> Iterator[SiteDocument | Skipped]:
        output = self.settings.text("OUTPUT_PATH", "output").rstrip("/") or "output"
        ignored = {(self.site.directory / output).resolve(), (self.site.directory / "theme").resolve()}

        def enter(directory: Path) -> bool:
            return directory.resolve() not in ignored and not self._is_ignored(directory)

        for found in walk(self.site.pages, self.site.directory, enter=enter):
            yield found if isinstance(found, Skipped) else self._item(found)

    def _is_ignored(self, path: Path) -> bool:
        location = path.relative_to(self.site.pages).as_posix()
        patterns = self.settings.texts("IGNORE_FILES", (".#*",))
        return any(fnmatch.fnmatch(each, pattern) for pattern in patterns for each in (path.name, location))

    def _kind(self, path: Path) -> Kind | None:
        """Return whether the settings make a file an article or a page; None if neither."""
        location = path.relative_to(self.site.pages)
        settings = self.settings
        pages = settings.texts("PAGE_PATHS", settings.texts("PAGE_DIR", ("pages",)))
        if _is_below(location, pages):
            return None if _is_below(location, settings.texts("PAGE_EXCLUDES")) else "page"
        articles = settings.texts("ARTICLE_PATHS", settings.texts("ARTICLE_DIR", ("",)))
        excluded = settings.texts("ARTICLE_EXCLUDES")
        return "article" if _is_below(location, articles) and not _is_below(location, excluded) else None

    def _item(self, path: Path) -> SiteDocument | Skipped:
        kind = self._kind(path)
        if kind is None or self._is_ignored(path):
            return Skipped(kind="file", name=str(path), reason="excluded by the settings of Pelican")
        source = read_source(path, kind, _read)
        if isinstance(source, Skipped):
            return source
        text, front = source
        if skipped := skip_without_front_matter(path, kind, front, text):
            return skipped
        defaults = self._defaults(path)
        values = defaults | front.values
        dated = DATE_PREFIX.match(path.stem) if "date" in self.settings.text("FILENAME_METADATA", "date") else None
        published = publication_of(
            values,
            self.site.location_of(path),
            self.site.zone,
            keys=("date",),
            date_in_name=dated[1] if dated else self._default_date(),
        )
        if self.uncertain:
            note = f"the settings of Pelican may mark it as unpublished ({self.uncertain}): imported as a draft"
            published = replace(published, draft=True, notes=(*published.notes, note))
        elif mark := draft_mark({key: each for key, each in defaults.items() if key not in front.values}):
            note = f"{mark} in the settings of Pelican: imported as a draft"
            published = replace(published, notes=(*published.notes, note))
        if reason := self._why_not_published(values, kind, published):
            return Skipped(kind=kind, name=str(path), reason=reason)
        entry = self._entry(path, kind, Front(values, front.body), published)
        if kind == "page" and normalize_url_path(entry.url_path or "-") in _GENERATED_PAGES:
            return Skipped(kind=kind, name=str(path), reason="a page that Kolom generates itself")
        return entry

    def _defaults(self, path: Path) -> Values:
        """Return the metadata that the settings give to a file, by its folder and its path."""
        merged = {key.lower(): as_value(value) for key, value in self.settings.mapping("DEFAULT_METADATA").items()}
        extra = self.settings.mapping("EXTRA_PATH_METADATA")
        location = path.relative_to(self.site.pages)
        for place in (*reversed(location.parents), location):
            found = as_value(extra.get(place.as_posix()))
            if isinstance(found, dict):
                merged |= {key: value for key, value in found.items() if key != "path"}
        return merged

    def _default_date(self) -> str | None:
        value = self.settings.values.get("DEFAULT_DATE")
        if isinstance(value, (tuple, list)) and len(value) >= 3 and all(isinstance(each, int) for each in value):
            clock = [*value[3:6], 0, 0, 0][:3]
            return "{}-{}-{} {}:{:02}:{:02}".format(*value[:3], *clock)
        return value if isinstance(value, str) and value != "fs" else None

    def _why_not_published(self, values: Values, kind: Kind, published: Publication) -> str | None:
        if not get_text(values, "title"):
            return "has no title, so Pelican does not publish it"
        is_dated = published.date is not None or self.settings.values.get("DEFAULT_DATE") == "fs"
        if kind == "article" and not is_dated and not published.draft:
            return "has no date, so Pelican does not publish it"
        return None

    def _entry(self, path: Path, kind: Kind, found: Front, published: Publication) -> SiteDocument:
        site, front = self.site, found.values
        location = path.relative_to(site.directory).as_posix()
        id_suffix = derive_id_suffix(location)
        base = DATE_PREFIX.sub("", path.stem)
        wanted = get_text(front, "slug")
        if not wanted:
            by_name = self.settings.text("SLUGIFY_SOURCE", "title") == "basename"
            wanted = (path.stem if by_name else slugify_like_pelican(get_text(front, "title"))) or ""
        category = get_text(front, "category") or self._directory_category(path, kind)
        url_path, others, notes = self._url_paths(path, kind, front, wanted, category, published.date)
        slug, more = slug_for(wanted or single_segment(url_path), get_text(front, "title"), base, id_suffix=id_suffix)
        language = get_text(front, "lang")
        is_default = not language or language == self.settings.text("DEFAULT_LANG", "en")
        return SiteDocument(
            path=path,
            location=location,
            front=front,
            body=found.body,
            kind=kind,
            slug=slug,
            id_suffix=id_suffix if is_default else language.lower(),
            name=base,
            url_path=url_path,
            aliases=(
                *others,
                *(normalize_slashes(each) for key in ("alias", "aliases") for each in get_list(front, key)),
            ),
            date=published.date,
            updated=get_datetime(get_text(front, "modified", "updated"), site.zone),
            draft=published.draft,
            labels=(*([category] if category.lower() not in _NO_CATEGORY else []), *get_list(front, "tags")),
            notes=(*published.notes, *notes, *more),
        )

    def _directory_category(self, path: Path, kind: Kind) -> str:
        directory = path.relative_to(self.site.pages).parent.name
        is_category = self.settings.flag("USE_FOLDER_AS_CATEGORY", default=True)
        if kind == "page":
            return ""
        return directory if directory and is_category else self.settings.text("DEFAULT_CATEGORY")

    def _url_paths(
        self, path: Path, kind: Kind, front: Values, slug: str, category: str, date: datetime | None
    ) -> tuple[str | None, list[str], list[str]]:
        """Return the URL, the path where Pelican saves the page (``SAVE_AS``) if it differs from the URL, and notes."""
        if own := get_text(front, "url"):
            return normalize_slashes(own.removesuffix("index.html")), [], []
        default = self.settings.text("DEFAULT_LANG", "en")
        language = get_text(front, "lang")
        name = kind.upper() + ("_LANG" if language and language != default else "")
        pattern = ("pages/" if kind == "page" else "") + ("{slug}-{lang}.html" if "_LANG" in name else "{slug}.html")
        location = path.relative_to(self.site.pages)
        tokens = {
            "slug": slug,
            "lang": language or default,
            "category": slugify_like_pelican(category or "misc") or "",
            "author": slugify_like_pelican((get_list(front, "author") or get_list(front, "authors") or [""])[0]) or "",
            "path": PurePosixPath(location).as_posix(),
            "base_name": path.stem,
        }
        local = date.astimezone(self.site.zone) if date else None
        found = [
            expand(self.settings.text(key, pattern), tokens, local)
            if slug and key not in self.settings.unknown
            else None
            for key in (f"{name}_URL", f"{name}_SAVE_AS")
        ]
        url_path, file = found
        if url_path is None:
            return None, [], [f"its old URL is unknown: {name}_URL or its slug cannot be computed"]
        return url_path, [file] if file and normalize_url_path(file) != normalize_url_path(url_path) else [], []


def _is_below(location: Path, directories: tuple[str, ...]) -> bool:
    return any(location.is_relative_to(directory.strip("/") or ".") for directory in directories)


def _read(path: Path, text: str) -> Front:
    """Return the metadata of a file: front matter, lines before the text, or the head of an HTML page.

    Lines between ``---`` that are not valid YAML are read as ``Key: value`` lines, as in Pelican.
    """
    try:
        front = read_front_or_header(path, text)
    except DocumentError:
        fenced = _FENCED.match(text)
        front = header_front(fenced[1]) if fenced else Front({}, 0)
        if fenced is None or not front.values:
            raise
        return Front(front.values, fenced.end())
    if not front.body and FORMATS.get(path.suffix.lower()) == "html":
        return _html_head(text)
    return front


def _html_head(text: str) -> Front:
    """Return the title and the ``<meta>`` values of a page, as Pelican reads them."""
    body = _BODY.search(text)
    if body is None:
        return Front({}, 0)
    values: Values = {}
    in_title = False
    for token in tokenize(text[: body.start()]):
        match token:
            case Start("title"):
                in_title = True
            case Start("meta", attributes) if attributes.get("name"):
                key = unescape(attributes["name"]).lower()
                values["tags" if key == "keywords" else key] = unescape(attributes.get("content", ""))
            case Text(markup) if in_title:
                values["title"] = unescape(markup).strip()
                in_title = False
            case _:
                in_title = False
    return Front(values, body.end())
