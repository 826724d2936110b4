"""Automatic checks of accessibility and of valid HTML: axe-core and html-validate on every page."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.embedding import open_html
from tests.browser.pages import ARTICLE, EVERY
from tests.paths import PROJECT
from tests.serving import fetch

MODULES = PROJECT / "node_modules"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the source code of axe-core, which runs in the page."""
    file = MODULES / "axe-core/axe.min.js"
    if not file.exists():
        pytest.skip("axe-core is not installed: make browser does that")
    return file.read_text(encoding="utf-8")


def violations(page: Page, axe: str, rules: dict[str, Any]) -> list[str]:
    """Return the violations that axe finds on the page, one line each. It waits for the styles of the page."""
    page.wait_for_load_state("load")
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run({runOnly: rules})", rules)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("path", EVERY)
def test_every_page_passes_the_accessibility_rules(visitor: Visitor, axe: str, path: str) -> None:
    with visitor.visit(path, width=390, height=800) as page:
        assert violations(page, axe, {"type": "tag", "values": RULES}) == []
        page.emulate_media(color_scheme="dark")
        assert violations(page, axe, {"type": "rule", "values": ["color-contrast"]}) == []
    visitor.ignore_status_errors()


def test_elements_in_use_pass_the_accessibility_rules(visitor: Visitor, axe: str) -> None:
    rules = {"type": "tag", "values": RULES}
    with visitor.visit(ARTICLE, width=390, height=800) as page:
        page.locator("kolom-comments").scroll_into_view_if_needed()
        expect(page.locator("kolom-comments .write")).to_be_visible()
        page.get_by_role("button", name="Kirim").click()
        expect(page.get_by_text("Mohon periksa isian yang ditandai.")).to_be_visible()
        page.locator("kolom-comments").get_by_role("textbox", name="Komentar").fill("Sebuah *komentar*.")
        page.get_by_role("button", name="Pratinjau").click()
        assert violations(page, axe, rules) == []
        page.goto("/contact/")
        page.get_by_role("button", name="Kirim").click()
        assert violations(page, axe, rules) == []
        page.goto("/search/?q=bali")
        page.locator("kolom-search summary:visible").click()
        assert violations(page, axe, rules) == []
        page.goto("/assets/demo/index.html")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert violations(page, axe, rules) == []


def test_confirmation_and_error_pages_pass_the_accessibility_rules(chromium: Browser, site: str, axe: str) -> None:
    page = chromium.new_page(locale="id-ID")
    for address, heading in (("", "Pesan Anda belum terkirim"), ("budi@example.com", "Terima kasih atas pesan Anda")):
        form = f"""<form method=post action="/api/contact"><input name=email value="{address}">
          <textarea name=message>Halo.</textarea><button>Kirim</button></form>"""
        open_html(page, site, form)
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert violations(page, axe, {"type": "tag", "values": RULES}) == []
    page.close()


def test_every_page_is_valid_html(site: str, tmp_path: Path) -> None:
    validator = MODULES / ".bin/html-validate"
    if not validator.exists():
        pytest.skip("html-validate is not installed: make browser does that")
    for number, path in enumerate(EVERY):
        (tmp_path / f"{number}.html").write_bytes(fetch(site, path)[2])
    ran = subprocess.run(
        [validator, "--config", PROJECT / "tests/browser/htmlvalidate.json", "--formatter", "json", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    problems = {
        f"{EVERY[int(Path(file['filePath']).stem)]}: {message['ruleId']}: {message['message']}"
        for file in json.loads(ran.stdout)
        for message in file["messages"]
    }
    assert sorted(problems) == []
