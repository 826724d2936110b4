"""Detect a Hugo or Zola site, and read its configuration."""

import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.markdown.front_matter_values import get_list, get_map, get_text
from kolom_cli.importers.markdown.lenient_front_matter import Values
from kolom_cli.importers.markdown.site import load_first_data_file

FORMATS: Final = (".toml", ".yaml", ".yml", ".json")
_NAMES: Final = tuple(f"{name}{suffix}" for name in ("hugo", "config") for suffix in FORMATS)
_DEFAULTS: Final = Path("config/_default")


def is_configured(directory: Path) -> bool:
    """Return whether the directory has a Hugo or Zola configuration.

    Other programs have a ``config.toml``, too. So a file ``config.*`` counts only if it has a base URL and is beside a
    directory ``content``.
    """
    if any((directory / f"hugo{suffix}").is_file() for suffix in FORMATS) or (directory / _DEFAULTS).is_dir():
        return True
    return (directory / "content").is_dir() and bool(
        get_text(load_first_data_file(directory, *_NAMES), "baseurl", "base_url")
    )


def is_hugo(directory: Path) -> bool:
    """Return whether the directory has content beside a configuration or other directories of Hugo.

    The content directory itself counts, too, if it or a section in it has an ``_index.md``.
    """
    configured = any((directory / name).is_file() for name in _NAMES) or (directory / _DEFAULTS).is_dir()
    if (directory / "content").is_dir():
        return configured or any((directory / name).is_dir() for name in ("archetypes", "layouts", "themes", "static"))
    if configured and get_text(read_configuration(directory), "contentdir"):
        return True
    return (directory / "_index.md").is_file() or any(directory.glob("*/_index.md"))


def read_configuration(directory: Path) -> Values:
    """Return the configuration of the site, merged from all its files."""
    config = load_first_data_file(directory, *_NAMES)
    subdirectory = directory / _DEFAULTS
    if subdirectory.is_dir():
        config = config | load_first_data_file(subdirectory, *_NAMES)
        for path in sorted(subdirectory.iterdir()):
            name = path.stem.lower()
            if path.suffix in FORMATS and name not in {"hugo", "config"}:
                section, _, language = name.partition(".")
                values = load_first_data_file(subdirectory, path.name)
                if section == "languages":
                    config["languages"] = dict(values)
                elif not language:
                    config[section] = get_map(config, section) | values
    return config


def ignored_patterns(config: Values) -> Iterator[re.Pattern[str]]:
    """Yield the patterns of ignored files: regular expressions in Hugo's ``ignoreFiles``, globs in Zola's setting."""
    for pattern in get_list(config, "ignorefiles"):
        try:
            yield re.compile(pattern)
        except re.error as error:
            raise SourceError(
                f"the configuration's ignoreFiles: {pattern!r} is not a regular expression: {error}"
            ) from error
    for glob in get_list(config, "ignored_content"):
        yield from (re.compile(fnmatch.translate(each)) for each in _alternatives(glob))


def _alternatives(glob: str) -> Iterator[str]:
    """Yield one pattern for each alternative of ``*.{tmp,wip}.md``.

    :raises SourceError: the braces are unbalanced
    """
    if braces := re.search(r"\{([^{}]*)\}", glob):
        for choice in braces[1].split(","):
            yield from _alternatives(glob[: braces.start()] + choice + glob[braces.end() :])
    elif "{" in glob or "}" in glob:
        raise SourceError(f"the configuration's ignored_content: {glob!r} has unbalanced braces")
    else:
        yield glob
