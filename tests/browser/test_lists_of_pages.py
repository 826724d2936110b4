"""Counts, related articles and recent comments on pages that Kolom does not serve, and the loader `kolom.js`."""

import re
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.embedding import FRIEND, open_page
from tests.serving import Site, eventually, send

_ADDRESSES = count(2)
ALLOWED = {"access-control-allow-origin": FRIEND}


@pytest.fixture(scope="module")
def slugs(blog: Site) -> list[str]:
    """Return the slugs of articles of which the first two have at least two comments and one."""
    found = [article["slug"] for article in send(blog, "/api/articles?limit=100")[1]["items"]][4:]
    before = stored_count(blog, found[1])
    for slug, text in ((found[0], "One, with *emphasis* & <b>."), (found[0], "Two."), (found[1], "Three.")):
        body = {"name": "Siti", "content": text}
        assert send(blog, f"/api/articles/{slug}/comments", body, address=f"127.0.0.{next(_ADDRESSES)}")[0] == 201
    assert eventually(lambda: stored_count(blog, found[1]) > before)
    return found


def stored_count(blog: str, slug: str) -> int:
    number: int = send(blog, f"/api/comments/counts?slug={slug}")[1]["counts"][slug]
    return number


def total(blog: str, slug: str) -> str:
    number = stored_count(blog, slug)
    return f"{number} comment{'' if number == 1 else 's'}"


def requests_to(page: Page, part: str) -> list[str]:
    """Return a list that the URLs of the page's requests with ``part`` are appended to."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if part in request.url else None)
    return asked


def insert(page: Page, html: str, module: str = "", at: str = "") -> None:
    """Append ``html`` to the page, and import the module ``module`` of the blog ``at``."""
    page.evaluate(
        """async ([html, module]) => {
            document.querySelector("main").insertAdjacentHTML("beforeend", html);
            if (module) await import(module);
        }""",
        [html, module and f"{at}/assets/widgets/{module}.js"],
    )


# ---- Counts


def count_of(page: Page, selector: str) -> Locator:
    """Return the number that an element or a link shows, in a shadow tree."""
    return page.locator(selector).locator("[part=count]")


def test_the_counts_of_a_page_need_one_request(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    body = (
        f'<div data-kolom-api="{blog}"><a id="link" href="{blog}/{slugs[0]}/#comments" data-kolom-count>Discuss</a>'
        f'<a id="slug" href="/elsewhere/" data-kolom-count="{slugs[1]}">Discuss</a></div>'
        f'<kolom-count id="element" api="{blog}" article="{slugs[0]}">Comments</kolom-count>'
        f'<kolom-count id="url" api="{blog}" url="{blog}/{slugs[1]}/"></kolom-count>'
        f'<a href="{blog}/{slugs[1]}/"><kolom-count id="inside" api="{blog}"></kolom-count></a>'
        f'<kolom-count id="unknown" api="{blog}" url="/not-synced/"></kolom-count>'
    )
    with open_page(chromium, blog, "", at=FRIEND, widgets=()) as page:
        asked = requests_to(page, "/counts")
        insert(page, body, "kolom-count", blog)
        two, one = total(blog, slugs[0]), total(blog, slugs[1])
        expected = {"link": two, "slug": one, "element": two, "url": one, "inside": one, "unknown": "0 comments"}
        for name, text in expected.items():
            expect(count_of(page, f"#{name}")).to_have_text(text)
        assert len(asked) == 1
        query = parse_qs(urlsplit(asked[0]).query)
        assert (len(query["slug"]), len(query["url"])) == (2, 3)
        expect(page.get_by_role("link", name=two, exact=True)).to_have_attribute("href", f"{blog}/{slugs[0]}/#comments")
        expect(page.locator("#element")).to_have_css("display", "inline")


def test_later_links_are_counted_too_in_batches_of_fifty(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    with open_page(chromium, blog, "", at=FRIEND, widgets=()) as page:
        insert(page, "", "kolom-count", blog)
        asked = requests_to(page, "/counts")
        page.evaluate(f"document.documentElement.dataset.kolomApi = '{blog}'")
        links = "".join(f'<p><a href="/{number}/" data-kolom-count>x</a></p>' for number in range(119))
        insert(page, f'<a id="last" href="/x/" data-kolom-count="{slugs[0]}">x</a>{links}')
        expect(count_of(page, "#last")).to_have_text(total(blog, slugs[0]))
        expect(page.get_by_role("link", name="0 comments", exact=True)).to_have_count(119)
        assert [asked_once.count("=") for asked_once in asked] == [50, 50, 20]
        # What was counted is not requested again, and a link that a script changes is.
        insert(page, f'<kolom-count article="{slugs[0]}"></kolom-count>')
        expect(count_of(page, "main > kolom-count")).to_have_text(total(blog, slugs[0]))
        assert len(asked) == 3
        page.evaluate(f"document.querySelector('#last').dataset.kolomCount = '{slugs[1]}'")
        expect(count_of(page, "#last")).to_have_text(total(blog, slugs[1]))
        page.evaluate("document.querySelector('#last').textContent = 'Replaced by a framework'")
        expect(count_of(page, "#last")).to_have_text(total(blog, slugs[1]))


def test_long_urls_are_split_into_requests_that_the_cdn_accepts(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, "", at=FRIEND, widgets=()) as page:
        asked = requests_to(page, "/counts")
        links = "".join(
            f'<kolom-count api="{blog}" url="/{"long/" * 100}{number}/"></kolom-count>' for number in range(20)
        )
        insert(page, links, "kolom-count", blog)
        expect(page.get_by_text("0 comments")).to_have_count(20)
        assert len(asked) > 1
        assert max(map(len, asked)) < 8_000


def test_without_a_response_the_text_of_a_link_stays(chromium: Browser, blog: Site) -> None:
    body = f'<a href="/x/" data-kolom-count data-kolom-api="{blog}">Discuss</a>'
    with open_page(
        chromium, blog, "", at=FRIEND, widgets=(), complaints=["Failed to load|CORS|AllowedOrigins"]
    ) as page:
        page.route("**/counts?*", lambda route: route.fulfill(status=503))
        with page.expect_response("**/counts?*"):
            insert(page, body, "kolom-count", blog)
        expect(page.get_by_role("link", name="Discuss")).to_be_visible()


def test_a_module_that_is_loaded_twice_starts_once(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    with open_page(chromium, blog, "", at=FRIEND, widgets=()) as page:
        asked = requests_to(page, "/counts")
        insert(page, f'<a href="/x/" data-kolom-count="{slugs[0]}" data-kolom-api="{blog}">x</a>', "kolom-count", blog)
        page.evaluate(f"import('{blog}/assets/widgets/kolom-count.js?again')")
        expect(count_of(page, "a")).to_have_text(total(blog, slugs[0]))
        assert page.locator("kolom-count").count() == len(asked) == 1


# ---- Related articles and recent comments


def test_related_articles_of_the_page_are_found_by_its_url(chromium: Browser, blog: Site) -> None:
    articles = send(blog, "/api/articles?limit=100")[1]["items"]
    slug, first = next(
        (article["slug"], related[0])
        for article in articles
        if (related := send(blog, f"/api/articles/{article['slug']}/related?limit=3")[1]["items"])
    )
    head = f'<link rel="canonical" href="{blog}/{slug}/">'
    with open_page(chromium, blog, "", at=FRIEND, widgets=(), head=head) as page:
        asked = requests_to(page, "/api/")
        insert(page, f'<kolom-related api="{blog}" limit="3"></kolom-related>', "kolom-related", blog)
        related = page.get_by_role("list", name="Related articles")
        expect(related.get_by_role("link").first).to_have_text(first["title"])
        expect(related.get_by_role("link").first).to_have_attribute("href", first["url"])
        assert len(asked) == 2
        page.evaluate("document.querySelector('kolom-related').setAttribute('link', '/posts/{slug}/')")
        expect(related.get_by_role("link").first).to_have_attribute("href", f"{FRIEND}/posts/{first['slug']}/")


def test_an_unknown_page_has_no_related_articles(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, "", at=FRIEND, widgets=(), complaints=["404", "Run kolom sync"]) as page:
        with page.expect_response("**/api/paths?*"):
            insert(page, f'<kolom-related api="{blog}">Fallback</kolom-related>', "kolom-related", blog)
        expect(page.locator("kolom-related")).to_have_text("Fallback")
        expect(page.get_by_role("heading")).to_have_count(0)


def test_recent_comments_link_to_the_pages_of_their_articles(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    (item, *_) = send(blog, "/api/comments/recent?limit=5")[1]["items"]
    body = f'<kolom-recent-comments api="{blog}"></kolom-recent-comments>'
    with open_page(chromium, blog, "", at=FRIEND, widgets=()) as page:
        insert(page, body, "kolom-recent-comments", blog)
        recent = page.get_by_role("list", name="Recent comments")
        expect(recent.get_by_role("listitem").first).to_contain_text(f"Siti on “{item['article']['title']}”")
        link = recent.get_by_role("link").first
        expect(link).to_have_attribute("href", f"{item['article']['url']}#comment-{item['id']}")


def test_texts_of_visitors_stay_text_in_recent_comments(chromium: Browser, blog: Site) -> None:
    hostile = "<img src=x onerror='window.hacked=1'>"
    item: dict[str, Any] = {
        "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "author": {"name": f"{hostile} title\nname"},
        "content_html": f"<p>&lt;b&gt; {'long ' * 60}</p>",
        "created_at": "2026-01-01T00:00:00Z",
        "article": {"slug": "x", "title": hostile, "url": "javascript:alert(1)"},
    }
    with open_page(chromium, blog, "", at=FRIEND, widgets=()) as page:
        page.route("**/recent?*", lambda route: route.fulfill(json={"items": [item]}, headers=ALLOWED))
        insert(page, f'<kolom-recent-comments api="{blog}"></kolom-recent-comments>', "kolom-recent-comments", blog)
        shown = page.get_by_role("listitem")
        expect(shown).to_contain_text(hostile)
        expect(shown.locator("p").nth(1)).to_have_text(re.compile(r"^<b> long .*…$"))
        assert shown.locator("img").count() == 0
        assert shown.locator("a").get_attribute("href") is None
        assert page.evaluate("window.hacked") is None


# ---- The loader


def test_a_page_without_elements_loads_only_the_loader(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, "<p>Text.</p>", at=FRIEND, widgets=()) as page:
        asked = requests_to(page, str(blog))
        insert(page, "", "kolom", blog)
        page.wait_for_timeout(200)
        assert [url.rpartition("/")[2] for url in asked] == ["kolom.js"]


def test_the_loader_loads_the_modules_of_the_elements_in_use(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    with open_page(chromium, blog, "", at=FRIEND, widgets=()) as page:
        asked = requests_to(page, "/assets/widgets/")
        insert(page, f'<kolom-count api="{blog}" article="{slugs[0]}"></kolom-count>', "kolom", blog)
        expect(count_of(page, "kolom-count")).to_have_text(total(blog, slugs[0]))
        names = {url.rpartition("/")[2] for url in asked}
        shared = {"kolom.js", "kolom-element.js", "kolom-catalog.js", "kolom-page.js", "en.js"}
        assert names == {*shared, "kolom-count.js"}
        insert(page, f'<kolom-recent-comments api="{blog}"></kolom-recent-comments>')
        expect(page.get_by_role("list", name="Recent comments")).to_be_visible()
        assert {url.rpartition("/")[2] for url in asked} - names == {
            "kolom-lists-catalog.js",
            "kolom-recent-comments.js",
        }
