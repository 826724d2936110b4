"""Load the templates and their global functions. All values are escaped unless marked as safe."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from kolom import urls
from kolom.articles.names import MAX_LABEL
from kolom.articles.types import ArticleSummary
from kolom.config import settings
from kolom.i18n.locale import Locale, text_direction
from kolom.limits import FIELD_LIMITS
from kolom.pages.avatar import render_avatar
from kolom.pages.theme import Theme, get_theme, known_theme
from kolom.submissions.reasons import describe
from kolom.templates import new_environment
from kolom.timestamps import to_rfc3339

_DIRECTORY: Final = Path(__file__).parent / "templates"
_MAX_MARKED: Final = 10_000
_PICTURE: Final = re.compile(r"<p>(?=(?:<a\b[^<>]*>)?<img\b[^<>]*>(?:</a>)?</p>)")
_SCROLLING: Final = re.compile(r"<(table|pre)\b")
_ALIGNED: Final = re.compile(r'(<\w+(?![^<>]* class=)[^<>]*?) align="(left|center|right|justify)"')


@dataclass(frozen=True, slots=True)
class FeedLink:
    """The feed of a page, in addition to those of the whole site."""

    title: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Metadata of a page for browsers, search engines and link previews.

    ``canonical`` and ``next_page`` are encoded paths. Error pages have no ``canonical``.
    """

    title: str
    description: str = ""
    canonical: str | None = None
    next_page: str | None = None
    is_indexable: bool = True
    image: str | None = None
    article: ArticleSummary | None = None
    structured_data: Mapping[str, Any] | None = None
    feed: FeedLink | None = None


def render(
    template: str,
    head: Head,
    locale: Locale,
    *,
    language: str | None = None,
    is_unavailable: bool = False,
    **values: object,
) -> str:
    """Render a complete page. ``language`` is the language of its content, if it differs from the locale's.

    ``is_unavailable`` is true for a page that reports an unavailable service: the theme is then the one read last.
    """
    shown = known_theme() if is_unavailable else get_theme()
    return (
        environment()
        .get_template(template)
        .render(
            head=head,
            site=settings(),
            locale=locale,
            language=language or locale.code,
            t=locale.translate,
            count=locale.count,
            fragment=partial(_fragment, shown, locale),
            current_entry=head.canonical if head.canonical in shown.menu_paths else None,
            site_logo=shown.logo,
            **values,
        )
    )


@cache
def environment() -> Environment:
    """Return the environment of the pages."""
    environment = new_environment(_DIRECTORY, autoescape=True)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    environment.globals.update(
        absolute=urls.absolute_url,
        article_href=urls.article_href,
        avatar=render_avatar,
        encoded_path=urls.encoded_path,
        feed_path=urls.feed_path,
        label_path=urls.label_path,
        month_path=urls.month_path,
        year_path=urls.year_path,
        field_limits=FIELD_LIMITS,
        max_label=MAX_LABEL,
        describe_reason=describe,
        rfc3339=to_rfc3339,
        in_language=_in_language,
        presented=_presented,
        shareable=_shareable,
    )
    return environment


def _fragment(theme: Theme, locale: Locale, template: str, **values: Any) -> Markup:
    """Return a part of a page that depends only on the theme, the settings, the locale and a few other values.

    It is rendered once for each of their combinations. These parts were a fifth of the time of a short page.
    """
    site = settings()
    key = (template, site, locale.code, *values.values())
    if key not in theme.fragments:
        part = environment().get_template(template)
        values |= {"locale": locale, "site": site, "site_menu": theme.menu, "t": locale.translate}
        html = part.render(values, asset=theme.asset, has_site_css=theme.has_site_css)
        theme.fragments[key] = Markup(html)  # noqa: S704 - the template has escaped all values
    return theme.fragments[key]


def _in_language(language: str, around: str) -> Markup:
    """Return the language and direction attributes of an element whose parent has the language ``around``."""
    if language == around:
        return Markup()
    attributes = Markup(' lang="{}"').format(language)
    if text_direction(language) != text_direction(around):
        attributes += Markup(' dir="{}"').format(text_direction(language))
    return attributes


def _presented(html: str) -> Markup:
    """Adapt the sanitized HTML of an article or a comment for a page of this theme.

    Changes at most :data:`_MAX_MARKED` elements of each kind, to limit the growth. Scrollable elements become focusable
    by keyboard (WCAG 2.2, 2.1.1), and alignment becomes a class of the theme. A paragraph that consists of a picture
    gets a class, since CSS alone cannot distinguish it from one that contains pictures.
    """
    html = _PICTURE.sub('<p class="picture">', html, count=_MAX_MARKED)
    html = _SCROLLING.sub(r'<\1 tabindex="0"', html, count=_MAX_MARKED)
    return Markup(_ALIGNED.sub(r'\1 class="aligned-\2"', html, count=_MAX_MARKED))  # noqa: S704 - already sanitized


def _shareable(image: str | None) -> bool:
    """Return whether link previews can show the image: none of them supports SVG."""
    return image is not None and not image.split("?")[0].lower().endswith(".svg")
