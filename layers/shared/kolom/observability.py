"""The only Logger, Tracer and Metrics: structured logs, traces and business events under one service name.

Logs are constant messages with keyword fields, and never contain bodies, email addresses or tokens. Level, service
name and namespace come from the template (``POWERTOOLS_LOG_LEVEL``, ``POWERTOOLS_SERVICE_NAME``,
``POWERTOOLS_METRICS_NAMESPACE``).
"""

from aws_lambda_powertools import Logger, Metrics, Tracer, single_metric
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()
tracer = Tracer()
metrics = Metrics()


def count(event: str) -> None:
    """Count one business event, where most invocations have none."""
    with single_metric(name=event, unit=MetricUnit.Count, value=1):
        pass
