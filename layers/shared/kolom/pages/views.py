"""Render articles and lists as pages. Pure, except for the site's settings and theme.

The interface of an article is in the article's language. If there is no locale for it, and on other pages, it is in the
language of ``locale``, by default the site's first one.
"""

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
from kolom.pages.response import BY_LANGUAGE, PRIVATE_HEADERS, HtmlResponse, html_response
from kolom.pages.templating import FeedLink, Head, render
from kolom.timestamps import to_rfc3339

_MIN_HEADINGS: Final = 3
"""The number of headings from which on an article gets a table of contents."""


def render_home(articles: ArticleList, *, cursor: str | None = None, locale: Locale | None = None) -> HtmlResponse:
    """Return the newest articles, or those after ``cursor``."""
    locale = locale or site_locale()
    title = settings().site_title
    description = settings().site_description or locale.translate("home.description", site=title)
    head = _list_head(title, "/", articles, cursor, locale, description=description)
    html = render("home.html", head, locale, articles=articles, first="/", is_first=cursor is None)
    return html_response(html, locale.code, headers=BY_LANGUAGE)


def render_label(
    name: str, articles: ArticleList, *, cursor: str | None = None, locale: Locale | None = None
) -> HtmlResponse:
    """Return the articles with the label ``name``."""
    locale = locale or site_locale()
    path = urls.label_path(name)
    feed = FeedLink(locale.translate("feed.label", label=name), urls.feed_path("atom.xml", name))
    return _card_list(
        locale, locale.translate("label.title", label=name), name, "label", path, articles, cursor, feed=feed
    )


def render_months(
    year: int, month: int | None, articles: ArticleList, *, cursor: str | None = None, locale: Locale | None = None
) -> HtmlResponse:
    """Return the articles of a month, or of a whole year."""
    locale = locale or site_locale()
    name = str(year) if month is None else locale.month(year, month)
    path = urls.year_path(year) if month is None else urls.month_path(year, month)
    return _card_list(locale, locale.translate("month.title", month=name), name, "month", path, articles, cursor)


def render_labels(counts: Sequence[LabelCount], *, locale: Locale | None = None) -> HtmlResponse:
    """Return all labels."""
    locale = locale or site_locale()
    head = Head(
        title=locale.translate("labels"),
        description=locale.translate("labels.description", site=settings().site_title),
        canonical="/labels/",
    )
    return html_response(render("labels.html", head, locale, counts=counts), locale.code, headers=BY_LANGUAGE)


def render_archive(counts: Sequence[MonthCount], *, locale: Locale | None = None) -> HtmlResponse:
    """Return all months by year. ``counts`` must be sorted, newest first."""
    locale = locale or site_locale()
    years = [(year, list(entries)) for year, entries in groupby(counts, key=lambda entry: entry.year)]
    head = Head(
        title=locale.translate("archive"),
        description=locale.translate("archive.description", site=settings().site_title),
        canonical="/archive/",
    )
    return html_response(render("archive.html", head, locale, years=years), locale.code, headers=BY_LANGUAGE)


def render_contact(*, locale: Locale | None = None) -> HtmlResponse:
    """Return the contact form."""
    locale = locale or site_locale()
    head = Head(
        title=locale.translate("contact"),
        description=locale.translate("contact.description", site=settings().site_title),
        canonical="/contact/",
    )
    return html_response(
        render("contact.html", head, locale, form=CONTACT, values=CONTACT.blank_values()),
        locale.code,
        headers=BY_LANGUAGE,
    )


def render_article(published: PublishedArticle, extras: ArticleExtras, *, locale: Locale | None = None) -> HtmlResponse:
    """Return an article, or a page of the author, with its extras."""
    shown = published.article
    own = find_locale(shown.language)
    locale = own or locale or site_locale()
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
    html = _render_article(head, locale, published, extras=extras, shares=shares)
    return html_response(html, shown.language, headers={} if own else BY_LANGUAGE)


def render_preview(shown: Article, body: Body, *, locale: Locale | None = None) -> HtmlResponse:
    """Return an article in any status for the holder of a preview link: with a banner, and never cached."""
    locale = find_locale(shown.language) or locale or site_locale()
    status = "draft" if shown.status == "deleted" else shown.status
    date = locale.date_and_time(shown.published_at or shown.updated_at)
    head = Head(title=shown.title, description=_description(shown), is_indexable=False)
    published = PublishedArticle(article=shown, body=body, previous=None, next=None)
    return html_response(
        _render_article(head, locale, published, notice=locale.translate(f"preview.{status}", date=date)),
        shown.language,
        headers=PRIVATE_HEADERS,
    )


def render_problem(
    status: HTTPStatus, locale: Locale | None = None, *, headers: Mapping[str, str] | None = None
) -> HtmlResponse:
    """Return the error page in a language: 400, 403, 404, 410, 500 and 503 have their own texts."""
    locale = locale or site_locale()
    code = int(status)
    kind = code if f"problem.{code}.title" in locale.strings else "other"
    title = locale.translate(f"problem.{kind}.title")
    html = render(
        "problem.html",
        Head(title=title, is_indexable=False),
        locale,
        is_unavailable=status == HTTPStatus.SERVICE_UNAVAILABLE,
        status=code,
        title=title,
        text=locale.translate(f"problem.{kind}.text"),
    )
    return html_response(html, locale.code, status=status, headers=BY_LANGUAGE | dict(headers or {}))


def _card_list(
    locale: Locale,
    title: str,
    name: str,
    kind: str,
    path: str,
    articles: ArticleList,
    cursor: str | None,
    *,
    feed: FeedLink | None = None,
) -> HtmlResponse:
    description = f"{title}. {locale.count('articles', articles.total)}."
    head = _list_head(title, path, articles, cursor, locale, description=description, feed=feed)
    html = render(
        "list.html", head, locale, articles=articles, name=name, kind=kind, first=path, is_first=cursor is None
    )
    return html_response(html, locale.code, headers=BY_LANGUAGE)


def _list_head(
    title: str,
    path: str,
    articles: ArticleList,
    cursor: str | None,
    locale: Locale,
    *,
    description: str,
    feed: FeedLink | None = None,
) -> Head:
    """Return the metadata of a list. Only its first page is indexable: the others change with every publication."""
    return Head(
        title=title if cursor is None else locale.translate("continued", title=title),
        description=description,
        canonical=urls.with_cursor(path, cursor),
        next_page=urls.with_cursor(path, articles.next_cursor) if articles.next_cursor else None,
        is_indexable=cursor is None,
        feed=feed,
    )


def _render_article(
    head: Head,
    locale: Locale,
    published: PublishedArticle,
    *,
    notice: str | None = None,
    extras: ArticleExtras | None = None,
    shares: Sequence[tuple[str, str]] = (),
) -> str:
    shown, body = published.article, published.body
    reply_to = extras.reply_to if extras else None
    return render(
        "article.html",
        head,
        locale,
        language=shown.language,
        article=shown,
        body=body,
        contents=body.toc if len(body.toc) >= _MIN_HEADINGS else (),
        # If the text contains the image, the page does not show it again above.
        image=shown.image if shown.image and not body.contains_image(shown.image) else None,
        updated=_was_updated(shown),
        previous=published.previous,
        next=published.next,
        notice=notice,
        shares=shares,
        extras=extras,
        threads=build_threads(extras.comments.items) if extras and extras.comments else (),
        form=COMMENT,
        reply_to=reply_to,
        values=COMMENT.blank_values() | ({"parent_id": reply_to.id} if reply_to else {}),
    )


def _shares(title: str, url: str, locale: Locale) -> list[tuple[str, str]]:
    """Return links to share the article; a page loads nothing from these sites."""
    return [
        ("WhatsApp", f"https://wa.me/?{urlencode({'text': f'{title} {url}'})}"),
        ("Telegram", f"https://t.me/share/url?{urlencode({'url': url, 'text': title})}"),
        ("Facebook", f"https://www.facebook.com/sharer/sharer.php?{urlencode({'u': url})}"),
        ("X", f"https://x.com/intent/post?{urlencode({'url': url, 'text': title})}"),
        ("Mastodon", f"https://share.joinmastodon.org/#{urlencode({'text': f'{title} {url}'}, quote_via=quote)}"),
        (locale.translate("share.mail"), f"mailto:?{urlencode({'subject': title, 'body': url}, quote_via=quote)}"),
    ]


def _description(shown: Article) -> str:
    return shown.description or shown.excerpt


def _was_updated(shown: Article) -> bool:
    """Return whether the article was changed on a later day than it was published."""
    zone = settings().zone
    return shown.published_at is not None and (
        shown.updated_at.astimezone(zone).date() > shown.published_at.astimezone(zone).date()
    )


def _structured_data(shown: Article, url: str) -> Mapping[str, Any]:
    """Return the article as structured data for search engines: https://schema.org/BlogPosting."""
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
