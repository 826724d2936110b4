"""The packages of a built layer are replaced by those of the lock, which uv checks by their hashes."""

import sys
from pathlib import Path
from typing import Final

import pytest

from kolom_cli.sam.artifacts import SOURCES
from kolom_cli.sam.locked_packages import main

TEMPLATE: Final = """
Globals: {Function: {Runtime: python3.13}}
Resources:
  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: Shared}}
"""
UV: Final = f"""#!{sys.executable} -S
import pathlib, sys
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
(target / "arguments").write_text(" ".join(sys.argv[1:]))
(target / "bin").mkdir()
(target / "package.py").write_text("locked")
"""
REFUSING: Final = f"#!{sys.executable} -S\nraise SystemExit('Hash mismatch for package')\n"


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A build whose layer has a package with other content, and one that the lock does not have."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    layer = tmp_path / "Shared/python"
    for name in ("kolom/__init__.py", "package.py", "foreign/__init__.py", "requirements.txt"):
        (layer / name).parent.mkdir(parents=True, exist_ok=True)
        (layer / name).write_text("built")
    return layer


def run(layer: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> int:
    uv = layer.parents[1] / "uv"
    uv.write_text(program)
    uv.chmod(0o700)
    monkeypatch.setenv("UV", str(uv))
    return main([str(layer.parents[1]), "arm64"])


def content(layer: Path) -> dict[str, str]:
    paths = [path for path in layer.rglob("*") if path.is_file() and path.name != "arguments"]
    return {path.relative_to(layer).as_posix(): path.read_text() for path in paths}


def test_packages_are_replaced_by_those_that_uv_checked(layer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(layer, monkeypatch, UV) == 0
    assert content(layer) == {"kolom/__init__.py": "built", "requirements.txt": "built", "package.py": "locked"}
    arguments = (layer / "arguments").read_text()
    assert "--require-hashes" in arguments
    assert "--link-mode copy" in arguments
    assert "--python-version 3.13 --python-platform aarch64-manylinux" in arguments
    assert f"--requirements {layer}/requirements.txt" in arguments


def test_a_package_with_another_hash_stops_the_build(
    layer: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content(layer)
    assert run(layer, monkeypatch, REFUSING) == 2
    assert "Hash mismatch for package" in capsys.readouterr().err
    assert content(layer) == before


def test_a_layer_that_was_prepared_before_is_unchanged(layer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (layer / SOURCES).write_text("built")
    assert run(layer, monkeypatch, REFUSING) == 0
    assert content(layer)["package.py"] == "built"


def test_a_missing_uv_is_reported(
    layer: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("UV", str(layer / "uv"))
    assert main([str(layer.parents[1]), "arm64"]) == 2
    assert "uv cannot be started" in capsys.readouterr().err
