"""`kolom rollback`, rehearsed like `kolom deploy`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import kolom
from kolom.models import schema
from kolom.models.articles import SITE, THEME, ThemeRecord
from kolom_cli.assets.build_archive import pack
from kolom_cli.assets.deployment import AssetBuild
from tests.integration.aws import client
from tests.integration.cli import cloudformation
from tests.integration.cli.cloudformation import StackDouble, error
from tests.integration.cli.rehearsal import OWNER, URL, Rehearsal, rehearse, with_blog

UPLOADS: Final = "kolom-deploy-123456789012-us-east-1-kolom"
LOG: Final = "kolom/deployments.json"
MEDIA: Final = "kolom-mediabucket"
ROTATED: Final = "0123456789abcdef0123456789abcdef"
OTHER_ASSETS: Final = pack(AssetBuild(assets=[], menu=None, logo=None, warnings=[]))
RETENTION: Final = ("MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 86400")
NEW_PARAMETER: Final = "Parameters:\n  Novelty: {Type: String, Default: none}\n"


@pytest.fixture
def rehearsal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """Yield an empty account."""
    with rehearse(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def deployed(rehearsal: Rehearsal) -> Rehearsal:
    """Return an account with a deployed blog."""
    return with_blog(rehearsal)


@pytest.fixture
def updated(deployed: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> Rehearsal:
    """Return an account with a blog that was updated to another version."""
    monkeypatch.setattr(kolom, "__version__", "0.2.0")
    change_version(deployed)
    ran = deployed.deploy("--yes")
    assert ran.exit_code == 0, ran.stderr
    deployed.cloudformation.calls.clear()
    return deployed


def change_version(rehearsal: Rehearsal, old: str = RETENTION[0], new: str = RETENTION[1]) -> None:
    """Make the checkout that of another version: its template and its stylesheet."""
    before = rehearsal.template.read_text("utf-8")
    assert old in before
    rehearsal.template.write_text(before.replace(old, new, 1), "utf-8")
    (rehearsal.frontend / "theme/kolom.css").write_text("body { margin: 1px }")


def log() -> Any:
    return json.loads(client("s3").get_object(Bucket=UPLOADS, Key=LOG)["Body"].read())


def change_log(change: Callable[[Any], None]) -> None:
    data = log()
    change(data)
    client("s3").put_object(Bucket=UPLOADS, Key=LOG, Body=json.dumps(data).encode())


def plain_css() -> bytes:
    found: bytes = client("s3").get_object(Bucket=MEDIA, Key="assets/theme/kolom.css")["Body"].read()
    return found


def hashed_css() -> str:
    name: str = ThemeRecord.get(SITE, THEME).assets["theme/kolom.css"]
    return name


def queue_keeps_days(rehearsal: Rehearsal) -> bool:
    """Return whether the stack has the template of the first version."""
    return RETENTION[0] in rehearsal.stack.body


def test_a_rollback_returns_to_the_version_before(deployed: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (deployed.stack.body, dict(deployed.stack.parameters), hashed_css(), plain_css())
    monkeypatch.setattr(kolom, "__version__", "0.2.0")
    change_version(deployed)
    assert deployed.deploy("--yes").exit_code == 0
    assert (deployed.stack.body, hashed_css(), plain_css()) != (before[0], before[2], before[3])
    ran = deployed.kolom("rollback")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == f"{URL}\n"
    assert ran.stderr.startswith("Returning to deployment 1, version 0.1.0 of ")
    assert "change 1 queue (DroppedEvents; MessageRetentionPeriod)" in ran.stderr
    assert f"Reading the site at {URL}" in ran.stderr
    assert (deployed.stack.body, deployed.stack.parameters, hashed_css(), plain_css()) == before


def test_deployments_are_listed(updated: Rehearsal) -> None:
    assert updated.kolom("rollback").exit_code == 0
    lines = updated.kolom("rollback", "--list").stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["3", "0.1.0"], ["2", "0.2.0"], ["1", "0.1.0"]]
    assert lines[1].endswith("the last one, returned to 1")
    entries = updated.kolom("rollback", "--list", "--json").json
    assert [(each["number"], each["complete"], each["returned_to"]) for each in entries] == [
        (1, True, None),
        (2, True, None),
        (3, True, 1),
    ]
    assert entries[0]["parameters"]["OwnerEmail"] == OWNER


def test_a_second_rollback_changes_nothing_and_a_deployment_goes_forward(updated: Rehearsal) -> None:
    assert updated.kolom("rollback").exit_code == 0
    before = log()
    ran = updated.kolom("rollback")
    assert ran.exit_code == 0
    assert log() == before
    assert "The stack is up to date: nothing changes." in ran.stderr
    assert queue_keeps_days(updated)
    assert updated.deploy("--yes").exit_code == 0
    assert not queue_keeps_days(updated)
    assert plain_css() == b"body { margin: 1px }"
    ran = updated.kolom("rollback")
    assert ran.exit_code == 0, ran.stderr
    assert queue_keeps_days(updated)


@pytest.mark.parametrize("wanted", ["1", "0.1.0"])
def test_a_deployment_is_named_by_its_number_or_version(updated: Rehearsal, wanted: str) -> None:
    assert updated.deploy("--yes", "--parameter", "SiteTitle=Third").exit_code == 0
    assert updated.kolom("rollback", "--to", wanted).exit_code == 0
    assert queue_keeps_days(updated)


def test_an_unchanged_deployment_is_not_recorded(updated: Rehearsal) -> None:
    before = log()
    assert updated.deploy("--yes").exit_code == 0
    assert log() == before
    assert [each["number"] for each in before["deployments"]] == [1, 2]


def test_parameters_keep_their_present_values(updated: Rehearsal) -> None:
    options = ("--parameter", "SiteTitle=Now")
    change_version(updated, "Parameters:\n", NEW_PARAMETER)
    assert updated.deploy("--yes", *options).exit_code == 0
    updated.stack.parameters["OriginSecretVersion"] = ROTATED
    assert updated.stack.parameters["Novelty"] == "none"
    ran = updated.kolom("rollback", "--to", "1")
    assert ran.exit_code == 0, ran.stderr
    assert "The parameter SiteTitle stays 'Now'; deployment 1 had 'Kolom'.\n" in ran.stderr
    assert "The parameter Novelty does not exist in deployment 1.\n" in ran.stderr
    assert "OriginSecretVersion" not in ran.stderr
    assert "Novelty" not in updated.stack.parameters
    assert updated.stack.parameters["SiteTitle"] == "Now"
    assert updated.stack.parameters["OriginSecretVersion"] == ROTATED
    assert updated.remembered["parameters"]["SiteTitle"] == "Now"


def test_a_parameter_that_a_later_version_removed_gets_its_recorded_value(deployed: Rehearsal) -> None:
    change_version(deployed, "Parameters:\n", NEW_PARAMETER)
    assert deployed.deploy("--yes").exit_code == 0
    change_log(lambda data: data["deployments"][-1]["parameters"].update(Novelty="chosen"))
    change_version(deployed, "  Novelty: {Type: String, Default: none}\n", "")
    assert deployed.deploy("--yes").exit_code == 0
    assert "Novelty" not in deployed.stack.parameters
    assert deployed.kolom("rollback").exit_code == 0
    assert deployed.stack.parameters["Novelty"] == "chosen"


def test_a_value_that_the_earlier_version_does_not_accept_is_refused(updated: Rehearsal) -> None:
    updated.stack.parameters["ModerationMode"] = "robots"
    ran = updated.kolom("rollback")
    assert ran.exit_code == 1
    assert "deployment 1 does not accept the present parameters: parameter ModerationMode: 'robots'" in ran.stderr
    assert updated.executions() == 0


def test_a_deployment_that_changed_only_parameters_is_not_rolled_back(updated: Rehearsal) -> None:
    assert updated.deploy("--yes", "--parameter", "SiteTitle=My blog").exit_code == 0
    updated.cloudformation.calls.clear()
    ran = updated.kolom("rollback")
    assert ran.exit_code == 1
    assert "the last deployment (3) changed only parameters, which a rollback keeps: SiteTitle\n" in ran.stderr
    assert "run `kolom deploy --parameter SiteTitle=Kolom` for the earlier values; or `kolom rollback" in ran.stderr
    assert updated.executions() == 0


def test_a_dry_run_of_a_rollback_leaves_the_stack_as_it_is(updated: Rehearsal) -> None:
    before = log()
    ran = updated.kolom("rollback", "--dry-run")
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout == "Dry run: the stack was not changed.\n"
    assert "change 1 queue" in ran.stderr
    assert (updated.stack.change_sets, updated.executions(), log()) == ({}, 0, before)
    updated.stack.status = "UPDATE_IN_PROGRESS"
    ran = updated.kolom("rollback", "--dry-run")
    assert "the changes cannot be planned: the stack is UPDATE_IN_PROGRESS" in ran.stderr


def test_interrupted_rollbacks_are_continued(updated: Rehearsal) -> None:
    """An interruption comes after the call: CloudFormation has got it."""
    puts = 0

    def interrupt(at: int) -> Callable[..., Any]:
        def put(**_: Any) -> None:
            nonlocal puts
            puts += 1
            if puts == at:
                raise KeyboardInterrupt

        return put

    double = updated.cloudformation
    for call in ("CreateChangeSet", "DescribeStackEvents"):
        double.interrupt_at = call
        assert updated.kolom("rollback").exit_code == 130, call
    double.before["ExecuteChangeSet"] = lambda: setattr(double, "interrupt_at", "DescribeStackEvents")
    ran = updated.kolom("rollback")
    assert ran.exit_code == 130
    assert ran.stderr.endswith("Run the command again to follow it.\nkolom: interrupted\n")
    assert updated.stack.status == "UPDATE_IN_PROGRESS"
    for at in (1, 2, 3):  # the record, the stylesheet, the record
        puts = 0
        updated.answers["PutObject"] = interrupt(at)
        assert updated.kolom("rollback").exit_code == 130, at
    del updated.answers["PutObject"]
    assert log()["deployments"][-1]["is_complete"] is False
    ran = updated.kolom("rollback")
    assert ran.exit_code == 0, ran.stderr
    assert queue_keeps_days(updated)
    assert plain_css() == b"body { margin: 0 }"
    assert [(each["number"], each["returned_to"]) for each in log()["deployments"]] == [(1, None), (2, None), (3, 1)]


def test_a_record_whose_response_was_lost_is_not_written_twice(updated: Rehearsal) -> None:
    """The SDK repeats the write, and S3 refuses it, because the object has changed."""
    lost = 0

    def put(Key: str, **arguments: object) -> None:  # noqa: N803
        nonlocal lost
        if Key == LOG:
            del updated.answers["PutObject"]
            client("s3").put_object(Key=Key, **arguments)
            updated.answers["PutObject"] = put
            lost += 1
            raise error(
                "PutObject", "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"
            )

    updated.answers["PutObject"] = put
    ran = updated.kolom("rollback")
    assert ran.exit_code == 0, ran.stderr
    assert lost == 2
    assert [(each["number"], each["returned_to"]) for each in log()["deployments"]] == [(1, None), (2, None), (3, 1)]


def test_a_rollback_to_the_oldest_deployment_can_be_continued_and_repeated(updated: Rehearsal) -> None:
    """The log leaves it out when the rollback is complete."""

    def fill(data: Any) -> None:
        last = data["deployments"][-1]
        data["deployments"] += [last | {"number": number} for number in range(3, 11)]

    change_log(fill)
    updated.cloudformation.before["ExecuteChangeSet"] = lambda: setattr(
        updated.cloudformation, "interrupt_at", "DescribeStackEvents"
    )
    assert updated.kolom("rollback", "--to", "1").exit_code == 130
    for expected in ("Returning to deployment 1, version 0.1.0", "Returning to deployment 11, version 0.1.0"):
        ran = updated.kolom("rollback")
        assert ran.exit_code == 0, ran.stderr
        assert expected in ran.stderr
        assert queue_keeps_days(updated)
        assert [each["number"] for each in log()["deployments"]] == list(range(2, 12))


def test_an_operation_that_is_running_is_waited_for(updated: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudformation, "STEPS_PER_CALL", 1)
    updated.cloudformation.interrupt_at = "ExecuteChangeSet"
    assert updated.deploy("--parameter", "SiteTitle=Other").exit_code == 130
    ran = updated.kolom("rollback", "--to", "1")
    assert ran.exit_code == 0, ran.stderr
    assert "Waiting for the operation that is running: UPDATE_IN_PROGRESS" in ran.stderr
    assert updated.stack.parameters["SiteTitle"] == "Other"
    assert queue_keeps_days(updated)


def test_a_rollback_after_a_failed_deployment_returns_to_the_last_complete_one(updated: Rehearsal) -> None:
    change_version(updated, RETENTION[1], "MessageRetentionPeriod: 3600")
    updated.cloudformation.fail_at = ("DroppedEvents", "no")
    assert updated.deploy("--yes").exit_code == 1
    assert updated.kolom("rollback", "--list").stdout.splitlines()[1].endswith("not complete")
    ran = updated.kolom("rollback")
    assert ran.exit_code == 0, ran.stderr
    assert "Returning to deployment 2, version 0.2.0" in ran.stderr
    assert "The stack is up to date: nothing changes." in ran.stderr


def test_a_broken_deployment_can_be_rolled_back(updated: Rehearsal) -> None:
    change_version(updated, RETENTION[1], "MessageRetentionPeriod: 3600")
    updated.broken = {"/feeds/atom.xml"}
    assert updated.deploy("--yes").exit_code == 1
    updated.broken = set()
    ran = updated.kolom("rollback")
    assert ran.exit_code == 0, ran.stderr
    assert RETENTION[1] in updated.stack.body


def test_a_failed_rollback_is_undone_and_the_next_run_works(updated: Rehearsal) -> None:
    updated.cloudformation.fail_at = ("DroppedEvents", "Rate exceeded")
    ran = updated.kolom("rollback")
    assert ran.exit_code == 1
    assert "CloudFormation has undone it: DroppedEvents" in ran.stderr
    assert not queue_keeps_days(updated)
    assert updated.kolom("rollback").exit_code == 0
    assert queue_keeps_days(updated)


def test_a_rollback_does_not_remove_what_holds_data(deployed: Rehearsal) -> None:
    change_version(deployed, "Resources:\n", "Resources:\n  OtherSecret: {Type: AWS::SecretsManager::Secret}\n")
    ran = deployed.deploy("--yes")
    assert ran.exit_code == 0, ran.stderr
    deployed.cloudformation.calls.clear()
    ran = deployed.kolom("rollback")
    assert ran.exit_code == 1
    assert "would remove or replace resources that may hold data: OtherSecret (remove)" in ran.stderr
    assert "\n  Fix: return to a later deployment, which has these resources (`kolom rollback --list`)\n" in ran.stderr
    assert deployed.executions() == 0


def test_assets_that_were_pruned_are_uploaded_again(updated: Rehearsal) -> None:
    s3 = client("s3")
    (old,) = ThemeRecord.get(SITE, THEME).former
    s3.delete_object(Bucket=MEDIA, Key=f"assets/{old}")
    assert updated.kolom("rollback").exit_code == 0
    assert hashed_css() == old
    assert s3.get_object(Bucket=MEDIA, Key=f"assets/{old}")["Body"].read() == b"body { margin: 0 }"


def test_a_version_that_does_not_know_the_schema_of_the_data_is_refused(
    updated: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = "version 0.1.0 reads items up to schema 1, but other versions store schema 2. Nothing was changed\n"
    change_log(lambda data: data.update(newest_schema=2))
    ran = updated.kolom("rollback")
    assert ran.exit_code == 1
    assert refused in ran.stderr
    change_log(lambda data: data.update(newest_schema=1))
    monkeypatch.setattr(schema, "WRITTEN", 2)
    assert refused in updated.kolom("rollback").stderr
    assert updated.executions() == 0
    change_log(lambda data: data["deployments"][0].update(reads_schema=2))
    assert updated.kolom("rollback").exit_code == 0


@pytest.mark.parametrize("option", ["--yes", "--dry-run"])
def test_a_deployment_of_a_version_that_does_not_know_the_schema_of_the_data_is_refused(
    updated: Rehearsal, option: str
) -> None:
    change_log(lambda data: data.update(newest_schema=2))
    updated.builds.clear()
    ran = updated.deploy(option)
    assert ran.exit_code == 1
    assert "version 0.2.0 reads items up to schema 1, but other versions store schema 2. Nothing" in ran.stderr
    assert "\n  Fix: deploy a later version, or return to a later deployment (`kolom rollback --list`)\n" in ran.stderr
    assert (updated.executions(), updated.builds) == (0, [])


def test_a_version_that_writes_a_newer_schema_is_remembered(
    updated: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "WRITTEN", 3)
    monkeypatch.setattr(schema, "NEWEST_READ", 3)
    change_version(updated, RETENTION[1], "MessageRetentionPeriod: 3600")
    assert updated.deploy("--yes").exit_code == 0
    assert log()["newest_schema"] == 3
    monkeypatch.undo()


def damage_log(_: str) -> None:
    client("s3").put_object(Bucket=UPLOADS, Key=LOG, Body=b"{")


def newer_log(_: str) -> None:
    change_log(lambda data: data.update(format=2))


def delete_log(_: str) -> None:
    client("s3").delete_object(Bucket=UPLOADS, Key=LOG)


def delete_bucket(_: str) -> None:
    for each in client("s3").list_objects_v2(Bucket=UPLOADS)["Contents"]:
        client("s3").delete_object(Bucket=UPLOADS, Key=each["Key"])
    client("s3").delete_bucket(Bucket=UPLOADS)


def delete_object(name: str) -> Callable[[str], None]:
    return lambda _: client("s3").delete_object(Bucket=UPLOADS, Key=log()["deployments"][0][name])


def replace_object(name: str, content: bytes) -> Callable[[str], None]:
    return lambda _: client("s3").put_object(Bucket=UPLOADS, Key=log()["deployments"][0][name], Body=content)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_log, "the record of deployments cannot be read: it is damaged"),
        (newer_log, "the record of deployments cannot be read: it has the format of a newer version of Kolom"),
        (delete_log, "no deployment of this stack is recorded, so there is nothing to return to"),
        (delete_bucket, "no deployment of this stack is recorded, so there is nothing to return to"),
        (delete_object("template"), "deployment 1 cannot be deployed again: kolom/"),
        (replace_object("template", b"Resources: {}"), ".template in the bucket kolom-deploy-"),
        (delete_object("assets"), ".assets.zip in the bucket kolom-deploy-"),
        (replace_object("assets", b"PK"), "the archive of the site's files is damaged"),
        (replace_object("assets", OTHER_ASSETS), ".assets.zip in the bucket kolom-deploy-"),
    ],
    ids=[
        *("log", "newer log", "no log", "no bucket", "no template", "other template"),
        *("no assets", "damaged assets", "other assets"),
    ],
)
def test_what_is_missing_or_damaged_in_the_bucket_is_reported(
    updated: Rehearsal, damage: Callable[[str], None], said: str
) -> None:
    damage("")
    ran = updated.kolom("rollback")
    assert ran.exit_code == 1
    assert said in ran.stderr
    assert "\n  Fix: " in ran.stderr
    assert updated.executions() == 0
    assert not queue_keeps_days(updated)


def test_code_that_was_deleted_from_the_bucket_is_reported(deployed: Rehearsal) -> None:
    code = f"CodeUri: s3://{UPLOADS}/kolom/0123456789abcdef"
    change_version(deployed, "CodeUri: functions/serve_pages/", code)
    client("s3").put_object(Bucket=UPLOADS, Key="kolom/0123456789abcdef", Body=b"code")
    assert deployed.deploy("--yes").exit_code == 0
    change_version(deployed, code, code.replace("0123", "4567"))
    assert deployed.deploy("--yes").exit_code == 0
    client("s3").delete_object(Bucket=UPLOADS, Key="kolom/0123456789abcdef")
    ran = deployed.kolom("rollback")
    assert f"kolom/0123456789abcdef in the bucket {UPLOADS} is missing. Nothing was changed" in ran.stderr
    client("s3").put_object(Bucket=UPLOADS, Key="kolom/0123456789abcdef", Body=b"code")
    assert deployed.kolom("rollback").exit_code == 0


def test_a_template_that_cloudformation_refuses_is_reported(updated: Rehearsal) -> None:
    def refuse() -> None:
        raise error("CreateChangeSet", "ValidationError", "Template format error: no")

    updated.cloudformation.before["CreateChangeSet"] = refuse
    ran = updated.kolom("rollback")
    assert ran.exit_code == 1
    assert "CloudFormation refused the change set: Template format error: no\n  Fix: " in ran.stderr
    assert updated.executions() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "9"), "no deployment '9' is recorded"),
        (("--to", "0.0.9"), "no deployment '0.0.9' is recorded"),
        ((), "there is no recorded deployment before the last one"),
    ],
    ids=["number", "version", "first"],
)
def test_a_deployment_that_is_not_recorded_is_refused(
    deployed: Rehearsal, arguments: tuple[str, ...], said: str
) -> None:
    ran = deployed.kolom("rollback", *arguments)
    assert ran.exit_code == 1
    assert said in ran.stderr
    assert deployed.executions() == 0


def test_a_damaged_record_stops_a_deployment_before_anything_changes(updated: Rehearsal) -> None:
    damage_log("")
    ran = updated.deploy("--yes", "--parameter", "SiteTitle=Other")
    assert ran.exit_code == 1
    assert f"delete the object s3://{UPLOADS}/{LOG}: `kolom deploy` then begins a new record" in ran.stderr
    assert updated.executions() == 0
    delete_log("")
    assert updated.deploy("--yes").exit_code == 0
    assert [each["number"] for each in log()["deployments"]] == [1]


def test_a_record_of_another_run_is_not_lost(updated: Rehearsal) -> None:
    """The other run begins and ends while this one writes its record."""
    other = log()["deployments"][-1] | {"number": 3, "version": "0.3.0"}

    def put(Key: str, **_: object) -> None:  # noqa: N803
        if Key == LOG:
            del updated.answers["PutObject"]
            change_log(lambda data: data["deployments"].append(other))

    updated.answers["PutObject"] = put
    assert updated.kolom("rollback", "--to", "1").exit_code == 0
    assert [(each["number"], each["version"]) for each in log()["deployments"]][2:] == [(3, "0.3.0"), (4, "0.1.0")]


def test_a_record_that_another_run_deletes_is_written_again(updated: Rehearsal) -> None:
    def put(Key: str, **_: object) -> None:  # noqa: N803
        if Key == LOG:
            del updated.answers["PutObject"]
            delete_log("")
            raise error("PutObject", "NoSuchKey", "The specified key does not exist.")

    updated.answers["PutObject"] = put
    assert updated.kolom("rollback").exit_code == 0
    assert [(each["number"], each["version"]) for each in log()["deployments"]] == [(1, "0.1.0")]


def test_a_stack_that_does_not_exist_has_nothing_to_return_to(updated: Rehearsal) -> None:
    ran = updated.kolom("rollback", "--stack", "other")
    assert (ran.exit_code, ran.stderr) == (3, "kolom: no deployed stack 'other' in us-east-1\n")
    assert updated.kolom("destroy", answer="kolom\n").exit_code == 0
    assert updated.kolom("rollback").exit_code == 3
    assert updated.kolom("rollback", "--list").stdout == "No deployments are recorded.\n"


def test_a_stack_that_was_never_created_is_left_alone(rehearsal: Rehearsal) -> None:
    left = StackDouble("kolom", 9, status="ROLLBACK_COMPLETE", parameters={"ArticlesTableName": ""})
    rehearsal.cloudformation.stacks = [left]
    ran = rehearsal.kolom("rollback")
    assert (ran.exit_code, ran.stderr) == (3, "kolom: no deployed stack 'kolom' in us-east-1\n")
    assert "DeleteStack" not in rehearsal.cloudformation.calls
