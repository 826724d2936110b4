"""Load what follows an article: comments and related articles. A part that cannot be loaded is left out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kolom.articles.types import Article, ArticleSummary
from kolom.comments import public
from kolom.comments.types import CommentPage, PublicComment
from kolom.config import settings
from kolom.pages.optional_parts import load_part
from kolom.search.related_lists import listed_related

COMMENTS_LENGTH: Final = 20
RELATED_LENGTH: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleExtras:
    """A page of an article's comments, and related articles.

    ``comments`` is None if they cannot be read now. They start at ``cursor``, or at the first comment. ``is_open`` is
    true if readers may comment, ``reply_to_id`` is the id of the comment to reply to.
    """

    comments: CommentPage | None
    related: tuple[ArticleSummary, ...] = ()
    is_open: bool = True
    cursor: str | None = None
    reply_to_id: str | None = None

    @property
    def reply_to(self) -> PublicComment | None:
        """Return the comment on this page that the form replies to, or None."""
        items = self.comments.items if self.comments else ()
        return next((each for each in items if each.id == self.reply_to_id and not each.deleted), None)


def load_article_extras(
    article: Article, *, cursor: str | None, reply_to_id: str | None, now: datetime
) -> ArticleExtras:
    """Load a page of the comments from ``cursor`` on, and the related articles.

    Two requests for the comments; for the related articles those of :func:`.listed_related`, usually two.

    :raises InvalidCursor: ``cursor`` does not belong to this article's comments
    """
    comments = load_part(
        "comments", lambda: public.list_comments(article.id, order="oldest", limit=COMMENTS_LENGTH, cursor=cursor)
    )
    # If the comments are unavailable, the reader has waited for a timeout already: do not risk a second one.
    loads_related = article.is_listed and comments is not None
    related = load_part("related articles", lambda: listed_related(article.id, RELATED_LENGTH)) if loads_related else ()
    return ArticleExtras(
        comments=comments,
        related=related or (),
        is_open=article.takes_comments(now, close_after_days=settings().comments_close_after_days),
        cursor=cursor,
        reply_to_id=reply_to_id,
    )
