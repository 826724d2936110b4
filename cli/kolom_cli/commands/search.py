"""`kolom search …`: measure what readers find, and improve it with synonyms and pinned articles."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from kolom.search.search_settings import SearchSettings, check
from kolom.search.settings_editor import change, load
from kolom_cli.commands import search_pins, search_synonyms
from kolom_cli.connection import connect
from kolom_cli.search_tuning.judgments import read_judgments
from kolom_cli.search_tuning.settings_file import read_settings_file, render_settings_file, with_slugs
from kolom_cli.terminal import console
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson, DryRun
from kolom_cli.terminal.output import Row, print_json, print_list, to_printable
from kolom_cli.terminal.plurals import choose, count

if TYPE_CHECKING:
    from kolom.models.guard import SearchCount
    from kolom_cli.search_tuning.evaluation import EvaluatedQuery

_MONTH: Final = re.compile(r"[2-9]\d{3}-(0[1-9]|1[0-2])", re.ASCII)
_COUNT_COLUMNS: Final = ("searches", "query")
_NO_COUNTS: Final = (
    "No query of {month} is shown yet: visitors from six networks must use it, on three days. Queries are counted if "
    "the stack has the parameter SearchReport=on."
)

app = typer.Typer(cls=Group, no_args_is_help=True, help="Measure and improve what readers find.")
app.add_typer(search_synonyms.app, name="synonyms")
app.add_typer(search_pins.app, name="pins")


@command(app, "evaluate", "kolom search evaluate queries.tsv", "kolom search evaluate queries.tsv --json")
def evaluate(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", dir_okay=False, show_default=False, help="Queries and expected articles."),
    ],
    as_json: AsJson = False,
) -> None:
    """Measure how well the search finds the articles that it should find, and explain each miss.

    Each line of the file has a query, a tab, and the slug of an article that the query should find. A third column may
    have a grade: 1 is useful, 2 is good, 3 is perfect. A query with several articles has a line for each.

    The result is nDCG@10: 1 if each query shows its articles first, 0 if none of them is among the first ten results.
    """
    # Imported here: no other command needs the stemmers.
    from kolom_cli.search_tuning.evaluation import evaluate, mean_ndcg

    queries = read_judgments(file)
    connect(ctx.obj)
    evaluated = []
    with console.progress("Searching", hidden=as_json) as bar:
        bar.update(bar.task_ids[0], total=len(queries))
        for query in queries:
            evaluated.append(evaluate(query))
            bar.advance(bar.task_ids[0])
    if as_json:
        print_json({"ndcg_at_10": mean_ndcg(evaluated), "queries": list(map(_as_data, evaluated))})
    else:
        _print(evaluated, mean_ndcg(evaluated))


@command(app, "report", "kolom search report", "kolom search report --month 2026-11 --json")
def report(
    ctx: typer.Context,
    month: Annotated[
        str | None, typer.Option("--month", metavar="MONTH", help="Such as 2026-11, by default the current one.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1_000, metavar="N", help="Show at most N queries in each list.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Show what readers searched for in a month: the most frequent queries, and those without results.

    Queries are counted only with the template parameter SearchReport=on. A query is shown after visitors from several
    networks have used it on several days. Kolom does not store who used it, and does not count queries that look like
    personal data.
    """
    if month is not None and not _MONTH.fullmatch(month):
        raise typer.BadParameter("must be a month such as 2026-11", param_hint="--month")
    connect(ctx.obj)
    # Imported here: the functions' logger reads the environment when it is imported.
    from kolom.search.query_counts import current_month, list_shown

    month = month or current_month()
    counts = list_shown(month)
    failed = sorted(
        (each for each in counts if each.without_results), key=lambda each: (-each.without_results, each.text)
    )
    if as_json:
        lists = (("queries", counts), ("without_results", failed))
        print_json({"month": month, **{name: list(map(_count_as_data, found[:limit])) for name, found in lists}})
    elif not counts:
        typer.echo(_NO_COUNTS.format(month=month))
    else:
        print_list(_COUNT_COLUMNS, [_as_row(each, int(each.searches)) for each in counts[:limit]], empty="")
        typer.echo()
        typer.echo("Without results:")
        rows = [_as_row(each, int(each.without_results)) for each in failed[:limit]]
        print_list(_COUNT_COLUMNS, rows, empty="All of these queries had results.")


@command(app, "apply", "kolom search apply search.toml", "kolom search apply search.toml --dry-run")
def apply(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", dir_okay=False, show_default=False, help="Usually search.toml.")
    ],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Replace all synonyms and pinned articles by those of a file.

    Searches use them at once. `kolom search show` prints a file with the current ones.
    """
    wanted = read_settings_file(file)
    connect(ctx.obj)
    settings = wanted.resolve()
    check(settings)
    is_changed = settings != load() if dry_run else _replace(settings)
    if as_json:
        counts = {"synonyms": len(settings.synonyms), "pins": len(settings.pins)}
        print_json({**counts, "changed": is_changed, "dry_run": dry_run})
    else:
        synonyms, pins = count(len(settings.synonyms), "list of synonyms", "lists of synonyms"), len(settings.pins)
        verb = ("would be applied" if dry_run else "applied") if is_changed else "unchanged"
        typer.echo(f"{synonyms} and {count(pins, 'pinned query', 'pinned queries')}: {verb}.")


@command(app, "show", "kolom search show", "kolom search show > search.toml")
def show(ctx: typer.Context) -> None:
    """Print all synonyms and pinned articles as a file for `kolom search apply`."""
    connect(ctx.obj)
    typer.echo(render_settings_file(with_slugs(load())), nl=False)


def _replace(settings: SearchSettings) -> bool:
    """Store these settings; return whether they differ from those before."""
    before: list[SearchSettings] = []

    def edit(current: SearchSettings) -> SearchSettings:
        before[:] = [current]
        return settings

    change(edit)
    return before != [settings]


def _as_row(count: "SearchCount", searches: int) -> Row:
    return Row((f"{searches:,}", str(count.text)))


def _count_as_data(count: "SearchCount") -> dict[str, Any]:
    return {
        "query": count.text,
        "searches": int(count.searches),
        "without_results": int(count.without_results),
    }


def _print(evaluated: "list[EvaluatedQuery]", mean: float) -> None:
    for each in evaluated:
        for miss in each.misses:
            place = f"place {miss.place}" if miss.place else "not found"
            typer.echo(to_printable(f"{each.query.text} -> {miss.slug} ({place})"))
            typer.echo(f"    why: {to_printable(miss.reason)}")
            typer.echo(f"    {to_printable(miss.advice)}")
    articles = sum(len(each.query.grades) for each in evaluated)
    misses = sum(len(each.misses) for each in evaluated)
    typer.echo(f"nDCG@10 is {mean:.3f} for {count(len(evaluated), 'query', 'queries')}.")
    typer.echo(
        f"{misses:,} of {count(articles, 'article')} {choose(misses, 'is', 'are')} not among the first ten results."
    )


def _as_data(each: "EvaluatedQuery") -> dict[str, Any]:
    return {
        "query": each.query.text,
        "line": each.query.line,
        "ndcg_at_10": each.ndcg,
        "results": list(each.results),
        "did_you_mean": each.did_you_mean,
        "articles": [{"slug": slug, "grade": grade} for slug, grade in each.query.grades.items()],
        "misses": [
            {"slug": miss.slug, "place": miss.place, "reason": miss.reason, "advice": miss.advice}
            for miss in each.misses
        ],
    }
