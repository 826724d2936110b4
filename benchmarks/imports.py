"""What an import takes: the importer's peak memory and time, beside the floor of parsing the same file.

Run: ``uv run python -m benchmarks.imports wordpress 500 --dry-run``; the size is in MB. ``blogger`` writes a Takeout.

The tables are moto's in a process of their own, so that the memory is the importer's alone. The export is made by a
seed, and what the report counts is compared with what was written into it.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from benchmarks.handlers import say
from kolom_cli.importers.xml_stream import elements_of, forget
from tests.unit.cli import takeout, wxr

SEED = 20261126
MEGABYTE = 1_000_000
WORDS = ("pasar", "pagi", "cabai", "tomat", "murah", "sekali", "ramai", "market", "morning", "pepper", "cheap", "very")


def main() -> None:
    """Make the export, import it, and say what that took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["wordpress", "blogger", "serve"])
    parser.add_argument("megabytes", type=int, nargs="?", default=500)
    parser.add_argument("--dry-run", action="store_true")
    arguments = parser.parse_args()
    if arguments.kind == "serve":
        serve()
        return
    with tempfile.TemporaryDirectory() as folder, tables() as endpoint:
        file = Path(folder) / "export.xml"
        with file.open("w", encoding="utf-8") as output:
            wanted = write(output, arguments.kind, arguments.megabytes * MEGABYTE)
        size = file.stat().st_size / MEGABYTE
        say(f"{arguments.kind}: {size:.0f} MB with {dict(wanted)}\n")
        floor = parse(file)
        for _ in range(1 if arguments.dry_run else 2):
            report, seconds, peak = run(arguments.kind, file, endpoint, dry_run=arguments.dry_run)
            read = {kind: counts["read"] for kind, counts in report["kinds"].items()}
            assert read == wanted, (read, wanted)
            counts = {name: report[name] for name in ("read", "created", "updated", "unchanged", "skipped")}
            say(f"{counts}: {seconds:.0f} s, {seconds / floor:.0f} times the parsing; peak {peak:.0f} MB\n")


def write(output: IO[str], kind: str, size: int) -> Counter[str]:
    """Write an export of about ``size`` bytes; how many of each kind are in it."""
    words = random.Random(SEED)  # noqa: S311 - a benchmark
    wanted: Counter[str] = Counter()
    head, tail = (wxr.HEAD.format(version="1.2"), wxr.TAIL) if kind == "wordpress" else (takeout.TAKEOUT, takeout.TAIL)
    written = output.write(head)
    number = 0
    while written < size:
        number += 1
        make = _wordpress if kind == "wordpress" else _blogger
        written += output.write(make(number, words, wanted))
    output.write(tail)
    return wanted


def _wordpress(number: int, words: random.Random, wanted: Counter[str]) -> str:
    comments = words.choice([0, 0, 1, 3, 10, 30])
    kind = "page" if number % 20 == 0 else "post"
    wanted["page" if kind == "page" else "article"] += 1
    wanted["comment"] += comments
    first = number * 100
    more = wxr.term(f"Label {number % 50}") + "".join(
        wxr.comment(first + each, parent=first + each - 1 if each % 3 else 0, content=_text(words, 60))
        for each in range(comments)
    )
    return wxr.item(number, content=_article(words), post_type=kind, more=more)


def _blogger(number: int, words: random.Random, wanted: Counter[str]) -> str:
    comments = words.choice([0, 0, 1, 3, 10, 30])
    wanted["article"] += 1
    wanted["comment"] += comments
    first = 1_000_000 + number * 100
    return takeout.entry(number, content=_article(words), labels=(f"Label {number % 50}",)) + "".join(
        takeout.comment(first + each, number, answers=first + each - 1 if each % 3 else None, content=_text(words, 60))
        for each in range(comments)
    )


def _article(words: random.Random) -> str:
    paragraphs = words.randint(10, 400)
    return "\n".join(f"<p>{_text(words, 50)} <b>{words.choice(WORDS)}</b>.</p>" for _ in range(paragraphs))


def _text(words: random.Random, most: int) -> str:
    return " ".join(words.choices(WORDS, k=words.randint(5, most)))


def parse(file: Path) -> float:
    """The seconds that it takes to read every element of the file, and nothing more."""
    began = time.perf_counter()
    with file.open("rb") as source:
        for _, element in elements_of(source, "item", "{*}entry"):
            forget(element)
    return time.perf_counter() - began


def run(kind: str, file: Path, endpoint: str, *, dry_run: bool) -> tuple[dict[str, Any], float, float]:
    """Import the file; its report, the seconds, and the importer's peak memory in MB."""
    command = [str(Path(sys.executable).parent / "kolom"), "--endpoint-url", endpoint, "import", kind]
    command += [str(file), "--json", *(["--dry-run"] if dry_run else [])]
    began = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output)  # noqa: S603 - our own
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        output.seek(0)
        return json.loads(output.read()), time.perf_counter() - began, usage.ru_maxrss / 1000


@contextmanager
def tables() -> Iterator[str]:
    """Empty tables on moto in another process, for as long as it lasts: their endpoint."""
    command = [sys.executable, "-m", "benchmarks.imports", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def serve() -> None:
    """Be moto until told to stop."""
    from moto.server import ThreadedMotoServer

    from kolom_cli.local.moto_help import help_moto

    with help_moto():
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        sys.stdout.write(f"{server.get_host_and_port()[1]}\n")
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
