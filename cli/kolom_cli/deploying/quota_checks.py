"""Check names and quotas of CloudFront, and how many functions may run at the same time."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kolom_cli.deploying.account import client
from kolom_cli.deploying.findings import Preflight

_POLICIES: Final = 3
"""The response headers policies of a stack. An account may have 20 of its own."""
_MAX_POLICIES: Final = 20
"""The quota of new accounts. One that was raised cannot be read without another permission."""

_FEW_INVOCATIONS: Final = 100


def check_cdn(result: Preflight, stack: str, region: str, values: Mapping[str, str]) -> None:
    """Report response headers policies that are in the way of a new stack, because of their names or their number."""
    if values.get("Cdn", "on") == "off" or (result.stack is not None and result.stack.condition != "new"):
        return
    names = [
        each["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]["Name"]
        for each in _response_headers_policies(client("cloudfront"))
    ]
    if own := [name for name in names if name.startswith(f"{stack}-{region}-")]:
        fix = "delete them in the console of CloudFront, or use another --stack"
        result.add("problem", "CloudFront", f"policies of an earlier stack are left: {', '.join(own)}", fix)
    elif len(names) + _POLICIES > _MAX_POLICIES:
        fix = "delete some, or request a higher quota in Service Quotas"
        text = (
            f"the account has {len(names)} response headers policies, and this needs {_POLICIES} more; "
            f"the quota of a new account is {_MAX_POLICIES}"
        )
        result.add("warning", "CloudFront", text, fix)
    else:
        result.add("ok", "CloudFront", "names and quota of policies are free; a new account may have to be verified")


def _response_headers_policies(cloudfront: Any) -> Iterator[Mapping[str, Any]]:
    marker: dict[str, str] = {}
    while True:
        found = cloudfront.list_response_headers_policies(Type="custom", **marker)["ResponseHeadersPolicyList"]
        yield from found.get("Items", ())
        if not found.get("NextMarker"):
            return
        marker = {"Marker": found["NextMarker"]}


def check_lambda(result: Preflight) -> None:
    """Report a limit of functions that a blog with some readers would exceed."""
    limit = client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit < _FEW_INVOCATIONS:
        text = f"only {limit} functions may run at the same time in this account and region; requests beyond that fail"
        fix = "request 1,000 concurrent executions in Service Quotas (Lambda); this is free"
        result.add("warning", "Lambda", text, fix)
    else:
        result.add("ok", "Lambda", f"{limit:,} functions may run at the same time")
