"""Read the sites of Jekyll, and of Octopress and Hexo, which are similar: posts, drafts, pages and collections."""

import contextlib
import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from kolom.articles.types import Kind
from kolom_cli.importers.common.types import Skipped
from kolom_cli.importers.markdown.front_matter_values import get_datetime, get_flag, get_list, get_map, get_text
from kolom_cli.importers.markdown.lenient_front_matter import Front, Values
from kolom_cli.importers.markdown.liquid import generates_content
from kolom_cli.importers.markdown.permalinks import (
    JEKYLL_STYLES,
    date_tokens,
    expand,
    is_unfinished,
    normalize_slashes,
    slugify_like_jekyll,
)
from kolom_cli.importers.markdown.publication import publication_of, read_source, skip_without_front_matter
from kolom_cli.importers.markdown.site import (
    DATE_PREFIX,
    Site,
    SiteDocument,
    base_of,
    derive_id_suffix,
    find_directory,
    load_first_data_file,
    matches_pattern,
    normalize_url_path,
    single_segment,
    slug_for,
    walk,
)
from kolom_cli.publishing.document import FORMATS
from kolom_cli.publishing.draft_marks import draft_mark

CONFIGS: Final = ("_config.yml", "_config.yaml", "_config.toml")
_POSTS: Final = frozenset(("_posts", "_drafts"))
_THEME: Final = frozenset(("_site", "_includes", "_layouts", "_sass", "_data", "_plugins", "_assets", "_cache"))
_GENERATED_PAGES: Final = frozenset(
    ("/404", "/search", "/archive", "/archives", "/tags", "/categories", "/feed", "/sitemap")
)


def is_configured(directory: Path) -> bool:
    """Return whether the directory has the configuration of a site."""
    return any((directory / name).is_file() for name in CONFIGS)


def is_jekyll(directory: Path) -> bool:
    """Return whether the directory has a Jekyll configuration or posts, or is a posts directory of Jekyll."""
    return (
        directory.resolve().name in _POSTS
        or is_configured(directory)
        or any((directory / name).is_dir() for name in _POSTS)
    )


def read_site(directory: Path) -> Site:
    """Return the site with all its documents."""
    config = load_first_data_file(directory, *CONFIGS)
    source = directory
    for name in (get_text(config, "source", "source_dir"), "source"):
        found = find_directory(directory, name) if name else None
        if found is not None and (name != "source" or (found / "_posts").is_dir()):
            source = found
            break
    site = Site(
        flavor="jekyll",
        directory=directory,
        pages=source,
        roots=(source,),
        config=config,
        authors=load_first_data_file(source, "_data/authors.yml", "_data/authors.yaml", "_data/authors.json"),
    )
    site.base, site.hosts = base_of(get_text(config, "url"), get_text(config, "baseurl", "root"))
    with contextlib.suppress(OSError, ValueError):
        site.zone = ZoneInfo(get_text(config, "timezone")) if get_text(config, "timezone") else site.zone
    return site.add(_SiteReader(site).items())


@dataclass(slots=True)
class _SiteReader:
    site: Site

    def items(self) -> Iterator[SiteDocument | Skipped]:
        excluded = get_list(self.site.config, "exclude")
        source = self.site.pages

        def is_read(path: Path) -> bool:
            parts = path.relative_to(source).parts
            return not matches_pattern("/".join(parts), excluded) or self._is_included(parts)

        def enter(directory: Path) -> bool:
            is_theme = directory.name in _THEME and not self._is_included(directory.relative_to(source).parts)
            return directory.name != "_site" and not is_theme and is_read(directory)

        for found in walk(source, self.site.directory, enter=enter):
            if isinstance(found, Skipped):
                yield found
            elif is_read(found):
                yield self._item(found)

    def _is_included(self, parts: tuple[str, ...]) -> bool:
        """Return whether ``include`` in the configuration names a file or folder, by its path or by its name."""
        patterns = get_list(self.site.config, "include")
        return matches_pattern("/".join(parts), patterns) or matches_pattern(parts[-1], patterns)

    def _is_special(self, parts: tuple[str, ...], index: int) -> bool:
        """Return whether a folder of the path contains posts or a collection, or is not part of the site."""
        name = parts[index]
        if not name.startswith("_") or name in _POSTS:
            return name in _POSTS
        collections = self.site.config.get("collections")
        if isinstance(collections, dict) and name.removeprefix("_") in collections:
            return True
        return not (self._is_included(parts[: index + 1]) or self._is_included(parts))

    def _item(self, path: Path) -> SiteDocument | Skipped:
        parts = path.relative_to(self.site.pages).parts
        if self.site.directory.resolve().name in _POSTS:
            parts = (self.site.directory.resolve().name, *parts)
        parts = self._within_collections(parts)
        special_index = next((index for index in range(len(parts) - 1) if self._is_special(parts, index)), None)
        directory = parts[special_index] if special_index is not None else ""
        kind: Kind = "article" if directory in _POSTS else "page"
        source = read_source(path, kind)
        if isinstance(source, Skipped):
            return source
        text, front = source
        if skipped := skip_without_front_matter(path, kind, front, text):
            return skipped
        collection = directory.removeprefix("_") if directory not in _POSTS else ""
        reason = self._why_not_rendered(path, directory, collection, front.values)
        if reason is None and not directory:
            reason = _why_no_content(text[front.body :])
        if reason:
            return Skipped(kind=kind, name=str(path), reason=reason)
        defaults = self._defaults(path, "posts" if directory in _POSTS else collection or "pages")
        values = defaults | front.values
        if collection and get_text(values, "date"):
            kind = "article"
        if get_text(values, "layout") == "page":
            kind = "page"
        entry = self._entry(path, parts, special_index, Front(values, front.body), kind, collection)
        if kind == "page" and not collection and (reason := _why_replaced(entry.url_path or "", values)):
            return Skipped(kind=kind, name=str(path), reason=reason)
        if mark := draft_mark({key: value for key, value in defaults.items() if key not in front.values}):
            note = f"{mark} in the defaults of the configuration: imported as a draft"
            entry = replace(entry, notes=(*entry.notes, note))
        return entry

    def _within_collections(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """Return a path without the ``collections_dir`` of the configuration, which is not part of URLs."""
        above = tuple(Path(get_text(self.site.config, "collections_dir").strip("/")).parts)
        inside = above and parts[: len(above)] == above and parts[len(above)].startswith("_")
        return parts[len(above) :] if inside else parts

    def _why_not_rendered(self, path: Path, directory: str, collection: str, front: Values) -> str | None:
        """Return why Jekyll renders no page for a document, or None."""
        parts = path.relative_to(self.site.pages).parts
        if path.name.startswith(("_", "#")) and not self._is_included(parts):
            return "its name begins with _ or #: not a page of the site"
        if directory == "_posts" and not DATE_PREFIX.match(path.name) and not self._has_undated_posts(front):
            return "its file name has no date, so Jekyll does not publish it: rename it like 2024-05-16-title.md"
        if not collection:
            return None
        configured = self.site.config.get("collections")
        if isinstance(configured, dict) and collection in configured:
            shown = get_flag(get_map(configured, collection), "output")
            return None if shown else f"the collection {collection!r} has no pages in Jekyll"
        return f"_{collection} is not a collection of the site"

    def _has_undated_posts(self, front: Values) -> bool:
        """Return whether the file names of posts may have no date, as in Hexo."""
        config, site = self.site.config, self.site
        # The posts of Hexo are in the folder that ``source_dir`` names, by default ``source``. Without that folder and
        # without a configuration, the system is unknown: a date in the front matter is sufficient.
        if config or site.pages != site.directory:
            return site.pages != site.directory or "source_dir" in config
        return bool(get_text(front, "date"))

    def _entry(
        self, path: Path, parts: tuple[str, ...], special_index: int | None, found: Front, kind: Kind, collection: str
    ) -> SiteDocument:
        site, front = self.site, found.values
        location = path.relative_to(site.directory).as_posix()
        id_suffix = derive_id_suffix(location)
        is_post = special_index is not None and not collection
        dated = DATE_PREFIX.match(path.stem)
        name = DATE_PREFIX.sub("", path.stem) if is_post or dated else path.stem
        published = publication_of(
            front, site.location_of(path), site.zone, keys=("date",), date_in_name=dated[1] if dated else None
        )
        date = published.date
        above = [part for part in parts[: special_index or 0] if part] if is_post else []
        categories = _categories(front, above)
        url_path: str | None
        url_path, others = self._url_paths(front, parts, special_index, name, date, categories, collection)
        if is_unfinished(url_path, date):
            url_path, others = None, []
        elif "." not in url_path.rpartition("/")[2] and not url_path.endswith("/"):
            others.append(f"{url_path}.html")  # the file that Jekyll writes
        slug, more = slug_for(
            get_text(front, "slug") or single_segment(url_path),
            *([] if name == "index" else [name]),
            get_text(front, "title"),
            *(reversed(parts[:-1]) if name == "index" else []),
            id_suffix=id_suffix,
        )
        return SiteDocument(
            path=path,
            location=location,
            front=front,
            body=found.body,
            kind=kind,
            slug=slug,
            id_suffix=id_suffix,
            name=name,
            url_path=url_path,
            aliases=(*others, *(normalize_slashes(each) for each in get_list(front, "redirect_from"))),
            date=date,
            updated=get_datetime(get_text(front, "last_modified_at", "lastmod", "updated", "modified"), site.zone),
            draft=published.draft,
            labels=(*categories, *_tags(front)),
            notes=(*published.notes, *more),
        )

    def _url_paths(
        self,
        front: Values,
        parts: tuple[str, ...],
        special_index: int | None,
        name: str,
        date: datetime | None,
        categories: list[str],
        collection: str,
    ) -> tuple[str, list[str]]:
        """Return the URL of the page, and the URL for its date in UTC if the time zone of the site is unknown."""
        wanted = get_text(front, "slug") or name
        directories = "/".join(parts[(special_index or 0) + 1 : -1] if special_index is not None else parts[:-1])
        suffix = Path(parts[-1]).suffix.lower()
        lowered = list(dict.fromkeys(category.lower() for category in categories))
        tokens = {
            "title": slugify_like_jekyll(wanted, pretty=True),
            "slug": slugify_like_jekyll(wanted),
            "name": slugify_like_jekyll(name),
            "categories": "/".join(lowered),
            "category": "/".join(lowered),
            "slugified_categories": "/".join(map(slugify_like_jekyll, lowered)),
            "collection": collection,
            "path": f"{directories}/{name}" if collection else directories,
            "basename": name,
            "output_ext": ".html" if suffix in FORMATS else suffix,
        }
        pattern = get_text(front, "permalink") or self._pattern(name, collection, is_post=special_index is not None)
        pattern = JEKYLL_STYLES.get(pattern, pattern)

        def url_path(date: datetime | None) -> str:
            return normalize_slashes(expand(pattern, tokens | date_tokens(date)).removesuffix("index.html"))

        if date is None:
            return url_path(None), []
        local = url_path(date.astimezone(self.site.zone))
        universal = url_path(date.astimezone(UTC))
        is_ambiguous = not get_text(self.site.config, "timezone") and universal != local
        return local, [universal] if is_ambiguous and len(get_text(front, "date")) > len("2024-05-16") else []

    def _pattern(self, name: str, collection: str, *, is_post: bool) -> str:
        config = self.site.config
        general = get_text(config, "permalink") or "date"
        ending = "/" if general == "pretty" or (general not in JEKYLL_STYLES and general.endswith("/")) else ""
        if not ending and (general in JEKYLL_STYLES or general.endswith(":output_ext")):
            ending = ":output_ext"
        if collection:
            own = get_text(get_map(config, "collections", collection), "permalink")
            return own or f"/:collection/:path{ending}"
        if is_post:
            return get_text(get_map(config, "collections", "posts"), "permalink") or general
        return "/:path/" if name == "index" else f"/:path/:basename{ending}"

    def _defaults(self, path: Path, kind: str) -> Values:
        """Return the configuration's default values for a page; the more specific scope takes precedence."""
        configured = self.site.config.get("defaults")
        location = path.relative_to(self.site.pages).as_posix()
        found: list[tuple[int, Values]] = []
        for each in configured if isinstance(configured, list) else []:
            if not isinstance(each, dict):
                continue
            scope = get_map(each, "scope")
            below, of_kind = get_text(scope, "path").strip("/"), get_text(scope, "type")
            if of_kind and of_kind.rstrip("s") != kind.rstrip("s"):
                continue
            if below and not (
                location == below or location.startswith(f"{below}/") or fnmatch.fnmatch(location, below)
            ):
                continue
            found.append((len(below) * 2 + bool(of_kind), get_map(each, "values")))
        merged: Values = {}
        for _, values in sorted(found, key=lambda pair: pair[0]):
            merged |= values
        return merged


def _why_no_content(body: str) -> str | None:
    if generates_content(body):
        return "has Liquid code that generates content, such as a loop or an include"
    if not body.strip():
        return "has no text: its layout generates the content"
    return None


def _why_replaced(url_path: str, front: Values) -> str | None:
    key = normalize_url_path(url_path)
    if key == "/":
        return "the home page: Kolom has its own"
    if key.removesuffix(".html").removesuffix(".xml") in _GENERATED_PAGES or get_text(front, "layout") in {
        "404",
        "search",
    }:
        return "a page that Kolom generates itself"
    return None


def _categories(front: Values, above: list[str]) -> list[str]:
    single = get_text(front, "category")
    named = [single] if single else get_list(front, "category")
    return list(dict.fromkeys([*above, *named, *get_list(front, "categories", spaces=True)]))


def _tags(front: Values) -> list[str]:
    single = get_text(front, "tag")
    named = [single] if single and "," not in single else get_list(front, "tag")
    return [*named, *get_list(front, "tags", spaces=True), *get_list(front, "labels")]
