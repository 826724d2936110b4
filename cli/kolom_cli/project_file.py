"""Read and write ``kolom.toml``: the account, region, domain and parameters of each stack, as `kolom deploy` got them.

[stacks.kolom]
account = "123456789012"
region = "ap-southeast-1"
domain = "blog.example.com"

[stacks.kolom.parameters]
SiteTitle = "My Blog"

It contains no secrets and can be committed; it may contain the owner's email address.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kolom.errors import ConfigurationError

PROJECT_FILE: Final = Path(__file__).parents[2] / "kolom.toml"
"""Beside ``template.yaml``."""

_TEXTS: Final = ("account", "region", "domain")
"""The fields of an entry beside its parameters, in the order of the file."""

_HEADER: Final = (
    "# The answers to the questions of `kolom deploy`. It has no secrets and can be committed.\n"
    "# `kolom deploy` writes it again when an answer changes, without other comments.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEntry:
    """What the file says about one stack."""

    account: str = ""
    region: str = ""
    domain: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


def read_entries(path: Path) -> dict[str, StackEntry]:
    """Return the entries by the name of their stack; none if there is no file.

    :raises ConfigurationError: the file is invalid, or cannot be read
    """
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from error
    except RecursionError as error:
        raise ConfigurationError(f"{path} is nested too deeply") from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    if unknown := sorted(content.keys() - {"stacks"}):
        raise ConfigurationError(f"{path}: unknown key {unknown[0]!r}; it has only tables [stacks.NAME]")
    stacks = content.get("stacks", {})
    if not isinstance(stacks, dict):
        raise ConfigurationError(f"{path}: stacks must be tables [stacks.NAME]")
    return {name: _entry(path, name, entry) for name, entry in stacks.items()}


def read_entry(path: Path, stack: str) -> StackEntry:
    """Return the entry of a stack, which is empty if the file does not have it."""
    return read_entries(path).get(stack, StackEntry())


def write_entry(path: Path, stack: str, entry: StackEntry) -> bool:
    """Store the entry of a stack, and return whether the file changed.

    :raises ConfigurationError: the file is invalid, or cannot be read or written
    """
    entries = read_entries(path)
    if entries.get(stack) == entry:
        return False
    entries[stack] = entry
    text = _HEADER + "".join(_render(name, each) for name, each in sorted(entries.items()))
    # Replaced at once, so that an interruption leaves a complete file.
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
    return True


def _entry(path: Path, name: str, entry: Any) -> StackEntry:
    place = f"{path}: stacks.{name}"
    if not isinstance(entry, dict):
        raise ConfigurationError(f"{place} must be a table")
    if unknown := sorted(entry.keys() - {*_TEXTS, "parameters"}):
        known = "`account`, `region`, `domain` and `parameters`"
        raise ConfigurationError(f"{place}: unknown key {unknown[0]!r}; it has {known}")
    texts = {key: entry.get(key, "") for key in _TEXTS}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise ConfigurationError(f"{place}: {key} must be a string")
    parameters = entry.get("parameters", {})
    if not isinstance(parameters, dict):
        raise ConfigurationError(f"{place}: parameters must be a table")
    return StackEntry(**texts, parameters={key: _text(place, key, value) for key, value in parameters.items()})


def _text(place: str, key: str, value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if not isinstance(value, str | int | float):
        raise ConfigurationError(f"{place}.parameters: {key} must be a string, a whole number, true or false")
    return str(value)


def _render(name: str, entry: StackEntry) -> str:
    lines = ["", f"[stacks.{_key(name)}]"]
    lines += [f"{key} = {toml_string(value)}" for key in _TEXTS if (value := getattr(entry, key))]
    if entry.parameters:
        lines += ["", f"[stacks.{_key(name)}.parameters]"]
        lines += [f"{_key(key)} = {toml_string(value)}" for key, value in sorted(entry.parameters.items())]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if is_bare else toml_string(name)


def toml_string(text: str) -> str:
    """Return the text as a string of TOML."""
    # A JSON string is also a basic string of TOML, unless it has this control character.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
