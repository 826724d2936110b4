"""Artifacts of `make build`: each function runs with nothing but its artifact and the layer."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from kolom_cli.sam.loader import read_document
from tests.paths import PROJECT

DEPLOYED = PROJECT / ".aws-sam/build"
NATIVE = PROJECT / ".aws-sam/native"
FUNCTIONS = sorted(path.name for path in NATIVE.iterdir() if (path / "app.py").is_file()) if NATIVE.is_dir() else []
LAYER = "SharedLayer"
LAYER_LIMIT_BYTES: Final = 20_000_000

REQUESTS: Final = {"dynamodb": "list_tables", "secretsmanager": "list_secrets", "sesv2": "get_account"}
"""The AWS services that functions use, with an operation of each that needs no arguments."""
SERVICES_OF_ACTIONS: Final = {"dynamodb": "dynamodb", "secretsmanager": "secretsmanager", "ses": "sesv2"}
"""The services whose actions the permissions allow, by the prefixes of the actions."""

# Python compiles every module with this method. Its own modules, which may lack bytecode, are not printed.
RECORD_COMPILATION = """
import sys, _frozen_importlib_external as importing
compile_source, compiled = importing.SourceLoader.source_to_code, []
def record(self, data, path, **options):
    compiled.append(path)
    return compile_source(self, data, path, **options)
importing.SourceLoader.source_to_code = record
import app
app.handler
print(*(path for path in compiled if path.startswith(sys.argv[1])))
"""
SEND_REQUESTS = """
import json, sys
from kolom.aws import new_client
class Sent(Exception):
    pass
def send(request, **_):
    raise Sent(request.url)
for service, operation in json.loads(sys.argv[1]).items():
    client = new_client(service, max_attempts=1)
    client.meta.events.register("before-send", send)
    try:
        getattr(client, operation)()
    except Sent as sent:
        print(sent)
"""

CALL_HEALTH = """
import json, sys, app
event = json.load(open(sys.argv[1]))
class Context:
    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "f", 1, "a", "r"
print(json.dumps(app.handler(event, Context())["statusCode"]))
"""


def run(function: str, code: str, *arguments: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run code in isolation from this project and its environment, as Lambda does (``-S``: no site-packages)."""
    return subprocess.run(
        # Lambda's directories of functions and layers are read-only, so no bytecode can be added there.
        [sys.executable, "-S", "-B", *options, "-c", code, *arguments],
        cwd=NATIVE / function,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{NATIVE / function}:{NATIVE / LAYER}/python",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "smoke",
            "AWS_SECRET_ACCESS_KEY": "smoke",
            "POWERTOOLS_METRICS_NAMESPACE": "Kolom",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_build_exists() -> None:
    """`make smoke` creates it."""
    assert FUNCTIONS
    assert (DEPLOYED / LAYER / "python/kolom/__init__.py").is_file()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_imported_from_its_artifact_and_the_layer_without_compiling(function: str) -> None:
    result = run(function, RECORD_COMPILATION, str(NATIVE))
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []


def test_a_function_works_from_its_sources_if_python_cannot_use_the_bytecode() -> None:
    """With this option, Python rejects bytecode whose source file was replaced after the compilation."""
    check = ("--check-hash-based-pycs", "always")
    result = run("ServePages", RECORD_COMPILATION, str(NATIVE), options=check)
    assert result.returncode == 0, result.stderr
    assert f"{NATIVE / LAYER}/python/botocore/client.py" in result.stdout.split()


@pytest.mark.parametrize("build", [DEPLOYED, NATIVE], ids=["deployed", "native"])
def test_every_source_of_a_build_has_bytecode_for_lambdas_python(build: Path) -> None:
    tag = read_document(PROJECT / "template.yaml")["Globals"]["Function"]["Runtime"].replace("python", "cpython-")
    sources = set(build.rglob("*.py"))
    bytecode = {path.parent / "__pycache__" / f"{path.stem}.{tag.replace('.', '')}.pyc" for path in sources}
    assert sources
    assert set(build.rglob("*.pyc")) == bytecode


def test_the_layer_has_the_data_of_every_service_that_functions_may_call() -> None:
    template = read_document(PROJECT / "template.yaml")["Resources"].values()
    policies = [
        entry["Properties"].get("Policies") for entry in template if entry["Type"] == "AWS::Serverless::Function"
    ]
    allowed = {SERVICES_OF_ACTIONS[action.partition(":")[0]] for action in actions(policies)}
    data = DEPLOYED / LAYER / "python/botocore/data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == allowed == REQUESTS.keys()


def actions(policies: Any) -> set[str]:
    """Return the actions of all statements in ``policies``."""
    if isinstance(policies, list):
        return {action for entry in policies for action in actions(entry)}
    if not isinstance(policies, dict):
        return set()
    named = policies.get("Action", [])
    return {*([named] if isinstance(named, str) else named), *actions(list(policies.values()))}


def test_a_client_of_every_service_sends_requests() -> None:
    """It reads the data files of the service and those about endpoints."""
    result = run("FetchArticles", SEND_REQUESTS, json.dumps(REQUESTS))
    hosts = [url.split("/")[2] for url in result.stdout.split()]
    assert hosts == [f"{name}.us-east-1.amazonaws.com" for name in ("dynamodb", "secretsmanager", "email")], (
        result.stderr
    )


def test_a_function_handles_an_event() -> None:
    result = run("FetchArticles", CALL_HEALTH, str(PROJECT / "events/fetch_articles/get_health.json"))
    assert result.stdout.strip() == "200", result.stderr


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_artifact_contains_only_the_function(function: str) -> None:
    assert [path.name for path in (DEPLOYED / function).iterdir() if path.name != "__pycache__"] == ["app.py"]


def test_the_layer_contains_templates_and_locales() -> None:
    source = PROJECT / "layers/shared/kolom"
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.suffix in {".html", ".json", ".py"}}
    package = DEPLOYED / LAYER / "python/kolom"
    built = {path.relative_to(package) for path in package.rglob("*")}
    assert wanted <= built


def test_the_layer_is_small() -> None:
    """Lambda would accept 250 MB, but a cold start also loads the layer."""
    assert sum(path.stat().st_size for path in (DEPLOYED / LAYER).rglob("*") if path.is_file()) <= LAYER_LIMIT_BYTES
