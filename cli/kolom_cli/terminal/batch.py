"""Check the value of ``--status``, and apply an action to several records."""

from collections.abc import Callable, Iterable, Sequence

import typer

from kolom.errors import KolomError
from kolom_cli.terminal import console
from kolom_cli.terminal.output import print_json


def select_statuses[Status: str](
    status: str | None, statuses: Sequence[Status], default: Sequence[Status]
) -> Sequence[Status]:
    """Return the value of ``--status`` as a sequence, or ``default`` if it was not given.

    :raises typer.BadParameter: the value is not one of ``statuses``
    """
    if status is None:
        return default
    if found := [each for each in statuses if each == status]:
        return found
    raise typer.BadParameter(f"must be one of {', '.join(statuses)}", param_hint="--status")


def for_each[Record](
    ids: Iterable[str],
    action: Callable[[str], Record],
    *,
    describe: Callable[[Record], str],
    as_data: Callable[[Record], object],
    as_json: bool,
) -> None:
    """Apply ``action`` to each id and print the results. An error of one id does not stop the others.

    ``describe`` returns the line for a result, and ``as_data`` its JSON.

    :raises typer.Exit: with 1 if an action failed
    """
    done: list[Record] = []
    refused: list[tuple[str, str]] = []
    for each in ids:
        try:
            done.append(action(each))
        except KolomError as error:
            refused.append((each, str(error)))
    if as_json:
        failed = [{"id": each, "reason": reason} for each, reason in refused]
        print_json({"done": [as_data(record) for record in done], "refused": failed})
    else:
        for record in done:
            typer.echo(describe(record))
        for each, reason in refused:
            console.err().print(f"kolom: {each}: {reason}", markup=False, highlight=False, soft_wrap=True)
    if refused:
        raise typer.Exit(1)
