"""`<kolom-search mode="dialog">`: opening, choosing a result with the keyboard, and closing."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.embedding import FRIEND, STRICT, open_page, problem, respond_with
from tests.browser.test_embedded_style import visible_contrast
from tests.serving import Site

PAGE = (
    '<p><input id="field"> <textarea id="area"></textarea> <b id="rich" contenteditable>x</b> '
    '<a href="#" id="a">x</a></p>'
)


def element(blog: str, attributes: str = "") -> str:
    return f'<kolom-search api="{blog}" mode="dialog" {attributes}><form><input name="q"></form></kolom-search>'


def opened(page: Page, text: str = "") -> None:
    """Open the dialog by its button, type, and wait for results."""
    page.get_by_role("button", name="Search").click()
    if text:
        page.get_by_role("combobox").fill(text)
        expect(page.get_by_role("option").first).to_be_visible()


def selected(page: Page) -> int:
    states = [option.get_attribute("aria-selected") for option in page.get_by_role("option").all()]
    assert states.count("true") == 1
    return states.index("true")


def test_results_are_shown_while_typing_and_link_to_their_pages(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, PAGE + element(blog), at=FRIEND, widgets=["kolom-search"]) as page:
        opened(page, "komunik")
        option = page.get_by_role("option").first
        expect(option).to_have_attribute("href", re.compile(rf"^{blog}/[\w-]+/$"))
        expect(option.locator("mark").first).to_have_text(re.compile("komunik", re.IGNORECASE))
        expect(page.get_by_role("dialog").get_by_role("status")).to_have_text(
            re.compile(r"\d+ results? for|of \d+ results")
        )
        expect(page.get_by_role("combobox")).to_have_attribute("aria-expanded", "true")
        page.get_by_role("combobox").fill("xqzxqz")
        expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("No articles match")
        expect(page.get_by_role("option")).to_have_count(0)
        assert page.url == f"{FRIEND}/a-page"


def test_a_dialog_whose_script_cannot_be_loaded_is_reported_and_opens_later(chromium: Browser, blog: Site) -> None:
    failed = ["Failed to load resource", "Failed to fetch dynamically imported module"]
    with open_page(chromium, blog, element(blog), at=FRIEND, widgets=["kolom-search"], complaints=failed) as page:
        page.evaluate("addEventListener('kolom-error', () => window.failed = true, true)")
        page.route("**/kolom-search-dialog*.js", lambda route: route.abort())
        page.get_by_role("button", name="Search").click()
        page.wait_for_function("window.failed")
        page.unroute("**/kolom-search-dialog*.js")
        opened(page, "komunik")
        expect(page.get_by_role("dialog")).to_be_visible()


def test_arrow_keys_choose_and_enter_opens(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, element(blog, 'link="/posts/{slug}/"'), at=FRIEND, widgets=["kolom-search"]) as page:
        opened(page, "bali")
        box = page.get_by_role("combobox")
        count = page.get_by_role("option").count()
        assert count > 1
        assert selected(page) == 0
        box.press("ArrowDown")
        assert selected(page) == 1
        active = page.get_by_role("option").nth(1).get_attribute("id") or "?"
        expect(box).to_have_attribute("aria-activedescendant", active)
        box.press("ArrowUp")
        box.press("ArrowUp")
        assert selected(page) == count - 1
        expect(page.get_by_role("option").nth(count - 1)).to_be_in_viewport()
        href = page.get_by_role("option").nth(count - 1).get_attribute("href") or "?"
        page.route("**/posts/**", lambda route: route.fulfill(body="<title>There</title>", content_type="text/html"))
        box.press("Enter")
        page.wait_for_url(href)


@pytest.mark.parametrize("key", ["/", "Control+k", "Meta+k"])
def test_a_key_opens_the_dialog_and_escape_returns_the_focus(chromium: Browser, blog: Site, key: str) -> None:
    with open_page(chromium, blog, PAGE + element(blog), at=FRIEND, widgets=["kolom-search"]) as page:
        expect(page.get_by_role("button", name="Search")).to_be_visible()
        page.locator("#a").focus()
        page.keyboard.press(key)
        box = page.get_by_role("combobox")
        expect(box).to_be_focused()
        expect(box).to_have_value("")
        page.keyboard.type("a / b")
        expect(box).to_have_value("a / b")
        box.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.locator("#a")).to_be_focused()
        page.keyboard.press(key)
        expect(box).to_have_value("a / b")
        assert box.evaluate("each => each.selectionEnd - each.selectionStart") == 5


def test_keys_in_a_field_are_text(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, PAGE + element(blog), at=FRIEND, widgets=["kolom-search"]) as page:
        expect(page.get_by_role("button", name="Search")).to_be_visible()
        for field in ("#field", "#area", "#rich"):
            page.locator(field).focus()
            page.keyboard.press("/")
            page.keyboard.press("Control+k")
            expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.locator("#field")).to_have_value("/")


def test_an_open_dialog_keeps_the_colours_of_the_page(chromium: Browser, blog: Site) -> None:
    """An attribute may change, or the page's theme."""
    with open_page(chromium, blog, element(blog), at=FRIEND, widgets=["kolom-search"]) as page:
        page.evaluate("document.body.style.color = 'rgb(10, 20, 30)'")
        page.locator("kolom-search").evaluate("each => (each.style.color = '#fff')")
        opened(page)
        page.locator("kolom-search").evaluate("each => each.reload()")
        expect(page.get_by_role("dialog")).to_have_css("color", "rgb(10, 20, 30)")


def test_the_dialog_closes_by_its_button_a_click_outside_and_its_removal(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, PAGE + element(blog), at=FRIEND, widgets=["kolom-search"]) as page:
        opener = page.get_by_role("button", name="Search")
        opened(page, "bali")
        page.get_by_role("button", name="Cancel").click()
        expect(opener).to_be_focused()
        opened(page)
        page.mouse.click(5, 5)
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(opener).to_be_focused()
        opened(page)
        page.evaluate("document.querySelector('kolom-search').remove()")
        page.keyboard.press("/")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_failure_is_shown_and_the_next_letter_tries_again(chromium: Browser, blog: Site) -> None:
    with (
        open_page(
            chromium, blog, element(blog), widgets=["kolom-search"], complaints=["Failed to load resource"]
        ) as page,
        respond_with(page, "GET", "**/api/search?*", problem(503)),
    ):
        page.get_by_role("button", name="Search").click()
        page.get_by_role("combobox").fill("bal")
        expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("Search is not available right now.")
        page.get_by_role("combobox").press_sequentially("i")
        expect(page.get_by_role("option").first).to_be_visible()


def test_the_module_of_the_dialog_is_loaded_when_it_is_needed(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, "", at=FRIEND, widgets=[]) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.evaluate(
            """async ([html, blog]) => {
                document.querySelector("main").innerHTML = html;
                await import(`${blog}/assets/widgets/kolom-search.js`);
            }""",
            [element(blog), str(blog)],
        )
        opener = page.get_by_role("button", name="Search")
        expect(opener).to_be_visible()
        assert not [url for url in asked if "dialog" in url or "/api/" in url]
        opener.hover()
        page.wait_for_timeout(200)
        assert [url for url in asked if "kolom-search-dialog.js" in url]
        opener.click()
        expect(page.get_by_role("combobox")).to_be_focused()


def test_the_dialog_is_readable_whatever_the_style_of_the_header(chromium: Browser, blog: Site) -> None:
    header = "font: 700 8px/1 serif; letter-spacing: 3px; text-transform: uppercase; white-space: nowrap"
    style = f"<style>html {{ color: rgb(0 0 0 / .6) }} header {{ {header} }}</style>"
    policy = f"{STRICT}; style-src 'unsafe-inline'"
    body = f"<header>{element(blog)}</header>"
    with open_page(chromium, blog, body, at=FRIEND, widgets=["kolom-search"], head=style, policy=policy) as page:
        opened(page, "bali")
        result = page.get_by_role("option").first.locator("span")
        for name, value in {"text-transform": "none", "letter-spacing": "normal", "font-weight": "400"}.items():
            expect(result).to_have_css(name, value)
        assert float(result.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")) >= 14
        background = page.get_by_role("dialog").evaluate("each => getComputedStyle(each).backgroundColor")
        assert "/" not in background
        assert not background.startswith("rgba")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dialog_in_a_coloured_header_has_the_colours_of_the_page(
    chromium: Browser, blog: Site, scheme: str
) -> None:
    page_ink, header_ink = ("rgb(34, 34, 34)", "#fff") if scheme == "light" else ("rgb(221, 221, 221)", "#000")
    style = f"<style>body {{ color: {page_ink} }} header {{ color: {header_ink} }}</style>"
    policy = f"{STRICT}; style-src 'unsafe-inline'"
    body = f"<header>{element(blog)}</header>"
    with open_page(chromium, blog, body, at=FRIEND, widgets=["kolom-search"], head=style, policy=policy) as page:
        opened(page, "bali")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_have_css("color", page_ink)
        expect(dialog).to_have_css("color-scheme", scheme)
        assert visible_contrast(page.get_by_role("option").first) >= 7


@pytest.mark.parametrize(("width", "height"), [(1100, 600), (390, 500)])
def test_a_long_list_of_results_fits_into_the_window(chromium: Browser, blog: Site, width: int, height: int) -> None:
    viewport = {"width": width, "height": height}
    with open_page(chromium, blog, element(blog), at=FRIEND, widgets=["kolom-search"], viewport=viewport) as page:
        opened(page, "after:2000")
        box = page.get_by_role("dialog").bounding_box()
        assert box is not None
        assert box["height"] > height * 0.7
        assert box["y"] + box["height"] <= height
