"""Any folder of Markdown: Kolom's own files, and what other programs write, read leniently."""

from collections.abc import Iterator
from pathlib import Path

from kolom.articles.names import is_site_address, path_problem
from kolom.articles.types import Kind
from kolom_cli.documents import DocumentError, read_text
from kolom_cli.importers import Skipped

from .front import Values, read_front
from .site import DATED, Entry, Site, number_of, slug_for, walk
from .values import flag_in, list_in, moment_in, text_in

_LABELS = ("labels", "categories", "category", "tags", "tag")


def survey(directory: Path) -> Site:
    """Every document of the folder."""
    site = Site(flavour="plain", directory=directory, pages=directory, roots=_roots(directory))
    return site.add(_items(site))


def _roots(directory: Path) -> tuple[Path, ...]:
    folders = [directory, *(directory / name for name in ("static", "public"))]
    inside = directory.resolve()
    return tuple(folder for folder in folders if folder.is_dir() and folder.resolve().is_relative_to(inside))


def _items(site: Site) -> Iterator[Entry | Skipped]:
    for found in walk(site.directory, site.directory, enter=lambda _: True):
        yield found if isinstance(found, Skipped) else _item(site, found)


def _item(site: Site, path: Path) -> Entry | Skipped:
    if path.stem == "_index":
        return Skipped(kind="page", name=str(path), reason="a page that lists others: Kolom makes its own")
    try:
        text = read_text(path)
        front = read_front(path, text)
    except DocumentError as error:
        name = f"{path}:{error.line}" if error.line else str(path)
        return Skipped(kind="file", name=name, reason=error.message, refused=True)
    if not text.strip():
        return Skipped(kind="file", name=str(path), reason="is empty")
    return _entry(site, path, front.values, front.body)


def _entry(site: Site, path: Path, front: Values, body: int) -> Entry:
    place = path.relative_to(site.directory).as_posix()
    number = number_of(place)
    is_bundle = path.stem == "index" and path.parent != site.directory
    base = path.parent.name if is_bundle else path.stem
    dated = DATED.match(base)
    notes: list[str] = []
    written = text_in(front, "date", "publishdate", "pubdate", "published_at", "created", "created_at")
    if not written and flag_in(front, "published") is None:
        written = text_in(front, "published")
    date = moment_in(written, site.zone)
    if written and date is None:
        notes.append(f"the date {written!r} is not understood")
    if date is None and dated:
        date = moment_in(dated[1], site.zone)
    address = next((found for key in ("path", "permalink", "url") if (found := _address(text_in(front, key)))), None)
    slug, more = slug_for(text_in(front, "slug"), DATED.sub("", base), text_in(front, "title"), number=number)
    kinds = {text_in(front, key).lower() for key in ("kind", "type", "layout")}
    kind: Kind = "page" if "page" in kinds else "article"
    draft = flag_in(front, "draft") is True or flag_in(front, "published") is False or "_drafts" in path.parts
    return Entry(
        path=path,
        place=place,
        front=front,
        body=body,
        kind=kind,
        slug=slug,
        number=number,
        name=base,
        address=address,
        others=(*list_in(front, "aliases"), *list_in(front, "redirect_from")),
        date=date,
        updated=moment_in(
            text_in(front, "updated", "lastmod", "last_modified_at", "modified", "updated_at"), site.zone
        ),
        draft=draft or text_in(front, "status").lower() == "draft",
        labels=tuple(label for key in _LABELS for label in list_in(front, key)),
        bundle=path.parent if is_bundle else None,
        notes=(*notes, *more),
    )


def _address(written: str) -> str | None:
    """An address that stands in the front matter as it is; patterns and other sites' are none."""
    if not written.startswith("/") or ":" in written:
        return None
    return written if path_problem(written) is None or is_site_address(written) else None
