"""Parse the arguments of a tag: texts, and pairs such as ``key=value`` or ``key: value``, quoted or not. Pure."""

import re
from dataclasses import dataclass, field
from typing import Final

_SPACE: Final = re.compile(r"[\s,]*+")
_PART: Final = re.compile(
    r"(?:([\w.-]++)\s*+(?:=|:(?!//))\s*+)?+(?:\"((?:[^\"\\]|\\.)*+)\"|'((?:[^'\\]|\\.)*+)'|`([^`]*+)`|([^\s\"'`]\S*+))",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The positional arguments, and the named ones by key in lower case."""

    texts: tuple[str, ...] = ()
    named: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> str:
        """The first positional argument, or an empty string."""
        return self.texts[0] if self.texts else ""

    def get(self, *names: str) -> str:
        """Return the value of the first name that is not empty, or an empty string."""
        return next((self.named[name] for name in names if self.named.get(name)), "")


def parse_arguments(text: str) -> Arguments:
    """Parse the arguments of a tag; invalid parts are ignored."""
    texts: list[str] = []
    named: dict[str, str] = {}
    position = 0
    while (start := _SPACE.match(text, position)) and (position := start.end()) < len(text):
        match = _PART.match(text, position)
        if match is None:
            position += 1
            continue
        position = match.end()
        key, *values = match.groups()
        value = next(each for each in values if each is not None)
        if match[2] is not None or match[3] is not None:
            value = re.sub(r"\\([\"'\\])", r"\1", value)
        if key is None:
            texts.append(value)
        else:
            named[key.lower()] = value
    return Arguments(tuple(texts), named)
