"""``site.toml``: valid settings, their effect, and messages about invalid ones."""

import re
import tomllib
from pathlib import Path

import pytest

from kolom.pages.theme import MENU_PLACES
from kolom_cli.assets import css, site_config
from kolom_cli.assets.site_config import Palette, SettingsError
from tests.paths import PROJECT

FRONTEND = PROJECT / "frontend"
FILES = {
    "logo.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "fonts/x.woff2": b"",
    "bad.svg": b"<svg><script/></svg>",
}


def read(folder: Path, text: str) -> site_config.SiteConfig:
    (folder / "site.toml").write_text(text)
    return site_config.load(folder, FILES)


def uncommented() -> str:
    """Return the committed file with its commented examples enabled."""
    lines = (FRONTEND / "site.toml").read_text("utf-8").splitlines()
    example = re.compile(r"# ?(\[.*\]|[a-z-]+ = .*|)$")
    return "\n".join(match[1] if (match := example.match(line)) else line for line in lines)


def test_the_committed_settings_are_the_defaults() -> None:
    found = site_config.load(FRONTEND, {})
    assert (site_config.stylesheet(found), site_config.menu_attribute(found), site_config.logo_attribute(found)) == (
        None,
        None,
        None,
    )


def test_all_examples_in_the_committed_settings_are_valid(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(uncommented())
    found = site_config.load(tmp_path, {**FILES, "fonts/literata.woff2": b""})
    assert found.colours.accent
    assert found.colours.dark.accent
    assert found.logo
    assert len(found.menu or ()) == 3
    assert found.font.faces
    # The colours in the examples are the theme's defaults.
    theme = (FRONTEND / site_config.THEME_CSS).read_text("utf-8").split("@media (prefers-color-scheme: dark)")[0]
    for name, value in found.colours.given().items():
        assert f"--{name}: {value};" in theme


def test_exactly_the_colours_of_the_theme_can_be_set() -> None:
    theme = (FRONTEND / site_config.THEME_CSS).read_text("utf-8").split("@media (prefers-color-scheme: dark)")[0]
    named = {field.alias or name for name, field in Palette.model_fields.items()}
    assert named == {name for name, _ in re.findall(r"--([\w-]+): (#[0-9a-f]{6});", theme)}
    for name in ("serif", "sans", "mono"):
        assert f"--{name}:" in theme


def test_the_stylesheet_sets_each_colour_scheme_separately(tmp_path: Path) -> None:
    text = (
        '[colours]\naccent = "oklch(46% 0.13 36)"\naccent-strong = "maroon"\n[colours.dark]\npaper = "#111"\n'
        '[font]\nserif = \'"My Face", serif\'\n[[font.faces]]\nfamily = "My Face"\nfile = "fonts/x.woff2"\n'
    )
    sheet = site_config.stylesheet(read(tmp_path, text)) or ""
    light = sheet.split("@media screen and (prefers-color-scheme: light) {")[1].split("@media")[0]
    dark = sheet.split("@media screen and (prefers-color-scheme: dark) {")[1]
    assert "--accent: oklch(46% 0.13 36);" in light
    assert "--accent-strong: maroon;" in light
    assert "--paper: #111;" in dark
    assert "--accent" not in dark
    assert '--serif: "My Face", serif;' in sheet
    assert 'src: url("../fonts/x.woff2");' in sheet


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[colours]\naccent = "nope"', "colours.accent: 'nope' is not a fixed CSS color such as #97351a, "),
        ('[colours]\naccent = "red; } body { display: none"', "colours.accent: "),
        ('[colours]\naccent = "currentColor"', "colours.accent: 'currentColor' is not a fixed CSS color"),
        ('[colours]\naccent = "CanvasText"', "colours.accent: 'CanvasText' is not a fixed CSS color"),
        ('[colours.dark]\npaper = "var(--x)"', "colours.dark.paper: "),
        ('[colours]\nbackground = "red"', "colours.background: "),
        ("colors = 1", "colors: "),
        ("[colours", "it is not TOML"),
        pytest.param(f"x = {'1' * 5000}", "a number has too many digits", id="digits"),
        ('[logo]\nfile = "none.svg"', "logo.file: 'none.svg' does not exist"),
        ('[logo]\nfile = "../logo.svg"', "logo.file: "),
        ('[logo]\nfile = "fonts/x.woff2"', "logo.file: 'fonts/x.woff2' is not an image"),
        ('[logo]\nfile = "bad.svg"', "logo.file: "),
        ('[[menu]]\npage = "shop"', "menu.1.page: "),
        ('[[menu]]\npage = "home"\n[[menu]]\nname = "About"', "menu.2: needs either `page`, or both"),
        ('[[menu]]\npage = "home"\nhref = "/"', "menu.1: needs either"),
        ('[[menu]]\nname = "X"\nhref = "javascript:alert(1)"', "menu.1.href: "),
        ('[[menu]]\nname = "X"\nhref = "//x.example/"', "menu.1.href: "),
        ('[[menu]]\nname = "X"\nhref = "/a\\nb"', "menu.1.href: "),
        ('[[menu]]\nname = { english = "X" }\nhref = "/x/"', "menu.1.name"),
        ('[[menu]]\nname = {}\nhref = "/x/"', "menu.1.name"),
        ('[font]\nserif = "x; } * { color: red"', "font.serif: "),
        ("[font]\nserif = '\"x'", "font.serif: "),
        ('[[font.faces]]\nfamily = "X"\nfile = "none.woff2"', "font.faces.1.file: 'none.woff2' does not exist"),
        ('[[font.faces]]\nfamily = "X"\nfile = "fonts/x.woff2"\nweight = "bold"', "font.faces.1.weight: "),
    ],
)
def test_an_invalid_setting_is_reported_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, text)
    assert any(problem in each for each in raised.value.problems), raised.value.problems


def test_low_contrast_is_reported_only_where_it_was_set(tmp_path: Path) -> None:
    theme = (FRONTEND / site_config.THEME_CSS).read_text("utf-8")
    assert site_config.warnings(site_config.SiteConfig(), theme) == []
    faint = read(tmp_path, '[colours]\naccent = "#e0a080"\n')
    assert [each.split(" has")[0] for each in site_config.warnings(faint, theme)] == [
        *("colours: accent on paper", "colours: accent on shade")
    ]
    night = read(tmp_path, '[colours.dark]\npaper = "oklch(60% 0.1 30)"\n')
    assert any(each.startswith("colours.dark: accent on paper") for each in site_config.warnings(night, theme))
    good = read(tmp_path, '[colours]\naccent = "maroon"\n')
    assert site_config.warnings(good, theme) == []


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [("black", "white", 21), ("white", "white", 1), ("#777", "#fff", 4.48), ("oklch(0% 0 0)", "lab(100% 0 0)", 21)],
)
def test_contrast_is_computed_as_in_wcag(first: str, second: str, ratio: float) -> None:
    assert css.contrast_ratio(first, second) == pytest.approx(ratio, abs=0.01)
    assert css.contrast_ratio("color(display-p3 1 0 0)", "white") is None


def test_the_menu_has_the_format_that_pages_read(tmp_path: Path) -> None:
    text = (
        '[[menu]]\npage = "search"\n[[menu]]\nname = "X"\nhref = "https://x.example/"\n'
        '[[menu]]\nname = { id = "Y", en = "Z" }\nhref = "/y/"\n'
    )
    assert site_config.menu_attribute(read(tmp_path, text)) == [
        {"href": "/search/", "key": "search"},
        {"href": "https://x.example/", "names": {"": "X"}},
        {"href": "/y/", "names": {"id": "Y", "en": "Z"}},
    ]
    places = site_config.MenuItem.model_json_schema()["properties"]["page"]["anyOf"][0]["enum"]
    assert set(places) == set(MENU_PLACES)


def test_the_committed_file_is_valid_toml() -> None:
    assert tomllib.loads((FRONTEND / "site.toml").read_text("utf-8")) == {"colours": {"dark": {}}}
