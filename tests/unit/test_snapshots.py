"""What is in a snapshot of a function's process, which Lambda takes after the import of the handler."""

import json
import random
import subprocess
import sys
from functools import cache
from typing import Any, Final

import pytest

from kolom.snapshots import reseed_after_restore
from tests.paths import PROJECT

FUNCTIONS: Final = sorted(path.parent.name for path in PROJECT.glob("functions/*/app.py"))


@cache
def snapshot_of(function: str) -> dict[str, Any]:
    """Return what a new process without settings has after the import of a handler, and after its restore."""
    command = [sys.executable, "-m", "tests.process_snapshot", function]
    result = subprocess.run(command, cwd=PROJECT, env={}, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture(params=FUNCTIONS)
def snapshot(request: pytest.FixtureRequest) -> dict[str, Any]:
    return snapshot_of(request.param)


def test_a_snapshot_has_no_connection_and_no_client(snapshot: dict[str, Any]) -> None:
    assert snapshot["connections"] == []
    assert snapshot["clients"] == []


def test_a_snapshot_has_neither_settings_nor_secrets_nor_other_cached_values(snapshot: dict[str, Any]) -> None:
    assert snapshot["filled"] == []
    assert snapshot["title"] == "Of the restored process"


def test_a_snapshot_has_no_time(snapshot: dict[str, Any]) -> None:
    assert snapshot["times"] == []


def test_processes_of_one_snapshot_have_different_random_numbers(snapshot: dict[str, Any]) -> None:
    """There is no other generator than that of the module."""
    assert snapshot["generators"] == 1
    assert len(set(snapshot["numbers"])) == 2


def test_nothing_is_registered_without_the_runtime_of_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "snapshot_restore_py", None)
    state = random.getstate()
    reseed_after_restore()
    assert random.getstate() == state
