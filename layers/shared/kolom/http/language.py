"""The locale of pages that are not in the language of an article: the reader's choice."""

from collections.abc import Mapping
from typing import Any

from kolom.http.headers import headers_of
from kolom.i18n.locale import Locale, reader_locale


def locale_of(event: Mapping[str, Any]) -> Locale:
    """Return the locale that the sender of a request prefers among the languages of the site."""
    return reader_locale(headers_of(event))
