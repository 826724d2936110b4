"""What may import what: functions → http, topics → models, rules; nothing below knows what is above."""

import ast
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LAYER = PROJECT / "layers/shared/kolom"
PURE = (
    "kolom/rendering/",
    "kolom/articles/names.py",
    "kolom/articles/types.py",
    "kolom/authoring.py",
    "kolom/cursors.py",
    "kolom/errors.py",
    "kolom/json_input.py",
    *(
        f"kolom/search/{name}.py"
        for name in ("words", "languages", "codes", "entries", "phrases", "queries", "ranking")
    ),
    "kolom/search/highlighting.py",
    "kolom/search/periods.py",
)
STORAGE = {"boto3", "botocore", "pynamodb", "os", "time", "kolom.config", "kolom.models", "kolom.http"}


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module))
    return names


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


@pytest.mark.parametrize("path", modules(LAYER), ids=lambda path: str(path.relative_to(LAYER)))
def test_the_layer_knows_neither_functions_nor_the_command_line(path: Path) -> None:
    assert not {name for name in imports(path) if name.split(".")[0] in {"functions", "kolom_cli", "boto3", "tests"}}


@pytest.mark.parametrize("path", modules(LAYER / "models"), ids=lambda path: path.name)
def test_models_know_only_settings_and_errors(path: Path) -> None:
    own = {name for name in imports(path) if name.startswith("kolom.")}
    known = {"kolom.aws", "kolom.config", "kolom.errors"}
    assert {name for name in own if not name.startswith("kolom.models")} <= known


@pytest.mark.parametrize(
    "path",
    [path for path in modules(LAYER) if str(path.relative_to(LAYER.parent)).startswith(PURE)],
    ids=lambda path: str(path.relative_to(LAYER)),
)
def test_rules_know_no_storage_no_clock_and_no_environment(path: Path) -> None:
    assert not {name for name in imports(path) if name in STORAGE or name.split(".")[0] in STORAGE}


@pytest.mark.parametrize("path", modules(LAYER), ids=lambda path: str(path.relative_to(LAYER)))
def test_only_http_and_pages_know_the_resolver(path: Path) -> None:
    if path.name != "http.py":
        assert not {name for name in imports(path) if name.startswith("aws_lambda_powertools.event_handler")}


@pytest.mark.parametrize("path", modules(LAYER), ids=lambda path: str(path.relative_to(LAYER)))
def test_only_the_settings_read_the_environment(path: Path) -> None:
    if path.name != "config.py":
        assert "os.environ" not in path.read_text()


@pytest.mark.parametrize("path", modules(PROJECT / "functions"), ids=lambda path: path.parent.name)
def test_a_function_is_one_short_module_over_the_layer(path: Path) -> None:
    allowed = {"kolom", "aws_lambda_powertools", *sys.stdlib_module_names}
    assert path.name == "app.py"
    assert {name.split(".")[0] for name in imports(path)} <= allowed
    assert len(path.read_text().splitlines()) <= 90


def test_nobody_bends_the_import_path() -> None:
    sources = [*modules(PROJECT / "layers"), *modules(PROJECT / "cli"), *modules(PROJECT / "functions")]
    assert not [path for path in sources if "sys.path" in path.read_text() or "importlib.reload" in path.read_text()]
