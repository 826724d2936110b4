"""The check of `kolom doctor` whether the sender of a stack may send."""

from collections.abc import Mapping

from kolom.errors import KolomError
from kolom_cli.deploying.findings import Findings
from kolom_cli.deploying.mail.addresses import read_addresses
from kolom_cli.deploying.mail.identities import find_verified
from kolom_cli.deploying.mail.ses_account import check_account, has_ses, read_account


def check_sender(found: Findings, region: str, values: Mapping[str, str]) -> None:
    """Report whether mail can be sent with these parameters. Nothing of this prevents a deployment."""
    try:
        addresses = read_addresses(values)
    except KolomError as error:
        found.add("warning", "mail", str(error), "pass the right one with --parameter")
        return
    for name, value in addresses.to_parameters(values).items():
        if value != values.get(name, ""):
            text = f"{name} is {values[name]!r}, but mail from {addresses.sender} needs {value!r}"
            found.add("warning", "mail", text, f"pass --parameter {name}={value}")
    if not addresses.sender:
        found.add("warning", "mail", "no address is set, so no mail is sent", "pass --parameter OwnerEmail=ADDRESS")
        return
    if not has_ses(region):
        fix = "use another region if you need mail (docs/deploy.md, Regions)"
        found.add("warning", "mail", f"CloudFormation has no SES in {region}, so no mail is sent", fix)
        return
    account = read_account()
    check_account(found, account, "warning")
    if account.is_in_sandbox:
        text = f"SES is in the sandbox in {region}: it sends only to verified addresses"
        found.add("warning", "mail", text, "after the deployment, run `kolom mail setup`, which prepares the request")
    if find_verified(addresses.permitted) is None:
        text = f"neither {addresses.sender} nor its domain is verified in SES in {region}, so mail cannot be sent"
        found.add("warning", "mail", text, "after the deployment, run `kolom mail setup`")
    else:
        found.add("ok", "mail", f"{addresses.sender} may send")
