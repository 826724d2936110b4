"""The functions of Hugo's templates that work on texts, numbers and lists. Pure."""

import html
import re
from collections.abc import Callable
from typing import Any, Final

from kolom.rendering.text import plain_text
from kolom_cli.importers.markdown.html_snippets import inline
from kolom_cli.importers.markdown.permalinks import slugify_like_hugo

BLOCK_START: Final = "\2"
BLOCK_END: Final = "\3"
_BLOCK: Final = re.compile(r"(?:[-*+]|\d{1,9}[.)]|#{1,6})\s|[>|]|```|~~~")


class UnsupportedTemplate(Exception):
    """A template uses something that is not supported here."""


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def is_true(value: Any) -> bool:
    """Return whether a condition holds for a value: it is neither empty nor zero nor false."""
    return bool(value)


def markdown(text: Any) -> Markup:
    """Return one line of Markdown as HTML; blocks are returned unchanged, between BLOCK_START and BLOCK_END."""
    source = _text(text).strip()
    is_block = "\n" in source or _BLOCK.match(source) is not None
    return Markup(f"{BLOCK_START}{source}{BLOCK_END}" if is_block else inline(source))


def root_url(text: Any) -> str:
    """Return a URL relative to the root of the site; a full URL is unchanged."""
    url = _text(text)
    is_full = re.match(r"[a-z][a-z0-9+.-]*:|//|#", url, re.IGNORECASE) is not None
    return url if is_full else f"/{url.lstrip('/')}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise UnsupportedTemplate("a value that is not text")


def _default(fallback: Any, *value: Any) -> Any:
    return value[0] if value and is_true(value[0]) else fallback


def _printf(pattern: Any, *values: Any) -> str:
    rest = list(values)

    def replace(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        if not rest:
            raise UnsupportedTemplate("printf")
        text = _text(rest.pop(0))
        return f'"{text}"' if match[0] == "%q" else text

    return re.sub(r"%[sdvq%]", replace, _text(pattern))


def _equal(first: Any, *others: Any) -> bool:
    if not others:
        raise UnsupportedTemplate("eq")
    return any(_comparable(first) == _comparable(other) for other in others)


def _comparable(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _less(first: Any, second: Any) -> bool:
    if isinstance(first, (int, float)) and isinstance(second, (int, float)):
        return first < second
    if isinstance(first, str) and isinstance(second, str):
        return str(first) < str(second)
    raise UnsupportedTemplate("a comparison")


def _index(value: Any, key: Any) -> Any:
    if isinstance(value, dict):
        return value.get(_text(key)) if _text(key) in value else value.get(_text(key).lower())
    if isinstance(value, (list, tuple)) and isinstance(key, int):
        return value[key] if 0 <= key < len(value) else None
    if value is None:
        return None
    raise UnsupportedTemplate("index")


def _is_set(value: Any, key: Any) -> bool:
    return _index(value, key) is not None


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, (list, tuple)):
        return any(_comparable(each) == _comparable(part) for each in whole)
    return _text(part) in _text(whole)


def _length(value: Any) -> int:
    if isinstance(value, (str, list, tuple, dict)):
        return len(value)
    raise UnsupportedTemplate("len")


def _number(value: Any) -> int:
    try:
        return int(_text(value)[:15] or 0)
    except ValueError as error:
        raise UnsupportedTemplate("int") from error


def _first_true(*values: Any) -> Any:
    return next((value for value in values if is_true(value)), values[-1])


def _first_false(*values: Any) -> Any:
    return next((value for value in values if not is_true(value)), values[-1])


def _safe(value: Any) -> Markup:
    return Markup(_text(value))


def _trim(text: Any, characters: Any = " \t\r\n") -> str:
    return _text(text).strip(_text(characters))


def _limited(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that accepts only short texts, because its result may be longer than its input."""

    def call(*values: Any) -> Any:
        if sum(len(value) for value in values if isinstance(value, str)) > _MAX_INPUT:
            raise UnsupportedTemplate("a text that is too long")
        return function(*values)

    return call


_MAX_INPUT: Final = 10_000


class _Functions:
    """The functions by name, with and without the namespace that newer templates write."""

    def __init__(self, functions: dict[str, Callable[..., Any]]) -> None:
        self._functions = functions

    def call(self, name: str, values: list[Any]) -> Any:
        """Return the result of a function.

        :raises UnsupportedTemplate: it is not supported, or has other arguments
        """
        function = self._functions.get(name.lower())
        if function is None:
            raise UnsupportedTemplate(name)
        try:
            return function(*values)
        except (TypeError, ValueError, IndexError) as error:
            raise UnsupportedTemplate(name) from error


FUNCTIONS: Final = _Functions(
    {
        name: function
        for names, function in (
            ("default compare.default", _default),
            ("markdownify transform.markdownify", markdown),
            ("safehtml safe.html safehtmlattr safe.htmlattr safecss safe.css safejs safe.js", _safe),
            ("safeurl safe.url string cast.tostring emojify transform.emojify", _text),
            ("relurl urls.relurl absurl urls.absurl rellangurl urls.rellangurl abslangurl urls.abslangurl", root_url),
            ("printf fmt.printf", _limited(_printf)),
            ("print fmt.print println", lambda *values: "".join(map(_text, values))),
            ("lower strings.tolower", lambda text: _text(text).lower()),
            ("upper strings.toupper", lambda text: _text(text).upper()),
            ("title strings.title", lambda text: _text(text).title()),
            ("humanize inflect.humanize", lambda text: re.sub(r"[-_]+", " ", _text(text)).capitalize()),
            ("trim strings.trim strings.trimspace", _trim),
            ("chomp strings.chomp", lambda text: _text(text).rstrip("\r\n")),
            ("strings.trimprefix", lambda prefix, text: _text(text).removeprefix(_text(prefix))),
            ("strings.trimsuffix", lambda suffix, text: _text(text).removesuffix(_text(suffix))),
            ("replace strings.replace", _limited(lambda text, old, new: _text(text).replace(_text(old), _text(new)))),
            ("hasprefix strings.hasprefix", lambda text, prefix: _text(text).startswith(_text(prefix))),
            ("hassuffix strings.hassuffix", lambda text, suffix: _text(text).endswith(_text(suffix))),
            ("in collections.in strings.contains", _contains),
            ("eq compare.eq", _equal),
            ("ne compare.ne", lambda first, second: not _equal(first, second)),
            ("lt compare.lt", _less),
            ("gt compare.gt", lambda first, second: _less(second, first)),
            ("le compare.le", lambda first, second: not _less(second, first)),
            ("ge compare.ge", lambda first, second: not _less(first, second)),
            ("and", _first_false),
            ("or", _first_true),
            ("not", lambda value: not is_true(value)),
            ("cond compare.conditional", lambda test, yes, no: yes if is_true(test) else no),
            ("len", _length),
            ("index collections.index", _index),
            ("isset collections.isset", _is_set),
            ("int cast.toint", _number),
            ("htmlescape transform.htmlescape", lambda text: html.escape(_text(text))),
            ("htmlunescape transform.htmlunescape", lambda text: html.unescape(_text(text))),
            ("plainify transform.plainify", lambda text: plain_text(_text(text))),
            ("urlize urls.urlize anchorize urls.anchorize", lambda text: slugify_like_hugo(_text(text))),
        )
        for name in names.split()
    }
)
