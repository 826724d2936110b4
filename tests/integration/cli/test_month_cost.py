"""`kolom status --cost`: the cost of this month by Cost Explorer, whose answers are fixed here."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.cli.cloudformation import error
from tests.integration.cli.rehearsal import Rehearsal, rehearse, with_blog


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """Yield an account with a deployed blog."""
    with rehearse(tmp_path, monkeypatch) as found:
        yield with_blog(found)


def costs(**amounts: str) -> list[dict[str, Any]]:
    groups = [
        {"Keys": [name], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}
        for name, amount in amounts.items()
    ]
    return [{"TimePeriod": {}, "Groups": groups, "Estimated": True}]


def tag(status: str) -> Mapping[str, Any]:
    return {"CostAllocationTags": [{"TagKey": "aws:cloudformation:stack-name", "Status": status}]}


def test_the_cost_of_the_stack_is_shown_by_service(deployed: Rehearsal) -> None:
    asked: list[dict[str, Any]] = []

    def answer(**request: Any) -> Mapping[str, Any]:
        asked.append({**request})
        if "NextPageToken" not in request:
            return {"ResultsByTime": costs(DynamoDB="0.1234", Lambda="0", SES="0.0016"), "NextPageToken": "more"}
        return {"ResultsByTime": costs(DynamoDB="0.01", Secrets="0.8")}

    deployed.answers["GetCostAndUsage"] = answer
    fields = deployed.kolom("status", "--cost", "--json").json
    assert fields["cost_this_month"] == {
        "total": "0.94 USD",
        "Secrets": "0.80 USD",
        "DynamoDB": "0.13 USD",
        "SES": "less than 0.01 USD",
    }
    today = datetime.now(UTC).date()
    period = {"Start": f"{today.replace(day=1)}", "End": f"{today + timedelta(days=1)}"}
    (first, _) = asked
    assert first["TimePeriod"] == period
    assert first["Filter"]["Tags"] == {
        "Key": "aws:cloudformation:stack-name",
        "Values": ["kolom"],
        "MatchOptions": ["EQUALS"],
    }
    assert "  total: 0.94 USD\n  Secrets: 0.80 USD\n" in deployed.kolom("status", "--cost").stdout


def test_cost_explorer_is_asked_only_if_wanted(deployed: Rehearsal) -> None:
    deployed.answers["GetCostAndUsage"] = AssertionError("asked")
    ran = deployed.kolom("status", "--json")
    assert ran.exit_code == 0
    assert "cost_this_month" not in ran.json


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("Inactive", "activate aws:cloudformation:stack-name as a cost allocation tag"),
        (None, "activate aws:cloudformation:stack-name as a cost allocation tag"),
        ("Active", "Cost Explorer has no costs of this stack for this month yet"),
    ],
)
def test_without_costs_the_reason_is_named(deployed: Rehearsal, status: str | None, said: str) -> None:
    deployed.answers |= {
        "GetCostAndUsage": {"ResultsByTime": costs()},
        "ListCostAllocationTags": {"CostAllocationTags": []} if status is None else tag(status),
    }
    ran = deployed.kolom("status", "--cost", "--json")
    assert ran.exit_code == 0
    assert said in ran.json["cost_this_month"]


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (error("GetCostAndUsage", "AccessDeniedException", "not authorized to perform: ce:x"), "allow ce:GetCostAnd"),
        (
            error("GetCostAndUsage", "AccessDeniedException", "User not enabled for cost explorer access"),
            "unknown: Cost Explorer is not enabled in this account",
        ),
        (error("GetCostAndUsage", "DataUnavailableException", "no"), "unknown: Cost Explorer has no data yet"),
        (error("GetCostAndUsage", "LimitExceededException", "slow"), "Cost Explorer answers LimitExceededException"),
    ],
    ids=["denied", "not enabled", "no data", "limit"],
)
def test_a_refused_request_is_one_sentence(deployed: Rehearsal, failure: ClientError, said: str) -> None:
    deployed.answers["GetCostAndUsage"] = failure
    fields = deployed.kolom("status", "--cost", "--json").json
    assert said in fields["cost_this_month"]
    assert "\n" not in fields["cost_this_month"]
    assert fields["tables"]["articles"]["items"] > 0


def test_a_denied_question_for_the_tag_is_one_sentence(deployed: Rehearsal) -> None:
    deployed.answers |= {
        "GetCostAndUsage": {"ResultsByTime": costs()},
        "ListCostAllocationTags": error("ListCostAllocationTags", "AccessDeniedException", "linked account"),
    }
    said = deployed.kolom("status", "--cost", "--json").json["cost_this_month"]
    assert "only the management account may read cost allocation tags" in said
