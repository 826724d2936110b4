"""Built functions in Lambda's runtime client, for this machine and for arm64: every event of ``events/``.

Each function gets its events in one process, then one that it cannot read, then its first event again. The AWS services
are those of moto.
"""

import json
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from kolom_cli.deploying import snap_start
from kolom_cli.emulator.aws import FakeAws, FakeAwsServer
from kolom_cli.sam.loader import load
from kolom_cli.sam.model import Template
from tests.events import FILES, STATUSES, name_of, publish_article, read
from tests.paths import PROJECT
from tests.smoke.function_process import LAYER, FunctionProcess
from tests.smoke.runtime_api import Answer
from tests.smoke.runtimes import DEPLOYED, EMULATES, NATIVE, RUNTIMES, Runtime

PARAMETERS: Final = {"SiteUrl": "https://blog.example", "OwnerEmail": "owner@blog.example"}
UNREADABLE: Final[dict[str, Any]] = {}
"""An event without the parts that all handlers of requests read first."""
STREAM_RESULT: Final[dict[str, Any]] = {"batchItemFailures": []}
RESULTS: Final[dict[str, Any]] = {"index_articles": STREAM_RESULT, "send_mail": STREAM_RESULT}
"""What functions without routes return for all events; the others return nothing."""
WRITTEN: Final = {
    "write_comments": {"comments", "guard", "outbox"},
    "submit_contact": {"messages", "guard", "outbox"},
    "index_articles": {"search"},
    "handle_bounces": {"outbox"},
}
"""The tables that functions add items to; the others add none."""
UNREPEATABLE: Final = {"write_comments/get_form_token"}
"""Events of requests that read, but whose answers depend on the time."""
FUNCTIONS: Final = sorted({path.parent.name for path in FILES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a process has answered and left behind."""

    answers: dict[str, Answer]
    failed: Answer
    repeated: Answer
    is_running: bool
    request_ids: frozenset[str]
    output: list[Any]
    frames: list[str]
    written: set[str]
    changed: set[str]


def events_of(function: str) -> list[Path]:
    return [path for path in FILES if path.parent.name == function]


def has_routes(function: str) -> bool:
    return all("routeKey" in read(path) for path in events_of(function))


def state_of(build: Path) -> set[tuple[str, int, int]]:
    """Return the files of a build with their sizes and times."""
    found = {path: path.stat() for path in build.rglob("*")}
    return {(str(path.relative_to(build)), entry.st_size, entry.st_mtime_ns) for path, entry in found.items()}


@cache
def first_state_of(build: Path) -> set[tuple[str, int, int]]:
    """Return the same as before the first run of a function of the build."""
    return state_of(build)


def counts(aws: FakeAws, template: Template) -> dict[str, int]:
    """Return the number of items in each table."""
    tables = [table.name for table in template.tables.values()]
    return {name.removeprefix("kolom-"): aws.client("dynamodb").scan(TableName=name)["Count"] for name in tables}


def layer_of(runtime: Runtime) -> tuple[Path, ...]:
    return (runtime.build / LAYER / "python",)


@cache
def template_of(build: Path) -> Template:
    return load(build / "template.yaml", PARAMETERS)


def built(function: str, runtime: Runtime) -> Any:
    """Return the function of a build; the directories of its artifacts have the functions' logical ids."""
    return template_of(runtime.build).functions[template_of(PROJECT).functions[function].logical_id]


@cache
def run_of(function: str, runtime_name: str) -> Run:
    """Run a function with all its events; the processes of all runs begin with the same tables."""
    runtime = next(each for each in RUNTIMES if each.name == runtime_name)
    if not runtime.is_installed:
        pytest.skip("`python -m tests.smoke.runtimes` cannot install this runtime")
    template = template_of(runtime.build)
    before = first_state_of(runtime.build)
    aws, server = FakeAws(), FakeAwsServer(0)
    with aws.running():
        aws.create_resources(template)
        publish_article()
        items = counts(aws, template)
        server.start()
        try:
            with FunctionProcess(built(function, runtime), runtime, server.url, layer_of(runtime)) as process:
                paths = events_of(function)
                answers = {name_of(path): process.invoke(read(path)) for path in paths}
                failed = process.invoke(UNREADABLE)
                repeated = process.invoke(read(paths[0]))
                is_running = process.is_running
        finally:
            server.close()
        written = {name for name, count in counts(aws, template).items() if count != items[name]}
    return Run(
        answers=answers,
        failed=failed,
        repeated=repeated,
        is_running=is_running,
        request_ids=frozenset(process.request_ids),
        output=[json.loads(line) for line in process.output.splitlines()],
        frames=process.frames,
        written=written,
        changed={name for name, *_ in state_of(runtime.build) ^ before},
    )


@pytest.fixture(params=[runtime.name for runtime in RUNTIMES], scope="module")
def runtime_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=FUNCTIONS, scope="module")
def function(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def run(function: str, runtime_name: str) -> Run:
    return run_of(function, runtime_name)


def assert_expected(answer: Answer, event: str) -> None:
    assert answer.kind == "response", answer
    function = event.partition("/")[0]
    if has_routes(function):
        assert answer.body["statusCode"] == STATUSES.get(event, 200), event
    else:
        assert answer.body == RESULTS.get(function), event


def test_a_built_function_answers_every_event_as_its_handler_does(run: Run) -> None:
    assert run.answers
    for event, answer in run.answers.items():
        assert_expected(answer, event)


def test_a_built_function_writes_to_its_tables(run: Run, function: str) -> None:
    assert run.written == WRITTEN.get(function, set())


def test_an_exception_is_reported_and_the_process_goes_on(run: Run, function: str) -> None:
    """Functions without routes skip what they cannot read."""
    if has_routes(function):
        assert run.failed.kind == "error"
        assert run.failed.body["errorType"] == "KeyError"
        assert run.failed.body["requestId"] in run.request_ids
    else:
        assert (run.failed.kind, run.failed.body) == ("response", RESULTS.get(function))
    assert_expected(run.repeated, next(iter(run.answers)))
    assert run.is_running


def test_only_exceptions_are_in_the_log_of_the_runtime_client(run: Run, function: str) -> None:
    """A frame has the whole traceback, so that it is one event of the log."""
    assert len(run.frames) == has_routes(function)
    for frame in run.frames:
        assert frame.startswith("[ERROR] KeyError: ")
        assert "in handler" in frame


def test_each_line_of_the_output_is_a_metric_or_a_log_of_an_invocation(run: Run) -> None:
    for line in run.output:
        assert line["service"] == "kolom"
        assert "_aws" in line or line["function_request_id"] in run.request_ids, line


def test_an_invocation_changes_no_file_of_the_build(run: Run) -> None:
    """A module without usable bytecode would be compiled and written."""
    assert run.changed == set()


def test_logs_tell_cold_starts_from_warm_ones(runtime_name: str) -> None:
    run = run_of("index_articles", runtime_name)
    assert [line["cold_start"] for line in run.output if line.get("message") == "articles indexed"] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("logical_id", snap_start.FUNCTIONS)
def test_a_process_that_is_restored_from_a_snapshot_fetches_credentials_and_answers(logical_id: str) -> None:
    """Until the snapshot is taken, it has no credentials, so it has sent no request to AWS."""
    template = template_of(NATIVE.build)
    (function,) = (each.name for each in template_of(PROJECT).functions.values() if each.logical_id == logical_id)
    aws, server = FakeAws(), FakeAwsServer(0)
    with aws.running():
        aws.create_resources(template)
        publish_article()
        server.start()
        process = FunctionProcess(built(function, NATIVE), NATIVE, server.url, layer_of(NATIVE), snap_start=True)
        try:
            with process:
                process.wait_for_snapshot()
                assert not process.has_credentials()
                process.restore()
                for path in events_of(function):
                    assert_expected(process.invoke(read(path)), name_of(path))
                assert process.has_credentials()
        finally:
            server.close()
    assert process.frames == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_both_builds_read_the_same(function: str) -> None:
    native, deployed = (run_of(function, runtime.name).answers for runtime in (NATIVE, DEPLOYED))
    assert native.keys() == deployed.keys()
    for event in native.keys() - UNREPEATABLE:
        if native[event].body is None or native[event].body.get("statusCode") == 200:
            assert native[event].body == deployed[event].body, event


@pytest.mark.skipif(not DEPLOYED.is_installed, reason="`python -m tests.smoke.runtimes` cannot install this runtime")
def test_the_deployed_build_runs_on_arm64() -> None:
    code = "import platform, sys; print(platform.machine(), sys.version_info[:2] == (3, 13))"
    result = subprocess.run(
        [*DEPLOYED.python, "-S", "-c", code], env=DEPLOYED.environment, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == ["aarch64", "True"], result.stderr
    assert (len(DEPLOYED.python) > 1) == EMULATES


def test_a_function_without_its_layer_reports_the_failed_import() -> None:
    with FunctionProcess(built("serve_pages", NATIVE), NATIVE, "http://127.0.0.1:9", ()) as process:
        answer = process.answer()
    assert answer.kind == "init/error"
    assert answer.headers["lambda-runtime-function-error-type"] == "Runtime.ImportModuleError"
