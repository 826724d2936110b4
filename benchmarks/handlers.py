"""Helpers for benchmarks that call handlers with events: tables on moto, settings, and output of bills."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import boto3
from moto import mock_aws

from benchmarks.capacity import Bill
from kolom_cli.emulator.moto_patches import patch_moto
from kolom_cli.emulator.ses import SentMail
from kolom_cli.sam.loader import load

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
BILL_HEAD = "| | requests | read units | write units |\n|---|---|---|---|\n"
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
def local_aws() -> Iterator[SentMail]:
    """Create the stack's tables, secret and SES on moto; yield the sent mail.

    Import handlers within the block, because they read the settings.
    """
    os.environ.update(ENVIRONMENT)
    template = load(TEMPLATE, {"SiteUrl": "https://blog.example"})
    outbox = SentMail()
    # The functions print metrics to standard output, which must contain only the result tables.
    with mock_aws(), patch_moto(), outbox.recording(), redirect_stdout(io.StringIO()):
        for table in template.tables.values():
            boto3.client("dynamodb").create_table(**table.create)
        boto3.client("secretsmanager").create_secret(Name="secret", SecretString="k" * 64)
        yield outbox


def configure(**values: object) -> None:
    """Change settings."""
    from kolom.config import settings

    os.environ.update({name.upper(): str(value) for name, value in values.items()})
    settings.cache_clear()


def write_output(text: str) -> None:
    """Write text to the real standard output, which does not contain the functions' metrics."""
    assert sys.__stdout__ is not None
    sys.__stdout__.write(text)


def print_bill(name: str, bill: Bill) -> None:
    """Print a row of the table that :data:`BILL_HEAD` starts."""
    write_output(f"| {name} | {bill.total_requests} | {bill.read_units:g} | {bill.write_units:g} |\n")
