"""Choose the slugs of new pages: short ones from their URLs, and others for pages whose last segments are the same."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from kolom.articles.names import MAX_SLUG
from kolom.errors import Conflict
from kolom_cli.publishing.slugs import clean_slug, slugify_title
from kolom_cli.syncing.site_reading import ReadPage

_DIGEST: Final = 8
_MAX_HOST: Final = 60

type LookUp = Callable[[Sequence[str]], Mapping[str, int]]
"""Returns the articles of those pointers that exist."""


class PageSlugs:
    """Chooses slugs that no article and no other page of the run has.

    The slug of a page depends only on its URL, on the pages before it, and on the slugs that exist. Many pages of a
    site may have the same last segment, such as ``overview``. The first one gets it as its slug, the second one with
    the host, and all others with a digest of their URLs.
    """

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up
        self._chosen: dict[str, str] = {}

    def choose(self, pages: Sequence[ReadPage]) -> dict[str, str]:
        """Return the slugs by the pointers of the pages' URLs; at most two look-ups.

        A page is missing if all its candidates are taken.
        """
        candidates = {page.url_key: _candidates(page) for page in pages}
        first = self._without_stored([each[0] for each in candidates.values()])
        slugs = {key: each[0] for key, each in candidates.items() if each[0] in first and self._claim(each[0], key)}
        others = {key: each[1:] for key, each in candidates.items() if key not in slugs}
        free = self._without_stored([slug for each in others.values() for slug in each])
        for key, each in others.items():
            if (slug := next((one for one in each if one in free and self._claim(one, key)), None)) is not None:
                slugs[key] = slug
        return slugs

    def _without_stored(self, slugs: Sequence[str]) -> set[str]:
        stored = self._look_up([f"slug:{slug}" for slug in dict.fromkeys(slugs)]) if slugs else {}
        return {slug for slug in slugs if f"slug:{slug}" not in stored}

    def _claim(self, slug: str, url_key: str) -> bool:
        return self._chosen.setdefault(slug, url_key) == url_key


def no_free_slug(page: ReadPage) -> Conflict:
    """Return the error for a page without a slug."""
    return Conflict(f"no slug for {page.url} is free")


def _candidates(page: ReadPage) -> list[str]:
    digest = hashlib.sha256(page.url_key.encode()).hexdigest()
    slug = _wanted_slug(page.url) or f"page-{digest[:_DIGEST]}"
    host = clean_slug((urlsplit(page.url).hostname or "").replace(".", "-")[:_MAX_HOST]) or "site"
    return [slug, *(_with_suffix(slug, suffix) for suffix in (host, digest[:_DIGEST], digest))]


def _with_suffix(slug: str, suffix: str) -> str:
    return f"{slug[: MAX_SLUG - len(suffix) - 1].rstrip('-_')}-{suffix}"


def _wanted_slug(url: str) -> str | None:
    """Return the slug that suits a URL: its last segment without an extension, or ``home``; None if none is valid."""
    segments = [each for each in unquote(urlsplit(url).path).split("/") if each and each.lower() != "index.html"]
    name = segments[-1].removesuffix(".html").removesuffix(".htm") if segments else "home"
    return clean_slug(name) or slugify_title(name) or clean_slug(f"page-{name}")
