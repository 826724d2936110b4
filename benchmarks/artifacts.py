"""Measure the CPU time to import each function from built artifacts, as a cold start does.

    .venv/bin/python -m benchmarks.artifacts [--builds .aws-sam/native OTHER_BUILD…] [--rounds 7] [--functions NAME…]

Each import is a new Python process with only the function and the layer on its path. It may write no bytecode, as in
Lambda, where these directories are read-only. The figures are user and system time, without those of a Python that
imports nothing. The functions and builds take turns in each round.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.runner.figures import Figure, NotRunError
from benchmarks.runner.part import Part
from benchmarks.runner.timing import milliseconds, processor_seconds_of_children, take_turns
from kolom_cli.sam.artifacts import Artifact, find_artifacts
from kolom_cli.sam.loader import read_document

_EMPTY = "an empty program"


@dataclass(frozen=True, slots=True)
class Options:
    """The directories of builds to compare, the functions to import (by default all), and how often."""

    builds: tuple[str, ...] = (".aws-sam/native",)
    functions: tuple[str, ...] = ()
    rounds: int = 5


def measure(options: Options) -> Iterator[Figure]:
    """Yield the time of the import of each function, for each build.

    :raises NotRunError: there is no such build
    """
    absent = [build for build in options.builds if not Path(build, "template.yaml").exists()]
    if absent:
        raise NotRunError(f"there is no build in {', '.join(absent)}: run `make smoke`")
    imports: dict[tuple[str, str], Callable[[], float]] = {}
    for build in options.builds:
        functions, layers = find_artifacts(read_document(Path(build, "template.yaml")), Path(build))
        imports[build, _EMPTY] = partial(_import_seconds, "", functions[0], layers)
        for function in functions:
            if not options.functions or function.name in options.functions:
                imports[build, function.name] = partial(_import_seconds, "import app", function, layers)
    found = take_turns({json.dumps(key): call for key, call in imports.items()}, options.rounds)
    for build, name in imports:
        if name != _EMPTY:
            times = zip(found[json.dumps((build, name))], found[json.dumps((build, _EMPTY))], strict=True)
            yield Figure(name, f"import from {build}, ms", milliseconds([each - empty for each, empty in times]))


def _import_seconds(code: str, function: Artifact, layers: list[Artifact]) -> float:
    def run() -> None:
        subprocess.run(  # noqa: S603 (the program is this Python)
            [sys.executable, "-S", "-B", "-c", code],
            cwd=function.directory,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": ":".join(str(artifact.directory.resolve()) for artifact in [function, *layers]),
                "AWS_REGION": "us-east-1",
                "POWERTOOLS_METRICS_NAMESPACE": "Kolom",
            },
            check=True,
        )

    return processor_seconds_of_children(run)


PART = Part(
    "artifacts",
    "Processor time to import each function from the output of `make smoke`.",
    measure,
    small=Options(),
    full=Options(rounds=15),
)

if __name__ == "__main__":
    PART.main()
