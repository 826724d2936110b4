"""Fingerprinted file names, which depend on the content of a file and of its imports."""

from pathlib import Path

import pytest

from kolom_cli.assets.deployment import build
from kolom_cli.assets.fingerprint import CONTENT_TYPES, Asset, AssetError, collect, is_hashed, with_hashes
from tests.paths import PROJECT

FRONTEND = PROJECT / "frontend"


def hashed(**files: str) -> dict[str, Asset]:
    """Return the assets of files by name; in the keywords ``__`` is a slash and ``_`` a full stop."""
    named = {name.replace("__", "/").replace("_", "."): text.encode() for name, text in files.items()}
    return {asset.name: asset for asset in with_hashes(named)}


def test_only_the_fingerprinted_copy_of_a_module_imports_fingerprinted_files() -> None:
    source = (
        'import { a } from "./b.js";\nimport "./b.js";\nexport * from\n  "../c.js";\n'
        "const d = await import('./b.js?x=1');\nnew Worker(new URL('./b.js', import.meta.url));\n"
    )
    assets = hashed(w__a_js=source, w__b_js="export const a = 1;", c_js="")
    b, c = assets["w/b.js"].hashed_name.removeprefix("w/"), assets["c.js"].hashed_name
    assert assets["w/a.js"].hashed_content.decode() == (
        f'import {{ a }} from "./{b}";\nimport "./{b}";\nexport * from\n  "../{c}";\n'
        f"const d = await import('./{b}?x=1');\nnew Worker(new URL('./{b}', import.meta.url));\n"
    )
    assert assets["w/a.js"].content.decode() == source
    assert assets["w/b.js"].content == assets["w/b.js"].hashed_content


@pytest.mark.parametrize(
    "text",
    [
        'import x from "https://x.example/b.js";',
        'import x from "lit";',
        'const path = "./b.js";',
        'new URL("./b.js", document.baseURI)',
        'fetch("./b.js")',
    ],
)
def test_text_that_imports_no_file_of_the_site_is_unchanged(text: str) -> None:
    assert hashed(a_js=text, b_js="")["a.js"].hashed_content.decode() == text


def test_a_stylesheet_refers_to_fingerprinted_files() -> None:
    css = (
        '/* url(gone.png) */ @import "b.css"; @import url(b.css) print;\n'
        ".x { background: url(../i.png), url('../i.png#a'), image-set(url(\"../i.png\") 2x); content: '../i.png' }\n"
        ".y { background: url(data:image/png;base64,AA), url(https://x.example/i.png), url(/media/i.png), url(#a) }\n"
    )
    assets = hashed(t__a_css=css, t__b_css="", i_png="png")
    b, i = assets["t/b.css"].hashed_name.removeprefix("t/"), f"../{assets['i.png'].hashed_name}"
    written = assets["t/a.css"].hashed_content.decode()
    assert f'/* url(gone.png) */ @import "{b}"; @import url("{b}") print;' in written
    assert f'url("{i}"), url("{i}#a"), image-set(url("{i}") 2x)' in written
    assert 'content: "../i.png"' in written.replace("'", '"')
    for kept in ("data:image/png;base64,AA", "https://x.example/i.png", "/media/i.png", "#a"):
        assert f'url("{kept}")' in written


def test_a_name_changes_if_an_import_changed_and_not_otherwise() -> None:
    first = hashed(a_js='import "./b.js";', b_js='import "./c.js";', c_js="1", d_js="")
    second = hashed(a_js='import "./b.js";', b_js='import "./c.js";', c_js="2", d_js="")
    changed = {name for name in first if first[name].hashed_name != second[name].hashed_name}
    assert changed == {"a.js", "b.js", "c.js"}


def test_imported_files_come_first() -> None:
    assert list(hashed(a_js='import "./b.js";', b_js='import "./c.js";', c_js="")) == ["c.js", "b.js", "a.js"]


def test_import_cycles_and_missing_files_are_errors_that_name_them() -> None:
    with pytest.raises(AssetError, match=r"a\.js → b\.js → a\.js"):
        hashed(a_js='import "./b.js";', b_js='import "./a.js";')
    with pytest.raises(AssetError, match=r"a\.js → a\.js"):
        hashed(a_js='import "./a.js";')
    for text in ('import "./none.js";', 'import "../../b.js";'):
        with pytest.raises(AssetError, match=r"a\.js refers to"):
            hashed(a_js=text, b_js="")
    with pytest.raises(AssetError, match=r"a\.css refers to 'none\.png'"):
        hashed(a_css="x { background: url(none.png) }")
    with pytest.raises(AssetError, match="not UTF-8"):
        with_hashes({"a.css": b"\xff"})


def test_a_fingerprinted_name_keeps_its_folder_and_extension() -> None:
    asset = hashed(theme__kolom_min_css="x{}")["theme/kolom.min.css"]
    assert asset.hashed_name.startswith("theme/kolom.min.")
    assert asset.hashed_name.endswith(".css")
    assert is_hashed(asset.hashed_name)
    assert not is_hashed(asset.name)
    assert asset.content_type == "text/css; charset=utf-8"


def test_tests_packages_and_the_demonstration_are_excluded(tmp_path: Path) -> None:
    for name in (
        *("theme/kolom.css", "widgets/a.js", "favicon.svg", "package.json", "package-lock.json", "site.toml"),
        *("node_modules/x/index.js", "tests/a.js", "widgets/a.test.js", "demo/demo.css", ".git/x.js", "x.config.mjs"),
        *("README.md", ".hidden.css", "widgets/a.d.ts"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert list(collect(tmp_path)) == ["favicon.svg", "theme/kolom.css", "widgets/a.js"]


def test_the_projects_frontend_is_consistent() -> None:
    assets = build(FRONTEND).assets
    assert {"theme/kolom.css", "favicon.svg", "widgets/kolom-articles.js"} <= {asset.name for asset in assets}
    assert all(asset.content_type in CONTENT_TYPES.values() for asset in assets)
