"""The elements on pages of other sites: distances, colours, and messages about failures."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kolom_cli.assets.css import contrast_ratio
from tests.browser.embedding import FRIEND, STRICT, open_page, problem, respond_with
from tests.serving import Site, send

STRANGER = "http://localhost:9798"
STYLED = f"{STRICT}; style-src 'unsafe-inline'"
NAMES = ("articles", "search", "comments", "contact")
NO_RESPONSE = r"blocked by CORS|Failed to load resource|does not allow this site"
UNREACHABLE = "The site did not answer. Please check your connection, or try again later."
INKS = {"light": {"navy": "#0a1a3f", "red": "#b00020"}, "dark": {"white": "#ffffff", "yellow": "#ffe45c"}}
"""Colours of text that are readable on a page of that scheme."""

COLORS = {"navy": "#0a1a3f", "white": "#ffffff", "yellow": "#ffe45c", "red": "#d00000", "grey": "#8a8a8a"}


def elements(blog: str, *names: str) -> str:
    """Return the markup of these elements with their scripts."""
    scripts = (f'<script type="module" src="{blog}/assets/widgets/kolom-{name}.js"></script>' for name in set(names))
    article = "china-russia-agree-to-deepen-strategic-cooperation"
    return "".join([*scripts, *(f'<kolom-{name} api="{blog}" article="{article}"></kolom-{name}>' for name in names)])


def gap(page: Page, first: str, second: str) -> float:
    """Return the vertical distance of two elements."""
    upper, lower = page.locator(first).bounding_box(), page.locator(second).bounding_box()
    assert upper is not None
    assert lower is not None
    return lower["y"] - upper["y"] - upper["height"]


def test_elements_that_follow_each_other_do_not_touch(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, elements(blog, *NAMES), at=FRIEND) as page:
        expect(page.locator("kolom-articles h2").first).to_be_visible()
        for before, after in pairwise(NAMES):
            assert gap(page, f"kolom-{before}", f"kolom-{after}") >= 24
        assert gap(page, "main", "kolom-articles") <= 0


@pytest.mark.parametrize(
    ("style", "distance"),
    [
        ("display: flex; flex-direction: column", 32),
        ("display: flex; flex-direction: column; gap: 10px", 10),
        ("display: grid; gap: 10px", 10),
    ],
)
def test_the_page_determines_the_distances_in_its_flex_and_grid_layouts(
    chromium: Browser, blog: Site, style: str, distance: float
) -> None:
    with open_page(chromium, blog, "", at=FRIEND) as page:
        page.evaluate(
            """async ([html, style, blog]) => {
                const main = document.querySelector("main");
                main.style.cssText = style;
                main.innerHTML = html;
                for (const name of ["search", "contact"]) await import(`${blog}/assets/widgets/kolom-${name}.js`);
            }""",
            [elements(blog, "search", "contact"), style, str(blog)],
        )
        expect(page.locator("kolom-contact").get_by_role("button", name="Send")).to_be_visible()
        assert gap(page, "kolom-search", "kolom-contact") == pytest.approx(distance, abs=0.5)


def test_an_element_that_is_moved_to_the_top_loses_its_distance(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, elements(blog, "search", "contact"), at=FRIEND) as page:
        expect(page.locator("kolom-contact").get_by_role("button", name="Send")).to_be_visible()
        page.evaluate("document.querySelector('main').prepend(document.querySelector('kolom-contact'))")
        assert page.locator("kolom-contact").evaluate("each => getComputedStyle(each).marginTop") == "0px"


def visible_contrast(place: Locator) -> float:
    """Return the contrast of an element's text with all backgrounds behind it, drawn over each other."""
    text, background = place.evaluate(
        """place => {
            const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            const behind = [];
            for (let node = place; node; node = node.assignedSlot ?? node.parentElement ?? node.getRootNode().host) {
                behind.unshift(getComputedStyle(node).backgroundColor);
            }
            const draw = (...layers) => {
                const { colorScheme } = getComputedStyle(document.documentElement);
                canvas.fillStyle = colorScheme === "dark" ? "#121212" : "#fff";
                for (const layer of [null, ...layers]) {
                    if (layer) canvas.fillStyle = layer;
                    canvas.fillRect(0, 0, 1, 1);
                }
                const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
                return `#${[red, green, blue].map((each) => each.toString(16).padStart(2, "0")).join("")}`;
            };
            return [draw(...behind, getComputedStyle(place).color), draw(...behind)];
        }"""
    )
    ratio = contrast_ratio(text, background)
    assert ratio is not None
    return ratio


def places(page: Page) -> dict[str, Locator]:
    """Return elements with text that have a background of their own."""
    return {
        "suggestion": page.locator("kolom-search .option").first,
        "caption": page.locator("kolom-search .caption").first,
        "chosen suggestion": page.locator("kolom-search .option[aria-selected=true]"),
        "match": page.locator("kolom-search .option mark").first,
        "filter": page.locator("kolom-search select").first,
        "field": page.locator("kolom-contact textarea"),
        "button": page.locator("kolom-contact .send"),
        "plain button": page.locator("kolom-comments .thread button:not(.send)").first,
        "comment field": page.locator("kolom-comments .thread textarea"),
        "label on shade": page.locator("kolom-comments .thread label").first,
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_colour_can_be_set_alone(chromium: Browser, blog: Site, scheme: str) -> None:
    article = "china-russia-agree-to-deepen-strategic-cooperation"
    send(blog, f"/api/articles/{article}/comments", {"name": "Siti", "content": f"A comment, {scheme}."})
    with open_page(chromium, blog, elements(blog, "search", "comments", "contact"), at=FRIEND, policy=STYLED) as page:
        page.add_style_tag(content=f":root {{ color-scheme: {scheme}; }}")
        page.locator("kolom-comments").get_by_role("button", name="Reply to Siti").first.click()
        # It takes the focus.
        expect(page.get_by_role("form", name="Reply to Siti")).to_be_visible()
        page.get_by_role("combobox").first.fill("komunike")
        page.get_by_role("combobox").first.press("Enter")
        page.locator("kolom-search summary").click()
        page.get_by_role("combobox").first.fill("chi")
        expect(page.locator("kolom-search .option").first).to_be_visible()
        page.get_by_role("combobox").first.press("ArrowDown")
        low = {}
        backgrounds = {**COLORS, "translucent": "#8882", "none": ""}
        for name, colors in {
            **dict.fromkeys(("paper", "shade", "accent", "mark"), backgrounds),
            "ink": INKS[scheme],
        }.items():
            for color, value in colors.items():
                page.evaluate(
                    """([name, value]) => {
                        document.documentElement.removeAttribute("style");
                        document.documentElement.style.setProperty(name, value);
                    }""",
                    [f"--kolom-{name}", value],
                )
                for place, locator in places(page).items():
                    if (ratio := visible_contrast(locator)) < 4.5:
                        low[f"{place}, {name} {color}"] = round(ratio, 1)
        assert low == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_elements_are_readable_on_a_page_with_its_own_colours(chromium: Browser, blog: Site, scheme: str) -> None:
    ink, paper = ("#222222", "#f4f1e8") if scheme == "light" else ("#f4f1e8", "#14213d")
    with open_page(chromium, blog, elements(blog, "search", "contact"), at=FRIEND, policy=STYLED) as page:
        page.add_style_tag(content=f"html {{ background: {paper}; color: {ink}; }}")
        page.get_by_role("combobox").first.fill("chi")
        expect(page.locator("kolom-search .option").first).to_be_visible()
        page.get_by_role("combobox").first.press("ArrowDown")
        for name in ("suggestion", "caption", "chosen suggestion", "field", "button"):
            assert visible_contrast(places(page)[name]) >= 4.5, name


def test_a_site_that_is_not_allowed_is_told_what_to_do(chromium: Browser, blog: Site) -> None:
    logged: list[str] = []
    scripts = f"{blog}/assets/widgets"
    body = elements(blog, "articles", "comments")
    with open_page(chromium, blog, body, at=STRANGER, scripts=scripts, complaints=[NO_RESPONSE]) as page:
        page.goto("about:blank")  # what the first visit logs late does not count
        page.on("console", lambda message: logged.append(message.text))
        with page.expect_console_message(lambda message: "AllowedOrigins" in message.text):
            page.goto("/a-page")
        for name, failed in (
            ("articles", "The articles cannot be loaded right now."),
            ("comments", "The comments cannot be loaded right now."),
        ):
            status = page.locator(f"kolom-{name}").get_by_role("status")
            expect(status).to_have_text(f"{failed} {UNREACHABLE}")
            expect(page.locator(f"kolom-{name}").get_by_role("button", name="Try again")).to_be_visible()
        (advice,) = [text for text in logged if "AllowedOrigins" in text]
        assert f"the blog at {blog} does not allow this site" in advice
        assert f"kolom deploy --parameter AllowedOrigins={STRANGER}" in advice


def test_every_element_shows_a_failure_in_the_same_way(chromium: Browser, blog: Site) -> None:
    failed = [problem(503)] * 4
    with (
        open_page(chromium, blog, elements(blog, *NAMES), complaints=["Failed to load resource"]) as page,
        respond_with(page, "GET", "**/api/articles?*", *failed),
        respond_with(page, "GET", "**/api/search?*", *failed),
        respond_with(page, "GET", "**/comments?*", *failed),
        respond_with(page, "POST", "**/api/contact", *failed),
    ):
        page.evaluate("document.querySelector('kolom-articles').removeAttribute('article')")
        page.evaluate("document.querySelector('kolom-comments').reload()")
        page.get_by_role("combobox").first.fill("bali")
        page.get_by_role("combobox").first.press("Enter")
        contact = page.locator("kolom-contact")
        contact.get_by_role("textbox", name="Email").fill("siti@example.com")
        contact.get_by_role("textbox", name="Message").fill("A message.")
        contact.get_by_role("button", name="Send").click()
        looks = set()
        for name in NAMES:
            element = page.locator(f"kolom-{name}")
            expect(element.get_by_role("button", name="Try again")).to_be_visible()
            status = element.locator(".status.problem")
            expect(status).to_have_text(re.compile("right now"))
            looks.add(
                status.evaluate("each => [getComputedStyle(each).color, getComputedStyle(each).fontWeight].join()")
            )
        assert len(looks) == 1


def test_a_blog_that_cannot_be_reached_is_named_in_the_console(chromium: Browser, blog: Site) -> None:
    nowhere, logged = "http://127.0.0.1:9", []
    body = f'<kolom-comments api="{nowhere}" article="x"></kolom-comments>'
    complaints = [r"ERR_|Failed to load", "cannot be reached", f"a request to {nowhere}"]
    with open_page(chromium, blog, body, complaints=complaints) as page:
        page.on("console", lambda message: logged.append(message.text))
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        page.reload()
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        page.wait_for_timeout(100)
        assert [text for text in logged if nowhere in text and "cannot be reached" in text]
        assert not [text for text in logged if "AllowedOrigins" in text]
