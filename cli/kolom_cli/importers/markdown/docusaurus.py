"""Read the sites of Docusaurus: the posts in ``blog``, and other documents as in any folder. All of them are MDX."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from kolom_cli.importers.common.types import Skipped
from kolom_cli.importers.markdown import plain
from kolom_cli.importers.markdown.front_matter_values import get_datetime, get_text
from kolom_cli.importers.markdown.permalinks import normalize_slashes
from kolom_cli.importers.markdown.site import (
    Site,
    SiteDocument,
    base_of,
    files_inside,
    find_directories,
    load_first_data_file,
    walk,
)
from kolom_cli.publishing.document import DocumentError, read_text

_CONFIGS: Final = tuple(f"docusaurus.config.{suffix}" for suffix in ("js", "ts", "mjs", "cjs", "mts"))
_BLOG: Final = "blog"
_DATE: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[-/]?(.*)")
_URL: Final = re.compile(r"^\s*url\s*:\s*[\"'](https?://[^\"'\s]+)[\"']", re.MULTILINE)
_BASE: Final = re.compile(r"^\s*baseUrl\s*:\s*[\"'](/[^\"'\s]*)[\"']", re.MULTILINE)
_ROUTE: Final = re.compile(r"\bblog\s*:\s*\{[^{}]{0,2000}?\brouteBasePath\s*:\s*[\"']([^\"'\s]*)[\"']")


def is_docusaurus(directory: Path) -> bool:
    """Return whether the directory has a Docusaurus configuration."""
    return any((directory / name).is_file() for name in _CONFIGS)


def read_site(directory: Path) -> Site:
    """Return the site with all its documents."""
    site = Site(
        flavor="plain",
        directory=directory,
        pages=directory,
        roots=(directory, *find_directories(directory, ["static"])),
        authors=load_first_data_file(
            directory, f"{_BLOG}/authors.yml", f"{_BLOG}/authors.yaml", f"{_BLOG}/authors.json"
        ),
        has_mdx=True,
    )
    config = _configuration(directory)
    url, base, route = _URL.search(config), _BASE.search(config), _ROUTE.search(config)
    site.base, site.hosts = base_of(url[1] if url else "", base[1] if base else "")
    return site.add(_items(site, route[1] if route else _BLOG))


def _configuration(directory: Path) -> str:
    """Return the text of the configuration: a program, which is searched and never run."""
    for path in files_inside(directory, _CONFIGS):
        try:
            return read_text(path)
        except DocumentError:
            break
    return ""


def _items(site: Site, route: str) -> Iterator[SiteDocument | Skipped]:
    blog = site.directory / _BLOG
    for found in walk(
        site.directory, site.directory, enter=lambda directory: directory.name != "build", formats=plain.FORMATS_READ
    ):
        if isinstance(found, Skipped):
            yield found
        else:
            is_post = found.is_relative_to(blog)
            item = plain.read_item(site, found, has_evidence=is_post)
            yield (
                item if isinstance(item, Skipped) or not is_post else _post(site, item, found.relative_to(blog), route)
            )


def _post(site: Site, entry: SiteDocument, path: Path, route: str) -> SiteDocument:
    """Return the post with its URL and with the date in its path. Values of the front matter take precedence."""
    name = path.with_suffix("").as_posix().removesuffix("/index")
    dated = _DATE.match(name)
    date = entry.date
    if date is None and dated:
        date = get_datetime("-".join(dated.group(1, 2, 3)), site.zone)
    slug = get_text(entry.front, "slug")
    if not slug and dated and date:
        slug = f"{date:%Y/%m/%d}/{dated[4] or name}"
    url_path = normalize_slashes(f"{route}/{slug or name}")
    return replace(entry, url_path=entry.url_path or url_path, date=date, kind="article")
