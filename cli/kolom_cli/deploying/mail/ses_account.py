"""The state of SES in an account and region: the sandbox, the quota, and whether it may send."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kolom_cli.deploying.account import client
from kolom_cli.deploying.answers import template_document
from kolom_cli.deploying.findings import Findings, Level
from kolom_cli.sam.intrinsics import Resolver
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames

_UNLIMITED: Final = -1
_MUCH: Final = 0.8
"""The share of the daily quota from which on there is a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SesAccount:
    """SES in an account and region. ``review`` is the state of the request to leave the sandbox, empty without one."""

    may_send: bool
    standing: str
    is_in_sandbox: bool
    daily_quota: int
    sent: int
    review: str
    case: str


def read_account() -> SesAccount:
    """Return the state of SES."""
    found: Mapping[str, Any] = client("sesv2").get_account()
    quota = found.get("SendQuota", {})
    review = found.get("Details", {}).get("ReviewDetails", {})
    return SesAccount(
        may_send=found.get("SendingEnabled", True),
        standing=found.get("EnforcementStatus", ""),
        is_in_sandbox=not found.get("ProductionAccessEnabled", False),
        daily_quota=int(quota.get("Max24HourSend", _UNLIMITED)),
        sent=int(quota.get("SentLast24Hours", 0)),
        review=review.get("Status", ""),
        case=review.get("CaseId", ""),
    )


def has_ses(region: str) -> bool:
    """Return whether a stack in the region sends mail: CloudFormation has no SES in some."""
    document = template_document()
    values = parameter_values(document["Parameters"], {"SiteUrl": "https://blog.example"})
    names = ResourceNames(document["Resources"], {})
    resolver = names.resolver = Resolver(document, {**values, "AWS::Region": region}, names)
    return bool(resolver.condition("HasSes"))


def check_account(found: Findings, account: SesAccount, level: Level) -> None:
    """Report why SES refuses or will refuse mail of this account; ``level`` is that of what it refuses now."""
    if not account.may_send or account.standing == "SHUTDOWN":
        fix = "read the mail of AWS about it, and answer in the console of SES"
        found.add(level, "mail", "SES has stopped sending for this account", fix)
    elif account.standing == "PROBATION":
        fix = "read the mail of AWS about it: too much mail bounces or is reported as spam"
        found.add("warning", "mail", "SES reviews this account, and may stop sending", fix)
    if account.daily_quota == _UNLIMITED or account.sent < _MUCH * account.daily_quota:
        return
    is_used_up = account.sent >= account.daily_quota
    text = f"{account.sent} of the {account.daily_quota} mails that may be sent in 24 hours are sent"
    fix = "wait (Kolom retries mail for a day), or request a higher quota in Service Quotas (Amazon SES)"
    found.add(level if is_used_up else "warning", "mail", text, fix)
