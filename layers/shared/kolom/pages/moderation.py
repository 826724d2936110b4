"""Pages of the links in moderation mails."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from kolom.articles import repository as articles
from kolom.articles.types import Article
from kolom.comments.mapping import to_author_view
from kolom.comments.moderation_links import ACTIONS, LinkAlreadyUsed, ModerationLink, create_until
from kolom.comments.moderation_queue import find_next_pending
from kolom.comments.types import Action, Comment, PublicComment
from kolom.errors import Conflict, Gone, KolomError, ServiceBusy
from kolom.http.errors import failure_of
from kolom.i18n.locale import Locale
from kolom.pages.optional_parts import load_part
from kolom.pages.response import BY_LANGUAGE, PRIVATE_HEADERS, HtmlResponse, html_response
from kolom.pages.templating import Head, render
from kolom.security.signing import SigningKeys
from kolom.urls import moderation_path

_REASONS: Final[Mapping[type[KolomError], str]] = {
    LinkAlreadyUsed: "moderation.used",
    Conflict: "moderation.changed",
    Gone: "moderation.expired",
    ServiceBusy: "moderation.busy",
}
"""The message for each kind of error; the first match counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextComment:
    """The next pending comment, its article if that can be read, and the paths of links that moderate it."""

    comment: Comment
    article: Article | None
    shown: PublicComment
    date: str
    links: tuple[tuple[Action, str], ...]


def render_confirmation(link: ModerationLink, comment: Comment, locale: Locale) -> HtmlResponse:
    """Return the page that shows the comment and asks to confirm the action, with a button."""
    return _page(
        locale,
        f"moderation.{link.action}.question",
        comment=comment,
        article=_article(comment),
        button=f"moderation.{link.action}.button",
    )


def render_result(
    link: ModerationLink, comment: Comment, locale: Locale, secret: Callable[[], SigningKeys]
) -> HtmlResponse:
    """Return the page that says what was done, and shows the next pending comment or says that there is none.

    Its links expire together with ``link``: following them does not extend the time in which someone can moderate.
    Data that cannot be read now is omitted, because the action is done already.
    """
    article = _article(comment)
    # In a tuple, since None means that the queue could not be read.
    found = load_part("next comment", lambda: (find_next_pending(comment.id),))
    following = found[0] if found else None
    next_comment = None
    if following is not None:
        keys = secret()
        next_comment = NextComment(
            comment=following,
            article=article if following.article_id == comment.article_id else _article(following),
            shown=to_author_view(following),
            date=locale.date(following.created_at),
            links=tuple(
                (action, moderation_path(create_until(link.expires, following, action, keys))) for action in ACTIONS
            ),
        )
    message = f"moderation.{link.action}.done"
    return _page(locale, message, comment=comment, article=article, next_comment=next_comment, is_last=found == (None,))


def render_failure(error: KolomError, locale: Locale) -> HtmlResponse:
    """Return the page that explains why nothing was done."""
    message = next((text for kind, text in _REASONS.items() if isinstance(error, kind)), "moderation.invalid")
    return _page(locale, message, status=failure_of(error).status)


def _page(
    locale: Locale,
    message: str,
    *,
    comment: Comment | None = None,
    article: Article | None = None,
    button: str | None = None,
    next_comment: NextComment | None = None,
    is_last: bool = False,
    status: HTTPStatus = HTTPStatus.OK,
) -> HtmlResponse:
    html = render(
        "moderation.html",
        Head(title=locale.translate("moderation.title"), is_indexable=False),
        locale,
        is_unavailable=status == HTTPStatus.SERVICE_UNAVAILABLE,
        message=locale.translate(message),
        comment=comment,
        shown=to_author_view(comment) if comment is not None else None,
        date=locale.date(comment.created_at) if comment is not None else "",
        article=article,
        button=button,
        next=next_comment,
        is_last=is_last,
    )
    return html_response(html, locale.code, status=status, headers=BY_LANGUAGE | PRIVATE_HEADERS)


def _article(comment: Comment) -> Article | None:
    """Return the published article of a comment; None if it cannot be read, since the action does not depend on it."""
    article = load_part("article of a comment", lambda: articles.get(comment.article_id))
    return article if article is not None and article.status == "published" else None
