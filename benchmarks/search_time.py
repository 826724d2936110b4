"""Measure the CPU time of the search function, and of the same reads without it. :mod:`benchmarks.search_cost` runs it.

No results are in memory before a search.

It reads the events as JSON from standard input, and prints ``{"handler": [seconds], "bare": [seconds]}``.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

from functions.search_articles.app import handler
from kolom.models.base import connection
from kolom.search.index_reader import results

type Call = tuple[str, Mapping[str, Any]]


class Context:
    """The attributes of Lambda's context that Powertools reads."""

    function_name = "search"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:search"
    aws_request_id = "request"


def main() -> None:
    """Handle each event once without and once with measuring, then make the same reads."""
    events = json.load(sys.stdin)
    for event in events[:3]:
        handler(event, Context())
    reads: list[list[Call]] = []

    def record(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        reads[-1].append((model.name, params))

    hooks = connection().client.meta.events
    hooks.register("provide-client-params.dynamodb.*", record)
    for event in events:
        reads.append([])
        results.clear()
        handler(event, Context())
    hooks.unregister("provide-client-params.dynamodb.*", record)
    handled = []
    for event in events:
        results.clear()
        started = time.process_time()
        handler(event, Context())
        handled.append(time.process_time() - started)
    bare = _bare(reads)
    sys.stdout.write("\n" + json.dumps({"handler": handled, "bare": bare}) + "\n")


def _bare(reads: Sequence[Sequence[Call]]) -> list[float]:
    client = boto3.client("dynamodb", config=Config(max_pool_connections=32))
    methods: Mapping[str, Callable[..., object]] = {
        "Query": client.query,
        "GetItem": client.get_item,
        "BatchGetItem": client.batch_get_item,
    }
    seconds = []
    with ThreadPoolExecutor(16) as pool:

        def read(call: Call) -> object:
            return methods[call[0]](**call[1])

        list(pool.map(read, reads[0]))
        for calls in reads:
            started = time.process_time()
            list(pool.map(read, calls))
            seconds.append(time.process_time() - started)
    return seconds


if __name__ == "__main__":
    main()
