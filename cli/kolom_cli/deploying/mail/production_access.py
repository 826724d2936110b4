"""The request to leave the sandbox of SES."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kolom.mail.digests import MAX_SINGLE
from kolom_cli.deploying.account import client
from kolom_cli.deploying.errors import DeploymentError

_CONSOLES: Final = {"us-gov": "console.amazonaws-us-gov.com"}
_HOURS: Final = 24
_USE_CASE: Final = Path(__file__).parent / "use_case.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionRequest:
    """What AWS asks for before an account may send to everyone."""

    website: str
    use_case: str
    console: str


def write_request(*, title: str, website: str, region: str) -> ProductionRequest:
    """Return the request for a blog, with what its mail is and how it treats bounces."""
    owner_mails = (MAX_SINGLE + 1) * _HOURS
    use_case = _USE_CASE.read_text("utf-8").format(title=title, website=website, mails=owner_mails).strip()
    return ProductionRequest(website=website, use_case=use_case, console=console_url(region))


def console_url(region: str) -> str:
    """Return the page of the console that requests production access."""
    host = next((host for prefix, host in _CONSOLES.items() if region.startswith(prefix)), "console.aws.amazon.com")
    return f"https://{host}/ses/home?region={region}#/account"


def submit(request: ProductionRequest) -> None:
    """Send the request to AWS, in the name of the account.

    :raises DeploymentError: AWS has one already
    """
    ses = client("sesv2")
    try:
        ses.put_account_details(
            MailType="TRANSACTIONAL",
            WebsiteURL=request.website,
            ContactLanguage="EN",
            UseCaseDescription=request.use_case,
            ProductionAccessEnabled=True,
        )
    except ses.exceptions.ConflictException as error:
        raise DeploymentError("AWS has another request of this account already", f"see {request.console}") from error
