"""An expired item is not shown, served, mailed, exported or counted, although DynamoDB deletes it later.

Its documentation says that this takes up to some days.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from kolom import outbox
from kolom.comments import admin, moderation, moderation_links, reply_subscriptions
from kolom.comments.types import Comment
from kolom.models.comments import CommentRecord, SubscriptionRecord
from kolom.models.outbox import OutboxRecord
from kolom.search import query_counts
from kolom.security import bans, origins, signing
from tests.factories import comment_request, contact_request, pending_mail_event, request
from tests.integration.aws import client
from tests.integration.cli.conftest import Kolom
from tests.integration.handlers import stored
from tests.integration.privacy.conftest import Blog
from tests.paths import PROJECT

EMAIL: Final = "kept@example.com"
WORD: Final = "keptword"
KEYS: Final = {
    "comments": ("article_id", "sort"),
    "messages": ("id",),
    "outbox": ("id",),
    "guard": ("key",),
}
"""The tables whose items expire, with the names of their keys."""


@dataclass
class Kept:
    """A blog with an item of every kind that expires."""

    blog: Blog
    kolom: Kolom
    folder: Path
    spam: Comment
    deleted: Comment
    approved: Comment
    message_ids: dict[str, str]
    exports: int = 0

    def export(self) -> str:
        """Return the text of a private archive."""
        self.exports += 1
        folder = self.folder / str(self.exports)
        assert self.kolom("export", folder, "--private").exit_code == 0
        return "".join(path.read_text("utf-8") for path in sorted(folder.glob("*.jsonl")))

    def follow(self, path: str, method: str = "POST") -> int:
        """Return the status of a request to a link of a mail."""
        return self.blog.ask("serve_mail_links", request(path, method=method)).status

    def moderation_link(self) -> str:
        """Return a link that approves the spam."""
        token = moderation_links.create(self.spam, "approve", signing.load_keys(), now=datetime.now(UTC))
        return f"/api/moderation/{token}"

    def subscription_link(self) -> str:
        """Return a link that confirms the subscription."""
        person, now = str(self.approved.person), datetime.now(UTC)
        token = reply_subscriptions.create_token("confirm", 1, person, signing.load_keys(), now=now)
        return f"/api/subscription/{token}"


@pytest.fixture
def kept(blog: Blog, kolom: Kolom, tmp_path: Path) -> Kept:
    approved = comment(blog, f"{WORD} approved", notify_replies=True)
    approved = moderation.moderate(1, approved.id, "approve", by="test", now=datetime.now(UTC))
    spam, deleted = comment(blog, f"{WORD} spam"), comment(blog, f"{WORD} deleted")
    for each, action in ((spam, "spam"), (deleted, "delete")):
        moderation.moderate(1, each.id, action, by="test", now=datetime.now(UTC))  # type: ignore[arg-type]
    ids = {}
    for status in ("new", "read", "spam"):
        answer = blog.ask("submit_contact", contact_request(message=f"{WORD} {status}", email=EMAIL, subject=WORD))
        ids[status] = answer.json["id"]
        if status != "new":
            assert kolom("messages", "show" if status == "read" else "spam", ids[status]).exit_code == 0
    return Kept(blog, kolom, tmp_path, admin.get(spam.id), admin.get(deleted.id), approved, ids)


def comment(blog: Blog, text: str, **fields: Any) -> Comment:
    """Post a comment of the person."""
    answer = blog.ask("write_comments", comment_request(content=text, email=EMAIL, **fields))
    assert answer.status == 201, answer.body
    return admin.get(answer.json["comment"]["id"])


def expire(*tables: str, kind: str = "") -> int:
    """Let all items of the tables, or those whose keys begin with ``kind``, be expired; return their number."""
    number = 0
    for table in tables:
        for item in stored(table):
            key = {name: item[name] for name in KEYS[table]}
            if "expires_at" in item and key[KEYS[table][0]]["S"].startswith(kind):
                number += 1
                client("dynamodb").update_item(
                    TableName=f"kolom-{table}",
                    Key=key,
                    UpdateExpression="SET expires_at = :past",
                    ExpressionAttributeValues={":past": {"N": str(int(datetime.now(UTC).timestamp()) - 1)}},
                )
    return number


READERS: Final[dict[str, tuple[str, Callable[[Kept], str]]]] = {
    "comments list": (f"{WORD} spam", lambda kept: kept.kolom("comments", "list").stdout),
    "comments list --status": (
        f"{WORD} deleted",
        lambda kept: kept.kolom("comments", "list", "--status", "deleted").stdout,
    ),
    "comments list --article": (
        f"{WORD} spam",
        lambda kept: kept.kolom("comments", "list", "--article", "hello").stdout,
    ),
    "comments show": (f"{WORD} spam", lambda kept: kept.kolom("comments", "show", kept.spam.id).stdout),
    "comments show: the address": (EMAIL, lambda kept: kept.kolom("comments", "show", kept.approved.id).stdout),
    "comments show: the subscription": ("asked", lambda kept: kept.kolom("comments", "show", kept.approved.id).stdout),
    "comments export": (f"{WORD} spam", lambda kept: kept.kolom("comments", "export", EMAIL).stdout),
    "comments export: the address": (EMAIL, lambda kept: kept.kolom("comments", "export", EMAIL).stdout),
    "messages list": (WORD, lambda kept: kept.kolom("messages", "list").stdout),
    "messages list --status": (WORD, lambda kept: kept.kolom("messages", "list", "--status", "spam").stdout),
    "messages show": (WORD, lambda kept: kept.kolom("messages", "show", kept.message_ids["read"]).stdout),
    "messages export": (WORD, lambda kept: kept.kolom("messages", "export").stdout),
    "messages export --csv": (WORD, lambda kept: kept.kolom("messages", "export", "--csv").stdout),
    "messages export --email": (WORD, lambda kept: kept.kolom("messages", "export", "--email", EMAIL).stdout),
    "mail list": ("contact#", lambda kept: kept.kolom("mail", "list").stdout),
    "mail show": (WORD, lambda kept: kept.kolom("mail", "show", f"contact#{kept.message_ids['new']}").stdout),
    "export --private: comments": (f"{WORD} spam", Kept.export),
    "export --private: messages": (f"{WORD} read", Kept.export),
    "export --private: addresses": (EMAIL, Kept.export),
    "the page of a moderation link": (
        f"{WORD} spam",
        lambda kept: kept.blog.ask("serve_mail_links", request(kept.moderation_link())).body,
    ),
}
"""Everything that shows items to somebody, with a text that it shows until they expire."""


def test_nobody_is_shown_an_expired_item(kept: Kept, subtests: pytest.Subtests) -> None:
    for name, (shown, read) in READERS.items():
        with subtests.test(f"before: {name}"):
            assert shown in read(kept)
    assert expire(*KEYS) > 15
    for name, (shown, read) in READERS.items():
        with subtests.test(f"after: {name}"):
            assert shown not in read(kept)
    with subtests.test("counts"):
        assert list(admin.list_by_status("spam", limit=100)) == []
        assert outbox.list_unsent() == []


def test_the_mail_list_names_no_subject_of_an_expired_message(kept: Kept) -> None:
    assert WORD in kept.kolom("mail", "list").stdout
    expire("messages")
    assert WORD not in kept.kolom("mail", "list").stdout
    assert "(deleted)" in kept.kolom("mail", "list").stdout


ACTIONS: Final[dict[str, tuple[object, object, Callable[[Kept], object]]]] = {
    "approve a comment": (0, 1, lambda kept: kept.kolom("comments", "approve", kept.spam.id).exit_code),
    "restore a comment": (0, 1, lambda kept: kept.kolom("comments", "restore", kept.deleted.id).exit_code),
    "moderate by a link": (200, 404, lambda kept: kept.follow(kept.moderation_link())),
    "confirm a subscription": (200, 404, lambda kept: kept.follow(kept.subscription_link())),
    "mark a message": (0, 1, lambda kept: kept.kolom("messages", "unspam", kept.message_ids["spam"]).exit_code),
    "delete a message": (0, 1, lambda kept: kept.kolom("messages", "delete", kept.message_ids["new"]).exit_code),
    "ban a sender": (0, 1, lambda kept: kept.kolom("comments", "ban", kept.spam.id).exit_code),
}
"""What somebody does with an item: the results before and after it expires."""


@pytest.mark.parametrize("action", ACTIONS)
def test_an_expired_item_cannot_be_used(kept: Kept, action: str) -> None:
    expected, _, act = ACTIONS[action]
    copies = {table: stored(table) for table in KEYS}
    assert act(kept) == expected
    for table, items in copies.items():
        for item in items:
            client("dynamodb").put_item(TableName=f"kolom-{table}", Item=item)
    expire(*KEYS)
    assert act(kept) == ACTIONS[action][1]


def test_mail_about_an_expired_message_or_subscription_is_not_sent(kept: Kept) -> None:
    contact, confirm = f"contact#{kept.message_ids['new']}", f"confirm#1#{kept.approved.person}"
    expire("messages", "comments")
    kept.blog.invoke("send_mail", pending_mail_event(contact, confirm))
    assert kept.blog.mails == []
    assert {outbox.get(each).status for each in (contact, confirm)} == {"dropped"}


def test_an_expired_mail_is_neither_sent_nor_retried_nor_reported_as_failed(
    kept: Kept, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = f"contact#{kept.message_ids['new']}"
    OutboxRecord(mail).update([OutboxRecord.due.set(datetime.now(UTC) - timedelta(days=31))])
    assert expire("outbox") > 0
    before = stored("outbox")
    capsys.readouterr()
    kept.blog.invoke("send_mail", pending_mail_event(mail))
    kept.blog.invoke("run_scheduled_tasks", {})
    assert kept.kolom("mail", "resend", mail).exit_code == 1
    assert stored("outbox") == before
    assert kept.blog.mails == []
    assert "MailFailed" not in capsys.readouterr().out


def test_an_expired_ban_or_record_of_a_submission_has_no_effect(kept: Kept) -> None:
    fields: dict[str, Any] = {"headers": {"idempotency-key": "a-key"}, "address": "198.51.100.9"}
    first = comment(kept.blog, "Once.", **fields)
    bans.ban(first.id, days=1, whole_network=False, now=datetime.now(UTC))
    assert comment(kept.blog, "Once.", **fields).id == first.id
    assert comment(kept.blog, "Banned.", address="198.51.100.9").status == "spam"
    expire("guard")
    assert comment(kept.blog, "Once.", **fields).id != first.id
    assert comment(kept.blog, "Not banned.", address="198.51.100.9").status == "pending"


def test_a_person_is_asked_again_once_their_unanswered_request_has_expired(kept: Kept) -> None:
    expire("comments", kind="subscription#")
    again = comment(kept.blog, "Again.", notify_replies=True)
    moderation.moderate(1, again.id, "approve", by="test", now=datetime.now(UTC))
    (record,) = SubscriptionRecord.scan(SubscriptionRecord.state == "asked")
    assert record.comment_id == again.id


def test_an_archive_restores_what_has_expired_here(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    """The archive may have a later expiry, such as that of a blog with a longer retention period."""
    kept.export()
    expire("comments", "messages")
    restored = kept.kolom("import", "archive", kept.folder / "1", "--json")
    assert restored.exit_code == 0, restored.stdout
    assert f"{WORD} spam" in kept.kolom("comments", "list").stdout
    assert EMAIL in kept.kolom("comments", "show", kept.approved.id).stdout
    assert f"{WORD} read" in kept.kolom("messages", "list").stdout


def test_an_expired_query_is_not_in_the_search_report(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_counts, "MIN_NETWORKS", 1)
    monkeypatch.setattr(query_counts, "MIN_DAYS", 1)
    kept.blog.ask("search_articles", request("/api/search", {"q": WORD}))
    assert WORD in kept.kolom("search", "report").stdout
    expire("guard")
    assert WORD not in kept.kolom("search", "report").stdout


def test_an_erasure_includes_what_takes_the_place_of_an_expired_comment_and_ignores_what_is_gone(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import replaces an expired comment, and DynamoDB deletes another one, after the erasure has found them."""
    before = CommentRecord.get("1", kept.spam.id)
    expire("comments")
    delete = origins.delete

    def change_after(comment_id: str) -> None:
        delete(comment_id)
        if comment_id == kept.spam.id:
            before.save()
        else:
            CommentRecord("1", comment_id).delete()

    monkeypatch.setattr(origins, "delete", change_after)
    erased = admin.erase_person(EMAIL, signing.load_keys(), now=datetime.now(UTC))
    assert erased == 1
    left = CommentRecord.get("1", kept.spam.id)
    assert (left.status, left.content, "person" in left.attribute_values) == ("deleted", "", False)


EXPIRING: Final = {
    *("CommentRecord", "AddressRecord", "SubscriptionRecord", "MessageRecord", "OutboxRecord", "GuardRecord"),
    *("SearchCount",),
}
READS: Final = {"get", "query", "scan", "batch_get", "get_many"}
CHECKS: Final = {"has_expired", "is_unexpired", "is_expired", "load"}

NEED_NO_CHECK: Final = {
    "comments.admin._records_of": "its callers check, except the erasure, which also erases what has expired",
    "comments.admin.get": "finds the article of a comment, which `repository.get` then reads",
    "comments.moderation_links.preview": "a used link is recorded for a day longer than the link is valid",
    "comments.moderation_queue.find_next_pending": "pending comments do not expire",
    "comments.public._recent": "approved comments do not expire",
    "comments.public.list_comments": "approved comments and tombstones do not expire",
    "comments.public.list_newest": "approved comments and tombstones do not expire",
    "comments.reply_subscriptions._find": "`load` checks; the erasure also erases what has expired",
    "comments.reply_subscriptions.delete_for_person": "the erasure also erases what has expired",
    "contact.repository._records_of": "its callers check, except the erasure, which also erases what has expired",
    "models.guard.read_shown": "`query_counts.list_shown` checks",
    "outbox.delete_for_person": "the erasure also erases what has expired",
    "outbox.list_unsent": "reads keys; `get_many` checks",
    "outbox.requeue_due": "reads keys; each update has the condition that the mail has not expired",
    "security.confirmation_limits.count_confirmation": "counters have their period in the name",
    "security.origins.load": "`find` checks",
    "security.rate_limits.count": "counters have their period in the name",
    "submissions.pipeline._raise_unless_stored_as": "`SubmissionIdentity.find` checks",
    "submissions.pipeline.start": "bans, counters and identities are checked where they are used",
    "submissions.pipeline.start_edit": "bans, counters and origins are checked where they are used",
}
"""Functions that read items which may have expired, without a check of their own, with the reason."""


def reads_of_expiring_items() -> dict[str, set[str]]:
    """Return the names that each function uses which reads items that expire."""
    found = {}
    root = PROJECT / "layers/shared/kolom"
    for path in [
        *root.rglob("*.py"),
        *(PROJECT / "cli/kolom_cli").rglob("*.py"),
        *(PROJECT / "functions").rglob("*.py"),
    ]:
        module = (
            str(path.relative_to(root).with_suffix("")).replace("/", ".") if path.is_relative_to(root) else str(path)
        )
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(is_read, ast.walk(node))):
                names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
                found[f"{module}.{node.name}"] = names | {
                    each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)
                }
    return found


def is_read(node: ast.AST) -> bool:
    """Return whether the node is a method of a record, or of its index, that reads items."""
    if not (isinstance(node, ast.Attribute) and node.attr in READS):
        return False
    names = {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
    return bool(names & EXPIRING)


def test_every_reader_of_items_that_expire_checks_it() -> None:
    unchecked = {name for name, used in reads_of_expiring_items().items() if not used & CHECKS}
    assert unchecked == NEED_NO_CHECK.keys()
