"""Read the settings of a Pelican site: Python programs, which are parsed and never run. Only literals count."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.markdown.lenient_front_matter import Value
from kolom_cli.publishing.document import DocumentError, read_text

_FILES: Final = ("pelicanconf.py", "publishconf.py")
_MAX_CHARACTERS: Final = 256 * 1024
_MAX_IMPORTS: Final = 10
_MAX_DEPTH: Final = 20


@dataclass(slots=True)
class Settings:
    """The literal settings by name, and the names of those whose value is only known to the program.

    ``imported`` are the modules from which unknown settings are imported.
    """

    values: dict[str, Any] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)

    def text(self, name: str, default: str = "") -> str:
        """Return a text, or the default for any other value."""
        value = self.values.get(name)
        return value if isinstance(value, str) else default

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts, or the default for any other value."""
        value = self.values.get(name)
        if isinstance(value, str):
            return (value,)
        if isinstance(value, (list, tuple, set, frozenset)):
            return tuple(each for each in value if isinstance(each, str))
        return default

    def mapping(self, name: str) -> dict[str, Any]:
        """Return a dictionary, which old versions write as pairs; an empty one for any other value."""
        value = self.values.get(name)
        if isinstance(value, (list, tuple)) and all(
            isinstance(each, (list, tuple)) and len(each) == 2 for each in value
        ):
            return {str(key): each for key, each in value}
        return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a Boolean value, or the default for any other value."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else default


def is_configured(directory: Path) -> bool:
    """Return whether the directory has the settings of a Pelican site."""
    return (directory / _FILES[0]).is_file()


def read_settings(directory: Path) -> Settings:
    """Return the settings of ``pelicanconf.py``, overridden by those of ``publishconf.py``.

    :raises SourceError: a file is not a Python program
    """
    settings = Settings()
    seen: set[Path] = set()
    for name in _FILES:
        if (directory / name).is_file():
            _read(directory / name, directory, settings, seen)
    return settings


def as_value(found: Any, depth: int = 0) -> Value:
    """Return a literal in the form of front matter, which keeps all scalars as texts."""
    match found:
        case None:
            return None
        case bool():
            return "true" if found else "false"
        case dict() if depth < _MAX_DEPTH:
            return {str(key).lower(): as_value(each, depth + 1) for key, each in found.items()}
        case list() | tuple() | set() | frozenset() if depth < _MAX_DEPTH:
            return [as_value(each, depth + 1) for each in found]
        case _:
            return str(found)


def _read(path: Path, directory: Path, settings: Settings, seen: set[Path]) -> None:
    """Add the settings of one program. ``from x import *`` is followed if ``x.py`` is in the directory."""
    if path in seen:
        return
    seen.add(path)
    try:
        if not path.resolve().is_relative_to(directory.resolve()):
            raise SourceError(f"{path}: a link to a file outside of the folder")
        text = read_text(path)
        if len(text) > _MAX_CHARACTERS:
            raise SourceError(f"{path}: is larger than {_MAX_CHARACTERS // 1024} KB")
        program = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        raise SourceError(f"{path}:{line}: is not a Python program") from error
    except DocumentError as error:
        raise SourceError(str(error)) from error
    for statement in program.body:
        if isinstance(statement, ast.ImportFrom) and any(each.name == "*" for each in statement.names):
            module = directory / f"{(statement.module or '').rpartition('.')[2]}.py"
            if module.is_file() and len(seen) < _MAX_IMPORTS:
                _read(module, directory, settings, seen)
            else:
                settings.imported.add(statement.module or ".")
        else:
            _add(statement, settings)


def _add(statement: ast.stmt, settings: Settings) -> None:
    match statement:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name):
                    _assign(target.id, value, settings)
                else:
                    settings.unknown |= set(_changed(target))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            _assign(name, value, settings)
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
            pass
        case _:
            settings.unknown |= set(_changed(statement))


def _assign(name: str, expression: ast.expr, settings: Settings) -> None:
    try:
        value = ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        if not (isinstance(expression, ast.Name) and expression.id in settings.values):
            settings.values.pop(name, None)
            settings.unknown.add(name)
            return
        value = settings.values[expression.id]
    settings.values[name] = value
    settings.unknown.discard(name)


def _changed(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement may change: its targets, and objects of which it calls a method."""
    for each in ast.walk(node):
        match each:
            case ast.Name(id=name, ctx=ast.Store()) | ast.AugAssign(target=ast.Name(id=name)):
                yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                yield name
            case _:
                pass
