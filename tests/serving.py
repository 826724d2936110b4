"""`kolom serve` as its users run it: in a process of its own, asked over HTTP."""

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
    """The address of a running blog; ``aws`` is that of its AWS."""

    __slots__ = ("aws",)
    aws: str


@contextmanager
def served(*settings: str, options: Sequence[str] = ()) -> Iterator[Site]:
    """The address of a blog of its own, in a process of its own, with these parameters."""
    sets = [argument for setting in settings for argument in ("--set", setting)]
    command = [sys.executable, "-c", "from kolom_cli.main import app; app()", "serve", "--port", "0", *sets, *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=PROJECT
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            site = Site(line.split()[3].rstrip("/"))
            site.aws = re.findall(r"AWS at (http://[\w.]+:\d+)", line)[0]
            # The functions print their metrics: somebody has to read them, or the pipe is full.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield site
        finally:
            # Whatever the test made of it: else the end of the block waits for it for ever.
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def fetch(
    site: str, path: str, body: bytes | None = None, *, kind: str = "application/json", address: str = "127.0.0.1"
) -> tuple[int, dict[str, str], bytes]:
    """GET, or POST of a body, from an address of this machine: status, headers and body of the answer."""
    parts = urlsplit(site)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, source_address=(address, 0))
    connection.request("GET" if body is None else "POST", path, body, {} if body is None else {"content-type": kind})
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, read


def send(site: str, path: str, body: object = None, *, address: str = "127.0.0.1") -> tuple[int, Any]:
    """GET, or POST of JSON, from an address of this machine: the status and the answer."""
    status, _, read = fetch(site, path, None if body is None else json.dumps(body).encode(), address=address)
    return status, json.loads(read)


def eventually(condition: Callable[[], bool], within_seconds: float = 60) -> bool:
    """Whether the condition comes to hold."""
    deadline = time.monotonic() + within_seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def mails(site: str) -> list[dict[str, Any]]:
    """The mail that the blog has sent."""
    found: list[dict[str, Any]] = send(site, "/_local/mail.json")[1]
    return found
