"""A search for the texts that take longest to render, or become largest, among the texts of the allowed length.

Hypothesis builds texts from pieces of markup, and `target` leads it to the most expensive ones. `make fuzz`
continues the search with new texts. Lines of Python are counted, since seconds depend on the machine.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import pytest
from hypothesis import given, settings, target
from hypothesis import strategies as st

from kolom.rendering import renderer, visitor_text
from tests.unit.rendering.test_visitor_text import lines_executed

PIECES: Final = (
    *("a", " ", "\n", "\n\n", "*", "**", "_", "__", "`", "``", "~~~\n", "~~", "[", "]", "](", "![", "(", ")", "<", ">"),
    *("> ", "- ", "1. ", "    ", "# ", "|", "|-|\n", "&", "&amp;", "\\", "http://a.b/", "www.a.b", "http://", "a@b.c"),
    *("<a href=", "</p>", "<b>", "<!--", "-->", '"', "'", "=", "\u0301", "é", "\U0001f600", "[a](b)", "[^1]", "\t"),
    *("\n[^1]: x\n", "\n[a]: b\n", "<div>", "</div>", "<table><tr><td>", "<li>", "<img src=x>", "<svg>", "</svg>", "{"),
)
UNITS: Final = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)

SHORT: Final = 1_000
LONG: Final = 4 * SHORT
CONSTANT: Final = 20_000
"""The lines that any text may take, such as for the first use of a pattern."""

FORMATS: Final[dict[str, Callable[[str], object]]] = {
    "comment": visitor_text.render,
    "HTML": lambda text: renderer.render(text, "html"),
    "Markdown": lambda text: renderer.render(text, "markdown"),
}


def repeated(unit: str, length: int) -> str:
    """Return a text of that length, in which the unit is repeated."""
    return (unit * (length // len(unit) + 1))[:length]


@pytest.mark.parametrize("source_format", FORMATS)
@given(unit=UNITS)
@settings(max_examples=12)
def test_four_times_the_text_takes_at_most_five_times_the_work(source_format: str, unit: str) -> None:
    """Quadratic work would be sixteen times as much."""
    render = FORMATS[source_format]
    short, long = (lines_executed(partial(render, repeated(unit, length))) for length in (SHORT, LONG))
    target(long / (short + CONSTANT))
    assert long <= 5 * short + CONSTANT


@given(units=st.lists(UNITS, min_size=1, max_size=3))
@settings(max_examples=20)
def test_a_comment_of_any_markup_stays_within_the_limits_of_size(units: list[str]) -> None:
    text = "".join(repeated(unit, 10_000 // len(units)) for unit in units)
    size = len(visitor_text.render(text).html.encode())
    target(size / len(text))
    assert size <= min(visitor_text.MAX_HTML_BYTES, visitor_text.MAX_GROWTH * len(text) + 2_000)


@pytest.mark.parametrize("source_format", ["html", "markdown"])
@given(units=st.lists(UNITS, min_size=1, max_size=3))
@settings(max_examples=15)
def test_an_article_of_any_markup_grows_by_a_constant_factor(source_format: str, units: list[str]) -> None:
    short, long = (
        len(renderer.render("".join(repeated(unit, length) for unit in units), source_format).html)  # type: ignore[arg-type]
        for length in (SHORT, LONG)
    )
    target(long / LONG)
    assert long <= 5 * short + CONSTANT
    assert long <= 200 * LONG * len(units)
