"""The file names of an archive, and the marks by which an archive is recognized."""

from typing import Final

FORMAT: Final = "kolom-archive"
VERSION: Final = 1

MANIFEST: Final = "archive.json"
ATTRIBUTES: Final = ".gitattributes"
ARTICLES: Final = "articles"
HTML: Final = "html"
MEDIA: Final = "media"
COMMENTS: Final = "comments.jsonl"
COMMENT_AUTHORS: Final = "addresses.jsonl"
SUBSCRIPTIONS: Final = "subscriptions.jsonl"
MESSAGES: Final = "messages.jsonl"
SEARCH: Final = "search.json"
BLOCKED_WORDS: Final = "blocked-words.json"
PRIVATE: Final = (COMMENT_AUTHORS, SUBSCRIPTIONS, MESSAGES)
"""The files with personal data that is not public."""
