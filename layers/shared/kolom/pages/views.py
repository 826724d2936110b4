"""From articles and lists of them to pages. Pure but for the site's settings and its theme."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final
from urllib.parse import quote, urlencode

from kolom import urls
from kolom.articles.types import Article, ArticleList, Body, LabelCount, MonthCount, PublishedArticle
from kolom.comments.threads import build_threads
from kolom.config import settings
from kolom.i18n.locale import Locale, find_locale, site_locale
from kolom.pages.article_extras import ArticleExtras
from kolom.pages.forms import COMMENT, CONTACT
from kolom.pages.response import PRIVATE, HtmlResponse, html_response
from kolom.pages.templating import FeedLink, Head, render
from kolom.timestamps import to_rfc3339

_CONTENTS_FROM: Final = 3  # headings; a shorter article is its own table of contents


def home(cards: ArticleList, *, cursor: str | None = None) -> HtmlResponse:
    """The newest articles, or those that follow ``cursor``."""
    locale = site_locale()
    title = settings().site_title
    description = settings().site_description or locale.translate("home.description", site=title)
    head = _list_head(title, "/", cards, cursor, locale, description=description)
    return html_response(
        render("home.html", head, locale, cards=cards, first="/", is_first=cursor is None), locale.code
    )


def label(name: str, cards: ArticleList, *, cursor: str | None = None) -> HtmlResponse:
    """The articles with the label ``name``."""
    locale = site_locale()
    path = urls.label_path(name)
    feed = FeedLink(locale.translate("feed.label", label=name), urls.feed_path("atom.xml", name))
    return _card_list(
        locale, locale.translate("label.title", label=name), name, "label", path, cards, cursor, feed=feed
    )


def months(year: int, month: int | None, cards: ArticleList, *, cursor: str | None = None) -> HtmlResponse:
    """The articles of a month, or of a whole year."""
    locale = site_locale()
    name = str(year) if month is None else locale.month(year, month)
    path = urls.year_path(year) if month is None else urls.month_path(year, month)
    return _card_list(locale, locale.translate("month.title", month=name), name, "month", path, cards, cursor)


def labels(counts: Sequence[LabelCount]) -> HtmlResponse:
    """All labels."""
    locale = site_locale()
    head = Head(
        title=locale.translate("labels"),
        description=locale.translate("labels.description", site=settings().site_title),
        canonical="/labels/",
    )
    return html_response(render("labels.html", head, locale, counts=counts), locale.code)


def archive(counts: Sequence[MonthCount]) -> HtmlResponse:
    """All months, by year. ``counts`` newest first."""
    locale = site_locale()
    years = [(year, list(entries)) for year, entries in groupby(counts, key=lambda entry: entry.year)]
    head = Head(
        title=locale.translate("archive"),
        description=locale.translate("archive.description", site=settings().site_title),
        canonical="/archive/",
    )
    return html_response(render("archive.html", head, locale, years=years), locale.code)


def contact() -> HtmlResponse:
    """The contact form."""
    locale = site_locale()
    head = Head(
        title=locale.translate("contact"),
        description=locale.translate("contact.description", site=settings().site_title),
        canonical="/contact/",
    )
    return html_response(render("contact.html", head, locale, form=CONTACT, values=CONTACT.blank_values()), locale.code)


def article(reading: PublishedArticle, living: ArticleExtras) -> HtmlResponse:
    """An article, in its own language as far as there is a locale for it, with what lives below it; or a free page."""
    shown, locale = reading.article, _locale_of(reading.article)
    path = urls.encoded_path(shown.path)
    head = Head(
        title=shown.title,
        description=_description(shown),
        canonical=path,
        image=shown.image,
        article=shown if shown.is_listed else None,
        structured_data=_structured_data(shown, urls.absolute_url(path)) if shown.is_listed else None,
        feed=FeedLink(locale.translate("feed.comments.of", title=shown.title), urls.comments_feed_path(shown.slug)),
    )
    shares = _shares(shown.title, urls.absolute_url(path), locale) if shown.is_listed else ()
    return html_response(_render_article(head, locale, reading, living=living, shares=shares), shown.language)


def preview(shown: Article, body: Body) -> HtmlResponse:
    """An article whatever its status, for whoever has the link: under a banner, and never kept by anyone."""
    locale = _locale_of(shown)
    status = "draft" if shown.status == "deleted" else shown.status
    date = locale.date(shown.published_at or shown.updated_at)
    head = Head(title=shown.title, description=_description(shown), is_indexable=False)
    reading = PublishedArticle(article=shown, body=body, previous=None, next=None)
    return html_response(
        _render_article(head, locale, reading, notice=locale.translate(f"preview.{status}", date=date)),
        shown.language,
        headers=PRIVATE,
    )


def problem(
    status: HTTPStatus, locale: Locale | None = None, *, headers: Mapping[str, str] | None = None
) -> HtmlResponse:
    """The page for an error, in the site's language or another: 400, 404, 410, 500 and 503 have words of their own."""
    locale = locale or site_locale()
    code = int(status)
    kind = code if f"problem.{code}.title" in locale.strings else "other"
    title = locale.translate(f"problem.{kind}.title")
    html = render(
        "problem.html",
        Head(title=title, is_indexable=False),
        locale,
        is_away=status == HTTPStatus.SERVICE_UNAVAILABLE,
        status=code,
        title=title,
        text=locale.translate(f"problem.{kind}.text"),
    )
    return html_response(html, locale.code, status=status, headers=headers)


def _card_list(
    locale: Locale,
    title: str,
    name: str,
    kind: str,
    path: str,
    cards: ArticleList,
    cursor: str | None,
    *,
    feed: FeedLink | None = None,
) -> HtmlResponse:
    description = f"{title}. {locale.count('articles', cards.total)}."
    head = _list_head(title, path, cards, cursor, locale, description=description, feed=feed)
    html = render("list.html", head, locale, cards=cards, name=name, kind=kind, first=path, is_first=cursor is None)
    return html_response(html, locale.code)


def _list_head(
    title: str,
    path: str,
    cards: ArticleList,
    cursor: str | None,
    locale: Locale,
    *,
    description: str,
    feed: FeedLink | None = None,
) -> Head:
    """What is said of a list. Only its first page is for search engines: the others move with every publication."""
    return Head(
        title=title if cursor is None else locale.translate("continued", title=title),
        description=description,
        canonical=urls.with_cursor(path, cursor),
        next_page=urls.with_cursor(path, cards.next_cursor) if cards.next_cursor else None,
        is_indexable=cursor is None,
        feed=feed,
    )


def _render_article(
    head: Head,
    locale: Locale,
    reading: PublishedArticle,
    *,
    notice: str | None = None,
    living: ArticleExtras | None = None,
    shares: Sequence[tuple[str, str]] = (),
) -> str:
    shown, body = reading.article, reading.body
    answered = living.reply_to if living else None
    return render(
        "article.html",
        head,
        locale,
        language=shown.language,
        article=shown,
        body=body,
        contents=body.toc if len(body.toc) >= _CONTENTS_FROM else (),
        # Where the text itself shows the picture, the page does not show it again above it.
        image=shown.image if shown.image and not body.contains_image(shown.image) else None,
        updated=_was_updated(shown),
        previous=reading.previous,
        next=reading.next,
        notice=notice,
        shares=shares,
        living=living,
        threads=build_threads(living.comments.items) if living and living.comments else (),
        form=COMMENT,
        answered=answered,
        values=COMMENT.blank_values() | ({"parent_id": answered.id} if answered else {}),
    )


def _shares(title: str, url: str, locale: Locale) -> list[tuple[str, str]]:
    """Where the article can be passed on, as links: nothing of these places is loaded before one is followed."""
    return [
        ("WhatsApp", f"https://wa.me/?{urlencode({'text': f'{title} {url}'})}"),
        ("Telegram", f"https://t.me/share/url?{urlencode({'url': url, 'text': title})}"),
        ("Facebook", f"https://www.facebook.com/sharer/sharer.php?{urlencode({'u': url})}"),
        ("X", f"https://x.com/intent/post?{urlencode({'url': url, 'text': title})}"),
        ("Mastodon", f"https://share.joinmastodon.org/#{urlencode({'text': f'{title} {url}'}, quote_via=quote)}"),
        (locale.translate("share.mail"), f"mailto:?{urlencode({'subject': title, 'body': url}, quote_via=quote)}"),
    ]


def _locale_of(shown: Article) -> Locale:
    return find_locale(shown.language) or site_locale()


def _description(shown: Article) -> str:
    return shown.description or shown.excerpt


def _was_updated(shown: Article) -> bool:
    """Whether the article was changed on a later day than that of its publication."""
    zone = settings().zone
    return shown.published_at is not None and (
        shown.updated_at.astimezone(zone).date() > shown.published_at.astimezone(zone).date()
    )


def _structured_data(shown: Article, url: str) -> Mapping[str, Any]:
    """The article as search engines want it: https://schema.org/BlogPosting."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": shown.title,
        "url": url,
        "mainEntityOfPage": url,
        "inLanguage": shown.language,
        "datePublished": to_rfc3339(shown.published_at or shown.updated_at),
        "dateModified": to_rfc3339(shown.updated_at),
        "isPartOf": {"@type": "Blog", "name": settings().site_title, "url": urls.absolute_url("/")},
    }
    if description := _description(shown):
        data["description"] = description
    if shown.image:
        data["image"] = urls.absolute_url(shown.image)
    if shown.author:
        data["author"] = {"@type": "Person", "name": shown.author}
    if shown.labels:
        data["keywords"] = list(shown.labels)
    return data
