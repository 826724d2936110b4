"""`kolom search pins …`: articles that come first for a query."""

from dataclasses import replace
from typing import Annotated, Any

import typer

from kolom.errors import NotFound
from kolom.search.search_settings import Pin, SearchSettings, words_of
from kolom.search.settings_editor import change, load
from kolom_cli.connection import connect
from kolom_cli.search_tuning.settings_file import PinEntry, find_articles, with_slugs
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson
from kolom_cli.terminal.output import Row, print_json, print_list, to_printable

app = typer.Typer(cls=Group, no_args_is_help=True, help="List and change the articles that come first for a query.")

_EMPTY = "No pinned articles. `kolom search pins add QUERY SLUG` pins one."

Text = Annotated[str, typer.Argument(metavar="QUERY", show_default=False, help="The query of readers.")]


@command(app, "list", "kolom search pins list")
def list_pins(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the queries with pinned articles."""
    connect(ctx.obj)
    pins = with_slugs(load()).pins
    if as_json:
        print_json(list(map(_as_data, pins)))
    else:
        print_list(("query", "articles"), [Row((pin.query, ", ".join(pin.slugs))) for pin in pins], empty=_EMPTY)


@command(
    app, "add", 'kolom search pins add "how to pay" payment', "kolom search pins add shipping delivery-times postage"
)
def add(
    ctx: typer.Context,
    query: Text,
    slugs: Annotated[list[str], typer.Argument(metavar="SLUG", show_default=False, help="The articles, best first.")],
    as_json: AsJson = False,
) -> None:
    """Put articles first in the results of a query, in place of those that were pinned for it before.

    A search shows them first, in the given order, if it has exactly the words of the query in the same order. Case,
    accents and punctuation do not count. The articles do not need to contain the words.
    """
    connect(ctx.obj)
    ids = find_articles(slugs)
    pin = Pin(" ".join(query.split()), tuple(ids[slug] for slug in slugs))

    def edit(settings: SearchSettings) -> SearchSettings:
        if pin in settings.pins:
            return settings
        return replace(settings, pins=(*_without(settings, query), pin))

    change(edit)
    if as_json:
        print_json(_as_data(PinEntry(pin.query, tuple(slugs))))
    else:
        typer.echo(f"Pinned for {to_printable(pin.query)!r}: {', '.join(slugs)}")


@command(app, "remove", 'kolom search pins remove "how to pay"')
def remove(ctx: typer.Context, query: Text, as_json: AsJson = False) -> None:
    """Remove the pinned articles of a query."""
    connect(ctx.obj)
    removed: list[Pin] = []

    def edit(settings: SearchSettings) -> SearchSettings:
        kept = _without(settings, query)
        removed[:] = [pin for pin in settings.pins if pin not in kept]
        return replace(settings, pins=kept)

    change(edit)
    if not removed:
        raise NotFound(f"no articles are pinned for {query!r}")
    if as_json:
        print_json([{"query": pin.query} for pin in removed])
    else:
        typer.echo(f"No articles are pinned for {to_printable(query)!r} any more.")


def _without(settings: SearchSettings, query: str) -> tuple[Pin, ...]:
    return tuple(pin for pin in settings.pins if words_of(pin.query) != words_of(query))


def _as_data(pin: PinEntry) -> dict[str, Any]:
    return {"query": pin.query, "articles": list(pin.slugs)}
