"""Import the JSON export of Ghost: posts become articles, pages become pages.

Content that was not public does not become public: drafts, posts for members, for paying members or for certain tiers,
posts that were only sent by mail, and all posts of a private site become drafts. Scheduled posts stay scheduled.
Pictures stay on the Ghost site, and articles show them from there, unless the importer copies them. Members are not
imported.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from kolom.articles.names import default_path
from kolom.config import settings
from kolom.rendering.markdown import to_html
from kolom_cli.importers.common.article_fields import normalize_language_code, site_language
from kolom_cli.importers.common.entry_ids import SAME_ID, EntryIds, RepeatedEntry
from kolom_cli.importers.common.own_links import LinkRewriter
from kolom_cli.importers.common.raw_articles import RawArticle, to_imported_article
from kolom_cli.importers.common.source_ids import origin_id
from kolom_cli.importers.common.types import Item, Skipped, SourceError
from kolom_cli.importers.ghost.editor_formats import html_of_lexical, html_of_mobiledoc
from kolom_cli.importers.ghost.export_json import date, is_true, read_rows, text
from kolom_cli.importers.ghost.html_converter import convert, is_restricted
from kolom_cli.importers.ghost.urls import SiteUrls
from kolom_cli.terminal.plurals import count

_OBJECT_ID: Final = re.compile(r"[0-9a-f]{24}")
_PUBLIC: Final = frozenset(("", "public"))
"""The visibility of a public post; it is the default of Ghost's database."""
_NOT_IMPORTED: Final = {
    "comments": ("comment", "comments of Ghost are not imported"),
    "members": ("member", "subscribers are not imported"),
}
_INTERNAL: Final = "#"


@dataclass(slots=True)
class _Site:
    """The data of the whole export that posts refer to. It is collected first, because it may follow them."""

    language: str
    is_private: bool = False
    is_incomplete: bool = False
    permalinks: str = "/:slug/"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    users: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)  # without internal ones
    tags_of: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    authors_of: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))
    meta: dict[str, tuple[str, bool]] = field(default_factory=dict)  # description, whether it is only sent by mail
    posts: list[tuple[str, str]] = field(default_factory=list)  # the slug and the path of each
    counts: Counter[str] = field(default_factory=Counter)


def read_ghost(path: Path, *, site: str = "", language: str | None = None) -> Iterator[Item]:
    """Yield every item of the export.

    ``site`` is the URL of the Ghost site, which the export does not contain. ``language`` takes precedence over the
    language of the export.

    :raises SourceError: the file cannot be read, or cannot be read further
    """
    collected = _collect(path, language)
    paths: dict[str, str] = {}
    for slug, url_path in collected.posts:
        paths |= dict.fromkeys((default_path(slug).rstrip("/"), url_path.rstrip("/")), url_path)
    ids = EntryIds()
    for table, row in read_rows(path):
        if table != "posts":
            continue
        try:
            origin = ids.add(_origin(row), row)
        except RepeatedEntry as error:
            yield Skipped(kind=_kind(row), name=_name(row), reason=str(error))
            continue
        yield _item(row, origin, collected, SiteUrls(paths, site.rstrip("/")), has_language=language is not None)
    for table, number in sorted(collected.counts.items()):
        noun, reason = _NOT_IMPORTED[table]
        yield Skipped(kind="file", name=f"{path}: {table}", reason=f"{count(number, noun)}: {reason}")


def _collect(path: Path, language: str | None) -> _Site:
    site = _Site(language or "")
    posts: list[dict[str, Any]] = []
    try:
        for table, row in read_rows(path):
            match table:
                case "posts":
                    posts.append({name: row.get(name) for name in ("slug", "published_at", "type", "page")})
                case "settings":
                    _set_setting(site, text(row, "key"), row, has_language=language is not None)
                case "users":
                    site.users[text(row, "id")] = text(row, "name")
                case "tags" if text(row, "visibility") != "internal" and not text(row, "name").startswith(_INTERNAL):
                    site.tags[text(row, "id")] = text(row, "name")
                case "posts_tags":
                    site.tags_of[text(row, "post_id")].append((_order(row), text(row, "tag_id")))
                case "posts_authors":
                    site.authors_of[text(row, "post_id")].append((_order(row), text(row, "author_id")))
                case "posts_meta":
                    description = text(row, "meta_description")
                    site.meta[text(row, "post_id")] = (description, is_true(row, "email_only"))
                case _ if table in _NOT_IMPORTED:
                    site.counts[table] += 1
                case _:
                    pass
    except SourceError:
        # The second pass reaches the same error and raises it after all items before it.
        site.is_incomplete = True
    site.posts = [(text(row, "slug"), _path(row, site)) for row in posts if text(row, "slug")]
    return site


def _set_setting(site: _Site, key: str, row: dict[str, Any], *, has_language: bool) -> None:
    value = text(row, "value")
    match key:
        case "is_private":
            site.is_private = is_true(row, "value")
        case "lang" | "locale" | "default_locale" if not has_language and value:
            site.language = site_language(value)
        case "permalinks" if ":slug" in value:
            site.permalinks = value
        case "timezone" | "active_timezone" | "activeTimezone":
            with suppress(KeyError, OSError, ValueError):
                site.zone = ZoneInfo(value)
        case _:
            pass


def _order(row: dict[str, Any]) -> float:
    order = row.get("sort_order")
    return float(order) if isinstance(order, int | float) else 0.0


def _kind(row: dict[str, Any]) -> Literal["article", "page"]:
    return "page" if text(row, "type") == "page" or is_true(row, "page") else "article"


def _name(row: dict[str, Any]) -> str:
    return f"/{text(row, 'slug') or text(row, 'id')}/ {text(row, 'title')[:80]!r}"


def _origin(row: dict[str, Any]) -> str:
    """Return the origin. Old versions use numbers as ids, which are not unique among Ghost sites."""
    number = text(row, "id")
    unique = text(row, "uuid") or (number if _OBJECT_ID.fullmatch(number) else f"{text(row, 'slug')}#{number}")
    return origin_id("ghost", unique)


def _path(row: dict[str, Any], site: _Site) -> str:
    """Return the path of the post. Pages are always at their slug."""
    slug, published_at = text(row, "slug"), date(row, "published_at")
    if _kind(row) == "page" or published_at is None:
        return default_path(slug)
    local = published_at.astimezone(site.zone)
    parts = {":slug": slug, ":year": f"{local:%Y}", ":month": f"{local:%m}", ":day": f"{local:%d}"}
    path = re.sub(r":[a-z_]+", lambda match: parts.get(match[0], match[0]), site.permalinks)
    return default_path(slug) if ":" in path else path


def _item(row: dict[str, Any], origin: str, site: _Site, urls: SiteUrls, *, has_language: bool) -> Item:
    kind, name, number = _kind(row), _name(row), text(row, "id")
    if not text(row, "slug") and not number:
        return Skipped(kind=kind, name=name, reason="has neither an id nor a slug", refused=True)
    html, notes = _html(row)
    description, _ = site.meta.get(number, ("", False))
    own_language = "" if has_language else normalize_language_code(text(row, "locale"), settings().language_codes)
    tags = [tag for _, tag in sorted(site.tags_of.get(number, []))]
    image = text(row, "feature_image") or text(row, "image")

    links = LinkRewriter(urls.article, urls.is_own)

    def link_of(url: str) -> str:
        own = links(url)
        return urls(url) if own == url else own

    def converted(source: str) -> tuple[str, tuple[str, ...]]:
        plain, more = convert(source, urls, link_of)
        if urls.lacks_site:
            more.append("its pictures and files are on the Ghost site: name it with --site to show them from there")
        return plain, tuple(more)

    return to_imported_article(
        RawArticle(
            name=name,
            origin=origin,
            kind=kind,
            id_suffix=number[-8:],
            title=text(row, "title"),
            slug=text(row, "slug"),
            html=html,
            convert=converted,
            language=own_language or site.language,
            is_draft=text(row, "status") in {"", "draft"},
            excerpt=text(row, "custom_excerpt"),
            description=text(row, "meta_description") or description,
            image=urls(image) if image else "",
            labels=tuple(site.tags[tag] for tag in tags if tag in site.tags),
            author=_author(row, site),
            published_at=date(row, "published_at"),
            updated_at=date(row, "updated_at"),
            url_path=_path(row, site) if text(row, "slug") else "",
            draft_reasons=tuple(_draft_reasons(row, html, site)),
            notes=(*((SAME_ID,) if origin != _origin(row) else ()), *notes, *_notes(row)),
            links=links,
        )
    )


def _html(row: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the text, from the source of one of the editors if the export lacks its HTML."""
    if html := text(row, "html"):
        return html, []
    if lexical := text(row, "lexical"):
        return html_of_lexical(lexical)
    if mobiledoc := text(row, "mobiledoc"):
        return html_of_mobiledoc(mobiledoc)
    return to_html(text(row, "markdown")), []


def _author(row: dict[str, Any], site: _Site) -> str:
    ids = [author for _, author in sorted(site.authors_of.get(text(row, "id"), []))] or [text(row, "author_id")]
    return ", ".join(site.users[each] for each in ids if site.users.get(each))


def _draft_reasons(row: dict[str, Any], html: str, site: _Site) -> Iterator[str]:
    """Yield the reasons why a post that is published or scheduled in Ghost becomes a draft."""
    status, visibility = text(row, "status"), text(row, "visibility")
    if status in {"", "draft"}:
        return
    if site.is_incomplete:
        yield "the export is incomplete, so the post may not be public in Ghost"
    if site.is_private:
        yield "the site is private in Ghost"
    if status == "sent" or site.meta.get(text(row, "id"), ("", False))[1]:
        yield "only sent by mail in Ghost"
    elif status not in {"published", "scheduled"}:
        yield f"status {status!r} in Ghost"
    if status == "scheduled" and date(row, "published_at") is None:
        yield "scheduled in Ghost without a date"
    if visibility not in _PUBLIC:
        yield f"not public in Ghost (visibility {visibility!r})"
    elif is_restricted(html):
        yield "parts of it are only for members in Ghost"


def _notes(row: dict[str, Any]) -> Iterator[str]:
    if canonical := text(row, "canonical_url"):
        yield f"its canonical URL is not kept: {canonical[:200]}"
    if text(row, "codeinjection_head") or text(row, "codeinjection_foot"):
        yield "removed the code that Ghost injects into the page"
