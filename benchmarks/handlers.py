"""Helpers for benchmarks that call handlers with events: tables on moto, settings, and figures of bills."""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import boto3
from moto import mock_aws

from benchmarks.capacity import Bill
from benchmarks.runner.figures import Figure, counted
from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.emulator.ses import SentMail
from kolom_cli.sam.loader import load

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
_TABLES = ("ARTICLES", "COMMENTS", "GUARD", "MESSAGES", "OUTBOX", "SEARCH")
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "kolom",
    "POWERTOOLS_METRICS_NAMESPACE": "Kolom",
    "SITE_URL": "https://blog.example",
    "COMMENTS_PER_MINUTE": "100",
    "OWNER_EMAIL": "owner@example.com",
    "MAIL_FROM": "blog@example.com",
    "SECRET_NAME": "secret",
    **{f"{name}_TABLE": f"kolom-{name.lower()}" for name in _TABLES},
}


@contextmanager
def local_aws(**environment: str) -> Iterator[SentMail]:
    """Create the stack's tables, secret and SES on moto; yield the sent mail.

    Import handlers within the block, because they read the settings. ``environment`` changes the variables.
    """
    os.environ.update({**ENVIRONMENT, **environment})
    template = load(TEMPLATE, {"SiteUrl": "https://blog.example"})
    outbox = SentMail()
    # The functions print metrics to standard output, which must contain only the result tables.
    with mock_aws(), patch_moto(), outbox.recording(), redirect_stdout(io.StringIO()):
        for table in template.tables.values():
            boto3.client("dynamodb").create_table(**table.create)
        boto3.client("secretsmanager").create_secret(Name="secret", SecretString="k" * 64)
        yield outbox


@contextmanager
def endless_theme() -> Iterator[None]:
    """Keep the theme of the pages, which a process reads again after a minute: a recording does not have that read."""
    from kolom.pages import theme

    with patch.object(theme, "CACHE_SECONDS", float("inf")):
        yield


def configure(**values: object) -> None:
    """Change settings."""
    from kolom.config import settings

    os.environ.update({name.upper(): str(value) for name, value in values.items()})
    settings.cache_clear()


def bill_figures(case: str, bill: Bill) -> Iterable[Figure]:
    """Return the requests and capacity units of an operation."""
    return counted(case, requests=bill.total_requests, read_units=bill.read_units, write_units=bill.write_units)
