"""`<kolom-comments>` on pages that Kolom does not serve: which article, in which order, when, and without movement."""

import re
from itertools import count
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.embedding import FRIEND, open_form, open_page, problem, respond_with
from tests.serving import Site, send

_ADDRESSES = count(2)
ONLY_COMMENTS = ["kolom-comments"]
SHIFTS = """() => new Promise((resolve) => {
    let total = 0;
    new PerformanceObserver((list) => { for (const each of list.getEntries()) total += each.value; })
        .observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => setTimeout(() => resolve(total), 200));
})"""


@pytest.fixture(scope="module")
def slugs(blog: Site) -> list[str]:
    """Return the slugs of the articles."""
    return [article["slug"] for article in send(blog, "/api/articles?limit=100")[1]["items"]]


def post(blog: str, slug: str, content: str, parent: str | None = None, name: str = "Siti") -> str:
    """Post a comment through the API and return its id."""
    body = {"name": name, "content": content, "parent_id": parent}
    status, posted = send(blog, f"/api/articles/{slug}/comments", body, address=f"127.0.0.{next(_ADDRESSES)}")
    assert status == 201, posted
    return str(posted["comment"]["id"])


def canonical(url: str) -> str:
    return f'<link rel="canonical" href="{url}">'


def element(blog: str, attributes: str = "") -> str:
    return f'<kolom-comments api="{blog}" {attributes}></kolom-comments>'


def requests_to(page: Page, part: str) -> list[str]:
    """Return a list that the URLs of the page's requests with ``part`` are appended to."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if part in request.url else None)
    return asked


def test_the_canonical_url_finds_the_comments_with_one_request(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    post(blog, slugs[1], "Found by the URL.")
    head = canonical(f"{blog}/{slugs[1]}/")
    with open_page(chromium, blog, element(blog), at=FRIEND, head=head) as page:
        expect(page.get_by_role("article").filter(has_text="Found by the URL.")).to_be_visible()
        expect(page.get_by_role("heading", level=2)).to_have_text(re.compile(r"^\d+ comments?$"))
        asked = requests_to(page, "/api/")
        page.reload()
        form = page.get_by_role("form", name="Write a comment")
        expect(form).to_be_visible()
        assert [url.partition("?")[0] for url in asked] == [f"{blog}/api/comments"]
        form.get_by_label("Comment").fill("Written on another site.")
        form.get_by_label("Name", exact=True).fill("Budi")
        form.get_by_role("button", name="Send").click()
        expect(page.get_by_role("article").filter(has_text="Written on another site.")).to_be_visible()
        expect(form.locator(".preview")).to_be_hidden()
    texts = [item["content_html"] for item in send(blog, f"/api/articles/{slugs[1]}/comments?limit=100")[1]["items"]]
    assert "<p>Written on another site.</p>" in texts


def test_without_a_canonical_url_the_page_itself_is_found(chromium: Browser, blog: Site) -> None:
    with (
        open_page(chromium, blog, "", at=FRIEND, complaints=["404", "kolom sync"]) as page,
        respond_with(page, "GET", "**/api/comments?*") as asked,
    ):
        page.goto("/a-page?utm_source=mail#top")
        page.evaluate("html => { document.querySelector('main').innerHTML = html }", element(blog))
        expect(page.get_by_role("status")).to_have_text("Comments are not open here.")
        assert f"url={FRIEND.replace(':', '%3A').replace('/', '%2F')}%2Fa-page&" in asked[0].url


def test_an_unknown_page_tells_its_owner_what_to_do_and_readers_no_reason(chromium: Browser, blog: Site) -> None:
    logged: list[str] = []
    body = element(blog) + element(blog, 'article="none"')
    with open_page(chromium, blog, "", at=FRIEND, complaints=["404", "does not know"]) as page:
        page.on("console", lambda message: logged.append(message.text))
        page.evaluate("html => { document.querySelector('main').innerHTML = html }", body)
        for place in page.locator("kolom-comments").all():
            place.scroll_into_view_if_needed()
            expect(place.get_by_role("status")).to_have_text("Comments are not open here.")
            expect(place.get_by_text("closed")).to_have_count(0)
            expect(place.get_by_role("textbox")).to_have_count(0)
            expect(place.get_by_role("button")).to_have_count(0)
    advice = [text for text in logged if text.startswith("<kolom-comments>")]
    assert [text for text in advice if f"{FRIEND}/a-page" in text and "Run kolom sync" in text]
    assert [text for text in advice if "the article none" in text and "kolom sync" not in text]


def test_closed_comments_of_a_known_page_are_closed(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    closed = {
        "items": [],
        "total": 0,
        "next_cursor": None,
        "article": {"slug": slugs[1], "title": "X", "comments_open": False},
    }
    with open_page(chromium, blog, "", at=FRIEND) as page:
        headers = {"access-control-allow-origin": FRIEND}
        page.route("**/api/comments?*", lambda route: route.fulfill(json=closed, headers=headers))
        page.evaluate("html => { document.querySelector('main').innerHTML = html }", element(blog))
        expect(page.get_by_text("Comments are closed.")).to_be_visible()
        expect(page.get_by_role("textbox")).to_have_count(0)


# ---- Order


@pytest.fixture(scope="module")
def thread(blog: Site, slugs: list[str]) -> tuple[str, list[str]]:
    """Return the slug of an article, and the ids of three comments and a late reply to the first."""
    slug = slugs[2]
    ids = [post(blog, slug, f"Number {number}.", name=f"Reader {number}") for number in range(3)]
    return slug, [*ids, post(blog, slug, "A late reply.", ids[0])]


def order(page: Page, ids: list[str]) -> list[str]:
    """Return those of the ids whose comments are shown, in their order. Other tests comment on the article, too."""
    shown = [(each.get_attribute("id") or "").removeprefix("comment-") for each in page.get_by_role("article").all()]
    return [each for each in shown if each in ids]


def test_readers_choose_the_order(chromium: Browser, blog: Site, thread: tuple[str, list[str]]) -> None:
    slug, ids = thread
    first, second, third, reply = ids
    with open_page(chromium, blog, element(blog, f'article="{slug}"'), at=FRIEND) as page:
        expect(page.locator(f"#comment-{reply}")).to_be_visible()
        assert order(page, ids) == [first, reply, second, third]
        choice = page.get_by_label("Sort by")
        choice.focus()
        choice.select_option("Newest first")
        expect(page.get_by_role("article").first).to_have_id(f"comment-{third}")
        assert order(page, ids) == [third, second, first, reply]
        expect(choice).to_be_focused()
        choice.select_option("Oldest first")
        expect(page.get_by_role("article").first).not_to_have_id(f"comment-{third}")
        assert order(page, ids) == [first, reply, second, third]


def test_a_new_reply_is_shown_before_its_comment_is_loaded(
    chromium: Browser, blog: Site, thread: tuple[str, list[str]]
) -> None:
    slug, ids = thread
    first, second, third, reply = ids
    attributes = f'article="{slug}" order="newest" limit="2"'
    with open_page(chromium, blog, element(blog, attributes), at=FRIEND) as page:
        expect(page.get_by_role("article")).to_have_count(2)
        assert order(page, ids) == [reply, third]
        expect(page.get_by_role("article").first).to_contain_text("In reply to an earlier comment")
        page.get_by_role("button", name="More comments").click()
        expect(page.locator(f"#comment-{first}")).to_be_visible()
        assert order(page, ids) == [third, second, first, reply]
        expect(page.locator(f"#comment-{reply}")).not_to_contain_text("In reply to an earlier comment")


def test_one_comment_needs_no_order(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    page_of_one = send(blog, f"/api/articles/{slugs[1]}/comments?limit=1")[1] | {"next_cursor": None, "total": 1}
    with open_page(chromium, blog, "", at=FRIEND) as page:
        headers = {"access-control-allow-origin": FRIEND}
        page.route("**/comments?*", lambda route: route.fulfill(json=page_of_one, headers=headers))
        page.evaluate(
            "html => { document.querySelector('main').innerHTML = html }", element(blog, f'article="{slugs[1]}"')
        )
        expect(page.get_by_role("article")).to_have_count(1)
        expect(page.get_by_label("Sort by")).to_be_hidden()


# ---- When it loads, and what moves


def names_of(urls: list[str]) -> list[str]:
    """Return the last part of each path, sorted."""
    return sorted(urlsplit(url).path.rpartition("/")[2] for url in urls)


def test_a_reader_loads_comments_with_one_request_and_no_forms(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    """The messages of the language and the comments are requested together."""
    held: list[Route] = []
    head = canonical(f"{blog}/{slugs[1]}/")
    with open_page(chromium, blog, "", at=FRIEND, widgets=ONLY_COMMENTS, head=head) as page:
        page.wait_for_function("() => Boolean(customElements.get('kolom-comments'))")
        asked = requests_to(page, "/")
        page.route("**/messages/*.js", lambda route: held.append(route))
        with page.expect_request("**/api/comments?*"):
            page.evaluate("html => { document.querySelector('main').innerHTML = html }", element(blog))
        page.wait_for_timeout(50)
        assert names_of(asked) == ["comments", "en.js"]
        held[0].fallback()
        form = page.get_by_role("form", name="Write a comment")
        expect(form.get_by_label("Comment")).to_be_visible()
        expect(form.get_by_role("button")).to_have_count(0)
        page.wait_for_timeout(50)
        assert len(asked) == 2


def test_forms_are_loaded_when_somebody_writes(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    with open_page(chromium, blog, element(blog, f'article="{slugs[1]}"'), at=FRIEND, widgets=ONLY_COMMENTS) as page:
        form = page.get_by_role("form", name="Write a comment")
        expect(form).to_be_visible()
        asked = requests_to(page, "/")
        with page.expect_response("**/api/form-token"):
            form.get_by_label("Comment").focus()
        parts = ["comment-writer", "form", "forms-catalog", "limits", "submission"]
        assert names_of(asked) == ["en.js", "form-token", *(f"kolom-{part}.js" for part in parts)]
        asked.clear()
        form.get_by_role("button", name="Preview").click()
        expect(form.locator(".preview")).to_contain_text("Preview")
        assert names_of(asked) == ["kolom-preview.js"]


def test_what_is_typed_while_forms_are_loaded_stays(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    """The field keeps its text, the focus and the selection, so an input method is not interrupted."""
    held: list[Route] = []
    with open_page(chromium, blog, element(blog, f'article="{slugs[1]}"'), at=FRIEND, widgets=ONLY_COMMENTS) as page:
        page.route("**/kolom-form.js", lambda route: held.append(route))
        field = page.get_by_role("form", name="Write a comment").get_by_label("Comment")
        field.press_sequentially("Early bird")
        field.evaluate("field => { window.before = field; field.setSelectionRange(0, 5) }")
        blurs = page.evaluate(
            "() => { window.blurs = 0; window.before.addEventListener('blur', () => window.blurs++) }"
        )
        assert blurs is None
        held[0].fallback()
        form = open_form(page)
        expect(form.get_by_label("Comment")).to_be_focused()
        page.keyboard.type("Later")
        expect(form.get_by_label("Comment")).to_have_value("Later bird")
        assert form.get_by_label("Comment").evaluate("field => field === window.before && window.blurs === 0")
        expect(form.get_by_label("Comment")).to_have_accessible_description(re.compile("Markdown"))
        # It is a draft from now on, and a browser with a draft has the forms at once.
        page.unroute("**/kolom-form.js")
        page.reload()
        expect(form.get_by_label("Comment")).to_have_value("Later bird")
        expect(form.get_by_role("button", name="Send")).to_be_visible()


def test_comments_are_shown_without_the_forms_of_a_visitor_who_has_written_before(
    chromium: Browser, blog: Site, slugs: list[str]
) -> None:
    post(blog, slugs[1], "Still to be read.")
    complaints = ["Failed to load resource", "Failed to fetch"]
    body = element(blog, f'article="{slugs[1]}"')
    with open_page(chromium, blog, body, at=FRIEND, widgets=ONLY_COMMENTS, complaints=complaints) as page:
        page.evaluate("blog => localStorage.setItem(`kolom.draft:${blog}/contact`, '{}')", blog)
        page.route("**/kolom-comment-writer.js", lambda route: route.abort())
        page.reload()
        expect(page.get_by_role("article").filter(has_text="Still to be read.")).to_be_visible()
        page.unroute("**/kolom-comment-writer.js")
        open_form(page)


def test_forms_that_cannot_be_loaded_lose_no_text(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    for text in ("Before.", "Reply to me."):
        post(blog, slugs[1], text)
    complaints = ["Failed to load resource", "Failed to fetch"]
    with open_page(
        chromium, blog, element(blog, f'article="{slugs[1]}"'), at=FRIEND, widgets=ONLY_COMMENTS, complaints=complaints
    ) as page:
        page.route("**/kolom-comment-writer.js", lambda route: route.abort())
        field = page.get_by_role("form", name="Write a comment").get_by_label("Comment")
        field.fill("Still here.")
        expect(page.get_by_role("status")).to_contain_text("The site cannot be reached. Your text is kept here.")
        page.get_by_role("combobox").select_option("newest")
        expect(page.get_by_role("article").first).to_contain_text("Reply to me.")
        expect(page.get_by_role("status")).to_be_hidden()
        page.get_by_role("button", name="Reply to Siti").first.click()
        expect(page.get_by_role("status")).to_contain_text("The site cannot be reached.")
        page.unroute("**/kolom-comment-writer.js")
        form = open_form(page)
        expect(form.get_by_label("Comment")).to_have_value("Still here.")
        form.get_by_label("Name", exact=True).fill("Budi")
        form.get_by_role("button", name="Send").click()
        expect(page.get_by_role("article").filter(has_text="Still here.")).to_be_visible()


def test_a_failure_is_no_longer_shown_after_the_forms_are_loaded(
    chromium: Browser, blog: Site, slugs: list[str]
) -> None:
    body = element(blog, f'article="{slugs[1]}"')
    complaints = ["Failed to load resource", "Failed to fetch"]
    with open_page(chromium, blog, body, at=FRIEND, widgets=ONLY_COMMENTS, complaints=complaints) as page:
        page.route("**/kolom-comment-writer.js", lambda route: route.abort())
        page.get_by_role("form", name="Write a comment").get_by_label("Comment").fill("Later.")
        problem_shown = page.get_by_text("The site cannot be reached.")
        expect(problem_shown).to_be_visible()
        page.unroute("**/kolom-comment-writer.js")
        page.get_by_role("textbox").blur()
        open_form(page)
        expect(problem_shown).to_have_count(0)


def test_a_pointer_that_passes_over_the_form_moves_nothing(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    """It only loads the forms, so that they are there as soon as somebody writes."""
    body = element(blog, f'article="{slugs[1]}"')
    with open_page(chromium, blog, body, at=FRIEND, widgets=ONLY_COMMENTS) as page:
        form = page.get_by_role("form", name="Write a comment")
        with page.expect_response("**/messages/forms/en.js"):
            form.get_by_label("Comment").hover()
        page.wait_for_timeout(150)
        expect(form.get_by_role("button")).to_have_count(0)
        asked = requests_to(page, "/assets/")
        open_form(page)
        assert names_of(asked) == ["kolom-submission.js"]


def test_another_order_keeps_the_text_also_without_storage(
    chromium: Browser, blog: Site, thread: tuple[str, list[str]]
) -> None:
    body = element(blog, f'article="{thread[0]}"')
    with open_page(chromium, blog, body, at=FRIEND, widgets=ONLY_COMMENTS) as page:
        page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full') } }")
        form = open_form(page)
        form.get_by_label("Comment").fill("In no particular order.")
        page.get_by_label("Sort by").select_option("Newest first")
        expect(page.get_by_role("article").first).to_have_id(f"comment-{thread[1][2]}")
        expect(form.get_by_label("Comment")).to_have_value("In no particular order.")


def test_a_reply_that_opens_late_does_not_take_the_focus(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    """Otherwise a text for everybody would continue in a reply to somebody."""
    post(blog, slugs[1], "Reply to me slowly.")
    held: list[Route] = []
    body = element(blog, f'article="{slugs[1]}"')
    with open_page(chromium, blog, body, at=FRIEND, widgets=ONLY_COMMENTS) as page:
        page.route("**/kolom-form.js", lambda route: held.append(route))
        page.get_by_role("button", name="Reply to Siti").last.click()
        form = page.get_by_role("form", name="Write a comment")
        field = form.get_by_label("Comment")
        field.press_sequentially("To every")
        for route in held:
            route.fallback()
        expect(form.get_by_role("button", name="Send")).to_be_visible()
        page.keyboard.type("body")
        expect(field).to_have_value("To everybody")
        expect(page.get_by_role("form")).to_have_count(1)


@pytest.mark.parametrize("is_shown", [True, False])
def test_text_is_a_draft_of_its_article_if_another_is_shown_before_the_forms(
    chromium: Browser, blog: Site, slugs: list[str], *, is_shown: bool
) -> None:
    """Far from the visible part of the page, the comments of the other article are not loaded yet."""
    held: list[Route] = []
    body = TALL + element(blog, f'article="{slugs[3]}"')
    set_article = "slug => document.querySelector('kolom-comments').setAttribute('article', slug)"
    with open_page(chromium, blog, body, at=FRIEND, head=STYLES, policy=STYLED, widgets=ONLY_COMMENTS) as page:
        page.route("**/kolom-form.js", lambda route: held.append(route))
        page.locator("kolom-comments").scroll_into_view_if_needed()
        form = page.get_by_role("form", name="Write a comment")
        field = form.get_by_label("Comment")
        field.fill("About the first article.")
        if is_shown:
            with page.expect_response(f"**/api/articles/{slugs[4]}/comments?*"):
                page.evaluate(set_article, slugs[4])
        else:
            page.evaluate("scrollTo(0, 0)")
            page.wait_for_timeout(100)
            page.evaluate(set_article, slugs[4])
        with page.expect_response("**/kolom-form.js"):
            held[0].fallback()
        page.wait_for_timeout(150)
        page.unroute("**/kolom-form.js")
        page.locator("kolom-comments").scroll_into_view_if_needed()
        expect(field).to_have_value("")
        page.evaluate(set_article, slugs[3])
        expect(field).to_have_value("About the first article.")


TALL = '<div class="tall">Text.</div>'
BELOW = "<footer>The end of the page.</footer>"
RESERVED = "kolom-comments:not(:defined) { display: block; min-block-size: 100lvh }"
"""The style that docs/embed.md recommends for the time until the script is loaded."""
RESERVED_FOR_LISTS = """
kolom-related:not(:defined) { display: block; min-block-size: calc(3em + 5 * clamp(3.6em, 6.7em - 8.8vw, 4.7em)) }
kolom-recent-comments:not(:defined) {
  display: block; min-block-size: calc(3em + 5 * clamp(5.4em, 7.4em - 3.8vw, 6.7em))
}
"""
STYLES = f"<style>{RESERVED} {RESERVED_FOR_LISTS} .tall {{ height: 3000px }} footer {{ height: 60px }}</style>"
STYLED = "default-src 'self'; connect-src *; style-src 'unsafe-inline'"


def test_comments_are_loaded_near_the_visible_part_only(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    body = TALL + element(blog, f'article="{slugs[1]}"') + BELOW
    with open_page(chromium, blog, body, at=FRIEND, head=STYLES, policy=STYLED) as page:
        asked = requests_to(page, "/api/")
        messages = requests_to(page, "/messages/")
        page.reload()
        page.wait_for_function("() => Boolean(customElements.get('kolom-comments'))")
        page.wait_for_timeout(300)
        assert (asked, messages) == ([], [])
        page.mouse.wheel(0, 1500)
        expect(page.get_by_role("form", name="Write a comment")).to_be_attached()
        assert len(asked) == 2


def test_eager_comments_and_linked_ones_are_loaded_at_once(chromium: Browser, blog: Site, slugs: list[str]) -> None:
    linked = post(blog, slugs[1], "The linked one.")
    for attributes, fragment in (('loading="eager"', ""), ("", f"#comment-{linked}")):
        body = TALL + element(blog, f'article="{slugs[1]}" {attributes}')
        with open_page(chromium, blog, body, at=FRIEND, head=STYLES, policy=STYLED) as page:
            page.goto(f"/a-page?x{fragment}")
            expect(page.locator(f"#comment-{linked}")).to_be_attached()
            if fragment:
                expect(page.locator(f"#comment-{linked}")).to_be_in_viewport()
    with open_page(chromium, blog, TALL + element(blog, f'article="{slugs[1]}"'), head=STYLES, policy=STYLED) as page:
        page.evaluate("id => { location.hash = `comment-${id}` }", linked)
        expect(page.locator(f"#comment-{linked}")).to_be_in_viewport()


@pytest.mark.parametrize("width", [360, 1100])
def test_loading_moves_nothing(
    chromium: Browser, blog: Site, thread: tuple[str, list[str]], width: int, subtests: pytest.Subtests
) -> None:
    shown = element(blog, f'article="{thread[0]}"')
    related = f'<kolom-related api="{blog}" article="{thread[0]}"></kolom-related>'
    lists = f'{related}<kolom-recent-comments api="{blog}"></kolom-recent-comments>'
    cases = {"a short page": shown, "a long page": TALL + shown, "an unknown page": element(blog), "lists": lists}
    for name, body in cases.items():
        with (
            subtests.test(name),
            open_page(
                chromium,
                blog,
                f"<p>Before.</p>{body}{BELOW}",
                at=FRIEND,
                head=STYLES,
                policy=STYLED,
                widgets=["kolom-comments", "kolom-related", "kolom-recent-comments"],
                complaints=["404", "kolom sync"],
                viewport={"width": width, "height": 800},
            ) as page,
        ):
            page.evaluate("document.fonts.ready")
            if name == "a long page":
                for _ in range(12):
                    page.mouse.wheel(0, 250)
                    page.wait_for_timeout(30)
            if name == "an unknown page":
                expect(page.get_by_role("status")).to_have_text("Comments are not open here.")
            elif name == "lists":
                expect(page.get_by_role("list", name="Recent comments")).to_be_visible()
            else:
                expect(page.get_by_role("form", name="Write a comment")).to_be_attached()
            assert page.evaluate(SHIFTS) < 0.005


def test_a_failure_is_not_taken_for_closed_comments(chromium: Browser, blog: Site) -> None:
    with (
        open_page(
            chromium, blog, "", at=FRIEND, complaints=["Failed to load resource", "blocked by CORS", "Allowed"]
        ) as page,
        respond_with(page, "GET", "**/api/comments?*", problem(503)),
    ):
        page.evaluate("html => { document.querySelector('main').innerHTML = html }", element(blog))
        expect(page.get_by_text("cannot be loaded")).to_be_visible()
        expect(page.get_by_text("not open")).to_have_count(0)
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
