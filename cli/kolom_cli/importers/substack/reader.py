"""Import a Substack export: posts become articles, pages become pages.

Content that was not public does not become public: unpublished posts, posts for subscribers, posts with parts for
subscribers, and messages that were only sent by mail become drafts. Subscribers are counted, not imported.
"""

from collections.abc import Iterator
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from kolom_cli.importers.common.article_matching import extract_host
from kolom_cli.importers.common.dates import parse_iso_datetime
from kolom_cli.importers.common.entry_ids import SAME_ID, EntryIds, RepeatedEntry
from kolom_cli.importers.common.own_links import LinkRewriter
from kolom_cli.importers.common.raw_articles import RawArticle, to_imported_article
from kolom_cli.importers.common.source_ids import origin_id
from kolom_cli.importers.common.types import Item, Skipped, SourceError
from kolom_cli.importers.substack.export import Export, Row, count_rows, open_export
from kolom_cli.importers.substack.html_converter import convert, is_restricted, own_link
from kolom_cli.terminal.plurals import count

_TRUE: Final = frozenset(("true", "1", "yes"))
_EVERYONE: Final = "everyone"
_ON_THE_WEB: Final = frozenset(("newsletter", "page", "podcast", "thread", "video"))
"""The types of posts that have a public page."""


def read_substack(source: Path, *, site: str = "", language: str | None = None) -> Iterator[Item]:
    """Yield every item of the export, which is a zip archive or its unpacked directory.

    ``site`` is the URL of the newsletter, if it has its own domain. ``language`` is the language of all posts.
    The export does not contain it: without ``language``, it is detected from the text of each post.

    :raises SourceError: the export cannot be read, or cannot be read further
    """
    with open_export(source) as export:
        reader = _Reader(export, site, language or "")
        for row in export.rows():
            yield reader.item(row)
        yield from reader.rest()


def _kind(row: Row) -> Literal["article", "page"]:
    return "page" if row.get("type") == "page" else "article"


def _name(row: Row) -> str:
    return f"{row.get('post_id') or f'line {row.line}'} {row.get('title')[:80]!r}"


def _slugs(export: Export) -> set[str]:
    slugs: set[str] = set()
    with suppress(SourceError):  # the second pass reaches the same error and raises it after all items before it
        for row in export.rows():
            slugs.add(row.slug)
    return slugs - {""}


class _Reader:
    """Converts the rows of an export."""

    def __init__(self, export: Export, site: str, language: str) -> None:
        self._export = export
        self._language = language
        hosts = {extract_host(site), f"{export.newsletter}.substack.com" if export.newsletter else ""} - {""}
        self._ids = EntryIds()
        self._used: set[str] = set()
        self._hosts = hosts
        self._own_link = own_link(_slugs(export), frozenset(hosts), export.newsletter)

    def item(self, row: Row) -> Item:
        """Return the article, or why it is skipped."""
        kind, name = _kind(row), _name(row)
        if not row.number:
            return Skipped(kind=kind, name=name, reason="has no number as its post_id", refused=True)
        self._used |= {row.text.name} if row.text else set()
        is_published = row.get("is_published").lower() in _TRUE
        if row.text is None and not row.get("podcast_url"):
            reason = f"its text is not in the export: posts/{row.get('post_id')}.html"
            return Skipped(kind=kind, name=name, reason=reason, refused=is_published)
        try:
            html = _player(row.get("podcast_url")) + row.read()
            own = origin_id("substack", row.number)
            origin = self._ids.add(own, (row.fields, html))
        except RepeatedEntry as error:
            return Skipped(kind=kind, name=name, reason=str(error))
        except SourceError as error:
            return Skipped(kind=kind, name=name, reason=str(error), refused=True)
        links = LinkRewriter(self._own_link, lambda url: extract_host(url) in self._hosts)

        def converted(html: str) -> tuple[str, tuple[str, ...]]:
            source, notes = convert(html, self._own_link, links)
            return source, tuple(notes)

        return to_imported_article(
            RawArticle(
                name=name,
                origin=origin,
                kind=kind,
                id_suffix=row.number,
                title=row.get("title"),
                slug=row.slug,
                html=html,
                convert=converted,
                language=self._language,
                is_draft=not is_published,
                excerpt=row.get("subtitle"),
                description=row.get("subtitle"),
                published_at=parse_iso_datetime(row.get("post_date")),
                url_path=f"/p/{quote(row.slug)}" if row.slug else "",
                draft_reasons=tuple(_draft_reasons(row, html)) if is_published else (),
                notes=(SAME_ID,) if origin != own else (),
                links=links,
            )
        )

    def rest(self) -> Iterator[Item]:
        """Yield what is not imported: texts that ``posts.csv`` does not list, and the lists of subscribers."""
        for text in self._export.texts.values():
            if text.name not in self._used:
                reason = "posts.csv does not list it, so nothing shows that it was published"
                yield Skipped(kind="file", name=text.name, reason=reason)
        for subscribers in self._export.subscribers:
            try:
                reason = f"{count(count_rows(subscribers), 'subscriber')}: subscribers are not imported"
            except SourceError as error:
                reason = f"subscribers are not imported; {error}"
            yield Skipped(kind="file", name=subscribers.name, reason=reason)


def _player(url: str) -> str:
    return f'<figure><audio src="{escape(url)}"></audio></figure>\n' if url else ""


def _draft_reasons(row: Row, html: str) -> Iterator[str]:
    """Yield why a published post is not public in Substack."""
    audience, kind = row.get("audience"), row.get("type")
    if not audience:
        yield "no audience in the export"
    elif audience != _EVERYONE:
        yield f"not for everyone in Substack (audience {audience!r})"
    elif is_restricted(html):
        yield "parts of it are only for some readers in Substack"
    if kind not in _ON_THE_WEB:
        yield f"type {kind!r} in Substack" if kind else "no type in the export"
