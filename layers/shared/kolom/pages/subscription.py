"""Pages of the links to confirm and end reply subscriptions."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from kolom.comments.reply_subscriptions import SubscriptionLink
from kolom.errors import Conflict, Gone, KolomError, ServiceBusy
from kolom.http.errors import failure_of
from kolom.http.types import Event
from kolom.i18n.locale import Locale
from kolom.pages.response import BY_LANGUAGE, PRIVATE_HEADERS, HtmlResponse, html_response
from kolom.pages.templating import Head, render

_REASONS: Final[Mapping[type[KolomError], str]] = {
    Conflict: "subscription.left",
    Gone: "subscription.expired",
    ServiceBusy: "subscription.busy",
}
"""The message for each kind of error."""


def is_one_click(event: Event, fields: Mapping[str, Any]) -> bool:
    """Return whether the request with these fields is the one-click unsubscription of a mail provider (RFC 8058, 3.2).

    It may come from a page of a webmail service. It needs no other proof than the token in its path.
    """
    is_subscription = str(event["rawPath"]).startswith("/api/subscription/")
    return is_subscription and fields.get("List-Unsubscribe") == "One-Click"


def render_confirmation(link: SubscriptionLink, locale: Locale) -> HtmlResponse:
    """Return the page that asks for confirmation, with a button: mail scanners follow links."""
    name = f"subscription.{link.action}"
    return _page(locale, f"{name}.question", button=f"{name}.button")


def render_result(link: SubscriptionLink, locale: Locale) -> HtmlResponse:
    """Return the page that confirms the action."""
    return _page(locale, f"subscription.{link.action}.done")


def render_failure(error: KolomError, locale: Locale) -> HtmlResponse:
    """Return the page that explains why nothing was done."""
    message = next((text for kind, text in _REASONS.items() if isinstance(error, kind)), "subscription.invalid")
    return _page(locale, message, status=failure_of(error).status)


def _page(
    locale: Locale, message: str, *, button: str | None = None, status: HTTPStatus = HTTPStatus.OK
) -> HtmlResponse:
    head = Head(title=locale.translate("subscription.title"), is_indexable=False)
    is_unavailable = status == HTTPStatus.SERVICE_UNAVAILABLE
    html = render(
        "subscription.html",
        head,
        locale,
        is_unavailable=is_unavailable,
        message=locale.translate(message),
        button=button,
    )
    return html_response(html, locale.code, status=status, headers=BY_LANGUAGE | PRIVATE_HEADERS)
