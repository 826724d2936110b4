"""The local stack's inbox in a real browser: the display of mail, and protection against hostile mail."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from playwright.sync_api import Browser, Page, Route

from tests.serving import Site, mails, served

# Each attack requests its own URL.
EVIL = "http://evil.example"
HOSTILE = f"""<!doctype html><html><head><base target="_top" href="{EVIL}/base/">
<meta http-equiv="refresh" content="0;url={EVIL}/refresh">
<link rel="stylesheet" href="{EVIL}/style"><style>@import "{EVIL}/import";</style></head>
<body onload="parent.location='{EVIL}/onload'">
<script>top.location = '{EVIL}/script'; document.title = 'hacked'</script>
<img src="x:" onerror="top.location='{EVIL}/onerror'">
<svg onload="top.location='{EVIL}/svg'"></svg>
<input autofocus onfocus="top.location='{EVIL}/focus'">
<iframe srcdoc="<script>top.location = '{EVIL}/nested'</script>"></iframe>
<iframe src="{EVIL}/frame"></iframe><object data="{EVIL}/object"></object><embed src="{EVIL}/embed">
<form action="{EVIL}/form" target="_top"><button>Form</button></form>
<a target="_top" href="{EVIL}/top">Top</a> <a target="_parent" href="{EVIL}/parent">Parent</a>
<a target="_self" href="{EVIL}/self">Self</a> <a target="_top" href="javascript:top.location='{EVIL}/url'">Script</a>
</body></html>"""
STYLED = """<!doctype html><html><head><style>p { color: rgb(1, 2, 3) }</style></head>
<body style="background: rgb(4, 5, 6)"><p style="font-size: 33px">Styled</p>
<img alt="pixel" src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"></body></html>"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Site]:
    """Start a stack without articles."""
    with served(options=["--empty"]) as site:
        yield site


def send_mail(stack: Site, subject: str, markup: str | None = None, text: str = "Plain words.", **changes: Any) -> str:
    """Send a mail through the stack and return its path in the inbox."""
    number = len(mails(stack)) + 1
    bodies = {"Text": {"Data": text}} | ({} if markup is None else {"Html": {"Data": markup}})
    request: dict[str, Any] = {
        "FromEmailAddress": "blog@example.com",
        "Destination": {"ToAddresses": ["owner@example.com"]},
        "Content": {"Simple": {"Subject": {"Data": subject}, "Body": bodies}},
    }
    boto3.client("sesv2", endpoint_url=stack.aws).send_email(**request | changes)
    return f"/_local/mail/{number}"


@contextmanager
def visit(chromium: Browser, stack: Site, path: str, **options: Any) -> Iterator[tuple[Page, list[str]]]:
    """Open a page of the inbox; also yield its dialogs, and requests to other hosts, including those of new tabs."""
    context = chromium.new_context(base_url=stack, **options)
    context.set_default_timeout(10_000)
    page = context.new_page()
    foreign: list[str] = []

    def answer(route: Route) -> None:
        foreign.append(route.request.url)
        route.fulfill(status=200, content_type="text/html", body="evil")

    # Intercepted at the network layer: Chromium reports some requests that it does not make.
    context.route(lambda url: not url.startswith(stack), answer)
    page.on("dialog", lambda dialog: foreign.append(dialog.message))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    yield page, foreign
    context.close()


def test_the_html_of_a_mail_is_shown_with_its_styles(chromium: Browser, stack: Site) -> None:
    with visit(chromium, stack, send_mail(stack, "Styled", STYLED)) as (page, _):
        words = page.frame_locator("iframe").get_by_text("Styled")
        style = "element => [getComputedStyle(element).color, getComputedStyle(element).fontSize]"
        assert words.evaluate(style) == ["rgb(1, 2, 3)", "33px"]
        body = page.frame_locator("iframe").locator("body")
        assert body.evaluate("element => getComputedStyle(element).backgroundColor") == "rgb(4, 5, 6)"
        assert body.locator("img").evaluate("image => image.naturalWidth") == 1


def test_the_hostile_mail_does_harm_outside_of_the_inbox(chromium: Browser) -> None:
    """This shows that the next test is effective."""
    page = chromium.new_page()
    page.route(f"{EVIL}/**", lambda route: route.fulfill(status=200, content_type="text/html", body="evil"))
    with page.expect_request(f"{EVIL}/script"):
        page.set_content(HOSTILE, wait_until="commit")
    page.wait_for_url(f"{EVIL}/**")
    page.close()


def test_nothing_in_a_hostile_mail_runs_loads_or_navigates(chromium: Browser, stack: Site) -> None:
    path = send_mail(stack, "Hostile", HOSTILE)
    with visit(chromium, stack, path) as (page, foreign):
        frame = page.frame_locator("iframe").first
        frame.get_by_role("button", name="Form").click()
        # The last attack navigates the frame to another page, which stays blank.
        for name in ("Top", "Parent", "Script", "Self"):
            frame.get_by_role("link", name=name).click()
        page.wait_for_timeout(500)
        assert page.url == f"{stack}{path}"
        assert page.title() == "Hostile"
        assert len(page.context.pages) == 1
        assert foreign == []


@pytest.mark.parametrize("relation", ["", "opener"])
def test_a_link_opens_a_tab_without_sandbox_opener_or_referrer(chromium: Browser, stack: Site, relation: str) -> None:
    path = send_mail(stack, "Link", f'<a rel="{relation}" href="{EVIL}/tab">Read</a>')
    with visit(chromium, stack, path) as (page, _):
        with page.context.expect_page() as opened:
            page.frame_locator("iframe").get_by_role("link", name="Read").click()
        tab = opened.value
        tab.wait_for_url(f"{EVIL}/tab")
        # A sandboxed page would have the origin "null", and its forms would not work.
        assert tab.evaluate("[self.origin, document.referrer, window.opener]") == [EVIL, "", None]
        assert page.url == f"{stack}{path}"


def test_a_link_in_the_text_also_opens_a_tab(chromium: Browser, stack: Site) -> None:
    path = send_mail(stack, "Text", text=f"Write: {stack}/contact/.")
    with visit(chromium, stack, path) as (page, _):
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="/contact/").click()
        assert opened.value.url == f"{stack}/contact/"


def test_the_inbox_can_be_used_by_keyboard(chromium: Browser, stack: Site) -> None:
    send_mail(stack, "Older", "<p>Older</p>")
    newer = send_mail(stack, "Newer", "<p>Newer</p>")

    def reach(name: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            focused = page.locator(":focus")
            if focused.count() and (focused.get_attribute("aria-label") or focused.inner_text()) == name:
                outlined = (
                    "e => [e, '::after'].some(p => getComputedStyle(e, p === e ? null : p).outlineStyle === 'solid')"
                )
                assert focused.evaluate(outlined), f"the focus on {name} cannot be seen"
                return
        raise AssertionError(f"{name} cannot be reached")

    with visit(chromium, stack, "/_local/mail") as (page, _):
        for name, path in {"Newer": newer, "Headers": f"{newer}/headers", "Source": f"{newer}/source"}.items():
            reach(name)
            page.keyboard.press("Enter")
            page.wait_for_url(f"**{path}")
        reach("Older")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Older").wait_for()
        assert page.url.endswith("/source")


@pytest.mark.parametrize("width", [320, 390, 1100])
def test_every_page_fits_its_window_and_violates_no_policy(chromium: Browser, stack: Site, width: int) -> None:
    word = "word" * 60
    addresses = {"ToAddresses": [f"reader-{word}@example.com"]}
    path = send_mail(stack, word, f"<p>{word}</p>", f"{word} {EVIL}/{word}", Destination=addresses)
    complaints: list[str] = []
    with visit(chromium, stack, "/_local/mail", viewport={"width": width, "height": 700}) as (page, foreign):
        page.on("console", lambda message: complaints.append(message.text))
        for address in ("/_local/mail", path, f"{path}/text", f"{path}/headers", f"{path}/source"):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert (complaints, foreign) == ([], [])
        page.goto("/_local/mail/9999")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
