"""Sections of long articles: which ones a result lists, and where their links lead."""

import json
from hashlib import blake2s
from urllib.parse import unquote

import pytest

from functions.search_articles.app import handler
from kolom.articles import publishing
from kolom.articles.types import Body
from kolom.rendering.renderer import render
from kolom.rendering.types import Heading
from kolom.search.index_writer import update_index
from kolom.search.sections import MAX_SECTIONS, MIN_CHARACTERS, find_headings
from tests.factories import NOW, Context, content, request
from tests.integration.handlers import stored

pytestmark = pytest.mark.usefixtures("tables")

FILLER = "Nothing of interest is said in this sentence about other things. " * 12


def publish(slug: str, markdown: str) -> None:
    """Publish an article from Markdown and index it."""
    body = Body.from_rendered(render(markdown, "markdown"), markdown, "markdown")
    done = publishing.publish(content(slug, body=body), now=NOW, force=True)
    assert update_index([done.article.id]) == set()


def sections(q: str) -> list[dict[str, str]]:
    """Return the sections of the only result."""
    answer = handler(request("/api/search", {"q": q}), Context())
    assert answer["statusCode"] == 200, answer
    (item,) = json.loads(answer["body"])["items"]
    found: list[dict[str, str]] = item["sections"]
    return found


def article(*parts: tuple[str, str]) -> str:
    """Return a long text with an introduction and these sections."""
    return FILLER + "".join(f"\n\n## {heading}\n\n{text} {FILLER}" for heading, text in parts)


def test_a_result_of_a_long_article_lists_its_best_sections_first() -> None:
    publish(
        "guide",
        article(
            ("Tea", "Tea grows in the hills."),
            ("Coffee & milk", "Coffee needs milk, and coffee is brown."),
            ("Places", "Coffee, coffee and coffee."),
            ("History of coffee", "It came by ship."),
            ("Other", ""),
        ),
    )
    assert [each["title_html"] for each in sections("coffee milk")] == [
        "<mark>Coffee</mark> &amp; <mark>milk</mark>",
        "History of <mark>coffee</mark>",
        "Places",
    ]
    assert [each["id"] for each in sections("tea")] == ["section-tea"]


def test_at_most_three_sections_are_listed() -> None:
    publish("guide", article(*((f"Part {number}", "coffee") for number in range(6))))
    assert [each["id"] for each in sections("coffee")] == ["part-0", "part-1", "part-2"]
    assert len(sections("coffee")) == MAX_SECTIONS


def test_a_link_leads_to_the_words_and_otherwise_to_the_heading() -> None:
    publish("guide", article(("Kopi-susu, dingin", "We drink good coffee-like tea, every day."), ("Other", "")))
    (section,) = sections("coffee day")
    identifier, _, directives = section["fragment"].partition(":~:")
    assert unquote(identifier) == section["id"]
    assert [unquote(each) for each in directives.split("&")] == [
        "text=drink good-,coffee,--like tea,",
        "text=tea, every-,day,-. Nothing",
    ]
    assert "%2D" in section["fragment"]


def test_short_articles_have_no_sections() -> None:
    publish("note", "## One\n\ncoffee\n\n## Two\n\ncoffee")
    assert sections("coffee") == []
    publish("note", f"## One\n\n{'coffee ' * MIN_CHARACTERS}")
    assert sections("coffee") == []


def test_a_section_in_the_rest_of_a_long_text_is_found() -> None:
    words = " ".join(blake2s(bytes([number % 256, number // 256])).hexdigest()[:14] for number in range(900))
    publish("book", f"## First\n\n{words}\n\n## Last\n\nThe harbour is old.\n\n## End\n\nBye.")
    assert [each["id"] for each in sections("harbour")] == ["section-last"]
    (item,) = (item for item in stored("search") if item["part"]["S"] == "rest")
    assert json.loads(item["headings"]["S"]) == [[2, "section-last"], [4, "section-end"]]


@pytest.mark.parametrize(
    ("heading", "identifier"),
    [
        ("Two[^1]", "section-two"),
        ("Two [^1] or[^1] three", "two-or-three"),
        ("Two<br>lines", "two-lines"),
        ("Two<br>long<br>lines[^1]", "two-long-lines"),
    ],
)
def test_a_heading_with_a_footnote_or_a_line_break_begins_a_section(heading: str, identifier: str) -> None:
    parts = article(("One", "coffee"), (heading, "tea"), ("Last", "milk"))
    publish("guide", f"{parts}\n\n[^1]: A note.")
    assert [each["id"] for each in sections("tea")] == [identifier]
    assert [each["id"] for each in sections("milk")] == ["section-last"]


def test_headings_that_are_not_in_the_text_do_not_hide_others() -> None:
    toc = [Heading("a", 2, "A"), Heading("lost", 2, "Lost"), Heading("b", 2, "B")]
    assert list(find_headings("A\nLost and found\nB\nA", toc)) == [(0, "a"), (2, "b")]


def test_an_article_of_an_earlier_version_has_no_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kolom.search.document.find_headings", lambda *_: ())
    publish("guide", article(("One", "coffee"), ("Two", "tea")))
    assert all("headings" not in item for item in stored("search"))
    assert sections("coffee") == []
