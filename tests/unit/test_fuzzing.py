"""Property tests have fixed examples in ``make test`` and new ones in ``make fuzz``."""

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paths import PROJECT

CONFTEST = """
from itertools import count
from tests import fuzzing
from tests.conftest import *

fuzzing.monotonic = map(float, count()).__next__  # each look at the clock takes a second
"""
PROPERTIES = """
from hypothesis import given, strategies as st

@given(st.integers())
def test_holds(number):
    assert number == number

@given(st.text())
def test_breaks(text):
    assert len(text) < 3

@given(st.integers())
def test_holds_too(number):
    assert number == number
"""


def drawn() -> list[tuple[str, int]]:
    """Return all examples of one property."""
    examples = []

    @given(st.text(), st.integers())
    def tried(text: str, number: int) -> None:
        examples.append((text, number))

    tried()
    return examples


def test_a_property_gets_the_same_examples_whatever_else_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = drawn()
    path = tmp_path / "constants.py"
    path.write_text("".join(f"a{number} = ('word {number}', {number}_000_003)\n" for number in range(1, 50)))
    spec = importlib.util.spec_from_file_location("constants", path)
    assert spec is not None
    monkeypatch.setitem(sys.modules, "constants", importlib.util.module_from_spec(spec))
    assert drawn() == before
    assert len(before) == settings().max_examples


def run(folder: Path, *arguments: str) -> str:
    """Run the properties with pytest in a separate process, and return its output."""
    plugins = ["-p", "no:cacheprovider", "-p", "no:schemathesis"]
    command = [sys.executable, "-m", "pytest", *plugins, f"--rootdir={folder}", *arguments]
    done = subprocess.run(command, cwd=folder, env={"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_fuzzing_shares_its_time_and_prints_how_to_reproduce_failures(tmp_path: Path) -> None:
    """A failed property is not tried again; the others continue until the time is up."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_properties.py").write_text(PROPERTIES)
    said = run(tmp_path, "--hypothesis-profile=fuzz", "--fuzz-seconds=30", "-m", "hypothesis", ".")
    assert "3 of 3 properties had a turn, 10 turns in all" in said
    assert "1 failed, 9 passed" in said
    assert "@reproduce_failure(" in said
    (command,) = re.findall("^Reproduce: [.]venv/bin/pytest (.+)$", said, re.MULTILINE)
    (example,) = set(re.findall(r"text='.*'", said))
    assert example in run(tmp_path, *shlex.split(command))
