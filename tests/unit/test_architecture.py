"""Which package may import which.

Imports inside functions and under ``TYPE_CHECKING`` count like all others.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

from tests.paths import PROJECT

ROOTS: Final = {"kolom": PROJECT / "layers/shared", "kolom_cli": PROJECT / "cli"}

LEVELS: Final[Mapping[str, int]] = {
    "kolom": 0,
    "kolom.errors": 0,
    "kolom.hosts": 0,
    "kolom.json_input": 0,
    "kolom.labels": 0,
    "kolom.limits": 0,
    "kolom.observability": 0,
    "kolom.rendering": 0,
    "kolom.snapshots": 0,
    "kolom.templates": 0,
    "kolom.timestamps": 0,
    "kolom.validation": 0,
    "kolom.config": 1,
    "kolom.pagination": 1,
    "kolom.streams": 1,
    "kolom.aws": 2,
    "kolom.i18n": 2,
    "kolom.urls": 2,
    "kolom.http": 3,
    "kolom.models": 3,
    "kolom.outbox": 4,
    "kolom.security": 4,
    "kolom.articles": 5,
    "kolom.submissions": 5,
    "kolom.comments": 6,
    "kolom.contact": 6,
    "kolom.search": 6,
    "kolom.feeds": 7,
    "kolom.mail": 7,
    "kolom.pages": 8,
    "kolom_cli": 9,
    "kolom_cli.archive.layout": 9,
    "kolom_cli.concurrency": 9,
    "kolom_cli.media": 9,
    "kolom_cli.project_file": 9,
    "kolom_cli.sam": 9,
    "kolom_cli.terminal": 9,
    "kolom_cli.connection": 10,
    "kolom_cli.publishing": 10,
    "kolom_cli.search_tuning": 10,
    "kolom_cli.importers.common": 11,
    "kolom_cli.archive": 12,
    "kolom_cli.assets": 12,
    "kolom_cli.importers": 12,
    "kolom_cli.syncing": 12,
    "kolom_cli.deploying": 13,
    "kolom_cli.emulator": 13,
    "kolom_cli.seed": 14,
    "kolom_cli.server": 15,
    "kolom_cli.commands": 16,
    "kolom_cli.main": 17,
    "kolom_cli.openapi": 17,
    "kolom_cli.docs": 18,
}
"""The level of each package: it imports only packages of lower levels.

A module belongs to the longest entry that its name begins with, so the importers for one system count as one package
with those for the others (:func:`test_importers_do_not_import_each_other` keeps them apart). ``kolom`` and
``kolom_cli`` contain only themselves: a new package needs an entry.
"""

PURE: Final = (
    "kolom.articles.input",
    "kolom.articles.names",
    "kolom.articles.page_urls",
    "kolom.articles.types",
    "kolom.comments.threads",
    "kolom.comments.types",
    "kolom.errors",
    "kolom.hosts",
    "kolom.json_input",
    "kolom.labels",
    "kolom.limits",
    "kolom.pagination",
    "kolom.rendering",
    "kolom.search.analyzer",
    "kolom.search.bm25",
    "kolom.search.codec",
    "kolom.search.date_range",
    "kolom.search.document",
    "kolom.search.function_words",
    "kolom.search.highlighter",
    "kolom.search.indonesian",
    "kolom.search.matcher",
    "kolom.search.misspelling",
    "kolom.search.phrase_matcher",
    "kolom.search.pins",
    "kolom.search.query_clauses",
    "kolom.search.query_filters",
    "kolom.search.query_language",
    "kolom.search.query_parser",
    "kolom.search.recorded_queries",
    "kolom.search.search_settings",
    "kolom.search.sections",
    "kolom.search.synonyms",
    "kolom.search.terms",
    "kolom.search.tokenizer",
    "kolom.search.word_forms",
    "kolom.security.stored_keys",
    "kolom.submissions.fields",
    "kolom.submissions.reasons",
    "kolom.submissions.blocked_words",
    "kolom.submissions.spam_rules",
    "kolom.timestamps",
    "kolom.validation",
)
"""Packages and modules that use no storage, clock or environment, also not through their imports."""

IMPURE: Final = frozenset({"boto3", "botocore", "kolom.config", "kolom.http", "kolom.models", "os", "pynamodb", "time"})
CLOCK: Final = frozenset({"now", "today", "utcnow"})
ENVIRONMENT: Final = frozenset({"environ", "environb", "getenv"})
IMPORTS_BY_NAME: Final = frozenset(
    {"__import__", "eval", "exec", "import_module", "run_path", "spec_from_file_location"}
)
"""Functions whose imports these tests cannot see."""


@cache
def modules() -> Mapping[str, Path]:
    """The modules of the layer and the command line."""
    found = {}
    for package, root in ROOTS.items():
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def parse(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text())


@cache
def imported_names(path: Path) -> frozenset[str]:
    """Return the dotted names of everything that a file imports."""
    names: set[str] = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


@cache
def identifiers(path: Path) -> frozenset[str]:
    """Return the names that the code of a file uses: of variables, attributes and imports."""
    names: set[str] = set()
    for node in ast.walk(parse(path)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.name for alias in aliases}
    return frozenset(names)


def called_methods(path: Path) -> set[str]:
    """Return the names of the methods that a file calls, such as ``now`` in ``datetime.now()``."""
    calls = (node.func for node in ast.walk(parse(path)) if isinstance(node, ast.Call))
    return {function.attr for function in calls if isinstance(function, ast.Attribute)}


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@cache
def imports_of(module: str) -> frozenset[str]:
    """Return the modules of the layer and the command line that a module imports."""
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
    entries = [entry for entry in LEVELS if module == entry or (entry not in ROOTS and is_within(module, entry))]
    assert entries, f"{module} has no level"
    return max(entries, key=len)


def upward_imports() -> set[tuple[str, str]]:
    """Return the packages that import a package of their own level or above."""
    return {
        (importer, imported)
        for module in modules()
        for importer, imported in ((package_of(module), package_of(each)) for each in imports_of(module))
        if importer != imported and LEVELS[imported] >= LEVELS[importer]
    }


def test_every_level_belongs_to_an_existing_package() -> None:
    """This prevents a renamed package from being omitted unnoticed."""
    assert set(LEVELS) == {package_of(module) for module in modules()}


def test_the_architecture_page_lists_every_package_with_its_level() -> None:
    page = (PROJECT / "docs/architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| `(kolom[\w.]*)` \| \S", page, re.MULTILINE)
    assert [(name, int(level)) for level, name in rows] == list(LEVELS.items())


def test_a_package_imports_only_lower_levels() -> None:
    assert upward_imports() == set()


def test_packages_import_nothing_in_their_init_modules() -> None:
    """Otherwise the imports of its packages would have to count as imports of a module."""
    packages = {module: path for module, path in modules().items() if path.name == "__init__.py"}
    assert len(packages) > len(ROOTS)
    assert {module: names for module, path in packages.items() if (names := imported_names(path))} == {}


def test_only_loaders_of_functions_import_by_a_computed_name() -> None:
    loaders = {module for module, path in modules().items() if identifiers(path) & IMPORTS_BY_NAME}
    assert loaders == {"kolom_cli.emulator.lambda_runtime", "kolom_cli.openapi"}


def test_no_modules_import_each_other_in_a_cycle() -> None:
    """Within a package too, where levels do not forbid it."""
    graph = TopologicalSorter({module: imports_of(module) for module in modules()})
    try:
        graph.prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_importers_do_not_import_each_other() -> None:
    """Shared code of importers is in ``importers.common``."""
    package = "kolom_cli.importers."
    assert [
        (module, imported)
        for module in modules()
        for imported in imports_of(module)
        if module.startswith(package)
        and imported.startswith(package)
        and not is_within(imported, "kolom_cli.importers.common")
        and imported.split(".")[2] != module.split(".")[2]
    ] == []


def test_the_emulator_does_not_import_the_code_that_it_runs() -> None:
    """It emulates AWS, so its only inputs are the template and requests."""
    assert [
        (module, imported)
        for module in modules()
        if is_within(module, "kolom_cli.emulator")
        for imported in imports_of(module)
        if is_within(imported, "kolom")
    ] == []


def pure_modules_of_the_search() -> set[str]:
    """Return the modules of the search that are in :data:`PURE`, or whose docstring says "Pure."."""
    return {
        module
        for module, path in modules().items()
        if is_within(module, "kolom.search")
        if module in PURE or "Pure." in (ast.get_docstring(parse(path)) or "").split()
    }


def test_every_pure_entry_matches_a_module() -> None:
    """This prevents a renamed module from being omitted unnoticed."""
    assert [entry for entry in PURE if not any(is_within(module, entry) for module in modules())] == []


def test_the_search_package_lists_its_modules_and_the_pure_ones() -> None:
    text = ast.get_docstring(parse(modules()["kolom.search"])) or ""
    described, _, pure = text.partition("Pure modules, without storage:")
    names = {module.removeprefix("kolom.search.") for module in modules() if is_within(module, "kolom.search")}
    assert set(re.findall(r":mod:`\.(\w+)`", described)) == names - {"kolom.search"}
    assert {f"kolom.search.{name}" for name in re.findall(r"\w+", pure)} == pure_modules_of_the_search()


@pytest.mark.parametrize("entry", sorted({*PURE, *pure_modules_of_the_search()}))
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
    assert {module for module in reached if called_methods(modules()[module]) & CLOCK} == set()


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


def test_only_http_imports_the_event_handler_of_powertools() -> None:
    importers = {
        module
        for module, path in modules().items()
        if is_within(module, "kolom")
        and any(is_within(name, "aws_lambda_powertools.event_handler") for name in imported_names(path))
    }
    assert {package for package in importers if not is_within(package, "kolom.http")} == set()


def test_only_models_import_pynamodb() -> None:
    """Other modules use ``kolom.models.errors`` and ``kolom.models.expressions``."""
    importers = {
        module
        for module, path in modules().items()
        if any(is_within(name, "pynamodb") for name in imported_names(path))
    }
    assert {module for module in importers if not is_within(module, "kolom.models")} == set()


def test_in_the_layer_only_config_reads_the_environment() -> None:
    readers = [module for module, path in modules().items() if identifiers(path) & ENVIRONMENT]
    assert [module for module in readers if is_within(module, "kolom")] == ["kolom.config"]


@pytest.mark.parametrize("path", sorted((PROJECT / "functions").rglob("*.py")), ids=lambda path: path.parent.name)
def test_a_function_is_one_short_module(path: Path) -> None:
    allowed = {"kolom", "aws_lambda_powertools", *sys.stdlib_module_names}
    assert path.name == "app.py"
    assert {name.split(".")[0] for name in imported_names(path)} <= allowed
    lines = len(path.read_text().splitlines())
    assert lines <= 85, "move code to the layer"


def test_no_module_changes_the_import_path() -> None:
    sources = [*modules().values(), *(PROJECT / "functions").rglob("*.py")]
    assert [path for path in sources if "sys.path" in path.read_text() or "importlib.reload" in path.read_text()] == []
