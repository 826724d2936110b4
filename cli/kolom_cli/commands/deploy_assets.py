"""`kolom deploy-assets`: deploy the files of `frontend/` and its settings, for all pages of the site."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from kolom_cli.assets.deployment import DeploymentResult, build, deploy
from kolom_cli.assets.site_config import SettingsError
from kolom_cli.connection import connect
from kolom_cli.sam.defaults import TEMPLATE
from kolom_cli.terminal import console
from kolom_cli.terminal.options import AsJson, DryRun

FRONTEND: Final = TEMPLATE.parent / "frontend"
MIN_PRUNE_DAYS: Final = 2
"""A cache may serve an outdated page for a day, and the page needs its former assets."""


def deploy_assets(
    ctx: typer.Context,
    frontend: Annotated[
        Path,
        typer.Option(
            "--frontend",
            exists=True,
            file_okay=False,
            readable=True,
            metavar="DIR",
            help="The folder of the assets and site.toml.",
            show_default="frontend/ of the project",
        ),
    ] = FRONTEND,
    prune: Annotated[
        int | None,
        typer.Option(
            "--prune", metavar="DAYS", min=MIN_PRUNE_DAYS, help="Delete assets not used by any page for this many days."
        ),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Upload the site's styles and scripts and make its pages use them.

    `site.toml` in the folder sets colours, logo, menu and fonts. Deploying the same files again changes nothing.
    """
    try:
        built = build(frontend)
    except SettingsError as error:
        console.fail(str(error), console.USAGE)
    connect(ctx.obj)
    with console.progress("Uploading", hidden=as_json) as bar:
        bar.update(bar.task_ids[0], total=2 * len(built.assets))
        outcome = deploy(
            built,
            now=datetime.now(UTC),
            dry_run=dry_run,
            prune_days=prune,
            advance=lambda: bar.advance(bar.task_ids[0]),
        )
    if as_json:
        typer.echo(outcome.as_json())
    else:
        _print(outcome)


def _print(outcome: DeploymentResult) -> None:
    for warning in outcome.warnings:
        console.err().print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
    for verb, names in (("upload", outcome.uploaded), ("delete", outcome.pruned)):
        for name in names:
            typer.echo(f"{verb} {name}")
    if outcome.activated:
        typer.echo(
            "The pages would use this version."
            if outcome.dry_run
            else "New pages use this version within two minutes. The CDN may show old ones some minutes longer."
        )
    elif outcome.uploaded or outcome.pruned:
        typer.echo("The pages already use this version.")
    else:
        typer.echo("No change: everything is already deployed.")
    if outcome.dry_run:
        typer.echo("Dry run: nothing was written.")
