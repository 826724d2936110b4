"""`kolom rotate-secrets`, rehearsed against moto and a double of CloudFormation."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from moto.secretsmanager.exceptions import ResourceExistsException
from moto.secretsmanager.models import SecretsManagerBackend

from kolom.articles import preview_links
from kolom.config import settings
from kolom.errors import NotFound
from kolom.security import signing
from kolom.security.secret_cache import MAX_AGE_SECONDS, MAX_OUTAGE_SECONDS, RETRY_SECONDS
from kolom.security.stored_keys import SIGNS_AFTER, VALID_FOR, StoredKeys
from kolom_cli.deploying import answers, secret_rotation
from kolom_cli.deploying.deployer import VERSION_PARAMETER
from kolom_cli.deploying.secret_rotation import CLOCK_TOLERANCE, KNOWN_AFTER
from kolom_cli.deploying.secret_versions import add_pending, find_versions
from tests.integration.aws import client
from tests.integration.cli import cloudformation
from tests.integration.cli.conftest import CommandResult
from tests.integration.cli.rehearsal import Rehearsal, rehearse, with_blog

SIGNING: Final = "kolom-secret"
ORIGIN: Final = "kolom-originsecret"
OLD: Final = "s" * 64
WRITES: Final = ("PutSecretValue", "UpdateSecretVersionStage", "sleep", "CreateChangeSet", "ExecuteChangeSet")

slept: list[float] = []


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    """Yield an account with a deployed blog, in which waiting takes no time."""
    with rehearse(tmp_path, monkeypatch) as found:
        with_blog(found)
        slept.clear()

        def sleep(seconds: float) -> None:
            found.call("sleep", {})
            slept.append(seconds)

        monkeypatch.setattr("time.sleep", sleep)
        monkeypatch.setattr(SecretsManagerBackend, "put_secret_value", put_once(SecretsManagerBackend.put_secret_value))
        monkeypatch.setenv("SECRET_NAME", SIGNING)
        monkeypatch.setenv("ORIGIN_SECRET_NAME", ORIGIN)
        settings.cache_clear()
        yield found


def put_once(original: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse to change a version, as AWS does (API reference of PutSecretValue). moto changes one that is pending."""

    def put(self: Any, secret_id: str, secret_string: str, *others: Any, **named: Any) -> Any:
        token = named.get("client_request_token")
        existing = self.secrets[secret_id].versions.get(token)
        if existing is not None and existing["secret_string"] != secret_string:
            raise ResourceExistsException("this version exists")
        answer = original(self, secret_id, secret_string, *others, **named)
        # moto has only whole seconds.
        self.secrets[secret_id].versions[token]["createdate"] = time.time()
        return answer

    return put


def set_by_hand(name: str, value: str) -> str:
    """Set a value, as `aws secretsmanager put-secret-value` does. moto forgets that a version had become current."""
    secrets = client("secretsmanager")
    added = secrets.put_secret_value(SecretId=name, SecretString=value, VersionStages=["by hand"])["VersionId"]
    secrets.update_secret_version_stage(
        SecretId=name,
        VersionStage="AWSCURRENT",
        RemoveFromVersionId=find_versions(name).current,
        MoveToVersionId=added,
    )
    return value


def interrupt_before_current(deployed: Rehearsal) -> None:
    """Rotate, but stop when CloudFront sends the new secret and before that is the current one."""

    def interrupt(*, SecretId: str, **_: Any) -> None:  # noqa: N803 (the name of the API)
        if SecretId.endswith(ORIGIN):
            raise KeyboardInterrupt

    deployed.answers["UpdateSecretVersionStage"] = interrupt
    assert rotate(deployed).exit_code == 130
    del deployed.answers["UpdateSecretVersionStage"]


def rotate(deployed: Rehearsal, *arguments: str, answer: str | None = None) -> CommandResult:
    ran = deployed.kolom("rotate-secrets", *arguments, answer=answer)
    for text in all_values():
        assert text not in ran.stdout + ran.stderr
    return ran


def versions_of(name: str) -> dict[str, str]:
    """Return the values of all versions of a secret."""
    secrets = client("secretsmanager")
    found = secrets.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]
    values = {}
    for each in found:
        answer = secrets.get_secret_value(SecretId=name, VersionId=each["VersionId"])
        values[each["VersionId"]] = answer["SecretString"]
    return values


def all_values() -> set[str]:
    keys = {key for text in versions_of(SIGNING).values() for key in StoredKeys.parse(text).keys.values()}
    return keys | set(versions_of(ORIGIN).values())


def stored_keys() -> StoredKeys:
    return StoredKeys.parse(versions_of(SIGNING)[find_versions(SIGNING).current])


def at(moment: datetime) -> signing.SigningKeys:
    """Return the signing keys as a process reads them at that time."""
    return signing.SigningKeys.parse(versions_of(SIGNING)[find_versions(SIGNING).current], moment)


def sent_by_cloudfront(deployed: Rehearsal) -> str:
    """Return the value of the header of CloudFront, as the last successful update of the stack set it."""
    version = deployed.stack.parameters[VERSION_PARAMETER]
    return versions_of(ORIGIN)[version] if version else OLD


def read_origin_secrets() -> tuple[str, ...]:
    """Return the origin secrets that a process accepts after it has read them."""
    signing.get_origin_secrets.cache_clear()
    return signing.get_origin_secrets()


def reset(deployed: Rehearsal) -> None:
    """Replace both secrets by new ones that were never rotated."""
    secrets = client("secretsmanager")
    for name in (SIGNING, ORIGIN):
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        secrets.create_secret(Name=name, SecretString=OLD)
    deployed.stack.parameters[VERSION_PARAMETER] = ""


def test_a_rotation_replaces_both_secrets_and_old_links_stay_valid(deployed: Rehearsal) -> None:
    now = datetime.now(UTC)
    link = preview_links.create_token(7, at(now), expires_at=now + timedelta(days=365))
    ran = rotate(deployed)
    assert ran.exit_code == 0, ran.stderr
    begins = now + SIGNS_AFTER
    assert ran.stdout.startswith(f"Links and tokens are signed with key 2 from {begins:%Y-%m-%d %H:%M} UTC.\n")
    assert ran.stdout.endswith("CloudFront authenticates itself with a new secret.\n")
    later, end = begins + timedelta(minutes=1), begins + VALID_FOR + timedelta(minutes=1)
    assert (at(now).current, at(later).current) == ("1", "2")
    assert preview_links.read_token(link, lambda: at(later), now=later) == 7
    with pytest.raises(NotFound):
        preview_links.read_token(link, lambda: at(end), now=end)
    version = deployed.stack.parameters[VERSION_PARAMETER]
    assert version == find_versions(ORIGIN).current
    assert set(read_origin_secrets()) == {sent_by_cloudfront(deployed)} != {OLD}
    assert KNOWN_AFTER.total_seconds() - 60 < slept[0] <= KNOWN_AFTER.total_seconds()
    assert timedelta(seconds=MAX_AGE_SECONDS) + CLOCK_TOLERANCE <= KNOWN_AFTER
    assert timedelta(seconds=MAX_OUTAGE_SECONDS + RETRY_SECONDS) + CLOCK_TOLERANCE < SIGNS_AFTER


def test_a_process_that_has_the_old_secrets_works_until_it_fetches_the_new_ones(
    deployed: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    signing.load_keys.cache_clear()
    before = signing.load_keys()
    known_while_cloudfront_changes: list[str] = []
    deployed.cloudformation.before["ExecuteChangeSet"] = lambda: known_while_cloudfront_changes.extend(
        read_origin_secrets()
    )
    assert rotate(deployed).exit_code == 0
    assert signing.load_keys() is before
    assert signing.verify("test", signing.sign("test", 1, at(now)), lambda: before) == 1
    assert signing.verify("test", signing.sign("test", 1, before), lambda: at(now + SIGNS_AFTER)) == 1
    assert {OLD, sent_by_cloudfront(deployed)} == set(known_while_cloudfront_changes)
    monkeypatch.setattr("kolom.security.secret_cache.time.time", lambda: now.timestamp() + MAX_AGE_SECONDS + 60)
    assert signing.load_keys().keys.keys() == {"1", "2"}


def test_a_second_run_within_an_hour_changes_nothing(deployed: Rehearsal) -> None:
    assert rotate(deployed).exit_code == 0
    before = (versions_of(SIGNING), versions_of(ORIGIN), deployed.executions())
    ran = rotate(deployed)
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout.startswith("The signing keys were rotated by an earlier run.\n")
    assert (versions_of(SIGNING), versions_of(ORIGIN), deployed.executions()) == before


def test_a_run_that_was_interrupted_anywhere_is_continued(deployed: Rehearsal) -> None:
    """At each write, CloudFront sends a secret that is accepted, and the next run finishes the rotation."""
    for position in range(1, 20):
        reset(deployed)
        written: list[str] = []

        def interrupt(name: str, written: list[str] = written, position: int = position) -> Callable[..., Any]:
            def count(**_: Any) -> None:
                written.append(name)
                if len(written) == position:
                    raise KeyboardInterrupt

            return count

        deployed.answers.update({name: interrupt(name) for name in WRITES})
        ran = rotate(deployed)
        for name in WRITES:
            del deployed.answers[name]
        if ran.exit_code == 0:
            break
        assert ran.exit_code == 130, written
        assert sent_by_cloudfront(deployed) in read_origin_secrets(), written
        ran = rotate(deployed)
        assert ran.exit_code == 0, (written, ran.stderr)
        assert stored_keys().keys.keys() == {"1", "2"}, written
        assert find_versions(ORIGIN).current == deployed.stack.parameters[VERSION_PARAMETER], written
        assert sent_by_cloudfront(deployed) != OLD
    assert set(written) == set(WRITES)
    assert position == len(written) + 1


def test_a_rotation_is_continued_while_cloudformation_still_works(
    deployed: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudformation, "STEPS_PER_CALL", 1)
    deployed.cloudformation.interrupt_at = "ExecuteChangeSet"
    assert rotate(deployed).exit_code == 130
    ran = rotate(deployed)
    assert ran.exit_code == 0, ran.stderr
    assert "Waiting for the operation that is running: UPDATE_IN_PROGRESS" in ran.stderr
    assert find_versions(ORIGIN).current == deployed.stack.parameters[VERSION_PARAMETER] != ""


def test_a_rotation_that_is_continued_hours_later_adds_no_other_key(
    deployed: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.answers["CreateChangeSet"] = KeyboardInterrupt()
    assert rotate(deployed).exit_code == 130
    del deployed.answers["CreateChangeSet"]
    later = datetime.now(UTC) + 2 * SIGNS_AFTER
    monkeypatch.setattr(secret_rotation, "datetime", SimpleNamespace(now=lambda _: later))
    slept.clear()
    assert rotate(deployed).exit_code == 0
    assert stored_keys().keys.keys() == {"1", "2"}
    assert find_versions(ORIGIN).current == deployed.stack.parameters[VERSION_PARAMETER] != ""
    assert not any(slept)


def test_of_two_runs_only_one_adds_the_next_origin_secret(deployed: Rehearsal) -> None:
    """Otherwise the secret that CloudFront is about to send would not be accepted any more."""
    first, second = find_versions(ORIGIN), find_versions(ORIGIN)
    assert add_pending(first, "a" * 64)
    assert not add_pending(second, "b" * 64)
    assert set(read_origin_secrets()) == {OLD, "a" * 64}


def test_of_two_runs_at_the_same_time_none_loses_a_key(deployed: Rehearsal) -> None:
    for position in range(1, 8):
        reset(deployed)
        written: list[str] = []

        def overtake(name: str, written: list[str] = written, position: int = position) -> Callable[..., Any]:
            def count(**_: Any) -> None:
                written.append(name)
                if len(written) == position:
                    assert rotate(deployed).exit_code == 0

            return count

        deployed.answers.update({name: overtake(name) for name in WRITES})
        ran = rotate(deployed)
        for name in WRITES:
            del deployed.answers[name]
        assert ran.exit_code == 0 or "another run" in ran.stderr, (written, ran.stderr)
        assert stored_keys().keys.keys() == {"1", "2"}, written
        assert stored_keys().keys["1"] == OLD
        assert find_versions(ORIGIN).current == deployed.stack.parameters[VERSION_PARAMETER], written


def test_a_run_that_waits_succeeds_if_another_one_finishes_the_rotation(deployed: Rehearsal) -> None:
    def finish() -> None:
        del deployed.answers["sleep"]
        assert rotate(deployed).exit_code == 0

    deployed.answers["sleep"] = finish
    ran = rotate(deployed)
    assert ran.exit_code == 0, ran.stderr
    assert deployed.executions() == 1


def test_an_older_version_that_is_deployed_while_a_run_waits_is_not_updated(deployed: Rehearsal) -> None:
    deployed.answers["sleep"] = lambda: deployed.stack.parameters.pop(VERSION_PARAMETER) and None
    ran = rotate(deployed)
    assert ran.exit_code == 1
    assert "cannot rotate its secrets" in ran.stderr
    assert deployed.executions() == 0


def test_a_revocation_while_another_run_waits_is_not_undone_by_it(deployed: Rehearsal) -> None:
    def revoke() -> None:
        del deployed.answers["sleep"]
        assert rotate(deployed, "--revoke-old", answer="kolom\n").exit_code == 0

    deployed.answers["sleep"] = revoke
    ran = rotate(deployed)
    assert ran.exit_code == 1
    assert "another run changes the origin secret" in ran.stderr
    assert {sent_by_cloudfront(deployed)} == set(read_origin_secrets())


def test_a_key_that_somebody_else_stores_meanwhile_is_not_lost(deployed: Rehearsal) -> None:
    by_hand = '{"current": "7", "keys": {"1": "' + OLD + '", "7": "by hand"}}'

    def store(*, SecretId: str, **_: Any) -> None:  # noqa: N803 (the name of the API)
        if SecretId.endswith(SIGNING):
            del deployed.answers["PutSecretValue"]
            client("secretsmanager").put_secret_value(SecretId=SIGNING, SecretString=by_hand)

    deployed.answers["PutSecretValue"] = store
    assert rotate(deployed).exit_code == 0
    assert stored_keys().keys.keys() == {"1", "7", "8"}


def test_a_failed_update_of_cloudfront_is_repeated_by_the_next_run(deployed: Rehearsal) -> None:
    deployed.cloudformation.fail_at = ("Distribution", "Rate exceeded")
    ran = rotate(deployed)
    assert ran.exit_code == 1
    assert ran.stderr.endswith("Fix: run the command again\n")
    assert sent_by_cloudfront(deployed) == OLD
    assert OLD in read_origin_secrets()
    assert rotate(deployed).exit_code == 0
    assert stored_keys().keys.keys() == {"1", "2"}
    assert sent_by_cloudfront(deployed) in read_origin_secrets()


def test_revoking_refuses_old_tokens_at_once_after_a_confirmation(deployed: Rehearsal) -> None:
    now = datetime.now(UTC)
    link = preview_links.create_token(7, at(now), expires_at=now + timedelta(days=1))
    ran = rotate(deployed, "--revoke-old", answer="no\n")
    assert ran.exit_code == 1
    assert "\n  - preview links\n" in ran.stderr
    assert ran.stderr.endswith("kolom: not confirmed: nothing was changed\n")
    assert stored_keys().keys.keys() == {"1"}
    ran = rotate(deployed, "--revoke-old", answer="kolom\n")
    assert ran.exit_code == 0, ran.stderr
    assert "refused by all functions in 5 minutes at the latest" in ran.stdout
    now = datetime.now(UTC)
    with pytest.raises(NotFound):
        preview_links.read_token(link, lambda: at(now), now=now)
    assert (at(now).current, at(now).retired) == ("2", frozenset({"1"}))


def test_revoking_after_a_rotation_that_still_waits_ends_the_waiting_key_too(deployed: Rehearsal) -> None:
    assert rotate(deployed).exit_code == 0
    assert rotate(deployed, "--revoke-old", answer="kolom\n").exit_code == 0
    now = datetime.now(UTC)
    assert (at(now).current, at(now).retired) == ("3", frozenset({"1", "2"}))
    assert find_versions(ORIGIN).current == deployed.stack.parameters[VERSION_PARAMETER]


def test_a_second_revocation_within_an_hour_replaces_both_secrets_again(deployed: Rehearsal) -> None:
    assert rotate(deployed, "--revoke-old", answer="kolom\n").exit_code == 0
    disclosed = sent_by_cloudfront(deployed)
    assert rotate(deployed, "--revoke-old", answer="kolom\n").exit_code == 0
    now = datetime.now(UTC)
    assert (at(now).current, at(now).retired) == ("3", frozenset({"1", "2"}))
    assert disclosed not in {sent_by_cloudfront(deployed), *read_origin_secrets()}


def test_a_revocation_that_was_interrupted_is_continued(deployed: Rehearsal) -> None:
    deployed.answers["CreateChangeSet"] = KeyboardInterrupt()
    assert rotate(deployed, "--revoke-old", answer="kolom\n").exit_code == 130
    del deployed.answers["CreateChangeSet"]
    assert rotate(deployed, "--revoke-old", answer="kolom\n").exit_code == 0
    assert stored_keys().keys.keys() == {"1", "2"}
    assert len(versions_of(ORIGIN)) == 2
    assert sent_by_cloudfront(deployed) != OLD


@pytest.mark.parametrize("is_sent", [True, False], ids=["sent by CloudFront", "only pending"])
def test_a_revocation_replaces_the_origin_secret_of_an_unfinished_rotation(deployed: Rehearsal, is_sent: bool) -> None:
    if is_sent:
        interrupt_before_current(deployed)
    else:
        deployed.answers["CreateChangeSet"] = KeyboardInterrupt()
        assert rotate(deployed).exit_code == 130
        del deployed.answers["CreateChangeSet"]
    disclosed = versions_of(ORIGIN)[find_versions(ORIGIN).pending or ""]
    accepted: list[str] = []
    deployed.cloudformation.before["ExecuteChangeSet"] = lambda: accepted.extend(read_origin_secrets())
    before = sent_by_cloudfront(deployed)
    ran = rotate(deployed, "--revoke-old", answer="kolom\n")
    assert ran.exit_code == 0, ran.stderr
    assert "CloudFront authenticates itself with a new secret." in ran.stdout
    assert {before, sent_by_cloudfront(deployed)} == set(accepted)
    assert disclosed not in {sent_by_cloudfront(deployed), *read_origin_secrets()}


def test_a_run_that_only_finishes_reports_no_new_secret_of_cloudfront(
    deployed: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_before_current(deployed)
    later = datetime.now(UTC) + 2 * SIGNS_AFTER
    monkeypatch.setattr(secret_rotation, "datetime", SimpleNamespace(now=lambda _: later))
    ran = rotate(deployed)
    assert ran.exit_code == 0, ran.stderr
    assert "CloudFront" not in ran.stdout
    assert stored_keys().keys.keys() == {"1", "2"}
    assert find_versions(ORIGIN).current == deployed.stack.parameters[VERSION_PARAMETER]


@pytest.mark.parametrize("options", [(), ("--revoke-old",)], ids=["rotated", "revoked"])
def test_after_a_value_was_set_by_hand_cloudfront_gets_another_one(
    deployed: Rehearsal, options: tuple[str, ...]
) -> None:
    assert rotate(deployed).exit_code == 0
    before, by_hand = sent_by_cloudfront(deployed), set_by_hand(ORIGIN, "by hand" * 8)
    accepted: list[str] = []
    deployed.cloudformation.before["ExecuteChangeSet"] = lambda: accepted.extend(read_origin_secrets())
    ran = rotate(deployed, *options, answer="kolom\n" if options else None)
    assert ran.exit_code == 0, ran.stderr
    assert "CloudFront authenticates itself with a new secret." in ran.stdout
    sent = sent_by_cloudfront(deployed)
    assert {before, sent} == set(accepted), "what CloudFront sends is always accepted"
    assert len({sent, before, by_hand, OLD}) == 4
    assert set(read_origin_secrets()) == {sent}


def test_parameters_that_only_the_deployed_template_has_keep_their_values(
    deployed: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {name: each for name, each in answers.definitions().items() if name != "Dashboard"}
    monkeypatch.setattr(answers, "definitions", lambda: known)
    kept: list[bool] = []

    def record(*, Parameters: list[dict[str, Any]], **_: Any) -> None:  # noqa: N803 (the name of the API)
        kept.extend(each.get("UsePreviousValue", False) for each in Parameters if each["ParameterKey"] == "Dashboard")

    deployed.answers["CreateChangeSet"] = record
    assert rotate(deployed).exit_code == 0
    assert kept == [True]


def test_an_upgrade_that_is_rolled_back_meanwhile_is_noticed_before_anything_changes(deployed: Rehearsal) -> None:
    deployed.stack.status = "UPDATE_IN_PROGRESS"

    def roll_back() -> Iterator[None]:
        del deployed.stack.parameters[VERSION_PARAMETER]
        deployed.cloudformation.add_event(deployed.stack, None, "UPDATE_ROLLBACK_COMPLETE")
        yield

    deployed.stack.steps = roll_back()
    ran = rotate(deployed)
    assert ran.exit_code == 1
    assert "cannot rotate its secrets" in ran.stderr
    assert list(versions_of(SIGNING).values()) == [OLD]


def test_the_version_of_an_origin_secret_that_another_tool_deleted_is_forgotten(deployed: Rehearsal) -> None:
    assert rotate(deployed).exit_code == 0
    stale = deployed.stack.parameters[VERSION_PARAMETER]
    assert deployed.deploy("--yes", "--parameter", "Cdn=off").exit_code == 0
    deployed.stack.parameters[VERSION_PARAMETER] = stale
    deployed.answers["CreateSecret"] = {}
    ran = deployed.deploy("--yes", "--parameter", "Cdn=on")
    assert ran.exit_code == 0, ran.stderr
    assert deployed.stack.parameters[VERSION_PARAMETER] == ""


def test_without_the_cdn_only_the_signing_keys_are_rotated(deployed: Rehearsal) -> None:
    assert rotate(deployed).exit_code == 0
    assert deployed.deploy("--parameter", "Cdn=off").exit_code == 0
    assert deployed.stack.parameters[VERSION_PARAMETER] == "", "a new origin secret has other versions"
    executions = deployed.executions()
    reset(deployed)
    ran = rotate(deployed)
    assert ran.exit_code == 0, ran.stderr
    assert "CloudFront" not in ran.stdout
    assert deployed.executions() == executions
    assert stored_keys().keys.keys() == {"1", "2"}


def test_a_stack_of_an_older_version_is_refused_before_anything_changes(deployed: Rehearsal) -> None:
    del deployed.stack.parameters[VERSION_PARAMETER]
    ran = rotate(deployed)
    assert ran.exit_code == 1
    assert "cannot rotate its secrets\n  Fix: run `kolom deploy`, then this command again\n" in ran.stderr
    assert list(versions_of(SIGNING).values()) == [OLD]


def test_a_secret_that_is_not_valid_is_reported_without_its_content(deployed: Rehearsal) -> None:
    client("secretsmanager").put_secret_value(SecretId=SIGNING, SecretString='{"current": "private"')
    ran = deployed.kolom("rotate-secrets")
    assert ran.exit_code == 1
    assert "the secret must be a key, or JSON with current and keys" in ran.stderr
    assert "private" not in ran.stderr
