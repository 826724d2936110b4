"""A running blog responds as ``docs/openapi.json`` says to requests that schemathesis generates from the document.

The examples are the same in every run. ``API_EXAMPLES`` sets their number for each operation.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from email_validator import SPECIAL_USE_DOMAIN_NAMES
from hypothesis import HealthCheck, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckContext
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response

from tests.paths import PROJECT
from tests.serving import Site, send, served

DOCUMENT = PROJECT / "docs/openapi.json"
STATED = {
    "form_token": "is not a valid form token; reload the form",
    "parent_id": "the comment to reply to does not exist",
    "from": "must not be after `to`",
    "month": "needs a year",
    "path": "must not be missing, unless there is a url",
    "Idempotency-Key": "was already used for a different request",
}
"""The rules that a schema cannot express; the document describes them in words."""

config = SchemathesisConfig()
config.projects.default.generation.update(modes=[GenerationMode.POSITIVE])
schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text()), config=config)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """Start a blog with the sample articles and without moderation."""
    with served("ModerationMode=none", "CommentsPerMinute=100") as site:
        yield site


@pytest.fixture(scope="session")
def slug(site: Site) -> str:
    """Return the slug of an article."""
    return str(send(site, "/api/articles?limit=1")[1]["items"][0]["slug"])


def check_valid_requests_are_accepted(_: CheckContext, response: Response, case: "Case[Any]") -> None:
    """Check that a valid request is only rejected for a documented reason that a schema cannot express."""
    if response.status_code == 400:
        assert "cursor" in response.json()["detail"], response.text
        assert "cursor" in (case.query or {})
    if response.status_code == 422:
        for error in response.json()["errors"]:
            is_stated = STATED.get(error["field"]) == error["message"]
            assert is_stated or (error["field"] == "email" and not has_public_domain(case)), response.text
    assert response.status_code not in {413, 415}


def has_public_domain(case: "Case[Any]") -> bool:
    """Return whether the email address has a domain that is not reserved by RFC 6761."""
    body: Any = case.body
    domain = str(body["email"]).strip().lower().rpartition("@")[2]
    return not any(f".{domain}".endswith(f".{special}") for special in SPECIAL_USE_DOMAIN_NAMES)


@schema.parametrize()
@settings(
    max_examples=int(os.environ.get("API_EXAMPLES", "25")),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_responses_conform_to_the_openapi_document(case: Any, site: Site, slug: str) -> None:
    """Statuses, content types, headers and schemas are documented, and valid requests are accepted."""
    if "slug" in (case.path_parameters or {}) and len(str(case.path_parameters["slug"])) % 4:
        case.path_parameters["slug"] = slug
    case.call_and_validate(
        base_url=site,
        checks=[
            schemathesis.checks.not_a_server_error,
            schemathesis.checks.status_code_conformance,
            schemathesis.checks.content_type_conformance,
            schemathesis.checks.response_headers_conformance,
            schemathesis.checks.response_schema_conformance,
            check_valid_requests_are_accepted,
        ],
    )
