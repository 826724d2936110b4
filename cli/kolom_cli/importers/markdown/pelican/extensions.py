"""Convert the notations of Python-Markdown's extensions that CommonMark does not have. Pure."""

import re
from typing import Final

from kolom_cli.importers.common.code_blocks import code_block

_CONTENTS: Final = re.compile(r"^\[TOC\][ \t]*\r?$\n?", re.MULTILINE)
_CODE: Final = re.compile(
    r"(?:\A|(?<=\n\n)|(?<=\n\r\n))(?: {4}|\t)(?::::|#!)([A-Za-z][\w+#-]{0,40})(?:[ \t]+hl_lines=.*)?[ \t]*\r?\n"
    r"((?:(?: {4}|\t).*+(?:\n|\Z)|[ \t]*+\r?\n)*+)"
)
"""An indented code block whose first line names its language (CodeHilite)."""

_INDENT: Final = re.compile(r"^(?: {4}|\t)", re.MULTILINE)


def convert_extensions(text: str) -> str:
    """Return the Markdown with fences around code that names its language, and without ``[TOC]``."""
    return _CODE.sub(_fenced, _CONTENTS.sub("", text))


def _fenced(match: re.Match[str]) -> str:
    code = _INDENT.sub("", match[2].replace("\r\n", "\n"))
    return code_block(code.rstrip(), match[1].lower(), "markdown")
