"""Build the feeds of articles and comments.

| feed | DynamoDB requests, at most |
|---|---|
| all articles, or those of a label | 1 + :data:`MAX_ENTRIES`: a Query of the list, one for the text of each article |
| comments of the site | 6: :func:`kolom.comments.public.list_recent` |
| comments of an article | 3: pointer and article, a Query |

An article that is being replaced concurrently may take two more requests. An article of over 1 MB takes one more for
each further megabyte.
"""

from collections.abc import Iterable
from html import escape
from typing import Final

from kolom import urls
from kolom.articles import public
from kolom.articles.types import Article, ArticleFilter, ArticleSummary, Body
from kolom.comments import public as comments
from kolom.comments.types import PublicComment
from kolom.config import settings
from kolom.errors import NotFound, ServiceBusy
from kolom.feeds.types import Feed, FeedEntry
from kolom.i18n.locale import Locale, find_locale, site_locale
from kolom.labels import display_label
from kolom.rendering.absolute_links import with_absolute_links

MAX_ENTRIES: Final = 20
"""The maximum number of entries of a feed."""

MAX_TEXT_BYTES: Final = 1_000_000
"""The maximum size of the texts of all entries together. The newest entries get their text first; an entry whose text
does not fit has only its excerpt. Many feed readers reject large feeds, and Lambda limits the size of responses.
"""


def build_article_feed(feed_name: str, label: str | None = None) -> Feed:
    """Return the feed of the site, or of a label: the newest articles with their texts.

    ``feed_name`` is the file name in its URL, such as ``atom.xml``.
    """
    locale, site = site_locale(), settings()
    summaries = public.list_newest(ArticleFilter(label=label), limit=MAX_ENTRIES)
    if label is None:
        title, description, path = site.site_title, site.site_description, "/"
    else:
        label = display_label(label, (each for summary in summaries for each in summary.labels))
        title = f"{site.site_title}: {label}"
        description, path = locale.translate("label.title", label=label), urls.label_path(label)
    return Feed(
        title=title,
        author=site.site_title,
        description=description or locale.translate("home.description", site=site.site_title),
        url=urls.absolute_url(path),
        feed_url=urls.absolute_url(urls.feed_path(feed_name, label)),
        language=locale.code,
        entries=_article_entries(summaries),
    )


def build_comment_feed() -> Feed:
    """Return the feed of the newest comments of the site."""
    locale, site = site_locale(), settings().site_title
    found = comments.list_recent(MAX_ENTRIES)
    return Feed(
        title=locale.translate("feed.comments", site=site),
        description=locale.translate("feed.comments.description", site=site),
        author=site,
        url=urls.absolute_url("/"),
        feed_url=urls.absolute_url(urls.feed_path("comments.xml")),
        language=locale.code,
        entries=[_comment_entry(each.comment, each.article, locale) for each in found],
    )


def build_article_comment_feed(slug: str) -> Feed:
    """Return the feed of the newest comments of the article with that slug, in the article's language.

    :raises NotFound: there is none, or it is not published
    :raises Gone: it was deleted
    :raises Moved: it has a different slug now
    """
    article, site = public.get_without_body(slug), settings().site_title
    locale = find_locale(article.language) or site_locale()
    found = comments.list_newest(article.id, limit=MAX_ENTRIES)
    return Feed(
        title=locale.translate("feed.comments.of", title=article.title),
        description=locale.translate("feed.comments.description", site=site),
        author=site,
        url=urls.article_url(article),
        feed_url=urls.absolute_url(urls.comments_feed_path(slug)),
        language=locale.code,
        entries=[_comment_entry(each, article, locale) for each in found if not each.deleted],
    )


def _article_entries(summaries: Iterable[ArticleSummary]) -> list[FeedEntry]:
    remaining, entries = MAX_TEXT_BYTES, []
    for summary in summaries:
        try:
            article, body = public.get_by_id(summary.id)
        except NotFound:
            continue  # it was just unpublished
        except ServiceBusy:
            entries.append(_article_entry(summary, None))
            continue
        text = _text(article, body, max_bytes=remaining)
        remaining -= len(text.encode()) if text else 0
        entries.append(_article_entry(article, text))
    return entries


def _text(article: Article, body: Body, *, max_bytes: int) -> str | None:
    """Return the article's text for a feed, or None if it is larger than ``max_bytes``.

    As on the article's page, the article's image comes first, unless the body contains it.
    """
    picture = ""
    if article.image and not body.contains_image(article.image):
        picture = f'<p><img src="{escape(article.image)}" alt=""></p>'
    return with_absolute_links(picture + body.html, urls.article_url(article), max_bytes=max_bytes)


def _article_entry(summary: ArticleSummary, text: str | None) -> FeedEntry:
    return FeedEntry(
        id=urls.absolute_url(f"/#article-{summary.id}"),
        url=urls.article_url(summary),
        title=summary.title,
        published_at=summary.published_at or summary.updated_at,
        updated_at=summary.updated_at,
        author=summary.author,
        summary=summary.excerpt,
        content_html=text,
        image=None if summary.image is None else urls.absolute_url(summary.image),
        labels=summary.labels,
        language=summary.language,
    )


def _comment_entry(comment: PublicComment, article: Article, locale: Locale) -> FeedEntry:
    return FeedEntry(
        id=urls.absolute_url(f"/#comment-{comment.id}"),
        url=urls.comment_url(article, comment.id),
        title=locale.translate("feed.comment", name=comment.name, title=article.title),
        published_at=comment.created_at,
        updated_at=comment.edited_at or comment.created_at,
        author=comment.name,
        content_html=comment.content_html,
        language=article.language,
    )
