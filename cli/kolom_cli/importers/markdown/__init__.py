"""A folder of Markdown from another site generator: Jekyll's, Hugo's, or any other.

The folder is surveyed first, because pages link to each other by where they answer; then each document becomes an
article. The files stay as they are; their paths name the articles, so that a later run finds them again.
"""

from collections.abc import Iterator
from pathlib import Path

from kolom_cli.exports import export_problem
from kolom_cli.importers import Item, Skipped, SourceError
from kolom_cli.media import MediaStore

from . import hugo, jekyll, plain
from .articles import Articles
from .site import Site

__all__ = ["read_markdown"]


def read_markdown(directory: Path, *, language: str | None = None, dry_run: bool = False) -> Iterator[Item]:
    """Every document in the folder, its pictures uploaded. ``language`` is for those that name none.

    :raises SourceError: there is no document, the folder cannot be read, or is another system's export
    """
    try:
        if problem := export_problem(directory):
            raise SourceError(f"{directory} {problem}")
        site = _survey(directory)
    except OSError as error:
        raise SourceError(f"{directory} cannot be read: {error.strerror}") from error
    if not site.items:
        raise SourceError(f"there is no document in {directory}: no file ends in .md, .markdown, .html or .htm")
    articles = Articles(site, MediaStore(dry_run=dry_run), language)
    for item in site.items:
        yield item if isinstance(item, Skipped) else articles.item(item)


def _survey(directory: Path) -> Site:
    if jekyll.is_jekyll(directory):
        return jekyll.survey(directory)
    return hugo.survey(directory) if hugo.is_hugo(directory) else plain.survey(directory)
