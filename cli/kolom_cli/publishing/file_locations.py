"""Where a file lies, by its path as it is given and by the place to which links lead."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from kolom_cli.publishing.draft_marks import place_mark

_NEAREST: Final = 3
_TOP_LEVEL: Final = 2
"""How many parts a folder at the root of the disk has, such as ``/private`` of macOS, which holds no drafts."""


def enclosing(folder: Path, count: int) -> Iterator[Path]:
    """The folder and those around it, the nearest first, at most ``count``.

    What lies around a repository says nothing of a text, nor does the home folder.
    """
    resolved = folder.resolve()
    for each in (resolved, *resolved.parents)[:count]:
        if each == Path.home():
            return
        yield each
        if (each / ".git").exists():
            return


def folders_and_name(path: Path, root: Path, named: Sequence[str]) -> tuple[str, ...]:
    """All folders that may say that a file is a draft, and its name: of a link also those of its target.

    ``named`` are the folders as they are given, below ``root`` or the working directory.
    """
    target = path.resolve()
    inside = root.resolve()
    steps = target.parent.relative_to(inside, walk_up=True).parts
    below = [step for step in steps if step != ".."]
    around = [each.name for each in enclosing(target.parent, _NEAREST) if len(each.parts) > _TOP_LEVEL]
    name = target.name if place_mark((target.name,)) else path.name
    return (inside.name, *named, *below, *around, name)


def is_hidden_by_link(path: Path, root: Path) -> bool:
    """Whether the file is a link into a hidden folder, or to a hidden file, which are not read."""
    steps = path.resolve().relative_to(root.resolve(), walk_up=True).parts
    return any(step.startswith(".") and step != ".." for step in steps)
