"""Pages with the elements on them, at the blog's own address or at somebody else's."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.paths import PROJECT

expect.set_options(timeout=12_000)  # a form is not sent before it is three seconds old

FRONTEND = PROJECT / "frontend"
STRICT = "default-src 'self'; connect-src *; object-src 'none'; base-uri 'none'"
FRIEND = "http://localhost:9797"
"""Another origin than the blog's. Nothing listens there: whatever it has comes from the tests."""

_HTML = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<script type="module" src="{scripts}/kolom-comments.js"></script>
<script type="module" src="{scripts}/kolom-contact.js"></script></head>
<body><main>{body}</main></body></html>"""


@contextmanager
def reading(
    browser: Browser,
    site: str,
    body: str,
    *,
    lang: str = "en",
    at: str | None = None,
    scripts: str = "/assets/widgets",
    policy: str = STRICT,
    has_clock: bool = False,
    complaints: Sequence[str] = (),
    **options: Any,
) -> Iterator[Page]:
    """A page with ``body``, in a fresh browser; ``at`` another origin than the blog's, if one is given.

    With ``has_clock`` the page's time is Playwright's. Afterwards the browser has complained of nothing but what one of
    the patterns of ``complaints`` says, and has asked nobody but the page's origin and the blog.
    """
    context = browser.new_context(
        **{"base_url": at or site, "reduced_motion": "reduce", "viewport": {"width": 1100, "height": 900}, **options}
    )
    context.set_default_timeout(8_000)
    heard: list[str] = []
    page = context.new_page()
    page.on("console", lambda said: heard.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("request", lambda request: _note_stranger(request, {site, at or site}, heard))
    html = _HTML.format(lang=lang, body=body, scripts=scripts)
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy.replace("'self'", f"'self' {site} data:"),
    }
    if at is not None:
        # Its pages come from nowhere, so a browser takes them for the internet's, which may not ask this machine.
        context.grant_permissions(["local-network-access"], origin=at)
        _serve_files(context, at)
        # As the edge serves them: to pages of any site.
        _serve_files(context, site)
    context.route("**/a-page", lambda route: route.fulfill(body=html, headers=headers))
    if has_clock:
        page.clock.install()
    page.goto("/a-page")
    yield page
    context.close()
    assert [said for said in heard if not any(re.search(pattern, said) for pattern in complaints)] == []


def problem(status: int, *fields: str, retry_after: int | None = None) -> dict[str, Any]:
    """What the API answers where something is wrong, for ``Route.fulfill``."""
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
def answering(page: Page, method: str, path: str, *answers: dict[str, Any] | str) -> Iterator[list[Request]]:
    """Requests are answered by ``answers``, one after the other, and then by the blog. ``abort``: by nobody; ``lose``:
    the blog gets it, and its answer is lost."""
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


def _serve_files(context: BrowserContext, origin: str) -> None:
    def handle(route: Route) -> None:
        file = FRONTEND / urlsplit(route.request.url).path.removeprefix("/assets/")
        route.fulfill(path=file, content_type="text/javascript", headers={"access-control-allow-origin": "*"})

    context.route(f"{origin}/assets/**", handle)


def _note_stranger(request: Request, origins: set[str], heard: list[str]) -> None:
    parts = urlsplit(request.url)
    if parts.scheme in {"http", "https"} and f"{parts.scheme}://{parts.netloc}" not in {str(each) for each in origins}:
        heard.append(f"a request to {request.url}")
