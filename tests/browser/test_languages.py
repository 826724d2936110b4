"""An element loads only the messages of its language: the page's, otherwise the browser's, otherwise English."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.embedding import FRIEND, open_form, open_page
from tests.browser.pages import ENGLISH
from tests.serving import Site

SEND = {"de": "Senden", "en": "Send", "es": "Enviar", "fr": "Envoyer", "ja": "送信", "pt": "Enviar", "zh": "发送"}

IN_A_SHADOW_TREE = """<div lang="de"><div><template shadowrootmode="open"><kolom-contact></kolom-contact>
</template></div></div>"""


def contact(lang: str) -> str:
    return f'<div lang="{lang}"><kolom-contact></kolom-contact></div>'


@pytest.mark.parametrize(
    ("body", "browser", "language"),
    [
        (contact("pt-BR"), "en-US", "pt"),
        (contact("zh_CN"), "en-US", "zh"),
        (contact("zh-Hans-SG"), "en-US", "zh"),
        (contact("JA"), "en-US", "ja"),
        (f'<div lang="es"><section>{contact("de")}</section></div>', "en-US", "de"),
        (IN_A_SHADOW_TREE, "en-US", "de"),
        (contact("sv"), "fr-CA", "fr"),
        (contact(""), "fr-CA", "fr"),
        (contact("sv"), "sv-SE", "en"),
    ],
)
def test_an_element_uses_the_language_of_the_page_or_the_browser(
    chromium: Browser, blog: Site, body: str, browser: str, language: str
) -> None:
    with open_page(chromium, blog, body, locale=browser) as page:
        expect(page.get_by_role("button", name=SEND[language], exact=True)).to_be_visible()


def test_a_page_of_the_site_preloads_the_messages_of_its_language_only(visitor: Visitor) -> None:
    with visitor.visit("about:blank") as page:
        requested: list[str] = []
        page.on("request", lambda request: requested.append(urlsplit(request.url).path))
        page.goto(ENGLISH)
        page.wait_for_load_state("networkidle")
        expect(page.locator("kolom-comments").get_by_role("button", name="Send")).to_be_visible()
        messages = [path for path in requested if "/messages/" in path]
        assert [path.partition("/en.")[0] for path in messages] == [
            f"/assets/widgets/messages{folder}" for folder in ("", "/search", "/forms")
        ]
        # It does not wait for the modules that import it.
        assert requested.index(messages[-1]) < min(
            requested.index(path) for path in requested if path.startswith("/assets/widgets/kolom-page.")
        )


def test_the_api_is_requested_while_the_messages_are_loaded(chromium: Browser, blog: Site) -> None:
    body = f"""<kolom-articles api="{blog}" limit="1"></kolom-articles>
      <script type="module" src="{blog}/assets/widgets/kolom-articles.js"></script>"""
    held: list[Route] = []
    with open_page(chromium, blog, "", at=FRIEND, lang="de") as page:
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.route("**/messages/de.js", lambda route: held.append(route))
        with page.expect_response("**/api/articles?limit=1"):
            page.evaluate("body => document.body.append(document.createRange().createContextualFragment(body))", body)
        assert len(held) == 1
        expect(page.locator("kolom-articles").get_by_role("link")).to_have_count(0)
        held[0].fallback()
        expect(page.locator("kolom-articles")).to_contain_text(re.compile(r"1 von \d+ Beiträgen"))
        assert [url for url in requested if "/api/" in url] == [f"{blog}/api/articles?limit=1"]


def test_the_api_is_requested_while_further_messages_are_loaded(chromium: Browser, blog: Site) -> None:
    """Another element on the page has loaded the common ones."""
    held: list[Route] = []
    body = f'<kolom-articles api="{blog}" limit="1"></kolom-articles>'
    widgets = ["kolom-count", "kolom-articles"]
    show = "html => { document.querySelector('main').innerHTML = html }"
    with open_page(chromium, blog, "", at=FRIEND, widgets=widgets) as page:
        with page.expect_response("**/messages/en.js"):
            page.evaluate(show, f'<kolom-count api="{blog}" article="x"></kolom-count>')
        page.wait_for_timeout(50)
        page.route("**/messages/lists/en.js", lambda route: held.append(route))
        with page.expect_response("**/api/articles?limit=1"):
            page.evaluate(show, body)
        assert len(held) == 1
        held[0].fallback()
        expect(page.locator("kolom-articles")).to_contain_text("1 of")


def test_the_forms_of_comments_are_in_the_language_of_the_comments(chromium: Browser, blog: Site) -> None:
    """A page may change its language before or while the forms are loaded."""
    set_language = "lang => { document.documentElement.lang = lang }"
    show_less = "() => document.querySelector('kolom-comments').setAttribute('limit', '50')"
    body = f'<kolom-comments article="{ENGLISH.strip("/")}"></kolom-comments>'
    with open_page(chromium, blog, body, widgets=["kolom-comments"]) as page:
        expect(page.get_by_role("form", name="Write a comment")).to_be_visible()
        page.evaluate(set_language, "de")
        expect(open_form(page).get_by_role("button", name="Send", exact=True)).to_be_visible()
    held: list[Route] = []
    with open_page(chromium, blog, body, widgets=["kolom-comments"]) as page:
        page.route("**/messages/forms/en.js", lambda route: held.append(route))
        with page.expect_request("**/messages/forms/en.js"):
            page.get_by_role("form", name="Write a comment").get_by_label("Comment").focus()
        page.evaluate(set_language, "de")
        page.evaluate(show_less)
        form = page.get_by_role("form", name="Kommentar schreiben")
        expect(form).to_be_visible()
        with page.expect_response("**/messages/forms/en.js"):
            held[0].fallback()
        form.get_by_label("Kommentar").focus()
        expect(form.get_by_role("button", name="Senden")).to_be_visible()
        expect(form.get_by_role("button", name="Vorschau")).to_be_visible()


def test_without_its_messages_an_element_is_in_english(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, "", lang="de", complaints=["Failed to load resource"]) as page:
        page.route("**/messages/de.js", lambda route: route.abort())
        page.evaluate("document.body.append(document.createElement('kolom-contact'))")
        expect(page.get_by_role("button", name="Send")).to_be_visible()


def test_without_any_messages_the_fallback_content_stays(chromium: Browser, blog: Site) -> None:
    body = "<kolom-contact>Write to me@example.com</kolom-contact>"
    with open_page(chromium, blog, "", lang="de", complaints=["Failed to load resource"]) as page:
        page.route("**/messages/*.js", lambda route: route.abort())
        failed = page.evaluate(
            """body => new Promise((resolve) => {
              document.addEventListener("kolom-error", (event) => resolve(event.target.localName), { capture: true });
              document.body.append(document.createRange().createContextualFragment(body));
            })""",
            body,
        )
        assert failed == "kolom-contact"
        expect(page.get_by_text("Write to me@example.com")).to_be_visible()
