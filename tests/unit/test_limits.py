"""Field lengths are defined once, in :mod:`kolom.limits`, and used everywhere else."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from kolom.i18n.locale import available_languages
from kolom.limits import FIELD_LIMITS
from kolom.pages import templating
from kolom.pages.forms import COMMENT, CONTACT
from tests.paths import PROJECT

MESSAGES = PROJECT / "layers/shared/kolom/i18n/messages"
TEMPLATES = Path(templating.__file__).parent / "templates"
GENERATED = "kolom-limits.js"
WIDGETS = [path for path in sorted((PROJECT / "frontend/widgets").glob("*.js")) if path.name != GENERATED]
SOURCES = [
    *(PROJECT / "layers/shared/kolom/submissions").glob("*.py"),
    *(PROJECT / "layers/shared/kolom/pages").glob("*.py"),
    *(PROJECT / "layers/shared/kolom").glob("*/*schemas.py"),
    *(PROJECT / "functions").glob("*/app.py"),
]
# The honeypot field.
TECHNICAL = {"max_length=4_096"}


class MaxLengths(HTMLParser):
    """Collects the `maxlength` of each named field of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, int] = {}
        self.feed(html)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("maxlength"):
            self.found[str(values["name"])] = int(str(values["maxlength"]))


def request_limits(schema: dict[str, Any]) -> dict[str, int]:
    """Return the `maxLength` of each property of a schema, including those in alternatives."""
    limits = {}
    for name, each in schema["properties"].items():
        if found := [part["maxLength"] for part in (each, *each.get("anyOf", ())) if "maxLength" in part]:
            limits[name] = found[0]
    return limits


@pytest.mark.parametrize("name", ["CommentIn", "MessageIn"])
def test_the_openapi_document_has_these_limits(name: str) -> None:
    schemas = json.loads((PROJECT / "docs/openapi.json").read_text("utf-8"))["components"]["schemas"]
    stated = {field: limit for field, limit in request_limits(schemas[name]).items() if field in FIELD_LIMITS}
    assert stated
    assert stated == {field: FIELD_LIMITS[field] for field in stated}


def test_the_forms_of_the_pages_have_these_limits() -> None:
    for form in (COMMENT, CONTACT):
        assert {field.name: field.limit for field in form.fields} == {
            field.name: FIELD_LIMITS[field.name] for field in form.fields
        }


@pytest.mark.parametrize("page", ["comments.md", "mail.md"])
def test_the_forms_in_the_documentation_have_these_limits(page: str) -> None:
    stated = MaxLengths((PROJECT / "docs" / page).read_text("utf-8")).found
    assert stated
    assert stated == {name: FIELD_LIMITS[name] for name in stated}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_module_repeats_a_limit(path: Path) -> None:
    assert set(re.findall(r"(?:max_length|limit)=[\d_]+", path.read_text("utf-8"))) <= TECHNICAL


@pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_no_template_repeats_a_limit(path: Path) -> None:
    assert re.findall(r'maxlength="\d', path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", WIDGETS, ids=lambda path: path.name)
def test_no_element_repeats_a_limit(path: Path) -> None:
    numbers = {f"{limit}" for limit in FIELD_LIMITS.values()} | {f"{limit:_}" for limit in FIELD_LIMITS.values()}
    stated = re.findall(r"\b(?:limit|maxlength|MAX_\w+)\b\"?\s*[:=]\s*\"?(\d[\d_]*)", path.read_text("utf-8"))
    assert numbers.isdisjoint(stated)


@pytest.mark.parametrize("language", sorted(available_languages()))
def test_no_message_repeats_a_limit(language: str) -> None:
    """Limits are inserted into messages as values."""
    strings = json.loads((MESSAGES / f"{language}.json").read_text("utf-8"))["strings"]
    numbers = {key: text for key, text in strings.items() if re.search(r"\d{2}", text)}
    assert numbers.keys() == {"search.tips.dates"}  # an example of a query
