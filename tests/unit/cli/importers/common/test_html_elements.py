"""Changing the HTML of other editors as a tree."""

import pytest

from kolom_cli.importers.common.html_elements import inner_html, parse, remove_layout_markup


@pytest.mark.parametrize(
    ("written", "tidied"),
    [
        ("<figure><img src='a.png'><figcaption><div>a</div><div>b</div></figcaption></figure>", ">a b</figcaption>"),
        ("<h2><div>a</div><div>b</div></h2>", "<h2>a b</h2>"),
        ("x<div>a<p>b</p></div>", "<p>x a</p><p>b</p>"),
        ("one<fieldset><legend>two</legend>three</fieldset>", "<p>one two three</p>"),
    ],
)
def test_words_stay_apart_if_the_elements_around_them_are_removed(written: str, tidied: str) -> None:
    root = parse(written)
    remove_layout_markup(root)
    assert tidied in inner_html(root)


def test_a_video_keeps_its_sources_and_a_picture_loses_them() -> None:
    root = parse('<video><source src="a.mp4"></video><picture><source srcset="b.webp"><img src="b.png"></picture>')
    remove_layout_markup(root)
    tidied = inner_html(root)
    assert '<source src="a.mp4"' in tidied
    assert "b.webp" not in tidied
    assert '<img src="b.png"' in tidied
