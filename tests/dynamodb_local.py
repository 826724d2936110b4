"""A pytest plugin: the tests use DynamoDB Local instead of moto's DynamoDB.

    pytest -p tests.dynamodb_local --dynamodb-local=DIRECTORY tests/integration/comments

DIRECTORY has ``DynamoDBLocal.jar`` and its libraries, which need Java. Each process of the tests starts a server of its
own, in memory. moto still intercepts all calls of AWS, and answers those of all other services; this plugin sends the
calls of DynamoDB and its streams to the server.
"""

import json
import socket
import subprocess
import time
from http import HTTPStatus
from itertools import batched
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber

type Stored = dict[str, tuple[bytes, list[Any]]]
"""By table, the request that created it, and its items."""

_EVENTS: Final = ("before-send.dynamodb.", "before-send.dynamodb-streams.")
_START_SECONDS: Final = 60
_BATCH: Final = 25  # the maximum of BatchWriteItem


class Server:
    """A running DynamoDB Local."""

    def __init__(self, directory: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        command = ["java", "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"]
        self._process = subprocess.Popen(
            [*command, "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(self._port)],
            cwd=directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._session = URLLib3Session(max_pool_connections=100)
        self._wait()

    @property
    def url(self) -> str:
        """Return the address of the server."""
        return f"http://127.0.0.1:{self._port}"

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer a request of the SDK."""
        url = self.url + urlsplit(request.url).path
        local = AWSPreparedRequest(request.method, url, request.headers, request.body, stream_output=False)
        return self._session.send(local)

    def stop(self) -> None:
        """Stop the server."""
        self._process.terminate()
        self._process.wait()

    def _wait(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("DynamoDB Local does not start: is Java installed?")


class Tables:
    """The tables of the server, which tests empty, store and restore together with moto's data."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._requests: dict[str, bytes] = {}
        # This client is not one of the project, and the credentials are those of the tests.
        self._client = boto3.client("dynamodb", endpoint_url=server.url)

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer a request of the SDK, and remember those that create a table."""
        answer = self._server.send(request)
        operation: Any = request.headers["X-Amz-Target"]
        body = request.body
        if answer.status_code == HTTPStatus.OK and isinstance(body, bytes):
            if operation.endswith(b".CreateTable"):
                self._requests[json.loads(body)["TableName"]] = body
            elif operation.endswith(b".DeleteTable"):
                del self._requests[json.loads(body)["TableName"]]
        return answer

    def empty(self) -> None:
        """Delete all tables."""
        for name in self._client.list_tables()["TableNames"]:
            self._client.delete_table(TableName=name)
        self._requests.clear()

    def dump(self) -> Stored:
        """Return all tables."""
        scan = self._client.get_paginator("scan")
        return {
            name: (request, [item for page in scan.paginate(TableName=name) for item in page["Items"]])
            for name, request in self._requests.items()
        }

    def load(self, tables: Stored) -> None:
        """Create these tables in an empty server."""
        for name, (request, items) in tables.items():
            self._client.create_table(**json.loads(request))
            self._requests[name] = request
            for batch in batched(items, _BATCH, strict=False):
                puts: list[Any] = [{"PutRequest": {"Item": item}} for item in batch]
                assert not self._client.batch_write_item(RequestItems={name: puts})["UnprocessedItems"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--dynamodb-local", type=Path, required=True, help="The directory of DynamoDBLocal.jar")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None):
        return  # This process only starts those that run the tests.
    from tests.integration import aws  # after conftest.py, which sets the environment

    server = Server(config.getoption("--dynamodb-local"))
    config.add_cleanup(server.stop)
    tables = Tables(server)
    aws.stores.append(tables)
    _empty_with_moto(tables)
    _answer_instead_of_moto(tables)


def _empty_with_moto(tables: Tables) -> None:
    reset = BackendDict.reset

    def reset_both() -> None:
        reset()
        tables.empty()

    BackendDict.reset = reset_both  # type: ignore[method-assign]


def _answer_instead_of_moto(tables: Tables) -> None:
    call = BotocoreStubber.__call__

    def answer(stubber: BotocoreStubber, event_name: str, request: Any, **more: Any) -> Any:
        if stubber.enabled and event_name.startswith(_EVENTS):
            return tables.send(request)
        return call(stubber, event_name, request, **more)

    BotocoreStubber.__call__ = answer  # type: ignore[method-assign, assignment]
