"""The generated modules of ``frontend/widgets/`` match the catalog of the layer."""

import gzip
from pathlib import Path

from kolom.i18n.locale import available_languages
from kolom_cli.assets.catalog import modules, names_by_part, used_names, write
from tests.paths import PROJECT

WIDGETS = PROJECT / "frontend/widgets"
MAX_BYTES = 3 * 1024
MAX_CATALOG_BYTES = 512


def compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), compresslevel=9))


def test_the_modules_are_up_to_date() -> None:
    """`make catalog` updates them."""
    published = [WIDGETS / "kolom-limits.js", *WIDGETS.glob("*-catalog.js"), *WIDGETS.glob("messages/**/*.js")]
    assert {path.relative_to(WIDGETS).as_posix(): path.read_text("utf-8") for path in published} == modules()


def test_each_message_is_in_one_module() -> None:
    """No page needs all, and none loads a message twice."""
    names = names_by_part()
    assert sum(map(len, names.values())) == len(used_names())
    assert set().union(*names.values()) == used_names()
    for part, name in (("", "comments.answers"), ("search", "search.facets"), ("forms", "form.sending")):
        assert name in names[part]
    # Both a list of comments and their form use it.
    assert "comments.reply.to" in names[""]


def test_the_module_of_a_removed_language_is_deleted(tmp_path: Path) -> None:
    for name in ("messages/xx.js", "messages/forms/xx.js"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    write(tmp_path)
    for folder in ("messages", "messages/forms"):
        assert {path.stem for path in (tmp_path / folder).glob("*.js")} == available_languages()


def test_each_module_is_small() -> None:
    sizes = {code: compressed(WIDGETS / f"messages/{code}.js") for code in available_languages()}
    assert {code: size for code, size in sizes.items() if size > MAX_BYTES} == {}
    assert compressed(WIDGETS / "kolom-catalog.js") <= MAX_CATALOG_BYTES
