"""Read and write ``search.toml``: the owner's synonyms, and the articles that are pinned for a query, by their slugs.

[[synonyms]]
words = ["mobil", "kendaraan roda empat"]

[[synonyms]]
words = ["hp", "ponsel"]
one_way = true

[[pins]]
query = "cara bayar"
articles = ["pembayaran"]
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kolom.articles import repository
from kolom.errors import KolomError
from kolom.search.search_settings import Pin, SearchSettings, SynonymRule
from kolom_cli.project_file import toml_string
from kolom_cli.terminal.input_file import read_input_file

_KEYS: Final = {"synonyms": ("words", "one_way"), "pins": ("query", "articles")}


class SettingsFileError(KolomError):
    """The file is not valid; the message names the entry."""


@dataclass(frozen=True, slots=True)
class PinEntry:
    """A pinned query as it is written: with the slugs of its articles."""

    query: str
    slugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The content of ``search.toml``."""

    synonyms: tuple[SynonymRule, ...] = ()
    pins: tuple[PinEntry, ...] = ()

    def resolve(self) -> SearchSettings:
        """Return the settings with the ids of articles. A BatchGetItem for each hundred articles.

        :raises SettingsFileError: there is no article with one of the slugs
        """
        ids = find_articles([slug for pin in self.pins for slug in pin.slugs])
        return SearchSettings(
            self.synonyms, tuple(Pin(pin.query, tuple(ids[slug] for slug in pin.slugs)) for pin in self.pins)
        )


def find_articles(slugs: Sequence[str]) -> dict[str, int]:
    """Return the ids of articles by their slugs, also by former ones.

    :raises SettingsFileError: there is no article with one of the slugs
    """
    found = repository.find_ids([f"slug:{slug}" for slug in slugs])
    if missing := [slug for slug in dict.fromkeys(slugs) if f"slug:{slug}" not in found]:
        raise SettingsFileError(f"there is no article {', '.join(map(repr, missing))}")
    return {slug: found[f"slug:{slug}"] for slug in slugs}


def with_slugs(settings: SearchSettings) -> SettingsFile:
    """Return the settings with the current slugs of articles; without articles that do not exist."""
    articles = repository.get_many({each for pin in settings.pins for each in pin.articles})
    pins = (
        PinEntry(pin.query, tuple(articles[each].slug for each in pin.articles if each in articles))
        for pin in settings.pins
    )
    return SettingsFile(settings.synonyms, tuple(pin for pin in pins if pin.slugs))


def read_settings_file(path: Path) -> SettingsFile:
    """Return the content of a file.

    :raises SettingsFileError: the file cannot be read, or is not valid
    """
    data = read_input_file(path, SettingsFileError)
    try:
        return parse_settings_file(data)
    except SettingsFileError as error:
        raise SettingsFileError(f"{path}: {error}") from error


def parse_settings_file(data: bytes) -> SettingsFile:
    """Return the content of a file from its bytes.

    :raises SettingsFileError: it is not valid; the message does not name the file
    """
    try:
        content = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SettingsFileError("must be UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsFileError(str(error)) from error
    except ValueError as error:
        raise SettingsFileError("a number has too many digits") from error
    if unknown := content.keys() - _KEYS.keys():
        raise SettingsFileError(f"unknown key {min(unknown)!r}: write [[synonyms]] and [[pins]]")
    return SettingsFile(
        tuple(
            SynonymRule(_texts(entry, "words", name), _flag(entry, "one_way", name))
            for name, entry in _entries(content, "synonyms")
        ),
        tuple(
            PinEntry(_text(entry, "query", name), _texts(entry, "articles", name))
            for name, entry in _entries(content, "pins")
        ),
    )


def render_settings_file(settings: SettingsFile) -> str:
    """Return the content of a file with these settings."""
    entries = []
    for rule in settings.synonyms:
        one_way = "one_way = true\n" if rule.one_way else ""
        entries.append(f"[[synonyms]]\nwords = {_quoted_list(rule.words)}\n{one_way}")
    entries += [
        f"[[pins]]\nquery = {toml_string(pin.query)}\narticles = {_quoted_list(pin.slugs)}\n" for pin in settings.pins
    ]
    return "\n".join(entries)


def _entries(content: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = content.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SettingsFileError(f"{kind}: write [[{kind}]] before each entry")
    for number, entry in enumerate(entries, 1):
        name = f"{kind} {number}"
        if unknown := entry.keys() - set(_KEYS[kind]):
            raise SettingsFileError(f"{name}: unknown key {min(unknown)!r}, allowed are {', '.join(_KEYS[kind])}")
        yield name, entry


def _text(entry: Mapping[str, Any], key: str, name: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise SettingsFileError(f"{name}: {key} must be a text")
    return value


def _texts(entry: Mapping[str, Any], key: str, name: str) -> tuple[str, ...]:
    value = entry.get(key)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SettingsFileError(f"{name}: {key} must be a list of texts")
    return tuple(value)


def _flag(entry: Mapping[str, Any], key: str, name: str) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise SettingsFileError(f"{name}: {key} must be true or false")
    return value


def _quoted_list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(toml_string, texts))}]"
