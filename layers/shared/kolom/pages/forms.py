"""What a visitor sees of a plain form, without JavaScript: the form, what is wrong with it, and what became of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import quote, unquote, urlsplit

from kolom.config import settings
from kolom.http.headers import headers_of
from kolom.i18n.locale import Locale, negotiate_locale
from kolom.limits import FIELD_LIMITS
from kolom.pages.response import NO_CACHING, html_response
from kolom.pages.templating import Head, render

MAX_TARGET: Final = 2_000
"""How long the address is to which a form may lead. A longer header is refused by what stands before the functions."""

type Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """A field that people see."""

    name: str
    kind: Literal["text", "email", "long"]
    autocomplete: str = "off"
    inputmode: Literal["url"] | None = None
    is_required: bool = False

    @property
    def limit(self) -> int:
        """How many characters it may have."""
        return FIELD_LIMITS[self.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSpec:
    """A form of the site. Its words in the locales begin with its ``name``; ``hidden`` are fields that come back."""

    name: str
    fields: tuple[FieldSpec, ...]
    hidden: tuple[str, ...]

    def blank_values(self) -> dict[str, str]:
        """Nothing for each of its fields."""
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


def comment_form_response(event: Event, fields: Mapping[str, str], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a comment's form: 303 to where the form asks to go, or a page."""
    slug = quote(unquote(str(event["rawPath"])).split("/")[3])
    became = _outcome(answer, lambda posted: str(posted["status"]))
    return _response(COMMENT, event, fields, answer, became, action=f"/api/articles/{slug}/comments", back=f"/{slug}/")


def contact_form_response(event: Event, fields: Mapping[str, str], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to the contact form: 303 to where the form asks to go, or a page."""
    became = _outcome(answer, lambda _: "received")
    return _response(CONTACT, event, fields, answer, became, action="/api/contact", back="/")


def _outcome(answer: Mapping[str, Any], name: Callable[[Any], str]) -> str:
    """What became of the form, as the locales name it."""
    return name(json.loads(answer["body"])) if answer["statusCode"] == HTTPStatus.CREATED else "refused"


def _response(
    form: FormSpec,
    event: Event,
    fields: Mapping[str, str],
    answer: Mapping[str, Any],
    became: str,
    *,
    action: str,
    back: str,
) -> dict[str, Any]:
    """A redirect; or the page that says what became of it, with the form as it was sent where something is wrong.

    Without any fields it could not be read: then only the visitor's browser has what they wrote.
    """
    target = safe_redirect_target(str(fields.get("redirect", "")))
    if became != "refused" and target is not None:
        return {
            "statusCode": int(HTTPStatus.SEE_OTHER),
            "headers": {"Location": target, "Cache-Control": NO_CACHING},
            "body": "",
            "isBase64Encoded": False,
        }
    status = HTTPStatus(answer["statusCode"])
    locale = negotiate_locale(headers_of(event).get("accept-language", ""))
    html = render(
        "form.html",
        Head(title=locale.translate(f"{form.name}.{became}.title"), is_indexable=False),
        locale,
        is_away=status == HTTPStatus.SERVICE_UNAVAILABLE,
        text=locale.translate(f"{form.name}.{became}.text" if fields else "form.unread"),
        form=form,
        errors=_errors(answer, form, locale) if became == "refused" else {},
        values=_values(form, fields),
        is_open=became == "refused" and bool(fields),
        action=action,
        back=target or back,
    )
    page = html_response(html, locale.code, status=status, headers={"Cache-Control": NO_CACHING})
    headers = dict(page.headers)
    if retry := answer["headers"].get("Retry-After"):
        headers["Retry-After"] = retry
    return {"statusCode": page.status, "headers": headers, "body": page.html, "isBase64Encoded": False}


def _values(form: FormSpec, fields: Mapping[str, str]) -> dict[str, str]:
    sent = {name: value for name, value in fields.items() if isinstance(value, str)}
    return {name: sent.get(name, "") for name in form.blank_values()}


def _errors(answer: Mapping[str, Any], form: FormSpec, locale: Locale) -> dict[str, str]:
    """What is wrong, by field, in the visitor's language; under the empty name what concerns no field."""
    problem = json.loads(answer["body"]) if answer.get("body") else {}
    errors = {
        error["field"]: _field_message(error["field"], error["message"], form, locale)
        for error in problem.get("errors", ())
    }
    return errors or {
        "": _message(f"form.problem.{answer['statusCode']}", problem.get("detail", ""), locale, "content")
    }


def _field_message(field: str, default: str, form: FormSpec, locale: Locale) -> str:
    key = f"form.error.{field}"
    if key not in locale.strings and field not in form.blank_values():
        return locale.translate("form.error.unknown", field=field)
    return _message(key, default, locale, field)


def _message(key: str, default: str, locale: Locale, field: str) -> str:
    """The message of that key with the limit of a field; ``default`` where there is none."""
    return locale.translate(key, limit=locale.number(FIELD_LIMITS.get(field, 0))) if key in locale.strings else default


def safe_redirect_target(target: str) -> str | None:
    """``target`` if a form may lead there: a path of this site, or an address at one of the allowed origins."""
    # Browsers take a backslash for a slash, and ignore tabs and line breaks.
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
    return encoded if f"{parts.scheme}://{parts.netloc}".lower() in settings().origins else None
