"""Small sites in a folder, and the items that an import reads from them."""

from collections.abc import Mapping
from pathlib import Path

from kolom.articles.input import ArticleInput
from kolom_cli.importers.common.types import ImportedArticle, Skipped
from kolom_cli.importers.markdown.reader import read_markdown


def read_site(folder: Path, files: Mapping[str, str]) -> dict[str, ImportedArticle | Skipped]:
    """Write the files, and return the items by the path of their file."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    items = [item for item in read_markdown(folder, dry_run=True) if isinstance(item, (ImportedArticle, Skipped))]
    return {Path(item.name).relative_to(folder).as_posix(): item for item in items}


def articles(items: Mapping[str, ImportedArticle | Skipped]) -> dict[str, ArticleInput]:
    """Return the articles by the path of their file."""
    return {name: item.content for name, item in items.items() if isinstance(item, ImportedArticle)}


def reasons(items: Mapping[str, ImportedArticle | Skipped]) -> dict[str, str]:
    """Return why the other files are skipped."""
    return {name: item.reason for name, item in items.items() if isinstance(item, Skipped)}
