"""Compare the version of an article that someone has seen with its current version."""

from kolom.articles.types import Article


def content_version(article: Article) -> int:
    """Return the version in which the article got its current body; 0 for a deleted article."""
    return int(article.body_version.partition(".")[0] or 0)


def expected_version(article: Article, seen: int | None) -> int | None:
    """Return the version to expect of ``article`` if its author last saw ``seen``.

    The publication of a scheduled article is a new version, but not a change that its author could miss.
    """
    if seen is not None and article.status == "published" and content_version(article) <= seen <= article.version:
        return article.version
    return seen


def is_unedited(article: Article) -> bool:
    """Return whether the article was never edited; its scheduled publication does not count."""
    return article.version == 1 or (article.status == "published" and content_version(article) == 1)
