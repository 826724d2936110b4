"""Read the files of Eleventy for the documents of a directory: its data files and ``.eleventyignore``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kolom_cli.importers.markdown.lenient_front_matter import Value, Values, read_data
from kolom_cli.importers.markdown.site import matches_pattern
from kolom_cli.publishing.document import DocumentError, read_text

_PROGRAMS: Final = tuple(f".11tydata{suffix}" for suffix in (".js", ".cjs", ".mjs", ".ts"))


def with_directory_data(root: Path, path: Path, front: Values) -> Values:
    """Return the front matter of the file at ``path``, merged over ``posts/posts.json`` and ``post.11tydata.json``."""
    merged: Values = {}
    for candidate in _candidates(root, path):
        merged = _merged(merged, _read(root, candidate) or {})
    return _merged(merged, front)


def unread_data(root: Path, path: Path) -> Path | None:
    """Return the first data file of the document that is unreadable or a program, so that its values are unknown."""
    return next((each for each in _candidates(root, path) if _read(root, each) is None), None)


def is_ignored(root: Path, path: Path) -> bool:
    """Return whether an ``.eleventyignore`` above the file matches it. Exceptions (``!``) are not supported.

    :raises OSError: an ignore file cannot be read
    """
    for directory in _directories(root, path):
        ignore_file = directory / ".eleventyignore"
        if ignore_file.is_file():
            parts = path.relative_to(directory).parts
            lines = ignore_file.read_text(encoding="utf-8", errors="replace").splitlines()
            if any(_is_matched(parts, line.strip()) for line in lines):
                return True
    return False


def _is_matched(parts: tuple[str, ...], pattern: str) -> bool:
    """Return whether a gitignore pattern matches a path. A pattern without a slash matches in every directory."""
    name = pattern.removeprefix("./").removeprefix("**/").rstrip("/*") or pattern
    if not pattern or pattern.startswith(("#", "!")):
        return False
    is_anchored = "/" in pattern.rstrip("/") and not pattern.startswith("**/")
    tails = ["/".join(parts[start:]) for start in range(1 if is_anchored else len(parts))]
    return any(matches_pattern(tail, (name, f"{name.strip('/')}/*")) for tail in tails)


def _read(root: Path, path: Path) -> Values | None:
    """Return the values of a data file, empty if it does not exist; None if they are unknown."""
    if not path.is_file():
        return {}
    if path.name.endswith(_PROGRAMS) or not path.resolve().is_relative_to(root.resolve()):
        return None
    try:
        return read_data(path, read_text(path))
    except (DocumentError, OSError):
        return None


def _merged(below: Values, above: Values) -> Values:
    """Merge as Eleventy does: maps by key, lists by concatenation."""
    merged = dict(below)
    for key, value in above.items():
        merged[key] = _joined(below.get(key), value)
    return merged


def _joined(below: Value, above: Value) -> Value:
    match below, above:
        case dict(), dict():
            return _merged(below, above)
        case list(), list():
            return [*below, *above]
        case _:
            return above


def _candidates(root: Path, path: Path) -> Iterator[Path]:
    """Yield the data files from the outermost directory to the file itself: the nearest takes precedence."""
    suffixes = (".json", ".11tydata.json", *_PROGRAMS)
    for directory in _directories(root, path):
        yield from (directory / f"{directory.resolve().name}{suffix}" for suffix in suffixes)
    yield from (path.with_suffix(suffix) for suffix in suffixes)


def _directories(root: Path, path: Path) -> list[Path]:
    return [parent for parent in reversed(path.parents) if parent.is_relative_to(root)]
