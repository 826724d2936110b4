"""Eleventy's data files, which say of all documents of a folder what their front matter does not say itself."""

from collections.abc import Iterator
from pathlib import Path

from kolom_cli.documents import DocumentError, read_text

from .front import Values, read_data


def with_folder_data(root: Path, path: Path, front: Values) -> Values:
    """The front matter of the file at ``path``, below what ``posts/posts.json`` and ``post.11tydata.json`` say.

    Data that cannot be read say nothing, as do those that are programs.
    """
    merged: Values = {}
    for candidate in _candidates(root, path):
        try:
            if candidate.is_file() and candidate.resolve().is_relative_to(root.resolve()):
                merged |= read_data(candidate, read_text(candidate))
        except (DocumentError, OSError):
            continue
    return merged | front


def _candidates(root: Path, path: Path) -> Iterator[Path]:
    """From the folder furthest from the file to the file itself: the nearest counts most."""
    for folder in [parent for parent in reversed(path.parents) if parent.is_relative_to(root)]:
        yield from (folder / f"{folder.name}{suffix}" for suffix in (".json", ".11tydata.json"))
    yield path.with_suffix(".11tydata.json")
