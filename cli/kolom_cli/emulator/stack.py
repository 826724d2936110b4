"""Run the complete stack of a template in this process."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from kolom_cli.emulator.aws import AWS_ENVIRONMENT, REGION, FakeAws, FakeAwsServer
from kolom_cli.emulator.cloudfront import CloudFrontEmulator
from kolom_cli.emulator.event_sources import EventSource, StreamPoller, Timer, scheduled_event
from kolom_cli.emulator.http_server import HttpServer
from kolom_cli.emulator.lambda_runtime import Environment, LambdaRuntime, merged_environment
from kolom_cli.emulator.ses import Mail
from kolom_cli.emulator.ses_mailbox_simulator import MailboxSimulator
from kolom_cli.sam.intrinsics import TemplateError, parse
from kolom_cli.sam.loader import load
from kolom_cli.sam.model import Template

HOST = "127.0.0.1"
# Values for parameters that a deployment asks for. The log level keeps the console of a local stack readable.
LOCAL_PARAMETERS = {"OwnerEmail": "owner@example.com", "MailFrom": "blog@example.com", "LogLevel": "WARNING"}
_STOP_SECONDS = 1.0


class PortError(Exception):
    """A port that the stack needs is in use, or may not be used by this user."""


class EmulatedStack:
    """A running stack, as a context manager.

    The site uses ``port``, and the local AWS ``port + 1``; with 0, free ports are chosen. ``parameters``
    override the template's defaults. With ``endpoint_url``, the tables are in the DynamoDB at this URL instead of the
    local AWS. Raises :class:`TemplateError`, :class:`PortError`, and
    :class:`~kolom_cli.emulator.lambda_runtime.FunctionError` if a handler cannot be imported.
    """

    def __init__(
        self,
        template_path: Path,
        parameters: Mapping[str, str] = MappingProxyType({}),
        *,
        port: int = 8080,
        endpoint_url: str | None = None,
    ) -> None:
        self._path = template_path
        self._given = parameters
        self._port = port
        self._endpoint_url = endpoint_url
        self._exits = ExitStack()
        self._pollers: list[StreamPoller] = []
        self._timers: list[Timer] = []
        self.aws = FakeAws(endpoint_url)
        self.url = ""
        self.aws_endpoint_url = ""
        self.frontend = template_path.parent / "frontend"
        self.template: Template
        self.site: CloudFrontEmulator
        self.runtime: LambdaRuntime

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def mails(self) -> list[Mail]:
        """The mails sent so far."""
        return self.aws.sent_mail.mails

    def start(self) -> None:
        """Start the stack; after a failure, everything is stopped again."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        server = self._listen()
        self.url = f"http://{HOST}:{server.port}"
        self.template = load(self._path, self._parameters(), public_url=self.url)
        variables = {**merged_environment(self.template.functions), **AWS_ENVIRONMENT}
        if self._endpoint_url:
            variables["AWS_ENDPOINT_URL_DYNAMODB"] = self._endpoint_url
        self._exits.enter_context(self.aws.running())
        environment = Environment(variables)
        environment.apply()
        self._exits.callback(environment.restore)
        self.aws.create_resources(self.template)
        self.runtime = LambdaRuntime(self.template.functions)
        self._exits.callback(self.runtime.unload)
        self.runtime.load()
        s3 = self.aws.client("s3")
        self.site = CloudFrontEmulator(self.template, self.runtime, self.aws.sent_mail, s3, self.frontend)
        server.application = self.site
        self._start_events()
        self._aws_server.start()
        server.start()
        # Registered again, so that the server stops before the services that its requests need.
        self._exits.callback(server.close)

    def _listen(self) -> HttpServer:
        """Open both ports first, because the URL of the site is part of the environment."""
        try:
            server = HttpServer((HOST, self._port), _not_ready)
            self._exits.callback(server.close)
            self._aws_server = FakeAwsServer(self._port + 1 if self._port else 0)
        except PermissionError as error:
            raise PortError(f"you may not use port {self._port} or {self._port + 1}") from error
        except (OSError, SystemExit) as error:  # Werkzeug exits if a port is in use.
            raise PortError(f"port {self._port} or {self._port + 1} is in use") from error
        self._exits.callback(self._aws_server.close)
        self.aws_endpoint_url = self._aws_server.url
        return server

    def _parameters(self) -> dict[str, str]:
        try:
            known = template_parameters(self._path)
        except OSError as error:
            raise TemplateError(f"cannot read the template: {error}") from error
        local = {"SiteUrl": self.url, **LOCAL_PARAMETERS}
        return {**{name: value for name, value in local.items() if name in known}, **self._given}

    def _start_events(self) -> None:
        for stream in self.template.streams:
            arn = self.aws.stream_arn(stream.table)
            poller = StreamPoller(stream, self.aws.client("dynamodbstreams"), arn, self.runtime.invoke)
            self._pollers.append(poller)
        # All functions share one environment, so all mail is sent with this configuration set.
        configuration_set = merged_environment(self.template.functions).get("CONFIGURATION_SET", "")
        self.aws.sent_mail.on_mail = MailboxSimulator(
            self.template.rules, configuration_set, self.runtime.invoke, REGION
        )
        self._timers = [Timer(schedule, self.runtime.invoke) for schedule in self.template.schedules]
        self._exits.callback(self.stop_events)
        for poller in self._pollers:
            poller.start()
        for timer in self._timers:
            timer.start()

    def stop_events(self) -> None:
        """Stop the streams and schedules: from now on, functions are only invoked by requests and mail."""
        running: list[EventSource] = [*self._pollers, *self._timers]
        for each in running:
            each.stop()
        deadline = time.monotonic() + _STOP_SECONDS
        for each in running:
            each.join(max(0.0, deadline - time.monotonic()))

    def wait_until_idle(self, within_seconds: float = 120.0) -> None:
        """Wait until the functions have processed all changes made so far, and the changes that they made in turn.

        Raises :class:`TimeoutError`.
        """
        deadline = time.monotonic() + within_seconds
        for _ in range(2):
            began = time.monotonic()
            while not all(poller.is_drained_since(began) for poller in self._pollers):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the streams are not drained after {within_seconds} s")
                time.sleep(0.02)

    def run_schedule(self, function: str) -> Any:
        """Invoke a scheduled function now."""
        schedule = next(each for each in self.template.schedules if each.function == function)
        return self.runtime.invoke(function, scheduled_event(schedule))

    def stop(self) -> None:
        """Stop the stack; a second call has no effect."""
        self._exits.close()


def _not_ready(request: object) -> Any:
    raise RuntimeError(f"request before the stack was ready: {request}")


def template_parameters(path: Path) -> set[str]:
    """Return the names of the template's parameters."""
    return set(parse(path.read_text("utf-8")).get("Parameters", {}))
