"""Render an author's Markdown or HTML as the sanitized HTML of a page.

The policy applies to Markdown (including raw HTML) and to HTML alike:

* Scripts, styles, drawings (SVG), formulas (MathML), buttons, option menus and text fields are removed with their
  content; other unknown elements (forms, ``<font>``, ``<object>``, ``<noscript>``) are removed, but their content is
  kept. Event handlers, styles, classes other than ``language-…`` and those of footnotes and task lists, and unknown
  attributes are removed; ``text-align`` becomes ``align``.
* Links may point to ``http``, ``https``, ``mailto``, ``tel``, relative URLs and fragments; others lose their ``href``.
  The only allowed ``target`` is ``_blank``, with ``rel="noopener"``.
* Images, audio and video may have ``http``, ``https`` and relative URLs. Images load lazily; players have controls and
  never start automatically. An image without a valid URL is replaced by its alternative text.
* Frames embed players of YouTube (from ``youtube-nocookie.com``), Vimeo and Dailymotion. A link replaces other frames
  with an ``https`` URL; the rest are removed.
* The page has its own ``<h1>``, the title: a first ``<h1>`` that repeats it is omitted. If the article has another one,
  all its headings move down one level. Every heading has an id.
* Ids never conflict with those of the page or its scripts: see :mod:`.element_ids`. Links within the article are
  updated to its ids.
* Control characters are removed, lone surrogates become U+FFFD. Elements nested deeper than 200 are flattened.

This package is pure: no clock, no environment, no network. Its running time is proportional to the input.
"""

from collections.abc import Callable

from kolom.rendering import html_rewriter, markdown, text
from kolom.rendering.html_tokenizer import Token, serialize, tokenize
from kolom.rendering.sanitizer import clean_characters, normalize_html, sanitize, without_comments
from kolom.rendering.tag_balancer import balance
from kolom.rendering.text import plain_text
from kolom.rendering.title_heading import find_heading
from kolom.rendering.types import Rendered, SourceFormat


def render(
    source: str,
    source_format: SourceFormat,
    *,
    title: str | None = None,
    resolve: Callable[[str], str] | None = None,
    resolve_link: Callable[[str], str] | None = None,
    size_of: Callable[[str], tuple[int, int] | None] | None = None,
) -> Rendered:
    """Render ``source``. Any string is valid input; there are no errors.

    ``title`` is the title that the page shows above the text.

    ``resolve`` is called with each URL of an image, video or audio file (``src``, ``srcset``, ``poster``), and with
    each relative URL of a link except fragments and queries, and returns its replacement, which is sanitized too. URLs
    are passed as written in HTML, so a space in Markdown is passed as ``%20``. ``resolve_link`` is called with each
    HTTP URL of a link. Exceptions of both propagate.

    ``size_of`` is called with the resolved URL of each image and returns its width and height in pixels, so that the
    page can reserve its space before it loads.
    """
    tokens = _canonical_tokens(source, source_format)
    rewritten = html_rewriter.rewrite(
        tokens, resolve or _identity, size_of or _unknown_size, title=title, resolve_link=resolve_link or _identity
    )
    markup = serialize(rewritten.tokens)
    html = sanitize(markup)
    is_unchanged = html == without_comments(markup)
    return Rendered(
        html=html,
        toc=rewritten.toc,
        excerpt=text.excerpt(rewritten.tokens),
        reading_minutes=text.reading_minutes(text.text_of(rewritten.tokens) if is_unchanged else plain_text(html)),
        image=rewritten.image,
        omitted_heading=serialize(rewritten.omitted_heading),
    )


def render_html(html: str) -> str:
    """Return only the HTML that :func:`render` returns for HTML without a title."""
    rewritten = html_rewriter.rewrite(_canonical_tokens(html, "html"), _identity, _unknown_size)
    return sanitize(serialize(rewritten.tokens))


def find_title(source: str, source_format: SourceFormat) -> str | None:
    """Return the text of the heading that can be the title (:mod:`.title_heading`); None if there is none."""
    heading = find_heading(_canonical_tokens(source, source_format))
    return heading.text or None if heading else None


def _canonical_tokens(source: str, source_format: SourceFormat) -> list[Token]:
    source = clean_characters(source)
    markup = markdown.to_html(source) if source_format == "markdown" else source
    return list(tokenize(normalize_html(serialize(balance(tokenize(markup))))))


def _identity(url: str) -> str:
    return url


def _unknown_size(_: str) -> None:
    return None
