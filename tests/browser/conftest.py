"""A running local stack with the sample articles, and a browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from kolom.articles import publishing
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.seed import StackLoader
from tests.browser.embedding import FRIEND
from tests.factories import content
from tests.paths import PROJECT
from tests.serving import Site, eventually, send, served

PARAMETERS = {"SiteTitle": "Catatan Sari", "SiteDescription": "Catatan dari Yogyakarta.", "TimeZone": "Asia/Jakarta"}
SHARED_SETTINGS = (
    "SiteTitle=Catatan",
    "OwnerEmail=owner@example.com",
    "CommentsPerMinute=100",
    f"AllowedOrigins={FRIEND}",
)
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LONG_WORD = "Kata" * 75
ARABIC_HTML = (
    "<p>يبدأ السوق قبل الفجر بساعة، والدالة <code>total(prices)</code> تكفي لذلك.</p><blockquote><p>قول.</p>"
    "</blockquote><pre><code>def total(prices: dict[str, float]) -&gt; float:  # a long line for a narrow screen"
    "</code></pre>"
    "<table><thead><tr><th>السلعة</th><th>السعر</th></tr></thead><tbody><tr><td>خبز</td><td>2.50</td></tr></tbody></table>"
    "<h2>الأسعار</h2><p>نص.</p>"
)


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Start a blog and return its URL. The blog has the samples, a renamed article, a deleted one, one with hostile
    text and one in a right-to-left script.
    """
    with EmulatedStack(PROJECT / "template.yaml", PARAMETERS, port=0) as stack:
        loader = StackLoader()
        loader.deploy_assets(stack)
        loader.load_sample(stack)
        now = datetime.now(UTC)
        renamed = publishing.publish(content("nama-lama", language="id"), now=now).article
        publishing.publish(content("nama-baru", language="id"), now=now, article_id=renamed.id, force=True)
        publishing.publish(content("terhapus", language="id"), now=now)
        publishing.delete("terhapus", now=now)
        publishing.publish(
            content(
                "bermusuhan",
                title=f'<script>window.hacked = 1</script> "{LONG_WORD[:200]}"',
                labels=("<b>tebal</b>", LONG_WORD[:100]),
                language="id",
                author=LONG_WORD[:100],
                path="/2024/05/x.html",
                html=f"<h2>{LONG_WORD}</h2><p>{LONG_WORD}</p><pre>{LONG_WORD}</pre>"
                '<p>Sebuah <img src="/assets/favicon.svg" alt="tanda" width="16" height="16"> kecil.</p>'
                f"<table><tr>{'<td>sel lebar</td>' * 30}</tr></table>",
            ),
            now=now,
        )
        arabic = content("suq", title="صباح في السوق القديم", author="ليلى", language="ar", html=ARABIC_HTML)
        publishing.publish(arabic, now=now)
        stack.wait_until_idle()
        yield stack.url


@pytest.fixture(scope="session")
def blog() -> Iterator[Site]:
    """Start a blog without moderation; pages of ``FRIEND`` may use its API."""
    with served("ModerationMode=none", *SHARED_SETTINGS) as site:
        assert eventually(lambda: send(site, "/api/search?q=komunike")[1]["total"] > 0)
        yield site


@pytest.fixture(scope="session")
def moderated_blog() -> Iterator[Site]:
    """Start a blog that publishes comments after approval; pages of ``FRIEND`` may use its API."""
    with served("ModerationMode=first", *SHARED_SETTINGS) as site:
        yield site


@pytest.fixture(scope="session")
def strict_blog() -> Iterator[Site]:
    """Start a blog that also requires form tokens and proof of work."""
    with served("ModerationMode=first", "ProofOfWork=altcha", "FormToken=required", *SHARED_SETTINGS) as site:
        yield site


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium. The headless shell is preferred, because it takes half the CPU time."""
    executable = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if executable is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """Opens pages and records problems: console errors, policy violations, and requests to other hosts."""

    def __init__(self, browser: Browser, site: str) -> None:
        self.complaints: list[str] = []
        self._browser = browser
        self._site = site

    @contextmanager
    def visit(self, path: str, *, width: int = 1280, height: int = 900, **options: Any) -> Iterator[Page]:
        """Open ``path`` in a new browser context; ``options`` are passed to Playwright's ``new_context``."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, base_url=self._site, reduced_motion="reduce", **options
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", self._record_message)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self._record_request)
        page.goto(path)
        page.wait_for_load_state("networkidle")
        yield page
        context.close()

    def ignore_status_errors(self) -> None:
        """Remove the console errors about the status of an error page."""
        self.complaints = [each for each in self.complaints if "the server responded with a status of 4" not in each]

    def _record_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _record_request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self._site).netloc:
            self.complaints.append(f"a request to {request.url}")


@pytest.fixture
def visitor(chromium: Browser, site: str) -> Iterator[Visitor]:
    """Yield a visitor, and check afterwards that no problem was recorded. A test that expects problems clears them."""
    visitor = Visitor(chromium, site)
    yield visitor
    assert visitor.complaints == []
