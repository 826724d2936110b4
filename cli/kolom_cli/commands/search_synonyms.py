"""`kolom search synonyms …`: words with the same meaning."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated

import typer

from kolom.errors import NotFound
from kolom.search.search_settings import SearchSettings, SynonymRule, words_of
from kolom.search.settings_editor import change, load
from kolom_cli.connection import connect
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.options import AsJson
from kolom_cli.terminal.output import Row, print_json, print_list, to_printable

app = typer.Typer(cls=Group, no_args_is_help=True, help="List and change words with the same meaning.")

_EMPTY = "No synonyms. `kolom search synonyms add car automobile` adds some."

Words = Annotated[
    list[str], typer.Argument(metavar="WORD", show_default=False, help="Words, or phrases of up to four words.")
]


@command(app, "list", "kolom search synonyms list")
def list_synonyms(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List all synonyms."""
    connect(ctx.obj)
    rules = load().synonyms
    if as_json:
        print_json(list(map(asdict, rules)))
    else:
        print_list(("words",), [Row((_describe(rule),)) for rule in rules], empty=_EMPTY)


@command(
    app,
    "add",
    "kolom search synonyms add car automobile",
    'kolom search synonyms add phone mobile "cell phone" --one-way',
)
def add(
    ctx: typer.Context,
    words: Words,
    one_way: Annotated[
        bool, typer.Option("--one-way", help="Only a search for the first one also finds the others.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add words with the same meaning: a search for one of them also finds the others.

    Searches use them at once. Articles are not indexed again.
    """
    rule = SynonymRule(tuple(" ".join(word.split()) for word in words), one_way)
    connect(ctx.obj)

    def edit(settings: SearchSettings) -> SearchSettings:
        if rule in settings.synonyms:
            return settings
        return replace(settings, synonyms=(*settings.synonyms, rule))

    change(edit)
    _report("Added", [rule], as_json=as_json)


@command(app, "remove", "kolom search synonyms remove car automobile")
def remove(ctx: typer.Context, words: Words, as_json: AsJson = False) -> None:
    """Remove the synonyms that contain all of these words.

    If several lists of synonyms contain them, all of these lists are removed.
    """
    wanted = set(map(words_of, words))
    connect(ctx.obj)
    removed: list[SynonymRule] = []

    def edit(settings: SearchSettings) -> SearchSettings:
        removed[:] = [rule for rule in settings.synonyms if wanted <= set(map(words_of, rule.words))]
        return replace(settings, synonyms=tuple(rule for rule in settings.synonyms if rule not in removed))

    change(edit)
    if not removed:
        raise NotFound(f"no synonyms contain {', '.join(map(repr, words))}")
    _report("Removed", removed, as_json=as_json)


def _report(what: str, rules: Sequence[SynonymRule], *, as_json: bool) -> None:
    if as_json:
        print_json(list(map(asdict, rules)))
    else:
        for rule in rules:
            typer.echo(f"{what}: {to_printable(_describe(rule))}")


def _describe(rule: SynonymRule) -> str:
    if rule.one_way:
        return f"{rule.words[0]} -> {', '.join(rule.words[1:])}"
    return " = ".join(rule.words)
