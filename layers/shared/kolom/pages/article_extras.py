"""Reading what stands below an article. The page stands without it."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from pynamodb.exceptions import PynamoDBException

from kolom.articles.types import Article
from kolom.aws import is_throttled, is_unavailable
from kolom.comments import public
from kolom.comments.threads import Living
from kolom.config import settings
from kolom.observability import logger
from kolom.search.more_like_this import related

COMMENTS_LENGTH: Final = 20
RELATED_LENGTH: Final = 4


def read_living(article: Article, *, cursor: str | None, answering: str | None, now: datetime) -> Living:
    """The comments from ``cursor`` on, in two requests, and the related articles, in some more.

    :raises InvalidCursor: ``cursor`` is not of this article's comments
    """
    comments = _unless_away(
        lambda: public.list_comments(article.id, order="oldest", limit=COMMENTS_LENGTH, cursor=cursor)
    )
    # Where the comments are away, the reader has waited for them: the next thing would only be waited for too.
    asks = article.is_listed and comments is not None
    found = _unless_away(lambda: related(article.id, RELATED_LENGTH)) if asks else ()
    return Living(
        comments=comments,
        related=found or (),
        is_open=article.takes_comments(now, close_after_days=settings().comments_close_after_days),
        cursor=cursor,
        answering=answering,
    )


def _unless_away[Result](read: Callable[[], Result]) -> Result | None:
    """What ``read`` gives; None where DynamoDB is at its limit or not to be reached."""
    try:
        return read()
    except PynamoDBException as error:
        if not (is_throttled(error) or is_unavailable(error)):
            raise
        logger.warning("a living part of a page is missing")
        return None
