"""The runner of the benchmarks: every figure is in the table and in the JSON, and a failing part stops no other."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.runner import report, timing
from benchmarks.runner.figures import Figure, NotRunError, PartResult, counted, require_packages
from benchmarks.runner.part import Part
from benchmarks.runner.suite import run_all, run_in_process
from tests.paths import PROJECT


@dataclass(frozen=True)
class Options:
    """The options of a part."""

    rounds: int = 3
    sizes: tuple[int, ...] = (1, 2)
    names: tuple[str, ...] = ()


def figures_of(options: Options) -> Iterator[Figure]:
    for size in options.sizes:
        yield Figure(f"size {size}", "ms", [float(size * number) for number in range(1, options.rounds + 1)], goal=2)


def part(measure: object = figures_of) -> Part[Options]:
    return Part("example", "An example.", measure, Options(), Options(rounds=9, sizes=(10,)))  # type: ignore[arg-type]


def rows(markdown: str) -> list[list[str]]:
    table = markdown.partition(report.HEAD)[2]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def failed(name: str) -> PartResult:
    return PartResult(name, "failed", 1, reason="exit code 1: ValueError: no")


def test_a_figure_has_its_median_its_range_and_its_goal() -> None:
    figure = Figure("GET", "× bare script", [3, 1, 2.004], goal=2)
    assert (figure.median, figure.lowest, figure.highest) == (2.004, 1, 3)
    assert figure.reaches_goal
    assert not Figure("GET", "× bare script", [2.006], goal=2).reaches_goal
    assert Figure("GET", "ms", [2]).reaches_goal is None


def test_a_goal_may_be_a_minimum() -> None:
    figure = Figure("typed", "found", [88], goal=88, at_least=True)
    assert figure.reaches_goal
    assert not Figure("typed", "found", [87], goal=88, at_least=True).reaches_goal
    assert "at least 88: reached" in report.render_markdown({}, [PartResult("part", "run", 1, [figure])])
    assert Figure.from_json(figure.to_json()) == figure


@pytest.mark.parametrize("values", [[], [float("nan")], [1, float("inf")]], ids=["none", "nan", "infinite"])
def test_a_figure_without_finite_values_is_an_error(values: list[float]) -> None:
    with pytest.raises(ValueError, match="GET, ms"):
        Figure("GET", "ms", values)


def test_the_table_has_a_row_for_every_figure_of_every_part() -> None:
    results = [
        part().run(Options()),
        failed("other"),
        PartResult("last", "run", 1, list(counted("a|b", read_units=2.5))),
    ]
    markdown = report.render_markdown({"Python": "3.13"}, results)
    assert rows(markdown) == [
        ["example", "size 1", "ms", "2", "1 to 3", "3", "at most 2: reached"],
        ["example", "size 2", "ms", "4", "2 to 6", "3", "at most 2: missed"],
        ["last", "a&#124;b", "read units", "2.5", "", "1", ""],
    ]
    assert "- Python: 3.13\n" in markdown
    assert "- other: failed (1 s): exit code 1: ValueError: no\n" in markdown


def test_the_json_has_all_values_and_the_environment(tmp_path: Path) -> None:
    results = [part().run(Options()), failed("other")]
    report.save(tmp_path, {"machine": "m"}, results)
    document = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert document["environment"] == {"machine": "m"}
    assert [PartResult.from_json(each) for each in document["parts"]] == [
        PartResult.from_json(json.loads(json.dumps(each.to_json()))) for each in results
    ]
    assert document["parts"][0]["figures"][1]["values"] == [2, 4, 6]
    assert document["parts"][0]["options"] == {"rounds": 3, "sizes": [1, 2], "names": []}


def test_a_part_without_what_it_needs_is_marked_with_the_reason() -> None:
    def needs(_: Options) -> Iterator[Figure]:
        raise NotRunError("there is no collection")

    def needs_later(options: Options) -> Iterator[Figure]:
        yield from figures_of(options)
        raise NotRunError("Isso is not installed")

    result, partial = part(needs).run(Options()), part(needs_later).run(Options())
    assert (result.status, result.reason, result.figures) == ("not run", "there is no collection", [])
    assert (partial.status, partial.reason, len(partial.figures)) == ("run in part", "Isso is not installed", 2)


def test_a_missing_package_is_named_with_how_to_install_it() -> None:
    require_packages("json")
    with pytest.raises(NotRunError, match="no_such and no_other not installed: run `uv sync"):
        require_packages("json", "no_such", "no_other")


def test_the_options_of_a_part_are_those_of_its_command() -> None:
    assert part().parse([])[0] == Options()
    assert part().parse(["--full"])[0] == Options(rounds=9, sizes=(10,))
    chosen, file = part().parse(["--rounds", "5", "--sizes", "7", "8", "--names", "x", "--json", "out.json"])
    assert (chosen, file) == (Options(rounds=5, sizes=(7, 8), names=("x",)), Path("out.json"))


def test_a_failing_part_is_reported_and_the_others_run(capsys: pytest.CaptureFixture[str]) -> None:
    def run(name: str, arguments: Sequence[str], seconds: float) -> PartResult:
        assert (arguments, seconds) == (["--full"], 60)
        return failed(name) if name == "b" else PartResult(name, "run", 1)

    results = run_all(["a", "b", "c"], ["--full"], 60, run)
    assert [(each.part, each.status) for each in results] == [("a", "run"), ("b", "failed"), ("c", "run")]
    assert capsys.readouterr().err == "a … run in 1 s\nb … failed in 1 s\nc … run in 1 s\n"


def test_a_process_that_fails_is_a_failed_part(capsys: pytest.CaptureFixture[str]) -> None:
    result = run_in_process("no_such_part", [], 60)
    assert (result.status, result.figures) == ("failed", ())
    assert result.reason.startswith("exit code 1: ")
    assert "no_such_part" in result.reason
    assert "no_such_part" in capsys.readouterr().err


def test_a_part_that_takes_too_long_is_a_failed_part() -> None:
    result = run_in_process("mail", [], 0.01)
    assert (result.status, result.reason) == ("failed", "it took more than 0 s")


def test_every_part_has_a_module_with_its_name() -> None:
    """Their imports take seconds, so only one process imports them all."""
    code = "\n".join(f"from benchmarks.{name} import PART; assert PART.name == {name!r}" for name in command.PARTS)
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_every_module_with_a_part_is_run_by_default() -> None:
    modules = {
        path.stem for path in (PROJECT / "benchmarks").glob("*.py") if "\nPART = Part(" in path.read_text("utf-8")
    }
    assert modules == set(command.PARTS)


def test_measurements_take_turns() -> None:
    order: list[str] = []
    found = timing.take_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 2)
    assert order == ["a", "b", "a", "b"]
    assert {name: len(values) for name, values in found.items()} == {"a": 2, "b": 2}


def test_ratios_are_those_of_the_same_round() -> None:
    assert timing.ratios([2, 9], [1, 3]) == [2, 3]
    with pytest.raises(ValueError, match="longer"):
        timing.ratios([2], [1, 3])
