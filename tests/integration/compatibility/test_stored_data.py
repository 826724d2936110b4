"""This version reads what an earlier version stored, signed and returned: `tests/fixtures/stored/`."""

import hmac
import shutil
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.integration.compatibility.conftest import FIXTURES, Data, Stack, command_keys, comparable, files, load, read
from tests.integration.conftest import Configure
from tests.integration.handlers import stored

SLUG = "tempe-dari-dapur"
SECRET = "s" * 64
SUBMISSIONS = read("submissions.json")["submissions"]
TOKENS = read("tokens.json")
SENDABLE = set(TOKENS["mail"].values())


@pytest.fixture
def stack(empty: Stack) -> Stack:
    """Return a stack with the recorded tables and files at the time of the recording."""
    empty.clock.set(datetime.fromisoformat(TOKENS["now"]))
    load(read("tables.json"))
    for name, data in files(FIXTURES / "archive/media").items():
        boto3.client("s3").put_object(Bucket="kolom-media", Key=f"media/{name}", Body=data, ContentType="image/png")
    return empty


def resend(stack: Stack, submission: Data) -> Any:
    """Repeat a recorded submission."""
    return stack.request(
        submission["method"],
        submission["path"],
        submission["fields"],
        address=submission["address"],
        **submission["headers"],
    )


def keyed_hash(purpose: str, text: str) -> str:
    """Return a hash with the site's secret; the purpose is part of the stored hash."""
    key = hmac.new(SECRET.encode(), purpose.encode(), sha256).digest()
    return hmac.new(key, text.encode(), sha256).hexdigest()[:32]


def guard_items(prefix: str) -> dict[str, set[str]]:
    """Return the ``seen`` set of each item of the guard table whose key begins with the prefix, by key."""
    return {
        key: set(item.get("seen", {}).get("SS", ()))
        for item in stored("guard")
        if (key := item["key"]["S"]).startswith(prefix)
    }


def comment_status(stack: Stack, comment_id: str) -> str:
    return str(stack.run("comments", "show", comment_id, "--json").json["status"])


def test_every_url_returns_the_recorded_response(stack: Stack) -> None:
    """Articles, lists and their next pages, search, comments, feeds and pages are compared."""
    recorded = read("answers.json")
    assert len(recorded) > 70
    for target, answer in recorded.items():
        assert comparable(stack.get(target)) == answer, target


def test_recorded_tables_export_as_the_recorded_archive(stack: Stack, tmp_path: Path) -> None:
    """All stored names of statuses, aliases, addresses, subscriptions and messages are read."""
    assert stack.files(tmp_path / "archive") == files(FIXTURES / "archive")


def test_a_recorded_archive_is_restored_byte_for_byte(empty: Stack, tmp_path: Path) -> None:
    """Every later version can restore an archive."""
    empty.clock.set(datetime.fromisoformat(TOKENS["now"]))
    report = empty.run("import", "archive", FIXTURES / "archive", "--json").json
    assert report["created"] == report["read"] > 30
    assert empty.files(tmp_path / "archive") == files(FIXTURES / "archive")


def test_published_files_and_imports_are_recognised(stack: Stack, tmp_path: Path) -> None:
    """They are recognised by their fingerprints and origins."""
    shutil.copytree(FIXTURES / "published", tmp_path / "published")
    (tmp_path / "published/gone.md").unlink()
    # The earlier version closed the comments of posts without a status of comments, which WordPress always exports.
    status = "<wp:comment_status>closed</wp:comment_status><wp:status>"
    export = tmp_path / "wordpress.xml"
    export.write_text((FIXTURES / "wordpress.xml").read_text("utf-8").replace("<wp:status>", status), "utf-8")
    for command in (("publish", tmp_path / "published"), ("import", "wordpress", export)):
        report = stack.run(*command, "--json").json
        assert report["unchanged"] == report["read"] > 0, report


def test_new_articles_continue_the_stored_ids_counts_and_slugs(stack: Stack, tmp_path: Path) -> None:
    """The stored id sequence, label counts and reserved slugs are used."""
    (tmp_path / "new.md").write_text("---\ntitle: New\nlabels: [TRAVEL]\ndate: 2026-03-01\n---\nNew.\n")
    (tmp_path / "taken.md").write_text("---\ntitle: Taken\nslug: taken\npath: /2024/05/market.html\n---\nx\n")
    stack.run("publish", tmp_path, exit_code=1)
    assert [stack.get(f"/api/articles/{slug}").status for slug in ("new", "taken")] == [200, 404]
    before = {each["label"]: each["count"] for each in read("answers.json")["/api/labels"]["json"]["items"]}
    after = {each["label"].casefold(): each["count"] for each in stack.get("/api/labels").json["items"]}
    assert after["travel"] == before["Travel"] + 1
    assert {item["key"]["S"] for item in stored("articles")} >= {"12", "slug:new"}


def test_a_scheduled_article_is_published_when_due(stack: Stack) -> None:
    """The scheduled tasks read the stored queue."""
    stack.clock.set(datetime.fromisoformat("2026-04-01T01:05:00+00:00"))
    stack.tick()
    assert stack.get("/api/articles/nanti").status == 200


def test_stored_index_entries_of_a_deleted_article_are_removed(stack: Stack) -> None:
    recorded = read("answers.json")["/api/search?q=market"]
    stack.run("delete", "long-way", "--yes")
    stack.index()
    slugs = [each["slug"] for each in stack.get("/api/search?q=market").json["items"]]
    assert sorted([*slugs, "long-way"]) == sorted(each["slug"] for each in recorded["json"]["items"])
    assert "long-way" not in stack.get("/api/search?q=train").body


def test_a_search_finds_stored_and_new_index_entries_together(stack: Stack, tmp_path: Path) -> None:
    """Their formats differ until the stored articles are indexed again."""
    recorded = {each["slug"] for each in read("answers.json")["/api/search?q=market"]["json"]["items"]}
    (tmp_path / "new.md").write_text("---\ntitle: New market\ndate: 2026-02-01\nlanguage: en\n---\nA market.\n")
    stack.run("publish", tmp_path)
    stack.index("12")
    found = stack.get("/api/search?q=market").json
    assert {each["slug"] for each in found["items"]} == recorded | {"new"}
    assert found["total"] == len(recorded) + 1
    related = stack.get("/api/articles/new/related").json["items"]
    assert recorded & {each["slug"] for each in related}
    earlier = earlier_blocks()
    assert earlier
    stack.run("delete", "new", "--yes")
    stack.index("12")
    assert {each["slug"] for each in stack.get("/api/search?q=market").json["items"]} == recorded
    assert earlier_blocks() == earlier


def test_reindexing_converts_stored_index_entries(stack: Stack) -> None:
    """Searches, suggestions and related articles return the same, but pages become part of the index, which changes
    scores, and so the cursors of pages sorted by them.
    """
    assert earlier_blocks()
    stack.run("reindex", "--no-wait")
    stack.index()
    assert earlier_blocks() == set()
    for target, answer in read("answers.json").items():
        is_by_score = "sort=newest" not in target
        if (target.startswith("/api/search") or target.endswith("/related")) and not (
            is_by_score and "limit=" in target
        ):
            assert without_scores(comparable(stack.get(target))) == without_scores(answer), target


def without_scores(answer: Any) -> Any:
    """Return the answer without the fields ``score``."""
    if isinstance(answer, dict):
        return {name: without_scores(value) for name, value in answer.items() if name != "score"}
    return list(map(without_scores, answer)) if isinstance(answer, list) else answer


def earlier_blocks() -> set[tuple[str, str]]:
    """Return the keys of the postings that the recorded version wrote."""
    keys = {(item["key"]["S"], item["part"]["S"]) for item in stored("search")}
    return {key for key in keys if key[1].isdigit() and key[0] != "#documents"}


def test_a_repeated_submission_gets_the_same_response(stack: Stack) -> None:
    """It is recognised by its idempotency key, which works for nothing else.

    Without a key, a submission is recognised for ten minutes, but not across the change to keyed hashes.
    """
    count = len(stored("comments")) + len(stored("messages"))
    with_key = [submission for submission in SUBMISSIONS if submission["headers"]]
    assert len(with_key) == 2
    for submission in with_key:
        answer = resend(stack, submission)
        assert (answer.status, answer.json) == (201, submission["answer"]), submission
    assert len(stored("comments")) + len(stored("messages")) == count
    keyed = SUBMISSIONS[0]
    answer = resend(stack, {**keyed, "fields": {**keyed["fields"], "content": "Something else."}})
    assert (answer.status, answer.fields) == (422, {"Idempotency-Key"})


def test_stored_bans_apply(stack: Stack) -> None:
    banned = stack.comment(SLUG, "Me again.", address="192.0.2.66").json["comment"]["id"]
    assert comment_status(stack, banned) == "spam"


def test_stored_rate_limits_expire_without_effect(stack: Stack) -> None:
    """The counters of submissions have other keys now. Stored ones are neither read nor changed until they expire."""
    eager = SUBMISSIONS[-1]
    counted = guard_items("tally#")
    assert resend(stack, {**eager, "fields": {**eager["fields"], "content": "One more!"}}).status == 201
    assert {key: seen for key, seen in guard_items("tally#").items() if key in counted} == counted


def test_links_in_sent_mail_work(stack: Stack) -> None:
    """A moderation link works once; a reader's links confirm or end a subscription."""
    assert stack.request("POST", TOKENS["moderation_used"], {}).status == 409
    assert stack.get(TOKENS["moderation"]["spam"]).status == 200
    assert [stack.request("POST", TOKENS["moderation"]["approve"], {}).status for _ in range(2)] == [200, 409]
    assert comment_status(stack, TOKENS["pending"]) == "approved"

    def subscription() -> str:
        return str(stack.run("comments", "show", TOKENS["reply"], "--json").json["subscription"])

    assert subscription() == "asked"
    assert stack.request("POST", TOKENS["confirm"], {}).status == 200
    assert subscription() == "confirmed"
    assert stack.request("POST", TOKENS["unsubscribe"], {}).status == 200
    assert subscription() == "left"


def test_recorded_tokens_show_a_draft_and_allow_an_edit(stack: Stack) -> None:
    """These are a preview token and the edit token of a comment."""
    preview = stack.get(TOKENS["preview"])
    assert (preview.status, "A draft that only a preview shows." in preview.body) == (200, True)
    path, authorization = TOKENS["edit"]["path"], f"Bearer {TOKENS['edit']['token']}"
    answer = stack.request("PATCH", path, {"content": "After."}, authorization=authorization)
    assert (answer.status, answer.json["content_html"].strip()) == (200, "<p>After.</p>")
    assert stack.request("DELETE", path, authorization=authorization).status == 204


def test_a_recorded_form_is_accepted(stack: Stack, configure: Configure) -> None:
    """Its form token is valid, and its proof of work is valid once."""
    configure(form_token="required", proof_of_work="altcha")
    form = {"form_token": TOKENS["form_token"]}
    assert stack.comment(SLUG, "One.", altcha=TOKENS["proof_used"], **form).fields == {"altcha"}
    assert stack.comment(SLUG, "Two.", altcha=TOKENS["proof"]).fields == {"form_token"}
    assert stack.comment(SLUG, "Three.", altcha=TOKENS["proof"], **form).status == 201


def test_a_persons_data_is_found_and_erased_by_email_address(stack: Stack) -> None:
    """The stored hashes match the address in any spelling."""
    assert stack.run("mail", "allow", "Bounced@example.com", "--json").json == {"was_suppressed": True}
    found = stack.run("comments", "export", "BUDI@example.com").json
    assert len(found) == 2
    assert {each["email"] for each in found} == {"budi@example.com"}
    assert stack.run("comments", "forget", "budi@example.com", "--yes", "--json").json == {"erased": 2}
    assert stack.run("messages", "forget", "w1@example.com", "--yes", "--json").json == {"deleted": 1}


def test_pending_mail_of_each_recorded_kind_is_sent(stack: Stack) -> None:
    """The stored kinds and statuses of the Outbox are read."""
    listed = stack.run("mail", "list", "--json").json
    assert {each["status"] for each in listed} == {"waiting", "sent", "dropped"}
    waiting = {each["kind"]: each["id"] for each in listed if each["status"] == "waiting" and each["id"] in SENDABLE}
    assert set(waiting) == {"moderation", "confirm", "reply", "contact"}
    stack.send(*waiting.values())
    assert [stack.mail(mail_id)["status"] for mail_id in waiting.values()] == ["sent"] * 4


def test_an_unsubscribed_person_is_not_asked_again(stack: Stack) -> None:
    """The refusal is stored under the hash of the person."""
    fields: Data = {"notify_replies": True, "address": "10.77.0.1"}
    for email in ("rina@example.com", "siti+more@example.com"):
        comment = stack.comment(SLUG, f"By {email}.", email=email, **fields).json["comment"]["id"]
        stack.run("comments", "approve", comment)
    asked = [key for key in guard_items("tally#") if key.startswith("tally#confirmations#mailbox#")]
    # Only siti+more@ is asked. Its mailbox is that of siti@, which was asked before: the end of the recorded key.
    (mailbox,) = (key.split("#")[-1] for key in asked)
    assert any(f"tally#question-mailbox#{mailbox}#" in key for key in guard_items("tally#question-mailbox#"))


def test_new_hashes_equal_the_stored_ones_for_every_purpose(stack: Stack) -> None:
    """People are recognised by their stored hashes."""
    comment = stack.comment(SLUG, "New.", email="New@Example.com", address="203.0.113.50").json["comment"]
    (item,) = (each for each in stored("comments") if each["sort"]["S"] == comment["id"])
    (origin,) = (each for each in stored("guard") if each["key"]["S"] == f"sender#{comment['id']}")
    assert item["person"]["S"] == keyed_hash("kolom.person", "new@example.com")
    assert comment["author"]["avatar"] == keyed_hash("kolom.avatar", comment["id"])[:12]
    assert origin["address"]["S"] == keyed_hash("kolom.sender", "203.0.113.50/32")
    assert origin["network"]["S"] == keyed_hash("kolom.sender", "203.0.113.0/24")


def test_json_output_of_commands_keeps_all_recorded_keys(stack: Stack, tmp_path: Path) -> None:
    """Scripts of owners read the output of `kolom … --json`."""
    printed = command_keys(stack, tmp_path)
    recorded = read("command_keys.json")
    assert recorded.keys() == printed.keys()
    gone = {command: sorted(set(keys) - set(printed[command])) for command, keys in recorded.items()}
    assert {command: keys for command, keys in gone.items() if keys} == {}
