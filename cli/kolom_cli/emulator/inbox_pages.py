"""The mail that the local stack has sent, as pages for a developer: a list, and each mail in several views.

Mail is untrusted, because it contains text of visitors. Its HTML is shown in a sandboxed frame, which inherits the
policy of the page: it cannot run scripts, submit forms or navigate. A link opens a new tab without an opener.
"""

import html
import json
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from kolom_cli.emulator.api_gateway import Response
from kolom_cli.emulator.ses import CapturedMail, SentMail

ROOT: Final = "/_local/mail"
PAGE_SIZE: Final = 100

_CONTENT_SECURITY_POLICY: Final = (
    # Mails have their own styles and images. A frame with `srcdoc` needs no `frame-src`, and other frames are
    # forbidden.
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS: Final = (
    ("Content-Security-Policy", _CONTENT_SECURITY_POLICY),
    # A link with rel="opener" would give the new tab access to the frame.
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
)
_DIRECTORY: Final = Path(__file__).parent / "templates"
_ADDRESS: Final = re.compile(r"/(?P<number>[0-9]{1,9})(?:(?P<download>\.eml)|/(?P<view>text|headers|source))?")
# The length is limited, because the text is untrusted. Longer URLs are cut.
_URL: Final = re.compile(r"https?://[\w\[][^\s<>\"]{0,4096}", re.IGNORECASE)
_PREVIEW_LENGTH: Final = 180


class Inbox:
    """Handles requests at :data:`ROOT`, below it, and with the extension ``.json``."""

    def __init__(self, sent_mail: SentMail) -> None:
        self._sent_mail = sent_mail

    @staticmethod
    def serves(path: str) -> bool:
        """Return whether the (decoded) path belongs to the inbox."""
        return path == ROOT or path.startswith((f"{ROOT}/", f"{ROOT}."))

    def __call__(self, path: str, query: str = "") -> Response:
        """Return the response to a GET. Mails are numbered from 1; ``before`` in the query selects earlier ones."""
        subpath = path.removeprefix(ROOT).rstrip("/")
        captured = self._sent_mail.captured
        if subpath == ".json":
            content = json.dumps(self._sent_mail.mails, ensure_ascii=False, indent=1)
            return _response("application/json", content.encode())
        if subpath == "":
            return _list(captured, parse_qs(query).get("before", [""])[0])
        found = _ADDRESS.fullmatch(subpath)
        if found is None or not 1 <= int(found["number"]) <= len(captured):
            return _page("missing.html", status=404, count=len(captured))
        number = int(found["number"])
        if found["download"]:
            return _download(number, captured[number - 1])
        return _mail(number, captured, found["view"])


def _list(captured: Sequence[CapturedMail], before: str) -> Response:
    end = min(int(before) - 1, len(captured)) if re.fullmatch(r"[1-9][0-9]{0,8}", before) else len(captured)
    start = max(end - PAGE_SIZE, 0)
    numbered = list(enumerate(captured[start:end], start=start + 1))
    return _page("list.html", mails=numbered[::-1], first=start + 1, last=end, count=len(captured))


def _mail(number: int, captured: Sequence[CapturedMail], view: str | None) -> Response:
    mail = captured[number - 1].mail
    return _page(
        "mail.html",
        number=number,
        count=len(captured),
        received=captured[number - 1],
        mail=mail,
        view=view or ("html" if mail["html"] else "text"),
        # The links to the next and previous mail keep the selected view.
        step_suffix=f"/{view}" if view else "",
    )


def _download(number: int, captured: CapturedMail) -> Response:
    name = ("Content-Disposition", f'attachment; filename="kolom-mail-{number}.eml"')
    return _response("message/rfc822", captured.source, name)


def _page(template: str, *, status: int = 200, **values: Any) -> Response:
    content = _environment().get_template(template).render(**values)
    return _response("text/html; charset=utf-8", content.encode(), *_PAGE_HEADERS, status=status)


def _response(kind: str, body: bytes, *headers: tuple[str, str], status: int = 200) -> Response:
    common = [("Content-Type", kind), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    return Response(status=status, headers=[*common, *headers], body=body)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_DIRECTORY),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["root"] = ROOT
    environment.filters.update(
        preview=_preview, links=_links, opening_tabs=_opening_tabs, readable=_readable, clock=_clock, day=_day
    )
    return environment


def _preview(mail: dict[str, Any]) -> str:
    """Return the beginning of the mail's text on one line."""
    text = mail["text"] or html.unescape(nh3.clean(mail["html"], tags=set()))
    words = " ".join(text.split())
    return words if len(words) <= _PREVIEW_LENGTH else words[: _PREVIEW_LENGTH - 1].rstrip() + "…"


def _links(text: str) -> Markup:
    """Return plain text as HTML with links for http(s) URLs."""
    parts, end = [], 0
    for found in _URL.finditer(text):
        url = _without_punctuation(found[0])
        parts.append(escape(text[end : found.start()]))
        parts.append(Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(url))
        end = found.start() + len(url)
    return Markup("").join([*parts, escape(text[end:])])


def _without_punctuation(url: str) -> str:
    """Return a URL without the punctuation of the sentence around it, such as a period or an unbalanced bracket."""
    pairs = {")": "(", "]": "[", "}": "{"}
    while url[-1] in ".,;:!?'" or (url[-1] in pairs and url.count(url[-1]) > url.count(pairs[url[-1]])):
        url = url[:-1]
    return url


def _opening_tabs(markup: str) -> str:
    """Return a mail's HTML whose links open tabs. Only the first ``<base>`` counts, so the mail cannot override it."""
    return f'<base target="_blank">{markup}'


def _readable(source: bytes) -> str:
    return source.decode("utf-8", "replace")


def _clock(sent_at: datetime) -> str:
    """Return the time of day in the local time zone: the developer's machine serves the page."""
    return f"{sent_at.astimezone():%H:%M:%S}"


def _day(sent_at: datetime) -> str:
    local = sent_at.astimezone()
    return f"{local.day} {local:%b %Y}"
