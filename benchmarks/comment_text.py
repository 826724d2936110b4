"""What a comment of 10,000 characters costs at worst: processor time, and bytes of markup for each byte of text.

Run: ``uv run --group bench python -m benchmarks.comment_text``

The texts are pieces of Markdown repeated, each alone and each pair of them, and some with a shape of their own. The
slowest and the largest are listed, beside a text of ordinary words and links.
"""

import time
from collections.abc import Iterator
from itertools import product

from benchmarks.handlers import say
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
    "an address of emoji": "http://a/" + "\U0001f600" * LENGTH,
}


def main() -> None:
    """Print the tables."""
    measured = {name: _measured(content) for name, content in _texts()}
    say("| text | ms | bytes out / in | bytes |\n|---|---|---|---|\n")
    _say("words", *measured["words"])
    for place, title in ((0, "slowest"), (2, "largest")):
        say(f"| *{title}* | | | |\n")
        worst = sorted(measured, key=lambda name, place=place: -measured[name][place])  # type: ignore[misc]
        for name in worst[:LISTED]:
            _say(name, *measured[name])


def _texts() -> Iterator[tuple[str, str]]:
    for name, piece in SHAPES.items():
        yield name, (piece * LENGTH)[:LENGTH]
    for pair in product(PIECES, ("", *PIECES)):
        yield repr("".join(pair)), ("".join(pair) * LENGTH)[:LENGTH]


def _measured(content: str) -> tuple[float, float, int]:
    visitor_text.render.cache_clear()
    started = time.process_time()
    html = visitor_text.render(content).html
    took = time.process_time() - started
    size = len(html.encode())
    return took, size / len(content.encode()), size


def _say(name: str, seconds: float, ratio: float, size: int) -> None:
    say(f"| {name.replace('|', '&#124;')} | {seconds * 1000:.0f} | {ratio:.1f} | {size:,} |\n")


if __name__ == "__main__":
    main()
