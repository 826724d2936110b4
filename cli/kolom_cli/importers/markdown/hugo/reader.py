"""Read the documents of a Hugo or Zola site: sections, page bundles and languages."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from kolom.articles.types import Kind
from kolom_cli.importers.common.types import Skipped
from kolom_cli.importers.markdown.front_matter_values import get_datetime, get_flag, get_list, get_map, get_text
from kolom_cli.importers.markdown.hugo.configuration import (
    FORMATS,
    ignored_patterns,
    read_configuration,
)
from kolom_cli.importers.markdown.hugo.urls import UrlBuilder
from kolom_cli.importers.markdown.lenient_front_matter import Front, Values, read_front
from kolom_cli.importers.markdown.permalinks import is_unfinished
from kolom_cli.importers.markdown.publication import (
    PUBLICATION_KEYS,
    Publication,
    publication_of,
    read_source,
    skip_without_front_matter,
)
from kolom_cli.importers.markdown.site import (
    DATE_PREFIX,
    Site,
    SiteDocument,
    base_of,
    derive_id_suffix,
    find_directories,
    find_directory,
    load_first_data_file,
    single_segment,
    slug_for,
    walk,
)
from kolom_cli.publishing.document import DocumentError, read_text
from kolom_cli.publishing.draft_marks import draft_mark

_DAY: Final = re.compile(r"/(\d{4}/\d{2}/\d{2})/")
_PAGE_SECTIONS: Final = frozenset(("page", "pages"))


def read_site(directory: Path) -> Site:
    """Return the site with all its documents."""
    config = read_configuration(directory)
    content = find_directory(directory, get_text(config, "contentdir") or "content")
    static = get_list(config, "staticdir") or ["static"]
    site = Site(
        flavor="hugo",
        directory=directory,
        pages=content or directory,
        roots=find_directories(directory, [*static, "assets"]),
        config=config,
        authors=load_first_data_file(directory, *(f"data/authors{suffix}" for suffix in FORMATS)),
    )
    site.base, site.hosts = base_of(get_text(config, "baseurl", "base_url"))
    with contextlib.suppress(OSError, ValueError):
        site.zone = ZoneInfo(get_text(config, "timezone")) if get_text(config, "timezone") else site.zone
    return site.add(_with_root_kinds(list(_SiteReader(site).items())))


def _with_root_kinds(items: list[SiteDocument | Skipped]) -> list[SiteDocument | Skipped]:
    """Treat documents outside of sections, such as *About*, as pages, unless they are most of the dated documents."""
    dated = [item for item in items if isinstance(item, SiteDocument) and item.date is not None]
    in_root = [item for item in dated if item.at_root]
    if len(in_root) * 2 > len(dated):
        return items
    return [replace(item, kind="page") if isinstance(item, SiteDocument) and item.at_root else item for item in items]


@dataclass(slots=True)
class _SiteReader:
    site: Site
    languages: Values = field(init=False)
    default: str = field(init=False)
    directories: list[tuple[Path, str]] = field(init=False)
    urls: UrlBuilder = field(init=False)
    disabled: frozenset[str] = field(init=False)
    ignored: list[re.Pattern[str]] = field(init=False)
    cascades: dict[Path, Values] = field(default_factory=dict)
    draft_sections: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        config = self.site.config
        self.ignored = list(ignored_patterns(config))
        languages = config.get("languages")
        self.languages = languages if isinstance(languages, dict) else {}
        self.default = get_text(config, "defaultcontentlanguage", "default_language").lower()
        self.disabled = frozenset(map(str.lower, get_list(config, "disablelanguages"))) | {
            code for code in self.languages if get_flag(get_map(self.languages, code), "disabled") is True
        }
        if not self.default and self.languages:
            self.default = "en" if "en" in self.languages else next(iter(self.languages))
        self.urls = UrlBuilder(config, self.languages, self.default)
        language_directories = {
            directory: code
            for code in self.languages
            if (name := get_text(get_map(self.languages, code), "contentdir"))
            and (directory := find_directory(self.site.directory, name))
        }
        self.directories = sorted(language_directories.items(), key=lambda pair: pair[1] != self.default) or [
            (self.site.pages, self.default)
        ]
        contains_languages = any(each.is_relative_to(self.site.pages) for each in language_directories)
        if language_directories and not contains_languages:
            self.directories.append((self.site.pages, self.default))

    def items(self) -> Iterator[SiteDocument | Skipped]:
        for directory, language in self.directories:
            bundles: set[Path] = set()
            found = list(walk(directory, self.site.directory, enter=lambda _: True))
            paths = [each for each in found if isinstance(each, Path)]
            bundles.update(path.parent for path in paths if self._base(path)[0] == "index")
            for path in paths:
                if self._base(path)[0] == "_index":
                    self._read_list(path)
            found.sort(key=lambda each: isinstance(each, Path) and self._base(each)[1] not in {"", self.default})
            for each in found:
                yield each if isinstance(each, Skipped) else self._item(each, directory, language, bundles)

    def _read_list(self, path: Path) -> None:
        """Record the values that a list page passes to the pages below it.

        An unreadable list page is ignored here; like every list page, it is reported as skipped. In Zola, a list page
        that is a draft makes its whole section a draft.
        """
        with contextlib.suppress(DocumentError):
            values = read_front(path, read_text(path)).values
            self.cascades[path.parent] = _cascading(values)
            if "base_url" in self.site.config and draft_mark({"draft": values.get("draft")}):
                self.draft_sections.add(path.parent)

    def _base(self, path: Path) -> tuple[str, str]:
        """Return the file name without suffix and language, and the language."""
        name, dot, code = path.stem.rpartition(".")
        return (name, code.lower()) if dot and code.lower() in self.languages else (path.stem, "")

    def _item(self, path: Path, directory: Path, language: str, bundles: set[Path]) -> SiteDocument | Skipped:
        base, file_language = self._base(path)
        bundles_around = [parent for parent in path.parents if parent in bundles]
        if base == "_index":
            return Skipped(kind="page", name=str(path), reason="a list page: Kolom generates its own")
        if any(parent != path.parent for parent in bundles_around) or (bundles_around and base != "index"):
            bundle = bundles_around[-1].relative_to(self.site.directory).as_posix()
            return Skipped(kind="file", name=str(path), reason=f"part of the bundle {bundle}, not a page")
        if base == "index" and path.parent == directory:
            return Skipped(kind="page", name=str(path), reason="the home page: Kolom has its own")
        if (file_language or language) in self.disabled:
            return Skipped(kind="page", name=str(path), reason="its language is disabled in the configuration")
        if self._is_ignored(path, directory):
            return Skipped(kind="page", name=str(path), reason="excluded by the configuration")
        kind: Kind = "article"
        source = read_source(path, kind)
        if isinstance(source, Skipped):
            return source
        text, front = source
        if skipped := skip_without_front_matter(path, kind, front, text):
            return skipped
        inherited = self._cascade(path, directory)
        if reason := _why_not_rendered(inherited | front.values, text[front.body :], path):
            return Skipped(kind="page", name=str(path), reason=reason)
        values = get_map(front.values, "params") | get_map(front.values, "extra") | front.values
        section = next((parent for parent in path.parents if parent in self.draft_sections), None)
        by_section: Values = {"draft": "true"} if section else {}
        published = self._publication(path, base, inherited | values | by_section)
        if note := self._inherited_note(path, inherited, values, section):
            published = replace(published, notes=(*published.notes, note))
        return self._entry(path, directory, file_language or language, Front(values, front.body), base, published)

    def _is_ignored(self, path: Path, directory: Path) -> bool:
        """Return whether the configuration excludes a file by its path: absolute, in the site, or in the content."""
        names = [
            path.resolve().as_posix(),
            *(path.relative_to(root).as_posix() for root in (self.site.directory, directory)),
        ]
        return any(pattern.search(name) for pattern in self.ignored for name in names)

    def _cascade(self, path: Path, directory: Path) -> Values:
        """Return the values that the configuration and the lists above a page pass to it; the nearest wins."""
        merged = _cascading(self.site.config)
        for parent in reversed([each for each in path.parents if each.is_relative_to(directory)]):
            merged |= self.cascades.get(parent, {})
        return merged

    def _inherited_note(self, path: Path, inherited: Values, own: Values, section: Path | None) -> str | None:
        """Return a note with the origin of an inherited draft mark; None if the page inherits none."""
        if section is not None:
            return f"its section {self._list_path(section)} is a draft: imported as a draft"
        mark = draft_mark({key: value for key, value in inherited.items() if key not in own})
        if mark is None:
            return None
        source = next((parent for parent in path.parents if draft_mark(self.cascades.get(parent, {}))), None)
        origin = self._list_path(source) if source else "the configuration"
        return f"{mark} in the cascade of {origin}: imported as a draft"

    def _list_path(self, section: Path) -> str:
        return (section / "_index").relative_to(self.site.directory).as_posix()

    def _publication(self, path: Path, base: str, values: Values) -> Publication:
        if get_text(_build(values), "list").lower() in {"never", "false"}:
            values = values | {"unlisted": "build.list"}
        dated = DATE_PREFIX.match(path.parent.name if base == "index" else base)
        return publication_of(
            values,
            self.site.location_of(path),
            self.site.zone,
            keys=(*PUBLICATION_KEYS, "date"),
            date_in_name=dated[1] if dated else None,
        )

    def _entry(
        self, path: Path, directory: Path, language: str, found: Front, base: str, published: Publication
    ) -> SiteDocument:
        site, front = self.site, found.values
        location = path.relative_to(site.directory).as_posix()
        relative = path.relative_to(directory)
        bundle = path.parent if base == "index" else None
        sections = list(relative.parts[:-1] if bundle is None else relative.parts[:-2])
        base = base if bundle is None else relative.parts[-2]
        if "base_url" in site.config:  # Zola's URLs do not contain the date
            base = DATE_PREFIX.sub("", base)
        id_suffix = derive_id_suffix(location)
        notes: list[str] = []
        date = published.date
        url_path: str | None
        url_path, others = self.urls.url_paths(front, language, sections, base, date)
        if is_unfinished(url_path, date):
            url_path, others = None, []
        if date is None and (day := _DAY.search(url_path or "")):
            date = get_datetime(day[1], site.zone)
        slug, more = slug_for(
            get_text(front, "slug") or single_segment(url_path),
            DATE_PREFIX.sub("", base),
            get_text(front, "title"),
            id_suffix=id_suffix,
        )
        is_default = language == self.default
        return SiteDocument(
            path=path,
            location=location,
            front=front,
            body=found.body,
            kind=self._kind(front, sections),
            slug=slug,
            id_suffix=id_suffix if is_default or not language else language,
            name=base,
            url_path=url_path,
            aliases=tuple(others),
            date=date,
            updated=self._date(front, notes, "lastmod", "modified", "updated"),
            draft=published.draft,
            language=self._language(language),
            labels=tuple(_labels(front)),
            bundle=bundle,
            at_root=not sections,
            notes=(*published.notes, *notes, *more),
        )

    def _date(self, front: Values, notes: list[str], *keys: str) -> datetime | None:
        written = get_text(front, *keys)
        parsed = get_datetime(written, self.site.zone)
        if written and parsed is None:
            notes.append(f"the date {written!r} is invalid")
        return parsed if parsed is None or parsed.year > 1 else None

    def _language(self, code: str) -> str | None:
        configured = get_map(self.languages, code)
        return (
            get_text(configured, "languagecode", "locale") or code or get_text(self.site.config, "languagecode") or None
        )

    def _kind(self, front: Values, sections: list[str]) -> Kind:
        if {get_text(front, "type").lower(), get_text(front, "layout").lower()} & _PAGE_SECTIONS:
            return "page"
        if sections and sections[0] in _PAGE_SECTIONS:
            return "page"
        main = get_list(get_map(self.site.config, "params"), "mainsections") or get_list(
            self.site.config, "mainsections"
        )
        if not sections or (main and sections[0] not in main):
            return "article" if get_text(front, "date", "publishdate") else "page"
        return "article"


def _build(values: Values) -> Values:
    return get_map(values, "build") or get_map(values, "_build")


def _cascading(source: Values) -> Values:
    """Return the values that a list or the configuration passes to pages, including those for only some pages."""
    value = source.get("cascade")
    merged: Values = {}
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            kinds = get_text(get_map(each, "target") or get_map(each, "_target"), "kind")
            if not kinds or "page" in kinds or "*" in kinds:
                merged |= get_map(each, "params") | each
    return merged


def _why_not_rendered(values: Values, body: str, path: Path) -> str | None:
    if get_flag(values, "headless") is True or get_text(_build(values), "render").lower() in {"never", "false", "link"}:
        return "not rendered as a page by its site"
    if path.stem == "404":
        return "a page that Kolom generates itself"
    if not body.strip():
        return "has no text: its layout generates the content"
    return None


def _labels(front: Values) -> list[str]:
    terms = get_map(front, "taxonomies")
    keys = ("categories", "category", "tags", "tag", "labels")
    return [label for source in (front, terms) for key in keys for label in get_list(source, key)]
