"""The path of one page of every kind, on the blog in conftest."""

ARTICLE = "/cara-membaca-komunike/"
ENGLISH = "/china-russia-agree-to-deepen-strategic-cooperation/"
HOSTILE = "/2024/05/x.html"
ARABIC = "/suq/"
MISSING = "/tidak-ada/"
DELETED = "/terhapus/"
RESULTS = "/search/?q=komunike"

PUBLIC = (
    *("/", "/label/politik/", "/labels/", "/archive/", "/2026/", "/2026/05/", "/contact/", "/search/"),
    *(ARTICLE, ENGLISH, HOSTILE, ARABIC, RESULTS, "/search/?q=xqzxqz&from=never"),
)
"""Answered by 200, but for the last one, a search that cannot be meant."""

EVERY = (*PUBLIC, MISSING, DELETED)
