"""Markdown and HTML in, sanitised HTML out: how an author's text becomes the markup of a page.

The policy, which holds for Markdown (raw HTML in it included) and for HTML alike:

* Scripts, styles, drawings (SVG), formulas (MathML), buttons, menus of options and text fields vanish with their
  content; of other unknown elements (forms, ``<font>``, ``<object>``, ``<noscript>``) the content stays. Event
  handlers, styles, classes other than ``language-…`` and those of footnotes and task lists, and unknown attributes
  vanish; ``text-align`` becomes ``align``.
* Links lead to ``http``, ``https``, ``mailto``, ``tel``, relative URLs and fragments; others lose their ``href``.
  Of ``target`` only ``_blank`` is kept, with ``rel="noopener"``.
* Images, sound and films come from ``http``, ``https`` and relative URLs, images load lazily, players have controls and
  never start by themselves. An image without an acceptable URL leaves its alternative text.
* Frames show players of YouTube (from ``youtube-nocookie.com``), Vimeo and Dailymotion; a link replaces any other.
* The page has its own ``<h1>``: if the article has one, all its headings go down one level. Every heading has an id.
* Ids never are those of the page or its scripts: see :mod:`.identifiers`. Links within the article follow its ids.
* Control characters vanish, lone surrogates become U+FFFD. Elements nested deeper than 200 are flattened.

Everything here is pure: no clock, no environment, no network; and takes time in proportion to the input.
"""

from collections.abc import Callable

from kolom.rendering import html_rewriter, markdown, text
from kolom.rendering.html_tokenizer import serialize, tokenize
from kolom.rendering.sanitizer import clean_characters, normalize_html, sanitize
from kolom.rendering.tag_balancer import balance
from kolom.rendering.text import plain_text
from kolom.rendering.types import Rendered, SourceFormat


def render(
    source: str,
    source_format: SourceFormat,
    *,
    resolve: Callable[[str], str] | None = None,
    size_of: Callable[[str], tuple[int, int] | None] | None = None,
) -> Rendered:
    """The article that ``source`` describes. Any string is an article; there are no errors.

    ``resolve`` is called with each URL of an image, a film or a sound (``src``, ``srcset``, ``publisher``), and each
    relative one of a link but fragments and queries, and answers with what shall stand there; the answer is sanitised
    too. URLs are passed as they stand in HTML, so a space in Markdown arrives as ``%20``. What it raises is passed on.
    ``size_of`` is asked for the width and height in pixels of each picture by what ``resolve`` answered, so that the
    page can keep its place until it comes.
    """
    source = clean_characters(source)
    markup = markdown.to_html(source) if source_format == "markdown" else source
    markup = normalize_html(serialize(balance(tokenize(markup))))
    arranged = html_rewriter.rewrite(list(tokenize(markup)), resolve or _unchanged, size_of or _unknown)
    html = sanitize(serialize(arranged.tokens))
    return Rendered(
        html=html,
        toc=arranged.toc,
        excerpt=text.excerpt(arranged.tokens),
        reading_minutes=text.reading_minutes(plain_text(html)),
        image=arranged.image,
    )


def _unchanged(url: str) -> str:
    return url


def _unknown(_: str) -> None:
    return None
