"""Check whether CloudFormation can create the budget."""

import re
from collections.abc import Mapping
from typing import Final

from kolom_cli.deploying.findings import Findings

_WITHOUT_BUDGETS: Final = re.compile(
    r"af-south-1|ap-east-[12]|ap-northeast-3|ap-south-2|ap-southeast-[3-7]|ca-west-1|eu-central-2|eu-north-1"
    r"|eu-south-[12]|il-central-1|me-central-1|mx-central-1|us-gov-.*"
)
"""Regions in which CloudFormation has no type for budgets (docs/cost.md)."""


def has_budget(values: Mapping[str, str]) -> bool:
    """Return whether a stack with these parameters has a budget."""
    return bool(values.get("OwnerEmail")) and _wants_budget(values)


def _wants_budget(values: Mapping[str, str]) -> bool:
    return values.get("MonthlyBudget", "0") != "0"


def check_budget(result: Findings, region: str, values: Mapping[str, str]) -> None:
    """Report a budget that would not be created, or that CloudFormation would refuse."""
    if _wants_budget(values) and not has_budget(values):
        text = "there is none without an address for its mail"
        result.add("warning", "budget", text, "pass --parameter OwnerEmail=ADDRESS")
    elif has_budget(values) and not knows_budgets(region):
        text = f"CloudFormation has no type for budgets in {region}, so a deployment with MonthlyBudget is refused"
        fix = "create the budget yourself (docs/cost.md), and deploy with --parameter MonthlyBudget=0"
        result.add("problem", "budget", text, fix)


def knows_budgets(region: str) -> bool:
    """Return whether CloudFormation has a type for budgets in the region."""
    return _WITHOUT_BUDGETS.fullmatch(region) is None
