"""Check the AWS calls that the functions make in tests against the policies of the template, as they happen."""

import functools
import importlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.client import BaseClient

from kolom.config import settings
from kolom_cli.sam.intrinsics import ACCOUNT_ID
from kolom_cli.sam.loader import load
from kolom_cli.sam.model import Statement
from kolom_cli.sam.resource_names import REGION
from tests.iam.dynamodb_requests import HashKeys, hash_keys_of, requests_of
from tests.iam.policies import Request, holds, is_about
from tests.paths import PROJECT

denied: list[str] = []
"""The calls that no policy allows, since the list was last cleared."""

_current = threading.local()


def enforce_policies() -> None:
    """Check all later calls of this process that the handler of a function makes, also in its workers.

    Calls to other services than DynamoDB and Secrets Manager are not checked.
    """
    for path in sorted((PROJECT / "functions").glob("*/app.py")):
        module: Any = importlib.import_module(f"functions.{path.parent.name}.app")
        module.handler = _as_function(path.parent.name, module.handler)
    client: Any = BaseClient
    make_call = client._make_api_call
    submit = ThreadPoolExecutor.submit

    def check_and_call(self: Any, operation: str, parameters: Any) -> Any:
        if function := running_function():
            _check(function, self.meta.service_model.service_name, operation, parameters)
        return make_call(self, operation, parameters)

    def submit_as_function(self: Any, work: Callable[..., Any], /, *arguments: Any, **more: Any) -> Any:
        function = running_function()
        return submit(self, _as_function(function, work) if function else work, *arguments, **more)

    client._make_api_call = check_and_call
    ThreadPoolExecutor.submit = submit_as_function  # type: ignore[method-assign]


def running_function() -> str | None:
    """Return the function for which this thread works, or None if the test itself runs."""
    return getattr(_current, "function", None)


@contextmanager
def running(function: str) -> Iterator[None]:
    """Take the calls of this thread in the block for calls of the function."""
    before = running_function()
    _current.function = function
    try:
        yield
    finally:
        _current.function = before


def _as_function(function: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(work)
    def run(*arguments: Any, **more: Any) -> Any:
        with running(function):
            return work(*arguments, **more)

    return run


def _check(function: str, service: str, operation: str, parameters: Any) -> None:
    if service == "dynamodb":
        requests = list(requests_of(operation, parameters, hash_keys()))
    elif service == "secretsmanager":
        arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:{parameters['SecretId']}"
        requests = [Request(f"secretsmanager:{operation}", arn)]
    else:
        return
    reports = settings().search_report == "on"
    denied.extend(f"{function}: {each}" for each in requests if not _is_allowed(function, each, search_report=reports))


def _is_allowed(function: str, request: Request, *, search_report: bool) -> bool:
    about = _statements_about(function, request.action, request.resource, search_report=search_report)
    return any(not each.condition or holds(each.condition, request.context) for each in about)


@cache
def _statements_about(function: str, action: str, resource: str, *, search_report: bool) -> tuple[Statement, ...]:
    """Return the statements of a function about an action on a resource. They all allow (test_permissions)."""
    policies = load_policies(search_report=search_report)[function]
    return tuple(each for each in policies if is_about(each, action, resource))


@cache
def load_policies(*, search_report: bool) -> dict[str, tuple[Statement, ...]]:
    """Return the statements of each function in a stack that sends mail."""
    parameters = {"SiteUrl": "https://blog.example", "OwnerEmail": "owner@blog.example"}
    template = load(PROJECT / "template.yaml", {**parameters, "SearchReport": "on" if search_report else "off"})
    return {name: function.policies for name, function in template.functions.items()}


@cache
def hash_keys() -> HashKeys:
    """Return the hash keys of the template's tables and indexes."""
    template = load(PROJECT / "template.yaml", {"SiteUrl": "https://blog.example"})
    return hash_keys_of({table.name: table.create for table in template.tables.values()})
