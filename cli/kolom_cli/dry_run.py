"""What a publication would do, found out without writing."""

from datetime import datetime

from kolom.articles import publishing
from kolom.articles.publishing import Change
from kolom.articles.types import Content
from kolom.articles.validation import check


def would_publish(
    content: Content,
    *,
    now: datetime,
    article_id: int | None = None,
    expected_version: int | None = None,
    force: bool = False,
) -> Change:
    """What :func:`kolom.articles.publishing.publish` would answer at this moment; raises what it would raise.

    One thing is only known when it is written: whether the article's path is another's.
    """
    check(content)
    old = publishing._find(content, article_id)
    new = publishing._next_state(content, old, now)
    if old is not None and publishing._same(old, new):
        return "unchanged"
    publishing._check_version(old, expected_version, force=force)
    return "created" if old is None else "updated"
