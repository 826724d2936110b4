"""The settings of Pelican are parsed, and never run."""

from pathlib import Path

import pytest

from kolom_cli.importers.common.types import SourceError
from kolom_cli.importers.markdown.pelican.configuration import Settings, read_settings


def _settings(folder: Path, text: str, **files: str) -> Settings:
    for name, content in {"pelicanconf": text, **files}.items():
        (folder / f"{name}.py").write_text(content)
    return read_settings(folder)


def test_literals_are_read_and_publishconf_takes_precedence(tmp_path: Path) -> None:
    settings = _settings(
        tmp_path,
        "import os\nAUTHOR = 'Sari'\n"
        "SITEURL = ''\nSITENAME = AUTHOR\nPAGE_PATHS: list = ['p', 'q']\nX = ('a' 'b', 1)\n",
        publishconf="from pelicanconf import *\nSITEURL = 'https://old.example'\n",
    )
    assert settings.values == {
        "AUTHOR": "Sari",
        "SITEURL": "https://old.example",
        "SITENAME": "Sari",
        "PAGE_PATHS": ["p", "q"],
        "X": ("ab", 1),
    }
    assert (settings.unknown, settings.imported) == (set(), set())


@pytest.mark.parametrize(
    "line",
    ["A = os.environ['A']", "A = [x for x in y]", "A = f'{x}'", "A += ['x']", "A.append('x')", "A['x'] = 'y'",
     "if x:\n    A = 'b'", "for A in x:\n    pass", "try:\n    A = 'b'\nexcept E:\n    pass", "A, B = 1, 2",
     "del A['x']",
     "with x as A:\n    pass", "A = __import__('os').system('touch hacked')"],
)  # fmt: skip
def test_a_computed_setting_is_unknown(tmp_path: Path, line: str) -> None:
    settings = _settings(tmp_path, f"A = ['a']\n{line}\n")
    assert "A" in settings.unknown
    assert not Path("hacked").exists()


def test_settings_imported_from_a_neighbouring_file_are_read(tmp_path: Path) -> None:
    settings = _settings(tmp_path, "from base import *\nfrom other.base2 import *\nB = 2\n", base="A = 1\nB = 1\n")
    assert settings.values == {"A": 1, "B": 2}
    assert settings.imported == {"other.base2"}


@pytest.mark.parametrize("text", ["A = (", "A = " + "[" * 5000, "\0", "A = 1\n" * 60_000])
def test_settings_that_are_not_python_or_too_large_are_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match=r"pelicanconf\.py"):
        _settings(tmp_path, text)


def test_deeply_nested_literals_are_read(tmp_path: Path) -> None:
    assert _settings(tmp_path, f"A = {'[' * 90}{']' * 90}\n").unknown == set()
