"""The contact form in a real browser, with and without JavaScript, and its mail in the local inbox."""

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize

from tests.browser.embedding import FRIEND, open_html
from tests.serving import Site, eventually, mails, send

SMALL: ViewportSize = {"width": 320, "height": 640}


@pytest.fixture
def blog(moderated_blog: Site) -> Site:
    """Return the blog that publishes comments after approval."""
    return moderated_blog


def messages_of(blog: Site) -> list[str]:
    """Return the mail that the contact form sent to the owner."""
    return [mail["text"] for mail in mails(blog) if mail["reply_to"]]


def test_the_contact_page_works_without_javascript(chromium: Browser, blog: Site) -> None:
    context = chromium.new_context(base_url=blog, java_script_enabled=False, locale="id-ID", viewport=SMALL)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Kontak").click()
    page.get_by_label("Nama").fill("Budi")
    page.get_by_label("Surel").fill("budi@example.com")
    page.get_by_label("Pesan").fill("Halo dari halaman kontak.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Terima kasih atas pesan Anda").wait_for()
    context.close()
    assert eventually(lambda: any("Halo dari halaman kontak." in text for text in messages_of(blog)))


def test_text_typed_before_the_element_loads_is_kept(chromium: Browser, blog: Site) -> None:
    typed = {"Nama": "Budi", "Surel": "budi@example.com", "Perihal": "Sebuah buku", "Pesan": "Halo"}
    page = chromium.new_page(base_url=blog)
    waiting: list[Route] = []
    page.route("**/widgets/kolom-contact*.js", lambda route: waiting.append(route))
    page.goto("/contact/", wait_until="commit")
    for name, words in typed.items():
        page.get_by_role("textbox", name=name).fill(words)
    waiting[0].continue_()
    page.get_by_role("button", name="Kirim").wait_for()
    assert {name: page.get_by_role("textbox", name=name).input_value() for name in typed} == typed
    page.close()


@pytest.mark.parametrize("encoding", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_on_another_site_keeps_its_input_until_it_is_valid(chromium: Browser, blog: Site, encoding: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    form = f"""<form method=post enctype="{encoding}" action="{blog}/api/contact" novalidate>
      <input name=name value="Budi &amp; Siti"><input name=email value="not an address">
      <input name=redirect value="/archive/">
      <textarea name=message>Written by hand, {encoding}</textarea><button>Send</button></form>"""
    open_html(page, FRIEND, form)
    page.get_by_role("button").click()
    page.get_by_role("link", name="Email").click()
    assert page.url.endswith("#field-email")
    assert page.get_by_label("Name").input_value() == "Budi & Siti"
    assert page.get_by_label("Message").input_value() == f"Written by hand, {encoding}"
    page.get_by_label("Email").fill("budi@example.com")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/archive/")
    context.close()
    assert eventually(lambda: any(f"by hand, {encoding}" in text for text in messages_of(blog)))


FORM = """<form method=post action="{blog}/api/contact"><input name=email value="budi@example.com">
  <textarea name=message>Not from here.</textarea><button>Send</button></form>"""
STRANGER = "http://localhost:9798"


def test_a_form_of_an_unlisted_website_gets_a_page_that_explains_it(chromium: Browser, blog: Site) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    open_html(page, STRANGER, FORM.format(blog=blog))
    with page.expect_response("**/api/contact") as answer:
        page.get_by_role("button").click()
    assert answer.value.status == 403
    page.get_by_role("heading", name="Your message was not sent").wait_for()
    page.get_by_text("This form was sent from another website").wait_for()
    context.close()
    assert not any("Not from here." in text for text in messages_of(blog))


def test_a_form_without_a_known_website_is_refused(chromium: Browser, blog: Site) -> None:
    """A sandboxed page has the origin "null", even on the site itself."""
    page = chromium.new_page()
    open_html(page, blog, FORM.format(blog=blog), content_security_policy="sandbox allow-forms")
    with page.expect_response("**/api/contact") as answer:
        page.get_by_role("button").click()
    assert answer.value.status == 403
    page.close()


@pytest.mark.parametrize("policy", ["no-referrer", "strict-origin", "same-origin"])
def test_a_form_of_the_site_works_under_every_referrer_policy(chromium: Browser, blog: Site, policy: str) -> None:
    page = chromium.new_page()
    form = FORM.format(blog=blog).replace("Not from here.", f"From a page with {policy}.")
    open_html(page, blog, f'<meta name="referrer" content="{policy}">{form}')
    with page.expect_response("**/api/contact") as answer:
        page.get_by_role("button").click()
    assert answer.value.status == 201
    page.close()


def test_the_local_site_accepts_its_forms_under_both_of_its_names(chromium: Browser, blog: Site) -> None:
    page = chromium.new_page()
    page.goto(blog.replace("127.0.0.1", "localhost") + "/contact/")
    status, _, _ = page.evaluate(SEND, ["urlencoded", "Sent to localhost."])
    assert status == 201
    page.close()


SEND = """async ([kind, words]) => {
  const form = document.querySelector('form.form');
  form.elements.email.value = 'budi@example.com';
  form.elements.message.value = words;
  const fields = new FormData(form);
  const body = {
    json: () => JSON.stringify(Object.fromEntries(fields)),
    multipart: () => fields,
    urlencoded: () => new URLSearchParams(fields),
  }[kind]();
  const headers = kind === 'json' ? {'content-type': 'application/json'} : {};
  const answer = await fetch(form.action, {method: 'POST', body, headers});
  return [answer.status, answer.headers.get('content-type'), await answer.text()];
}"""


@pytest.mark.parametrize("kind", ["json", "multipart", "urlencoded"])
def test_with_javascript_the_form_is_sent_without_leaving_the_page(chromium: Browser, blog: Site, kind: str) -> None:
    page = chromium.new_page(base_url=blog, locale="en-GB")
    page.goto("/contact/")
    status, content_type, body = page.evaluate(SEND, [kind, f"From a script, {kind}."])
    assert status == 201
    assert content_type == ("application/json" if kind == "json" else "text/html; charset=utf-8")
    assert ("received" if kind == "json" else "Thank you") in body
    page.close()
    assert eventually(lambda: any(f"From a script, {kind}." in text for text in messages_of(blog)))


def test_the_honeypot_field_is_hidden_from_people(chromium: Browser, blog: Site) -> None:
    page = chromium.new_page(base_url=blog, viewport=SMALL, java_script_enabled=False)
    page.goto("/contact/")
    trap = page.locator("#field-website_url").bounding_box()
    assert trap is not None
    assert trap["x"] + trap["width"] <= 0
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") != "field-website_url"
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
    page.close()


def open_mail(page: Page, subject: str) -> None:
    """Find a mail in the inbox and open it."""
    page.goto("/_local/mail")
    page.get_by_role("link", name=subject).first.click()


def test_a_link_in_the_local_inbox_moderates_a_comment(chromium: Browser, blog: Site) -> None:
    slug = send(blog, "/api/articles?limit=1")[1]["items"][0]["slug"]
    assert send(blog, f"/api/articles/{slug}/comments", {"name": "Siti", "content": "Bagus."})[0] == 201
    assert eventually(lambda: any("menunggu" in mail["subject"] for mail in mails(blog)))
    page = chromium.new_page(base_url=blog)
    open_mail(page, "Komentar menunggu")
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Setujui").click()
    moderation = opened.value
    moderation.get_by_role("button", name="Setujui").click()
    moderation.get_by_text("Komentar telah disetujui.").wait_for()
    assert send(blog, f"/api/articles/{slug}/comments")[1]["total"] == 1
    moderation.close()
    page.close()
