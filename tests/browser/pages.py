"""The paths of pages of every kind, on the blog of the fixture ``site``."""

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
"""All are answered 200, except for the last one: an invalid search."""

EVERY = (*PUBLIC, MISSING, DELETED)
