"""The elements follow the light or dark theme of the page, also when it changes, or have one of their own."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.embedding import FRIEND, STRICT, open_page
from tests.browser.test_embedded_style import visible_contrast
from tests.serving import Site

STYLED = f"{STRICT}; style-src 'unsafe-inline'"
SWITCHES = {
    "data-theme": ('html[data-theme="dark"]', "document.documentElement.dataset.theme = 'dark'"),
    "class of html": ("html.dark", "document.documentElement.classList.add('dark')"),
    "class of body": ("body.dark", "document.body.classList.add('dark')"),
    "data-bs-theme": ('body[data-bs-theme="dark"]', "document.body.dataset.bsTheme = 'dark'"),
}
BOXES = ("kolom-contact textarea", "kolom-contact .send", "kolom-search .field", "kolom-search .input")
WIDGETS = ["kolom-contact", "kolom-search"]


def element(blog: str, name: str = "contact", attributes: str = "") -> str:
    return f'<kolom-{name} api="{blog}" {attributes}></kolom-{name}>'


def scheme(page: Page, selector: str = "kolom-contact") -> str:
    found: str = page.locator(selector).evaluate("each => getComputedStyle(each).colorScheme")
    return found


def has_scheme(page: Page, wanted: str, selector: str = "kolom-contact") -> None:
    """Wait until the element has that colour scheme."""
    page.wait_for_function(
        "([selector, wanted]) => getComputedStyle(document.querySelector(selector)).colorScheme === wanted",
        arg=[selector, wanted],
    )


@pytest.mark.parametrize("switch", SWITCHES)
def test_elements_follow_the_theme_switch_of_the_page(chromium: Browser, blog: Site, switch: str) -> None:
    selector, action = SWITCHES[switch]
    style = f"html {{ background: #fff; color: #222 }} {selector} {{ background: #14213d; color: #f4f1e8 }}"
    body = element(blog) + element(blog, "search")
    with open_page(
        chromium, blog, body, at=FRIEND, policy=STYLED, widgets=WIDGETS, head=f"<style>{style}</style>"
    ) as page:
        expect(page.get_by_role("textbox", name="Message")).to_be_visible()
        has_scheme(page, "light")
        page.evaluate(action)
        has_scheme(page, "dark")
        has_scheme(page, "dark", "kolom-search")
        for box in BOXES[:2]:
            assert visible_contrast(page.locator(box)) >= 4.5, box


def test_the_colour_scheme_of_the_system_and_of_a_transition_are_followed(chromium: Browser, blog: Site) -> None:
    style = ":root { color-scheme: light dark } body { color: CanvasText; transition: color .2s }"
    with open_page(
        chromium, blog, element(blog), at=FRIEND, policy=STYLED, head=f"<style>{style}</style>", color_scheme="light"
    ) as page:
        expect(page.get_by_role("textbox", name="Message")).to_be_visible()
        has_scheme(page, "light")
        page.emulate_media(color_scheme="dark")
        has_scheme(page, "dark")
        page.emulate_media(color_scheme="light")
        has_scheme(page, "light")


def test_the_page_may_set_the_colour_scheme_itself(chromium: Browser, blog: Site) -> None:
    style = "body { color: #eee; background: #111 } kolom-contact { color-scheme: light }"
    with open_page(chromium, blog, element(blog), policy=STYLED, head=f"<style>{style}</style>") as page:
        expect(page.get_by_role("textbox", name="Message")).to_be_visible()
        assert scheme(page) == "light"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_element_with_a_theme_is_readable_on_every_page(
    chromium: Browser, blog: Site, theme: str, subtests: pytest.Subtests
) -> None:
    pages = {"white": "#fff", "navy": "#0a1a3f"}
    properties = ["", "--kolom-ink: #000", "--kolom-ink: #fff", "--kolom-paper: #0a1a3f", "--kolom-paper: #fff"]
    with open_page(chromium, blog, element(blog, attributes=f'theme="{theme}"'), at=FRIEND, policy=STYLED) as page:
        label = page.locator("kolom-contact label").first
        expect(label).to_be_visible()
        for name, background in pages.items():
            for each in properties:
                with subtests.test(f"{name}, {each}"):
                    page.evaluate(
                        "([background, style]) => { document.documentElement.style.cssText = style; "
                        "document.body.style.background = background; }",
                        [background, each],
                    )
                    page.wait_for_timeout(30)
                    for place in (label, page.locator("kolom-contact textarea"), page.locator("kolom-contact .send")):
                        assert visible_contrast(place) >= 4.5
                    if not each:
                        has_scheme(page, theme)


def test_the_theme_attribute_may_change(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, element(blog, attributes='theme="dark"'), at=FRIEND, policy=STYLED) as page:
        expect(page.get_by_role("textbox", name="Message")).to_be_visible()
        has_scheme(page, "dark")
        page.evaluate("document.querySelector('kolom-contact').setAttribute('theme', 'auto')")
        has_scheme(page, "light")
        expect(page.locator("kolom-contact")).to_have_css("background-color", "rgba(0, 0, 0, 0)")


def test_the_dialog_of_the_search_has_the_colours_of_the_page(chromium: Browser, blog: Site) -> None:
    style = "html { background: #14213d; color: #f4f1e8 }"
    body = element(blog, "search", 'mode="dialog"')
    with open_page(
        chromium, blog, body, at=FRIEND, policy=STYLED, widgets=WIDGETS, head=f"<style>{style}</style>"
    ) as page:
        page.get_by_role("button", name="Search").click()
        page.get_by_role("combobox").fill("bali")
        expect(page.get_by_role("option").first).to_be_visible()
        for place in ("strong", "span", "mark"):
            assert visible_contrast(page.get_by_role("option").first.locator(place).first) >= 4.5, place
        assert visible_contrast(page.get_by_role("dialog").get_by_role("status")) >= 4.5


@pytest.mark.parametrize(
    ("lang", "label"),
    [("zh_CN", "发送"), ("zh-Hans", "发送"), ("pt-br", "Enviar"), ("PT_BR", "Enviar"), ("xx", "Send"), ("", "Send")],
)
def test_language_tags_have_many_forms(chromium: Browser, blog: Site, lang: str, label: str) -> None:
    with open_page(chromium, blog, element(blog), lang=lang, locale="en-US") as page:
        expect(page.get_by_role("button", name=label)).to_be_visible()
