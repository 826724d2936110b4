"""Write code blocks in Markdown or HTML."""

import re
from html import escape
from typing import Final

from kolom.rendering.types import SourceFormat

_LANGUAGE: Final = re.compile(r"[\w+#.-]{1,40}")
_FENCE: Final = re.compile(r"`{3,}")


def code_block(text: str, language: str, source_format: SourceFormat) -> str:
    """Return ``text`` as a code block in the given format."""
    language = language if _LANGUAGE.fullmatch(language) else ""
    text = text.strip("\r\n")
    if source_format == "html":
        name = f' class="language-{escape(language)}"' if language else ""
        return f"<pre><code{name}>{escape(text, quote=False)}</code></pre>"
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"\n\n{fence}{language}\n{text}\n{fence}\n\n"
