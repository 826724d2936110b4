"""Pages of the links in moderation mails."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from kolom.comments.mapping import to_author_view
from kolom.comments.moderation_links import LinkAlreadyUsed, ModerationLink
from kolom.comments.types import Comment
from kolom.errors import Conflict, Gone, KolomError, ServiceBusy
from kolom.http.errors import failure_of
from kolom.i18n.locale import Locale, site_locale
from kolom.pages.response import PRIVATE, HtmlResponse, html_response
from kolom.pages.templating import Head, render

_REASONS: Final[Mapping[type[KolomError], str]] = {
    LinkAlreadyUsed: "moderation.used",
    Conflict: "moderation.changed",
    Gone: "moderation.expired",
    ServiceBusy: "moderation.busy",
}
"""The message for each kind of error; the first match counts."""


def confirm(link: ModerationLink, comment: Comment) -> HtmlResponse:
    """Return the page that shows the comment and asks to confirm the action, with a button."""
    locale = site_locale()
    return _page(
        locale, f"moderation.{link.action}.question", comment=comment, button=f"moderation.{link.action}.button"
    )


def done(link: ModerationLink, comment: Comment) -> HtmlResponse:
    """Return the page that confirms the action."""
    return _page(site_locale(), f"moderation.{link.action}.done", comment=comment)


def failed(error: KolomError) -> HtmlResponse:
    """Return the page that explains why nothing was done."""
    message = next((text for kind, text in _REASONS.items() if isinstance(error, kind)), "moderation.invalid")
    return _page(site_locale(), message, status=failure_of(error).status)


def _page(
    locale: Locale,
    message: str,
    *,
    comment: Comment | None = None,
    button: str | None = None,
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
        button=button,
    )
    return html_response(html, locale.code, status=status, headers=PRIVATE)
