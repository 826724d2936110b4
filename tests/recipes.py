"""The files and commands of the recipes in ``docs/sites/``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.paths import PROJECT

FOLDER: Final = PROJECT / "docs/sites"
BLOG: Final = "https://blog.example"
SITE: Final = "https://example.com"
"""The origins of the blog and of the site in the recipes."""

_FENCE: Final = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED: Final = re.compile(r"^`([\w./-]+)`[^\n]*\n\n\Z", re.MULTILINE)
_CONTINUED: Final = re.compile(r"\\\n\s*")


@dataclass(frozen=True, slots=True)
class Recipe:
    """The page of a generator: its fenced blocks by the path before each, their languages, and its commands.

    ``unnamed`` are fenced blocks without a path.
    """

    files: Mapping[str, str]
    languages: Mapping[str, str]
    unnamed: tuple[str, ...]
    commands: tuple[str, ...]


def read_recipe(name: str) -> Recipe:
    """Return the recipe on the page ``docs/sites/<name>.md``. The line before a block begins with its path."""
    page = (FOLDER / f"{name}.md").read_text("utf-8")
    files: dict[str, str] = {}
    languages: dict[str, str] = {}
    unnamed = []
    for block in _FENCE.finditer(page):
        named = _NAMED.search(page[: block.start()])
        if block[1].startswith("{"):  # a directive of the documentation, such as one that includes a file
            continue
        if named is None:
            unnamed.append(block[2])
        else:
            files[named[1]], languages[named[1]] = block[2], block[1]
    lines = _CONTINUED.sub("", _FENCE.sub("", page)).splitlines()
    return Recipe(files, languages, tuple(unnamed), tuple(line.strip() for line in lines if line.startswith("    ")))
