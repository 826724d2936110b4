"""The pages behind the links in a moderator's mail."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from kolom.comments.mapping import show
from kolom.comments.moderation_links import AlreadyDone, Link
from kolom.comments.types import Comment
from kolom.errors import Busy, Conflict, Gone, KolomError
from kolom.http.errors import failure_of
from kolom.i18n.locale import Locale, site_locale
from kolom.pages.response import PRIVATE, Page, html_page
from kolom.pages.templating import Head, render

_REASONS: Final[Mapping[type[KolomError], str]] = {
    AlreadyDone: "moderation.used",
    Conflict: "moderation.changed",
    Gone: "moderation.expired",
    Busy: "moderation.busy",
}
"""The message for each kind of error; the first that fits counts."""


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
    message = next((text for kind, text in _REASONS.items() if isinstance(error, kind)), "moderation.invalid")
    return _page(site_locale(), message, status=failure_of(error).status)


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
