"""Parse the bytes of a page to a tree of elements."""

import codecs
import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree
from lxml import html as lxml_html

from kolom.rendering.sanitizer import clean_characters
from kolom_cli.syncing.types import MAX_PAGE_BYTES, Content, PageError

_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_HEAD_BYTES: Final = 2_048
_SPACES: Final = re.compile(r"\s+")


def parse_page(content: Content) -> Any:
    """Return the root element of a page.

    :raises PageError: it is too large, empty, or not in the character set that it declares
    """
    if len(content.data) > MAX_PAGE_BYTES:
        raise PageError(f"it has more than {MAX_PAGE_BYTES >> 20} MB")
    text = clean_characters(_decoded(content))
    if not text.strip():
        raise PageError("it is empty")
    # Encoded again, because lxml accepts no text with the declaration of an encoding, which XHTML has.
    parser = lxml_html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        return lxml_html.document_fromstring(text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise PageError("it is not HTML") from error


def text_of(element: Any) -> str:
    """Return the text of an element on one line; empty for None."""
    return "" if element is None else one_line("".join(element.itertext()))


def one_line(text: str) -> str:
    """Return the text with single spaces."""
    return _SPACES.sub(" ", text).strip()


def attribute(element: Any, name: str) -> str:
    """Return the value of an attribute without spaces around it; empty if there is none."""
    return str(element.get(name) or "").strip()


def elements(root: Any, *tags: str) -> Iterator[Any]:
    """Yield the elements with these tags in the order of the page."""
    return (each for each in root.iter(*tags) if isinstance(each.tag, str))


def _decoded(content: Content) -> str:
    data = content.data
    for mark, charset in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode(data[len(mark) :], charset)
    declared = _META_CHARSET.search(data[:_HEAD_BYTES])
    charset = content.charset or (declared[1].decode() if declared else "utf-8")
    return _decode(data, charset)


def _decode(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        raise PageError(f"it is not in its character set {charset} (byte {error.start:,})") from error
    except (LookupError, ValueError) as error:
        raise PageError(f"its character set {charset!r} is unknown") from error
