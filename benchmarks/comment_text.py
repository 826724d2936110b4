"""Measure the worst case of rendering a comment of 10,000 characters: CPU time, and bytes of markup per byte of text.

Run: ``uv run --group bench python -m benchmarks.comment_text``

The texts are repeated pieces of Markdown, each alone and in each pair, and some special shapes. The slowest and the
largest are listed, after a text of ordinary words and links.
"""

import time
from collections.abc import Iterator
from itertools import product

from benchmarks.handlers import write_output
from kolom.rendering import visitor_text

LENGTH = 10_000
LISTED = 8
PIECES = (
    *(
        "> ",
        ">",
        "- ",
        "1. ",
        "*",
        "_",
        "**",
        "[",
        "](",
        "![",
        "(",
        ")",
        "`",
        "```",
        "~~~\n",
        "\\",
        "\n",
        "\n\n",
        "    ",
    ),
    *("http://", "http://a", "https://a.b.", "a://", "://", "//a.b", "www.a", "a@b.", "<http://a>", "[a](http://a)"),
    *("&", "&amp;", "&#", "<", "<!--", '"', "a", " ", "\u00a0", "\u0301", "\u00fc", "\U0001f600", "\r\n", "|", "---\n"),
)
SHAPES = {
    "words": "An ordinary sentence of *some* words, and [a link](https://a.example/2024/05/rain.html).\n\n",
    "20 quotations": ">" * 20 + "a\n\n",
    "9 quotations": ">" * 9 + "a\n\n",
    "12 lists": "- " * 12 + "a\n",
    "quotations and lists": "> - " * 5 + "a\n\n",
    "a URL of emoji": "http://a/" + "\U0001f600" * LENGTH,
}


def main() -> None:
    """Run the benchmark and print the table."""
    measured = {name: _measure(content) for name, content in _texts()}
    write_output("| text | ms | bytes out / in | bytes |\n|---|---|---|---|\n")
    _print_row("words", *measured["words"])
    for column, title in ((0, "slowest"), (2, "largest")):
        write_output(f"| *{title}* | | | |\n")
        worst = sorted(measured, key=lambda name, column=column: -measured[name][column])  # type: ignore[misc]
        for name in worst[:LISTED]:
            _print_row(name, *measured[name])


def _texts() -> Iterator[tuple[str, str]]:
    for name, piece in SHAPES.items():
        yield name, (piece * LENGTH)[:LENGTH]
    for pair in product(PIECES, ("", *PIECES)):
        yield repr("".join(pair)), ("".join(pair) * LENGTH)[:LENGTH]


def _measure(content: str) -> tuple[float, float, int]:
    visitor_text.render.cache_clear()
    started = time.process_time()
    html = visitor_text.render(content).html
    seconds = time.process_time() - started
    size = len(html.encode())
    return seconds, size / len(content.encode()), size


def _print_row(name: str, seconds: float, ratio: float, size: int) -> None:
    write_output(f"| {name.replace('|', '&#124;')} | {seconds * 1000:.0f} | {ratio:.1f} | {size:,} |\n")


if __name__ == "__main__":
    main()
