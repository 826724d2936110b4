"""Pages that embed the elements, at the blog's own origin or at another one."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Route, expect

from kolom_cli.assets.deployment import build
from tests.paths import PROJECT

expect.set_options(timeout=12_000)  # A form is only accepted three seconds after it was opened.

STRICT = "default-src 'self'; connect-src *; object-src 'none'; base-uri 'none'"
FRIEND = "http://localhost:9797"
"""Another origin than the blog's. Nothing listens there: whatever it has comes from the tests."""

_HTML = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
{head}</head>
<body><main>{body}</main></body></html>"""


@contextmanager
def open_page(
    browser: Browser,
    site: str,
    body: str,
    *,
    lang: str = "en",
    at: str | None = None,
    scripts: str = "/assets/widgets",
    widgets: Sequence[str] = ("kolom-comments", "kolom-contact"),
    head: str = "",
    policy: str = STRICT,
    has_clock: bool = False,
    complaints: Sequence[str] = (),
    **options: Any,
) -> Iterator[Page]:
    """Yield a page with ``body`` in a new browser context. ``at`` is its origin, by default the blog's.

    It loads the modules ``widgets``, and ``head`` is further markup of its head.

    With ``has_clock`` Playwright controls the page's time. On exit, assert that all browser errors match a pattern of
    ``complaints``, and that requests went only to the page's origin and the blog.
    """
    context = browser.new_context(
        **{"base_url": at or site, "reduced_motion": "reduce", "viewport": {"width": 1100, "height": 900}, **options}
    )
    context.set_default_timeout(8_000)
    heard: list[str] = []
    page = context.new_page()
    page.on("console", lambda said: heard.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("request", lambda request: _record_foreign_request(request, {site, at or site}, heard))
    modules = "".join(f'<script type="module" src="{scripts}/{name}.js"></script>' for name in widgets)
    html = _HTML.format(lang=lang, body=body, head=modules + head)
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy.replace("'self'", f"'self' {site} data:"),
    }
    if at is not None:
        # Chromium takes these intercepted pages for public ones, and public pages may not request a private address.
        context.grant_permissions(["local-network-access"], origin=at)
        _serve_files(context, at)
        # The CDN allows every origin to load these files.
        _serve_files(context, site)
    context.route("**/a-page*", lambda route: route.fulfill(body=html, headers=headers))
    if has_clock:
        page.clock.install()
    page.goto("/a-page")
    yield page
    context.close()
    unexpected = [said for said in heard if not any(re.search(pattern, said) for pattern in complaints)]
    assert unexpected == [], unexpected


def open_form(page: Page) -> Locator:
    """Begin to write a comment, and return the complete form. Before that, it is only a field for the text."""
    form = page.get_by_role("form", name="Write a comment")
    form.get_by_label("Comment").focus()
    expect(form.get_by_role("button", name="Send")).to_be_visible()
    return form


def open_html(page: Page, origin: str, html: str, **headers: str) -> None:
    """Open a page with this HTML and these headers at an origin, in place of whatever is there."""
    address = f"{origin}/written-by-the-test"
    sent = {"content-type": "text/html; charset=utf-8"} | {key.replace("_", "-"): headers[key] for key in headers}
    page.route(address, lambda route: route.fulfill(body=html, headers=sent))
    page.goto(address)


def problem(status: int, *fields: str, retry_after: int | None = None) -> dict[str, Any]:
    """Return the arguments of ``Route.fulfill`` for a problem response of the API."""
    body = {
        "title": "?",
        "status": status,
        "detail": "?",
        "errors": [{"field": name, "message": "?"} for name in fields],
    }
    headers = {"content-type": "application/problem+json"}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return {"status": status, "headers": headers, "body": json.dumps(body)}


@contextmanager
def respond_with(page: Page, method: str, path: str, *answers: dict[str, Any] | str) -> Iterator[list[Request]]:
    """Respond to requests with ``answers`` in turn; later requests reach the blog. ``abort`` fails a request; ``lose``
    sends it to the blog and drops the response.
    """
    left = list(answers)
    asked: list[Request] = []

    def handle(route: Route) -> None:
        if route.request.method != method:
            route.fallback()
            return
        asked.append(route.request)
        answer = left.pop(0) if left else None
        if answer is None:
            route.continue_()
        elif isinstance(answer, dict):
            route.fulfill(**answer)
        else:
            if answer == "lose":
                assert route.fetch().ok
            route.abort()

    page.route(path, handle)
    yield asked
    page.unroute(path, handle)


@cache
def _deployed_files() -> dict[str, bytes]:
    """Return the content of each file of the theme as it is deployed, by its plain name."""
    return {asset.name: asset.content for asset in build(PROJECT / "frontend").assets}


def _serve_files(context: BrowserContext, origin: str) -> None:
    def handle(route: Route) -> None:
        content = _deployed_files()[urlsplit(route.request.url).path.removeprefix("/assets/")]
        route.fulfill(body=content, content_type="text/javascript", headers={"access-control-allow-origin": "*"})

    context.route(f"{origin}/assets/**", handle)


def _record_foreign_request(request: Request, origins: set[str], heard: list[str]) -> None:
    parts = urlsplit(request.url)
    if parts.scheme in {"http", "https"} and f"{parts.scheme}://{parts.netloc}" not in {str(each) for each in origins}:
        heard.append(f"a request to {request.url}")
