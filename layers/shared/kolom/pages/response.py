"""Page responses and their headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from kolom.http.errors import RETRY_AFTER_SECONDS

if TYPE_CHECKING:
    from kolom.search.search_request import SearchRequest
    from kolom.search.searcher import Results

VIDEO_HOSTS: Final = ("https://www.youtube-nocookie.com", "https://player.vimeo.com", "https://www.dailymotion.com")
"""The hosts whose players an article may embed (:mod:`kolom.rendering.renderer`)."""

CONTENT_SECURITY_POLICY: Final = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' https:",
        "media-src 'self' https:",
        f"frame-src {' '.join(VIDEO_HOSTS)}",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)

PAGE_CACHING: Final = "public, max-age=0, s-maxage=60, stale-while-revalidate=600, stale-if-error=86400"
REDIRECT_CACHING: Final = "max-age=60"
NO_CACHING: Final = "no-store"

BY_LANGUAGE: Final = {"Vary": "Accept-Language"}
"""The headers of pages whose interface is in the language of the reader, not of an article."""

PRIVATE_HEADERS: Final = {
    "Cache-Control": NO_CACHING,
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "strict-origin",
}
"""Headers of pages whose URL grants access. The URL must not be sent to the hosts of images and players.

With ``no-referrer``, browsers would send ``Origin: null`` with the forms of these pages.
"""

_CACHING: Final = {
    HTTPStatus.OK: PAGE_CACHING,
    HTTPStatus.MOVED_PERMANENTLY: REDIRECT_CACHING,
    HTTPStatus.GONE: REDIRECT_CACHING,
}
_SECURITY: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # YouTube's players reject pages that send no referrer.
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class HtmlResponse:
    """A response to a browser: the HTML is empty for a redirect.

    ``searched`` has the search whose results the page shows.
    """

    status: int
    html: str
    headers: Mapping[str, str]
    searched: "tuple[SearchRequest, Results] | None" = None


def html_response(
    html: str, language: str, *, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None
) -> HtmlResponse:
    """Return a page in that language with the headers of all pages; ``headers`` override them.

    A 503 gets a ``Retry-After``.
    """
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return HtmlResponse(
        status=int(status),
        html=html,
        headers={
            "Content-Type": "text/html; charset=utf-8",
            "Content-Language": language,
            "Cache-Control": _CACHING.get(status, NO_CACHING),
            **_SECURITY,
            **retry,
            **(headers or {}),
        },
    )


def redirect_to_page(url: str) -> HtmlResponse:
    """Return a temporary redirect to the page of another site, whose URL an article has."""
    return HtmlResponse(
        status=int(HTTPStatus.FOUND),
        html="",
        headers={"Location": url, "Cache-Control": REDIRECT_CACHING, **_SECURITY},
    )


def redirect(location: str) -> HtmlResponse:
    """Return a permanent redirect to a path of this site, percent-encoded."""
    return HtmlResponse(
        status=int(HTTPStatus.MOVED_PERMANENTLY),
        html="",
        headers={"Location": location, "Cache-Control": REDIRECT_CACHING, **_SECURITY},
    )
