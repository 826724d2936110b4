"""Write docs/deploy-transcript.md: what the commands of a deployment print, from runs of them in the rehearsal.

Everything that would differ between two runs is fixed: versions, times, and the answers about sizes.
"""

import functools
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import tests.conftest  # noqa: F401 (sets the environment, before anything reads it)

# isort: split
import pytest
from typer.testing import CliRunner

import kolom
from kolom_cli.commands import deploy, rollback
from kolom_cli.deploying import toolchain
from kolom_cli.deploying.deployment_log import new_deployment, repeated_deployment
from kolom_cli.main import app
from tests.integration.cli import cloudformation
from tests.integration.cli.rehearsal import Rehearsal, rehearse_in

PAGE: Final = Path("docs/deploy-transcript.md")
_VERSIONS: Final = ("1.0.0", "1.1.0")
_CHANGE: Final = ("MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 864000")
_STEP: Final = re.compile(r"  (\d+/\d+ \w+|deleted|kept) \w+ \(")
_SHOWN_STEPS: Final = 3
_BEGINNING: Final = datetime(2026, 11, 30, 9, tzinfo=UTC)

_INTRODUCTION: Final = """\
# A deployment from beginning to end

This page shows what the commands of [deploy.md](deploy.md) print, from an empty account to the deletion of the site.
It is generated from runs of the commands in the rehearsal of the tests, not on AWS ([What was
rehearsed](deploy.md#what-was-rehearsed)). Versions, times and sizes are examples, and the site has only one
stylesheet, which is stored under two names. CloudFormation creates resources in another order. Most lines for single
resources are left out ("…").

`make transcript` writes this page. A test fails if it is not up to date.
"""


class _Account(Rehearsal):
    """An account whose site reports the version that was deployed last."""

    version = _VERSIONS[0]

    def fetch(self, url: str) -> tuple[int, str]:
        status, text = super().fetch(url)
        return status, text.replace("0.1.0", self.version)


class _Transcript:
    """Runs commands, and collects what they print as Markdown."""

    def __init__(self, account: _Account) -> None:
        self.account = account
        self.parts: list[str] = [_INTRODUCTION]

    def section(self, heading: str, text: str) -> None:
        self.parts.append(f"## {heading}\n\n{text}\n")

    def run(self, *arguments: str, answer: str | None = None, expected: int = 0) -> None:
        """Run a command, and add it with its output, and with its exit code if that is not 0."""
        ran = CliRunner().invoke(app, list(arguments), input=answer, catch_exceptions=False)
        assert ran.exit_code == expected, ran.output
        code = f"(exit code {expected})\n" if expected else ""
        lines = "\n".join(_shortened(ran.output.splitlines()))
        self.parts.append(f"```console\n$ kolom {shlex.join(arguments)}\n{lines}\n{code}```\n")


def _shortened(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines, but only the first ones of many steps in a row."""
    steps = 0
    for line in lines:
        steps = steps + 1 if _STEP.match(line) or (steps and line.startswith("  waiting for")) else 0
        if steps <= _SHOWN_STEPS:
            yield line
        elif steps == _SHOWN_STEPS + 1:
            yield "  …"


def render() -> str:
    """Return the page."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(kolom, "__version__", _VERSIONS[0])
        patch.setattr(toolchain, "SAM", Path(sys.executable))
        times = (_BEGINNING + timedelta(hours=hour) for hour in range(24))
        patch.setattr(deploy, "new_deployment", functools.partial(_at_next, times, new_deployment))
        patch.setattr(rollback, "repeated_deployment", functools.partial(_at_next, times, repeated_deployment))
        with rehearse_in(_Account(Path(folder)), patch) as account:
            account.answers["GetCallerIdentity"] = {
                "Account": "123456789012",
                "Arn": "arn:aws:iam::123456789012:user/siti",
            }
            transcript = _Transcript(account)
            _first_deployment(transcript)
            _failure(transcript, patch)
            _status(transcript)
            _rollback(transcript)
            _destruction(transcript)
    return "\n".join(transcript.parts)


def _at_next(times: Iterator[datetime], record: Callable[..., Any], *arguments: Any, **values: Any) -> Any:
    return record(*arguments, **values, now=next(times))


def _first_deployment(transcript: _Transcript) -> None:
    transcript.section("Check the account", "`kolom doctor` changes nothing.")
    transcript.run("doctor", "--parameter", "OwnerEmail=me@example.com")
    transcript.section("Deploy for the first time", "The last line is the address of the site.")
    transcript.run("deploy", "--yes", "--parameter", "OwnerEmail=me@example.com", "--parameter", "SiteTitle=My Blog")
    transcript.section("Run it again", "Without a change, it only reads the site.")
    transcript.run("deploy", "--yes")
    transcript.section("Change a parameter", "It changes what depends on the parameter, and remembers the value.")
    transcript.run("deploy", "--yes", "--parameter", "ModerationMode=all")


def _failure(transcript: _Transcript, patch: pytest.MonkeyPatch) -> None:
    account = transcript.account
    transcript.section(
        "Update to another version",
        "Here, a resource fails. CloudFormation undoes the deployment, and the site stays as it was. The next run is\n"
        "interrupted with Ctrl-C, and the third one completes it.",
    )
    patch.setattr(kolom, "__version__", _VERSIONS[1])
    account.template.write_text(account.template.read_text("utf-8").replace(*_CHANGE), "utf-8")
    (account.frontend / "theme/kolom.css").write_text("body { margin: 1px }")
    account.cloudformation.fail_at = ("DroppedEvents", "Rate exceeded (Service: Sqs, Status Code: 403)")
    transcript.run("deploy", "--yes", expected=1)
    double = account.cloudformation
    double.before["ExecuteChangeSet"] = lambda: setattr(double, "interrupt_at", "DescribeStackEvents")
    transcript.run("deploy", "--yes", expected=130)
    account.version = _VERSIONS[1]
    with pytest.MonkeyPatch.context() as slow:
        slow.setattr(cloudformation, "STEPS_PER_CALL", 0)
        double.before["DescribeStackEvents"] = slow.undo
        transcript.run("deploy", "--yes")


def _status(transcript: _Transcript) -> None:
    transcript.section("Look at the site", "`kolom status` shows what runs, waits, failed and is stored.")
    account = transcript.account
    fixed = {
        "DescribeTable": {"Table": {"ItemCount": 12, "TableSizeBytes": 34_567}},
        "GetMetricStatistics": {"Datapoints": []},
        "GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "0"}},
    }
    account.answers |= fixed
    transcript.run("status")
    for name in fixed:
        del account.answers[name]


def _rollback(transcript: _Transcript) -> None:
    transcript.section("Return to the version before", "Content, parameters and secrets stay as they are.")
    transcript.run("rollback", "--list")
    transcript.run("rollback", "--dry-run", "--to", "1")
    transcript.account.version = _VERSIONS[0]
    transcript.run("rollback")
    transcript.run("rollback", "--list")
    transcript.section("Go forward again", "`kolom deploy` deploys the checkout, as always.")
    transcript.account.version = _VERSIONS[1]
    transcript.run("deploy", "--yes")


def _destruction(transcript: _Transcript) -> None:
    transcript.section("Delete the site", "You type the name of the stack. A second command deletes the content, too.")
    transcript.run("destroy", answer="kolom\n")
    transcript.run("destroy", "--with-data", answer="kolom\n")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render(), "utf-8")
