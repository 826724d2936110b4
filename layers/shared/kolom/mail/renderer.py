"""Render the text and HTML parts of a mail from templates, and clean header values."""

import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, select_autoescape
from markupsafe import Markup, escape

from kolom.config import settings
from kolom.i18n.locale import Locale, text_direction
from kolom.submissions.reasons import describe
from kolom.templates import new_environment

_DIRECTORY: Final = Path(__file__).parent / "templates"
_MAX_SUBJECT: Final = 160


def render(template: str, locale: Locale, **values: Any) -> tuple[str, str]:
    """Return the text and the HTML of a mail."""
    common = {"site": settings(), "locale": locale, "t": locale.translate, "direction": text_direction(locale.code)}
    plain, html = (
        environment().get_template(f"{template}.{form}").render(**common, **values) for form in ("txt", "html")
    )
    return plain.strip() + "\n", html


def header_text(text: str, limit: int = _MAX_SUBJECT) -> str:
    """Return ``text`` for a header: on one line, without invisible and bidi characters, truncated to ``limit``."""
    visible = (" " if character.isspace() else character for character in text)
    kept = "".join(each for each in visible if each == " " or not unicodedata.category(each).startswith("C"))
    words = " ".join(kept.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


@cache
def environment() -> Environment:
    """Return the environment of mail."""
    environment = new_environment(_DIRECTORY, autoescape=select_autoescape(["html"]))
    environment.filters["lines"] = _lines
    environment.globals["describe_reason"] = describe
    return environment


def _lines(text: str) -> Markup:
    """Convert plain text to HTML line breaks: not every mail program supports `white-space`."""
    return Markup("<br>\n").join(escape(line) for line in text.splitlines())
