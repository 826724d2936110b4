"""The versions of a secret in Secrets Manager: add one, and make it the current one, if no other run was faster."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from botocore.exceptions import ClientError

from kolom.security.secret_cache import CURRENT, PENDING
from kolom_cli.deploying.account import client

_NAMESPACE: Final = UUID("6f1d2a5e-6f57-4b9c-9a55-0d3c8c2f7f11")
_NOT_CURRENT: Final = frozenset({"InvalidParameterException", "InvalidRequestException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretVersions:
    """The ids of the versions of a secret: the current one, and the one that is to replace it, if there is one."""

    secret_id: str
    current: str
    pending: str | None
    with_stage: frozenset[str]
    """The ids of all versions that have a stage. The others may be deleted at any time."""
    token: str
    """The id of the next version. Runs that see the same versions use the same id, so only one of them can add it."""


def find_versions(secret_id: str) -> SecretVersions:
    """Return the versions of a secret. A pending version that became the current one is not pending any more."""
    stages: dict[str, list[str]] = client("secretsmanager").describe_secret(SecretId=secret_id)["VersionIdsToStages"]
    by_stage = {stage: version for version, names in stages.items() for stage in names}
    current, pending = by_stage[CURRENT], by_stage.get(PENDING)
    return SecretVersions(
        secret_id=secret_id,
        current=current,
        pending=None if pending == current else pending,
        with_stage=frozenset(stages),
        token=str(uuid5(_NAMESPACE, repr(sorted(by_stage.items())))),
    )


def read_version(secret_id: str, version: str) -> tuple[str, datetime]:
    """Return the value of a version, and when it was added."""
    answer: dict[str, Any] = client("secretsmanager").get_secret_value(SecretId=secret_id, VersionId=version)
    return answer["SecretString"], answer["CreatedDate"]


def find_unfinished(versions: SecretVersions) -> datetime | None:
    """Return when the pending version was added; None if there is none, or if it is older than the current version.

    A version stays marked as pending when it has become the current one. If somebody then sets another value by hand,
    it is still marked, but it is not to become the current one again.
    """
    if versions.pending is None:
        return None
    added = read_version(versions.secret_id, versions.pending)[1]
    return added if added > read_version(versions.secret_id, versions.current)[1] else None


def add_pending(versions: SecretVersions, text: str) -> bool:
    """Add a pending version; return False if another run was faster."""
    try:
        client("secretsmanager").put_secret_value(
            SecretId=versions.secret_id,
            ClientRequestToken=versions.token,
            SecretString=text,
            VersionStages=[PENDING],
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceExistsException":
            raise
        return False
    return True


def make_current(versions: SecretVersions, version: str) -> bool:
    """Make a version the current one; return False if another run had changed the current one before.

    The version stays marked as pending, so that a process that reads the two stages just before and after this change
    gets it, too.
    """
    try:
        client("secretsmanager").update_secret_version_stage(
            SecretId=versions.secret_id,
            VersionStage=CURRENT,
            RemoveFromVersionId=versions.current,
            MoveToVersionId=version,
        )
    except ClientError as error:
        is_overtaken = error.response["Error"]["Code"] in _NOT_CURRENT
        if is_overtaken and find_versions(versions.secret_id).current != versions.current:
            return False
        raise
    return True
