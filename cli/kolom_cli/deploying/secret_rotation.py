"""Rotate the secrets of a stack: the signing keys, and the secret with which CloudFront authenticates itself.

Each step looks at what exists before it acts, so that a run continues where an earlier one stopped (decision 85).
"""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from kolom.errors import ConfigurationError
from kolom.security.secret_cache import MAX_AGE_SECONDS
from kolom.security.stored_keys import SIGNS_AFTER, StoredKeys
from kolom_cli.deploying.answers import output, to_change_set
from kolom_cli.deploying.change_set import create_change_set
from kolom_cli.deploying.deployer import Deployer
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.secret_versions import SecretVersions, add_pending, find_versions, make_current, read_version
from kolom_cli.deploying.stack import Stack, find_stack, list_resources, refuse_other

VERSION_PARAMETER: Final = "OriginSecretVersion"
"""The parameter of the stack with the version of the origin secret that CloudFront sends."""

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""By how much the clock of this machine may differ from that of AWS, which refuses requests beyond it."""

KNOWN_AFTER: Final = timedelta(seconds=MAX_AGE_SECONDS) + CLOCK_TOLERANCE
"""How long after its creation a pending version of the origin secret is accepted by every process."""

_ORIGIN: Final = "OriginSecret"
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What a run did. ``origin`` says whether CloudFront got a new secret."""

    keys: StoredKeys
    began: bool
    origin: bool


def find_rotatable(name: str) -> Stack | None:
    """Return the stack; None if it does not exist.

    :raises DeploymentError: it is not one of Kolom, or its functions are too old to accept several secrets
    """
    stack = find_stack(name)
    if stack is None or stack.condition == "new":
        return None
    refuse_other(stack)
    if VERSION_PARAMETER not in stack.parameters:
        raise DeploymentError(
            "the deployed version of Kolom cannot rotate its secrets", "run `kolom deploy`, then this command again"
        )
    return stack


@dataclass(slots=True, kw_only=True)
class SecretRotator:
    """Rotates the secrets of a stack; with ``revoke`` the old keys end at once."""

    stack: Stack
    deployer: Deployer
    revoke: bool

    def run(self) -> Rotation:
        """Rotate, or continue a rotation that was interrupted. A rotation of the last hour is not repeated."""
        self._settle()
        signing = output(self.stack.outputs, "SecretName")
        origin = self._origin_secret()
        keys, pending = _read_keys(find_versions(signing)), self._find_pending(origin)
        began = not self._is_done(keys, pending)
        if began and origin is not None and pending is None:
            # Before the signing key: if it is missing later, the whole rotation is finished.
            self.deployer.progress.step("Adding the next origin secret")
            add_pending(find_versions(origin), _new_secret())
        if began:
            self.deployer.progress.step("Adding a signing key")
            keys = self._rotate_keys(signing)
        return Rotation(keys=keys, began=began, origin=origin is not None and self._rotate_origin(origin))

    def _is_done(self, keys: StoredKeys, pending: datetime | None) -> bool:
        """Return whether the signing keys were rotated by an earlier run, which this one continues or repeats.

        ``pending`` is when the pending origin secret was added. The signing key is added after it.
        """
        now = datetime.now(UTC)
        if keys.rotated is None or (self.revoke and not keys.is_revoked(now)):
            return False
        is_recent = keys.rotated > now - SIGNS_AFTER
        return is_recent or (pending is not None and keys.rotated >= pending - CLOCK_TOLERANCE)

    def _rotate_keys(self, secret_id: str) -> StoredKeys:
        """Add a signing key. Each attempt begins with the current version, so that no key of another run is lost."""
        for _ in range(_ATTEMPTS):
            versions = find_versions(secret_id)
            keys, now = _read_keys(versions), datetime.now(UTC)
            if self._is_done(keys, None):
                return keys
            new = keys.revoke(_new_secret(), now) if self.revoke else keys.rotate(_new_secret(), now)
            if add_pending(versions, new.to_text()) and make_current(versions, versions.token):
                return new
        raise DeploymentError("another run changes the signing keys", "wait a minute, then run the command again")

    def _rotate_origin(self, secret_id: str) -> bool:
        """Make CloudFront send the pending origin secret; return False if there is none."""
        versions = find_versions(secret_id)
        if versions.pending is None:
            return False
        self._wait_until_known(read_version(secret_id, versions.pending)[1])
        self._settle()
        values = to_change_set({VERSION_PARAMETER: versions.pending}, self.stack.parameters)
        self.deployer.progress.step("Updating CloudFront")
        if (planned := create_change_set(self.stack.name, self.stack, values)) is not None:
            planned.check()
            self.deployer.apply(planned)
        make_current(versions, versions.pending)
        return True

    def _wait_until_known(self, added: datetime) -> None:
        known = added + KNOWN_AFTER
        seconds = (known - datetime.now(UTC)).total_seconds()
        if seconds > 0:
            self.deployer.progress.step(
                f"Waiting until all functions accept the new origin secret: {known:%H:%M} UTC. If you interrupt this, "
                "run the command again later: it continues"
            )
            time.sleep(seconds)

    def _settle(self) -> None:
        """Wait for an operation of the stack.

        :raises DeploymentError: the stack cannot be updated
        """
        self.stack = find_stack(self.stack.stack_id) or self.stack
        if self.stack.condition == "busy":
            self.stack = self.deployer.wait(self.stack)
        if self.stack.condition != "ready":
            raise DeploymentError(
                f"the stack {self.stack.name} cannot be updated: {self.stack.status}",
                "see `kolom doctor` for what to do",
            )

    def _origin_secret(self) -> str | None:
        """Return the id of the origin secret; None without a CDN."""
        for each in list_resources(self.stack.stack_id):
            if each.logical_id == _ORIGIN and each.status != "DELETE_COMPLETE":
                return each.physical_id
        return None

    def _find_pending(self, origin: str | None) -> datetime | None:
        versions = None if origin is None else find_versions(origin)
        if versions is None or versions.pending is None:
            return None
        return read_version(versions.secret_id, versions.pending)[1]


def describe(rotation: Rotation, now: datetime) -> Iterator[str]:
    """Yield what the rotation means, without a secret."""
    keys = rotation.keys
    if not rotation.began:
        yield "The signing keys were rotated by an earlier run."
    if keys.next_id is not None and keys.next_from is not None and keys.next_from > now:
        yield f"Links and tokens are signed with key {keys.next_id} from {keys.next_from:%Y-%m-%d %H:%M} UTC."
    else:
        yield f"Links and tokens are signed with key {keys.signing_key(now)}."
    ends = {end for key_id, end in keys.until.items() if end > now and key_id not in keys.retired(now)}
    if ends:
        yield f"The older ones stay valid for their own time, at most until {max(ends):%Y-%m-%d}."
    elif len(keys.keys) > 1:
        yield f"Older ones are refused by all functions in {MAX_AGE_SECONDS / 60:.0f} minutes at the latest."
    if rotation.origin:
        yield "CloudFront authenticates itself with a new secret."


def _read_keys(versions: SecretVersions) -> StoredKeys:
    text, _ = read_version(versions.secret_id, versions.current)
    try:
        return StoredKeys.parse(text)
    except ConfigurationError as error:
        raise DeploymentError(str(error), "correct the secret in the console of Secrets Manager") from None


def _new_secret() -> str:
    return secrets.token_urlsafe(48)
