"""The processor time of cold starts: the import of each function, and its first response.

    .venv/bin/python -m benchmarks.cold_starts [--rounds 7] [--builds .aws-sam/native …]

Each measurement is a new Python process, with bytecode of all modules: those of this project, or of the output of
`make build` for this machine (``.aws-sam/native``). The processes of all functions and builds alternate. Each has a
ratio to the floor of the same round and build; the median of the ratios counts. The first response is to a request that
reads an empty site, or to a new comment or message; a stub answers all calls to AWS. The floor is a function with the
same libraries that does nothing else: Powertools' Logger and resolver without validation, and one Query with PynamoDB.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from benchmarks.handlers import ENVIRONMENT, local_aws
from benchmarks.runner.figures import Figure, NotRunError
from benchmarks.runner.part import Part
from benchmarks.runner.timing import milliseconds, ratios, take_turns
from kolom_cli.sam.artifacts import Artifact, find_artifacts
from kolom_cli.sam.loader import read_document

PROJECT: Final = Path(__file__).parents[1]

REQUESTS: Final = {
    "fetch_articles": "/api/articles",
    "search_articles": "/api/search?q=word",
    "fetch_comments": "/api/comments/recent",
    "serve_pages": "/",
    "serve_feeds": "/feeds/atom.xml",
    "write_comments": "/api/articles/hello/comments",
    "submit_contact": "/api/contact",
}
"""A request to each function for readers."""

TEXT: Final = "A *comment* of an ordinary length: two sentences, a [link](https://a.example), and no more."
BODIES: Final[Mapping[str, Mapping[str, str]]] = {
    "write_comments": {"name": "Budi", "content": TEXT},
    "submit_contact": {"email": "budi@example.com", "name": "Budi", "subject": "A question", "message": TEXT},
}
"""The bodies of requests that post."""

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
event, items = map(json.loads, sys.argv[1:])
class Body:
    def __init__(self, content): self.content = json.dumps(content).encode()
    def stream(self): yield self.content
def answer(operation, request):
    match operation:
        case "GetSecretValue": return {{"SecretString": "k" * 64}}
        case "GetItem": return {{"Item": each for each in items if request["Key"].items() <= each.items()}}
        case "BatchGetItem": return {{"Responses": dict.fromkeys(request["RequestItems"], []), "UnprocessedKeys": {{}}}}
        case "UpdateItem": return {{"Attributes": {{**request["Key"], "seen": {{"SS": ["x"]}}}}}}
        case "Query": return {{"Items": [], "Count": 0, "ScannedCount": 0}}
        case _: return {{}}
def send(self, request):
    content = answer(request.headers["X-Amz-Target"].decode().split(".")[-1], json.loads(request.body))
    return awsrequest.AWSResponse(request.url, 200, {{}}, Body(content))
httpsession.URLLib3Session.send = send
class Context:
    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "f", 1, "a", "r"
stubbed = time.process_time()
response = handler(event, Context())
responded = time.process_time()
assert response["statusCode"] in {{200, 201}}, response
print(json.dumps([imported - start, responded - stubbed]))
"""


def event_of(address: str, body: Mapping[str, str] | None = None) -> str:
    """Return the event of a GET, or of a POST with a body, as JSON (payload format 2.0)."""
    path, _, query = address.partition("?")
    http = {"method": "POST" if body else "GET", "path": path, "sourceIp": "192.0.2.1"}
    event = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"content-type": "application/json"} if body else {},
        "requestContext": {"http": http, "requestId": "r", "stage": "$default"},
        "isBase64Encoded": False,
    }
    return json.dumps(event | ({"body": json.dumps(body)} if body else {}))


@cache
def stored_article() -> str:
    """Return the items of an article as JSON, as DynamoDB stores them."""
    with local_aws():
        import boto3

        from kolom.articles import publishing
        from tests.factories import NOW, content

        publishing.publish(content("hello"), now=NOW)
        items = boto3.client("dynamodb").scan(TableName=ENVIRONMENT["ARTICLES_TABLE"])["Items"]
    return json.dumps(items, default=lambda value: base64.b64encode(value).decode())


def start(name: str, build: tuple[dict[str, Artifact], Path] | None) -> tuple[float, float]:
    """Return the processor seconds of the import, and of the import and the first response together."""
    code = FLOOR if name == "floor" else f"from functions.{name}.app import handler"
    environment: dict[str, Any] = {key: each for key, each in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    options, directory = [], PROJECT
    if build is not None:
        functions, layer = build
        directory = functions[name].directory if name in functions else layer
        code = code.replace(f"functions.{name}.", "")
        environment["PYTHONPATH"] = str(layer)
        options = ["-S", "-B"]
    event = event_of(REQUESTS.get(name, "/"), BODIES.get(name))
    result = subprocess.run(  # noqa: S603
        [sys.executable, *options, "-c", MEASURE.format(code=code), event, stored_article()],
        cwd=directory,
        env={**environment, **ENVIRONMENT},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    imported, responded = json.loads(result.stdout.splitlines()[-1])
    return imported, imported + responded


def read_build(directory: Path) -> tuple[dict[str, Artifact], Path]:
    """Return the functions of a build by the names of their directories in this project, and the path of its layer."""
    document = read_document(directory / "template.yaml")
    sources = read_document(PROJECT / "template.yaml")["Resources"]
    functions, (layer,) = find_artifacts(document, directory)
    named = {Path(sources[each.name]["Properties"]["CodeUri"]).name: each for each in functions}
    return named, layer.directory.resolve()


@dataclass(frozen=True, slots=True)
class Options:
    """How often to measure each function, and the builds to measure; by default the modules of this project."""

    rounds: int = 7
    builds: tuple[str, ...] = ()


def measure(options: Options) -> Iterator[Figure]:
    """Yield the processor times of each function, and their ratios to the floor, for each build.

    :raises NotRunError: there is no such build
    """
    if absent := [build for build in options.builds if not Path(build, "template.yaml").exists()]:
        raise NotRunError(f"there is no build in {', '.join(absent)}: run `make smoke`")
    builds: dict[str, tuple[dict[str, Artifact], Path] | None] = {
        f" from {each}": read_build(Path(each)) for each in options.builds
    } or {"": None}
    tasks = {f"{name}{build}": (name, read) for build, read in builds.items() for name in ("floor", *REQUESTS)}
    for task in tasks.values():
        start(*task)  # writes the bytecode
    found = take_turns({case: partial(start, *task) for case, task in tasks.items()}, options.rounds)
    for build in builds:
        floors = list(zip(*found[f"floor{build}"], strict=True))
        for name in ("floor", *REQUESTS):
            columns = zip(*found[f"{name}{build}"], strict=True)
            for what, seconds, floor in zip(("import", "import and first response"), columns, floors, strict=True):
                yield Figure(f"{name}{build}", f"{what}, ms", milliseconds(seconds))
                if name != "floor":
                    yield Figure(f"{name}{build}", f"{what}, × floor", ratios(seconds, floor))


PART = Part(
    "cold_starts",
    "Processor time of the imports and first responses of functions, compared with a minimal function.",
    measure,
    small=Options(),
    full=Options(rounds=21),
)

if __name__ == "__main__":
    PART.main()
