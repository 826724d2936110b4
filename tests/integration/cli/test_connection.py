"""Finding the stack, and saying in one line what keeps `kolom` from it."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from typer.testing import CliRunner

from kolom.config import settings
from kolom_cli import connection
from kolom_cli.connection import LOCAL_ENDPOINT, Target, connect, is_loopback
from kolom_cli.main import app

from .conftest import Kolom


def test_the_settings_come_from_the_stacks_outputs(kolom: Kolom) -> None:
    connect(Target())
    assert settings().site_url == "https://blog.example"
    assert settings().articles_table == "kolom-articles"
    assert settings().media_bucket == "kolom-media"


def test_another_stack_can_be_named(kolom: Kolom, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = kolom("--stack", "other", "articles", "list")
    assert ran.exit_code == 3
    assert ran.stderr == "kolom: there is no stack 'other' in us-east-1: give --stack, or deploy it first\n"
    monkeypatch.setenv("KOLOM_STACK", "third")
    assert "'third'" in kolom("articles", "list").stderr


def test_an_endpoint_where_nothing_listens_is_said_in_one_line() -> None:
    result = CliRunner().invoke(app, ["--endpoint-url", "http://127.0.0.1:9", "articles", "list"])
    assert result.exit_code == 3
    assert "127.0.0.1:9" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoCredentialsError(), "no AWS credentials"),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "not yours"}}, "DescribeStacks"),
            "does not allow this: not yours",
        ),
        (ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "DescribeStacks"), "may have expired"),
    ],
)
def test_what_aws_refuses_is_said_in_one_line(
    kolom: Kolom, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def refuse(target: Target) -> None:
        raise error

    monkeypatch.setattr(connection, "_outputs", refuse)
    ran = kolom("articles", "list")
    assert ran.exit_code == 3
    assert words in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_table_that_is_gone_is_said_in_one_line(kolom: Kolom) -> None:
    boto3.client("dynamodb").delete_table(TableName="kolom-articles")
    ran = kolom("articles", "list")
    assert ran.exit_code == 3
    assert ran.stderr.count("\n") == 1


class _DynamoDBLocal(BaseHTTPRequestHandler):
    """Answers what it does not know as DynamoDB Local does."""

    def do_POST(self) -> None:
        answer = json.dumps({"__type": "com.amazonaws.dynamodb.v20120810#UnknownOperationException"}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Keep quiet."""


@pytest.fixture
def dynamodb_local() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _DynamoDBLocal)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_endpoint_without_cloudformation_leaves_the_environment_and_the_templates_defaults(
    dynamodb_local: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_URL", "http://127.0.0.1:3000")
    monkeypatch.delenv("ARTICLES_TABLE")
    connect(Target(endpoint_url=dynamodb_local))
    assert settings().site_url == "http://127.0.0.1:3000"
    assert settings().articles_table == "kolom-articles"
    assert os.environ["AWS_ENDPOINT_URL"] == dynamodb_local


def test_local_is_short_for_the_local_endpoint_and_never_uses_real_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "https://dynamodb.example")
    connection._set_environment(Target(local=True))
    assert os.environ["AWS_ENDPOINT_URL"] == LOCAL_ENDPOINT
    assert os.environ["AWS_ACCESS_KEY_ID"] == "local"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_DYNAMODB"} & os.environ.keys()


def test_an_endpoint_on_this_machine_gets_dummy_credentials_only_if_there_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection._set_environment(Target(endpoint_url="http://localhost:8000"))
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    connection._set_environment(Target(endpoint_url="http://10.0.0.1:8000"))
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    connection._set_environment(Target(endpoint_url="http://localhost:8000"))
    assert os.environ["AWS_ACCESS_KEY_ID"] == "local"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost", True),
        ("http://localhost.example", False),
        ("http://192.168.0.1", False),
    ],
)
def test_loopback_addresses_are_known(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_an_endpoint_that_is_no_url_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["--endpoint-url", "localhost:8000", "articles", "list"]).exit_code == 2


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout.startswith("kolom 0.")) == (0, True)


def test_the_help_names_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in ("publish", "unpublish", "delete", "preview", "articles", "import", "serve"):
        assert command in result.stdout
