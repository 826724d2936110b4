"""`kolom serve` in a separate process, requested over HTTP."""

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.paths import PROJECT


class Site(str):
    """The URL of a running blog; ``aws`` is the URL of its AWS services."""

    __slots__ = ("aws",)
    aws: str


@contextmanager
def served(*settings: str, options: Sequence[str] = ()) -> Iterator[Site]:
    """Run a blog with these parameters in a separate process and yield its URL."""
    sets = [argument for setting in settings for argument in ("--set", setting)]
    command = [sys.executable, "-c", "from kolom_cli.main import app; app()", "serve", "--port", "0", *sets, *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=PROJECT
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()  # the result of kolom_cli.server.ready_line
            site = Site(line.split()[3].rstrip("/"))
            site.aws = re.findall(r"AWS at (http://[\w.]+:\d+)", line)[0]
            # Read the metrics that the functions print; otherwise the pipe fills up.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield site
        finally:
            # Stop the process also if the test fails; otherwise the end of the block waits forever.
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
    assert process.returncode == 0


def fetch(
    site: str, path: str, body: bytes | None = None, *, kind: str = "application/json", address: str = "127.0.0.1"
) -> tuple[int, dict[str, str], bytes]:
    """Send a GET, or a POST if there is a body; return status, headers and body.

    The request comes from the local IP address ``address``.
    """
    parts = urlsplit(site)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, source_address=(address, 0))
    connection.request("GET" if body is None else "POST", path, body, {} if body is None else {"content-type": kind})
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, read


def send(site: str, path: str, body: object = None, *, address: str = "127.0.0.1") -> tuple[int, Any]:
    """Send a GET, or a POST if ``body`` is given, as JSON; return status and body. See :func:`fetch`."""
    status, _, read = fetch(site, path, None if body is None else json.dumps(body).encode(), address=address)
    return status, json.loads(read)


def eventually(condition: Callable[[], bool], within_seconds: float = 60) -> bool:
    """Wait until the condition holds, and return whether it does."""
    deadline = time.monotonic() + within_seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def mails(site: str) -> list[dict[str, Any]]:
    """Return the mail that the blog has sent."""
    found: list[dict[str, Any]] = send(site, "/_local/mail.json")[1]
    return found
