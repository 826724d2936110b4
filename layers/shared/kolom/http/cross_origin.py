"""Refuse requests that a page of another website makes a browser send (cross-site request forgery).

A browser names the website of the page in ``Origin`` (RFC 6454) and, if it is recent and the connection is secure, its
relation to this site in ``Sec-Fetch-Site`` (W3C Fetch Metadata). Scripts and forms cannot change these headers. Clients
that are not browsers send neither, and are not refused.
"""

from collections.abc import Mapping
from typing import Any, Final

from kolom.config import settings
from kolom.errors import KolomError
from kolom.http.headers import headers_of
from kolom.urls import origin_of

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that change nothing (RFC 9110, 9.2.1)."""

_OWN_OR_USER: Final = frozenset({"same-origin", "none"})
"""The values of ``Sec-Fetch-Site`` for requests of a page of this site, and of the user, such as a typed address."""


class ForeignOrigin(KolomError):
    """The request comes from a page of a website that is neither this site nor one of ``AllowedOrigins``."""


def refuse_foreign(event: Mapping[str, Any]) -> None:
    """Check where the request of an HTTP API event comes from, by its headers.

    :raises ForeignOrigin: its method is unsafe, and a page of another, unlisted website caused it
    """
    if event["requestContext"]["http"]["method"] in SAFE_METHODS or _is_allowed(headers_of(event)):
        return
    raise ForeignOrigin(
        "a page of another website sent this request; the owner can list that website in the parameter AllowedOrigins"
    )


def _is_allowed(headers: Mapping[str, str]) -> bool:
    relation = headers.get("sec-fetch-site", "").strip().lower()
    # Checked first, since the origin of a page with ``Referrer-Policy: no-referrer`` is "null" even for its own site.
    if relation in _OWN_OR_USER:
        return True
    origin = headers.get("origin", "").strip()
    return _is_listed(origin, headers) if origin else not relation


def _is_listed(text: str, headers: Mapping[str, str]) -> bool:
    origin = origin_of(text)
    patterns = {pattern.lower() for pattern in settings().origins}
    if "*" in patterns:
        return True
    if origin is None:  # such as "null": a sandboxed frame, a local file, or a redirect from another website
        return False
    # The host that the request was sent to: that of the API, or of `kolom serve`, such as localhost or 127.0.0.1.
    own = f"{headers.get('x-forwarded-proto', 'https')}://{headers.get('host', '')}"
    scheme = origin.partition(":")[0]
    return f"{scheme}://*" in patterns or origin in {origin_of(each) for each in (own, *patterns)}
