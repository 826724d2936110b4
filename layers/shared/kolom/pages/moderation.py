"""The pages behind the links in a moderator's mail."""

from http import HTTPStatus

from kolom.comments.mapping import show
from kolom.comments.moderation_links import AlreadyDone, Link
from kolom.comments.types import Comment
from kolom.errors import Busy, Conflict, Gone, KolomError
from kolom.i18n.locale import Locale, site_locale
from kolom.pages.response import PRIVATE, Page, html_page
from kolom.pages.templating import Head, render


def confirm(link: Link, comment: Comment) -> Page:
    """What would be done to which comment, and the button that does it."""
    locale = site_locale()
    return _page(
        locale, f"moderation.{link.action}.question", comment=comment, button=f"moderation.{link.action}.button"
    )


def done(link: Link, comment: Comment) -> Page:
    """That it was done."""
    return _page(site_locale(), f"moderation.{link.action}.done", comment=comment)


def refused(error: KolomError) -> Page:
    """Why nothing was done."""
    locale = site_locale()
    if isinstance(error, AlreadyDone):
        return _page(locale, "moderation.used", status=HTTPStatus.CONFLICT)
    if isinstance(error, Conflict):
        return _page(locale, "moderation.changed", status=HTTPStatus.CONFLICT)
    if isinstance(error, Gone):
        return _page(locale, "moderation.expired", status=HTTPStatus.GONE)
    if isinstance(error, Busy):
        return _page(locale, "moderation.busy", status=HTTPStatus.SERVICE_UNAVAILABLE)
    return _page(locale, "moderation.invalid", status=HTTPStatus.NOT_FOUND)


def _page(
    locale: Locale,
    message: str,
    *,
    comment: Comment | None = None,
    button: str | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Page:
    html = render(
        "moderation.html",
        Head(title=locale.text("moderation.title"), indexed=False),
        locale,
        is_away=status == HTTPStatus.SERVICE_UNAVAILABLE,
        message=locale.text(message),
        comment=comment,
        shown=show(comment) if comment is not None else None,
        date=locale.date(comment.created_at) if comment is not None else "",
        button=button,
    )
    return html_page(html, locale.code, status=status, headers=PRIVATE)
