"""Recognize metadata that `kolom publish` does not read, so that it is not published as text. Pure."""

import re
from typing import Final

from kolom_cli.publishing.metadata_header import KEY_LINE, read_header

_FENCE: Final = re.compile(r"\s*(---|\+\+\+|;;;)[ \t]*(\w+|#.*)?[ \t]*(?:\r\n|\n|\r)[ \t]*(.*)")
_JSON: Final = re.compile(r'\s*\{\s*"')


def find_unsupported_metadata(text: str) -> str | None:
    """Return a message if a text without front matter seems to have metadata in another format; None otherwise."""
    if match := _FENCE.match(text):
        fence, language, following = match.groups()
        if fence != "---" or language or KEY_LINE.fullmatch(following.rstrip()):
            return "front matter must begin with `---` on the first line of the file"
    if _JSON.match(text):
        return "front matter in JSON is not supported: write it as YAML between two `---` lines"
    if read_header(text).values:
        return "its metadata must be between two `---` lines"
    return None
