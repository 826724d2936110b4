"""The interface of all benchmarks: a part has a name, options with two sizes, and a function that yields figures."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.runner import report
from benchmarks.runner.figures import Figure, NotRunError, PartResult, Status
from benchmarks.runner.machine import describe

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The options of a part that has none."""


@dataclass(frozen=True, slots=True)
class Part[Options: "DataclassInstance"]:
    """A benchmark. ``small`` is its size in ``make bench``, and ``full`` with ``--full``.

    Each field of the options is an option of the command: ``articles: int`` is ``--articles NUMBER``. A tuple takes any
    number of values.
    """

    name: str
    summary: str
    measure: Callable[[Options], Iterable[Figure]]
    small: Options
    full: Options

    def run(self, options: Options) -> PartResult:
        """Measure, and return the result; without some or all figures if something that they need is absent."""
        started = time.perf_counter()
        figures: list[Figure] = []
        status: Status = "run"
        reason = ""
        try:
            for figure in self.measure(options):
                figures.append(figure)  # noqa: PERF402 - those before an error are kept
        except NotRunError as error:
            status, reason = "run in part" if figures else "not run", str(error)
        chosen = json.loads(json.dumps(asdict(options)))
        return PartResult(self.name, status, time.perf_counter() - started, figures, reason, chosen)

    def parse(self, arguments: Sequence[str]) -> tuple[Options, Path | None]:
        """Return the options that the arguments choose, and the file for the result as JSON."""
        parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{self.name}", description=self.summary)
        parser.add_argument("--full", action="store_true", help="use the full sizes")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the result to a file, not as a table")
        for field in fields(self.small):
            default = getattr(self.small, field.name)
            note = f"by default {default!r}, in full {getattr(self.full, field.name)!r}"
            kind = _kind(default or getattr(self.full, field.name))
            parser.add_argument(f"--{field.name.replace('_', '-')}", help=note, **kind)
        parsed = vars(parser.parse_args(arguments))
        chosen = {field.name: parsed[field.name] for field in fields(self.small) if parsed[field.name] is not None}
        chosen = {name: tuple(value) if isinstance(value, list) else value for name, value in chosen.items()}
        return replace(self.full if parsed["full"] else self.small, **chosen), parsed["json"]

    def main(self, arguments: Sequence[str] | None = None) -> None:
        """Run this part alone, as the arguments of the command say, and print or write its result."""
        options, file = self.parse(sys.argv[1:] if arguments is None else arguments)
        result = self.run(options)
        if file is None:
            sys.stdout.write(report.render_markdown(describe(), [result]))
            return
        file.write_text(json.dumps(result.to_json(), ensure_ascii=False), "utf-8")


def _kind(value: object) -> dict[str, Any]:
    """Return how an option with such a value is parsed. The elements of an empty tuple are texts."""
    if isinstance(value, tuple):
        return {"nargs": "*", "type": type(value[0]) if value else str}
    return {"type": type(value)}
