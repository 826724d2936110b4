"""Measure the CPU time to import each function from built artifacts, as a cold start does.

    .venv/bin/python -m benchmarks.artifacts .aws-sam/native [OTHER_BUILD…] [--runs 7] [--functions NAME…]

Each import is a new Python process with only the function and the layer on its path. It may write no bytecode, as in
Lambda, where these directories are read-only. The figures are the seconds of user and system time of the fastest of
the runs, without those of a Python that imports nothing. The builds take turns within each run.
"""

import argparse
import os
import resource
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from kolom_cli.sam.artifacts import Artifact, find_artifacts
from kolom_cli.sam.loader import read_document

_EMPTY = "an empty program"


def main() -> None:
    """Print one row for each function, with a column for each build."""
    parser = argparse.ArgumentParser()
    parser.add_argument("builds", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--functions", nargs="+", metavar="NAME")
    options = parser.parse_args()
    artifacts = [find_artifacts(read_document(build / "template.yaml"), build) for build in options.builds]
    names = options.functions or [function.name for function in artifacts[0][0]]
    fastest: dict[tuple[str, int], float] = defaultdict(lambda: float("inf"))
    for _ in range(options.runs):
        for column, (functions, layers) in enumerate(artifacts):
            fastest[_EMPTY, column] = min(fastest[_EMPTY, column], _cpu_seconds("", functions[0], layers))
            for function in (each for each in functions if each.name in names):
                seconds = _cpu_seconds("import app", function, layers)
                fastest[function.name, column] = min(fastest[function.name, column], seconds)
    print("| function |" + "".join(f" {build} |" for build in options.builds))  # noqa: T201
    print("|---|" + "---|" * len(options.builds))  # noqa: T201
    columns = range(len(artifacts))
    for name in names:
        seconds_of_builds = [fastest[name, column] - fastest[_EMPTY, column] for column in columns]
        print(f"| `{name}` |" + "".join(f" {seconds:.2f} |" for seconds in seconds_of_builds))  # noqa: T201


def _cpu_seconds(code: str, function: Artifact, layers: list[Artifact]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
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
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
