"""Reading exports to their ends, for the tests of all importers."""

from collections.abc import Iterator
from pathlib import Path

from kolom_cli.importers.common.thread_map import ThreadMap, read_mapping
from kolom_cli.importers.common.types import Item, SourceError


def read_all(items: Iterator[Item]) -> tuple[list[Item], str]:
    """What an export gives, and what it ends with."""
    found: list[Item] = []
    try:
        for each in items:
            found.append(each)  # noqa: PERF402 (what precedes the error counts)
    except SourceError as error:
        return found, str(error)
    return found, ""


def mapping_of(folder: Path, text: str) -> ThreadMap | None:
    """The mapping of that text; None if it is empty."""
    if not text:
        return None
    (folder / "map.csv").write_text(text)
    return read_mapping(folder / "map.csv")
