"""Determine the location of a file: its path as given, and the path of its target if it is a link."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from kolom_cli.publishing.draft_marks import path_mark

_MAX_PARENTS: Final = 3
_TOP_LEVEL: Final = 2
"""The number of path parts of a folder at the root, such as ``/private`` of macOS, which is not for drafts."""


def directory_and_parents(directory: Path, count: int) -> Iterator[Path]:
    """Yield the folder and its parents, at most ``count`` in total, the nearest first.

    It stops after the root of a git repository, and before the home folder: the names of the remaining folders do not
    concern the file.
    """
    resolved = directory.resolve()
    for each in (resolved, *resolved.parents)[:count]:
        if each == Path.home():
            return
        yield each
        if (each / ".git").exists():
            return


def directories_and_name(path: Path, root: Path, given: Sequence[str]) -> tuple[str, ...]:
    """Return the names of all folders that may mark a file as a draft, and the file name.

    For a link, the folders are those of the link and of its target. The file name is that of the target if it marks a
    draft, else that of the link. ``given`` are the folders of the given path, below ``root`` or the working directory.
    The folder that contains the file is the last one.
    """
    target = path.resolve()
    inside = root.resolve()
    steps = target.parent.relative_to(inside, walk_up=True).parts
    below = [step for step in steps if step != ".."]
    parents = [each.name for each in directory_and_parents(target.parent, _MAX_PARENTS) if len(each.parts) > _TOP_LEVEL]
    name = target.name if path_mark((target.name,)) else path.name
    directories = dict.fromkeys((inside.name, *given, *below, *parents))
    return (*sorted(directories, key=lambda each: each == target.parent.name), name)


def is_hidden_by_link(path: Path, root: Path) -> bool:
    """Return whether the file is a link to a hidden file or into a hidden folder; such files are not read."""
    steps = path.resolve().relative_to(root.resolve(), walk_up=True).parts
    return any(step.startswith(".") and step != ".." for step in steps)
