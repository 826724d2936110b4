"""Read the deployed site, and print what does not work."""

from kolom_cli.deploying import answers, site_check
from kolom_cli.deploying.domain import missing_address
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.stack import Stack
from kolom_cli.terminal import console


def read_site(stack: Stack, command: str) -> None:
    """Read the parts of the site, and its address and domain. ``command`` is what the user runs again.

    :raises DeploymentError: a part does not work
    """
    url = answers.own_url(stack.outputs)
    _print(f"Reading the site at {url}")
    parts = list(site_check.read_site(url, has_files="DistributionDomain" in stack.outputs))
    if not any(part.is_answered for part in parts):
        _print(f"warning: {url} cannot be connected to from here, so it was not read: {parts[0].problem}")
        return
    broken = [part for part in parts if part.problem]
    for part in broken:
        _print(f"  {part.name}: {part.url} {part.problem}")
    if broken:
        raise DeploymentError(
            "the stack is deployed, but a part of the site does not work",
            f"look at the logs of the functions (docs/operate.md), then run `{command}` again",
        )
    _check_addresses(stack, url)


def _check_addresses(stack: Stack, own_url: str) -> None:
    """Say what is missing if the address of the site, or its domain, does not lead to it."""
    site_url = stack.outputs["SiteUrl"]
    domain_url = f"https://{stack.parameters['Domain']}" if stack.parameters.get("Domain") else own_url
    for url in dict.fromkeys((site_url, domain_url)):
        if url == own_url or site_check.deployed_version(url) is not None:
            continue
        if url == domain_url:
            for line in missing_address(stack):
                _print(line)
        else:
            domain = stack.outputs.get("DistributionDomain")
            advice = (
                f"point its DNS record to {domain}"
                if domain
                else f"what answers there must forward requests to {own_url}"
            )
            _print(f"warning: {url} does not lead to the site yet: {advice} (docs/deploy.md)")


def _print(text: str) -> None:
    console.err().print(text, markup=False, highlight=False, soft_wrap=True)
