"""Recognize the comment backups of other systems, so that the error can name the command that imports them."""

import re
import zlib
from pathlib import Path
from typing import Final

from kolom_cli.importers.common.types import SourceError

_GZIP: Final = b"\x1f\x8b"
_BEGINNING: Final = 64 * 1024

_SYSTEMS: Final[tuple[tuple[str, str, re.Pattern[bytes]], ...]] = (
    # A header {"version":1,"users":[…],"posts":[…]}, and then one comment in each line.
    (
        "Remark42",
        "remark42",
        re.compile(rb'\{\s*"version"\s*:\s*\d+\s*,\s*"users"\s*:|"locator"\s*:\s*\{\s*"site"\s*:'),
    ),
    # {"version":3,"pages":[…],"comments":[…],"commenters":[…]}
    ("Comentario", "commento", re.compile(rb'\{[^{}\[\]]{0,1000}"version"\s*:\s*[23]\b|"(?:domainPageId|pageId)"\s*:')),
    # {"version":1,"comments":[{"commentHex":…}],"commenters":[…]}
    (
        "Commento",
        "commento",
        re.compile(rb'\{\s*"version"\s*:\s*\d+\s*,\s*"comment(?:s|ers)"\s*:|"comment(?:er)?Hex"\s*:'),
    ),
)
"""The name of each system, the command that imports its backups, and what such a backup contains."""


def refuse_backup_of_another_system(path: Path, command: str) -> None:
    """Refuse a file that another command than ``command`` certainly imports.

    :raises SourceError: the file is such a backup, or cannot be read
    """
    beginning = _beginning(path)
    if not beginning.startswith(b"{"):
        return
    for system, other, pattern in _SYSTEMS:
        if pattern.search(beginning):
            if other == command:
                return
            raise SourceError(f"{path}: a comment backup of {system}: import it with `kolom import {other}`")


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
