"""Read a story of a Medium export: an HTML file with the classes of the microformat h-entry.

| element | content |
|---|---|
| ``h1.p-name`` | title |
| ``section.p-summary`` | subtitle, or the beginning of the text |
| ``section.e-content`` | text, which begins with the title and the subtitle again |
| ``time.dt-published``, ``a.p-author``, ``a.p-canonical``, ``.p-tags a`` | in the footer; a draft has none of them |

The name of the file is ``2019-05-06_My-story-abc123def456.html`` or ``draft_My-story-abc123def456.html``. The id at
the end remains the same when a draft is published.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from bs4.element import Tag

from kolom.rendering.html_tokenizer import End, Start, Text, Token, escape, unescape
from kolom_cli.importers.common.dates import parse_iso_datetime
from kolom_cli.importers.common.html_elements import attribute, extract_text, inner_html, is_visible, parse

_PREFIX: Final = re.compile(r"(?:draft|\d{4}-\d{2}-\d{2})_", re.IGNORECASE)
_ID: Final = re.compile(r"[0-9a-f]{6,16}")
_ID_IN_URL: Final = re.compile(r"(?:^|[-/])([0-9a-f]{6,16})$")
_LANGUAGE: Final = re.compile(r"[a-z][\w+#-]{0,30}")
_HEADINGS: Final = ["h1", "h2", "h3", "h4"]
_ELLIPSES: Final = ("…", "...")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A story. ``words`` are those in the name of its file.

    ``url`` is its canonical URL; ``is_response`` is True if it has the form of a comment.
    """

    id: str
    title: str
    subtitle: str
    body: str
    author: str
    url: str
    words: str
    tags: tuple[str, ...]
    published_at: datetime | None
    is_draft: bool
    is_response: bool


def split_name(path: PurePosixPath) -> tuple[str, str]:
    """Return the words and the id in the name of the file; the id is the whole name if it contains none."""
    words, _, number = _PREFIX.sub("", path.stem, count=1).rpartition("-")
    return (words, number) if _ID.fullmatch(number) else (f"{words}-{number}".strip("-"), path.stem)


def id_in(path: str) -> str:
    """Return the id at the end of the path of a story's URL; empty if there is none."""
    match = _ID_IN_URL.search(path.rstrip("/"))
    return match[1] if match else ""


def read_story(path: PurePosixPath, html: str) -> Story | None:
    """Return the story in the file of that name; None if the file is not a story."""
    root = parse(html, _prepared)
    content = root.select_one(".e-content")
    if content is None:
        return None
    published = attribute(root.select_one("time.dt-published"), "datetime")
    published_at = parse_iso_datetime(published)
    words, number = split_name(path)
    is_draft = path.stem.lower().startswith("draft") or published_at is None
    title = extract_text(root.select_one(".p-name"))
    has_title = _remove_title(content, title)
    subtitle = _subtitle(content, extract_text(root.select_one(".p-summary")))
    return Story(
        id=number,
        title=title,
        subtitle=subtitle,
        body=inner_html(content),
        author=extract_text(root.select_one("a.p-author, .p-author")),
        url=attribute(root.select_one("a.p-canonical"), "href"),
        words=words,
        tags=tuple(extract_text(tag) for tag in root.select(".p-tags a, a.p-tag, a.p-category")),
        published_at=published_at,
        is_draft=is_draft,
        is_response=not is_draft and not has_title and not subtitle and _has_form_of_response(content, title),
    )


def _remove_title(content: Tag, title: str) -> bool:
    """Remove the title from the text, as marked or as the first heading; return whether there was one."""
    marked = content.select_one(".graf--title")
    first = content.find(_HEADINGS)
    for heading in (marked, first):
        if isinstance(heading, Tag) and (heading is marked or _same(extract_text(heading), title)):
            heading.decompose()
            return True
    return False


def _subtitle(content: Tag, summary: str) -> str:
    """Return the subtitle and remove it from the text.

    Where an author wrote none, the summary is the beginning of the text, which is not a subtitle.
    """
    marked = content.select_one(".graf--subtitle")
    if marked is not None and (_same(extract_text(marked), summary) or not summary):
        subtitle = extract_text(marked)
        marked.decompose()
        return subtitle
    is_beginning = summary.endswith(_ELLIPSES) or summary in extract_text(content)
    return "" if is_beginning else summary


def _has_form_of_response(content: Tag, title: str) -> bool:
    """Return whether the text is plain and begins with the title, as that of a response does.

    Medium uses the beginning of the text of a response as its title.
    """
    text = _letters(extract_text(content))
    start = _letters(title.rstrip("….")) if title else ""
    return text.startswith(start) and content.find([*_HEADINGS, "figure", "pre"]) is None and is_visible(content)


def _same(first: str, second: str) -> bool:
    return _letters(first) == _letters(second)


def _letters(text: str) -> str:
    return "".join(each for each in text.lower() if each.isalnum())


def _prepared(tokens: Iterable[Token]) -> Iterator[Token]:
    """Keep what would be lost with unknown attributes and scripts: the languages of code, and the URLs of scripts.

    Medium embeds gists as scripts.
    """
    for token in tokens:
        match token:
            case Start("pre", attributes):
                language = attributes.get("data-code-block-lang", "").lower()
                yield Start("pre", {"class": f"language-{language}"} if _LANGUAGE.fullmatch(language) else {})
            case Start("script", attributes) if attributes.get("src", "").startswith("https://"):
                href = unescape(attributes["src"]).removesuffix(".js")
                yield from (Start("a", {"href": escape(href)}), Text(escape(href)), End("a"), token)
            case _:
                yield token
