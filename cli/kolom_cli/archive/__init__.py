"""A whole blog as files that need nothing of ours to be read: `kolom export` and `kolom import archive`.

The format is described in docs/archive.md. :mod:`.forms` has what stands in the files, :mod:`.text` how it is written;
:mod:`.writing` writes them, :mod:`.reading` reads them, trusting nothing, and :mod:`.restoring` puts what was read into
a stack.
"""

from typing import Final

FORMAT: Final = "kolom-archive"
VERSION: Final = 1

MANIFEST: Final = "archive.json"
ATTRIBUTES: Final = ".gitattributes"
ARTICLES: Final = "articles"
HTML: Final = "html"
MEDIA: Final = "media"
COMMENTS: Final = "comments.jsonl"
AUTHORS: Final = "addresses.jsonl"
SUBSCRIPTIONS: Final = "subscriptions.jsonl"
MESSAGES: Final = "messages.jsonl"
PRIVATE: Final = (AUTHORS, SUBSCRIPTIONS, MESSAGES)
"""The files that hold personal data which no reader sees."""
