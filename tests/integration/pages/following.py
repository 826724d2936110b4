"""Follow redirects as a browser does."""

from dataclasses import dataclass

from kolom.pages.response import HtmlResponse
from kolom.pages.router import dispatch

_MOST = 3


@dataclass(frozen=True, slots=True)
class Followed:
    """The result of a request with redirects: the last URL, its page, and the number of redirects."""

    address: str
    page: HtmlResponse
    redirects: int

    @property
    def found(self) -> bool:
        """Whether the URL, or the target of its only redirect, returns a page."""
        return self.page.status == 200 and self.redirects <= 1


def follow(address: str) -> Followed:
    """Request a percent-encoded path, and follow its redirects."""
    page, redirects = dispatch(address, {}), 0
    while page.status == 301 and redirects < _MOST:
        address, redirects = page.headers["Location"], redirects + 1
        page = dispatch(address, {})
    return Followed(address, page, redirects)
