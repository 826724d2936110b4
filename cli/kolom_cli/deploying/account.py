"""The AWS account, region and credentials of a deployment."""

import os
import shlex
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config

from kolom_cli.deploying.errors import DeploymentError

CONFIG: Final = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 6, "mode": "standard"})
_SETTINGS: Final = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")
"""The variables of the environment that a client depends on. If one changes, :func:`client` makes another client."""

_KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The account and the user or role of the credentials."""

    account_id: str
    arn: str

    @property
    def is_root(self) -> bool:
        """Whether these are the credentials of the account itself, which may do everything."""
        return self.arn.endswith(":root")


def select(profile: str | None, region: str | None) -> None:
    """Use this profile and region in this process, and in those that it starts."""
    if profile:
        # For botocore, keys in the environment take precedence over a profile in the environment.
        for name in _KEYS:
            os.environ.pop(name, None)
        os.environ["AWS_PROFILE"] = profile
    if region:
        os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region


def configured_region() -> str:
    """Return the region of the environment or the profile; empty if there is none."""
    return boto3.Session().region_name or ""


def aws_options() -> str:
    """Return the options with which the AWS CLI uses the profile and region of this process."""
    profile = os.environ.get("AWS_PROFILE")
    return shlex.join([*(("--profile", profile) if profile else ()), "--region", configured_region()])


def client(service: str, region: str | None = None) -> Any:
    """Return a client that retries throttled calls. All clients share one session, which asks for an MFA code once."""
    return _client(service, region, tuple(os.environ.get(name) for name in _SETTINGS))


@cache
def _client(service: str, region: str | None, _settings: tuple[str | None, ...]) -> Any:
    return boto3.client(service, region_name=region, config=CONFIG)  # type: ignore[call-overload]


def get_identity(region: str | None = None) -> Identity:
    """Return who the credentials belong to.

    :raises botocore.exceptions.ClientError: they are invalid or have expired, or the region is not enabled
    :raises botocore.exceptions.BotoCoreError: there are none, or no connection
    """
    answer = client("sts", region).get_caller_identity()
    return Identity(account_id=answer["Account"], arn=answer["Arn"])


def refuse_other_account(identity: Identity, account_id: str, stack: str) -> None:
    """Refuse credentials of another account than that of the stack.

    ``account_id`` is the account of the stack, or empty if it is not known.

    :raises DeploymentError: the account is another one
    """
    if account_id and account_id != identity.account_id:
        raise DeploymentError(
            f"kolom.toml says that the stack {stack} is in the account {account_id}, but the credentials are of "
            f"{identity.account_id}",
            "use another profile (--profile) or stack name (--stack), or change kolom.toml",
        )
