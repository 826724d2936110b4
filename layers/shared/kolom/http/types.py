"""Events and responses of Lambda functions behind an HTTP API (payload format 2.0)."""

from typing import Any

type Event = dict[str, Any]


type LambdaResponse = dict[str, Any]
