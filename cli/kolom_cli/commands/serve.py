"""`kolom serve`: run the whole stack on this machine."""

from typing import Annotated

import typer


def serve(  # noqa: PLR0913, RUF100 (one parameter per option)
    port: Annotated[
        int,
        typer.Option(
            "--port", metavar="PORT", min=0, max=65_534, help="The port of the site; the local AWS uses the next port."
        ),
    ] = 8080,
    empty: Annotated[bool, typer.Option("--empty", help="Start without the sample articles.")] = False,
    imports: Annotated[
        list[str] | None,
        typer.Option(
            "--import", metavar="KIND:SOURCE", help="Import an export, such as blogger:takeout.zip; can be repeated."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter of the template; can be repeated."),
    ] = None,
    endpoint_url: Annotated[
        str | None,
        typer.Option("--endpoint-url", metavar="URL", help="Use the DynamoDB at this URL instead of the local one."),
    ] = None,
    log_requests: Annotated[bool, typer.Option("--log-requests", help="Print a line for each request.")] = False,
) -> None:
    """Run the whole blog on this machine: the site, its functions and a local AWS.

    Ctrl+C stops it, and all data is lost, except the tables at --endpoint-url. Use `kolom --local COMMAND` in another
    terminal to work with it. If the port is not 8080, use `kolom --endpoint-url URL COMMAND` with the URL that is
    printed at the start.
    """
    # Imported here, because the local stack with moto takes 3 s to import; all other commands together take 1 s.
    from kolom_cli.server import run

    run(
        port=port,
        empty=empty,
        imports=imports or [],
        settings=set_ or [],
        endpoint_url=endpoint_url,
        log_requests=log_requests,
    )
