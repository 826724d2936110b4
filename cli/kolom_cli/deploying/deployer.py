"""Deploy a stack: from an empty account to a running blog, or from one version to the next.

Each step looks at what exists before it acts, so that a run continues where an earlier one stopped.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from kolom.articles import admin
from kolom.config import settings
from kolom_cli.assets import build_archive, deployment
from kolom_cli.assets.deployment import AssetBuild
from kolom_cli.connection import Target, connect
from kolom_cli.deploying import buckets, snap_start, toolchain
from kolom_cli.deploying.account import Identity, client
from kolom_cli.deploying.answers import needs_own_url, own_url, to_change_set, with_previous
from kolom_cli.deploying.change_set import UNDO, ChangeSet, create_change_set
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.operation import events_of_operation, failure, follow, latest_event
from kolom_cli.deploying.progress import Progress
from kolom_cli.deploying.stack import (
    ORIGIN,
    Stack,
    find_resource,
    find_stack,
    refuse_other,
    remaining_data,
)
from kolom_cli.deploying.upload_bucket import UploadBucket
from kolom_cli.publishing.content_builder import find_sources
from kolom_cli.publishing.publisher import Publisher, PublishOptions
from kolom_cli.sam.defaults import TEMPLATE
from kolom_cli.sam.intrinsics import parse
from kolom_cli.terminal.report import PublishReport

WELCOME: Final = Path(__file__).parent / "welcome"
FRONTEND: Final = TEMPLATE.parent / "frontend"
VERSION_PARAMETER: Final = "OriginSecretVersion"
"""The parameter of the stack with the version of the origin secret that CloudFront sends."""

_WELCOME_LANGUAGES: Final = ("en", "id")
_DELETE_IN_CONSOLE: Final = "delete the stack in the console of CloudFormation, then run the command again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """What was built and uploaded: the keys in the bucket, and the assets."""

    template: str
    archive: str
    assets: AssetBuild


@dataclass(slots=True, kw_only=True)
class Deployer:
    """Deploys the stack ``target`` with these parameters, and reports each step to ``progress``."""

    target: Target
    identity: Identity
    region: str
    parameters: Mapping[str, str]
    progress: Progress

    def settle(self) -> Stack | None:
        """End what an earlier run left, and return the stack, or None if there is none that can be updated.

        Wait for an operation, continue a rollback that failed, or remove a stack whose creation failed.

        :raises DeploymentError: the stack is not one of Kolom, or cannot be updated
        """
        stack = find_stack(self.target.stack)
        if stack is not None:
            refuse_other(stack)
            was_deletion = stack.status == "DELETE_IN_PROGRESS"
            stack = self.finish_operation(stack)
            if was_deletion and stack.status == "DELETE_COMPLETE":
                return None
        if stack is not None and stack.condition == "creation failed":
            self._remove_failed(stack)
            return None
        if stack is not None and stack.condition in {"deletion failed", "stopped"}:
            raise DeploymentError(
                f"the stack {stack.name} cannot be updated: {stack.status}", "see `kolom doctor` for what to do"
            )
        return None if stack is None or stack.condition == "new" else stack

    def finish_operation(self, stack: Stack) -> Stack:
        """Wait for an operation that is running, continue a rollback that failed, and return the stack.

        :raises DeploymentError: the rollback failed again
        """
        if stack.condition == "busy":
            stack = self.wait(stack)
        return self._continue_rollback(stack) if stack.condition == "rollback failed" else stack

    @property
    def bucket(self) -> UploadBucket:
        """The bucket for uploads."""
        return UploadBucket(identity=self.identity, region=self.region, stack=self.target.stack)

    def upload(self) -> Uploaded:
        """Build the stack and the assets, and upload both."""
        with toolchain.lock_checkout():
            self.progress.step("Building (make build); this takes some minutes the first time")
            assets = deployment.build(FRONTEND)
            toolchain.build()
            bucket = self.bucket
            self.progress.step(f"Uploading to the bucket {bucket.name}")
            buckets.ensure_bucket(bucket.name, self.identity, self.region)
            template = toolchain.package(bucket.name, self.target.stack, self.region).read_bytes()
        archive = assets_key(bucket, assets)
        if not bucket.has(archive):
            bucket.write(archive, build_archive.pack(assets))
        key = template_key(bucket, template)
        bucket.write(key, template)
        return Uploaded(template=key, archive=archive, assets=assets)

    def plan(self, template: str, existing: Stack | None) -> ChangeSet | None:
        """Create the change set and show what it would do; None if nothing would change.

        :raises DeploymentError: it would lose data; the change set is deleted
        """
        values = dict(self.parameters)
        previous = None if existing is None else existing.parameters
        if existing and "SiteUrl" not in values and (url := _new_url(existing, values)):
            values["SiteUrl"] = url
        if values.get("Cdn") == "off" or (existing is not None and _has_stale_version(existing)):
            # The origin secret is deleted, and with it the version.
            values[VERSION_PARAMETER] = ""
        return self.plan_template(template, existing, to_change_set(values, previous))

    def plan_template(
        self, template: str, existing: Stack | None, parameters: Sequence[Mapping[str, Any]], fix: str = UNDO
    ) -> ChangeSet | None:
        """Create the change set with a template in the bucket, and show what it would do; None if nothing would change.

        ``fix`` says what to do if it would lose data.

        :raises DeploymentError: it would lose data; the change set is deleted
        """
        previous = {} if existing is None else existing.parameters
        if snap_start.is_on(snap_start.values_of(parameters, previous, {})):
            template, parameters = self._publish_versions(template, previous, parameters)
        planned = create_change_set(self.target.stack, existing, parameters, template_url=self.bucket.url(template))
        if planned is None:
            self.progress.step("The stack is up to date: nothing changes.")
            return None
        self.progress.plan(planned.describe())
        return _checked(planned, fix)

    def _publish_versions(
        self, template: str, previous: Mapping[str, str], parameters: Sequence[Mapping[str, Any]]
    ) -> tuple[str, Sequence[Mapping[str, Any]]]:
        """Return the key of a template that publishes versions for SnapStart, and the parameters with their digest."""
        found = self.bucket.read(template)
        assert found is not None  # It was uploaded or read a moment ago.
        packaged = found[0].decode()
        changed = snap_start.publishing_versions(packaged).encode()
        key = template_key(self.bucket, changed)
        self.bucket.write(key, changed)
        values = snap_start.values_of(parameters, previous, parse(packaged)["Parameters"])
        digest = {"ParameterKey": snap_start.DIGEST, "ParameterValue": snap_start.digest(packaged, values)}
        return key, [*parameters, digest]

    def apply(self, planned: ChangeSet) -> Stack:
        """Execute the change set and wait until it is done.

        :raises DeploymentError: it failed; CloudFormation has undone it, or could not
        """
        after = latest_event(planned.stack_id)
        self.progress.begin(len(planned.changes))
        planned.execute()
        stack = self._follow(planned.stack_id, after)
        if not stack.succeeded:
            is_undone = stack.status in {"ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
            end = "has undone it" if is_undone else f"could not undo it ({stack.status})"
            what = f"the deployment failed, and CloudFormation {end}"
            raise failure(stack, events_of_operation(stack.stack_id, after=after), what)
        return stack

    def set_own_url(self, stack: Stack) -> Stack:
        """Set ``SiteUrl`` to the URL that AWS gives the site, unless the owner has chosen one.

        The URL is known only when the stack exists: see decision 81.
        """
        if "SiteUrl" in self.parameters or not _needs_own_url(stack):
            return stack
        url = own_url(stack.outputs)
        self.progress.step(f"Setting the address of the site: {url}")
        planned = self.plan_parameters(stack, {"SiteUrl": url})
        return stack if planned is None else self.apply(planned)

    def plan_parameters(self, stack: Stack, values: Mapping[str, str]) -> ChangeSet | None:
        """Create a change set with the stack's own template and these values; None if nothing would change.

        :raises DeploymentError: it would lose data; the change set is deleted
        """
        if snap_start.DIGEST in stack.parameters:
            values = {**values, snap_start.DIGEST: snap_start.digest_after({**stack.parameters, **values})}
        planned = create_change_set(stack.name, stack, with_previous(values, stack.parameters))
        return None if planned is None else _checked(planned)

    def deploy_assets(self, assets: AssetBuild) -> Iterator[str]:
        """Upload the site's files and make the pages use them; yield what was done."""
        connect(self.target)
        result = deployment.deploy(assets, now=datetime.now(UTC))
        yield from (f"warning: {warning}" for warning in result.warnings)
        uploaded = f"{len(result.uploaded)} uploaded, {result.unchanged} unchanged"
        yield f"Styles and scripts: {uploaded}"

    def fill(self, assets: AssetBuild) -> Iterator[str]:
        """Deploy the site's files and publish a welcome article if there never was one; yield what was done."""
        yield from self.deploy_assets(assets)
        if not any(admin.list_by_status(status, limit=1).items for status in admin.ADMIN_STATUSES):
            publish_welcome()
            yield "Published an article to begin with: /welcome"

    def wait(self, stack: Stack) -> Stack:
        """Wait for the operation that is running, and return the stack."""
        self.progress.step(f"Waiting for the operation that is running: {stack.status}")
        return self._follow(stack.stack_id)

    def _follow(self, stack_id: str, after: str | None = None) -> Stack:
        with self.progress.following():
            return follow(stack_id, self.progress.event, after=after)

    def _continue_rollback(self, stack: Stack) -> Stack:
        self.progress.step("Continuing the rollback that failed")
        after = latest_event(stack.stack_id)
        client("cloudformation").continue_update_rollback(StackName=stack.stack_id)
        stack = self._follow(stack.stack_id, after)
        if stack.condition == "rollback failed":
            raise failure(stack, events_of_operation(stack.stack_id, after=after), "the rollback failed again")
        return stack

    def _remove_failed(self, stack: Stack) -> None:
        """Remove a stack whose creation failed. Usually CloudFormation has deleted its tables, bucket and secret.

        :raises DeploymentError: it still holds data, or cannot be removed
        """
        if left := remaining_data(stack):
            raise DeploymentError(
                f"the creation of {stack.name} failed, and it still has {', '.join(left)} ({stack.status})",
                "check that they are empty, and run `kolom destroy`",
            )
        self.progress.step(f"Removing what the failed creation left ({stack.status})")
        after = latest_event(stack.stack_id)
        client("cloudformation").delete_stack(StackName=stack.stack_id)
        stack = self._follow(stack.stack_id, after)
        if stack.status != "DELETE_COMPLETE":
            raise DeploymentError(f"the failed stack cannot be removed: {stack.reason}", _DELETE_IN_CONSOLE)


def template_key(bucket: UploadBucket, template: bytes) -> str:
    """Return the key of a template in the bucket."""
    return bucket.content_key(hashlib.sha256(template).hexdigest(), "template")


def assets_key(bucket: UploadBucket, assets: AssetBuild) -> str:
    """Return the key of a build of assets in the bucket."""
    return bucket.content_key(build_archive.digest_of(assets), "assets.zip")


def _checked(planned: ChangeSet, fix: str = UNDO) -> ChangeSet:
    try:
        planned.check(fix)
    except DeploymentError:
        planned.discard()
        raise
    return planned


def _has_stale_version(stack: Stack) -> bool:
    """Return whether the version is of an origin secret that is deleted: another tool has removed the CDN."""
    return bool(stack.parameters.get(VERSION_PARAMETER)) and find_resource(stack.stack_id, ORIGIN) is None


def _needs_own_url(stack: Stack) -> bool:
    """Return whether ``SiteUrl`` has to be set. A stack that began with an import has no parameters and outputs."""
    return "SiteUrl" in stack.parameters and needs_own_url(stack.parameters["SiteUrl"], stack.outputs)


def _new_url(stack: Stack, values: Mapping[str, str]) -> str | None:
    """Return the URL that AWS gives the site, if ``SiteUrl`` has to be set to it.

    None if it is right, or the owner has chosen it. If the CDN is switched off, it is the URL of the API: the
    distribution and its address will be gone.
    """
    if _needs_own_url(stack):
        return own_url(stack.outputs)
    has_own = "DistributionDomain" in stack.outputs and stack.parameters.get("SiteUrl") == own_url(stack.outputs)
    return stack.outputs["ApiUrl"] if has_own and values.get("Cdn") == "off" else None


def publish_welcome() -> None:
    """Publish the welcome article in the first language of the site for which there is one."""
    language = next((each for each in settings().language_codes if each in _WELCOME_LANGUAGES), _WELCOME_LANGUAGES[0])
    report = PublishReport()
    publisher = Publisher(PublishOptions(write_back=False), report, datetime.now(UTC))
    for source in find_sources([WELCOME / f"{language}.md"])[0]:
        publisher.publish(source)
    if report.exit_code:
        raise DeploymentError("the welcome article could not be published", "run `kolom publish` with one of your own")
