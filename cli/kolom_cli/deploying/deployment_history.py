"""Record the deployments of a stack in its bucket for uploads, also if several runs do so at the same time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from kolom.models import schema
from kolom_cli.deploying.deployment_log import DeploymentLog, LogError, RecordedDeployment, parse_log
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.upload_bucket import UploadBucket

_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class DeploymentHistory:
    """The log of deployments in a bucket."""

    bucket: UploadBucket

    @property
    def key(self) -> str:
        """The key of the log."""
        return f"{self.bucket.stack}/deployments.json"

    def read(self) -> DeploymentLog:
        """Return the log, which is empty if nothing was recorded.

        :raises DeploymentError: the log cannot be read
        """
        return self._read()[0]

    def begin(self, deployment: RecordedDeployment, *, changes_stack: bool) -> bool:
        """Record that a deployment begins; return False if it changes nothing, so that there is nothing to record."""
        if not changes_stack and self.read().is_current(deployment):
            return False
        self._change(lambda log: log.begin(deployment))
        return True

    def finish(self, deployment: RecordedDeployment, parameters: Mapping[str, str]) -> None:
        """Record that a deployment is complete, and the parameters of the stack."""
        self._change(lambda log: log.finish(deployment, parameters))

    def _read(self) -> tuple[DeploymentLog, str | None]:
        found = self.bucket.read(self.key)
        if found is None:
            return DeploymentLog(), None
        try:
            return parse_log(found[0]), found[1]
        except LogError as error:
            raise DeploymentError(
                f"the record of deployments cannot be read: {error}",
                f"use the latest version of Kolom; or delete the object s3://{self.bucket.name}/{self.key}: "
                "`kolom deploy` then begins a new record",
            ) from error

    def _change(self, change: Callable[[DeploymentLog], DeploymentLog]) -> None:
        content = b""
        for _ in range(_ATTEMPTS):
            log, etag = self._read()
            if log.to_json() == content:
                return  # The last attempt has written it, and its response was lost.
            content = change(log).to_json()
            if self.bucket.write_if_unchanged(self.key, content, etag):
                return
        raise DeploymentError("another run records deployments at the same time", "run the command again")


def refuse_newer_data(log: DeploymentLog, version: str, *, reads_schema: int) -> None:
    """Refuse to deploy a version that cannot read what other versions may have stored.

    :raises DeploymentError: it does not know the schema number
    """
    stored = max(log.newest_schema, schema.WRITTEN)
    if stored > reads_schema:
        raise DeploymentError(
            f"version {version} reads items up to schema {reads_schema}, but other versions store schema {stored}. "
            "Nothing was changed",
            "deploy a later version, or return to a later deployment (`kolom rollback --list`)",
        )
