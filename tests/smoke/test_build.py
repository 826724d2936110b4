"""Artifacts of `sam build`: each function runs with nothing but its artifact and the layer."""

import os
import subprocess
import sys

import pytest

from tests.paths import PROJECT

DEPLOYED = PROJECT / ".aws-sam/build"
NATIVE = PROJECT / ".aws-sam/native"
FUNCTIONS = sorted(path.name for path in NATIVE.iterdir() if (path / "app.py").is_file()) if NATIVE.is_dir() else []
LAYER = "SharedLayer"
UNZIPPED_LIMIT_BYTES = 250 * 1024 * 1024
AARCH64 = 183

CALL_HEALTH = """
import json, sys, app
event = json.load(open(sys.argv[1]))
class Context:
    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "f", 1, "a", "r"
print(json.dumps(app.handler(event, Context())["statusCode"]))
"""


def run(function: str, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in isolation from this project and its environment, as Lambda does (``-S``: no site-packages)."""
    return subprocess.run(
        [sys.executable, "-S", "-c", code, *arguments],
        cwd=NATIVE / function,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{NATIVE / function}:{NATIVE / LAYER}/python",
            "AWS_REGION": "us-east-1",
            "POWERTOOLS_METRICS_NAMESPACE": "Kolom",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_build_exists() -> None:
    """`make smoke` creates it."""
    assert FUNCTIONS
    assert (DEPLOYED / LAYER / "python/kolom/__init__.py").is_file()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_can_be_imported_from_its_artifact_and_the_layer(function: str) -> None:
    result = run(function, "import app; app.handler")
    assert result.returncode == 0, result.stderr


def test_a_function_handles_an_event() -> None:
    result = run("FetchArticles", CALL_HEALTH, str(PROJECT / "events/fetch_articles/get_health.json"))
    assert result.stdout.strip() == "200", result.stderr


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_artifact_contains_only_the_function(function: str) -> None:
    assert [path.name for path in (DEPLOYED / function).iterdir() if path.name != "__pycache__"] == ["app.py"]


def test_the_deployed_layer_is_for_arm64() -> None:
    machines = {path.name: path.read_bytes()[18] for path in (DEPLOYED / LAYER).rglob("*.so")}
    assert machines
    assert set(machines.values()) == {AARCH64}, machines


def test_the_deployed_layer_has_the_modules_of_the_tested_one() -> None:
    deployed, native = (
        # The names of extension modules end with the platform.
        {path.name.split(".cpython-")[0] for path in (build / LAYER / "python").iterdir()} - {"__pycache__"}
        for build in (DEPLOYED, NATIVE)
    )
    assert deployed == native


def test_the_layer_contains_templates_and_locales() -> None:
    source = PROJECT / "layers/shared/kolom"
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.suffix in {".html", ".json", ".py"}}
    package = DEPLOYED / LAYER / "python/kolom"
    built = {path.relative_to(package) for path in package.rglob("*")}
    assert wanted <= built


def test_the_layer_is_below_lambdas_size_limit() -> None:
    assert sum(path.stat().st_size for path in DEPLOYED.rglob("*") if path.is_file()) < UNZIPPED_LIMIT_BYTES
