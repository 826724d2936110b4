"""Mail to the owner: whether a suppression list stops it, and a test mail."""

from contextlib import suppress
from typing import Final

from botocore.exceptions import ClientError
from markupsafe import escape

from kolom.config import settings
from kolom.mail import suppression
from kolom.mail.composer import OutgoingMail, sender_header
from kolom.mail.renderer import header_text
from kolom.security import signing
from kolom_cli.connection import explain
from kolom_cli.deploying.account import aws_options, client
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.mail.report import SetupReport

_REASON: Final = "it bounced or was reported as spam"
_FIXES: Final = {
    "MessageRejected": "in the sandbox, both addresses must be verified: run the command again when they are",
    "MailFromDomainNotVerifiedException": "create the records MX and TXT of the MAIL FROM domain (docs/mail.md)",
    "SendingPausedException": "turn on sending for the configuration set or the account, in the console of SES",
    "AccountSuspendedException": "read the mail of AWS about it, and answer in the console of SES",
    "LimitExceededException": "the quota of 24 hours is used up: wait, or request a higher one",
    "TooManyRequestsException": "wait a minute, then run the command again",
    "AccessDeniedException": "allow the call SendEmail to the user or role of these credentials",
}


def check_suppression(found: SetupReport, owner: str) -> None:
    """Report a suppression list that stops mail to the owner: that of SES, or that of the blog."""
    ses = client("sesv2")
    with found.step("suppression"), suppress(ses.exceptions.NotFoundException):
        ses.get_suppressed_destination(EmailAddress=owner)
        fix = f"aws sesv2 delete-suppressed-destination {aws_options()} --email-address {owner}"
        found.add("problem", "suppression", f"SES sends no mail to {owner}: {_REASON}", fix)
    with found.step("suppression"):
        if suppression.find_reason(owner, signing.load_keys()) is not None:
            text = f"the blog sends no mail to {owner}: {_REASON}"
            found.add("problem", "suppression", text, found.commands.allow(owner))


def send_test(owner: str, configuration_set: str) -> str:
    """Send a mail to the owner as the blog would, but with the credentials of this command; return SES's id of it.

    :raises DeploymentError: SES refuses it
    """
    title, url = settings().site_title, settings().site_url
    text = (
        f"This is a test of the mail of your blog {title}, {url}.\n\n"
        "If this mail is in the folder for spam, check the records of `kolom mail setup`: without DKIM and DMARC, "
        "other providers trust mail less."
    )
    mail = OutgoingMail(
        sender=sender_header(),
        to=owner,
        subject=header_text(f"Test mail of {title}"),
        text=text,
        html="".join(f"<p>{escape(paragraph)}</p>\n" for paragraph in text.split("\n\n")),
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        return str(client("sesv2").send_email(**mail.to_request(configuration_set))["MessageId"])
    except ClientError as error:
        fix = _FIXES.get(error.response["Error"]["Code"], "correct the cause, then run the command again")
        raise DeploymentError(f"SES refuses the test mail: {explain(error)}", fix) from error
