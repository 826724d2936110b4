"""Which version of an article someone has seen, and whether anything happened to it since."""

from kolom.articles.types import Article


def content_version(article: Article) -> int:
    """The version of the article that first had its present body; 0 for a deleted one."""
    return int(article.body_version.partition(".")[0] or 0)


def expected_version(article: Article, seen: int | None) -> int | None:
    """The version to expect of ``article`` when its author last saw ``seen``.

    The release of a scheduled article is a new version of it, but no change that its author could miss.
    """
    if seen is not None and article.status == "published" and content_version(article) <= seen <= article.version:
        return article.version
    return seen


def is_unedited(article: Article) -> bool:
    """Whether the article is still as its first publication left it; its release at its time does not count."""
    return article.version == 1 or (article.status == "published" and content_version(article) == 1)
