"""The two items of DynamoDB for each result: what a page shows of it, and the rest of a long text.

DynamoDB bills at least 4 KB for each item that a page reads. So the item of a result has at most 4 KB (more only if
its other fields leave less than 1 KB for the text): a page of ten results costs five read units, however long the
articles are. The item has about the first 1,500 words of a text. The rest is read only if these lack a word of the
query, or a phrase.
"""

import hashlib
import json
import zlib
from typing import Final

from kolom.articles.mapping import summary_attributes
from kolom.articles.types import Article
from kolom.models.search import DOC, REST, ResultRecord, TextRecord
from kolom.search.document import IndexedDocument

ITEM_BYTES: Final = 4_096
"""The largest item that costs half a read unit."""

MIN_BYTES: Final = 1_024
"""The room for the beginning of the text, however large the other fields are."""

MAX_HEADINGS: Final = 30
"""The number of headings that an item has."""

_OVERHEAD_BYTES: Final = 200  # keys, names and numbers
_SHORTER: Final = 0.97


def result_records(article: Article, document: IndexedDocument) -> tuple[ResultRecord, TextRecord | None]:
    """Return the item from which a result for the article is shown, and that of the rest of its text, if any."""
    shown = summary_attributes(article)
    used = sum(len(name) + len(str(value).encode()) for name, value in shown.items() if value is not None)
    limit = max(MIN_BYTES, ITEM_BYTES - _OVERHEAD_BYTES - used)
    beginning, remaining = _split(document.text, limit)
    if headings := _headings(document, beginning):
        beginning, remaining = _split(document.text, max(MIN_BYTES, limit - len(headings.encode())))
        headings = _headings(document, beginning)
    key = f"doc#{article.id}"
    digest = _digest(remaining) if remaining else None
    text = (
        None
        if digest is None
        else TextRecord(
            key,
            REST,
            text=_compress(remaining),
            rest=digest,
            headings=_headings(document, remaining, beginning.count("\n") + 1),
        )
    )
    result = ResultRecord(
        key,
        DOC,
        **shown,
        text=_compress(beginning),
        is_whole=document.is_whole,
        rest=digest,
        headings=headings,
    )
    return result, text


def _headings(document: IndexedDocument, text: str, first: int = 0) -> str | None:
    """Return the headings in a part of the text, whose first line has the number ``first``, as JSON; None if none."""
    last = first + text.count("\n")
    shown = [heading for heading in document.headings if first <= heading[0] <= last][:MAX_HEADINGS]
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")) if shown else None


def _split(text: str, limit_bytes: int) -> tuple[str, str]:
    """Return a beginning that just fits into ``limit_bytes`` when compressed, and the rest.

    The beginning ends before a space or a line break, if it has one.
    """
    beginning = text
    while (size := len(_compress(beginning))) > limit_bytes:
        length = int(len(beginning) * _SHORTER * limit_bytes / size)
        cut = max(text.rfind(" ", 0, length), text.rfind("\n", 0, length))
        beginning = text[: cut if cut > 0 else length]
    return beginning, text[len(beginning) :]


def _compress(text: str) -> bytes:
    return zlib.compress(text.encode(), 9)


def _digest(text: str) -> str:
    return hashlib.blake2s(text.encode(), digest_size=6).hexdigest()
