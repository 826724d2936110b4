"""The Markdown elements that the generators share."""

import re
from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """Return ``text`` as a code span; it may contain backticks."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}"


def fenced(language: str, text: str) -> str:
    """Return ``text`` as a fenced code block, with a line break at its end."""
    return f"```{language}\n{text}\n```\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; its cells may contain vertical bars."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
