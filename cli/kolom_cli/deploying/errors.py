"""Errors of a deployment with what the user can do, and the fixes for common reasons of CloudFormation."""

import re
from typing import Final

from kolom.errors import KolomError

_VERIFY: Final = (
    "AWS must verify a new account before it may use CloudFront: open a case with AWS Support (Account and "
    "billing), or deploy without CloudFront for now: --parameter Cdn=off"
)
_PERMIT: Final = "add this permission to the user or role that deploys; `kolom doctor` checks the most important ones"
_MOVE_DOMAIN: Final = (
    "another distribution has this domain, or its DNS record leads to one: remove the domain there first "
    "(docs/deploy.md, The address)"
)
_CORRECT_CERTIFICATE: Final = "the certificate must be issued, be in us-east-1, and cover the domain"
_CLEAR_RECORD: Final = (
    "the domain has a record already, which is not overwritten: delete it, or let it lead to the distribution"
)
_RENAME: Final = (
    "something else has this name: delete it, import it (`kolom import-resources`), or use another stack name (--stack)"
)
_RAISE_QUOTA: Final = "request a higher quota in Service Quotas, or delete what you do not use"
_REPEAT: Final = "run the command again"
_CORRECT: Final = "correct the cause, then run the command again"
_FIXES: Final = (
    (r"must be verified|account.*verif", _VERIFY),
    (r"not authorized|AccessDenied|access denied|is not allowed", _PERMIT),
    (r"CNAMEAlreadyExists|CNAMEs you provided are already|incorrectly configured DNS record", _MOVE_DOMAIN),
    (r"ViewerCertificate|certificate", _CORRECT_CERTIFICATE),
    (r"resource record set", _CLEAR_RECORD),
    (r"already exists|AlreadyExists|ResourceInUse|ResourceExistenceCheck", _RENAME),
    (r"Rate exceeded|Throttling|ServiceUnavailable|InternalFailure|Internal error", _REPEAT),
    (r"LimitExceeded|limit exceeded|exceeds? .*(limit|quota)|TooMany|maximum number|quota", _RAISE_QUOTA),
)
"""Patterns of reasons, each with what to do. The first one that matches is used."""


class DeploymentError(KolomError):
    """A step of a deployment failed or was refused; ``text`` says why, and ``fix`` what to do."""

    def __init__(self, text: str, fix: str) -> None:
        super().__init__(f"{text}\n  Fix: {fix}")
        self.text = text
        self.fix = fix


def fix_for(reason: str) -> str:
    """Return what to do about the reason that CloudFormation gives for a failure."""
    return next((fix for pattern, fix in _FIXES if re.search(pattern, reason, re.IGNORECASE)), _CORRECT)
