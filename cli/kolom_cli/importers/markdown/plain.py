"""Read any directory of Markdown leniently: Kolom's own files, and those of other programs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from kolom.articles.names import is_reserved_path, path_problem
from kolom.articles.types import Kind
from kolom_cli.importers.common.types import Skipped
from kolom_cli.importers.markdown.directory_data import is_ignored, unread_data, with_directory_data
from kolom_cli.importers.markdown.front_matter_values import get_datetime, get_list, get_text
from kolom_cli.importers.markdown.lenient_front_matter import Values, read_front_or_header
from kolom_cli.importers.markdown.obsidian import is_published, is_vault
from kolom_cli.importers.markdown.publication import (
    PUBLICATION_KEYS,
    Publication,
    dates_in,
    publication_of,
    read_source,
    skip_without_front_matter,
)
from kolom_cli.importers.markdown.site import (
    DATE_PREFIX,
    Site,
    SiteDocument,
    derive_id_suffix,
    find_directories,
    slug_for,
    walk,
)
from kolom_cli.publishing.document import FORMATS

FORMATS_READ: Final = (*FORMATS, ".mdx")
"""The suffixes of documents, including those of MDX."""

_HTML: Final = frozenset(suffix for suffix, source_format in FORMATS.items() if source_format == "html")
_UPDATED: Final = (
    *("updated", "lastmod", "last_modified_at", "modified", "updated_at", "updateddate", "updatedat", "moddatetime"),
    *("lastupdated", "last_updated", "lastmodified", "last_update"),
)
_DATES: Final = ("date", *PUBLICATION_KEYS, "created", "createdat")
_POSTS: Final = frozenset(("_posts", "_drafts"))
_TEMPLATE: Final = ("{{", "{%", "<%")
_LABELS = ("labels", "categories", "category", "tags", "tag")


def read_site(directory: Path) -> Site:
    """Return the directory as a site with all its documents."""
    roots = (directory, *find_directories(directory, ["static", "public", "content"]))
    site = Site(flavor="plain", directory=directory, pages=directory, roots=roots)
    return site.add(_items(site))


def _items(site: Site) -> Iterator[SiteDocument | Skipped]:
    for found in walk(site.directory, site.directory, enter=lambda _: True, formats=FORMATS_READ):
        yield found if isinstance(found, Skipped) else read_item(site, found)


def read_item(site: Site, path: Path, *, has_evidence: bool = False) -> SiteDocument | Skipped:
    """Return the document of a file, or why it is skipped.

    ``has_evidence`` is True if its folder shows that it was published; then it needs neither a title nor a date.
    """
    if path.stem == "_index":
        return Skipped(kind="page", name=str(path), reason="a list page: Kolom generates its own")
    if is_ignored(site.directory, path):
        return Skipped(kind="file", name=str(path), reason="excluded by .eleventyignore")
    source = read_source(path, "article", read_front_or_header)
    if isinstance(source, Skipped):
        return source
    text, front = source
    if is_vault(site.directory) and not is_published(front.values):
        return Skipped(
            kind="file",
            name=str(path),
            reason="a private Obsidian note: it does not have `publish: true`",
        )
    skipped = skip_without_front_matter(path, "article", front, text) or _why_not_an_article(
        site, path, front.values, has_evidence=has_evidence
    )
    return skipped or _entry(site, path, front.values, front.body)


def _why_not_an_article(site: Site, path: Path, front: Values, *, has_evidence: bool) -> Skipped | None:
    """Return why a file with front matter is not an article, or None."""
    name, title = str(path), get_text(front, "title")
    if any(part.startswith("_") and part not in _POSTS for part in path.relative_to(site.directory).parts):
        return Skipped(kind="file", name=name, reason="a part of other pages: a name in its path begins with _")
    if any(placeholder in title for placeholder in _TEMPLATE):
        return Skipped(kind="file", name=name, reason="a template: its title is a placeholder")
    if title or has_evidence or any(date for _, date in dates_in(front, _DATES, site.zone)):
        return None
    reason = "its front matter has neither a title nor a date: add one to import it"
    return Skipped(kind="article", name=name, reason=reason, refused=path.suffix.lower() not in _HTML)


def _entry(site: Site, path: Path, front: Values, body_start: int) -> SiteDocument:
    location = path.relative_to(site.directory).as_posix()
    id_suffix = derive_id_suffix(location)
    is_bundle = path.stem == "index" and path.parent != site.directory
    base = path.parent.name if is_bundle else path.stem
    dated = DATE_PREFIX.match(base)
    published = _publication(site, path, front, dated[1] if dated else None)
    url_path = next((found for key in ("path", "permalink", "url") if (found := _url_path(get_text(front, key)))), None)
    slug, more = slug_for(
        get_text(front, "slug"), DATE_PREFIX.sub("", base), get_text(front, "title"), id_suffix=id_suffix
    )
    kinds = {get_text(front, key).lower() for key in ("kind", "type", "layout")}
    is_pelican_page = "pages" in path.relative_to(site.directory).parts[:-1] and "content" in path.parts
    kind: Kind = "page" if "page" in kinds or is_pelican_page else "article"
    return SiteDocument(
        path=path,
        location=location,
        front=front,
        body=body_start,
        kind=kind,
        slug=slug,
        id_suffix=id_suffix,
        name=base,
        url_path=url_path,
        aliases=(*get_list(front, "aliases"), *get_list(front, "redirect_from")),
        date=published.date,
        updated=get_datetime(get_text(front, *_UPDATED), site.zone),
        draft=published.draft,
        labels=tuple(label for key in _LABELS for label in get_list(front, key)),
        bundle=path.parent if is_bundle else None,
        notes=(*published.notes, *more),
    )


def _publication(site: Site, path: Path, front: Values, named: str | None) -> Publication:
    values = with_directory_data(site.directory, path, front)
    published = publication_of(values, site.location_of(path), site.zone, keys=_DATES, date_in_name=named)
    if unread := unread_data(site.directory, path):
        note = f"cannot read {unread.name}, which may mark it as unpublished: imported as a draft"
        return replace(published, draft=True, notes=(*published.notes, note))
    return published


def _url_path(written: str) -> str | None:
    """Return a literal path in the front matter; None for patterns, full URLs and malformed paths.

    A path that is reserved for the site is returned, so that the article can be refused with this reason.
    """
    if not written.startswith("/") or ":" in written:
        return None
    return written if path_problem(written) is None or is_reserved_path(written) else None
