"""Forms without JavaScript: their fields, and the page or redirect that responds to a submission."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import quote, unquote, urlsplit

from kolom.config import settings
from kolom.http.language import locale_of
from kolom.i18n.locale import Locale
from kolom.limits import FIELD_LIMITS
from kolom.pages.response import BY_LANGUAGE, NO_CACHING, html_response
from kolom.pages.templating import Head, render
from kolom.urls import origin_of

MAX_TARGET: Final = 2_000
"""The maximum length of a redirect target. API Gateway or CloudFront may reject longer headers."""

_MAX_MOMENT_SECONDS: Final = 90
"""Up to this waiting time, the message says "a moment". kolom-form.js shows the seconds instead."""

_MAX_SHOWN_MINUTES: Final = 90
"""A longer waiting time is shown in hours, as in kolom-form.js."""

type Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """A visible field of a form."""

    name: str
    kind: Literal["text", "email", "long"]
    autocomplete: str = "off"
    inputmode: Literal["url"] | None = None
    is_required: bool = False

    @property
    def limit(self) -> int:
        """Return the maximum length of the field in characters."""
        return FIELD_LIMITS[self.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSpec:
    """A form of the site. The keys of its messages begin with its ``name``. ``hidden`` are its hidden fields."""

    name: str
    fields: tuple[FieldSpec, ...]
    hidden: tuple[str, ...]

    def blank_values(self) -> dict[str, str]:
        """Return an empty value for each field."""
        return dict.fromkeys((*(field.name for field in self.fields), *self.hidden), "")


COMMENT: Final = FormSpec(
    name="comment",
    fields=(
        FieldSpec(name="name", kind="text", autocomplete="name", is_required=True),
        FieldSpec(name="email", kind="email", autocomplete="email"),
        FieldSpec(name="website", kind="text", autocomplete="url", inputmode="url"),
        FieldSpec(name="content", kind="long", is_required=True),
    ),
    hidden=("parent_id", "notify_replies", "redirect"),
)
CONTACT: Final = FormSpec(
    name="contact",
    fields=(
        FieldSpec(name="name", kind="text", autocomplete="name"),
        FieldSpec(name="email", kind="email", autocomplete="email", is_required=True),
        FieldSpec(name="subject", kind="text"),
        FieldSpec(name="message", kind="long", is_required=True),
    ),
    hidden=("redirect",),
)


def comment_form_response(event: Event, fields: Mapping[str, str], response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response to a comment form: a 303 to the redirect target of the form, or a page."""
    slug = quote(unquote(str(event["rawPath"])).split("/")[3])
    outcome = _outcome(response, lambda posted: str(posted["status"]))
    return _response(
        COMMENT, event, fields, response, outcome, action=f"/api/articles/{slug}/comments", back=f"/{slug}/"
    )


def contact_form_response(event: Event, fields: Mapping[str, str], response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response to the contact form: a 303 to the redirect target of the form, or a page."""
    outcome = _outcome(response, lambda _: "received")
    return _response(CONTACT, event, fields, response, outcome, action="/api/contact", back="/")


def _outcome(response: Mapping[str, Any], name: Callable[[Any], str]) -> str:
    """Return the outcome of the form, as named in the keys of its messages."""
    return name(json.loads(response["body"])) if response["statusCode"] == HTTPStatus.CREATED else "refused"


def _response(
    form: FormSpec,
    event: Event,
    fields: Mapping[str, str],
    response: Mapping[str, Any],
    outcome: str,
    *,
    action: str,
    back: str,
) -> dict[str, Any]:
    """Return a redirect, or a page with the outcome; after an error also with the form as the visitor sent it.

    ``fields`` is empty if the body could not be read. The page then has no form; only the visitor's browser still has
    the text.
    """
    target = safe_redirect_target(str(fields.get("redirect", "")))
    if outcome != "refused" and target is not None:
        return {
            "statusCode": int(HTTPStatus.SEE_OTHER),
            "headers": {"Location": target, "Cache-Control": NO_CACHING},
            "body": "",
            "isBase64Encoded": False,
        }
    status = HTTPStatus(response["statusCode"])
    locale = locale_of(event)
    html = render(
        "form.html",
        Head(title=locale.translate(f"{form.name}.{outcome}.title"), is_indexable=False),
        locale,
        is_unavailable=status == HTTPStatus.SERVICE_UNAVAILABLE,
        text=locale.translate(f"{form.name}.{outcome}.text" if fields else "form.unread"),
        form=form,
        errors=_errors(response, form, locale) if outcome == "refused" else {},
        values=_values(form, fields),
        is_open=outcome == "refused" and bool(fields),
        action=action,
        back=target or back,
    )
    page = html_response(html, locale.code, status=status, headers=BY_LANGUAGE | {"Cache-Control": NO_CACHING})
    headers = dict(page.headers)
    if retry := response["headers"].get("Retry-After"):
        headers["Retry-After"] = retry
    return {"statusCode": page.status, "headers": headers, "body": page.html, "isBase64Encoded": False}


def _values(form: FormSpec, fields: Mapping[str, str]) -> dict[str, str]:
    sent = {name: value for name, value in fields.items() if isinstance(value, str)}
    return {name: sent.get(name, "") for name in form.blank_values()}


def _errors(response: Mapping[str, Any], form: FormSpec, locale: Locale) -> dict[str, str]:
    """Return the errors by field in the visitor's language. The empty name has the error of the whole form."""
    problem = json.loads(response["body"]) if response.get("body") else {}
    errors = {
        error["field"]: _field_message(error["field"], error["message"], form, locale)
        for error in problem.get("errors", ())
    }
    if errors:
        return errors
    wait_seconds = int(response["headers"].get("Retry-After", 0))
    if response["statusCode"] == HTTPStatus.TOO_MANY_REQUESTS and wait_seconds > _MAX_MOMENT_SECONDS:
        return {"": _wait_message(wait_seconds, locale)}
    return {"": _message(f"form.problem.{response['statusCode']}", problem.get("detail", ""), locale, "content")}


def _wait_message(seconds: int, locale: Locale) -> str:
    minutes = math.ceil(seconds / 60)
    if minutes > _MAX_SHOWN_MINUTES:
        return locale.count("form.later.hours", math.ceil(minutes / 60))
    return locale.count("form.later.minutes", minutes)


def _field_message(field: str, default: str, form: FormSpec, locale: Locale) -> str:
    key = f"form.error.{field}"
    if key not in locale.strings and field not in form.blank_values():
        return locale.translate("form.error.unknown", field=field)
    return _message(key, default, locale, field)


def _message(key: str, default: str, locale: Locale, field: str) -> str:
    """Return the message with that key and the limit of the field, or ``default`` if there is no such message."""
    return locale.translate(key, limit=locale.number(FIELD_LIMITS.get(field, 0))) if key in locale.strings else default


def safe_redirect_target(target: str) -> str | None:
    """Return ``target``, percent-encoded, if it is a valid path of this site or URL at an allowed origin; else None."""
    # Browsers treat a backslash as a slash, and ignore tabs and line breaks.
    if not target or "\\" in target or not target.isprintable() or " " in target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    encoded = quote(target, safe="/:?#[]@!$&'()*+,;=%~")
    if len(encoded) > MAX_TARGET:
        return None
    if not parts.scheme and not parts.netloc:
        return encoded if target.startswith("/") and not target.startswith("//") else None
    # Only exact origins: with a pattern such as "*", anyone could let the site redirect to any URL.
    return encoded if (origin := origin_of(target)) and origin in map(origin_of, settings().origins) else None
