"""The state of a deployed site: versions, what waits, what failed, what it stores and what it costs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

import kolom
from kolom import outbox
from kolom.comments import admin as comments
from kolom.contact import repository as messages
from kolom.errors import KolomError
from kolom.models.errors import StorageError
from kolom_cli.connection import explain
from kolom_cli.deploying.account import client
from kolom_cli.deploying.answers import output, own_url
from kolom_cli.deploying.certificates import find_certificate
from kolom_cli.deploying.month_cost import CostUnknown, month_cost
from kolom_cli.deploying.site_check import deployed_version
from kolom_cli.deploying.stack import Stack, list_resources
from kolom_cli.deploying.storage_sizes import bucket_size, table_sizes

MAX_COUNT: Final = 100
_INDEXER: Final = "IndexArticles"
_WINDOW: Final = timedelta(minutes=15)


def describe(stack: Stack, domain: str, *, with_cost: bool = False) -> dict[str, object]:
    """Return the fields of `kolom status`. ``domain`` is the one that is remembered.

    What cannot be read says why, and the others are still read.
    """
    checks: dict[str, Callable[[], object]] = {
        "deployed_version": lambda: deployed_version(own_url(stack.outputs)) or "the site does not answer",
        "comments_to_moderate": lambda: _count(len(comments.list_by_status("pending", limit=MAX_COUNT + 1))),
        "new_messages": lambda: _count(sum(1 for _ in messages.list_by_status("new", limit=MAX_COUNT + 1))),
        "mail_waiting": lambda: _count(
            sum(len(outbox.list_by_status(status, limit=MAX_COUNT + 1)) for status in ("waiting", "deferred"))
        ),
        "mail_failed": lambda: _count(len(outbox.list_by_status("failed", limit=MAX_COUNT + 1))),
        "dropped_events": lambda: _dropped_events(stack),
        "index_lag_seconds": lambda: _index_lag(stack),
        "alarms": lambda: _alarms(stack),
        "domain": lambda: _domain(stack, domain),
        "tables": lambda: table_sizes(stack),
        "bucket": lambda: bucket_size(stack),
    }
    if with_cost:
        checks["cost_this_month"] = lambda: month_cost(stack.name, datetime.now(UTC).date())
    fields: dict[str, object] = {
        "stack": stack.name,
        "state": stack.status,
        "site": stack.outputs.get("SiteUrl", ""),
        "local_version": kolom.__version__,
    }
    for name, read in checks.items():
        try:
            fields[name] = read()
        except CostUnknown as error:
            fields[name] = str(error)
        except (BotoCoreError, ClientError) as error:
            fields[name] = f"cannot be read: {explain(error)}"
        except (StorageError, KolomError) as error:
            fields[name] = f"cannot be read: {error}"
    return fields


def _domain(stack: Stack, remembered: str) -> str:
    """Return the domain and the state of its certificate; empty without a domain."""
    deployed = stack.parameters.get("Domain", "")
    if deployed:
        certificate = find_certificate(stack.parameters["CertificateArn"])
        if certificate is None:
            return f"{deployed}: the certificate does not exist"
        until = f" until {certificate.not_after:%Y-%m-%d}" if certificate.not_after else ""
        state = f"certificate{until}" if certificate.is_issued else f"certificate: {certificate.explain()}"
        return f"{deployed} ({state})"
    return f"{remembered}: not deployed yet, `kolom deploy` continues" if remembered else ""


def _count(number: int) -> int | str:
    return number if number <= MAX_COUNT else f"more than {MAX_COUNT}"


def _dropped_events(stack: Stack) -> int:
    name = "ApproximateNumberOfMessages"
    answer = client("sqs").get_queue_attributes(
        QueueUrl=output(stack.outputs, "DroppedEventsUrl"), AttributeNames=[name]
    )
    return int(answer["Attributes"][name])


def _index_lag(stack: Stack) -> int | None:
    """Return the age of the oldest record of the last minutes; None if no article has changed."""
    resources = list_resources(stack.stack_id)
    function = next((each.physical_id for each in resources if each.logical_id == _INDEXER), None)
    if function is None:
        raise KolomError(f"the stack has no function {_INDEXER}")
    now = datetime.now(UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=now - _WINDOW,
        EndTime=now,
        Period=int(_WINDOW.total_seconds()),
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((round(point["Maximum"] / 1000) for point in points), default=None)


def _alarms(stack: Stack) -> list[str]:
    own = {each.physical_id for each in list_resources(stack.stack_id)}
    pages = client("cloudwatch").get_paginator("describe_alarms")
    found = pages.paginate(AlarmNamePrefix=f"{stack.name}-", StateValue="ALARM")
    return [
        f"{each['AlarmName']}: {each.get('AlarmDescription', '')}"
        for page in found
        for each in page["MetricAlarms"]
        if each["AlarmName"] in own
    ]
