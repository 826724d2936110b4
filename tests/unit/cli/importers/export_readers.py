"""Helpers that read an export completely."""

from collections.abc import Iterator
from pathlib import Path

from kolom_cli.importers.common.thread_map import ThreadMap, read_mapping
from kolom_cli.importers.common.types import Item, SourceError


def read_all(items: Iterator[Item]) -> tuple[list[Item], str]:
    """Return the items and the error of an export."""
    found: list[Item] = []
    try:
        for each in items:
            found.append(each)  # noqa: PERF402 (items before the error must be kept)
    except SourceError as error:
        return found, str(error)
    return found, ""


def mapping_of(folder: Path, text: str) -> ThreadMap | None:
    """Return the mapping in that text; None if it is empty."""
    if not text:
        return None
    (folder / "map.csv").write_text(text)
    return read_mapping(folder / "map.csv")
