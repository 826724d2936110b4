"""Return a stack to an earlier deployment: its template, and so its code, and its styles and scripts.

Parameters keep the values that they have, and so do the secrets. Each step looks at what exists before it acts, so that
a run continues where an earlier one stopped (decision 89).
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kolom.errors import KolomError
from kolom_cli.assets.build_archive import ArchiveError, unpack
from kolom_cli.assets.deployment import AssetBuild
from kolom_cli.deploying.change_set import ChangeSet
from kolom_cli.deploying.deployer import VERSION_PARAMETER, Deployer, assets_key, template_key
from kolom_cli.deploying.deployment_log import DeploymentLog, RecordedDeployment
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.snap_start import DIGEST
from kolom_cli.deploying.stack import Stack
from kolom_cli.deploying.upload_bucket import UploadBucket
from kolom_cli.sam.intrinsics import TemplateError, parse
from kolom_cli.sam.parameters import parameter_values

_LIST: Final = "`kolom rollback --list` shows the deployments; return to another one with --to"
_DEPLOY: Final = "check out the version that you want, and run `kolom deploy`"
_LATER: Final = "return to a later deployment, which has these resources (`kolom rollback --list`)"
_OF_DOMAIN: Final = frozenset({"Domain", "HostedZoneId", "CertificateArn"})
"""Parameters that `kolom deploy --domain` sets."""

_DERIVED: Final = frozenset({VERSION_PARAMETER, DIGEST})
"""Parameters whose values belong to a deployment: nobody has chosen them."""

_CODE: Final = re.compile(r"s3://([^/]+)/(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """A recorded deployment with everything that is needed to deploy it again."""

    target: RecordedDeployment
    definitions: Mapping[str, Any]
    assets: AssetBuild

    def plan(self, deployer: Deployer, stack: Stack) -> ChangeSet | None:
        """Create the change set and show what it would do; None if nothing would change.

        :raises DeploymentError: it would lose data, or CloudFormation refuses it
        """
        return deployer.plan_template(self.target.template, stack, self.parameters(stack), _LATER)

    def parameters(self, stack: Stack) -> list[dict[str, Any]]:
        """Return the parameters for a change set.

        They are the values of the stack; for parameters that it lacks, those of the deployment.

        :raises DeploymentError: the template does not accept a value of the stack
        """
        known = {name: value for name, value in stack.parameters.items() if name in self.definitions}
        missing = {
            name: value
            for name, value in self.target.parameters.items()
            if name in self.definitions and name not in known
        }
        try:
            parameter_values(self.definitions, {**missing, **known})
        except TemplateError as error:
            raise DeploymentError(
                f"deployment {self.target.number} does not accept the present parameters: {error}",
                "give the parameter another value with `kolom deploy --parameter`, then run this command again",
            ) from error
        kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in known]
        return [*kept, *({"ParameterKey": name, "ParameterValue": value} for name, value in missing.items())]

    def describe_parameters(self, stack: Stack) -> Iterator[str]:
        """Yield a line for each parameter whose value is not the one that the deployment had."""
        for name, value in sorted(stack.parameters.items()):
            before = self.target.parameters.get(name)
            if name in _DERIVED:
                continue
            if name not in self.definitions:
                yield f"The parameter {name} does not exist in deployment {self.target.number}."
            elif before is not None and before != value:
                yield f"The parameter {name} stays {value!r}; deployment {self.target.number} had {before!r}."


def choose_target(log: DeploymentLog, wanted: str | None) -> RecordedDeployment:
    """Return the deployment with that number or version, by default the one before the last.

    If the last deployment was a rollback, the default is the deployment to which it returned, so that an interrupted
    run is continued.

    :raises DeploymentError: there is no such deployment
    """
    if not log.complete:
        raise DeploymentError(
            "no deployment of this stack is recorded, so there is nothing to return to",
            f"{_DEPLOY}, which records each deployment from now on",
        )
    if wanted is not None:
        return _find(log, wanted)
    last = log.last
    assert last is not None
    if last.returned_to is not None:
        # If that one is not in the log any more, the rollback itself has its content.
        return next((each for each in log.complete if each.number == last.returned_to), last)
    earlier = [each for each in log.complete if each is not last]
    if not earlier:
        raise DeploymentError("there is no recorded deployment before the last one", _DEPLOY)
    if last.is_complete and earlier[-1].has_same_content(last):
        raise DeploymentError(_only_parameters(last, earlier[-1]), _parameters_fix(last, earlier[-1]))
    return earlier[-1]


def _find(log: DeploymentLog, wanted: str) -> RecordedDeployment:
    found = [each for each in log.complete if wanted in {str(each.number), each.version}]
    if not found:
        raise DeploymentError(f"no deployment {wanted!r} is recorded", _LIST)
    return found[-1]


def _only_parameters(last: RecordedDeployment, before: RecordedDeployment) -> str:
    names = ", ".join(_changed(last, before))
    if not names:
        same = "has the same code and assets as the one before, so there is nothing to return to"
        return f"the last deployment ({last.number}) {same}"
    return f"the last deployment ({last.number}) changed only parameters, which a rollback keeps: {names}"


def _parameters_fix(last: RecordedDeployment, before: RecordedDeployment) -> str:
    changed = {name: value for name, value in _changed(last, before).items() if name not in _OF_DOMAIN}
    options = " ".join(f"--parameter {shlex.quote(f'{name}={value}')}" for name, value in changed.items())
    undo = f"run `kolom deploy {options}` for the earlier values; or " if options else ""
    return undo + _LIST


def _changed(last: RecordedDeployment, before: RecordedDeployment) -> dict[str, str]:
    """Return the parameters with other values than before, with the earlier value."""
    return {
        name: value
        for name, value in before.parameters.items()
        if name not in _DERIVED and last.parameters.get(name, value) != value
    }


def read_rollback(bucket: UploadBucket, target: RecordedDeployment) -> Rollback:
    """Read what the deployment needs, and check that all of it still exists.

    :raises DeploymentError: something is missing or damaged
    """
    document = _read_template(bucket, target)
    missing = [key for key in sorted(_code_keys(document, bucket.name)) if not bucket.has(key)]
    if missing:
        raise _cannot_redeploy(target, f"{', '.join(missing[:3])} in the bucket {bucket.name} is missing")
    found = bucket.read(target.assets)
    if found is None:
        raise _cannot_redeploy(target, f"{target.assets} in the bucket {bucket.name} is missing")
    try:
        assets = unpack(found[0])
    except ArchiveError as error:
        raise _cannot_redeploy(target, f"{target.assets}: {error}") from error
    if assets_key(bucket, assets) != target.assets:
        raise _cannot_redeploy(target, f"{target.assets} in the bucket {bucket.name} was changed")
    return Rollback(target=target, definitions=document.get("Parameters", {}), assets=assets)


def _read_template(bucket: UploadBucket, target: RecordedDeployment) -> Mapping[str, Any]:
    found = bucket.read(target.template)
    if found is None:
        raise _cannot_redeploy(target, f"{target.template} in the bucket {bucket.name} is missing")
    if template_key(bucket, found[0]) != target.template:
        raise _cannot_redeploy(target, f"{target.template} in the bucket {bucket.name} was changed")
    try:
        return parse(found[0].decode())
    except (KolomError, TemplateError, UnicodeDecodeError) as error:
        raise _cannot_redeploy(target, f"{target.template}: {error}") from error


def _cannot_redeploy(target: RecordedDeployment, reason: str) -> DeploymentError:
    return DeploymentError(
        f"deployment {target.number} cannot be deployed again: {reason}. Nothing was changed",
        f"return to another one (`kolom rollback --list`), or {_DEPLOY}",
    )


def _code_keys(part: Any, bucket: str) -> Iterator[str]:
    """Yield the keys of the objects in the bucket to which the template refers."""
    if isinstance(part, str) and (match := _CODE.fullmatch(part)) and match[1] == bucket:
        yield match[2]
    elif isinstance(part, Mapping):
        for each in part.values():
            yield from _code_keys(each, bucket)
    elif isinstance(part, list):
        for each in part:
            yield from _code_keys(each, bucket)
