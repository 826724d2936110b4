"""Right-to-left text, in an interface of either direction."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from kolom.articles import publishing
from tests.browser.conftest import ARABIC_HTML, Visitor
from tests.browser.embedding import FRIEND, open_page
from tests.browser.pages import ARABIC
from tests.factories import content
from tests.serving import Site, eventually, mails, send

SLUG, TITLE = "tempe-dari-dapur-sendiri", "Tempe dari Dapur Sendiri"


@pytest.fixture(scope="module")
def blog(moderated_blog: Site) -> Site:
    """Post a comment in Arabic, which waits for approval."""
    comment = {"name": "ليلى", "content": "تعليق ينتظر `code` هنا."}
    assert send(moderated_blog, f"/api/articles/{SLUG}/comments", comment)[0] == 201
    return moderated_blog


@pytest.fixture(scope="module")
def persian(site: str) -> Iterator[str]:
    """Publish an article in a right-to-left language without messages, and return its path."""
    now = datetime.now(UTC)
    article = content("bazar", title="صباح في السوق", author="ليلى", language="fa", html=ARABIC_HTML)
    publishing.publish(article, now=now)
    yield "/bazar/"
    publishing.delete("bazar", now=now)


def direction(found: Locator) -> str:
    return str(found.evaluate("found => getComputedStyle(found).direction"))


def edges(found: Locator) -> tuple[float, float]:
    """Return the left and right edge of the element."""
    box = found.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def code_is_left_to_right(page: Page) -> None:
    programs = page.locator(".prose :is(pre, code)").all()
    assert programs
    assert {direction(program) for program in programs} == {"ltr"}


def test_an_article_is_right_to_left_except_for_code_and_the_interface(visitor: Visitor, persian: str) -> None:
    with visitor.visit(persian) as page:
        assert direction(page.locator(".article__title")) == "rtl"
        code_is_left_to_right(page)
        meta = page.locator(".article__meta")
        assert direction(meta) == "ltr"
        # "1 February 2026", not "February 2026 1"; and aligned with the title.
        assert edges(meta.locator("time"))[0] < edges(meta.locator("span").last)[0]
        assert edges(meta.locator("span").last)[1] == edges(page.locator(".article__title"))[1]


def test_a_page_in_arabic_is_mirrored_except_for_code(visitor: Visitor) -> None:
    with visitor.visit(ARABIC, width=360) as page:
        assert direction(page.locator("html")) == direction(page.locator(".masthead")) == "rtl"
        code_is_left_to_right(page)
        title, menu = page.locator(".masthead__title"), page.locator(".masthead__nav a").all()
        assert edges(title.locator("a"))[1] == edges(page.locator(".article__title"))[1]
        assert edges(menu[1])[1] <= edges(menu[0])[0]
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_comments_of_a_page_in_arabic_are_mirrored(visitor: Visitor) -> None:
    with visitor.visit(ARABIC) as page:
        comments = page.locator("kolom-comments")
        expect(comments.get_by_role("heading", level=2)).to_have_text("لا توجد تعليقات بعد")
        comments.get_by_role("button", name="إرسال").click()
        (error, *_) = comments.locator(".error:visible").all()
        assert error.inner_text() == "يُرجى ملء هذا الحقل."
        field = comments.get_by_role("textbox", name="التعليق")
        label = comments.locator("label.required", has_text="التعليق")
        assert edges(label)[1] == edges(field)[1]
        assert edges(error)[1] == edges(field)[1]
        name = comments.get_by_role("textbox", name="الاسم")
        email = comments.get_by_role("textbox", name="البريد الإلكتروني")
        assert edges(email)[1] <= edges(name)[0]
        assert (direction(name), direction(email)) == ("rtl", "ltr")


def test_an_element_in_arabic_is_right_to_left_on_a_left_to_right_page(chromium: Browser, blog: Site) -> None:
    body = f"""<div lang="ar"><kolom-contact api="{blog}"></kolom-contact>
      <kolom-search api="{blog}"></kolom-search></div>
      <script type="module" src="{blog}/assets/widgets/kolom-search.js"></script>"""
    with open_page(chromium, blog, body, at=FRIEND, viewport={"width": 360, "height": 640}) as page:
        box = page.locator("kolom-search").get_by_role("combobox")
        expect(box).to_have_attribute("placeholder", "ابحث في هذه المدونة")
        button = page.get_by_role("button", name="إرسال")
        expect(button).to_be_visible()
        assert edges(button)[1] == edges(page.locator("kolom-contact"))[1]
        assert direction(box) == "rtl"
        assert direction(page.locator("kolom-contact").get_by_label("الرسالة")) == "rtl"
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_joined_letters_do_not_overlap(visitor: Visitor) -> None:
    with visitor.visit(ARABIC) as page:
        for heading in page.locator(".article :is(h1, h2)").all():
            assert heading.evaluate("found => getComputedStyle(found).letterSpacing") in {"normal", "0px"}


def test_a_table_starts_at_the_edge_of_the_text(visitor: Visitor) -> None:
    with visitor.visit(ARABIC) as page:
        cell = page.locator(".prose th").first
        assert cell.evaluate("cell => getComputedStyle(cell).paddingRight") == "0px"
        assert edges(cell)[1] == edges(page.locator(".prose p").first)[1]


def test_the_moderation_page_shows_a_comment_in_its_direction(chromium: Browser, blog: Site) -> None:
    assert eventually(lambda: any(TITLE in mail["subject"] for mail in mails(blog)))
    page = chromium.new_page(base_url=blog)
    page.goto("/_local/mail")
    page.get_by_role("link", name=f"Komentar menunggu: {TITLE}").click()
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Setujui").click()
    comment = opened.value.locator(".message__comment")
    assert direction(comment) == "ltr"
    assert direction(comment.locator(".prose")) == "rtl"
    opened.value.close()
    page.close()


def test_elements_are_left_to_right_on_a_right_to_left_page(chromium: Browser, blog: Site) -> None:
    body = f"""<div dir="rtl"><kolom-articles api="{blog}" limit="1"></kolom-articles>
      <kolom-comments api="{blog}" article="{SLUG}"></kolom-comments><kolom-contact api="{blog}"></kolom-contact></div>
      <script type="module" src="{blog}/assets/widgets/kolom-articles.js"></script>"""
    with open_page(chromium, blog, body, at=FRIEND, viewport={"width": 320, "height": 640}) as page:
        page.evaluate("document.documentElement.dir = 'rtl'")
        expect(page.get_by_text("No comments yet")).to_be_visible()
        expect(page.locator("kolom-articles").get_by_role("link")).to_be_visible()
        for name in ("kolom-articles", "kolom-comments", "kolom-contact"):
            assert direction(page.locator(name)) == "ltr"
        # The honeypot field must not extend the area that can be scrolled to.
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_right_to_left_name_does_not_reorder_the_text_beside_it(chromium: Browser, site: str) -> None:
    body = """<kolom-articles article="suq"></kolom-articles>
      <script type="module" src="/assets/widgets/kolom-articles.js"></script>"""
    with open_page(chromium, site, body) as page:
        author, minutes = page.get_by_text("ليلى"), page.get_by_text("1 min read")
        assert edges(page.locator("time"))[1] <= edges(author)[0]
        assert edges(author)[1] <= edges(minutes)[0] + 1
