"""What a visitor sees who sent a comment by a plain form, without JavaScript."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from kolom.config import settings
from kolom.pages.locales import site_locale
from kolom.pages.page import NO_CACHING, html_page
from kolom.pages.templating import Head, render

_FIELDS: Final = ("name", "email", "website", "content", "parent_id", "redirect")


def comment_form_answer(
    event: Mapping[str, Any], fields: Mapping[str, str], answer: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer to a comment's form: 303 to where the form asks to go, or a page.

    The page says what became of the comment; or what is wrong, with the form as it was sent, so that nothing is lost.
    """
    status = HTTPStatus(answer["statusCode"])
    posted = json.loads(answer["body"]) if status == HTTPStatus.CREATED else None
    target = allowed_target(fields.get("redirect", ""))
    if posted is not None and target is not None:
        return {
            "statusCode": int(HTTPStatus.SEE_OTHER),
            "headers": {"Location": target, "Cache-Control": NO_CACHING},
            "body": "",
            "isBase64Encoded": False,
        }
    problem = json.loads(answer["body"]) if posted is None and answer.get("body") else {}
    locale = site_locale()
    key = "form.refused" if posted is None else f"form.{posted['status']}"
    slug = unquote(str(event["rawPath"])).split("/")[3]
    html = render(
        "comment-form.html",
        Head(title=locale.text(f"{key}.title"), indexed=False),
        locale,
        text=locale.text(f"{key}.text"),
        detail=problem.get("detail"),
        errors={error["field"]: error["message"] for error in problem.get("errors", ())},
        fields={name: str(fields.get(name, "")) for name in _FIELDS},
        refused=posted is None,
        action=f"/api/articles/{quote(slug)}/comments",
        back=target or f"/{quote(slug)}/",
    )
    page = html_page(html, locale.code, status=status, headers={"Cache-Control": NO_CACHING})
    headers = dict(page.headers)
    if retry := answer["headers"].get("Retry-After"):
        headers["Retry-After"] = retry
    return {"statusCode": page.status, "headers": headers, "body": page.html, "isBase64Encoded": False}


def allowed_target(target: str) -> str | None:
    """``target`` if a form may lead there: a path of this site, or an address at one of the allowed origins."""
    # Browsers take a backslash for a slash, and ignore tabs and line breaks.
    if not target or "\\" in target or not target.isprintable() or " " in target:
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    encoded = quote(target, safe="/:?#[]@!$&'()*+,;=%~")
    if not parts.scheme and not parts.netloc:
        return encoded if target.startswith("/") and not target.startswith("//") else None
    return encoded if f"{parts.scheme}://{parts.netloc}".lower() in settings().origins else None
