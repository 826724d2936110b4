"""`<kolom-contact>`: writing to the blog's owner, and failures."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.embedding import FRIEND, open_page, problem, respond_with
from tests.serving import Site, eventually, mails

REFUSED = "Failed to load resource"
POST = "**/api/contact"
ELEMENT = "<kolom-contact><p>Before</p></kolom-contact>"


def write(page: Page, message: str) -> None:
    """Fill in the form and submit it."""
    page.get_by_label("Email", exact=True).fill("budi@example.com")
    page.get_by_label("Message", exact=True).fill(message)
    page.get_by_role("button", name="Send").click()


def count_received(blog: Site, message: str) -> int:
    """Return how many mails with that message the owner got."""
    return sum(message in mail["text"] for mail in mails(blog))


def test_a_message_can_be_written_by_keyboard(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, ELEMENT) as page:
        expect(page.get_by_label("Email", exact=True)).to_have_attribute("required", "")
        expect(page.get_by_text("Before")).to_be_hidden()
        page.keyboard.press("Tab")
        for words in ("Budi", "budi@example.com", "Hello by keyboard."):
            page.keyboard.type(words)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        thanks = page.get_by_role("group", name="Thank you for your message")
        expect(thanks).to_be_focused()
        expect(thanks).to_contain_text("budi@example.com")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Message", exact=True)).to_be_focused()
        expect(page.get_by_label("Message", exact=True)).to_have_value("")
    assert eventually(lambda: count_received(blog, "Hello by keyboard.") == 1)


def test_a_form_can_be_sent_although_its_module_was_not_loaded_at_first(chromium: Browser, blog: Site) -> None:
    with (
        open_page(chromium, blog, ELEMENT, complaints=[REFUSED]) as page,
        respond_with(page, "GET", "**/kolom-submission*.js*", *["abort"] * 3) as asked,
    ):
        write(page, "After the network returned.")
        expect(page.get_by_text("The site cannot be reached. Your text is kept here.")).to_be_visible()
        assert len(asked) == 3
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("group", name="Thank you for your message")).to_be_visible()
    assert eventually(lambda: count_received(blog, "After the network returned.") == 1)


def test_errors_are_shown_beside_their_fields(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, ELEMENT) as page, respond_with(page, "POST", POST) as asked:
        email = page.get_by_label("Email", exact=True)
        email.fill("not an address")
        email.blur()
        expect(email).to_have_attribute("aria-invalid", "true")
        expect(email).to_have_accessible_description(re.compile("Please enter one email address"))
        page.get_by_role("button", name="Send").click()
        expect(email).to_be_focused()
        expect(page.get_by_label("Message", exact=True)).to_have_accessible_description("Please fill in this field.")
        email.fill("budi@example.com")
        expect(email).to_have_attribute("aria-invalid", "false")
        assert asked == []


def test_the_button_does_not_move_when_an_error_appears(chromium: Browser, blog: Site) -> None:
    """A field above the button becomes invalid when it loses the focus, before the click ends."""
    with open_page(chromium, blog, ELEMENT) as page:
        page.get_by_label("Message", exact=True).fill("Hello.")
        page.get_by_label("Email", exact=True).press_sequentially("wrong")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_label("Email", exact=True)).to_be_focused()


def test_a_failure_keeps_the_message_and_a_retry_sends_it_once(chromium: Browser, blog: Site) -> None:
    with (
        open_page(chromium, blog, ELEMENT, complaints=[REFUSED]) as page,
        respond_with(page, "POST", POST, "lose", problem(503, retry_after=1), problem(429, retry_after=30)) as asked,
    ):
        write(page, "Sent four times.")
        retry = page.get_by_role("button", name="Try again")
        for words in ("The site cannot be reached.", "cannot accept this right now", "try again in 30 seconds"):
            expect(page.get_by_role("status")).to_contain_text(words)
            expect(page.get_by_label("Message", exact=True)).to_have_value("Sent four times.")
            retry.click()
        expect(page.get_by_role("group", name="Thank you")).to_be_focused()
        assert len(asked) == 4
        assert len({request.headers["idempotency-key"] for request in asked}) == 1
    assert eventually(lambda: count_received(blog, "Sent four times.") > 0)
    assert count_received(blog, "Sent four times.") == 1


def test_errors_from_the_api_are_shown_beside_their_fields(chromium: Browser, blog: Site) -> None:
    with (
        open_page(chromium, blog, ELEMENT, complaints=[REFUSED]) as page,
        respond_with(page, "POST", POST, problem(422, "email")),
    ):
        write(page, "To nobody.")
        expect(page.get_by_label("Email", exact=True)).to_be_focused()
        expect(page.get_by_label("Email", exact=True)).to_have_attribute("aria-invalid", "true")


def test_a_draft_contains_the_message_but_no_email_address(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, '<kolom-contact subject="Your book"></kolom-contact>') as page:
        expect(page.get_by_label("Subject")).to_have_value("Your book")
        page.get_by_label("Email", exact=True).fill("budi@example.com")
        page.get_by_label("Message", exact=True).fill("Half a mess")
        page.reload()
        expect(page.get_by_label("Message", exact=True)).to_have_value("Half a mess")
        assert "budi@example.com" not in page.evaluate("JSON.stringify(localStorage)")
        write(page, "Half a message.")
        expect(page.get_by_role("group", name="Thank you")).to_be_focused()
        assert page.evaluate("localStorage.length") == 0


def test_a_bot_that_fills_in_every_field_gets_the_same_confirmation(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, ELEMENT) as page, respond_with(page, "POST", POST) as asked:
        page.locator("[name=website_url]").evaluate("trap => { trap.value = 'https://spam.example' }")
        write(page, "Buy now.")
        expect(page.get_by_role("group", name="Thank you")).to_be_focused()
        assert (asked[0].post_data_json or {})["website_url"] == "https://spam.example"


def test_an_allowed_site_can_embed_the_form(chromium: Browser, blog: Site) -> None:
    with open_page(chromium, blog, f'<kolom-contact api="{blog}"></kolom-contact>', at=FRIEND) as page:
        write(page, "From a friend's page.")
        expect(page.get_by_role("group", name="Thank you")).to_be_focused()


def test_a_failure_on_a_site_that_is_not_allowed_keeps_the_message(chromium: Browser, blog: Site) -> None:
    body = f'<kolom-contact api="{blog}"></kolom-contact>'
    with open_page(
        chromium, blog, body, at="http://localhost:9798", complaints=[REFUSED, "CORS policy", "AllowedOrigins"]
    ) as page:
        write(page, "From a stranger's page.")
        expect(page.get_by_role("status")).to_contain_text("The site cannot be reached.")
        expect(page.get_by_label("Message", exact=True)).to_have_value("From a stranger's page.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_fits_the_smallest_screen_in_indonesian(chromium: Browser, blog: Site, scheme: str) -> None:
    with open_page(
        chromium, blog, ELEMENT, lang="id", viewport={"width": 320, "height": 640}, color_scheme=scheme
    ) as page:
        page.get_by_role("button", name="Kirim").click()
        expect(page.get_by_role("status")).to_have_text("Mohon periksa isian yang ditandai.")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
