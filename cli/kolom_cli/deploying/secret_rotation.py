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
from kolom.security.secret_cache import MAX_AGE_SECONDS, MAX_OUTAGE_SECONDS
from kolom.security.stored_keys import SIGNS_AFTER, StoredKeys
from kolom_cli.deploying.answers import output
from kolom_cli.deploying.deployer import VERSION_PARAMETER, Deployer
from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.deploying.secret_versions import (
    SecretVersions,
    add_pending,
    find_unfinished,
    find_versions,
    make_current,
    read_version,
)
from kolom_cli.deploying.stack import ORIGIN, Stack, find_resource, find_stack, refuse_other

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""By how much the clock of this machine may differ from that of AWS, which refuses requests beyond it."""

KNOWN_AFTER: Final = timedelta(seconds=MAX_AGE_SECONDS) + CLOCK_TOLERANCE
"""How long after its creation a pending version of the origin secret is accepted by every process."""

_ATTEMPTS: Final = 5
_OTHER_RUN: Final = "another run changes the origin secret"
_AGAIN: Final = "wait a minute, then run the command again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What a run did: whether it rotated the signing keys, and whether CloudFront sends another secret than before."""

    keys: StoredKeys
    began: bool
    origin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """The origin secret.

    If an earlier run had added a version that only had to become the current one, ``finished`` is when it was added.
    ``was_by_hand`` says whether somebody else had made another version the current one.
    """

    versions: SecretVersions
    finished: datetime | None
    was_by_hand: bool


def find_rotatable(name: str) -> Stack | None:
    """Return the stack; None if it does not exist.

    :raises DeploymentError: it is not one of Kolom, or its functions are too old to accept several secrets
    """
    stack = find_stack(name)
    if stack is None or stack.condition == "new":
        return None
    refuse_other(stack)
    if stack.condition != "busy":
        _refuse_older(stack)
    return stack


def _refuse_older(stack: Stack) -> None:
    if VERSION_PARAMETER not in stack.parameters:
        raise DeploymentError(
            "the deployed version of Kolom cannot rotate its secrets", "run `kolom deploy`, then this command again"
        )


@dataclass(slots=True, kw_only=True)
class SecretRotator:
    """Rotates the secrets of a stack; with ``revoke`` the old keys end at once."""

    stack: Stack
    deployer: Deployer
    revoke: bool

    def run(self) -> Rotation:
        """Rotate, or continue a rotation that was interrupted.

        A rotation of the last hour is not repeated, but a revocation always is.
        """
        self._settle()
        signing = output(self.stack.outputs, "SecretName")
        secret = find_resource(self.stack.stack_id, ORIGIN)
        origin = None if secret is None else self._settle_origin(secret.physical_id)
        keys = _read_keys(find_versions(signing))
        pending = None if origin is None else find_unfinished(origin.versions)
        finished = None if origin is None or self.revoke else origin.finished
        began = not self._is_done(keys, pending or finished)
        is_needed = origin is not None and (began or origin.was_by_hand)
        if origin is not None and is_needed and (pending is None or (began and self.revoke)):
            # Before the signing key: if a later run finds no pending origin secret, both parts are finished.
            self.deployer.progress.step("Adding the next origin secret")
            add_pending(origin.versions, _new_secret())
        if began:
            self.deployer.progress.step("Adding a signing key")
            keys = self._rotate_keys(signing, keys.rotated)
        is_changed = secret is not None and self._rotate_origin(secret.physical_id)
        return Rotation(keys=keys, began=began, origin=is_changed)

    def _is_done(self, keys: StoredKeys, pending: datetime | None) -> bool:
        """Return whether the signing keys were rotated by an earlier run, which this one continues or repeats.

        ``pending`` is when the pending origin secret was added. The signing key is added just after it.
        """
        now = datetime.now(UTC)
        if keys.rotated is None:
            return False
        if self.revoke:
            is_same = pending is not None and abs(keys.rotated - pending) <= CLOCK_TOLERANCE
            return is_same and keys.has_one_valid_key(now)
        is_recent = keys.rotated > now - SIGNS_AFTER
        return is_recent or (pending is not None and keys.rotated >= pending - CLOCK_TOLERANCE)

    def _rotate_keys(self, secret_id: str, rotated: datetime | None) -> StoredKeys:
        """Add a signing key, unless another run has added one since the last rotation, ``rotated``.

        Each attempt begins with the current version, so that no key of another run is lost.
        """
        for _ in range(_ATTEMPTS):
            versions = find_versions(secret_id)
            keys, now = _read_keys(versions), datetime.now(UTC)
            if keys.rotated not in {None, rotated} and (keys.has_one_valid_key(now) or not self.revoke):
                return keys
            new = keys.revoke(_new_secret(), now) if self.revoke else keys.rotate(_new_secret(), now)
            if add_pending(versions, new.to_text()) and make_current(versions, versions.token):
                return new
        raise DeploymentError("another run changes the signing keys", _AGAIN)

    def _rotate_origin(self, secret_id: str) -> bool:
        """Make CloudFront send the pending origin secret; return whether it sent another one before."""
        versions = find_versions(secret_id)
        added = find_unfinished(versions)
        if versions.pending is None or added is None:
            return False
        self._wait_until_known(added)
        self._settle()
        latest = find_versions(secret_id)
        if latest.current == versions.pending:  # Another run has finished the same rotation.
            return False
        if latest.token != versions.token:
            raise DeploymentError(_OTHER_RUN, _AGAIN)
        self.deployer.progress.step("Updating CloudFront")
        planned = self.deployer.plan_parameters(self.stack, {VERSION_PARAMETER: versions.pending})
        if planned is not None:
            self.deployer.apply(planned)
        make_current(versions, versions.pending)
        return planned is not None

    def _settle_origin(self, secret_id: str) -> _Origin:
        """Make current what CloudFront sends, so that it stays accepted when a version is added."""
        was_by_hand, finished = False, None
        for _ in range(_ATTEMPTS):
            versions = find_versions(secret_id)
            self._settle()  # After the versions were read: another run may be changing both.
            sent = self.stack.parameters[VERSION_PARAMETER]
            if sent == versions.current or sent not in versions.with_stage:
                return _Origin(versions=versions, finished=finished, was_by_hand=was_by_hand)
            finished = find_unfinished(versions) if sent == versions.pending else None
            was_by_hand = finished is None
            make_current(versions, sent)
        raise DeploymentError(_OTHER_RUN, _AGAIN)

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
        """Wait for an operation of the stack, which may be an update to another version of Kolom.

        :raises DeploymentError: the stack cannot be updated, or is too old
        """
        self.stack = find_stack(self.stack.stack_id) or self.stack
        if self.stack.condition == "busy":
            self.stack = self.deployer.wait(self.stack)
        if self.stack.condition != "ready":
            raise DeploymentError(
                f"the stack {self.stack.name} cannot be updated: {self.stack.status}",
                "see `kolom doctor` for what to do",
            )
        _refuse_older(self.stack)


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
        yield (
            f"Older ones are refused by all functions in {MAX_AGE_SECONDS / 60:.0f} minutes at the latest, or in "
            f"{MAX_OUTAGE_SECONDS / 60:.0f} while Secrets Manager is unavailable."
        )
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
