"""The owner's settings of the search: synonyms, and articles that are pinned for a query. Pure."""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from kolom.errors import FieldError, InvalidInput
from kolom.search.tokenizer import strip_accents, tokenize

MAX_RULES: Final = 500
"""The maximum number of synonym rules."""

MAX_PHRASES: Final = 10
"""The maximum number of words or phrases of a rule."""

MAX_PHRASE_WORDS: Final = 4
MAX_CHARACTERS: Final = 100
"""The maximum length of a phrase of a rule, and of a pinned query."""

MAX_PINS: Final = 200
MAX_PINNED: Final = 5
"""The maximum number of articles that are pinned for one query."""

MAX_JSON_BYTES: Final = 512 * 1024
"""The maximum size of all settings as JSON, before compression."""

MAX_DATA_BYTES: Final = 64 * 1024
"""The maximum size of all settings, compressed. After each change, each process reads them for 16 read units.

Then the first search in a combination of languages also stems the synonyms. With :data:`MAX_RULES` of ten phrases of
one or two words, this took 0.15 to 0.3 seconds of processor time on a developer's machine; a function is slower.
"""


@dataclass(frozen=True, slots=True)
class SynonymRule:
    """Words or phrases with the same meaning: a search for one of them also finds the others.

    If the rule is one-way, only a search for the first finds the others.
    """

    words: tuple[str, ...]
    one_way: bool = False


@dataclass(frozen=True, slots=True)
class Pin:
    """The ids of articles that come first in the results of a query, in this order."""

    query: str
    articles: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """All settings of a site."""

    synonyms: tuple[SynonymRule, ...] = ()
    pins: tuple[Pin, ...] = ()


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a phrase or a query as they are compared: without case, accents and punctuation."""
    return tuple(strip_accents(word.form) for word in tokenize(text))


def check(settings: SearchSettings) -> None:
    """Check the number and the size of all parts.

    :raises InvalidInput: a limit is exceeded, or a phrase or a query has no words or occurs twice
    """
    errors = [*_rule_errors(settings.synonyms), *_pin_errors(settings.pins)]
    if not errors and len(_as_json(settings)) > MAX_JSON_BYTES:
        errors = [FieldError("search settings", f"at most {MAX_JSON_BYTES // 1024} KB are allowed")]
    if not errors and len(encode(settings)) > MAX_DATA_BYTES:
        errors = [FieldError("search settings", f"at most {MAX_DATA_BYTES // 1024} KB are allowed, compressed")]
    if errors:
        raise InvalidInput(*errors)


def encode(settings: SearchSettings) -> bytes:
    """Return the settings as compressed JSON."""
    return zlib.compress(_as_json(settings), 9)


def decode(data: bytes) -> SearchSettings:
    """Return the settings that :func:`encode` encoded."""
    return _from_data(json.loads(zlib.decompress(data)))


def _as_json(settings: SearchSettings) -> bytes:
    return json.dumps(asdict(settings), ensure_ascii=False, separators=(",", ":")).encode()


def _from_data(data: Mapping[str, Any]) -> SearchSettings:
    """Return settings from the data of their JSON."""
    return SearchSettings(
        tuple(SynonymRule(tuple(each["words"]), each["one_way"]) for each in data["synonyms"]),
        tuple(Pin(each["query"], tuple(each["articles"])) for each in data["pins"]),
    )


def _rule_errors(rules: Sequence[SynonymRule]) -> Iterable[FieldError]:
    if len(rules) > MAX_RULES:
        yield FieldError("synonyms", f"at most {MAX_RULES} rules are allowed, got {len(rules)}")
    for number, rule in enumerate(rules, 1):
        name = f"synonyms {number}"
        if not 1 < len(rule.words) <= MAX_PHRASES:
            yield FieldError(name, f"must have 2 to {MAX_PHRASES} words or phrases, got {len(rule.words)}")
        seen: set[tuple[str, ...]] = set()
        for phrase in rule.words:
            words = words_of(phrase)
            if problem := _phrase_problem(phrase, words, MAX_PHRASE_WORDS):
                yield FieldError(name, problem)
            elif words in seen:
                yield FieldError(name, f"has {phrase!r} twice")
            seen.add(words)


def _pin_errors(pins: Sequence[Pin]) -> Iterable[FieldError]:
    if len(pins) > MAX_PINS:
        yield FieldError("pins", f"at most {MAX_PINS} queries are allowed, got {len(pins)}")
    seen: set[tuple[str, ...]] = set()
    for number, pin in enumerate(pins, 1):
        name = f"pins {number}"
        words = words_of(pin.query)
        if problem := _phrase_problem(pin.query, words, MAX_CHARACTERS):
            yield FieldError(name, problem)
        elif words in seen:
            yield FieldError(name, f"the query {pin.query!r} occurs twice")
        seen.add(words)
        if not 1 <= len(pin.articles) <= MAX_PINNED:
            yield FieldError(name, f"must have 1 to {MAX_PINNED} articles, got {len(pin.articles)}")
        elif len(set(pin.articles)) < len(pin.articles):
            yield FieldError(name, "has an article twice")


def _phrase_problem(phrase: str, words: Sequence[str], max_words: int) -> str:
    if len(phrase) > MAX_CHARACTERS:
        return f"{phrase[:20]!r}… has more than {MAX_CHARACTERS} characters"
    if any("\ud800" <= letter <= "\udfff" for letter in phrase):
        return f"{phrase!r} has a character that is not valid Unicode"
    if not words:
        return f"{phrase!r} has no word"
    if len(words) > max_words:
        return f"{phrase!r} has more than {max_words} words"
    return ""
