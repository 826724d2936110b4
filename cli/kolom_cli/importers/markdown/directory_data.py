"""What Eleventy's files say of other files: data of all documents of a folder, and which files are ignored."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kolom_cli.importers.markdown.lenient_front_matter import Value, Values, read_data
from kolom_cli.importers.markdown.site import is_excluded
from kolom_cli.publishing.document import DocumentError, read_text

_PROGRAMS: Final = tuple(f".11tydata{suffix}" for suffix in (".js", ".cjs", ".mjs", ".ts"))


def with_folder_data(root: Path, path: Path, front: Values) -> Values:
    """The front matter of the file at ``path``, below what ``posts/posts.json`` and ``post.11tydata.json`` say."""
    merged: Values = {}
    for candidate in _candidates(root, path):
        merged = _merged(merged, _read(root, candidate) or {})
    return _merged(merged, front)


def unread_data(root: Path, path: Path) -> Path | None:
    """The first file with data of the document that cannot be read, or is a program: it may say anything."""
    return next((each for each in _candidates(root, path) if _read(root, each) is None), None)


def is_ignored(root: Path, path: Path) -> bool:
    """Whether an ``.eleventyignore`` above the file names it. Exceptions (``!``) are not heeded.

    :raises OSError: one cannot be read
    """
    for folder in _folders(root, path):
        ignoring = folder / ".eleventyignore"
        if ignoring.is_file():
            parts = path.relative_to(folder).parts
            lines = ignoring.read_text(encoding="utf-8", errors="replace").splitlines()
            if any(_is_named(parts, line.strip()) for line in lines):
                return True
    return False


def _is_named(parts: tuple[str, ...], pattern: str) -> bool:
    """Whether a line like Git's names a path: one without a slash in it does so in every folder."""
    name = pattern.removeprefix("./").removeprefix("**/").rstrip("/*") or pattern
    if not pattern or pattern.startswith(("#", "!")):
        return False
    is_anchored = "/" in pattern.rstrip("/") and not pattern.startswith("**/")
    tails = ["/".join(parts[start:]) for start in range(1 if is_anchored else len(parts))]
    return any(is_excluded(tail, (name, f"{name.strip('/')}/*")) for tail in tails)


def _read(root: Path, path: Path) -> Values | None:
    """What a file of data says, nothing where there is none; None if that is not known."""
    if not path.is_file():
        return {}
    if path.name.endswith(_PROGRAMS) or not path.resolve().is_relative_to(root.resolve()):
        return None
    try:
        return read_data(path, read_text(path))
    except (DocumentError, OSError):
        return None


def _merged(below: Values, above: Values) -> Values:
    """As Eleventy merges: maps by their keys, lists one after the other."""
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
    """From the folder furthest from the file to the file itself: the nearest counts most."""
    suffixes = (".json", ".11tydata.json", *_PROGRAMS)
    for folder in _folders(root, path):
        yield from (folder / f"{folder.resolve().name}{suffix}" for suffix in suffixes)
    yield from (path.with_suffix(suffix) for suffix in suffixes)


def _folders(root: Path, path: Path) -> list[Path]:
    return [parent for parent in reversed(path.parents) if parent.is_relative_to(root)]
