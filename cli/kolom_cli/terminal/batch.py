"""Which records a command means, and doing something to each of them."""

from collections.abc import Callable, Iterable, Sequence

import typer

from kolom.errors import KolomError
from kolom_cli.terminal import console
from kolom_cli.terminal.output import print_json


def select_statuses[Status: str](
    status: str | None, statuses: Sequence[Status], otherwise: Sequence[Status]
) -> Sequence[Status]:
    """The one of ``statuses`` that ``--status`` names; ``otherwise`` without it.

    :raises typer.BadParameter: it names none
    """
    if status is None:
        return otherwise
    if found := [each for each in statuses if each == status]:
        return found
    raise typer.BadParameter(f"must be one of {', '.join(statuses)}", param_hint="--status")


def for_each[Record](
    ids: Iterable[str],
    act: Callable[[str], Record],
    *,
    say: Callable[[Record], str],
    as_data: Callable[[Record], object],
    as_json: bool,
) -> None:
    """``act`` on each; what is refused is told, and the others are done nonetheless.

    ``say`` tells people of what was done, ``as_data`` scripts.

    :raises typer.Exit: with 1, something was refused
    """
    done: list[Record] = []
    refused: list[tuple[str, str]] = []
    for each in ids:
        try:
            done.append(act(each))
        except KolomError as error:
            refused.append((each, str(error)))
    if as_json:
        failed = [{"id": each, "reason": reason} for each, reason in refused]
        print_json({"done": [as_data(record) for record in done], "refused": failed})
    else:
        for record in done:
            typer.echo(say(record))
        for each, reason in refused:
            console.err().print(f"kolom: {each}: {reason}", markup=False, highlight=False, soft_wrap=True)
    if refused:
        raise typer.Exit(1)
