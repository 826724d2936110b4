"""Starting and stopping a local stack."""

import http.client
import shutil
import threading
import time
from pathlib import Path

import pytest

from kolom_cli.emulator.lambda_runtime import FunctionError
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.sam.intrinsics import TemplateError
from tests.paths import FIXTURES
from tests.serving import eventually

FIXTURE = FIXTURES / "local_stack"


def test_a_given_parameter_overrides_the_default() -> None:
    with EmulatedStack(FIXTURE / "template.yaml", {"Name": "xyz", "SiteUrl": "https://my.example"}, port=0) as stack:
        assert stack.template.parameters["Name"] == "xyz"
        assert stack.template.outputs["Site"] == "https://my.example"


def test_a_stack_stops_at_once_and_leaves_no_threads_or_files() -> None:
    threads = threading.active_count()
    stack = EmulatedStack(FIXTURE / "template.yaml", port=0)
    stack.start()
    port = int(stack.url.rsplit(":", 1)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/")
    assert connection.getresponse().read()
    began = time.monotonic()
    stack.stop()
    assert time.monotonic() - began < 30  # An idle connection is closed after a minute.
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=60).connect()
    assert eventually(lambda: threading.active_count() <= threads)


def test_a_stack_without_events_answers_requests_and_reads_no_streams() -> None:
    names = {"stream-collect", "timer-tick"}
    with EmulatedStack(FIXTURE / "template.yaml", port=0) as stack:
        assert names <= {thread.name for thread in threading.enumerate()}
        stack.stop_events()
        assert names.isdisjoint(thread.name for thread in threading.enumerate())
        connection = http.client.HTTPConnection("127.0.0.1", int(stack.url.rsplit(":", 1)[1]), timeout=60)
        connection.request("GET", "/")
        assert connection.getresponse().read()
        connection.close()


def copy_of_fixture(path: Path) -> Path:
    return Path(shutil.copytree(FIXTURE, path / "stack"))


def test_conflicting_values_of_an_environment_variable_are_an_error(tmp_path: Path) -> None:
    template = copy_of_fixture(tmp_path) / "template.yaml"
    template.write_text(template.read_text().replace("API_URL: !Sub", "COLOUR: red\n          API_URL: !Sub"))
    with (
        pytest.raises(TemplateError, match=r"COLOUR is .green. for collect but .red. for answer"),
        EmulatedStack(template, port=0),
    ):
        pass


def test_a_handler_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    root = copy_of_fixture(tmp_path)
    (root / "functions/tick/app.py").write_text("import nowhere_to_be_found")
    with (
        pytest.raises(FunctionError, match=r"tick: .*app\.py cannot be imported"),
        EmulatedStack(root / "template.yaml", port=0),
    ):
        pass
