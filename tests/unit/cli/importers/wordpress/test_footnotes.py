"""Footnotes of WordPress: shortcodes of plugins and those of the block editor."""

import json

import pytest

from kolom.rendering.renderer import render
from kolom_cli.importers.wordpress.html_converter import Converter


@pytest.mark.parametrize("name", ["ref", "footnote", "fn", "efn_note", "mfn"])
def test_a_footnote_shortcode_becomes_a_footnote(name: str) -> None:
    converter = Converter({})
    html = converter.convert(f"A[{name}]the <em>note</em>[/{name}].\n\n[references /]\n\nB")
    assert '<p>A<sup class="footnote-ref"><a href="#fn-1" id="fnref-1">[1]</a></sup>.</p>' in html
    assert '<li class="footnote-item" id="fn-1"><p>the <em>note</em> <a class="footnote-backref"' in html
    assert converter.notes == []


def test_a_named_footnote_is_listed_once() -> None:
    html = Converter({}).convert('A[ref name="x"]note[/ref] B[ref name="x" /] C[ref]two[/ref]')
    assert html.count('<li class="footnote-item"') == 2
    assert 'id="fnref-1:1">[1:1]</a>' in html
    assert 'href="#fnref-1:1">↩︎</a>' in html


def test_code_and_links_in_a_footnote_are_kept() -> None:
    html = Converter({}).convert("A[ref]see [button url='https://x.example/']x[/button] and <code>[y]</code>[/ref]")
    assert 'see <a href="https://x.example/">x</a> and <code>[y]</code> <a class="footnote-backref"' in html


def test_the_footnotes_of_the_block_editor_are_shown() -> None:
    stored = json.dumps([{"id": "a-1", "content": "The <strong>note</strong>"}, {"id": 5}, "x"])
    text = (
        '<!-- wp:paragraph -->\n<p>A<sup data-fn="a-1" class="fn"><a id="a-1-link" href="#a-1">1</a></sup></p>\n'
        "<!-- /wp:paragraph -->\n<!-- wp:footnotes /-->"
    )
    converter = Converter({}, block_footnotes=stored)
    rendered = render(converter.convert(text), "html").html
    assert '<sup class="footnote-ref"><a href="#a-1" id="a-1-link">1</a></sup>' in rendered
    assert '<li class="footnote-item" id="a-1"><p>The <strong>note</strong> ' in rendered
    assert converter.notes == []


@pytest.mark.parametrize(
    "stored", ["", "{", "[" * 5000, '{"a": 1}', "null", '[{"id": "a", "content": "\\u0000 1\\u0000"}]']
)
def test_any_stored_footnotes_are_accepted(stored: str) -> None:
    assert "A" in Converter({}, block_footnotes=stored).convert("A")
