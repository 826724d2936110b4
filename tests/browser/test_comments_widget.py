"""`<kolom-comments>`: display, writing, editing and failures."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kolom.pages.avatar import render_avatar as page_avatar
from tests.browser.embedding import FRIEND, STRICT, open_form, open_page, problem, respond_with
from tests.serving import Site, eventually, mails, send

REFUSED = "Failed to load resource"
POST = "**/api/articles/*/comments"
SEEDS = ["", "3f8c475cfd43", "ffffffffffff", "000000000000", "0x12-ab", "-abc123", "Zebra_12", "3F8C475CFD43", "12 34"]
_ADDRESSES = itertools.count()
FALLBACK = '<p>Before</p><form method="post"><textarea name="content"></textarea></form>'


@pytest.fixture(scope="module")
def slugs(blog: Site) -> Iterator[str]:
    """Return an endless iterator over the slugs of the articles, except for the one of ``long_thread``."""
    articles = send(blog, "/api/articles?limit=100")[1]["items"]
    return itertools.cycle([article["slug"] for article in articles[1:]])


@pytest.fixture
def slug(slugs: Iterator[str]) -> str:
    """Return the slug of an article that few other tests comment on."""
    return next(slugs)


@pytest.fixture(scope="module")
def long_thread(blog: Site) -> tuple[str, list[str]]:
    """Return the slug of an article with more comments than one page, and their ids."""
    slug = str(send(blog, "/api/articles?limit=1")[1]["items"][0]["slug"])
    return slug, [post(blog, slug, f"Number {number}.", name=f"Reader {number}") for number in range(104)]


def post(site: str, slug: str, content: str, parent: str | None = None, name: str = "Siti") -> str:
    """Post a comment through the API and return its id."""
    body = {"name": name, "content": content, "parent_id": parent}
    # Each from another IP address, so that no rate limit applies.
    address = f"127.0.0.{next(_ADDRESSES) % 250 + 2}"
    status, posted = send(site, f"/api/articles/{slug}/comments", body, address=address)
    assert status == 201, posted
    return str(posted["comment"]["id"])


def element(slug: str, attributes: str = "", inside: str = "") -> str:
    return f'<kolom-comments article="{slug}" {attributes}>{inside}</kolom-comments>'


def comment(page: Page, text: str) -> Locator:
    """Return the comment with that text."""
    return page.get_by_role("article").filter(has_text=text)


def write(page: Page, text: str, name: str = "Budi") -> None:
    """Fill in the form at the end and submit it."""
    form = page.get_by_role("form", name="Write a comment")
    form.get_by_label("Comment").fill(text)
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_role("button", name="Send").click()


def comment_texts(site: str, slug: str) -> list[str]:
    """Return the texts of all comments."""
    return [item["content_html"] for item in send(site, f"/api/articles/{slug}/comments?limit=100")[1]["items"]]


# ---- Reading


def test_replies_are_below_the_comment_that_they_reply_to(chromium: Browser, blog: Site, slug: str) -> None:
    first = post(blog, slug, "The first.")
    post(blog, slug, "Another.")
    reply = post(blog, slug, "A reply.", first)
    post(blog, slug, "A reply to it.", reply)
    with open_page(chromium, blog, element(slug)) as page:
        expect(page.get_by_role("heading", level=2)).to_have_text(re.compile(r"^\d+ comments$"))
        thread = page.get_by_role("listitem").filter(has=page.locator(f"#comment-{first}"))
        expect(thread.get_by_role("article")).to_have_count(3)
        expect(thread.get_by_role("article").nth(2)).to_contain_text("A reply to it.")
        expect(page.locator("time").first).to_have_attribute("title", re.compile(r"20\d\d"))
        expect(page.locator("time").first).to_have_text(re.compile("now|ago"))


def test_more_comments_are_loaded_in_place(chromium: Browser, blog: Site, long_thread: tuple[str, list[str]]) -> None:
    slug, ids = long_thread
    with open_page(chromium, blog, element(slug)) as page:
        expect(page.get_by_role("article")).to_have_count(100)
        expect(page.get_by_text("100 of 104 shown")).to_be_visible()
        page.get_by_role("button", name="More comments").press("Enter")
        expect(page.get_by_role("article")).to_have_count(104)
        expect(page.locator(f"#comment-{ids[100]}")).to_be_focused()
        expect(page.get_by_role("button", name="More comments")).to_have_count(0)


def test_a_failure_to_load_more_keeps_the_loaded_comments(
    chromium: Browser, blog: Site, long_thread: tuple[str, list[str]]
) -> None:
    with open_page(chromium, blog, element(long_thread[0]), complaints=[REFUSED]) as page:
        expect(page.get_by_role("article")).to_have_count(100)
        with respond_with(page, "GET", "**/comments?*cursor*", problem(503)):
            page.get_by_role("button", name="More comments").press("Enter")
            retry = page.get_by_role("button", name="Try again")
            expect(retry).to_be_focused()
            expect(page.get_by_text("cannot be loaded")).to_be_visible()
            expect(page.get_by_role("article")).to_have_count(100)
            retry.press("Enter")
            expect(page.get_by_role("article")).to_have_count(104)


def test_a_fragment_url_shows_its_comment_on_any_page(
    chromium: Browser, blog: Site, long_thread: tuple[str, list[str]]
) -> None:
    slug, ids = long_thread
    with open_page(chromium, blog, element(slug, 'limit="10"')) as page:
        expect(page.get_by_role("article")).to_have_count(10)
        page.evaluate("id => { location.hash = `comment-${id}` }", ids[102])
        target = page.locator(f"#comment-{ids[102]}")
        expect(target).to_be_focused()
        expect(target).to_be_in_viewport()
        page.reload()
        expect(target).to_be_focused()
        expect(target).to_be_in_viewport()


def test_a_fragment_url_without_a_comment_shows_a_message(
    chromium: Browser, blog: Site, long_thread: tuple[str, list[str]]
) -> None:
    with open_page(chromium, blog, element(long_thread[0], 'limit="10"')) as page:
        with respond_with(page, "GET", "**/comments?*cursor*") as asked:
            page.evaluate("location.hash = 'comment-01ARZ3NDEKTSV4RRFFQ69G5FAV'")
            expect(page.get_by_text("no longer exists")).to_be_visible()
        assert asked == []


def test_server_rendered_comments_stay_until_the_api_responds(chromium: Browser, blog: Site, slug: str) -> None:
    post(blog, slug, "From the API.")
    with open_page(chromium, blog, element(slug, inside=FALLBACK), complaints=[REFUSED]) as page:
        expect(comment(page, "From the API.").first).to_be_visible()
        expect(page.get_by_text("Before")).to_be_hidden()
        page.route("**/api/**", lambda route: route.abort())
        page.reload()
        expect(page.get_by_text("cannot be loaded")).to_be_visible()
        expect(page.get_by_text("Before")).to_be_visible()
        page.unroute("**/api/**")
        page.get_by_role("button", name="Try again").click()
        expect(comment(page, "From the API.").first).to_be_visible()
        expect(page.get_by_text("Before")).to_be_hidden()


def test_text_typed_before_the_api_responds_is_kept(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, "") as page:
        held: list[Any] = []
        page.route("**/comments?*", lambda route: held.append(route))
        page.evaluate("html => { document.querySelector('main').innerHTML = html }", element(slug, inside=FALLBACK))
        page.locator("textarea").fill("Early bird.")
        assert eventually(lambda: bool(page.evaluate("1")) and len(held) == 1)
        held[0].continue_()
        field = page.get_by_role("textbox", name="Comment")
        expect(field).to_have_value("Early bird.")
        expect(field).to_be_focused()


def test_pages_and_elements_draw_the_same_avatars(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, "") as page:
        drawn = page.evaluate(
            """async seeds => {
                const { avatar } = await import("/assets/widgets/kolom-comments.js");
                return seeds.map((seed) => avatar(seed).firstElementChild.innerHTML.trim());
            }""",
            SEEDS,
        )
    paths = [re.sub(r"<svg[^>]*>|</svg>", "", page_avatar(seed)).replace("/>", "></path>") for seed in SEEDS]
    assert drawn == paths
    assert len(set(paths)) > 3


def test_an_article_with_closed_comments_shows_a_message(chromium: Browser, blog: Site, slug: str) -> None:
    post(blog, slug, "Still in time.")
    with open_page(chromium, blog, element(slug, 'open="false"')) as page:
        expect(comment(page, "Still in time.").first).to_be_visible()
        expect(page.get_by_text("Comments are closed.")).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)


def test_the_api_determines_whether_comments_are_open(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, "") as page:
        article = send(blog, f"/api/articles/{slug}")[1] | {"comments_open": False}
        page.route(f"**/api/articles/{slug}", lambda route: route.fulfill(json=article))
        page.evaluate("html => { document.querySelector('main').innerHTML = html }", element(slug))
        expect(page.get_by_text("Comments are closed.")).to_be_visible()


def test_a_missing_article_has_no_form(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, element("not-there", inside=FALLBACK), complaints=[REFUSED, "not-there"]) as page:
        expect(page.get_by_text("Comments are not open here.")).to_be_visible()
        expect(page.get_by_text("Before")).to_be_hidden()
        expect(page.get_by_role("textbox")).to_have_count(0)


# ---- Writing


def test_a_comment_and_a_reply_can_be_written_by_keyboard(chromium: Browser, blog: Site, slug: str) -> None:
    first = post(blog, slug, "Answer me.", name="Siti")
    with open_page(chromium, blog, element(slug, 'limit="100"')) as page:
        page.get_by_role("button", name="Reply to Siti").last.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("form", name="Reply to Siti").get_by_label("Comment")).to_be_focused()
        page.keyboard.type("By *keyboard*.")
        page.keyboard.press("Tab")
        page.keyboard.type("Budi")
        page.keyboard.press("Control+Enter")
        reply = page.get_by_role("article").filter(has_text="By keyboard.")
        expect(reply).to_be_focused()
        expect(page.get_by_role("status").filter(has_text="Your comment has been published.")).to_be_visible()
        expect(page.get_by_role("listitem").filter(has=page.locator(f"#comment-{first}"))).to_contain_text(
            "By keyboard."
        )
        expect(page.get_by_role("form", name="Reply to Siti")).to_have_count(0)
        # Tab to the form at the end, past all other controls.
        form = page.get_by_role("form", name="Write a comment")
        for _ in range(60):
            page.keyboard.press("Tab")
            if form.get_by_label("Comment").evaluate("field => field.getRootNode().activeElement === field"):
                break
        page.keyboard.type("And another.")
        page.keyboard.press("Tab")
        page.keyboard.type("Budi")
        for _ in range(20):
            page.keyboard.press("Tab")
            if form.get_by_role("button", name="Send").evaluate("send => send.getRootNode().activeElement === send"):
                break
        page.keyboard.press("Enter")
        expect(comment(page, "And another.")).to_be_focused()
    assert "<p>By <em>keyboard</em>.</p>" in comment_texts(blog, slug)


def test_invalid_fields_show_errors_and_nothing_is_sent(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, element(slug)) as page, respond_with(page, "POST", POST) as asked:
        form = open_form(page)
        form.get_by_role("button", name="Send").click()
        text = form.get_by_label("Comment")
        expect(text).to_be_focused()
        expect(text).to_have_attribute("aria-invalid", "true")
        expect(text).to_have_accessible_description(re.compile("Please fill in this field."))
        email = form.get_by_label("Email", exact=True)
        email.fill("no address")
        email.blur()
        expect(email).to_have_accessible_description(re.compile("Please enter one email address"))
        email.fill("budi@example.com")
        expect(email).to_have_accessible_description("Will not be published.")
        website = form.get_by_label("Website", exact=True)
        website.fill("budi.example")
        website.blur()
        expect(website).not_to_have_attribute("aria-invalid", "true")
        website.fill("no address")
        website.blur()
        expect(website).to_have_accessible_description(re.compile("Please enter the address of a website"))
        website.fill("")
        text.fill("x" * 10_001)
        expect(text).to_have_accessible_description(re.compile("Too long: 10,001 of 10,000 characters"))
        assert asked == []


def test_errors_from_the_api_are_shown_beside_their_fields(chromium: Browser, blog: Site, slug: str) -> None:
    with (
        open_page(chromium, blog, element(slug), complaints=[REFUSED]) as page,
        respond_with(page, "POST", POST, problem(422, "website")),
    ):
        open_form(page).get_by_label("Website", exact=True).fill("https://a.example")
        write(page, "Refused once.")
        website = page.get_by_label("Website", exact=True)
        expect(website).to_be_focused()
        expect(website).to_have_attribute("aria-invalid", "true")
        website.fill("")
        page.get_by_role("button", name="Send").click()
        expect(comment(page, "Refused once.")).to_be_focused()


def test_a_retry_after_a_lost_response_creates_no_second_comment(chromium: Browser, blog: Site, slug: str) -> None:
    with (
        open_page(chromium, blog, element(slug), complaints=[REFUSED]) as page,
        respond_with(page, "POST", POST, "lose", problem(503, retry_after=1), "abort") as asked,
    ):
        write(page, "Only once.")
        expect(page.get_by_text("The site cannot be reached.")).to_be_visible()
        retry = page.get_by_role("button", name="Try again")
        retry.click()
        expect(page.get_by_text("cannot accept this right now")).to_be_visible()
        expect(page.get_by_role("form", name="Write a comment").get_by_label("Comment")).to_have_value("Only once.")
        # Also after the page was reloaded.
        page.reload()
        write(page, "Only once.")
        expect(page.get_by_text("The site cannot be reached.")).to_be_visible()
        retry.click()
        expect(comment(page, "Only once.").first).to_be_visible()
        expect(page.get_by_role("form", name="Write a comment").get_by_label("Comment")).to_have_value("")
        assert len(asked) == 4
        assert len({request.headers["idempotency-key"] for request in asked}) == 1
    assert comment_texts(blog, slug).count("<p>Only once.</p>") == 1


def test_another_text_has_another_idempotency_key(chromium: Browser, blog: Site, slug: str) -> None:
    with (
        open_page(chromium, blog, element(slug), complaints=[REFUSED]) as page,
        respond_with(page, "POST", POST, "abort") as asked,
    ):
        write(page, "The first try.")
        expect(page.get_by_text("The site cannot be reached.")).to_be_visible()
        page.get_by_role("form", name="Write a comment").get_by_label("Comment").fill("The second try.")
        page.get_by_role("button", name="Try again").click()
        expect(comment(page, "The second try.")).to_be_visible()
        assert len({request.headers["idempotency-key"] for request in asked}) == 2


def test_a_rate_limited_visitor_sees_how_long_to_wait(chromium: Browser, blog: Site, slug: str) -> None:
    with (
        open_page(chromium, blog, element(slug), lang="id", complaints=[REFUSED]) as page,
        respond_with(
            page,
            "POST",
            POST,
            problem(429, retry_after=2),
            problem(429, retry_after=600),
            problem(429, retry_after=82_977),
        ),
    ):
        page.get_by_role("textbox", name="Komentar").fill("Sabar.")
        page.get_by_role("textbox", name="Nama").fill("Budi")
        page.get_by_role("button", name="Kirim").click()
        expect(page.get_by_text("coba lagi dalam 2 detik")).to_be_visible()
        expect(page.get_by_text("Sekarang sudah bisa dikirim.")).to_be_visible()
        page.get_by_role("button", name="Coba lagi").click()
        expect(page.get_by_text("coba lagi dalam 10 menit")).to_be_visible()
        page.get_by_role("button", name="Coba lagi").click()
        expect(page.get_by_text("coba lagi dalam 24 jam")).to_be_visible()
        expect(page.get_by_role("textbox", name="Komentar")).to_have_value("Sabar.")


def test_a_slow_submission_is_shown_and_sent_only_once(chromium: Browser, blog: Site, slug: str) -> None:
    held: list[Any] = []
    with open_page(chromium, blog, element(slug)) as page:
        page.route(POST, lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
        write(page, "Slowly.")
        form = page.get_by_role("form", name="Write a comment")
        expect(form.get_by_role("status")).to_have_text("Sending…")
        expect(form).to_have_attribute("aria-busy", "true")
        form.get_by_role("button", name="Send").click(force=True)
        assert eventually(lambda: bool(page.evaluate("1")) and len(held) == 1)
        held[0].continue_()
        expect(comment(page, "Slowly.")).to_be_focused()
        assert len(held) == 1


def test_a_draft_survives_a_reload_and_is_deleted_when_sent(chromium: Browser, blog: Site, slug: str) -> None:
    parent = post(blog, slug, "Has a draft below.", name="Rina")
    with open_page(chromium, blog, element(slug)) as page:
        page.get_by_role("button", name="Reply to Rina").click()
        page.get_by_role("form", name="Reply to Rina").get_by_label("Comment").fill("Half a thou")
        page.get_by_role("form", name="Write a comment").get_by_label("Comment").fill("Another thought")
        page.reload()
        expect(page.get_by_role("form", name="Write a comment").get_by_label("Comment")).to_have_value(
            "Another thought"
        )
        page.get_by_role("button", name="Reply to Rina").click()
        reply = page.get_by_role("form", name="Reply to Rina")
        expect(reply.get_by_label("Comment")).to_have_value("Half a thou")
        reply.get_by_label("Comment").fill("Half a thought.")
        reply.get_by_label("Name", exact=True).fill("Budi")
        reply.get_by_role("button", name="Send").click()
        expect(comment(page, "Half a thought.")).to_be_focused()
        drafts = page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('kolom.draft'))")
        assert len(drafts) == 1
        assert parent not in drafts[0]


def test_a_name_is_remembered_only_with_consent(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, element(slug)) as page:
        notify = open_form(page).get_by_label("Email me when someone replies")
        expect(notify).to_be_hidden()
        page.get_by_label("Email", exact=True).fill("budi@example.com")
        expect(notify).to_be_visible()
        write(page, "Forget me.")
        expect(comment(page, "Forget me.")).to_be_visible()
        page.reload()
        name = page.get_by_role("form", name="Write a comment").get_by_label("Name", exact=True)
        expect(name).to_have_value("")
        assert "budi@example.com" not in page.evaluate("JSON.stringify(localStorage)")
        page.get_by_label("Remember me").check()
        page.get_by_label("Email", exact=True).fill("budi@example.com")
        write(page, "Remember me.")
        expect(comment(page, "Remember me.")).to_be_visible()
        page.reload()
        expect(name).to_have_value("Budi")
        expect(page.get_by_label("Email", exact=True)).to_have_value("budi@example.com")


def test_hostile_text_is_shown_as_text(chromium: Browser, blog: Site, slug: str) -> None:
    hostile = "<img src=x onerror=hacked()> <b>bold</b> [x](javascript:hacked()) **<script>hacked()</script>**"
    with open_page(chromium, blog, element(slug)) as page:
        page.evaluate("() => { window.harm = 0; window.hacked = () => { window.harm += 1 } }")
        form = page.get_by_role("form", name="Write a comment")
        form.get_by_label("Comment").fill(hostile)
        form.get_by_role("button", name="Preview").click()
        preview = form.locator(".preview")
        expect(preview).to_contain_text("<img src=x onerror=hacked()> <b>bold</b>")
        expect(preview.locator("strong")).to_have_text("<script>hacked()</script>")
        assert preview.locator("img, script, b, a").count() == 0
        write(page, hostile, name="<i>Eve</i>")
        shown = comment(page, "<b>bold</b>")
        expect(shown).to_contain_text("<i>Eve</i>")
        assert shown.locator("img, script, b, i").count() == 0
        assert page.evaluate("window.harm") == 0


def test_a_sent_comment_leaves_no_empty_preview(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, element(slug)) as page:
        form = page.get_by_role("form", name="Write a comment")
        form.get_by_label("Comment").fill("Seen before.")
        form.get_by_label("Name").fill("Budi")
        button = form.get_by_role("button", name="Preview")
        button.click()
        form.get_by_role("button", name="Send").click()
        expect(comment(page, "Seen before.")).to_be_focused()
        expect(form.locator(".preview")).to_be_hidden()
        expect(button).to_have_attribute("aria-expanded", "false")


def test_a_preview_that_loads_slowly_does_not_open_after_the_comment_was_sent(
    chromium: Browser, blog: Site, slug: str
) -> None:
    held: list[Any] = []
    with open_page(chromium, blog, element(slug)) as page:
        page.route("**/kolom-preview*.js", lambda route: held.append(route))
        form = open_form(page)
        form.get_by_role("button", name="Preview").click()
        write(page, "Faster than the preview.")
        expect(comment(page, "Faster than the preview.")).to_be_focused()
        with page.expect_response("**/kolom-preview*.js"):
            held[0].fallback()
        page.wait_for_timeout(50)
        expect(form.locator(".preview")).to_be_hidden()
        form.get_by_role("button", name="Preview").click()
        expect(form.locator(".preview")).to_be_visible()


def test_the_preview_resembles_the_published_comment(chromium: Browser, blog: Site, slug: str) -> None:
    text = "One *two* **three** `four`\n\n> quoted\n\n- a\n- b\n\n```\n<code>\n```\n\nhttps://example.com/x."
    with open_page(chromium, blog, element(slug)) as page:
        form = page.get_by_role("form", name="Write a comment")
        form.get_by_label("Comment").fill(text)
        form.get_by_role("button", name="Preview").click()
        preview = form.locator(".preview")
        expect(preview).to_contain_text("quoted")
        drawn = preview.evaluate("panel => [...panel.querySelectorAll('*')].slice(1).map(each => each.localName)")
        write(page, text)
        posted = comment(page, "One two three four").last.locator(".content")
        expect(posted).to_be_visible()
        assert posted.evaluate("content => [...content.querySelectorAll('*')].map(each => each.localName)") == drawn


NESTED = "- one\n  - two\n    - three"
BULLETS = "lists => lists.map((list) => getComputedStyle(list).listStyleType)"
LEVELS = ["disc", "circle", "square"]


def test_bullet_styles_in_a_comment_ignore_the_depth_of_the_thread(chromium: Browser, blog: Site, slug: str) -> None:
    parent = post(blog, slug, "A comment before.")
    reply = post(blog, slug, NESTED, parent)
    with open_page(chromium, blog, element(slug)) as page:
        lists = page.locator(f"#comment-{reply} .content ul")
        expect(lists).to_have_count(3)
        assert lists.evaluate_all(BULLETS) == LEVELS
        page.locator(f"#comment-{parent}").get_by_role("button", name="Reply").click()
        form = page.get_by_role("form", name="Reply to")
        form.get_by_label("Comment").fill(NESTED)
        form.get_by_role("button", name="Preview").click()
        expect(form.locator(".preview ul")).to_have_count(1)
        assert form.locator(".preview ul").evaluate_all(BULLETS) == ["disc"]


def test_bullet_styles_on_a_page_ignore_the_depth_of_the_thread(chromium: Browser, blog: Site, slug: str) -> None:
    reply = post(blog, slug, NESTED, post(blog, slug, "Another before."))
    path = send(blog, f"/api/articles/{slug}")[1]["path"]
    context = chromium.new_context(base_url=str(blog))
    page = context.new_page()
    page.route("**/widgets/*.js", lambda route: route.abort())
    lists = page.locator(f"#comment-{reply} ul")
    assert eventually(lambda: page.goto(path) is not None and lists.count() == 3)
    assert lists.evaluate_all(BULLETS) == LEVELS
    context.close()


def test_long_code_in_a_comment_fades_where_it_can_be_scrolled(chromium: Browser, blog: Site, slug: str) -> None:
    shown = post(blog, slug, "```\n" + "word " * 60 + "\n```")
    short = post(blog, slug, "```\nword\n```")
    fades = "code => ['--start', '--end'].map((name) => getComputedStyle(code).getPropertyValue(name))"
    with open_page(chromium, blog, element(slug), viewport={"width": 390, "height": 800}) as page:
        code = page.locator(f"#comment-{shown} pre")
        code.focus()
        expect(code).to_be_focused()
        assert code.evaluate(fades) == ["0px", "3em"]
        code.evaluate("code => { code.scrollLeft = 1e5; }")
        page.wait_for_function(
            "code => getComputedStyle(code).getPropertyValue('--end') === '0px'", arg=code.element_handle()
        )
        assert code.evaluate(fades) == ["3em", "0px"]
        assert page.locator(f"#comment-{short} pre").evaluate(fades) == ["", ""]


# ---- Own comments


def test_visitors_can_edit_and_delete_their_own_comments(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, element(slug)) as page:
        write(page, "With a *mistake*.")
        own = comment(page, "With a mistake.")
        expect(own).to_contain_text(re.compile(r"Editable for 1[45]:\d\d"))
        own.get_by_role("button", name="Edit").press("Enter")
        field = page.get_by_role("form", name="Edit").get_by_label("Comment")
        expect(field).to_be_focused()
        expect(field).to_have_value("With a *mistake*.")
        field.fill("Without one.")
        page.keyboard.press("Control+Enter")
        own = comment(page, "Without one.")
        expect(own).to_be_focused()
        # The element shows an edited comment as pending until it has read the public list again.
        expect(own.get_by_text("Awaiting approval")).to_have_count(0)
        page.reload()
        own.get_by_role("button", name="Edit").click()
        expect(page.get_by_role("form", name="Edit").get_by_label("Comment")).to_have_value("Without one.")
        page.get_by_role("button", name="Cancel").click()
        expect(own).to_be_focused()
        own.get_by_role("button", name="Delete").press("Enter")
        page.keyboard.press("Tab")
        expect(own.get_by_role("button", name="Keep it")).to_be_focused()
        page.keyboard.press("Enter")
        own.get_by_role("button", name="Delete").click()
        own.get_by_role("button", name="Delete").click()
        expect(own).to_have_count(0)
        expect(page.get_by_text("Your comment has been deleted.")).to_be_visible()
    assert not [text for text in comment_texts(blog, slug) if "Without one." in text]


def test_a_deleted_comment_with_replies_becomes_a_placeholder(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, element(slug)) as page:
        write(page, "I will be gone.")
        own = comment(page, "I will be gone.")
        own.wait_for()
        identity = (own.get_attribute("id") or "").removeprefix("comment-")
        post(blog, slug, "I stay.", identity)
        page.reload()
        own.get_by_role("button", name="Delete").click()
        own.get_by_role("button", name="Delete").click()
        place = page.locator(f"#comment-{identity}")
        expect(place).to_have_text("This comment was deleted.")
        expect(place).to_be_focused()
        page.reload()
        expect(place).to_have_text("This comment was deleted.")
        expect(page.get_by_role("listitem").filter(has=place)).to_contain_text("I stay.")


def test_the_edit_controls_disappear_when_the_edit_window_ends(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, element(slug, 'edit-minutes="2"'), has_clock=True) as page:
        write(page, "Soon unchangeable.")
        comment(page, "Soon unchangeable.").wait_for()
        own = page.locator(f"#{comment(page, 'Soon unchangeable.').get_attribute('id')}")
        expect(own).to_contain_text(re.compile(r"Editable for [12]:\d\d"))
        own.get_by_role("button", name="Edit").click()
        field = page.get_by_role("form", name="Edit").get_by_label("Comment")
        field.fill("Too late.")
        page.clock.fast_forward("02:10")
        expect(own).not_to_contain_text("Editable")
        expect(page.get_by_text("The time for editing is over.")).to_be_visible()
        expect(field).to_have_value("Too late.")
        page.get_by_role("button", name="Cancel").click()
        expect(own.get_by_role("button", name="Edit")).to_have_count(0)
        expect(own.get_by_role("button", name="Reply to Budi")).to_be_visible()


def test_a_rejected_late_edit_keeps_the_text(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, element(slug), complaints=[REFUSED]) as page:
        write(page, "As it was.")
        own = comment(page, "As it was.")
        own.get_by_role("button", name="Edit").click()
        form = page.get_by_role("form", name="Edit")
        form.get_by_label("Comment").fill("As it should be.")
        with respond_with(page, "PATCH", "**/comments/*", problem(403)):
            form.get_by_role("button", name="Save").click()
            expect(form.get_by_text("The time for editing is over.")).to_be_visible()
            expect(form.get_by_label("Comment")).to_have_value("As it should be.")


# ---- Moderation, form tokens and proof of work


def approve(chromium: Browser, site: Site, text: str) -> None:
    """Approve the comment with that text by the link in the owner's mail."""
    assert eventually(lambda: any(text in mail["text"] for mail in mails(site)))
    (mail,) = (mail for mail in mails(site) if text in mail["text"])
    link = re.findall(r"http\S+/api/moderation/\S+", mail["text"])[0]
    page = chromium.new_page(base_url=site)
    page.goto(link.replace(re.findall(r"https?://[^/]+", link)[0], str(site)))
    page.get_by_role("button").first.click()
    page.wait_for_load_state("networkidle")
    page.close()


def test_a_pending_comment_is_shown_to_its_author_and_its_edit_token_is_kept(
    chromium: Browser, strict_blog: Site
) -> None:
    slug = send(strict_blog, "/api/articles?limit=1")[1]["items"][0]["slug"]
    with open_page(chromium, strict_blog, element(slug)) as page:
        expect(page.get_by_role("heading", level=2)).to_have_text("No comments yet")
        write(page, "Let me in.")
        own = comment(page, "Let me in.")
        expect(own).to_be_focused(timeout=60_000)
        expect(own).to_contain_text("Awaiting approval.")
        expect(page.get_by_role("heading", level=2)).to_have_text("Comments")
        expect(own.get_by_role("button", name="Reply to Budi")).to_have_count(0)
        page.reload()
        expect(own).to_contain_text("Awaiting approval.")
        expect(page.get_by_role("heading", level=2)).to_have_text("Comments")
        approve(chromium, strict_blog, "Let me in.")
        page.reload()
        expect(own.get_by_role("button", name="Reply to Budi")).to_be_visible()
        expect(own).not_to_contain_text("Awaiting approval.")
        write(page, "Known by now.")
        again = comment(page, "Known by now.")
        expect(again).to_be_focused(timeout=60_000)
        expect(again).not_to_contain_text("Awaiting approval.")
        own.get_by_role("button", name="Edit").click()
        page.get_by_role("form", name="Edit").get_by_label("Comment").fill("Changed, so judged again.")
        page.get_by_role("button", name="Save").click()
        own = comment(page, "Changed, so judged again.")
        expect(own).to_contain_text("Awaiting approval.")
        page.reload()
        expect(own).to_contain_text("Awaiting approval.")


def test_the_title_says_that_there_are_no_comments_only_while_none_is_shown(
    chromium: Browser, strict_blog: Site
) -> None:
    slug = send(strict_blog, "/api/articles?limit=3")[1]["items"][2]["slug"]
    with open_page(chromium, strict_blog, element(slug)) as page:
        title = page.get_by_role("heading", level=2)
        expect(title).to_have_text("No comments yet")
        write(page, "Only for a moment.")
        expect(title).to_have_text("Comments", timeout=60_000)
        comment(page, "Only for a moment.").get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Delete").click()
        expect(title).to_have_text("No comments yet")


def test_a_browser_without_workers_shows_a_message_and_keeps_the_text(chromium: Browser, strict_blog: Site) -> None:
    slug = send(strict_blog, "/api/articles?limit=1")[1]["items"][0]["slug"]
    with open_page(chromium, strict_blog, element(slug)) as page:
        page.evaluate("delete window.Worker; window.Worker = undefined")
        write(page, "In vain.")
        expect(page.get_by_text("so nothing was sent. Your text is kept here.")).to_be_visible()
        expect(page.get_by_role("form", name="Write a comment").get_by_label("Comment")).to_have_value("In vain.")


def test_a_rejected_form_token_is_replaced_silently(chromium: Browser, blog: Site, slug: str) -> None:
    with (
        open_page(chromium, blog, element(slug), complaints=[REFUSED]) as page,
        respond_with(page, "POST", POST, problem(422, "form_token")) as asked,
    ):
        write(page, "After a long night.")
        expect(comment(page, "After a long night.")).to_be_focused()
        assert len({(request.post_data_json or {})["form_token"] for request in asked}) == 2


# ---- Other sites


def test_an_allowed_site_can_embed_comments(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, element(slug, f'api="{blog}"'), at=FRIEND) as page:
        write(page, "From a friend's page.")
        own = comment(page, "From a friend's page.")
        expect(own).to_be_focused()
        own.get_by_role("button", name="Delete").click()
        own.get_by_role("button", name="Delete").click()
        expect(own).to_have_count(0)


def test_a_site_that_is_not_allowed_keeps_its_fallback_content(chromium: Browser, blog: Site, slug: str) -> None:
    body = element(slug, f'api="{blog}"', FALLBACK)
    with open_page(
        chromium, blog, body, at="http://localhost:9798", complaints=[REFUSED, "CORS policy", "AllowedOrigins"]
    ) as page:
        expect(page.get_by_text("The comments cannot be loaded right now.")).to_be_visible()
        expect(page.get_by_text("Before")).to_be_visible()


def test_proof_of_work_also_runs_on_another_site(chromium: Browser, strict_blog: Site) -> None:
    """The modules come from the blog. A worker cannot be loaded from another origin, so a local worker imports the
    module.
    """
    slug = send(strict_blog, "/api/articles?limit=1")[1]["items"][0]["slug"]
    body = element(slug, f'api="{strict_blog}"')
    policy = f"{STRICT}; worker-src blob: {strict_blog}"
    scripts = f"{strict_blog}/assets/widgets"
    with open_page(chromium, strict_blog, body, at=FRIEND, scripts=scripts, policy=policy) as page:
        write(page, "Worked for elsewhere.")
        expect(comment(page, "Worked for elsewhere.")).to_be_visible(timeout=60_000)


# ---- Layout and accessibility


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_no_comment_is_wider_than_the_screen(chromium: Browser, blog: Site, slug: str, width: int) -> None:
    word = "Kata" * 75
    above = post(blog, slug, word, name=word[:100])
    for level in range(7):
        above = post(blog, slug, f"{word} {level} https://example.com/{word}", above, name=f"{word[:90]}{level}")
    with open_page(chromium, blog, element(slug), viewport={"width": width, "height": 700}) as page:
        page.get_by_role("button", name="Reply to").last.click()
        reply = page.get_by_role("form", name=re.compile("^Reply to"))
        reply.get_by_label("Comment").fill(word)
        reply.get_by_role("button", name="Preview").click()
        expect(page.locator(".preview").first).to_contain_text(word)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for button in page.get_by_role("button").all():
            if box := button.bounding_box():
                assert box["height"] >= 24
                assert box["width"] >= 24


def test_right_to_left_text_starts_at_the_right(chromium: Browser, blog: Site, slug: str) -> None:
    post(blog, slug, "شكرا جزيلا على هذا المقال.", name="أحمد")
    with open_page(chromium, blog, element(slug)) as page:
        text = comment(page, "شكرا").last.locator(".content")
        assert text.evaluate("text => getComputedStyle(text).direction") == "rtl"


@pytest.mark.parametrize(("lang", "send_button"), [("id-ID", "Kirim"), ("en-GB", "Send"), ("fr", "Envoyer")])
def test_the_element_uses_the_language_of_the_page(
    chromium: Browser, blog: Site, slug: str, lang: str, send_button: str
) -> None:
    with open_page(chromium, blog, element(slug), lang=lang) as page:
        page.get_by_role("textbox").focus()
        expect(page.get_by_role("button", name=send_button)).to_be_visible()


def test_the_honeypot_field_is_hidden_from_people(chromium: Browser, blog: Site, slug: str) -> None:
    with open_page(chromium, blog, element(slug)) as page:
        trap = open_form(page).locator("[name=website_url]")
        box = trap.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 0
        assert trap.get_attribute("tabindex") == "-1"
        assert page.get_by_role("textbox", name="Website URL").count() == 0
