"""The only Logger and Metrics: structured logs and business events under one service name.

Logs are constant messages with keyword fields, and never contain bodies, email addresses or tokens. Each line has the
``correlation_id`` of its event. Level, service name and namespace come from the template (``POWERTOOLS_LOG_LEVEL``,
``POWERTOOLS_SERVICE_NAME``, ``POWERTOOLS_METRICS_NAMESPACE``).
"""

from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

FIRST_RECORD: Final = "Records[0].eventID"
"""The correlation id of a batch of stream records, as a path in the event."""


class _Metrics(AmazonCloudWatchEMFProvider):
    """Metrics that an invocation may leave empty."""

    def flush_metrics(self, raise_on_empty_metrics: bool = False) -> None:
        """Publish and clear the metrics, if there are any.

        Powertools would warn if there are none, and would not clear them while metrics are disabled.
        """
        if self.metric_set:
            super().flush_metrics(raise_on_empty_metrics)
            self.clear_metrics()


logger = Logger()
metrics = _Metrics()


def count(event: str, times: int = 1) -> None:
    """Count a business event. The handler's ``metrics.log_metrics`` publishes it, also when the handler fails."""
    if times:
        metrics.add_metric(event, MetricUnit.Count, times)


def warn_without_bytecode(spec: ModuleSpec) -> None:
    """Log a warning if the module of ``spec`` is in Lambda's directory of layers but was not compiled by `make build`.

    Every cold start then compiles all modules, because the directory is read-only.
    """
    if spec.origin and spec.origin.startswith("/opt/") and not (spec.cached and Path(spec.cached).is_file()):
        logger.warning("the layer has no bytecode, so cold starts are slow: deploy the output of `make build`")


if __spec__ is not None:
    warn_without_bytecode(__spec__)
