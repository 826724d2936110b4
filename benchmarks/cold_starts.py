"""The processor time of cold starts: the import of each function, and its first response.

    .venv/bin/python -m benchmarks.cold_starts [--rounds 7]

Each measurement is a new Python process, with bytecode of all modules. The processes of all functions take turns, and
each round has one ratio to its floor. The first response is to a request that reads an empty site; a stub answers all
calls to AWS. The floor is a function with the same libraries that does nothing else: Powertools' Logger and resolver
without validation, and one Query with PynamoDB.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.handlers import ENVIRONMENT
from benchmarks.runner.figures import Figure
from benchmarks.runner.part import Part
from benchmarks.runner.timing import milliseconds, ratios, take_turns

PROJECT: Final = Path(__file__).parents[1]

REQUESTS: Final = {
    "fetch_articles": "/api/articles",
    "search_articles": "/api/search?q=word",
    "fetch_comments": "/api/comments/recent",
    "serve_pages": "/",
    "serve_feeds": "/feeds/atom.xml",
}
"""A request that each function for readers can answer from empty tables."""

FLOOR: Final = """
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pynamodb.attributes import UnicodeAttribute
from pynamodb.models import Model

class Item(Model):
    class Meta:
        table_name = "items"
    key = UnicodeAttribute(hash_key=True)

logger, api = Logger(), APIGatewayHttpResolver()

@api.get("/")
def list_items():
    return {"items": [item.key for item in Item.query("x")]}

@logger.inject_lambda_context
def handler(event, context):
    return api.resolve(event, context)
"""

MEASURE: Final = """
import json, sys, time
start = time.process_time()
{code}
imported = time.process_time()
from botocore import awsrequest, httpsession
class Body:
    def stream(self): yield b'{{"Items": [], "Count": 0, "ScannedCount": 0, "Responses": {{}}}}'
httpsession.URLLib3Session.send = lambda self, request: awsrequest.AWSResponse(request.url, 200, {{}}, Body())
class Context:
    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "f", 1, "a", "r"
event = json.loads(sys.argv[1])
stubbed = time.process_time()
response = handler(event, Context())
assert response["statusCode"] == 200, response
print(json.dumps([imported - start, time.process_time() - stubbed]))
"""


def event_of(address: str) -> str:
    """Return the event of a GET as JSON (payload format 2.0)."""
    path, _, query = address.partition("?")
    parameters = dict(each.split("=") for each in query.split("&") if each)
    http = {"method": "GET", "path": path, "sourceIp": "192.0.2.1"}
    return json.dumps(
        {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "queryStringParameters": parameters,
            "headers": {},
            "requestContext": {"http": http, "requestId": "r", "stage": "$default"},
            "isBase64Encoded": False,
        }
    )


@dataclass(frozen=True, slots=True)
class Options:
    """How often to measure each function."""

    rounds: int = 7


def start(code: str, address: str) -> tuple[float, float]:
    """Return the processor seconds of the import, and of the import and the first response together."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    result = subprocess.run(  # noqa: S603
        [sys.executable, "-c", MEASURE.format(code=code), event_of(address)],
        cwd=PROJECT,
        env={**environment, **ENVIRONMENT},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    imported, responded = json.loads(result.stdout.splitlines()[-1])
    return imported, imported + responded


def measure(options: Options) -> Iterator[Figure]:
    """Yield the processor times of each function, and their ratios to the floor."""
    tasks = {"floor": (FLOOR, "/")}
    tasks |= {name: (f"from functions.{name}.app import handler", path) for name, path in REQUESTS.items()}
    for task in tasks.values():
        start(*task)  # writes the bytecode
    found = take_turns({name: partial(start, *task) for name, task in tasks.items()}, options.rounds)
    floors = list(zip(*found["floor"], strict=True))
    for name, times in found.items():
        columns = zip(("import", "import and first response"), zip(*times, strict=True), floors, strict=True)
        for measure_name, seconds, floor in columns:
            yield Figure(name, f"{measure_name}, ms", milliseconds(seconds))
            if name != "floor":
                yield Figure(name, f"{measure_name}, × floor", ratios(seconds, floor))


PART = Part(
    "cold_starts",
    "Processor time of the imports and first responses of functions, compared with a minimal function.",
    measure,
    small=Options(),
    full=Options(rounds=21),
)

if __name__ == "__main__":
    PART.main()
