"""Recognize the comment backups of systems that are not supported, so that the error can name them."""

import re
import zlib
from pathlib import Path
from typing import Final

from kolom_cli.importers.common.types import SourceError

_GZIP: Final = b"\x1f\x8b"
_BEGINNING: Final = 64 * 1024

_SYSTEMS: Final[tuple[tuple[str, re.Pattern[bytes]], ...]] = (
    # A header {"version":1,"users":[…],"posts":[…]}, and then one comment in each line.
    ("Remark42", re.compile(rb'\{\s*"version"\s*:\s*\d+\s*,\s*"users"\s*:|"locator"\s*:\s*\{\s*"site"\s*:')),
    # {"version":3,"pages":[…],"comments":[…],"commenters":[…]}
    ("Comentario", re.compile(rb'\{[^{}\[\]]{0,1000}"version"\s*:\s*[23]\b|"(?:domainPageId|pageId)"\s*:')),
    # {"version":1,"comments":[{"commentHex":…}],"commenters":[…]}
    ("Commento", re.compile(rb'\{\s*"version"\s*:\s*\d+\s*,\s*"comment(?:s|ers)"\s*:|"comment(?:er)?Hex"\s*:')),
)
_ADVICE: Final = (
    "{}: a comment backup of {}, which is not supported. Supported are the exports of Disqus (XML), Isso (its database "
    "or generic JSON), WordPress and Blogger. Convert the backup to the generic JSON of Isso, which the guide "
    "docs/migrate.md describes, and import that file with `kolom import isso`"
)


def refuse_foreign_backup(path: Path) -> None:
    """Refuse a file that is certainly the backup of another system.

    :raises SourceError: the file is such a backup, or cannot be read
    """
    beginning = _beginning(path)
    if beginning.startswith(b"{"):
        for system, pattern in _SYSTEMS:
            if pattern.search(beginning):
                raise SourceError(_ADVICE.format(path, system))


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}") from error
    if beginning.startswith(_GZIP):
        try:
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            beginning = unpacker.decompress(beginning, _BEGINNING)
        except zlib.error:
            return b""
    return beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
