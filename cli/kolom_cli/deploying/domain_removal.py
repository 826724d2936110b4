"""Delete what was created for the domain of a site, and only that."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from kolom_cli.connection import explain
from kolom_cli.deploying.certificates import delete_certificates, find_certificate
from kolom_cli.deploying.findings import is_denied
from kolom_cli.deploying.stack import Stack


def delete_unused(owner: str, used: str) -> Iterator[str]:
    """Delete the certificates that were requested for the stack, except the one that it uses; yield what was done."""
    try:
        yield from delete_certificates(owner, keep=used)
    except ClientError as error:
        if not is_denied(error):
            raise
        yield f"warning: certificates that are not used any more could not be deleted: {explain(error)}"


def release(owner: str, stack: Stack | None) -> Iterator[str]:
    """Delete the certificates of a stack that was deleted, and yield what was done and what is left.

    CloudFormation has deleted the records that the stack had. ``stack`` is None if an earlier run has deleted it.
    """
    yield from delete_unused(owner, "")
    values = {} if stack is None else stack.parameters
    if (arn := values.get("CertificateArn")) and _may_exist(arn):
        yield f"kept the certificate {arn}"
    if (name := values.get("Domain")) and not values.get("HostedZoneId"):
        yield f"kept the DNS records of {name}, which `kolom deploy` did not create: delete those that lead to the site"


def _may_exist(arn: str) -> bool:
    try:
        return find_certificate(arn) is not None
    except ClientError as error:
        if not is_denied(error):
            raise
        return True
