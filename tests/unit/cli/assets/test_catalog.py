"""The generated modules of ``frontend/widgets/`` match the catalog of the layer, and an element loads one language."""

import gzip
import re
from pathlib import Path

import pytest

from kolom.i18n.locale import available_languages
from kolom_cli.assets.catalog import modules, write
from tests.paths import PROJECT

WIDGETS = PROJECT / "frontend/widgets"
ELEMENTS = {
    "kolom-articles.js": 17,
    "kolom-comments.js": 25,
    "kolom-contact.js": 23,
    "kolom-count.js": 17,
    "kolom-recent-comments.js": 15,
    "kolom-related.js": 16,
    "kolom-search.js": 27,
}
"""How many KB each element may have, compressed, with all that it loads at once for one language."""

MAX_BYTES = 3 * 1024
MAX_CATALOG_BYTES = 512


def compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), compresslevel=9))


def imported(path: Path) -> set[Path]:
    """Return a module and all that it imports statically, also indirectly."""
    source = path.read_text("utf-8")
    names = re.findall(r"^\s*import\b[^\"'(]*[\"'](.+?)[\"']", source, re.MULTILINE)
    return {path}.union(*(imported(path.parent / name) for name in names))


def test_the_modules_are_up_to_date() -> None:
    """`make catalog` updates them."""
    published = ["kolom-catalog.js", *(f"messages/{path.name}" for path in WIDGETS.glob("messages/*"))]
    assert {name: (WIDGETS / name).read_text("utf-8") for name in published} == modules()


def test_the_module_of_a_removed_language_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages/xx.js").write_text("")
    write(tmp_path)
    assert {path.stem for path in tmp_path.glob("messages/*")} == available_languages()


def test_each_module_is_small() -> None:
    sizes = {code: compressed(WIDGETS / f"messages/{code}.js") for code in available_languages()}
    assert {code: size for code, size in sizes.items() if size > MAX_BYTES} == {}
    assert compressed(WIDGETS / "kolom-catalog.js") <= MAX_CATALOG_BYTES


@pytest.mark.parametrize("name", ELEMENTS)
def test_an_element_imports_no_messages_before_it_knows_its_language(name: str) -> None:
    """Otherwise every page would load all languages."""
    paths = imported(WIDGETS / name)
    assert WIDGETS / "kolom-catalog.js" in paths
    assert [path for path in paths if path.parent.name == "messages"] == []


@pytest.mark.parametrize("name", ELEMENTS)
def test_an_element_is_small_with_all_that_it_loads(name: str) -> None:
    messages = max(compressed(WIDGETS / f"messages/{code}.js") for code in available_languages())
    assert sum(map(compressed, imported(WIDGETS / name))) + messages <= ELEMENTS[name] * 1024
