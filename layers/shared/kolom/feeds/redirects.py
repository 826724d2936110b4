"""Redirect other spellings of feed URLs, and the feed URLs of other systems, to the feeds of this site."""

import re
from typing import Final
from urllib.parse import parse_qs

from kolom.articles import public
from kolom.errors import NotFound
from kolom.feeds.documents import find_document_redirect
from kolom.feeds.legacy_urls import find_legacy_feed_redirect
from kolom.urls import comments_feed_path, with_query

_COMMENTS: Final = re.compile(r"/feeds/comments/([^/]+)/+")


def get_feed_redirect(path: str, query: str) -> str:
    """Return the URL of the feed that ``path`` (decoded) with that query string means. Up to three GetItems.

    :raises NotFound: there is no such feed
    :raises Gone: the feed is that of a deleted article
    """
    if document := find_document_redirect(path):
        return with_query(document, query)
    if match := _COMMENTS.fullmatch(path):
        try:
            return with_query(comments_feed_path(public.get_by_any_slug(match[1]).slug), query)
        except NotFound:
            pass  # it may be a URL of another system
    location = find_legacy_feed_redirect(path, parse_qs(query))
    if location is None:
        raise NotFound("there is no such feed")
    return location
