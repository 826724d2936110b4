"""`kolom blocked-words …`: the words that mark a comment or message as spam."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from kolom.errors import KolomError, NotFound
from kolom.submissions.blocked_words import check, fingerprint_text, without_copies
from kolom.submissions.blocked_words_editor import Words, change, load
from kolom_cli.connection import connect
from kolom_cli.terminal.help import Group, command
from kolom_cli.terminal.input_file import read_input_file
from kolom_cli.terminal.options import AsJson, DryRun
from kolom_cli.terminal.output import print_json, to_printable
from kolom_cli.terminal.plurals import count

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="Show and change the words that mark a comment or message as spam."
)

Texts = Annotated[
    list[str], typer.Argument(metavar="WORD", show_default=False, help="A word, or a phrase in quotation marks.")
]


@command(app, "show", "kolom blocked-words show", "kolom blocked-words show > words.txt")
def show(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Print the list, one word or phrase a line, as a file for `kolom blocked-words set`.

    The words of the template parameter BlockedWords also apply. They are not in the list.
    """
    connect(ctx.obj)
    words = load()
    if as_json:
        print_json(list(words))
    else:
        for word in words:
            typer.echo(to_printable(word))


@command(app, "add", "kolom blocked-words add casino", 'kolom blocked-words add "slot gacor" judi')
def add(ctx: typer.Context, words: Texts, as_json: AsJson = False) -> None:
    """Add words or phrases to the list.

    The functions use the new list within a minute. Case, width and invisible characters do not count.
    """
    connect(ctx.obj)
    _change(lambda current: without_copies((*current, *words)), as_json=as_json)


@command(app, "remove", "kolom blocked-words remove casino")
def remove(ctx: typer.Context, words: Texts, as_json: AsJson = False) -> None:
    """Remove words or phrases from the list."""
    connect(ctx.obj)
    unwanted = {fingerprint_text(word): word for word in words}

    def edit(current: Words) -> Words:
        known = {fingerprint_text(word) for word in current}
        if missing := [word for form, word in unwanted.items() if form not in known]:
            raise NotFound(f"the list has no {', '.join(map(repr, missing))}")
        return tuple(word for word in current if fingerprint_text(word) not in unwanted)

    _change(edit, as_json=as_json)


@command(app, "set", "kolom blocked-words set words.txt", "kolom blocked-words set words.txt --dry-run")
def set_words(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", dir_okay=False, show_default=False, help="One word or phrase a line.")
    ],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Replace the list by the lines of a file.

    `kolom blocked-words show` prints a file with the current list. An empty file empties the list.
    """
    wanted = without_copies(_read(file).splitlines())
    connect(ctx.obj)
    check(wanted)
    _change(lambda _: wanted, dry_run=dry_run, as_json=as_json)


def _change(edit: Callable[[Words], Words], *, dry_run: bool = False, as_json: bool) -> None:
    """Change the list, or only say what would change, and print the result."""
    before: Words = ()

    def recorded(current: Words) -> Words:
        nonlocal before
        before = current
        return edit(current)

    after = recorded(load()) if dry_run else change(recorded)
    added, removed = len(set(after) - set(before)), len(set(before) - set(after))
    if as_json:
        print_json({"words": len(after), "added": added, "removed": removed, "dry_run": dry_run})
    else:
        verb = "would be" if dry_run else "are"
        typer.echo(f"{count(added, 'word')} added, {removed:,} removed; {len(after):,} {verb} blocked.")


def _read(path: Path) -> str:
    try:
        return read_input_file(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KolomError(f"{path}: must be UTF-8") from None
