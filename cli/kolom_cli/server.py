"""Run the whole stack on this machine until a signal stops it, for `kolom serve`."""

import logging
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer
from rich.console import Console

from kolom_cli.connection import LOCAL_ENDPOINT
from kolom_cli.emulator.lambda_runtime import FunctionError
from kolom_cli.emulator.stack import EmulatedStack, PortError
from kolom_cli.sam.intrinsics import TemplateError
from kolom_cli.seed import LoadError, StackLoader

EXIT_USAGE = 2
EXIT_FAILED = 1
_IDLE_TIMEOUT_SECONDS = 600.0
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


def project_root() -> Path:
    """Return the directory of ``template.yaml``: the checkout from which this package is installed."""
    for directory in Path(__file__).resolve().parents:
        if (directory / "template.yaml").is_file():
            return directory
    raise TemplateError(
        "no template.yaml in the parent folders of the package: `kolom serve` needs a checkout (`make sync`)"
    )


def parse_settings(settings: Sequence[str]) -> dict[str, str]:
    """Parse ``NAME=VALUE`` texts.

    :raises TemplateError: a text has another form
    """
    parsed = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            raise TemplateError(f"--set must be NAME=VALUE, not {setting!r}")
        parsed[name] = value
    return parsed


def parse_imports(imports: Sequence[str]) -> list[tuple[str, str]]:
    """Parse ``KIND:SOURCE`` texts.

    :raises LoadError: a text has another form
    """
    parsed = []
    for each in imports:
        kind, colon, source = each.partition(":")
        if not colon or not kind or not source:
            raise LoadError(f"--import must be KIND:SOURCE, not {each!r}")
        parsed.append((kind, source))
    return parsed


def run(
    *,
    port: int,
    empty: bool,
    imports: Sequence[str],
    settings: Sequence[str],
    endpoint_url: str | None,
    log_requests: bool = False,
) -> None:
    """Serve until interrupted.

    :raises typer.Exit: with 1 if a port or a function fails, with 2 after another error
    """
    _configure_logging(log_requests=log_requests)
    with _interrupted_once():
        try:
            pairs = parse_imports(imports)
            path = project_root() / "template.yaml"
            given = parse_settings(settings)
            stack = EmulatedStack(path, given, port=port, endpoint_url=endpoint_url)
            with stack:
                loaded = _fill(stack, StackLoader(), pairs, empty=empty)
                typer.echo(ready_line(stack.url, stack.aws_endpoint_url, loaded, keeps_tables=endpoint_url is not None))
                while True:
                    time.sleep(60)
        except (TemplateError, LoadError) as error:
            _errors.print(f"kolom serve: {error}", markup=False)
            raise typer.Exit(EXIT_USAGE) from None
        except PortError as error:
            _errors.print(f"kolom serve: {error}; choose another port with --port", markup=False)
            raise typer.Exit(EXIT_FAILED) from None
        except FunctionError as error:
            _errors.print(f"kolom serve: {error}", markup=False)
            raise typer.Exit(EXIT_FAILED) from error.__cause__
        except KeyboardInterrupt:
            return  # The first signal, during the start or later: what had started is stopped.


def ready_line(url: str, endpoint_url: str, loaded: Sequence[str], *, keeps_tables: bool = False) -> str:
    """Return the message with the URLs of the site, its mail and its AWS, and how to use and to stop it."""
    option = "--local" if endpoint_url == LOCAL_ENDPOINT else f"--endpoint-url {endpoint_url}"
    details = [
        *loaded,
        f"Ctrl+C stops it and {'only its tables are kept' if keeps_tables else 'all data is lost'}",
        f"mail at {url}/_local/mail",
        f"AWS at {endpoint_url}: `kolom {option} COMMAND`",
    ]
    return f"Kolom is at {url}/ ({', '.join(details)})"


def _fill(stack: EmulatedStack, loader: StackLoader, pairs: Sequence[tuple[str, str]], *, empty: bool) -> list[str]:
    loader.deploy_assets(stack)
    if pairs:
        loaded = [loader.load_import(stack, kind, source) for kind, source in pairs]
    elif empty:
        loaded = ["empty"]
    else:
        loaded = [loader.load_sample(stack)]
    try:
        stack.wait_until_idle(within_seconds=_IDLE_TIMEOUT_SECONDS)
    except TimeoutError:
        _errors.print("The search index is still being filled.")
    return loaded


@contextmanager
def _interrupted_once() -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM raise KeyboardInterrupt, and ignore others while everything is stopped."""
    is_interrupted = False

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of a signal handler)
        nonlocal is_interrupted
        if not is_interrupted:
            is_interrupted = True
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _configure_logging(*, log_requests: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    levels = {"kolom_cli": logging.WARNING, "kolom.requests": logging.INFO if log_requests else logging.WARNING}
    for name, level in levels.items():
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False
