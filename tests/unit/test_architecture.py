"""Which package may import which.

Imports inside functions and under ``TYPE_CHECKING`` count like all others.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

PROJECT: Final = Path(__file__).parents[2]
ROOTS: Final = {"kolom": PROJECT / "layers/shared", "kolom_cli": PROJECT / "cli"}

LEVELS: Final[Mapping[str, int]] = {
    package: level
    for level, packages in enumerate(
        (
            (
                "kolom",
                "kolom.errors",
                "kolom.json_input",
                "kolom.observability",
                "kolom.rendering",
            ),
            (
                "kolom.config",
                "kolom.pagination",
            ),
            (
                "kolom.aws",
                "kolom.i18n",
                "kolom.urls",
            ),
            (
                "kolom.models",
                "kolom.http",
            ),
            (
                "kolom.outbox",
                "kolom.security",
            ),
            (
                "kolom.articles",
                "kolom.submissions",
            ),
            (
                "kolom.comments",
                "kolom.contact",
                "kolom.search",
            ),
            (
                "kolom.feeds",
                "kolom.mail",
            ),
            ("kolom.pages",),
            (
                "kolom_cli",
                "kolom_cli.media",
                "kolom_cli.sam",
                "kolom_cli.terminal",
            ),
            (
                "kolom_cli.connection",
                "kolom_cli.publishing",
                "kolom_cli.bodies",
                "kolom_cli.dry_run",
            ),
            ("kolom_cli.importers.common",),
            (
                "kolom_cli.archive",
                "kolom_cli.assets",
                "kolom_cli.importers",
                "kolom_cli.importers.blogger",
                "kolom_cli.importers.disqus",
                "kolom_cli.importers.markdown",
                "kolom_cli.importers.wordpress",
            ),
            ("kolom_cli.emulator",),
            ("kolom_cli.commands",),
            ("kolom_cli.seed",),
            (
                "kolom_cli.main",
                "kolom_cli.openapi",
            ),
        )
    )
    for package in packages
}
"""The packages of each level, lowest first. A module belongs to the longest entry that its name begins with."""

KNOWN_UPWARD_IMPORTS: Final = {
    ("kolom.security", "kolom.submissions"),
    ("kolom.urls", "kolom.articles"),
    ("kolom_cli.archive", "kolom_cli.importers"),
    ("kolom_cli.importers", "kolom_cli.importers.wordpress"),
    ("kolom_cli.importers.blogger", "kolom_cli.importers"),
    ("kolom_cli.importers.common", "kolom_cli.importers"),
    ("kolom_cli.importers.common", "kolom_cli.importers.markdown"),
    ("kolom_cli.importers.disqus", "kolom_cli.importers"),
    ("kolom_cli.importers.markdown", "kolom_cli.importers"),
    ("kolom_cli.importers.wordpress", "kolom_cli.importers"),
    ("kolom_cli.publishing", "kolom_cli.archive"),
    ("kolom_cli.publishing", "kolom_cli.bodies"),
    ("kolom_cli.publishing", "kolom_cli.dry_run"),
    ("kolom_cli.sam", "kolom_cli.connection"),
}
"""What is still in the way of the levels. None may be added, and one that is gone must go from here."""

PURE: Final = (
    "kolom.articles.names",
    "kolom.articles.types",
    "kolom.rendering.types",
    "kolom.pagination",
    "kolom.errors",
    "kolom.json_input",
    "kolom.rendering",
    "kolom.search.codec",
    "kolom.search.document",
    "kolom.search.highlighter",
    "kolom.search.analyzer",
    "kolom.search.date_range",
    "kolom.search.phrase_matcher",
    "kolom.search.query_parser",
    "kolom.search.bm25",
    "kolom.search.tokenizer",
)
"""Packages and modules without storage, clock and environment, and so is everything that they import."""

IMPURE: Final = frozenset({"boto3", "botocore", "kolom.config", "kolom.http", "kolom.models", "os", "pynamodb", "time"})


@cache
def modules() -> Mapping[str, Path]:
    """The modules of the layer and the command line."""
    found = {}
    for package, root in ROOTS.items():
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported_names(path: Path) -> set[str]:
    """Everything that a file imports, as dotted names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@cache
def imports_of(module: str) -> frozenset[str]:
    """The modules of the layer and the command line that a module imports."""
    return frozenset(_modules_among(imported_names(modules()[module]))) - {module}


def _modules_among(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        owner = name
        while owner and owner not in modules():
            owner = owner.rpartition(".")[0]
        if owner:
            yield owner


def package_of(module: str) -> str:
    """The entry of :data:`LEVELS` that a module belongs to."""
    entries = [entry for entry in LEVELS if is_within(module, entry)]
    assert entries, f"{module} has no level"
    return max(entries, key=len)


def upward_imports() -> set[tuple[str, str]]:
    """Packages that import another package of their own level or above."""
    return {
        (importer, imported)
        for module in modules()
        for importer, imported in ((package_of(module), package_of(each)) for each in imports_of(module))
        if importer != imported and LEVELS[imported] >= LEVELS[importer]
    }


def test_every_level_belongs_to_a_package_that_exists() -> None:
    """A renamed package cannot drop out of the table unnoticed."""
    assert set(LEVELS) == {package_of(module) for module in modules()}


def test_a_package_imports_only_lower_levels() -> None:
    assert upward_imports() == KNOWN_UPWARD_IMPORTS


def test_every_pure_entry_matches_a_module() -> None:
    """A renamed module cannot drop out of the list unnoticed."""
    assert [entry for entry in PURE if not any(is_within(module, entry) for module in modules())] == []


@pytest.mark.parametrize("entry", PURE)
def test_a_pure_module_reaches_no_storage_clock_or_environment(entry: str) -> None:
    reached = {module for module in modules() if is_within(module, entry)}
    waiting = list(reached)
    while waiting:
        new = imports_of(waiting.pop()) - reached
        reached |= new
        waiting += new
    impure = {
        (module, name)
        for module in reached
        for name in imported_names(modules()[module])
        if any(is_within(name, each) for each in IMPURE)
    }
    assert impure == set()


def test_the_layer_imports_neither_functions_nor_the_command_line() -> None:
    foreign = {"boto3", "functions", "kolom_cli", "tests"}
    assert [
        (module, name)
        for module, path in modules().items()
        if is_within(module, "kolom")
        for name in imported_names(path)
        if name.split(".")[0] in foreign
    ] == []


def test_the_command_line_imports_no_function() -> None:
    assert [
        (module, name)
        for module, path in modules().items()
        for name in imported_names(path)
        if is_within(name, "functions")
    ] == []


def test_only_http_imports_the_resolver() -> None:
    importers = {
        module
        for module, path in modules().items()
        if is_within(module, "kolom")
        and any(is_within(name, "aws_lambda_powertools.event_handler") for name in imported_names(path))
    }
    assert {package for package in importers if not is_within(package, "kolom.http.api")} == set()


def test_only_the_settings_read_the_environment() -> None:
    readers = [module for module, path in modules().items() if "os.environ" in path.read_text()]
    assert [module for module in readers if is_within(module, "kolom")] == ["kolom.config"]


@pytest.mark.parametrize("path", sorted((PROJECT / "functions").rglob("*.py")), ids=lambda path: path.parent.name)
def test_a_function_is_one_short_module_over_the_layer(path: Path) -> None:
    allowed = {"kolom", "aws_lambda_powertools", *sys.stdlib_module_names}
    assert path.name == "app.py"
    assert {name.split(".")[0] for name in imported_names(path)} <= allowed
    assert len(path.read_text().splitlines()) <= 90


def test_no_module_changes_the_import_path() -> None:
    sources = [*modules().values(), *(PROJECT / "functions").rglob("*.py")]
    assert [path for path in sources if "sys.path" in path.read_text() or "importlib.reload" in path.read_text()] == []
