"""The text of an exported comment, which is Markdown or HTML, as Markdown. Pure."""

import re
from typing import Final

from kolom_cli.importers.common.autop import paragraphs
from kolom_cli.importers.common.comment_fields import MAX_CONTENT
from kolom_cli.importers.common.html_to_markdown import html_to_markdown

MAX_HTML: Final = 8 * MAX_CONTENT
"""The maximum number of characters of HTML: markup is longer than its text, but not by more than this factor."""

_MARKUP: Final = re.compile(r"<(?:p|br|a|b|i|em|strong|blockquote|code|pre|ul|ol|div|span)\b[^<>]*>", re.IGNORECASE)
_PARAGRAPHS: Final = re.compile(r"<(?:p|br)\b", re.IGNORECASE)
_CODE: Final = re.compile(r"(?<!`)(`++).*?(?<!`)\1(?!`)", re.DOTALL)


def html_problem(html: str) -> str | None:
    """Return why the HTML of a comment is not converted, or None."""
    return f"has {len(html):,} characters of HTML, the maximum is {MAX_HTML:,}" if len(html) > MAX_HTML else None


def has_markup(text: str) -> bool:
    """Return whether a text has elements of HTML outside of Markdown's code. A text that is too long has none."""
    return len(text) <= MAX_CONTENT and _MARKUP.search(_CODE.sub("", text)) is not None


def to_markdown(text: str) -> str:
    """Return the Markdown of a text that is plain, Markdown or HTML.

    In HTML without ``<p>`` and ``<br>``, line breaks count.
    """
    if not has_markup(text):
        return text
    return html_to_markdown(text if _PARAGRAPHS.search(text) else paragraphs(text))
