"""`kolom import-resources`: a new stack begins with what a deleted one has kept, or with restored tables."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from kolom import outbox
from kolom.articles import public, publishing
from kolom.models.outbox import SuppressionRecord
from kolom.models.transaction import Transaction
from kolom_cli.deploying import resource_import, table_settings
from tests.factories import content
from tests.integration.aws import client
from tests.integration.cli.cloudformation import StackDouble, created_by_moto, error
from tests.integration.cli.conftest import CommandResult
from tests.integration.cli.rehearsal import URL, Rehearsal, record_calls, rehearse, rights_in_guide, with_blog
from tests.integration.cli.table_history import backend

NOW: Final = datetime.now(UTC)
KINDS: Final = ("articles", "comments", "guard", "messages", "outbox", "search")
SECRET: Final = "kolom-secret"


@pytest.fixture
def destroyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """Yield an account with the kept data of a deleted blog, which had an article."""
    with rehearse(tmp_path, monkeypatch) as found:
        with_blog(found)
        monkeypatch.setattr(table_settings, "POLL_SECONDS", 0.0)
        monkeypatch.setattr(resource_import, "POLL_SECONDS", 0.0)
        publishing.publish(content("hello", published_at=NOW - timedelta(days=1)), now=NOW)
        assert found.kolom("destroy", answer="kolom\n").exit_code == 0
        client("secretsmanager").delete_secret(SecretId="kolom-originsecret", ForceDeleteWithoutRecovery=True)
        found.cloudformation.calls.clear()
        yield found


def run(destroyed: Rehearsal, *arguments: str) -> CommandResult:
    return destroyed.kolom("import-resources", *arguments, "--yes")


def arn() -> str:
    return str(client("secretsmanager").describe_secret(SecretId=SECRET)["ARN"])


def imported(destroyed: Rehearsal) -> dict[str, str]:
    """Return the ids of the imported resources of the new stack."""
    assert destroyed.stack.status == "IMPORT_COMPLETE"
    return destroyed.stack.imported


def copy(source: str, target: str) -> None:
    """Create a table with the keys and indexes of another one, and its items, as a restored table has them."""
    arn = client("dynamodb").create_backup(TableName=source, BackupName="by-hand")["BackupDetails"]["BackupArn"]
    client("dynamodb").restore_table_from_backup(TargetTableName=target, BackupArn=arn)


def lose(*tables: str) -> None:
    for each in tables:
        client("dynamodb").delete_table(TableName=each)


def test_what_a_deleted_stack_has_kept_becomes_a_new_stack(destroyed: Rehearsal) -> None:
    ran = run(destroyed)
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout.startswith("Imported 8 resources into the stack kolom. Run `kolom deploy` now")
    assert "\n  import 1 bucket (MediaBucket)\n" in ran.stderr
    assert "\n  import 6 tables\n" in ran.stderr
    assert imported(destroyed) == {
        **{f"{kind.title()}Table": f"kolom-{kind}" for kind in KINDS},
        "MediaBucket": created_by_moto().buckets["MediaBucket"],
        "Secret": arn(),
    }
    ran = destroyed.deploy("--yes")
    assert (ran.exit_code, ran.stdout) == (0, f"{URL}\n"), ran.stderr
    changes = ran.stderr.partition("Changes:")[2].partition("created")[0]
    assert not any(word in changes for word in ("replace", "remove", "table", "MediaBucket"))
    assert public.get_article("hello").article.slug == "hello"


def test_the_rights_in_the_guide_are_those_that_the_command_needs(
    destroyed: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("outbox", "articles"):
        client("dynamodb").create_backup(TableName=f"kolom-{kind}", BackupName="newest")
    called = record_calls(monkeypatch)
    lose("kolom-articles", "kolom-outbox")
    called.clear()
    destroyed.cloudformation.stacks.clear()
    ran = run(destroyed, "--from-backup", "latest", f"--resource=Secret={SECRET}", "--without", "MediaBucket")
    assert ran.exit_code == 0, ran.stderr
    needed = {each for each in called if each.startswith("dynamodb:")}
    assert needed <= rights_in_guide("kolom import-resources")


def test_the_settings_that_a_restored_table_lacks_are_switched_on(destroyed: Rehearsal) -> None:
    dynamodb = client("dynamodb")
    for kind in ("articles", "outbox", "comments"):
        copy(f"kolom-{kind}", f"kolom-{kind}-2")
    named = [f"--resource={kind.title()}Table=kolom-{kind}-2" for kind in ("articles", "outbox", "comments")]
    ran = run(destroyed, *named)
    assert ran.exit_code == 0, ran.stderr
    views = {}
    for kind in KINDS:
        name = imported(destroyed)[f"{kind.title()}Table"]
        views[kind] = dynamodb.describe_table(TableName=name)["Table"].get("StreamSpecification", {})
        wanted = created_by_moto().tables[f"{kind.title()}Table"]
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"].get("AttributeName")
        assert expiry == wanted.ttl_attribute
        recovery = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        status = recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        assert status == ("DISABLED" if kind in {"search", "guard"} else "ENABLED")
    assert {kind: each.get("StreamViewType") for kind, each in views.items()} == {
        **dict.fromkeys(KINDS),
        "articles": "KEYS_ONLY",
        "outbox": "NEW_IMAGE",
    }
    assert destroyed.remembered["parameters"]["ArticlesTableName"] == "kolom-articles-2"
    assert "GuardTableName" not in destroyed.remembered["parameters"]
    ran = destroyed.deploy("--yes")
    assert ran.exit_code == 0, ran.stderr
    assert destroyed.stack.outputs["ArticlesTable"] == "kolom-articles-2"


def test_the_parameters_of_the_deleted_stack_are_remembered(destroyed: Rehearsal) -> None:
    """Except those whose values end with the stack."""
    deleted = destroyed.cloudformation.stacks[0]
    assert deleted.parameters["SiteUrl"] == URL
    deleted.parameters |= {"SiteTitle": "Kopi", "Domain": "blog.example.com", "OwnerEmail": "other@example.com"}
    assert run(destroyed).exit_code == 0
    parameters = destroyed.remembered["parameters"]
    assert parameters == {"OwnerEmail": "me@example.com", "SiteTitle": "Kopi"}


def test_of_two_deleted_stacks_the_newer_one_gives_the_parameters(destroyed: Rehearsal) -> None:
    """CloudFormation promises no order of its list."""
    assert run(destroyed).exit_code == 0
    assert destroyed.deploy("--yes", "--parameter", "SiteTitle=Newer").exit_code == 0
    assert destroyed.kolom("destroy", answer="kolom\n").exit_code == 0
    destroyed.file.unlink()
    for days, deleted in enumerate(destroyed.cloudformation.stacks):
        deleted.created += timedelta(days=days)
    destroyed.cloudformation.stacks.reverse()
    assert run(destroyed, "--region", "us-east-1").exit_code == 0
    assert destroyed.remembered["parameters"]["SiteTitle"] == "Newer"


def test_a_dry_run_and_a_refusal_change_nothing(destroyed: Rehearsal) -> None:
    ran = destroyed.kolom("import-resources", "--dry-run")
    assert (ran.exit_code, ran.stdout) == (0, "Dry run: nothing was changed.\n")
    assert "\n  MediaBucket: " in ran.stderr
    assert destroyed.kolom("import-resources", answer="n\n").exit_code == 1
    assert "CreateChangeSet" not in destroyed.cloudformation.calls
    assert "AttributeName" not in client("dynamodb").describe_time_to_live(TableName="kolom-comments")


def test_a_second_run_changes_nothing(destroyed: Rehearsal) -> None:
    assert run(destroyed).exit_code == 0
    ran = run(destroyed)
    assert (ran.exit_code, ran.stdout.partition(".")[0]) == (0, "The stack kolom exists, and has its resources")
    assert destroyed.executions() == 1


def test_a_run_that_was_interrupted_anywhere_is_continued(destroyed: Rehearsal, subtests: pytest.Subtests) -> None:
    kept = destroyed.cloudformation.stacks[:1]
    for operation in ("CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents"):
        with subtests.test(operation):
            destroyed.cloudformation.stacks = [*kept]
            destroyed.cloudformation.interrupt_at = operation
            assert run(destroyed).exit_code == 130
            ran = run(destroyed)
            assert ran.exit_code == 0, ran.stderr
            assert len(imported(destroyed)) == 8


def test_a_failed_import_is_explained_and_can_be_repeated(destroyed: Rehearsal) -> None:
    destroyed.cloudformation.fail_at = ("CommentsTable", "the table is being updated")
    ran = run(destroyed)
    assert ran.exit_code == 1
    assert (
        "the import failed; nothing was changed: CommentsTable (AWS::DynamoDB::Table) failed: the table" in ran.stderr
    )
    assert destroyed.stack.status == "IMPORT_ROLLBACK_COMPLETE"
    assert run(destroyed).exit_code == 0
    assert len(imported(destroyed)) == 8


def test_a_table_that_does_not_match_is_refused(destroyed: Rehearsal) -> None:
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName="other",
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "N"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.update_time_to_live(
        TableName="other", TimeToLiveSpecification={"Enabled": True, "AttributeName": "gone_at"}
    )
    ran = run(destroyed, "--resource", "ArticlesTable=other")
    assert ran.exit_code == 1
    for text in (
        "other (ArticlesTable): its keys must be key (S), part (S)",
        "it needs the index by_shelf of the template",
        "its stream has NEW_IMAGE, not KEYS_ONLY",
        "its items expire by gone_at, not never",
    ):
        assert text in ran.stderr
    assert "CreateChangeSet" not in destroyed.cloudformation.calls


def test_what_belongs_to_another_stack_is_refused(destroyed: Rehearsal) -> None:
    assert run(destroyed).exit_code == 0
    named = [f"--resource={kind.title()}Table=kolom-{kind}" for kind in KINDS]
    others = [f"--resource=MediaBucket={created_by_moto().buckets['MediaBucket']}", f"--resource=Secret={arn()}"]
    ran = run(destroyed, "--stack", "second", *named, *others)
    assert ran.exit_code == 1
    assert "kolom-articles belongs to the stack kolom; " in ran.stderr
    assert destroyed.executions() == 1


def test_without_a_memory_of_the_stack_names_and_tags_are_tried(destroyed: Rehearsal) -> None:
    """CloudFormation forgets a deleted stack after 90 days."""
    destroyed.cloudformation.stacks.clear()
    client("s3").create_bucket(Bucket="kolom-mediabucket-1a2b3c")
    ran = run(destroyed)
    assert ran.exit_code == 1
    assert "not found: Secret" in ran.stderr
    tags = {"aws:cloudformation:stack-name": "kolom", "aws:cloudformation:logical-id": "Secret"}
    client("secretsmanager").tag_resource(SecretId=SECRET, Tags=[{"Key": k, "Value": v} for k, v in tags.items()])
    ran = run(destroyed)
    assert ran.exit_code == 0, ran.stderr
    assert imported(destroyed)["MediaBucket"] == "kolom-mediabucket-1a2b3c"
    assert imported(destroyed)["ArticlesTable"] == "kolom-articles"


def test_several_candidates_must_be_chosen_from(destroyed: Rehearsal) -> None:
    destroyed.cloudformation.stacks.clear()
    for name in ("kolom-mediabucket-1", "kolom-mediabucket-2"):
        client("s3").create_bucket(Bucket=name)
    ran = run(destroyed, f"--resource=Secret={arn()}")
    assert ran.exit_code == 1
    assert "MediaBucket may be kolom-mediabucket-1 or kolom-mediabucket-2" in ran.stderr
    ran = run(destroyed, f"--resource=Secret={arn()}", "--resource=MediaBucket=kolom-mediabucket-2")
    assert ran.exit_code == 0, ran.stderr
    assert imported(destroyed)["MediaBucket"] == "kolom-mediabucket-2"


def test_search_and_guard_tables_may_be_missing(destroyed: Rehearsal) -> None:
    lose("kolom-search", "kolom-guard")
    ran = run(destroyed)
    assert ran.exit_code == 0, ran.stderr
    assert "SearchTable: missing; `kolom deploy` creates an empty one, then run `kolom reindex --rebuild`" in ran.stderr
    assert len(imported(destroyed)) == 6
    ran = destroyed.deploy("--yes")
    assert ran.exit_code == 0, ran.stderr
    assert "add 2 tables (GuardTable, SearchTable)" in ran.stderr


def test_a_lost_table_is_restored_from_its_newest_backup(destroyed: Rehearsal) -> None:
    client("dynamodb").create_backup(TableName="kolom-articles", BackupName="kolom-articles$DeletedTableBackup")
    lose("kolom-articles")
    ran = run(destroyed)
    assert ran.exit_code == 1
    assert "not found: ArticlesTable (kolom-articles; --from-backup latest restores it)" in ran.stderr
    creating = ["CREATING", "CREATING"]

    def describe(*, TableName: str) -> Any:  # noqa: N803 (the name of the API)
        if TableName != "kolom-articles" or "kolom-articles" not in client("dynamodb").list_tables()["TableNames"]:
            return None
        return {"Table": {"TableName": TableName, "TableStatus": creating.pop()}} if creating else None

    destroyed.answers["DescribeTable"] = describe
    ran = run(destroyed, "--from-backup", "latest")
    assert ran.exit_code == 0, ran.stderr
    assert "Waiting for kolom-articles, which can take more than an hour\n" in ran.stderr
    assert creating == []
    assert "Restoring kolom-articles from its backup of " in ran.stderr
    assert len(imported(destroyed)) == 8
    assert public.get_article("hello").article.slug == "hello"


def test_a_lost_table_is_restored_from_a_named_backup(destroyed: Rehearsal) -> None:
    client("dynamodb").create_backup(TableName="kolom-messages", BackupName="kolom.first")
    client("dynamodb").create_backup(TableName="kolom-messages", BackupName="newer")
    lose("kolom-messages")
    ran = run(destroyed, "--from-backup", "second")
    assert (ran.exit_code, "not found: MessagesTable" in ran.stderr) == (1, True)
    ran = run(destroyed, "--from-backup", "first")
    assert ran.exit_code == 0, ran.stderr
    source = client("dynamodb").describe_table(TableName="kolom-messages")["Table"]["RestoreSummary"]["SourceBackupArn"]
    assert source == client("dynamodb").list_backups(TableName="kolom-messages")["BackupSummaries"][0]["BackupArn"]


def test_a_restore_of_a_lost_table_is_not_refused_because_its_response_was_lost(destroyed: Rehearsal) -> None:
    client("dynamodb").create_backup(TableName="kolom-comments", BackupName="kolom.first")
    lose("kolom-comments")

    def restore(**parameters: Any) -> None:
        """Make an attempt without a response; the next one follows."""
        del destroyed.answers["RestoreTableFromBackup"]
        client("dynamodb").restore_table_from_backup(**parameters)

    destroyed.answers["RestoreTableFromBackup"] = restore
    ran = run(destroyed, "--from-backup", "first")
    assert ran.exit_code == 0, ran.stderr
    assert len(imported(destroyed)) == 8
    assert "The backup brings back data that was erased after it was made: repeat `kolom comments forget`" in ran.stdout


def test_old_mail_of_a_restored_table_is_never_sent(destroyed: Rehearsal) -> None:
    """The suppression list is kept, and sent mail, so that it is not created again."""
    transaction = Transaction()
    for name in ("waiting", "sent"):
        outbox.enqueue(transaction, f"contact#{name}", "contact", item_id=name, now=NOW)
    transaction.commit()
    sent = outbox.claim("contact#sent", now=NOW)
    assert sent is not None
    outbox.mark_sent(sent, "1", now=NOW)
    SuppressionRecord("suppressed#1", reason="bounce", created_at=NOW).save()
    before = ids("kolom-outbox")
    client("dynamodb").create_backup(TableName="kolom-outbox", BackupName="newest")
    lose("kolom-outbox")
    ran = run(destroyed, "--from-backup", "latest")
    assert ran.exit_code == 0, ran.stderr
    assert "kolom-outbox: deleted unsent mail of the backup (1), which would be sent again" in ran.stderr
    assert ids("kolom-outbox") == before - {"contact#waiting"}
    assert len(before) == 3


def test_a_new_article_does_not_get_the_comments_of_a_lost_one(destroyed: Rehearsal) -> None:
    """The backup of the articles is older than the comments, so it does not know the last ids."""
    client("dynamodb").create_backup(TableName="kolom-articles", BackupName="older")
    newer = publishing.publish(content("newer"), now=NOW).article.id
    keys = ((str(newer), "01ABC"), ("address#01ABC", "address"), (f"stats#{newer + 1}", "stats"))
    for key, part in keys:
        item = {"article_id": {"S": key}, "sort": {"S": part}}
        client("dynamodb").put_item(TableName="kolom-comments", Item=item)
    lose("kolom-articles")
    ran = run(destroyed, "--from-backup", "latest")
    assert ran.exit_code == 0, ran.stderr
    assert f"kolom-articles: new articles get ids after {newer + 1}, because there are comments on" in ran.stderr
    assert "run `kolom reindex --rebuild`" in ran.stdout
    assert publishing.publish(content("another"), now=NOW).article.id == newer + 2


def test_waiting_mail_of_a_kept_table_stays(destroyed: Rehearsal) -> None:
    transaction = Transaction()
    outbox.enqueue(transaction, "contact#1", "contact", item_id="1", now=NOW)
    transaction.commit()
    # moto refuses to switch a stream on again that was switched off.
    backend().tables["kolom-outbox"].set_stream_specification({"StreamEnabled": False})
    backend().tables["kolom-outbox"].latest_stream_label = None
    assert run(destroyed).exit_code == 0
    assert ids("kolom-outbox") == {"contact#1"}


def ids(table: str) -> set[str]:
    return {item["id"]["S"] for item in client("dynamodb").scan(TableName=table)["Items"]}


def test_a_stack_can_begin_without_lost_content(destroyed: Rehearsal) -> None:
    lose("kolom-messages")
    client("secretsmanager").delete_secret(SecretId=SECRET)
    ran = run(destroyed)
    assert ran.exit_code == 1
    assert "MessagesTable (kolom-messages, without a backup), Secret (a secret can be restored for some" in ran.stderr
    ran = run(destroyed, "--without", "MessagesTable", "--without", "Secret")
    assert ran.exit_code == 0, ran.stderr
    assert len(imported(destroyed)) == 6


def test_bad_options_and_denied_calls_change_nothing(destroyed: Rehearsal, subtests: pytest.Subtests) -> None:
    for arguments, text in (
        (["--resource", "ArticlesTable"], "--resource needs ID=NAME, got 'ArticlesTable'"),
        (["--resource", "Articles=x"], "unknown: Articles"),
        (["--without", "OriginSecret"], "unknown: OriginSecret"),
        (["--without", "ArticlesTable"], "a stack of Kolom cannot begin without ArticlesTable"),
        (["--resource", "ArticlesTable=none"], "ArticlesTable: none does not exist"),
        (["--resource", "MediaBucket=none-of-this-name"], "MediaBucket: none-of-this-name does not exist"),
    ):
        with subtests.test(text):
            ran = run(destroyed, *arguments)
            assert ran.exit_code == 1
            assert text in ran.stderr
    destroyed.answers["UpdateTimeToLive"] = error("UpdateTimeToLive", "AccessDeniedException", "not allowed")
    ran = run(destroyed)
    assert (ran.exit_code, ran.stderr.splitlines()[-1]) == (3, "kolom: AWS denied access: not allowed")
    assert "CreateChangeSet" not in destroyed.cloudformation.calls


def test_a_stack_of_another_application_is_refused(destroyed: Rehearsal) -> None:
    assert run(destroyed).exit_code == 0
    resources = destroyed.stack.resources
    resources["Orders"] = resources.pop("ArticlesTable")
    ran = run(destroyed)
    assert (ran.exit_code, ran.stderr.splitlines()[0]) == (1, "kolom: the stack kolom is not a stack of Kolom")


def test_a_stack_whose_creation_failed_is_not_used(destroyed: Rehearsal) -> None:
    failed = StackDouble("kolom", 99, status="ROLLBACK_COMPLETE", parameters={"ArticlesTableName": ""})
    destroyed.cloudformation.stacks.append(failed)
    ran = run(destroyed)
    assert (ran.exit_code, ran.stderr.splitlines()[0]) == (1, "kolom: the stack kolom exists (ROLLBACK_COMPLETE)")
    assert "CreateChangeSet" not in destroyed.cloudformation.calls
