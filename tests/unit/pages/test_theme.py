"""The colours of the theme, and the size of the widgets."""

import gzip
import re
from pathlib import Path

import pytest

from kolom.i18n.locale import available_languages
from kolom_cli.assets.catalog import PARTS
from tests.paths import PROJECT

FRONTEND = PROJECT / "frontend"
MAX_WIDGET_BYTES = 11 * 1024
SHARED = {
    f"./kolom-{name}.js" for name in ("catalog", "element", "facets", "field", "form", "limits", "markup", "page")
}
CATALOGS = {f"./kolom-{part}-catalog.js" for part in PARTS}


def colours(scheme: str) -> dict[str, str]:
    """Return the colours among the custom properties of a colour scheme."""
    css = (FRONTEND / "theme/kolom.css").read_text(encoding="utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)", 1)
    block = light if scheme == "light" else dark.split("/* ---- elements")[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "soft", "accent", "accent-strong"])
@pytest.mark.parametrize("ground", ["paper", "shade"])
def test_text_has_enough_contrast(scheme: str, text: str, ground: str) -> None:
    """WCAG 2.2, 1.4.3 requires at least 4.5 to 1."""
    palette = colours(scheme)
    assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_and_highlights_are_visible(scheme: str) -> None:
    palette = colours(scheme)
    assert contrast(palette["focus"], palette["paper"]) >= 3
    assert contrast(palette["ink"], palette["mark"]) >= 4.5


@pytest.mark.parametrize("widget", sorted(FRONTEND.glob("widgets/*.js")), ids=lambda file: file.stem)
def test_a_widget_is_small_and_imports_only_shared_modules(widget: Path) -> None:
    source = widget.read_text(encoding="utf-8")
    assert len(gzip.compress(source.encode(), compresslevel=9)) <= MAX_WIDGET_BYTES
    imported = re.findall(r"^\s*import\b(?!\().*?[\"'](.+?)[\"']", source, re.MULTILINE | re.DOTALL)
    assert set(imported) <= SHARED | CATALOGS
    dynamic = re.findall(r"\bimport\((.*?)\)", re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL))
    names = ("articles", "comments", "contact", "count", "recent-comments", "related", "search")
    allowed = {
        "kolom-catalog.js": {f'"./messages/{code}.js"' for code in available_languages()},
        **{
            f"kolom-{part}-catalog.js": {f'"./messages/{part}/{code}.js"' for code in available_languages()}
            for part in PARTS
        },
        "kolom-comments.js": {f'"./kolom-{name}.js"' for name in ("comment-writer", "form", "forms-catalog")},
        "kolom-element.js": {'"./kolom-advice.js"'},
        "kolom-form.js": {'"./kolom-preview.js"', '"./kolom-submission.js"'},
        "kolom-page.js": {'"./kolom-advice.js"'},
        "kolom-search.js": {f'"./kolom-{name}.js"' for name in ("facets", "search-dialog", "search-results")},
        "kolom.js": {f'"./kolom-{name}.js"' for name in names},
    }
    assert set(dynamic) == allowed.get(widget.name, set())


def test_the_style_sheets_make_no_requests() -> None:
    css = (FRONTEND / "theme/kolom.css").read_text(encoding="utf-8") + (FRONTEND / "demo/demo.css").read_text("utf-8")
    assert not re.search(r"url\(|@import|https?:", css)
