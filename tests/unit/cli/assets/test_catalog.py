"""The generated modules of ``frontend/widgets/`` match the catalog of the layer."""

import gzip
from pathlib import Path

from kolom.i18n.locale import available_languages
from kolom_cli.assets.catalog import modules, write
from tests.paths import PROJECT

WIDGETS = PROJECT / "frontend/widgets"
MAX_BYTES = 3 * 1024
MAX_CATALOG_BYTES = 512


def compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), compresslevel=9))


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
