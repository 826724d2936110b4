"""The examples in docstrings are correct."""

import doctest
import importlib
from collections.abc import Iterator

import pytest

from tests.paths import PROJECT


def modules_with_examples() -> Iterator[str]:
    for root, package in ((PROJECT / "layers/shared", "kolom"), (PROJECT / "cli", "kolom_cli")):
        for path in sorted((root / package).rglob("*.py")):
            if ">>> " in path.read_text("utf-8"):
                yield ".".join(path.relative_to(root).with_suffix("").parts)


@pytest.mark.parametrize("module", list(modules_with_examples()))
def test_examples_return_what_they_show(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert (result.attempted > 0, result.failed) == (True, 0)
