"""The log of a stack's deployments, to which `kolom rollback` can return."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import kolom
from kolom.errors import KolomError
from kolom.models import schema
from kolom.timestamps import parse_time, to_rfc3339

FORMAT: Final = 1
MAX_DEPLOYMENTS: Final = 10


class LogError(KolomError):
    """The log is damaged, or has the format of a newer version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDeployment:
    """A deployment: what it has deployed, as keys in the bucket for uploads, and what its version reads and writes.

    ``parameters`` are those of the stack when it was complete. ``returned_to`` is the number of the deployment whose
    template and assets a rollback has deployed again.
    """

    number: int
    version: str
    time: datetime
    template: str
    assets: str
    writes_schema: int
    reads_schema: int
    parameters: Mapping[str, str]
    is_complete: bool = False
    returned_to: int | None = None

    def has_same_content(self, other: "RecordedDeployment") -> bool:
        """Return whether both have deployed the same template and assets."""
        return (self.template, self.assets) == (other.template, other.assets)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentLog:
    """The last deployments, the oldest first. Only the last one may be incomplete: it has begun, and may have failed.

    Beside it, there are at most :data:`MAX_DEPLOYMENTS`, so that a rollback to the oldest one can be continued.
    ``newest_schema`` is the highest schema number that any recorded version has written, also one that is not in the
    log any more.
    """

    deployments: tuple[RecordedDeployment, ...] = ()
    newest_schema: int = 0

    @property
    def last(self) -> RecordedDeployment | None:
        """The last deployment; None if there is none."""
        return self.deployments[-1] if self.deployments else None

    @property
    def complete(self) -> tuple[RecordedDeployment, ...]:
        """The deployments that are complete."""
        return tuple(each for each in self.deployments if each.is_complete)

    def is_current(self, deployment: RecordedDeployment) -> bool:
        """Return whether the last deployment is complete, and has deployed the same template and assets."""
        return self.last is not None and self.last.is_complete and self.last.has_same_content(deployment)

    def begin(self, deployment: RecordedDeployment) -> "DeploymentLog":
        """Return the log with a deployment that has begun. It takes the place of an incomplete one."""
        return self._add(replace(deployment, is_complete=False))

    def finish(self, deployment: RecordedDeployment, parameters: Mapping[str, str]) -> "DeploymentLog":
        """Return the log with that deployment complete; the oldest ones are left out.

        If another run has begun a deployment in the meantime, that one is left out: it is recorded when it is complete.
        """
        log = self._add(replace(deployment, is_complete=True, parameters=dict(parameters)))
        return replace(log, deployments=log.deployments[-MAX_DEPLOYMENTS:])

    def _add(self, deployment: RecordedDeployment) -> "DeploymentLog":
        number = 1 + max((each.number for each in self.complete), default=0)
        return DeploymentLog(
            deployments=(*self.complete, replace(deployment, number=number)),
            newest_schema=max(self.newest_schema, deployment.writes_schema),
        )

    def to_json(self) -> bytes:
        """Return the log as JSON."""
        entries = [{**asdict(each), "time": to_rfc3339(each.time)} for each in self.deployments]
        data = {"format": FORMAT, "newest_schema": self.newest_schema, "deployments": entries}
        return json.dumps(data, indent=1, ensure_ascii=False).encode()


def new_deployment(*, template: str, assets: str, now: datetime | None = None) -> RecordedDeployment:
    """Return a deployment of this version, which has no number yet."""
    return RecordedDeployment(
        number=0,
        version=kolom.__version__,
        time=now or datetime.now(UTC),
        template=template,
        assets=assets,
        writes_schema=schema.WRITTEN,
        reads_schema=schema.NEWEST_READ,
        parameters={},
    )


def repeated_deployment(target: RecordedDeployment, *, now: datetime | None = None) -> RecordedDeployment:
    """Return the record of a rollback to ``target``: a new deployment with its content and schema numbers."""
    return replace(target, time=now or datetime.now(UTC), returned_to=target.number)


def parse_log(data: bytes) -> DeploymentLog:
    """Return the log of a file. Unknown fields are ignored.

    :raises LogError: it is damaged, or has a newer format
    """
    try:
        document: dict[str, Any] = json.loads(data)
        if document["format"] > FORMAT:
            raise LogError("it has the format of a newer version of Kolom")
        return DeploymentLog(
            deployments=tuple(_deployment(each) for each in document["deployments"]),
            newest_schema=int(document["newest_schema"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LogError(f"it is damaged ({type(error).__name__}: {error})") from error


def _deployment(entry: Mapping[str, Any]) -> RecordedDeployment:
    return RecordedDeployment(
        number=int(entry["number"]),
        version=str(entry["version"]),
        time=parse_time(entry["time"]),
        template=str(entry["template"]),
        assets=str(entry["assets"]),
        writes_schema=int(entry["writes_schema"]),
        reads_schema=int(entry["reads_schema"]),
        parameters={str(name): str(value) for name, value in entry["parameters"].items()},
        is_complete=bool(entry["is_complete"]),
        returned_to=None if entry["returned_to"] is None else int(entry["returned_to"]),
    )
