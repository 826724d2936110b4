"""The page shows the title of an article once: a first heading that repeats it is not rendered."""

import pytest

from kolom.rendering.renderer import find_title, render
from kolom.rendering.types import SourceFormat

REPEATED: list[tuple[str, SourceFormat]] = [
    ("# The title\n\nText.\n", "markdown"),
    ("#   the   TITLE   ##\n\nText.\n", "markdown"),
    ("# The *title*\n\nText.\n", "markdown"),
    ("# The [`title`](/x)\n\nText.\n", "markdown"),
    ("# The&nbsp;t&#105;tle\n\nText.\n", "markdown"),
    ("The title\n=========\n\nText.\n", "markdown"),
    ("The\ntitle\n===\nText.\n", "markdown"),
    ("<!-- note -->\n\n# The title\n\nText.\n", "markdown"),
    ("<h1 align='center'>The title</h1>\n\nText.\n", "markdown"),
    ("<div>\n\n# The title\n\n</div>\n\nText.\n", "markdown"),
    ("<h1>The title</h1><p>Text.</p>", "html"),
    ("<H1 id=x>The<br><em>title</em></H1>\n<p>Text.", "html"),
    ("<!DOCTYPE html><html><body><header><h1>The title</h1></header><p>Text.</p></body>", "html"),
    ("<h1>The ti\u00adtle</h1><p>Text.</p>", "html"),
]


@pytest.mark.parametrize(("source", "source_format"), REPEATED)
def test_a_first_heading_that_repeats_the_title_is_not_rendered(source: str, source_format: SourceFormat) -> None:
    rendered = render(source, source_format, title="The title")
    assert "title" not in rendered.html.lower()
    assert "<p>Text.</p>" in rendered.html
    assert (rendered.toc, rendered.excerpt) == ((), "Text.")
    assert find_title(source, source_format) is not None


@pytest.mark.parametrize(
    ("title", "heading"), [("Don't \u201cgo\u201d", 'Don\u2019t "go"'), ("R&D \u2013 now", "R&amp;D - now")]
)
def test_typographic_variants_repeat_a_title(title: str, heading: str) -> None:
    assert render(f"# {heading}\n\nText.\n", "markdown", title=title).html == "<p>Text.</p>\n"


@pytest.mark.parametrize(
    "source",
    [
        "# Another title\n\nText.\n",
        "# The title, part two\n\nText.\n",
        "# Another\n\n# The title\n",
        "> # The title\n\nText.\n",
        "- # The title\n\nText.\n",
        "# The title ![map](/map.png)\n\nText.\n",
        "# The title[^1]\n\nText.\n\n[^1]: Note.\n",
        "The title\n\nText.\n",
        "# 🙂\n\nText.\n",
        "#\n\nText.\n",
        "",
    ],
)
def test_another_first_heading_is_rendered(source: str) -> None:
    assert render(source, "markdown", title="The title") == render(source, "markdown")


def test_without_a_title_the_heading_is_rendered() -> None:
    for title in (None, "", " "):
        assert render("# T\n", "markdown", title=title).html == '<h2 id="section-t">T</h2>\n'


def test_a_text_of_only_the_heading_is_empty() -> None:
    rendered = render("# The title\n", "markdown", title="The title")
    assert (rendered.html, rendered.excerpt, rendered.reading_minutes) == ("", "", 1)


def test_without_the_heading_the_others_keep_their_levels() -> None:
    rendered = render("# The title\n\n## A b\n\n### C d\n", "markdown", title="The title")
    assert rendered.html == '<h2 id="a-b">A b</h2>\n<h3 id="c-d">C d</h3>\n'
    assert [(each.level, each.text) for each in rendered.toc] == [(2, "A b"), (3, "C d")]


def test_links_to_the_omitted_heading_lead_to_the_top() -> None:
    source = (
        '<h1 id="up">The <a name="old">title</a></h1><a href="#up">1</a><a href="#old">2</a><a href="#the-title">3</a>'
    )
    assert render(source, "html", title="The title").html == '<a href="#">1</a><a href="#">2</a><a href="#">3</a>'


def test_rendering_the_stored_html_again_changes_nothing() -> None:
    html = render("# The title\n\n## The title\n\nText [up](#the-title).\n", "markdown", title="The title").html
    assert render(html, "html").html == html == render(html, "html", title="The title").html
