"""Connect the command line to a stack: set the AWS environment, and the settings from the outputs of the stack."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from kolom.config import settings
from kolom.errors import ConfigurationError
from kolom_cli import project_file
from kolom_cli.sam.create_tables import create_tables
from kolom_cli.sam.defaults import LOCAL_SITE, TEMPLATE
from kolom_cli.sam.loader import load

DEFAULT_STACK: Final = "kolom"
LOCAL_ENDPOINT: Final = "http://127.0.0.1:8081"

OUTPUTS: Final = {
    "SiteUrl": "SITE_URL",
    "SiteTitle": "SITE_TITLE",
    "SiteDescription": "SITE_DESCRIPTION",
    "Languages": "LANGUAGES",
    "TimeZone": "TIME_ZONE",
    "ArticlesTable": "ARTICLES_TABLE",
    "SearchTable": "SEARCH_TABLE",
    "CommentsTable": "COMMENTS_TABLE",
    "GuardTable": "GUARD_TABLE",
    "MessagesTable": "MESSAGES_TABLE",
    "OutboxTable": "OUTBOX_TABLE",
    "OwnerEmail": "OWNER_EMAIL",
    "MailFrom": "MAIL_FROM",
    "SpamDays": "SPAM_DAYS",
    "EmailDays": "EMAIL_DAYS",
    "MessageDays": "MESSAGE_DAYS",
    "MediaBucket": "MEDIA_BUCKET",
    "SecretName": "SECRET_NAME",
}
"""The environment variable of :class:`kolom.config.Settings` for each output of the stack."""

_LOCAL_HINT: Final = (
    ". Is `kolom serve` running? If it was started with --port PORT, use --endpoint-url http://127.0.0.1:<PORT+1>"
)
_OPTIONAL: Final = {"OwnerEmail", "MailFrom"}
_STACK_ONLY: Final = {"MediaBucket", "SecretName"}
_DUMMY: Final = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_EC2_METADATA_DISABLED": "true"}
_REGION: Final = "us-east-1"


class StackNotFound(ConfigurationError):
    """The stack does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The stack to connect to; ``endpoint_url`` replaces AWS."""

    stack: str = DEFAULT_STACK
    endpoint_url: str | None = None
    local: bool = False

    @property
    def endpoint(self) -> str | None:
        """The endpoint given by its URL or by ``--local``."""
        return self.endpoint_url or (LOCAL_ENDPOINT if self.local else None)

    @property
    def is_aws(self) -> bool:
        """Whether the endpoint is AWS."""
        host = urlsplit(self.endpoint or "").hostname or ""
        return not host or host.endswith((".amazonaws.com", ".api.aws"))

    @property
    def allows_tables_only(self) -> bool:
        """Whether the stack may be missing: only at ``endpoint_url``, outside AWS, if no stack was named."""
        return self.endpoint_url is not None and not self.is_aws and self.stack == DEFAULT_STACK


def connect(target: Target) -> None:
    """Set the environment of this process for ``target``. Call it before :func:`kolom.config.settings` is first read.

    The outputs of the stack take precedence over the environment. An endpoint without a stack, such as DynamoDB Local,
    has only tables: missing tables are created from the template, with names from the environment or the template's
    defaults.

    :raises StackNotFound: the stack does not exist
    :raises botocore.exceptions.BotoCoreError: there are no credentials, or no connection
    """
    set_environment(target)
    outputs = _outputs(target)
    if outputs is None:
        _use_tables_only()
    else:
        os.environ.update({variable: outputs[name] for name, variable in OUTPUTS.items() if name in outputs})
        # If the stack has no value for an optional setting, the value of the shell must not be used.
        for name in _OPTIONAL - outputs.keys():
            os.environ.pop(OUTPUTS[name], None)
        if dynamodb_endpoint := outputs.get("DynamoDBEndpoint"):  # A local stack whose tables are in another process.
            os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb_endpoint
    settings.cache_clear()


def set_environment(target: Target) -> None:
    """Set the endpoint, credentials and region in the environment, for the clients of ``target``.

    The region is that of the environment. Without one, it is that of the stack in ``kolom.toml``, or
    ``us-east-1`` at an endpoint on this machine. With ``--local``, it is always ``us-east-1``.
    """
    endpoint = target.endpoint
    if endpoint is not None:
        for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
            del os.environ[name]
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        os.environ.pop("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", None)
        # Only AWS has a separate endpoint for each account.
        os.environ["AWS_ACCOUNT_ID_ENDPOINT_MODE"] = "disabled"
        if is_loopback(endpoint):
            _use_dummy_account(force=target.local)
    # botocore reads AWS_DEFAULT_REGION, Lambda sets AWS_REGION.
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region and endpoint is None:
        region = project_file.read_entry(project_file.PROJECT_FILE, target.stack).region
    if region:
        os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region


def _use_dummy_account(*, force: bool) -> None:
    """Set dummy credentials and a region. Those of the environment are replaced only with ``force``."""
    has_own = "AWS_ACCESS_KEY_ID" in os.environ or "AWS_PROFILE" in os.environ
    if force or not has_own:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
        os.environ.update(_DUMMY)
    if force or not (os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")):
        os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = _REGION


def is_loopback(url: str) -> bool:
    """Return whether ``url`` is on this machine.

    With ``--local``, or if the environment names no credentials, dummy ones are used for such a URL.
    """
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _outputs(target: Target) -> Mapping[str, str] | None:
    """Return the outputs of the stack; None if the endpoint has only tables.

    An endpoint outside AWS that does not know CloudFormation, such as DynamoDB Local, has only tables, whatever the
    name of the stack.
    """
    config = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 3, "mode": "standard"})
    client = boto3.client("cloudformation", config=config)
    try:
        stacks = client.describe_stacks(StackName=target.stack)["Stacks"]
    except ResponseParserError:
        if target.is_aws:
            raise
        return None
    except ClientError as error:
        missing = error.response["Error"]["Code"] == "ValidationError"
        if missing and not target.allows_tables_only:
            location = f" at {target.endpoint}" if target.endpoint else f" in {client.meta.region_name}"
            raise StackNotFound(
                f"no stack {target.stack!r}{location}: specify another one with --stack, or deploy it first"
            ) from error
        if target.is_aws:
            raise
        return None
    return {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}


def _use_tables_only() -> None:
    """Use the template's defaults for missing variables, and create the tables. The endpoint has nothing else."""
    if not TEMPLATE.is_file():
        raise StackNotFound("this endpoint has no stack, and there is no template.yaml to create its tables from")
    own = {name: os.environ[variable] for name, variable in OUTPUTS.items() if variable in os.environ}
    tables = {f"{name}Name": value for name, value in own.items() if name.endswith("Table")}
    template = load(TEMPLATE, {"SiteUrl": LOCAL_SITE, **tables})
    for name, variable in OUTPUTS.items():
        if name in template.outputs and name not in _STACK_ONLY:
            os.environ.setdefault(variable, template.outputs[name])
    create_tables(boto3.client("dynamodb"), template.tables.values())


def explain(error: BotoCoreError | ClientError) -> str:
    """Return a one-line message for an error of an AWS call."""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        if code in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}:
            return f"AWS denied access: {error.response['Error'].get('Message', code)}"
        if code in {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}:
            return "AWS rejected the credentials: they may have expired"
        if code == "ResourceNotFoundException":
            return f"AWS resource not found: {error.response['Error'].get('Message', code)}"
        return f"AWS error {code}: {error.response['Error'].get('Message', '')}".rstrip(": ")
    name = type(error).__name__
    if name == "NoCredentialsError":
        return "no AWS credentials found: run `aws configure`, or use --local for the local stack"
    if name == "NoRegionError":
        return "no AWS region is set: set AWS_REGION, or use --local for the local stack"
    if name in {"EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError"}:
        return f"{error}".rstrip(".") + _LOCAL_HINT * ("127.0.0.1" in str(error))
    return " ".join(str(error).split())
