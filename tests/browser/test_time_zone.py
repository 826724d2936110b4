"""Dates on pages and in elements are those of the site's time zone, wherever the reader is."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.embedding import FRIEND, open_page
from tests.serving import Site, eventually, send, served

ZONE = "America/New_York"
READER: dict[str, Any] = {"timezone_id": "Asia/Tokyo"}
# Half an hour before or after midnight in New York, near the clock changes of 9 March and 2 November 2025.
ARTICLES = {
    "winter": ("2025-03-09T04:30:00Z", "8 March 2025"),
    "summer": ("2025-03-10T04:30:00Z", "10 March 2025"),
    "autumn": ("2025-11-03T04:30:00Z", "2 November 2025"),
}
SCRIPTS = "".join(
    f'<script type="module" src="{{blog}}/assets/widgets/kolom-{name}.js"></script>' for name in ("articles", "search")
)


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start a blog in New York that another site may embed, with articles around midnight."""
    folder = tmp_path_factory.mktemp("articles")
    for name, (moment, _) in ARTICLES.items():
        write_article(folder, name, moment)
    options = ["--import", f"markdown:{folder}"]
    with served(
        f"TimeZone={ZONE}", "Languages=en,id", "ModerationMode=none", f"AllowedOrigins={FRIEND}", options=options
    ) as site:
        assert eventually(lambda: send(site, "/api/search?q=lantern")[1]["total"] == len(ARTICLES))
        yield site


def write_article(folder: Path, name: str, moment: str) -> None:
    front_matter = f"title: {name.title()}\nslug: {name}\ndate: {moment}\nlanguage: en\nstatus: published"
    (folder / f"{name}.md").write_text(f"---\n{front_matter}\n---\n\nA lantern in the {name}.\n")


@pytest.mark.parametrize("origin", [None, FRIEND])
def test_elements_show_the_dates_of_the_sites_time_zone(blog: Site, chromium: Browser, origin: str | None) -> None:
    body = f'<kolom-articles api="{blog}"></kolom-articles><kolom-search api="{blog}"></kolom-search>'
    with open_page(chromium, blog, SCRIPTS.format(blog=blog) + body, at=origin, **READER) as page:
        page.get_by_role("combobox").fill("lantern")
        page.keyboard.press("Enter")
        for kind in ("kolom-articles", "kolom-search"):
            for name, (moment, day) in ARTICLES.items():
                card = page.locator(f"{kind} li").filter(has_text=name.title())
                expect(card.locator("time")).to_have_text(day)
                expect(card.locator("time")).to_have_attribute("datetime", moment)


def test_an_article_in_an_element_has_the_date_of_its_page(blog: Site, chromium: Browser) -> None:
    for name, (_, day) in ARTICLES.items():
        element = f'<kolom-articles api="{blog}" article="{name}"></kolom-articles>'
        with open_page(chromium, blog, SCRIPTS.format(blog=blog) + element, **READER) as page:
            expect(page.locator("kolom-articles time")).to_have_text(day)
            page.goto(f"/{name}/")
            expect(page.locator("article time").first).to_have_text(day)


def test_the_exact_time_of_a_comment_is_in_the_sites_time_zone(blog: Site, chromium: Browser) -> None:
    comment = send(blog, "/api/articles/summer/comments", {"name": "Siti", "content": "A comment."})[1]["comment"]
    local = datetime.fromisoformat(comment["created_at"]).astimezone(ZoneInfo(ZONE))
    body = f'<kolom-comments api="{blog}" article="summer"></kolom-comments>'
    with open_page(chromium, blog, body, at=FRIEND, **READER) as page:
        time = page.locator("kolom-comments time")
        expect(time).to_have_attribute("datetime", comment["created_at"])
        title = time.get_attribute("title") or ""
        assert title.startswith(f"{local.day} {local:%B %Y}, {local:%H:%M} ")


def test_an_unknown_time_zone_is_replaced_by_utc(blog: Site, chromium: Browser) -> None:
    body = f'<kolom-articles api="{blog}" article="winter"></kolom-articles>'
    with open_page(chromium, blog, body, **READER) as page:
        answer = page.request.get(f"{blog}/api/articles/winter")
        headers = {"content-type": "application/json", "kolom-time-zone": "Atlantis/Capital"}
        page.route("**/api/articles/winter", lambda route: route.fulfill(body=answer.body(), headers=headers))
        page.evaluate("async () => { await import('/assets/widgets/kolom-articles.js') }")
        expect(page.locator("kolom-articles time")).to_have_text("9 March 2025")
