"""Run benchmarks and print all figures in one table: ``make bench``, or ``python -m benchmarks [PART…] [--full]``.

The figures are also written to ``test-output/benchmarks``, as JSON and as Markdown. The exit code is 1 if a part
failed. A part that needs something that is absent, such as a collection of texts, is marked as not run.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.runner import report
from benchmarks.runner.machine import PROJECT, describe
from benchmarks.runner.suite import run_all, run_in_process

PARTS = (
    *("warm_requests", "comments", "cold_starts", "artifacts", "articles", "pages", "mail", "comment_text"),
    *(
        "search_cost",
        "search_engines",
        "search_quality",
        "search_spelling",
        "imports",
        "import_concurrency",
        "sync",
        "growth",
        "cost",
        "load",
    ),
)
"""The names of all parts, which are modules of this package, in the order in which they run."""

OUTPUT = PROJECT / "test-output/benchmarks"


def main() -> None:
    """Run the parts that the arguments name, by default all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}")
    parser.add_argument("--full", action="store_true", help="use the full sizes, which take hours")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the folder for the figures")
    parser.add_argument(
        "--limit-minutes", type=float, default=0, help="the limit for each part (default: 20, or 1,440 with --full)"
    )
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown parts: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    minutes = options.limit_minutes or (24 * 60 if options.full else 20)
    arguments = ["--full"] if options.full else []
    results = run_all(options.parts or PARTS, arguments, minutes * 60, run_in_process)
    sys.stdout.write(report.save(options.output, describe(), results))
    sys.exit(any(result.status == "failed" for result in results))


if __name__ == "__main__":
    main()
