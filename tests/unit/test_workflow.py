"""The example of a workflow for GitHub Actions."""

import re
from typing import Any, Final

import pytest
import yaml
from typer.testing import CliRunner

from kolom_cli.main import app
from tests.paths import PROJECT

EXAMPLE: Final = PROJECT / "docs/examples/deploy-from-github.yml"
PINNED: Final = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$")


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    jobs: dict[str, Any] = workflow["jobs"]
    return jobs


def test_every_action_is_pinned_to_a_commit() -> None:
    """The comment names the version of the commit."""
    used = [line.strip().removeprefix("- ") for line in EXAMPLE.read_text("utf-8").splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_only_the_deployment_may_assume_a_role(jobs: dict[str, Any]) -> None:
    assert {name: job.get("permissions") for name, job in jobs.items()} == {
        "check": None,
        "deploy": {"contents": "read", "id-token": "write"},
    }
    assert jobs["deploy"]["needs"] == "check"


def test_its_commands_exist(jobs: dict[str, Any]) -> None:
    """Targets are those of the Makefile, and the options those of `kolom deploy`."""
    commands = [step["run"].split() for job in jobs.values() for step in job["steps"] if "run" in step]
    targets = [target for program, *targets in commands if program == "make" for target in targets]
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    assert targets
    assert [each for each in targets if not re.search(rf"^{each}:", makefile, re.MULTILINE)] == []
    options = [word for program, *words in commands if program != "make" for word in words if word.startswith("--")]
    assert options
    help_text = CliRunner().invoke(app, ["deploy", "--help"], env={"COLUMNS": "200"}).output
    assert [option for option in options if option not in help_text] == []
