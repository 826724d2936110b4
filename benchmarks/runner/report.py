"""Write results as JSON and as one Markdown table."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.runner.figures import Figure, PartResult

HEAD = "| part | case | measure | median | lowest to highest | runs | goal |\n|---|---|---|---|---|---|---|\n"


def render_markdown(environment: Mapping[str, str], results: Sequence[PartResult]) -> str:
    """Return the table of all figures, after the environment and the status of each part."""
    lines = [f"{name}: {value}" for name, value in environment.items()]
    parts = [f"{each.part}: {each.status} ({each.seconds:.0f} s)" + _because(each) for each in results]
    rows = "".join(_row(each.part, figure) for each in results for figure in each.figures)
    return "\n".join((*_listed(lines), "", *_listed(parts), "")) + "\n" + HEAD + rows


def render_json(environment: Mapping[str, str], results: Sequence[PartResult]) -> str:
    """Return everything that was measured, with the environment."""
    document = {"environment": dict(environment), "parts": [each.to_json() for each in results]}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def save(folder: Path, environment: Mapping[str, str], results: Sequence[PartResult]) -> str:
    """Write ``figures.json`` and ``figures.md`` to the folder; return the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    markdown = render_markdown(environment, results)
    (folder / "figures.json").write_text(render_json(environment, results), "utf-8")
    (folder / "figures.md").write_text(markdown, "utf-8")
    return markdown


def load(file: Path) -> PartResult:
    """Read the result of a part from its JSON file."""
    return PartResult.from_json(json.loads(file.read_text("utf-8")))


def _because(result: PartResult) -> str:
    return f": {result.reason}" if result.reason else ""


def _listed(lines: Sequence[str]) -> Iterator[str]:
    return (f"- {line}" for line in lines)


def _row(part: str, figure: Figure) -> str:
    spread = "" if len(figure.values) == 1 else f"{_number(figure.lowest)} to {_number(figure.highest)}"
    cells = (part, figure.case, figure.measure, _number(figure.median), spread, str(len(figure.values)), _goal(figure))
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    bound = "at least" if figure.at_least else "at most"
    return f"{bound} {_number(figure.goal)}: {'reached' if figure.reaches_goal else 'missed'}"


def _number(value: float) -> str:
    """Return a number with three significant digits, or all digits before the decimal point."""
    if not value:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
