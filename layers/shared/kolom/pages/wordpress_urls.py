"""Redirect URLs of WordPress that differ only in their query, such as ``/?p=12``.

All URLs of a WordPress site with plain permalinks are like this; other WordPress sites have them as short links. An
import stores ``/?p=12`` as an alias of the post.

| query | leads to |
|---|---|
| ``feed=rss2`` and other formats | the feed |
| ``p``, ``page_id`` | the article, or an error if there is none with that number |
| ``m=201201``, ``m=2012`` | the list of the month or the year |
| ``s=words`` | the search |
| ``attachment_id``, ``author``, ``cat`` with a number | an error: there is no equivalent |
| others | nothing: they are ignored |
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from kolom import urls
from kolom.articles import public
from kolom.articles.names import post_number_alias
from kolom.errors import NotFound
from kolom.feeds.legacy_urls import find_legacy_feed_redirect

_NUMBERED: Final = ("p", "page_id", "attachment_id", "author", "cat")
_PERIOD: Final = re.compile(r"([0-9]{4})(?:(0[1-9]|1[0-2])(?:[0-9]{2})?)?")
_WORDPRESS_PARAMETERS: Final = frozenset(
    ("cpage", "p", "page", "page_id", "paged", "post_type", "preview", "preview_id", "preview_nonce", "replytocom")
)
"""The parameters of WordPress that have no effect on the page of an article."""


def post_redirect(query: Mapping[str, list[str]]) -> str | None:
    """Return the path of the article whose post number the query has; None if the query has no number.

    Parameters that are not of WordPress are kept. Two requests to DynamoDB.

    :raises NotFound: there is no published article with that number
    :raises Gone: the article was deleted
    """
    alias = post_number_alias(query)
    if alias is None:
        return None
    path = urls.encoded_path(public.current_path(alias))
    kept = {name: values for name, values in query.items() if name not in _WORDPRESS_PARAMETERS}
    return urls.with_query(path, urlencode(kept, doseq=True))


def home_redirect(path: str, query: Mapping[str, list[str]]) -> str | None:
    """Return where the URL of WordPress's home page with this query leads to; None if the query is to be ignored.

    :raises NotFound: the URL names a post or a list that this site does not have
    :raises Gone: the URL names an article that was deleted
    """
    if target := find_legacy_feed_redirect(path, query) or post_redirect(query):
        return target
    if period := _PERIOD.fullmatch(_value(query, "m")):
        year, month = int(period[1]), period[2]
        return urls.month_path(year, int(month)) if month else urls.year_path(year)
    if words := _value(query, "s"):
        return urls.with_query(urls.SEARCH_PATH, urlencode({"q": words}))
    if any(re.fullmatch("[0-9]+", _value(query, name)) for name in _NUMBERED):
        raise NotFound("this site has no such page")
    return None


def _value(query: Mapping[str, list[str]], name: str) -> str:
    return next(iter(query.get(name, ())), "").strip()
