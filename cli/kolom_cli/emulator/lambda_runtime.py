"""Emulate the Lambda runtime: import each function's handler once, and invoke it with a context and a time limit."""

import importlib.util
import logging
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from kolom_cli.sam.intrinsics import TemplateError
from kolom_cli.sam.model import Function

_log = logging.getLogger(__name__)


class FunctionError(Exception):
    """The handler raised an exception, or could not be imported."""


class FunctionTimeoutError(FunctionError):
    """The handler exceeded the function's time limit, or that of the caller."""


class FunctionBusyError(FunctionError):
    """The handler was not called: the request waited too long for its turn."""


class Context:
    """The Lambda context, the second argument of a handler."""

    def __init__(self, function: Function) -> None:
        self.function_name = function.physical_name
        self.function_version = "$LATEST"
        self.invoked_function_arn = function.arn
        self.memory_limit_in_mb = str(function.memory_mb)
        self.aws_request_id = str(uuid.uuid4())
        self.log_group_name = f"/aws/lambda/{function.physical_name}"
        self.log_stream_name = "local"
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + function.timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the time limit; never negative."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def merged_environment(functions: Mapping[str, Function]) -> dict[str, str]:
    """Return one environment for all functions, because they share a process.

    Raises :class:`TemplateError` if two functions have different values for a variable.
    """
    merged: dict[str, tuple[str, str]] = {}
    for function in functions.values():
        for name, value in function.environment.items():
            if name in merged and merged[name][0] != value:
                other = merged[name][1]
                raise TemplateError(
                    f"{name} is {value!r} for {function.name} but {merged[name][0]!r} for {other}: "
                    "functions share one process locally, so the values must be equal"
                )
            merged.setdefault(name, (value, function.name))
    return {name: value for name, (value, _) in merged.items()}


class LambdaRuntime:
    """The imported functions of a stack."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions
        self._handlers: dict[str, Callable[[Any, Context], Any]] = {}
        self._modules: list[str] = []
        self._turn = threading.Lock()

    def load(self) -> None:
        """Import every handler under a unique module name. The caller must have set the environment."""
        for function in self._functions.values():
            module_name, _, attribute = function.handler.rpartition(".")
            module = self._import(function, module_name)
            try:
                self._handlers[function.name] = getattr(module, attribute)
            except AttributeError as error:
                raise FunctionError(f"{function.name}: {module_name}.py has no {attribute!r}") from error

    def _import(self, function: Function, module_name: str) -> ModuleType:
        file = function.code_dir / f"{module_name.replace('.', '/')}.py"
        unique = f"_kolom_local_{uuid.uuid4().hex[:8]}_{function.name}"
        spec = importlib.util.spec_from_file_location(unique, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[unique] = module
        self._modules.append(unique)
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            raise FunctionError(f"{function.name}: {file} cannot be imported: {error!r}") from error
        return module

    def unload(self) -> None:
        """Remove the imported modules from ``sys.modules``."""
        for name in self._modules:
            sys.modules.pop(name, None)

    def invoke(self, name: str, event: Any, *, within_seconds: float | None = None, one_at_a_time: bool = False) -> Any:
        """Call a handler and return its result.

        ``one_at_a_time`` is for handlers with Powertools' resolvers. These keep the current event in a class attribute,
        because a process on Lambda handles one request at a time. Here requests wait for their turn. This waiting
        time does not count towards the function's time limit.

        Raises :class:`FunctionError` if the handler raises, and :class:`FunctionTimeoutError` after its time limit or
        ``within_seconds``. A thread cannot be stopped, so the handler then continues and its result is ignored. No
        other request gets its turn until this handler ends, because the two would share one current event. Raises
        :class:`FunctionBusyError` if the turn does not come within ``within_seconds`` (by default, the function's time
        limit); the handler is then not called.
        """
        function = self._functions[name]
        limit = min(function.timeout_seconds, within_seconds or function.timeout_seconds)
        if one_at_a_time and not self._turn.acquire(timeout=within_seconds or limit):
            _log.error("%s: not called, because other requests took too long", name)
            raise FunctionBusyError(f"{name} was not called")
        outcome: dict[str, Any] = {}

        def call() -> None:
            try:
                outcome["result"] = self._handlers[name](event, Context(function))
            except BaseException as error:  # noqa: BLE001 (any exception of a handler is its failure, SystemExit included)
                outcome["error"] = error
            finally:
                if one_at_a_time:
                    self._turn.release()

        worker = threading.Thread(target=call, name=f"invoke-{name}", daemon=True)
        worker.start()
        worker.join(limit)
        if worker.is_alive():
            _log.error("%s: timed out after %s s; it cannot be stopped and continues", name, limit)
            raise FunctionTimeoutError(f"{name} timed out after {limit} s")
        if "error" in outcome:
            _log.error("%s: failed", name, exc_info=outcome["error"])
            raise FunctionError(f"{name} failed: {outcome['error']!r}") from outcome["error"]
        return outcome["result"]


class Environment:
    """Environment variables that are set in this process and later restored."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._before: dict[str, str | None] = {}

    def apply(self) -> None:
        """Set the variables."""
        for name, value in self._variables.items():
            self._before[name] = os.environ.get(name)
            os.environ[name] = value

    def restore(self) -> None:
        """Restore the previous values."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before.clear()
