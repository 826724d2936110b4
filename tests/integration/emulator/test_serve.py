"""`kolom serve` as a process: its output and its exit."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from tests.paths import FIXTURES

FIXTURE = FIXTURES / "local_stack"
PROGRAM = """
import sys
from pathlib import Path
import kolom_cli.commands.serve as serve
import kolom_cli.server as server
import typer

class Loader:
    def deploy_assets(self, stack):
        pass
    def load_sample(self, stack):
        return "the sample"
    def load_import(self, stack, kind, source):
        if kind != "known":
            raise server.LoadError(f"unknown kind {kind}")
        return f"{kind} from {source}"

root = Path(sys.argv.pop(1))
server.project_root = lambda: root
app = typer.Typer()
server.StackLoader = Loader
app.command()(serve.serve)
for arguments in " ".join(sys.argv[1:]).split(" or "):
    try:
        app(arguments.split())
    except SystemExit as exit:
        code = exit.code
        if code:
            print(f"exit code {code}", file=sys.stderr)
sys.exit(code)
"""


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(FIXTURE), *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}
    )


def output(*arguments: str) -> tuple[int, str]:
    """Return the exit code and the error output of a run that ends by itself."""
    with start(*arguments) as process:
        _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def test_the_ready_line_is_printed_and_a_signal_ends_the_process_quietly() -> None:
    """The other signal, SIGINT, ends the processes of :func:`tests.serving.served`."""
    with start("--port", "0", "--set", "AllowedOrigins=https://x.example") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        with urllib.request.urlopen(line.split()[3] + "_local/mail.json", timeout=60) as response:  # noqa: S310
            assert response.read() == b"[]"
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)
    assert line.startswith("Kolom is at http://127.0.0.1:")
    assert "the sample" in line
    assert re.search(r"AWS at (http://127\.0\.0\.1:\d+): `kolom --endpoint-url \1 COMMAND`\)$", line)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, errors = output("--port", port)
    assert code == 1
    assert f"port {port}" in errors
    assert "--port" in errors
    assert "Traceback" not in errors


INVALID = {
    "--port 65535": "Input should be less than or equal to 65534",
    "--set Colour=red": "parameter Colour: 'red' is not one of green, blue",
    "--set Colour": "--set must be NAME=VALUE",
    "--set Typo=1": "no such parameter: Typo",
    "--import somewhere": "--import must be KIND:SOURCE",
    "--import other:x": "unknown kind other",
}


def test_an_invalid_option_is_explained(subtests: pytest.Subtests) -> None:
    code, errors = output(" or ".join(f"--port 0 {option}" for option in INVALID))
    assert code == 2
    assert "Traceback" not in errors
    *reports, rest = errors.split("exit code 2\n")
    assert (len(reports), rest) == (len(INVALID), "")
    for (option, message), report in zip(INVALID.items(), reports, strict=True):
        with subtests.test(option):
            assert message in report
