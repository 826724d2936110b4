"""`kolom restore`: tables get an earlier state in place, without what was erased, and without mail."""

import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from kolom.articles import public, publishing, repository
from kolom.comments import admin, posting, reply_subscriptions
from kolom.comments import public as public_comments
from kolom.comments.posting import NewComment
from kolom.contact import submission
from kolom.contact.submission import NewMessage
from kolom.errors import NotFound
from kolom.models.comments import SubscriptionRecord, subscription_key
from kolom.models.search import read_revisions
from kolom.search import settings_editor
from kolom.search.index_writer import is_current, update_index
from kolom.security import signing
from kolom.submissions.pipeline import RequestContext
from kolom_cli.commands import restore as command
from kolom_cli.deploying import backups
from kolom_cli.deploying.restoring import item_reader, temporary_tables, writer
from tests.factories import content
from tests.integration.aws import client
from tests.integration.cli.cloudformation import StackDouble, error
from tests.integration.cli.conftest import CommandResult
from tests.integration.cli.rehearsal import Rehearsal, record_calls, rehearse_in, rights_in_guide, with_blog
from tests.integration.cli.table_history import TableHistory, backend, with_history

NOW: Final = datetime.now(UTC).replace(microsecond=0)
THEN: Final = NOW - timedelta(hours=1)
AT: Final = f"{THEN:%Y-%m-%dT%H:%M:%SZ}"
BUDI: Final = "budi@example.com"
SITI: Final = "siti@example.com"
KEYS: Final = {
    "articles": ("key", "part"),
    "comments": ("article_id", "sort"),
    "messages": ("id",),
    "outbox": ("id",),
}
TEMPORARY: Final = f"-restore-at-{THEN:%Y%m%dT%H%M%SZ}"


class Blog(Rehearsal):
    """A deployed blog whose tables have a history. ``before`` is called before a call of the name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.history = TableHistory()
        self.before: dict[str, Callable[..., object]] = {}
        self.answers["DescribeContinuousBackups"] = self.history.describe_backups
        self.senders = 0
        self.written: list[tuple[str, str]] = []

    def call(self, name: str, parameters: Any) -> Any:
        self.history.observe(name, parameters)
        if name in {"PutItem", "DeleteItem"}:
            item = parameters.get("Item") or parameters["Key"]
            self.written.append((name, item.get("part", {}).get("S", "").partition("#")[0]))
        if name in self.before:
            self.before.pop(name)(**parameters)
        return super().call(name, parameters)

    def restore(self, *arguments: str, answer: str | None = "kolom\n") -> CommandResult:
        return self.kolom("restore", *(arguments or ("--at", AT)), answer=answer)

    def comment(self, text: str, email: str | None = None, *, parent: str | None = None, approve: bool = True) -> str:
        """Post a comment and return its id."""
        self.senders += 1
        new = NewComment(name="Visitor", content=text, email=email, parent_id=parent, notify_replies=email is not None)
        context = RequestContext(address=f"10.0.0.{self.senders}")
        posted = posting.post(public.get_without_body("hello"), new, context, now=datetime.now(UTC)).comment
        if approve and posted.status != "approved":
            assert self.kolom("comments", "approve", posted.id).exit_code == 0
        return posted.id


@pytest.fixture
def blog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Blog]:
    with rehearse_in(Blog(tmp_path), monkeypatch) as found:
        with_blog(found)
        with_history(found.history, monkeypatch)
        monkeypatch.setattr(temporary_tables, "POLL_SECONDS", 0.0)
        monkeypatch.setattr(backups, "POLL_SECONDS", 0.0)
        publish("hello", labels=("News",))
        yield found
        signing.load_keys.cache_clear()


def publish(slug: str, **changes: Any) -> int:
    new = content(slug, published_at=NOW - timedelta(days=1), **changes)
    return publishing.publish(new, now=NOW, force=True).article.id


def items(table: str) -> dict[str, Any]:
    """Return the items of a table by their keys, without what a restore may change."""
    found = {}
    for item in client("dynamodb").scan(TableName=f"kolom-{table}")["Items"]:
        key = "/".join(item[name]["S"] for name in KEYS[table])
        found[key] = {name: value for name, value in item.items() if name not in {"version", "revision", "touched"}}
    return found


def temporary() -> list[str]:
    return [name for name in client("dynamodb").list_tables()["TableNames"] if "-restore-" in name]


def test_a_deleted_and_an_edited_article_come_back_and_a_newer_one_goes(blog: Blog) -> None:
    second = publish("second", labels=("News",), html="<p>One.</p>")
    blog.history.remember()
    then = items("articles")
    publish("second", labels=("Other",), html="<p>Two.</p>")
    publishing.delete("hello", now=NOW)
    newer = publish("newer", labels=("News",))
    update_index([second], workers=1)
    ran = blog.restore("--at", AT, "--only", "articles")
    assert ran.exit_code == 0, ran.stderr
    assert "\n  2 articles to change: " in ran.stderr
    assert "\n  1 article to remove: newer\n" in ran.stderr
    now = items("articles")
    assert now.pop("sequence/article")["value"] == {"N": str(newer)}
    assert then.pop("sequence/article")["value"] == {"N": str(second)}
    assert now == then
    assert public.get_article("second").body.html == "<p>One.</p>"
    assert {each.label: each.count for each in public.list_labels()} == {"Blog": 1, "News": 2}
    with pytest.raises(NotFound):
        public.get_article("newer")
    assert temporary() == []
    assert "Restored the state of " in ran.stdout
    assert "The search follows in some minutes" in ran.stdout


def test_an_article_appears_after_its_parts_and_goes_before_them(blog: Blog) -> None:
    """So a reader of a restored article finds its body."""
    gone = publish("gone", labels=("News",))
    blog.history.remember()
    for part in client("dynamodb").scan(TableName="kolom-articles")["Items"]:
        if part["key"]["S"] == str(gone):
            key = {name: part[name] for name in ("key", "part")}
            client("dynamodb").delete_item(TableName="kolom-articles", Key=key)
    publish("newer", labels=("News",))
    blog.written.clear()
    assert blog.restore().exit_code == 0
    added = [part for name, part in blog.written if name == "PutItem"]
    assert sorted(added[:3]) == ["body", "label", "source"]
    assert added[3] == "card"
    removed = [part for name, part in blog.written if name == "DeleteItem"]
    assert removed[0] == "card"
    assert {"body", "label", "source"} < set(removed[1:])


def test_the_id_of_a_removed_article_is_not_used_again(blog: Blog) -> None:
    blog.history.remember()
    newer = publish("newer")
    assert blog.restore().exit_code == 0
    assert publish("another") == newer + 1


def test_the_search_index_follows_a_restored_article(blog: Blog) -> None:
    """The index knows a version and a mark, so both must be new although the content is an earlier one."""
    article_id = publish("second", html="<p>Durian.</p>")
    blog.history.remember()
    publish("second", html="<p>Mangosteen.</p>")
    update_index([article_id], workers=1)
    version = repository.get(article_id).version  # type: ignore[union-attr]
    assert is_current(article_id)
    assert blog.restore().exit_code == 0
    assert repository.get(article_id).version == version + 1  # type: ignore[union-attr]
    assert not is_current(article_id)


def test_the_theme_of_the_last_deployment_stays(blog: Blog) -> None:
    blog.history.remember()
    (blog.frontend / "theme/kolom.css").write_text("body { margin: 1px }")
    assert blog.kolom("deploy-assets").exit_code == 0
    before = items("articles")["site/theme"]
    publish("newer")
    assert blog.restore().exit_code == 0
    assert items("articles")["site/theme"] == before


def test_a_list_of_blocked_words_comes_back_with_a_new_revision(blog: Blog) -> None:
    """Processes keep the list of a revision that they know."""
    blog.kolom("blocked-words", "add", "casino")
    blog.history.remember()
    blog.kolom("blocked-words", "add", "poker")
    assert blog.restore().exit_code == 0
    assert blog.kolom("blocked-words", "show").stdout.split() == ["casino"]
    key = {"key": {"S": "blocked-words"}, "part": {"S": "settings"}}
    assert client("dynamodb").get_item(TableName="kolom-articles", Key=key)["Item"]["revision"] == {"N": "3"}


def test_settings_that_did_not_exist_become_empty(blog: Blog) -> None:
    """Without the item, a later list would get a revision that processes know, and they would keep the old one."""
    blog.history.remember()
    blog.kolom("blocked-words", "add", "casino")
    blog.kolom("search", "synonyms", "add", "film", "movie")
    assert read_revisions().settings == 1
    assert blog.restore("--at", AT, "--only", "articles").exit_code == 0
    assert blog.kolom("blocked-words", "show").stdout == ""
    assert settings_editor.load().synonyms == ()
    assert read_revisions().settings == 2
    assert items("articles").keys() >= {"blocked-words/settings", "search-settings/settings"}
    assert blog.restore("--at", AT, "--only", "articles").stdout.startswith("Nothing to restore")


def test_comments_have_the_state_of_then_and_no_mail_is_sent_again(blog: Blog) -> None:
    first = blog.comment("The first.", BUDI)
    waiting = blog.comment("It waits.", SITI, approve=False)
    blog.history.remember()
    then = items("comments")
    blog.kolom("comments", "delete", first)
    blog.kolom("comments", "approve", waiting)
    newer = blog.comment("A newer comment.", parent=waiting)
    mail = items("outbox")
    ran = blog.restore("--at", AT, "--only", "comments")
    assert ran.exit_code == 0, ran.stderr
    assert f"1 comment to remove: {newer}\n" in ran.stderr
    now = items("comments")
    key = f"{admin.get(waiting).article_id}/{waiting}"
    assert now[key].pop("announced") == {"BOOL": True}
    assert then[key].pop("announced") == {"BOOL": False}
    assert now == then
    assert items("outbox") == mail
    assert public_comments.count_by_slug(["hello"]) == {"hello": 1}
    assert "kolom comments forget" not in ran.stdout


def test_erased_comments_and_their_addresses_do_not_come_back(blog: Blog) -> None:
    parent = blog.comment("What Budi wrote.", BUDI)
    blog.comment("A reply to Budi.", parent=parent)
    alone = blog.comment("Budi, without replies.", BUDI)
    pending = blog.comment("Budi waits.", BUDI, approve=False)
    article_id, person = admin.get(parent).article_id, str(admin.get(parent).person)
    SubscriptionRecord(
        *subscription_key(article_id, person),
        subscriber=person,
        comment_id=parent,
        state="confirmed",
        email=BUDI,
        expires_at=int(NOW.timestamp()) + 10_000,
    ).save()
    blog.history.remember()
    blog.kolom("comments", "forget", BUDI, "--yes")
    key = {"article_id": {"S": str(article_id)}, "sort": {"S": pending}}
    client("dynamodb").delete_item(TableName="kolom-comments", Key=key)  # It has expired.
    lost = blog.comment("Deleted by mistake.", SITI)
    blog.kolom("comments", "delete", lost)
    assert blog.restore().exit_code == 0
    left = str(client("dynamodb").scan(TableName="kolom-comments")["Items"])
    assert not [word for word in (BUDI, "Budi wrote", "Budi waits", "without replies", person) if word in left]
    assert admin.get(parent).is_visible
    assert not admin.get(alone).is_visible
    assert public_comments.count_by_slug(["hello"]) == {"hello": 1}
    shown = public_comments.list_comments(article_id, order="oldest", limit=10).items
    assert [each.deleted for each in shown] == [True, False]
    assert "nothing to change" in blog.restore("--at", AT, "--only", "comments").stderr


def test_an_erased_reply_no_longer_counts_for_its_thread(blog: Blog) -> None:
    """The comment that it replied to was a tombstone because of it, and is not shown any more."""
    parent = blog.comment("Deleted later.", SITI)
    reply = blog.comment("Budi replies.", BUDI, parent=parent)
    blog.kolom("comments", "delete", parent)
    blog.history.remember()
    blog.kolom("comments", "forget", BUDI, "--yes")
    blog.kolom("comments", "restore", parent)
    assert blog.restore().exit_code == 0
    found = admin.get(parent)
    assert (found.status, found.replies, found.is_visible) == ("deleted", 0, False)
    assert found.expires_at is not None
    assert not admin.get(reply).is_visible
    assert public_comments.count_by_slug(["hello"]) == {"hello": 0}
    assert "nothing to change" in blog.restore("--at", AT, "--only", "comments").stderr


def test_an_unsubscription_is_not_undone(blog: Blog) -> None:
    comment = admin.get(blog.comment("Notify me.", SITI))
    link = reply_subscriptions.SubscriptionLink("confirm", comment.article_id, str(comment.person), 0)
    record = SubscriptionRecord(*subscription_key(comment.article_id, str(comment.person)))
    record.subscriber, record.state, record.email = str(comment.person), "confirmed", SITI
    record.expires_at = int(NOW.timestamp()) + 10_000
    record.save()
    blog.history.remember()
    leave = reply_subscriptions.SubscriptionLink("leave", link.article_id, link.person, 0)
    reply_subscriptions.execute(leave, now=datetime.now(UTC))
    blog.comment("A newer comment.")
    assert blog.restore().exit_code == 0
    found = reply_subscriptions.load(comment.article_id, str(comment.person), now=datetime.now(UTC))
    assert found is not None
    assert found.state == "left"
    assert found.email is None


def test_expired_items_do_not_come_back(blog: Blog) -> None:
    kept = submission.submit(NewMessage(email=BUDI, message="Kept."), RequestContext(address="10.1.0.1"), now=NOW).id
    gone = submission.submit(NewMessage(email=SITI, message="Gone."), RequestContext(address="10.1.0.2"), now=NOW).id
    client("dynamodb").update_item(
        TableName="kolom-messages",
        Key={"id": {"S": gone}},
        UpdateExpression="SET expires_at = :past",
        ExpressionAttributeValues={":past": {"N": str(int(NOW.timestamp()) - 10)}},
    )
    blog.history.remember()
    for each in (kept, gone):
        client("dynamodb").delete_item(TableName="kolom-messages", Key={"id": {"S": each}})
    ran = blog.restore("--at", AT, "--only", "messages")
    assert ran.exit_code == 0, ran.stderr
    assert list(items("messages")) == [kept]
    assert "repeat `kolom messages forget`" in ran.stdout


def test_an_approved_comment_that_was_spam_and_would_have_expired_is_spam_again(blog: Blog) -> None:
    """It is not removed: the owner would have to know its text to approve it again."""
    comment = blog.comment("Not spam at all.")
    blog.kolom("comments", "spam", comment)
    spam = client("dynamodb").get_item(
        TableName="kolom-comments",
        Key={"article_id": {"S": str(admin.get(comment).article_id)}, "sort": {"S": comment}},
    )["Item"]
    expired = {**spam, "expires_at": {"N": str(int(NOW.timestamp()) - 10)}}
    client("dynamodb").put_item(TableName="kolom-comments", Item=expired)
    blog.history.remember()
    client("dynamodb").put_item(TableName="kolom-comments", Item=spam)
    assert blog.kolom("comments", "approve", comment).exit_code == 0
    ran = blog.restore("--at", AT, "--only", "comments")
    assert ran.exit_code == 0, ran.stderr
    found = admin.get(comment)
    assert (found.status, found.content, found.is_visible) == ("spam", "Not spam at all.", False)
    assert found.expires_at is not None
    assert found.expires_at > NOW.timestamp()
    assert public_comments.count_by_slug(["hello"]) == {"hello": 0}
    assert "Nothing to restore" in blog.restore("--at", AT, "--only", "comments").stdout


def test_a_dry_run_writes_nothing_and_the_next_run_uses_its_tables(blog: Blog) -> None:
    blog.history.remember()
    publishing.delete("hello", now=NOW)
    before = items("articles")
    ran = blog.restore("--at", AT, "--dry-run", answer=None)
    assert (ran.exit_code, items("articles")) == (0, before)
    assert f"The temporary tables stay for `kolom restore --at {AT}`" in ran.stdout
    assert temporary() == [f"kolom-{kind}{TEMPORARY}" for kind in ("articles", "comments", "messages")]
    assert set(blog.history.restored_to.values()) == {THEN}
    assert not any(blog.history.has_indexes.values())
    blog.answers["RestoreTableToPointInTime"] = error("RestoreTableToPointInTime", "Unexpected", "again")
    # An earlier time zone, and only one of the tables: the point is the same.
    local = THEN.astimezone(tz=None).isoformat()
    assert blog.restore("--at", local, "--only", "articles", "--yes", answer=None).exit_code == 0
    assert public.get_article("hello").article.slug == "hello"
    assert temporary() == []


def test_without_the_name_of_the_stack_nothing_is_written(blog: Blog) -> None:
    blog.history.remember()
    publishing.delete("hello", now=NOW)
    before = items("articles")
    ran = blog.restore(answer="no\n")
    assert (ran.exit_code, items("articles")) == (1, before)
    assert len(temporary()) == 3
    ran = blog.restore("--at", f"{THEN - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}")
    assert ran.exit_code == 1
    assert f"continue it with `kolom restore --at {AT}`, or delete these tables" in ran.stderr
    assert blog.restore("--discard").stdout.splitlines()[0] == f"deleted kolom-articles{TEMPORARY}"
    assert temporary() == []
    assert blog.restore("--discard").stdout == "There are no temporary tables.\n"


def test_a_table_that_only_has_such_a_name_is_never_deleted(blog: Blog) -> None:
    name = f"kolom-articles{TEMPORARY}"
    client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert blog.restore("--discard").stdout == "There are no temporary tables.\n"
    blog.history.remember()
    ran = blog.restore()
    assert ran.exit_code == 1
    assert f"there is a table {name} that is in use, or was not restored from kolom-articles" in ran.stderr
    assert name in temporary()


@pytest.mark.parametrize("use", ["by another stack", "protected"])
def test_a_restored_table_that_is_used_meanwhile_is_never_deleted(blog: Blog, use: str) -> None:
    """Somebody may have imported it into a second stack."""
    blog.history.remember()
    publish("newer")
    assert blog.restore("--at", AT, "--dry-run", "--only", "articles").exit_code == 0
    (name,) = temporary()
    if use == "protected":
        client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=True)
    else:
        second = StackDouble("second", 99, status="IMPORT_COMPLETE", imported={"ArticlesTable": name})
        second.resources["ArticlesTable"] = ("AWS::DynamoDB::Table", "IMPORT_COMPLETE")
        blog.cloudformation.stacks.append(second)
    assert blog.restore("--discard").stdout == "There are no temporary tables.\n"
    ran = blog.restore("--at", AT)
    assert ran.exit_code == 1
    assert f"there is a table {name} that is in use" in ran.stderr
    assert blog.restore("--at", "latest").exit_code == 0
    assert temporary() == [name]


def test_what_continues_a_restore_names_the_same_tables(blog: Blog) -> None:
    """Without its --only, the next run would also remove newer comments."""
    blog.history.remember()
    publish("newer")
    ran = blog.restore("--at", AT, "--only", "articles", "--only", "messages", "--dry-run")
    command = f"`kolom restore --at {AT} --only articles --only messages`"
    assert f"stay for {command}, and" in ran.stdout
    other = f"{THEN - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    assert f"continue it with {command}, or delete" in blog.restore("--at", other).stderr
    blog.before["DeleteItem"] = lambda **_: signal.raise_signal(signal.SIGINT)
    ran = blog.restore("--at", AT, "--only", "articles", "--only", "messages")
    assert f"kolom: interrupted: {command} continues\n" in ran.stderr


def test_a_temporary_table_that_loses_its_items_removes_nothing(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS does not say what is read from a table while it is deleted."""
    blog.history.remember()
    publish("hello", html="<p>Changed.</p>")
    before = items("articles")

    def empty(*_: Any) -> None:
        backend().tables[f"kolom-articles{TEMPORARY}"].items.clear()

    monkeypatch.setattr(command, "confirm_by_name", empty)
    ran = blog.restore("--at", AT, "--only", "articles")
    assert ran.exit_code == 1
    assert "still different" in ran.stderr
    kept = {key for key in before if "body#" not in key and "source#" not in key}
    assert kept <= items("articles").keys()


def test_what_is_read_from_a_table_that_is_deleted_meanwhile_is_not_used(blog: Blog) -> None:
    blog.history.remember()
    publish("hello", html="<p>Changed.</p>")

    def describe(*, TableName: str) -> Any:  # noqa: N803 (the name of the API)
        return {"Table": {"TableStatus": "DELETING"}} if TableName == f"kolom-articles{TEMPORARY}" else None

    blog.before["Scan"] = lambda **_: blog.answers.update(DescribeTable=describe)
    ran = blog.restore("--at", AT, "--only", "articles", "--yes")
    assert ran.exit_code == 1
    assert f"another run has finished or discarded this restore: kolom-articles{TEMPORARY} is deleted" in ran.stderr
    assert public.get_article("hello").body.html == "<p>Changed.</p>"


def test_a_run_that_was_interrupted_anywhere_is_continued(blog: Blog, subtests: pytest.Subtests) -> None:
    publish("second", html="<p>One.</p>")
    blog.history.remember()
    then = items("articles")
    operations = ("RestoreTableToPointInTime", "BatchGetItem", "PutItem", "DeleteItem", "DeleteTable")
    for operation in operations:
        with subtests.test(operation):
            publish("second", html="<p>Two.</p>")
            publish(f"newer-{operation.lower()}")

            def interrupt(**_: Any) -> None:
                raise KeyboardInterrupt

            blog.before[operation] = interrupt
            assert blog.restore("--at", AT, "--only", "articles").exit_code == 130
            assert blog.restore("--at", AT, "--only", "articles").exit_code == 0
            now = items("articles")
            assert now.pop("sequence/article") is not None
            assert now == {key: item for key, item in then.items() if key != "sequence/article"}
            assert temporary() == []


def test_the_first_ctrl_c_ends_after_the_current_item(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_CONCURRENCY", 1)
    blog.history.remember()
    publish("newer")
    blog.written.clear()
    blog.before["DeleteItem"] = lambda **_: signal.raise_signal(signal.SIGINT)
    ran = blog.restore()
    assert ran.exit_code == 130
    assert f"kolom: interrupted: `kolom restore --at {AT}` continues\n" in ran.stderr
    assert "To undo what this run has written, " in ran.stderr
    assert [name for name, _ in blog.written].count("DeleteItem") == 1
    assert blog.restore().exit_code == 0


def test_slow_tables_are_waited_for(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    blog.history.remember()
    blog.history.not_ready = 4
    monkeypatch.setattr(temporary_tables, "_SHOW_SECONDS", 0.0)
    ran = blog.restore()
    assert ran.exit_code == 0, ran.stderr
    assert f"Waiting for kolom-articles{TEMPORARY} (0 minutes)\n" in ran.stderr
    assert blog.history.not_ready == 0


@pytest.mark.parametrize("when", ["before the writes", "during the writes"])
def test_an_article_that_is_edited_meanwhile_is_kept_and_reported(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    monkeypatch.setattr(writer, "_CONCURRENCY", 1)
    blog.history.remember()
    publish("hello", html="<p>Changed.</p>")

    def edit(*_: Any, **__: Any) -> None:
        publish("hello", html="<p>Changed again.</p>")

    if when == "during the writes":
        blog.before["PutItem"] = edit
    else:
        monkeypatch.setattr(command, "confirm_by_name", edit)
    ran = blog.restore()
    assert ran.exit_code == 1
    assert "changed while this ran): run the command again" in ran.stderr
    assert public.get_article("hello").body.html == "<p>Changed again.</p>"
    assert len(temporary()) == 3
    assert blog.restore("--at", AT, "--yes", answer=None).exit_code == 0
    assert public.get_article("hello").body.html == "<p>The body of hello.</p>"


def test_a_write_whose_response_was_lost_is_no_conflict(blog: Blog) -> None:
    blog.history.remember()
    publish("newer")
    publishing.delete("hello", now=NOW)
    lost = []

    def lose(**parameters: Any) -> None:
        lost.append(parameters["TableName"])
        client("dynamodb").put_item(**parameters)
        raise error("PutItem", "InternalServerError", "lost")

    blog.before["PutItem"] = lose
    ran = blog.restore()
    assert ran.exit_code == 0, ran.stderr
    assert lost == ["kolom-articles"]


def test_unprocessed_keys_are_read_again(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    blog.history.remember()
    publishing.delete("hello", now=NOW)
    original = item_reader._send
    incomplete = [True]

    def send(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if incomplete:
            incomplete.clear()
            return {"Responses": {}, "UnprocessedKeys": arguments["RequestItems"]}
        return original(operation, arguments)

    monkeypatch.setattr(item_reader, "_send", send)
    assert blog.restore().exit_code == 0
    assert public.get_article("hello").article.slug == "hello"


def test_an_equal_table_needs_no_confirmation(blog: Blog) -> None:
    blog.history.remember()
    ran = blog.restore(answer=None)
    assert ran.stdout == "Nothing to restore: the tables have this state.\n"
    assert temporary() == []


def test_latest_is_the_latest_restorable_time_and_that_of_an_unfinished_run(blog: Blog) -> None:
    blog.history.remember()
    publish("newer")
    assert blog.restore("--at", "latest", "--dry-run").exit_code == 0
    first = blog.history.latest.replace(microsecond=0)
    blog.history.latest += timedelta(minutes=2)
    ran = blog.restore("--at", "latest")
    assert ran.exit_code == 0, ran.stderr
    assert set(blog.history.restored_to.values()) == {first}


def test_how_to_undo_a_restore_is_said(blog: Blog) -> None:
    blog.history.remember()
    publish("newer")
    ran = blog.restore("--at", AT, "--only", "articles")
    assert "To undo what this run has written, for 35 days: kolom restore --at 20" in ran.stderr.splitlines()[-1]
    assert ran.stderr.endswith(" --only articles\n")
    blog.kolom("backup", "create", "--name", "first")
    blog.history.is_enabled = False
    publish("newer")
    ran = blog.restore("--backup", "first")
    assert ran.exit_code == 0, ran.stderr
    assert "kolom-messages: this cannot be undone.\n" in ran.stderr
    assert "To undo" not in ran.stderr


def test_a_complete_backup_is_restored(blog: Blog) -> None:
    assert blog.kolom("backup", "create", "--name", "first").exit_code == 0
    publishing.delete("hello", now=NOW)
    ran = blog.restore("--backup", "first", "--dry-run")
    assert "kolom-articles-restore-of-first" in temporary()
    assert "stay for `kolom restore --backup first`" in ran.stdout
    assert blog.restore("--backup", "first").exit_code == 0
    assert public.get_article("hello").article.slug == "hello"
    assert temporary() == []


def test_an_incomplete_or_unknown_backup_is_refused(blog: Blog) -> None:
    client("dynamodb").create_backup(TableName="kolom-articles", BackupName="kolom.half")
    ran = blog.restore("--backup", "half")
    assert ran.exit_code == 1
    assert "the backup half cannot be restored: it is incomplete: without comments, messages, outbox" in ran.stderr
    ran = blog.restore("--backup", "none")
    assert (ran.exit_code, ran.stderr.splitlines()[0]) == (1, "kolom: there is no backup 'none'")
    assert temporary() == []


def test_a_time_that_cannot_be_restored_is_refused(blog: Blog, subtests: pytest.Subtests) -> None:
    blog.history.earliest = NOW - timedelta(days=2)
    for value, text in (
        (f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}", "is in the future"),
        (f"{NOW - timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}", f"times from {NOW - timedelta(days=2):%Y-%m-%d %H:%M:%S}"),
        (f"{datetime.now(UTC) - timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}", "AWS is about five minutes behind"),
        ("yesterday", "'yesterday' is not a time"),
        ("0001-01-01T00:00+10:00", "is not a time"),
        ("2026-13-01", "is not a time"),
    ):
        with subtests.test(value):
            ran = blog.restore("--at", value)
            assert ran.exit_code == 1
            assert text in ran.stderr
    blog.stack.outputs["TimeZone"] = "Europe/Berlin"
    for value in ("2026-03-29T02:30", "2026-10-25T02:30:00"):
        with subtests.test(value):
            ran = blog.restore("--at", value)
            assert ran.exit_code == 1
            assert f"the clocks change in Europe/Berlin: {value} exists twice or not at all\n" in ran.stderr
    blog.history.is_enabled = False
    assert "point-in-time recovery of kolom-articles is switched off" in blog.restore().stderr
    assert temporary() == []
    for arguments in (("--at", AT, "--backup", "x"), ("--dry-run",)):
        assert blog.restore(*arguments).exit_code == 2


def test_a_time_without_a_zone_is_in_that_of_the_site(blog: Blog) -> None:
    blog.history.remember()
    blog.stack.outputs["TimeZone"] = "Asia/Jakarta"
    publish("newer")
    local = (THEN + timedelta(hours=7)).replace(tzinfo=None)
    assert blog.restore("--at", local.isoformat()).exit_code == 0
    assert set(blog.history.restored_to.values()) == {THEN}


def test_what_prevents_a_restore_is_named(blog: Blog, subtests: pytest.Subtests) -> None:
    blog.history.remember()
    for code, exit_code, text in (
        ("LimitExceededException", 1, "cannot restore the table kolom-articles: the account has too many tables"),
        ("TableInUseException", 1, "cannot restore the table kolom-articles: it is being created, changed or deleted"),
        ("InvalidRestoreTimeException", 1, "cannot restore the table kolom-articles: it cannot be restored to this"),
        ("AccessDeniedException", 3, "kolom: AWS denied access: reason"),
    ):
        with subtests.test(code):
            blog.answers["RestoreTableToPointInTime"] = error("RestoreTableToPointInTime", code, "reason")
            ran = blog.restore()
            assert ran.exit_code == exit_code
            assert text in ran.stderr
    blog.cloudformation.stacks[0].status = "UPDATE_IN_PROGRESS"
    ran = blog.restore()
    assert (ran.exit_code, ran.stderr.splitlines()[0]) == (
        1,
        "kolom: the stack kolom is being changed (UPDATE_IN_PROGRESS)",
    )


@pytest.mark.parametrize("state", ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "missing"])
def test_a_running_table_that_cannot_be_written_is_named(blog: Blog, state: str) -> None:
    assert blog.kolom("backup", "create", "--name", "first").exit_code == 0

    def describe(*, TableName: str) -> Any:  # noqa: N803 (the name of the API)
        return {"Table": {"TableName": TableName, "TableStatus": state}} if TableName == "kolom-messages" else None

    if state == "missing":
        client("dynamodb").delete_table(TableName="kolom-messages")
    else:
        blog.answers["DescribeTable"] = describe
    ran = blog.restore("--backup", "first", "--only", "messages")
    assert ran.exit_code == 1
    expected = "does not exist" if state == "missing" else f"cannot be written ({state})"
    assert f"kolom: the table kolom-messages {expected}\n" in ran.stderr
    assert temporary() == []


def test_another_run_that_ends_the_restore_is_named(blog: Blog) -> None:
    blog.history.remember()
    publish("newer")
    blog.before["Scan"] = lambda **_: client("dynamodb").delete_table(TableName=f"kolom-messages{TEMPORARY}")
    ran = blog.restore()
    assert ran.exit_code == 1
    assert f"another run has finished or discarded this restore: kolom-messages{TEMPORARY} is deleted" in ran.stderr
    assert public.get_article("newer").article.slug == "newer"


def test_another_run_that_ends_the_restore_during_the_writes_is_named(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog.history.remember()
    publish("newer")

    def end(*_: Any) -> None:
        """Let the other run delete the table after this one has seen that it exists."""
        blog.before["BatchGetItem"] = lambda **_: client("dynamodb").delete_table(
            TableName=f"kolom-articles{TEMPORARY}"
        )

    monkeypatch.setattr(command, "confirm_by_name", end)
    ran = blog.restore("--at", AT, "--only", "articles")
    assert ran.exit_code == 1
    assert f"another run has finished or discarded this restore: kolom-articles{TEMPORARY} is deleted" in ran.stderr
    assert public.get_article("newer").article.slug == "newer"


def test_a_running_table_that_is_deleted_meanwhile_is_named(blog: Blog) -> None:
    blog.history.remember()
    blog.before["Scan"] = lambda **_: client("dynamodb").delete_table(TableName="kolom-messages")
    ran = blog.restore("--at", AT, "--only", "messages")
    assert ran.exit_code == 1
    assert "kolom: cannot read the table kolom-messages: it does not exist\n" in ran.stderr


def test_the_rights_in_the_guide_are_those_that_the_commands_need(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    others = {"cloudformation:DescribeStacks", "sts:GetCallerIdentity"}
    blog.kolom("search", "synonyms", "add", "film", "movie")
    blog.history.remember()
    publishing.delete("hello", now=NOW)
    called = record_calls(monkeypatch)
    for line in ("create --name first", "list", "delete first --yes", "create --name second"):
        assert blog.kolom("backup", *line.split()).exit_code == 0
    assert called == rights_in_guide("kolom backup") | others
    publish("newer")
    called.clear()
    assert blog.restore("--at", AT, "--yes").exit_code == 0
    assert blog.restore("--backup", "second", "--yes").exit_code == 0
    assert called == rights_in_guide("kolom restore") | others


def test_newer_content_comes_back_from_an_archive(blog: Blog, tmp_path: Path) -> None:
    """A restore has the exact state of then. `kolom export` before it, and an import after it, keep what is newer."""
    blog.history.remember()
    publish("newer", labels=("News",))
    publishing.delete("hello", now=NOW)
    folder = str(tmp_path / "archive")
    assert blog.kolom("export", folder, "--private").exit_code == 0
    assert blog.restore().exit_code == 0
    blog.kolom("import", "archive", folder)
    assert public.get_article("newer").article.slug == "newer"
    assert public.get_article("hello").article.slug == "hello"
    assert {each.label: each.count for each in public.list_labels()} == {"Blog": 1, "News": 2}
