"""Warnings about the deployment, in the log."""

from importlib.machinery import ModuleSpec

import pytest

from kolom.observability import warn_without_bytecode


def spec(origin: str, cached: str) -> ModuleSpec:
    found = ModuleSpec("kolom.observability", None, origin=origin)
    found.cached = cached
    return found


def test_a_layer_without_bytecode_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    warn_without_bytecode(spec("/opt/python/kolom/observability.py", "/opt/python/kolom/missing.pyc"))
    assert "deploy the output of `make build`" in caplog.text


@pytest.mark.parametrize(
    ("origin", "cached"),
    [("/opt/python/kolom/observability.py", __file__), ("/home/me/kolom/observability.py", "/home/me/missing.pyc")],
    ids=["with-bytecode", "not-deployed"],
)
def test_other_modules_are_not_reported(origin: str, cached: str, caplog: pytest.LogCaptureFixture) -> None:
    warn_without_bytecode(spec(origin, cached))
    assert caplog.text == ""
