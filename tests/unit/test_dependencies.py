"""Every package is locked with a hash, so that nothing else is installed under its name and version."""

import json
import re
import tomllib
from functools import cache
from typing import Any, Final

import pytest

from tests.paths import PROJECT

HASH: Final = re.compile(r"sha256:[0-9a-f]{64}")


@cache
def locked() -> dict[tuple[str, str], set[str]]:
    """Return the hashes of the files of each package in ``uv.lock``, by name and version."""
    packages = tomllib.loads((PROJECT / "uv.lock").read_text("utf-8"))["package"]
    return {
        (package["name"], package["version"]): {file["hash"] for file in files(package)}
        for package in packages
        if package["source"] != {"editable": "."}
    }


def files(package: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files of a package: its wheels, and its source if there is one."""
    found: list[dict[str, Any]] = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    return found


def test_every_file_in_the_lock_has_a_hash() -> None:
    assert len(locked()) > 100
    for name, hashes in locked().items():
        assert hashes, name
        assert all(HASH.fullmatch(each) for each in hashes), name


def test_the_layer_has_the_versions_and_hashes_of_the_lock() -> None:
    text = (PROJECT / "layers/shared/requirements.txt").read_text("utf-8")
    entries = re.findall(r"^([\w.-]+)==([^\s;]+)([^\n]*(?:\n {4}--hash=\S+(?: \\)?)+)", text, re.MULTILINE)
    assert len(entries) == len(re.findall(r"^\S+==", text, re.MULTILINE)) > 20
    for name, version, rest in entries:
        assert set(HASH.findall(rest)) == locked()[name, version], name


@pytest.mark.parametrize("folder", ["", "tests/browser/generators/eleventy"])
def test_every_package_of_npm_has_a_checksum_and_names_no_registry(folder: str) -> None:
    """These packages check the scripts and pages, and build a site for the browser tests; none of them is deployed."""
    text = (PROJECT / folder / "package-lock.json").read_text("utf-8")
    packages = json.loads(text)["packages"]
    assert len(packages) > 50
    assert '"resolved"' not in text
    for name, entry in packages.items():
        assert not name or entry["integrity"].startswith("sha512-"), name
