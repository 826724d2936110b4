"""The widgets on the static demonstration page."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.embedding import FRIEND, open_page
from tests.serving import Site

FAILED = "Artikel sedang tidak dapat dimuat. Situs tidak menjawab. Mohon periksa koneksi Anda, atau coba lagi nanti."
DEMO = "/assets/demo/index.html"
SEED = "China, Russia Agree to Deepen Strategic Cooperation"


def cards(page: Page) -> int:
    return page.locator("#list li").count()


def test_the_demonstration_page_shows_an_article_and_lists_others(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        expect(page.locator("#article").get_by_role("heading", level=1)).to_have_text(SEED)
        expect(page.locator("#article").get_by_role("table").first).to_be_visible()
        expect(page.locator("#list li")).to_have_count(5)
        expect(page.locator("#list").get_by_role("status")).to_have_text(re.compile(r"^5 dari 1\d artikel$"))


def test_load_more_appends_articles_and_moves_the_focus(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        more = page.get_by_role("button", name="Muat lebih banyak")
        more.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#list li")).to_have_count(10)
        expect(page.locator("#list li").nth(5).get_by_role("link")).to_be_focused()
        more.click()
        expect(more).to_have_count(0)
        assert cards(page) > 10
        titles = page.locator("#list h3").all_inner_texts()
        assert len(set(titles)) == len(titles)


def test_a_title_in_the_list_opens_its_article_on_the_same_page(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        link = page.locator("#list").get_by_role("link").nth(2)
        title = link.inner_text()
        link.click()
        page.wait_for_url("**/demo/index.html?article=*")
        expect(page.locator("#article").get_by_role("heading", level=1)).to_have_text(title)
        expect(page).to_have_title(f"{title} · Kolom")
        picture = page.locator("#article img").first
        picture.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=picture.element_handle())


def test_a_label_filters_the_list(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?label=politik") as page:
        expect(page.locator("#list").get_by_role("status")).to_have_text("2 dari 2 artikel")


def test_an_empty_list_shows_a_message(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?label=tidak-ada") as page:
        expect(page.locator("#list").get_by_role("status")).to_have_text("Belum ada artikel.")


def test_a_missing_article_shows_a_message_without_a_retry(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?article=terhapus") as page:
        expect(page.locator("#article").get_by_role("status")).to_contain_text("tidak ditemukan")
        expect(page.locator("#article").get_by_role("button")).to_have_count(0)
    visitor.complaints.clear()


def test_an_api_failure_shows_a_message_and_a_retry_loads_everything(visitor: Visitor) -> None:
    with visitor.visit("/archive/") as page:
        page.route("**/api/**", lambda route: route.abort())
        page.goto(DEMO)
        for widget in ("#article", "#list"):
            expect(page.locator(widget).get_by_role("status")).to_have_text(FAILED)
        page.unroute("**/api/**")
        retry = page.locator("#list").get_by_role("button", name="Coba lagi")
        retry.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#list li")).to_have_count(5)
        page.locator("#article").get_by_role("button", name="Coba lagi").click()
        expect(page.locator("#article").get_by_role("heading", level=1)).to_have_text(SEED)
    assert all("net::ERR_FAILED" in complaint for complaint in visitor.complaints)
    visitor.complaints.clear()


def test_fallback_content_stays_until_the_api_responds(visitor: Visitor) -> None:
    with visitor.visit("/archive/") as page:
        page.route("**/api/**", lambda route: route.abort())
        page.goto(DEMO)
        page.evaluate("document.querySelector('#list').innerHTML = '<a href=\"/\">All articles</a>'")
        expect(page.locator("#list").get_by_role("status")).to_have_text(FAILED)
        expect(page.get_by_role("link", name="All articles")).to_be_visible()
        page.unroute("**/api/**")
        page.locator("#list").get_by_role("button", name="Coba lagi").click()
        expect(page.locator("#list li")).to_have_count(5)
        expect(page.get_by_role("link", name="All articles")).to_be_hidden()
    visitor.complaints.clear()


@pytest.mark.parametrize("page_url", ["{blog}/2024/05/x.html", f"{FRIEND}/notes/05/"])
def test_relative_pictures_and_links_work_on_another_site(chromium: Browser, blog: Site, page_url: str) -> None:
    """They are relative to the page of the article, which another site has if the article is external."""
    url = page_url.format(blog=blog)
    folder, origin = url.rpartition("/")[0], url[: url.index("/", len("https://"))]
    html = (
        '<p><a href="next-one/">beside</a> <a href="#part">below</a> <a href="mailto:a@example.com">mail</a></p>'
        '<p><img src="a.png" srcset="/media/a.png 1x, b.png 2x"></p><h2 id="part">Part</h2>'
    )
    allowed = {"Access-Control-Allow-Origin": FRIEND}
    answer: dict[str, Any] = {
        "slug": "x",
        "path": "/2024/05/x.html" if origin == blog else "/x/",
        "url": url,
        "title": "X",
        "excerpt": "",
        "image": None,
        "labels": [],
        "language": "en",
        "author": "",
        "reading_minutes": 1,
        "published_at": "2026-01-01T00:00:00Z",
        "content_html": html,
    }
    with open_page(chromium, blog, "", at=FRIEND, complaints=["404", "ERR_CONNECTION_REFUSED"]) as page:
        page.route("**/api/articles/x", lambda route: route.fulfill(json=answer, headers=allowed))
        page.evaluate(
            """async blog => {
                document.querySelector("main").innerHTML = `<kolom-articles api="${blog}" article="x">`;
                await import(`${blog}/assets/widgets/kolom-articles.js`);
            }""",
            str(blog),
        )
        image = page.locator("kolom-articles img")
        expect(image).to_have_attribute("src", f"{folder}/a.png")
        expect(image).to_have_attribute("srcset", f"{origin}/media/a.png 1x, {folder}/b.png 2x")
        hrefs = [link.get_attribute("href") for link in page.locator("kolom-articles .content a").all()]
        assert hrefs == [f"{folder}/next-one/", "#part", "mailto:a@example.com"]


def test_a_failure_to_load_more_keeps_the_loaded_articles(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        page.route("**/api/articles?*cursor*", lambda route: route.fulfill(status=503))
        page.get_by_role("button", name="Muat lebih banyak").click()
        retry = page.locator("#list").get_by_role("button", name="Coba lagi")
        expect(retry).to_be_visible()
        assert cards(page) == 5
        page.unroute("**/api/articles?*cursor*")
        retry.click()
        expect(page.locator("#list li")).to_have_count(10)
    visitor.complaints.clear()


def test_a_slow_api_is_shown_as_busy(visitor: Visitor) -> None:
    waiting: list[Route] = []
    with visitor.visit("/archive/") as page:
        page.route("**/api/articles?*", lambda route: waiting.append(route))
        page.goto(DEMO)
        expect(page.locator("#list").get_by_role("status")).to_have_text("Memuat…")
        assert page.locator("#list [aria-busy=true]").count() == 1
        waiting[0].continue_()
        expect(page.locator("#list li")).to_have_count(5)
        assert page.locator("#list [aria-busy=true]").count() == 0


def test_titles_are_shown_as_text(visitor: Visitor) -> None:
    with visitor.visit(f"{DEMO}?article=bermusuhan") as page:
        headline = page.locator("#article").get_by_role("heading", level=1)
        expect(headline).to_contain_text("<script>window.hacked = 1</script>")
        assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("article", ["", "?article=bermusuhan"])
def test_the_demonstration_page_fits_the_smallest_screen(visitor: Visitor, article: str) -> None:
    with visitor.visit(DEMO + article, width=320, height=640) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_the_widget_uses_the_language_of_its_context(visitor: Visitor) -> None:
    with visitor.visit(DEMO) as page:
        page.evaluate("document.querySelector('#list').lang = 'en-GB'; document.querySelector('#list').reload()")
        expect(page.locator("#list").get_by_role("status")).to_have_text(re.compile(r"^5 of 1\d articles$"))
        expect(page.get_by_role("button", name="Load more")).to_be_visible()
