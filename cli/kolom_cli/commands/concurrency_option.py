"""The option for the number of items that a command stores at once."""

from typing import Annotated

import typer

from kolom_cli.concurrency import MAX_CONCURRENCY

Concurrency = Annotated[
    int,
    typer.Option(
        "--concurrency",
        min=1,
        max=MAX_CONCURRENCY,
        metavar="N",
        help="Store up to N items at once. The result is the same for each N.",
    ),
]
