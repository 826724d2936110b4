"""What a stack has cost this month, by Cost Explorer. A request to it costs 0.01 USD."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from botocore.exceptions import ClientError

from kolom.errors import KolomError
from kolom_cli.deploying.account import client
from kolom_cli.deploying.findings import is_denied

TAG: Final = "aws:cloudformation:stack-name"
"""CloudFormation gives this tag to the resources of a stack. Cost Explorer knows it if it is activated for costs."""

_METRIC: Final = "UnblendedCost"
_NO_DATA: Final = frozenset({"DataUnavailableException", "BillExpirationException"})
_LATE: Final = "AWS adds costs up to a day later"


class CostUnknown(KolomError):
    """The cost cannot be told; the text says why."""


def month_cost(stack: str, today: date) -> Mapping[str, str]:
    """Return the total of this month until now, and the cost of each service, the highest first. One request, or two.

    :raises CostUnknown: Cost Explorer has no data, or may not be asked
    """
    try:
        amounts, unit = _by_service(stack, today)
        if not amounts and not _is_active():
            raise CostUnknown(
                f"unknown, because the costs of this stack are not separated from others: activate {TAG} as a cost "
                "allocation tag (console of Billing, Cost allocation tags); costs from then on appear within a day"
            )
    except ClientError as error:
        raise CostUnknown(_explain(error)) from error
    if not amounts:
        raise CostUnknown(f"unknown: Cost Explorer has no costs of this stack for this month yet; {_LATE}")
    total = sum(amounts.values(), Decimal())
    ordered = sorted(amounts.items(), key=lambda each: (-each[1], each[0]))
    return {"total": _format(total, unit), **{name: _format(amount, unit) for name, amount in ordered}}


def _by_service(stack: str, today: date) -> tuple[dict[str, Decimal], str]:
    """Return the cost of each service that is not zero, and the currency."""
    request: dict[str, Any] = {
        "TimePeriod": {"Start": f"{today.replace(day=1)}", "End": f"{today + timedelta(days=1)}"},
        "Granularity": "MONTHLY",
        "Metrics": [_METRIC],
        "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}],
        "Filter": {"Tags": {"Key": TAG, "Values": [stack], "MatchOptions": ["EQUALS"]}},
    }
    amounts: dict[str, Decimal] = {}
    unit = "USD"
    while True:
        answer = client("ce").get_cost_and_usage(**request)
        for group in (group for period in answer["ResultsByTime"] for group in period["Groups"]):
            cost = group["Metrics"][_METRIC]
            unit = cost["Unit"]
            name = group["Keys"][0]
            amounts[name] = amounts.get(name, Decimal()) + Decimal(cost["Amount"])
        if not answer.get("NextPageToken"):
            return {name: amount for name, amount in amounts.items() if amount}, unit
        request["NextPageToken"] = answer["NextPageToken"]


def _is_active() -> bool:
    tags = client("ce").list_cost_allocation_tags(TagKeys=[TAG])["CostAllocationTags"]
    return any(each["Status"] == "Active" for each in tags)


def _explain(error: ClientError) -> str:
    code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in _NO_DATA:
        return f"unknown: Cost Explorer has no data yet; {_LATE}, and its first data a day after it was enabled"
    if is_denied(error) and "not enabled" in text:
        return "unknown: Cost Explorer is not enabled in this account: open it once in the console of Billing"
    if is_denied(error):
        return (
            f"unknown: AWS denied {error.operation_name}: allow ce:{error.operation_name}, and access to billing for "
            "IAM users; in an organization, only the management account may read cost allocation tags"
        )
    return f"unknown: Cost Explorer answers {code}: {text}"


def _format(amount: Decimal, unit: str) -> str:
    return f"{amount:.2f} {unit}" if amount >= Decimal("0.005") or not amount else f"less than 0.01 {unit}"
