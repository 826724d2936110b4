"""Measure the worst case of rendering a comment of 10,000 characters: CPU time, and bytes of markup per byte of text.

    .venv/bin/python -m benchmarks.comment_text [--pieces 12] [--full]

The texts are repeated pieces of Markdown, each alone and in each pair, and some special shapes. The slowest and the
largest are listed, after a text of ordinary words and links.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from benchmarks.runner.figures import Figure
from benchmarks.runner.part import Part
from benchmarks.runner.timing import milliseconds, processor_seconds
from kolom.rendering import visitor_text

LENGTH = 10_000
LISTED = 5
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


@dataclass(frozen=True, slots=True)
class Options:
    """How many of the pieces are combined, and how often the worst texts are measured."""

    pieces: int = 12
    rounds: int = 5


def measure(options: Options) -> Iterator[Figure]:
    """Yield the time and size of a text of ordinary words, and those of the slowest and of the largest texts."""
    texts = dict(_texts(PIECES[: options.pieces]))
    rendered = {name: _render(content) for name, content in texts.items()}
    yield from _figures("ordinary words", texts["words"], options.rounds)
    for position, title in ((0, "slowest"), (2, "largest")):
        worst = sorted(rendered, key=lambda name, position=position: -rendered[name][position])  # type: ignore[misc]
        for rank, name in enumerate(worst[:LISTED], start=1):
            yield from _figures(f"{title} {rank}: {name}", texts[name], options.rounds)


def _texts(pieces: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name, piece in SHAPES.items():
        yield name, (piece * LENGTH)[:LENGTH]
    for pair in product(pieces, ("", *pieces)):
        yield repr("".join(pair)), ("".join(pair) * LENGTH)[:LENGTH]


def _figures(case: str, content: str, rounds: int) -> Iterator[Figure]:
    found = [_render(content) for _ in range(rounds)]
    yield Figure(case, "ms", milliseconds([seconds for seconds, _, _ in found]))
    yield Figure(case, "bytes of markup for each byte of text", [found[0][1]])
    yield Figure(case, "bytes of markup", [found[0][2]])


def _render(content: str) -> tuple[float, float, int]:
    visitor_text.render.cache_clear()
    seconds = processor_seconds(lambda: visitor_text.render(content))
    size = len(visitor_text.render(content).html.encode())
    return seconds, size / len(content.encode()), size


PART = Part(
    "comment_text",
    "Processor time and size of the worst comments of 10,000 characters.",
    measure,
    small=Options(),
    full=Options(pieces=len(PIECES), rounds=21),
)

if __name__ == "__main__":
    PART.main()
