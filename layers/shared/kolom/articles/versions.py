"""Compare the version of an article that someone has seen with its current version."""

from kolom.articles.types import Article


def content_version(article: Article) -> int:
    """Return the version in which the article got its current content; 0 for a deleted article.

    Every edit stores a new body. Unpublishing and the publication of a scheduled article keep it.
    """
    return int(article.body_version.partition(".")[0] or 0)


def expected_version(article: Article, seen: int | None) -> int | None:
    """Return the version to expect of ``article`` if its author last saw ``seen``.

    It is the current version if only the status has changed since then, because no edit would be lost. A deleted
    article has no content to compare.
    """
    if seen is not None and article.status != "deleted" and content_version(article) <= seen <= article.version:
        return article.version
    return seen


def is_unedited(article: Article) -> bool:
    """Return whether the article was never changed, except by its scheduled publication."""
    return article.version == 1 or (article.status == "published" and content_version(article) == 1)


def is_unpublished(article: Article) -> bool:
    """Return whether the author unpublished the article and has not edited it since."""
    return article.status == "draft" and content_version(article) < article.version
