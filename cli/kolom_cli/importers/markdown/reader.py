"""Import a directory of Markdown from Jekyll, Hugo, Pelican, or any other site generator.

The whole site is read first, because pages link to each other by URL. Then each document becomes an article. The
files are not changed. Their paths identify the articles, so that a later run finds them again.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from kolom_cli.importers.common.types import Item, Skipped, SourceError
from kolom_cli.importers.markdown import astro, docusaurus, jekyll, plain
from kolom_cli.importers.markdown.article_builder import ArticleBuilder
from kolom_cli.importers.markdown.hugo import configuration as hugo_configuration
from kolom_cli.importers.markdown.hugo import reader as hugo
from kolom_cli.importers.markdown.obsidian import is_vault
from kolom_cli.importers.markdown.pelican import configuration as pelican_configuration
from kolom_cli.importers.markdown.pelican import reader as pelican
from kolom_cli.importers.markdown.site import Site
from kolom_cli.media.store import MediaStore
from kolom_cli.publishing.file_locations import directory_and_parents
from kolom_cli.publishing.foreign_exports import export_problem

__all__ = ["read_markdown", "recognize"]

_LEVELS: Final = 4


def read_markdown(directory: Path, *, language: str | None = None, dry_run: bool = False) -> Iterator[Item]:
    """Yield every document in the directory, and upload its images. ``language`` is the default language.

    :raises SourceError: there is no document, the directory cannot be read, or it is another system's export
    """
    try:
        if problem := export_problem(directory):
            raise SourceError(f"{directory} {problem}")
        if site_root := _site_around(directory):
            raise SourceError(
                f"{directory} is part of the site in {site_root}, "
                f"whose configuration defines what is public: import {site_root} instead"
            )
        site = _read_site(directory)
    except OSError as error:
        raise SourceError(f"{directory} cannot be read: {error.strerror}") from error
    if not site.items:
        raise SourceError(f"no documents in {directory}: no file name ends with .md, .markdown, .html or .htm")
    articles = ArticleBuilder(site, MediaStore(dry_run=dry_run), language)
    for item in site.items:
        yield item if isinstance(item, Skipped) else articles.item(item)


def _site_around(directory: Path) -> Path | None:
    """Return the site that contains the directory; None if there is none, or the directory has a configuration."""
    if _is_configured(directory):
        return None
    return next(filter(_is_configured, directory_and_parents(directory, 1 + _LEVELS)), None)


def _is_configured(directory: Path) -> bool:
    return any(
        is_configured(directory)
        for is_configured in (
            jekyll.is_configured,
            hugo_configuration.is_configured,
            pelican_configuration.is_configured,
        )
    )


def recognize(directory: Path) -> str:
    """Return what kind of site the directory is read as, such as ``a Jekyll site``.

    :raises OSError: the directory cannot be read
    """
    name = _system(directory)[0]
    if name is not None:
        return f"{'an' if name[0] in 'AEIOU' else 'a'} {name} site"
    return "an Obsidian vault" if is_vault(directory) else "a folder of Markdown files"


def _read_site(directory: Path) -> Site:
    return _system(directory)[1](directory)


def _system(directory: Path) -> tuple[str | None, Callable[[Path], Site]]:
    """Return the name of the system whose site the directory is, and the function that reads it."""
    for name, is_site, read_site in _SYSTEMS:
        if is_site(directory):
            return name, read_site
    return None, plain.read_site


_SYSTEMS: Final[tuple[tuple[str, Callable[[Path], bool], Callable[[Path], Site]], ...]] = (
    ("Pelican", pelican_configuration.is_configured, pelican.read_site),
    ("Jekyll", jekyll.is_jekyll, jekyll.read_site),
    ("Docusaurus", docusaurus.is_docusaurus, docusaurus.read_site),
    ("Hugo", hugo_configuration.is_hugo, hugo.read_site),
    ("Astro", astro.is_astro, astro.read_site),
)
"""The recognized systems, in the order in which a directory is compared with them."""
