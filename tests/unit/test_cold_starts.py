"""Functions that answer readers import only what they need: every import lengthens their cold starts."""

import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from typing import Final

import pytest

from tests.paths import PROJECT

HEAVY: Final = frozenset(
    {
        *("Stemmer", "altcha", "boto3", "email_validator", "feedgenerator", "idna", "itsdangerous", "jinja2", "lxml"),
        *("markdown_it", "nh3", "pydantic", "rapidfuzz", "regex", "tenacity", "ulid"),
    }
)
"""Libraries that not every function needs."""

SHARED: Final = frozenset({"http", "models", "rendering"})
"""Packages of the layer that every function for readers needs."""

LOADED: Final[dict[str, tuple[set[str], set[str]]]] = {
    "fetch_articles": ({"articles"}, set()),
    "fetch_comments": ({"articles", "comments"}, set()),
    "search_articles": ({"articles", "search"}, {"Stemmer", "regex"}),
    "serve_feeds": ({"articles", "comments", "feeds", "i18n"}, {"feedgenerator", "nh3"}),
    "serve_pages": ({"articles", "comments", "feeds", "i18n", "pages", "search", "submissions"}, {"jinja2"}),
    "submit_contact": (
        {"contact", "pages", "security", "submissions"},
        {"altcha", "itsdangerous", "markdown_it", "nh3", "regex", "tenacity", "ulid"},
    ),
    "write_comments": (
        {"articles", "comments", "pages", "security", "submissions"},
        {"altcha", "itsdangerous", "markdown_it", "nh3", "regex", "tenacity", "ulid"},
    ),
}
"""The packages of the layer and the heavy libraries that each function for readers imports."""

FUNCTIONS: Final = sorted(path.parent.name for path in PROJECT.glob("functions/*/app.py"))


@cache
def modules_of(*functions: str) -> frozenset[str]:
    """Return the names of all modules that the imports of functions load in one process."""
    names = ", ".join(f"functions.{function}.app" for function in functions)
    code = f"import sys, {names}; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    return frozenset(result.stdout.split())


@pytest.mark.parametrize("function", LOADED)
def test_a_function_for_readers_imports_only_what_it_needs(function: str) -> None:
    modules = modules_of(function)
    packages = {name.split(".")[1] for name in modules if name.startswith("kolom.") and name.count(".") > 1}
    assert packages >= SHARED
    assert (packages - SHARED, set(HEAVY & modules)) == LOADED[function]


def test_no_function_imports_pydantic_or_the_validation_of_powertools() -> None:
    """They took a fifth to a quarter of the time to import a function that returns JSON."""
    validation = {"dependant", "encoders", "models", "params", "schema_generator"}
    modules = modules_of(*FUNCTIONS)
    assert not {"annotated_types", "pydantic", "pydantic_core"} & modules
    assert not {f"aws_lambda_powertools.event_handler.openapi.{name}" for name in validation} & modules


def test_no_function_imports_the_x_ray_sdk() -> None:
    """It took a fifth of the time of each import. It is installed here, because moto needs it."""
    assert find_spec("aws_xray_sdk")
    assert not {"aws_xray_sdk", "wrapt"} & modules_of(*FUNCTIONS)


def test_the_pages_import_only_one_module_of_the_submission_pipeline() -> None:
    submissions = {name for name in modules_of("serve_pages") if name.startswith("kolom.submissions.")}
    assert submissions == {"kolom.submissions.reasons"}
