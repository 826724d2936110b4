"""The mail that the local stack has sent, as pages: a list, each mail with its forms, and its source."""

import re
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from kolom_cli.local.mail import Outbox

ROOT: Final = "/_local/mail"

CONTENT_SECURITY_POLICY: Final = (
    # Mails have styles of their own, and pictures. The frame that shows one inherits this: nothing in it can run.
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: http: https:; base-uri 'self'; "
    "form-action 'none'; frame-ancestors 'none'"
)

_FOLDER: Final = Path(__file__).parent / "templates"
_URL: Final = re.compile(r"https?://[^\s<>\"']+")
_PREVIEW: Final = 140


def list_page(outbox: Outbox) -> str:
    """All mail, the newest first."""
    return _environment().get_template("inbox.html").render(mails=list(enumerate(outbox.received, start=1))[::-1])


def mail_page(outbox: Outbox, number: int) -> str | None:
    """The mail of that number, counted from 1 as they came; None if there is none."""
    received = outbox.received
    if not 1 <= number <= len(received):
        return None
    return (
        _environment()
        .get_template("mail.html")
        .render(
            number=number,
            count=len(received),
            received=received[number - 1],
            mail=received[number - 1].mail,
            source=received[number - 1].source.decode("utf-8", "replace"),
        )
    )


def source(outbox: Outbox, number: int) -> bytes | None:
    """The source of the mail of that number; None if there is none."""
    received = outbox.received
    return received[number - 1].source if 1 <= number <= len(received) else None


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(root=ROOT, zone=ZoneInfo("UTC"))
    environment.filters.update(linked=_linked, preview=_preview, in_new_tabs=_in_new_tabs)
    return environment


def _preview(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _PREVIEW else words[: _PREVIEW - 1] + "…"


def _linked(text: str) -> Markup:
    """Plain text with its addresses as links."""
    parts, end = [], 0
    for found in _URL.finditer(text):
        link = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(found[0])
        parts += [escape(text[end : found.start()]), link]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _in_new_tabs(html: str) -> str:
    """The HTML of a mail whose links leave the frame that it is shown in."""
    return f'<base target="_blank">{html}'
