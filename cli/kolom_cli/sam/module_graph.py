"""Find the modules of a directory that a program can import, and the AWS services that they use, from their sources.

The search errs on the side of too many modules: it follows imports inside functions, and names of modules in strings.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_CLIENT_FUNCTIONS: Final = frozenset({"new_client", "create_client"})
"""The functions of kolom.aws and botocore that create a client. Their first argument is the name of the service."""


class UnknownServiceError(Exception):
    """The code creates a client of a service whose name is not in the code."""


@dataclass(frozen=True)
class Module:
    """A module in a directory. ``package`` is the one that its relative imports start from."""

    name: str
    path: Path

    @property
    def is_source(self) -> bool:
        """Whether the module is Python code, and not an extension module."""
        return self.path.suffix == ".py"

    @property
    def package(self) -> str:
        """The module itself if it is a package, otherwise the package that contains it."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]


def find_modules(root: Path) -> dict[str, Module]:
    """Return the modules in ``root``, a directory of the import path, by name."""
    modules = {}
    for path in sorted(root.rglob("*")):
        if path.suffix not in {".py", ".so"} or not path.is_file():
            continue
        *parents, file = path.relative_to(root).parts
        # The name of an extension module ends with the platform: `Stemmer.cpython-313-aarch64-linux-gnu.so`.
        stem = file.partition(".")[0]
        parts = parents if stem == "__init__" else [*parents, stem]
        if parts and all(part.isidentifier() for part in parts):
            name = ".".join(parts)
            modules[name] = Module(name, path)
    return modules


def reachable(modules: Mapping[str, Module], start: Iterable[str], excluded: Iterable[str] = ()) -> set[str]:
    """Return the names of the modules in ``start``, and of all ``modules`` that they import, directly or not.

    The modules ``excluded``, and all that are in these packages, are left out. A module is reached if another one
    names it in an import, also inside a function, or in a string, as tables of lazy imports do. An extension module
    reaches all modules beside it, because its imports are not readable.
    """
    waiting = [parent for name in start for parent in _with_parents(name)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found or name not in modules or is_within(name, excluded):
            continue
        found.add(name)
        module = modules[name]
        if module.is_source:
            named = {*imported_names(module), *_names_in_strings(module, modules)}
        else:
            named = {other.name for other in modules.values() if other.path.parent == module.path.parent}
        waiting += (parent for other in named for parent in _with_parents(other))
    return found


def imported_names(module: Module) -> Iterator[str]:
    """Yield the names in the imports of ``module``; after ``from a import b`` both ``a`` and ``a.b``."""
    for node in _nodes_at_run_time(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, module)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def is_within(name: str, packages: Iterable[str]) -> bool:
    """Return whether ``name`` is one of ``packages`` or in one of them."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def aws_services(modules: Iterable[Module]) -> set[str]:
    """Return the services of which ``modules`` create clients (``new_client("sesv2")``).

    In each of these calls, the name is a string, a constant of the module itself or of one that it imports from, or a
    parameter of a client function, such as ``new_client`` itself. Raises :class:`UnknownServiceError` if it is anything
    else.
    """
    sources = {module.name: module for module in modules if module.is_source}
    constants = {name: dict(_constants(_tree(module))) for name, module in sources.items()}
    services = set()
    for module in sources.values():
        known = {**_imported_constants(module, constants), **constants[module.name]}
        for argument in _services_of_calls(_tree(module)):
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                services.add(argument.value)
            elif not _is_parameter_of_client_function(argument, _tree(module)):
                if not isinstance(argument, ast.Name) or argument.id not in known:
                    text = ast.unparse(argument)
                    raise UnknownServiceError(f"{module.name}:{argument.lineno} creates a client of {text}")
                services.add(known[argument.id])
    return services


@cache
def _tree(module: Module) -> ast.Module:
    return ast.parse(module.path.read_bytes())


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def _names_in_strings(module: Module, modules: Mapping[str, Module]) -> Iterator[str]:
    for node in _nodes_at_run_time(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            relative = _absolute(1, node.value.lstrip("."), module.package)
            yield from {node.value, relative} & modules.keys()


def _nodes_at_run_time(module: Module) -> Iterator[ast.AST]:
    """Yield all nodes but those under ``if TYPE_CHECKING``."""
    waiting: list[ast.AST] = [_tree(module)]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _base(node: ast.ImportFrom, module: Module) -> str:
    """Return the name of the module from which ``node`` imports."""
    return _absolute(node.level, node.module or "", module.package)


def _absolute(level: int, name: str, package: str) -> str:
    """Return the full name of a module that is named relative to ``package`` by ``level`` dots; 0 for a full name."""
    if not level:
        return name
    parents = package.split(".")
    return ".".join([*parents[: len(parents) - level + 1], *filter(None, [name])])


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = getattr(node, "value", None)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield from ((target.id, value.value) for target in targets if isinstance(target, ast.Name))


def _imported_constants(module: Module, constants: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    imported = (
        (alias, constants.get(_base(node, module), {}))
        for node in _nodes_at_run_time(module)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )
    return {alias.asname or alias.name: values[alias.name] for alias, values in imported if alias.name in values}


def _services_of_calls(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            called = node.func
            name = (
                called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
            )
            if name in _CLIENT_FUNCTIONS:
                yield node.args[0]


def _is_parameter_of_client_function(argument: ast.expr, tree: ast.Module) -> bool:
    """Return whether the argument has the name of a parameter of a client function that the module defines."""
    return isinstance(argument, ast.Name) and any(
        argument.id in {parameter.arg for parameter in node.args.args}
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name in _CLIENT_FUNCTIONS
    )
