"""Take pictures of the elements on the generated sites: `make pictures`. The documentation has some of them."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import BROWSER_ARGUMENTS
from tests.browser.generated_sites import GeneratedSite, GeneratedSites, generated_sites
from tests.browser.generators.posts import HARBOUR, RAILWAY, Post
from tests.serving import send

_DOCUMENTED: Final = {
    "site-search.png": "pelican-en-light-search.png",
    "site-comments-dark.png": "eleventy-en-dark-comments.png",
    "site-arabic.png": "eleventy-ar-light-search.png",
}
_COMMENTS: Final = {
    HARBOUR.english.slug: (
        ("Komang", "The **upper canteen** also has rice in banana leaves, if you are there before eight."),
        (
            "Tess",
            "We crossed in January. The bow went against the current for an hour, and nobody looked up from the cards.",
        ),
    ),
    RAILWAY.english.slug: (
        ("Wayan", "The rolls at Jember are still the best part. Get off at the stop and you miss the train, though."),
        ("Tess", "Is 9A on the side of the sea or of the mountains?"),
    ),
    RAILWAY.arabic.slug: (("سلمى", "من الرصيف نفسه رأيت الجزيرة أول مرة. شكراً على هذا النص."),),
    HARBOUR.arabic.slug: (("سلمى", "الشاي أولاً، دائماً. شكراً على هذه الصورة الجميلة."),),
}
_addresses = count(2)


def post_comments(sites: GeneratedSites) -> None:
    """Post the comments of the pictures on both sites, and approve them."""
    for site in (sites.pelican, sites.eleventy):
        for post in (site.posts.english, site.posts.arabic):
            slug = send(sites.blog, f"/api/paths?url={site.at(post)}")[1]["slug"]
            for name, content in _COMMENTS[post.slug]:
                address = f"127.0.0.{next(_addresses)}"
                posted = send(
                    sites.blog, f"/api/articles/{slug}/comments", {"name": name, "content": content}, address=address
                )
                assert posted[0] in {200, 201, 202}, posted
    sites.approve_comments()


@contextmanager
def opened(browser: Browser, site: GeneratedSite, post: Post, scheme: str, width: int = 880) -> Iterator[Page]:
    """Open a post in a new browser context."""
    context = browser.new_context(
        viewport={"width": width, "height": 600}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.goto(site.at(post))
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


def search(page: Page, query: str) -> None:
    """Open the dialog and search."""
    page.locator("kolom-search").get_by_role("button").first.click()
    page.locator("kolom-search").get_by_role("combobox").fill(query)
    expect(page.get_by_role("option").first).to_be_visible()
    page.wait_for_timeout(300)


def show_comments(page: Page) -> None:
    """Scroll to the comments."""
    page.locator("kolom-related").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    page.locator("kolom-comments").scroll_into_view_if_needed()
    expect(page.locator("kolom-comments").get_by_role("article").first).to_be_visible()
    page.wait_for_timeout(500)
    page.evaluate("scrollTo(0, document.querySelector('kolom-related').getBoundingClientRect().top + scrollY - 24)")
    page.wait_for_timeout(300)


def take(folder: Path, browser: Browser, sites: GeneratedSites) -> None:
    """Write the pictures into a folder."""
    actions: dict[str, Callable[[Page], None]] = {
        "search": lambda page: search(page, "night" if page.get_attribute("html", "lang") == "en" else "الليل"),
        "comments": show_comments,
    }
    for name, site in (("pelican", sites.pelican), ("eleventy", sites.eleventy)):
        for post in (site.posts.english, site.posts.arabic):
            for scheme in ("light", "dark"):
                for what, action in actions.items():
                    with opened(browser, site, post, scheme) as page:
                        action(page)
                        page.screenshot(path=folder / f"{name}-{post.language}-{scheme}-{what}.png")
    for post in (RAILWAY.english, RAILWAY.arabic):
        for what, action in actions.items():
            with opened(browser, sites.eleventy, post, "light", width=390) as page:
                action(page)
                page.screenshot(path=folder / f"phone-{post.language}-{what}.png")


def main(documented: Path, folder: Path) -> None:
    """Build the sites, write all pictures into ``folder``, and copy those of the documentation."""
    folder.mkdir(parents=True, exist_ok=True)
    executable = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with (
        tempfile.TemporaryDirectory() as built,
        generated_sites(Path(built)) as sites,
        sync_playwright() as playwright,
    ):
        post_comments(sites)
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER_ARGUMENTS)
        take(folder, browser, sites)
        browser.close()
    for name, taken in _DOCUMENTED.items():
        shutil.copy(folder / taken, documented / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
