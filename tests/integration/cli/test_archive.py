"""`kolom export` and `kolom import archive`: a complete export can be restored byte for byte."""

import json
import shutil
import signal
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
import yaml

from functions.fetch_articles import app as fetch_articles
from functions.fetch_comments import app as fetch_comments
from kolom.articles import public, publishing, repository, scheduler
from kolom.articles import restore as article_restore
from kolom.articles.types import ArticleFilter, Body
from kolom.comments import admin, editing, moderation, posting, reply_subscriptions
from kolom.comments.posting import NewComment
from kolom.comments.types import MAX_DEPTH
from kolom.config import settings
from kolom.contact import repository as messages
from kolom.contact import submission
from kolom.models.articles import POINTER, Pointer
from kolom.models.base import connection
from kolom.rendering.renderer import render
from kolom.rendering.types import Heading
from kolom.search import settings_editor
from kolom.search.search_settings import Pin, SearchSettings, SynonymRule
from kolom.security import signing
from kolom.submissions import blocked_words_editor
from kolom.submissions.pipeline import FormMeta, RequestContext
from kolom_cli.archive.reader import Archive
from kolom_cli.archive.restorer import Restorer
from kolom_cli.archive.writer import Exporter
from kolom_cli.connection import Target, connect
from kolom_cli.media.store import MediaStore
from kolom_cli.seed import LoadError, load_import
from kolom_cli.terminal.report import Report
from tests.factories import content, request
from tests.integration.aws import client, restore_or_create
from tests.integration.cli.conftest import Kolom, create_stack
from tests.integration.handlers import call, stored
from tests.unit.cli.archive.archives import ARTICLE, COMMENT, break_front, break_lines

NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO = datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)
HOSTILE = "Don't: \"quote\" # it\\ 'or' - [x] {y} & *z 🙂 \u202eabc \x85 --- é | > % @ `"


type Move = Callable[[], None]


@pytest.fixture
def move_to_new_stack(kolom: Kolom) -> Move:
    """Return a function that replaces the current stack with a new, empty one."""

    def go() -> None:
        restore_or_create("stack", create_stack)
        client("secretsmanager").put_secret_value(SecretId="kolom-secret", SecretString="t" * 64)
        signing.load_keys.cache_clear()

    return go


def rendered(source: str, source_format: Any = "markdown") -> Body:
    done = render(source, source_format)
    return Body(html=done.html, toc=done.toc, source=source, source_format=source_format)


def publish(slug: str, **changes: Any) -> publishing.PublishResult:
    return publishing.publish(content(slug, **changes), now=NOW, force=True)


def create_articles() -> None:
    """Create articles in every state."""
    publish("hello", title=HOSTILE, body=rendered("## One\r\n\r\ntext\r\n\r\n### Two & *three*\r\n"), author="Siti")
    publish("draft", draft=True, published_at=None, body=rendered("---\nnot: front matter\n---\n"))
    publish("later", published_at=NOW + timedelta(days=9), labels=("Später",))
    publish("gone", labels=("politics",), path="/2019/05/gone.html")
    publishing.delete("gone", now=NOW)
    publish("about", kind="page", body=rendered("<h1>A</h1>\n<p>x<p>y", "html"))
    publish("many", labels=tuple(f"Label {n}" for n in range(20)), published_at=LONG_AGO, description=HOSTILE)
    publish("old-name", path="/2019/05/x.html", origin="wordpress:https://old.example/?p=7#7", labels=("Politics",))
    publishing.publish(
        content("new-name", path="/2019/05/y.html", labels=("politics", "#1 100%")),
        now=NOW,
        article_id=repository.find_id("slug:old-name"),
        force=True,
    )
    Pointer("path:/?p=7", POINTER, id=repository.find_id("slug:new-name")).save()
    noise = Random(1)
    words = " ".join(f"{noise.getrandbits(64):x}" for _ in range(30_000))
    publish("big", body=Body(html=f"<p>{words}</p>", source=words, toc=(Heading("x-1", 2, "X"),)))
    publish("judul-日本語", title="日本語", image="https://images.example/a.png", language="id")
    publish("withdrawn")
    publishing.unpublish("withdrawn", now=NOW)
    publishing.publish(content("due", published_at=NOW + timedelta(hours=1)), now=NOW)
    assert scheduler.publish_due(now=NOW + timedelta(hours=2)) == (["due"], [])


_visitors = iter(range(10**6))


def post(text: str, slug: str = "hello", **fields: Any) -> str:
    """Post a comment and return its id."""
    number = next(_visitors)
    comment = NewComment(**{"name": f"Budi {number}", "content": text, **fields})
    context = RequestContext(address=f"10.{number // 65_536}.{number // 256 % 256}.{number % 256}")
    return posting.post(public.get_without_body(slug), comment, context, now=NOW).comment.id


def moderate(comment_id: str, *actions: Any) -> str:
    for action in actions:
        moderation.moderate(admin.get(comment_id).article_id, comment_id, action, by="kolom", now=NOW)
    return comment_id


def create_comments() -> dict[str, str]:
    """Create comments in every state, in threads."""
    ids = {"first": moderate(post("First *one*.", email="Budi@Example.com", notify_replies=True), "approve")}
    ids["reply"] = moderate(post("A reply.", parent_id=ids["first"], website="https://b.example/"), "approve")
    ids["deeper"] = moderate(post("Deeper.", parent_id=ids["reply"], email="siti@example.com"), "approve")
    ids["tombstone"] = moderate(ids["reply"], "delete")
    ids["pending"] = post("Waits: \"\\ \u2028 'x'\nline\n\n> 🙂", email="tono@example.com", parent_id=ids["first"])
    ids["spam"] = moderate(post("Buy!"), "spam")
    ids["deleted"] = moderate(post("Removed."), "approve", "delete")
    ids["restored"] = moderate(post("Back."), "spam", "restore")
    ids["erased"] = moderate(post("Never said.", email="x@example.com"), "approve")
    editing.erase(1, ids["erased"], by="author", now=NOW)
    ids["other"] = moderate(post("Elsewhere.", "many"), "approve")
    first = admin.get(ids["first"])
    found = repository.get(1)
    assert found is not None
    ids["owner"] = admin.reply(first, found, name="Siti", content="Thanks", now=NOW, secret=signing.load_keys()).id
    link = reply_subscriptions.SubscriptionLink("confirm", 1, str(first.person), 0)
    reply_subscriptions.execute(link, now=NOW)
    left = admin.get(ids["deeper"]).person
    reply_subscriptions.execute(reply_subscriptions.SubscriptionLink("leave", 1, str(left), 0), now=NOW)
    return ids


def create_messages() -> None:
    for number, text in enumerate(("The first.", "Two\nlines \u2029.", "Buy!")):
        message = submission.NewMessage(
            email=f"m{number}@example.com", message=text, name=None if number else HOSTILE[:20], form=FormMeta()
        )
        submission.submit(message, RequestContext(address=f"10.9.9.{number}"), now=NOW)
    first, _, spam = sorted(message.id for message in messages.list_all())
    messages.set_status(first, "read", now=NOW)
    messages.set_status(spam, "spam", now=NOW)


def create_search_settings() -> None:
    rules = (SynonymRule(("mobil", "kendaraan roda empat")), SynonymRule(("hp", "ponsel"), one_way=True))
    settings_editor.change(lambda _: SearchSettings(rules, (Pin("Halo!", (2, 1)),)))


def create_media() -> None:
    MediaStore().put("a-picture.png", b"\x89PNG" * 1000, "image/png")
    MediaStore().put("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml")


@pytest.fixture
def blog(kolom: Kolom) -> Kolom:
    """Create a blog with every kind of content."""
    connect(Target())

    def create() -> None:
        create_articles()
        create_comments()
        create_messages()
        create_media()
        create_search_settings()
        blocked_words_editor.change(lambda _: ("slot gacor", "kasino"))

    restore_or_create("archive: blog", create)
    return kolom


@pytest.fixture
def small(kolom: Kolom) -> Kolom:
    """Create a blog with four articles and some comments."""
    connect(Target())

    def create() -> None:
        for slug in ("hello", "two", "three", "four"):
            publish(slug, labels=("a", "b"))
        parent = moderate(post("First.", email="budi@example.com"), "approve")
        moderate(post("Answer.", parent_id=parent), "approve")

    restore_or_create("archive: small", create)
    return kolom


def files(root: Path) -> dict[str, bytes]:
    """Return all files in a directory by name."""
    found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return dict(sorted(found.items()))


def export(kolom: Kolom, root: Path, *options: str) -> dict[str, bytes]:
    ran = kolom("export", root, *options)
    assert ran.exit_code == 0, ran.stdout + ran.stderr
    return files(root)


def restore(kolom: Kolom, root: Path, *options: str, exit_code: int = 0) -> dict[str, Any]:
    ran = kolom("import", "archive", root, "--json", *options)
    assert ran.exit_code == exit_code, ran.stdout + ran.stderr
    report: dict[str, Any] = ran.json
    for counts in (report, *report["kinds"].values()):
        assert counts["read"] == counts["created"] + counts["updated"] + counts["unchanged"] + counts["skipped"]
    return report


def reasons(report: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["reason"] for each in report["skipped_items"]}


def public_responses() -> dict[str, Any]:
    """Return the public API's responses: lists, articles, comments, counts, labels, months and addresses."""
    answers = {}
    paths = ["/api/articles", "/api/labels", "/api/archive", "/api/articles/nothing"]
    paths += [f"/api/articles/{slug}" for slug in ("hello", "draft", "gone", "about", "big", "old-name", "new-name")]
    queries = [("/api/articles", f"label=label%20{n}") for n in (1, 19)]
    queries += [
        ("/api/articles", "label=politics"),
        ("/api/articles", "year=2019&month=5"),
        ("/api/paths", "path=/?p=7"),
    ]
    queries += [("/api/paths", "path=/2019/05/x.html"), ("/api/paths", "path=/2019/05/y.html")]
    for path, query in [*((path, "") for path in paths), *queries]:
        answer = call(fetch_articles.handler, request(path, query))
        answers[f"{path}?{query}"] = (answer.status, answer.headers.get("Location"), answer.body)
    for path, query in (
        *((f"/api/articles/{slug}/comments", "limit=100") for slug in ("hello", "many", "new-name")),
        ("/api/comments/counts", "slug=hello&slug=many"),
        ("/api/comments/recent", "limit=50"),
    ):
        answer = call(fetch_comments.handler, request(path, query))
        answers[f"{path}?{query}"] = (answer.status, None, answer.body)
    return answers


def tables() -> dict[str, list[dict[str, Any]]]:
    """Return the stored articles and comments without the values that each store generates."""
    own = {"body_version", "version", "change", "depth", "person", "subscriber"}
    keyed = ("subscription#", "address#", "sequence")
    found = {}
    for name in ("articles", "comments"):
        items = [
            {key: value for key, value in item.items() if key not in own}
            for item in stored(name)
            if "data" not in item and not str((item.get("article_id") or item["key"])["S"]).startswith(keyed)
        ]
        found[name] = sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
    return found


@pytest.mark.parametrize("options", [[], ["--private"]], ids=["public", "private"])
def test_a_restored_stack_exports_the_same_archive(
    blog: Kolom, move_to_new_stack: Move, tmp_path: Path, options: list[str]
) -> None:
    before, answers, items = export(blog, tmp_path / "a", *options), public_responses(), tables()
    assert stored("outbox")
    move_to_new_stack()
    report = restore(blog, tmp_path / "a")
    assert report["created"] == report["read"] > 20
    assert report["notes"] == []
    assert stored("outbox") == []
    assert public_responses() == answers
    assert tables() == items
    after = export(blog, tmp_path / "b", *options)
    assert list(after) == list(before)
    assert after == before
    again = restore(blog, tmp_path / "a")
    assert again["unchanged"] == again["read"] == report["read"]
    assert export(blog, tmp_path / "b", *options) == before
    assert repository.next_id() == 1 + max(int(name[9:15]) for name in before if name.startswith("articles/"))


def test_an_archive_has_a_manifest_and_private_files_for_the_owner_only(blog: Kolom, tmp_path: Path) -> None:
    root = tmp_path / "new" / "archive"
    found = export(blog, root, "--private")
    assert json.loads(found["archive.json"]) == {
        "format": "kolom-archive",
        "version": 1,
        "private": True,
        "complete": True,
        "labels": ["#1 100%", *sorted(f"Label {n}" for n in range(20)), "Politics"],
    }
    for name in ("addresses.jsonl", "subscriptions.jsonl", "messages.jsonl"):
        assert stat.S_IMODE((root / name).stat().st_mode) == 0o600
    secrets = ("Budi@Example.com", "m0@example.com", "The first.")
    assert [name for name, data in found.items() if any(secret.encode() in data for secret in secrets)] == [
        *("addresses.jsonl", "messages.jsonl", "subscriptions.jsonl")
    ]
    public = export(blog, root)
    assert not [data for data in public.values() if b"@example.com" in data.lower()]
    assert set(found) - set(public) == {"addresses.jsonl", "subscriptions.jsonl", "messages.jsonl"}


def test_front_matter_is_yaml_and_the_body_is_the_authors_source(blog: Kolom, tmp_path: Path) -> None:
    found = export(blog, tmp_path)
    data = found["articles/000001-hello.md"]
    head, _, source = data.removeprefix(b"---\n").partition(b"\n---\n")
    assert source == b"## One\r\n\r\ntext\r\n\r\n### Two & *three*\r\n"
    front = yaml.safe_load(head)
    assert front["title"] == " ".join(HOSTILE.split())
    assert front["toc"][1] == {"id": "two-three", "level": 3, "text": "Two & three"}
    assert yaml.safe_load(found["articles/000007-new-name.html"].split(b"\n---\n")[0])["aliases"] == [
        *("path:/2019/05/x.html", "path:/?p=7", "slug:old-name")
    ]
    assert found["html/000001-hello.html"].decode() == public.get_article("hello").body.html
    assert "html/000004-gone.html" not in found


def test_exporting_again_updates_an_older_archive_in_place(small: Kolom, tmp_path: Path) -> None:
    MediaStore().put("old.png", b"old", "image/png")
    export(small, tmp_path / "a")
    (tmp_path / "a/.git").mkdir()
    (tmp_path / "a/.git/config").write_text("x")
    boto3.resource("s3").Bucket("kolom-media").objects.all().delete()
    publishing.publish(content("renamed"), now=NOW, article_id=1, force=True)
    written = (tmp_path / "a/articles/000002-two.html").stat().st_mtime_ns
    fresh = export(small, tmp_path / "b")
    assert export(small, tmp_path / "a") == fresh | {".git/config": b"x"}
    assert (tmp_path / "a/articles/000002-two.html").stat().st_mtime_ns == written


def test_a_repeated_export_downloads_only_missing_and_damaged_media(
    small: Kolom, tmp_path: Path, calls: list[str]
) -> None:
    """A file is intact if its content has the digest that is in its path."""
    for name in ("intact", "damaged", "missing"):
        MediaStore().put(f"{name}.png", name.encode(), "image/png")
    complete = export(small, tmp_path)
    next(tmp_path.rglob("damaged.png")).write_bytes(b"x")
    next(tmp_path.rglob("missing.png")).unlink()
    calls.clear()
    assert export(small, tmp_path) == complete
    assert calls.count("GetObject") == 2


def test_a_directory_with_other_files_is_not_changed(small: Kolom, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    ran = small("export", tmp_path)
    assert (ran.exit_code, files(tmp_path)) == (1, {"mine.txt": b"x"})
    assert "is neither empty nor an archive" in ran.stderr
    assert small("export", tmp_path / "mine.txt").exit_code == 2
    (tmp_path / "archive.json").write_text("{}")
    assert small("export", tmp_path).exit_code == 1


def test_links_are_not_followed_when_writing_or_deleting(small: Kolom, tmp_path: Path) -> None:
    export(small, tmp_path / "a")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep.md").write_text("x")
    shutil.rmtree(tmp_path / "a/articles")
    (tmp_path / "a/articles").symlink_to(outside)
    assert small("export", tmp_path / "a").exit_code == 1
    assert files(outside) == {"keep.md": b"x"}


def test_an_interrupted_export_is_not_a_valid_archive_until_it_is_repeated(
    small: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = repository.get_snapshot

    def interrupted(article_id: int) -> Any:
        signal.raise_signal(signal.SIGINT)
        return original(article_id)

    with monkeypatch.context() as patch:
        patch.setattr(repository, "get_snapshot", interrupted)
        ran = small("export", tmp_path, "--json")
    assert (ran.exit_code, ran.json["interrupted"]) == (130, True)
    refused = small("import", "archive", tmp_path)
    assert (refused.exit_code, "is incomplete" in refused.stderr) == (1, True)
    export(small, tmp_path)
    assert restore(small, tmp_path)["unchanged"] == 6


def test_an_article_that_is_edited_during_the_export_is_exported_consistently(
    small: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, edits = repository._query_chunks, iter(range(2))

    def edited(article_id: int, prefix: str) -> Any:
        if article_id == 2 and next(edits, None) is not None:
            monkeypatch.setattr(repository, "_query_chunks", original)
            publish("two", html=f"<p>New {prefix[:4]}.</p>")
            monkeypatch.setattr(repository, "_query_chunks", edited)
        return original(article_id, prefix)

    monkeypatch.setattr(repository, "_query_chunks", edited)
    found = export(small, tmp_path)
    assert found["articles/000002-two.html"].endswith(found["html/000002-two.html"])


def test_a_dry_run_reports_the_same_and_writes_nothing(
    blog: Kolom, move_to_new_stack: Move, tmp_path: Path, calls: list[str]
) -> None:
    export(blog, tmp_path, "--private")
    move_to_new_stack()
    calls.clear()
    planned = restore(blog, tmp_path, "--dry-run")
    assert set(calls) <= {"GetItem", "Query", "DescribeStacks", "HeadObject", "GetSecretValue"}
    assert all(stored(name) == [] for name in ("articles", "comments", "messages"))
    done = restore(blog, tmp_path)
    assert (planned.pop("dry_run"), done.pop("dry_run")) == (True, False)
    assert planned == done


def test_a_dry_run_refuses_a_thread_that_is_too_deep(small: Kolom, move_to_new_stack: Move, tmp_path: Path) -> None:
    """Also if the beginning of the thread is stored already. An unapproved reply may lack its parent."""
    export(small, tmp_path)
    path = tmp_path / "comments.jsonl"
    line = json.loads(path.read_text().splitlines()[0])
    ids = [f"01{number:024}" for number in range(MAX_DEPTH + 4)]
    thread = [line | {"id": each, "parent": parent} for each, parent in zip(ids, [None, *ids], strict=False)]
    thread[-1] |= {"status": "pending"}
    path.write_text("".join(json.dumps(each) + "\n" for each in thread))
    move_to_new_stack()
    for created in (MAX_DEPTH + 2, 0):
        planned = restore(small, tmp_path, "--dry-run", exit_code=1)
        done = restore(small, tmp_path, exit_code=1)
        assert planned | {"dry_run": False} == done
        assert done["kinds"]["comment"]["created"] == created
        assert reasons(done) == {
            f"comments.jsonl:{MAX_DEPTH + 2}": f"exceeds the maximum thread depth of {MAX_DEPTH} replies",
            f"comments.jsonl:{MAX_DEPTH + 3}": f"the parent comment does not exist: {ids[-3]}",
        }


def test_an_interrupted_import_is_resumed_by_the_next_run(
    small: Kolom, move_to_new_stack: Move, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = export(small, tmp_path / "a")
    move_to_new_stack()
    original = article_restore.restore_article

    def interrupted(*arguments: Any, **named: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return original(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(article_restore, "restore_article", interrupted)
        ran = small("import", "archive", tmp_path / "a", "--json", "--concurrency", 1)
    assert (ran.exit_code, ran.json["interrupted"], ran.json["created"]) == (130, True, 1)
    report = restore(small, tmp_path / "a")
    assert (report["unchanged"], report["created"]) == (1, 5)
    assert export(small, tmp_path / "b") == before


class Crash(Exception):
    """Simulates the end of the process."""


@pytest.mark.parametrize("last", range(2, 45, 6))
def test_after_a_crash_at_any_call_a_rerun_completes_the_import(
    small: Kolom, move_to_new_stack: Move, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    Pointer("path:/old/", POINTER, id=2).save()
    before, items = export(small, tmp_path / "a", "--private"), tables()
    move_to_new_stack()
    made = iter(range(10**6))

    def crash(**_: Any) -> None:
        if next(made) == last:
            raise Crash

    events = connection().client.meta.events
    events.register_last("before-call.dynamodb.*", crash)
    try:
        with suppress(Crash):  # There is no crash if the import makes fewer calls.
            small("import", "archive", tmp_path / "a")
    finally:
        events.unregister("before-call.dynamodb.*", crash)
    restore(small, tmp_path / "a")
    assert export(small, tmp_path / "b", "--private") == before
    assert tables() == items


def test_newer_changes_are_kept_unless_overwritten(blog: Kolom, move_to_new_stack: Move, tmp_path: Path) -> None:
    before = export(blog, tmp_path / "a", "--private")
    publish("hello", html="<p>New.</p>")
    publishing.delete("about", now=NOW)
    lines = [json.loads(line) for line in before["comments.jsonl"].decode().splitlines()]
    approved, other = [line for line in lines if line["status"] == "approved"][:2]
    moderate(approved["id"], "delete")
    editing.erase(other["article"], other["id"], by="author", now=NOW)
    message = next(messages.list_all())
    messages.set_status(message.id, "spam", now=NOW)
    kept = export(blog, tmp_path / "b", "--private")
    report = restore(blog, tmp_path / "a")
    assert report["created"] == report["updated"] == 0
    assert {"differs from" in reason or "erased" in reason for reason in reasons(report).values()} == {True}
    assert len(reasons(report)) >= 5
    assert export(blog, tmp_path / "b", "--private") == kept
    overwritten = restore(blog, tmp_path / "a", "--overwrite")
    assert overwritten["updated"] == 4
    assert set(overwritten["kinds"]) >= {"article", "page", "comment", "message"}
    assert public.get_article("hello").body.html == before["html/000001-hello.html"].decode()
    assert public.get_article("hello").article.version > 1
    assert admin.get(approved["id"]).status == "approved"
    assert admin.get(other["id"]).is_erased
    assert messages.get(message.id).status == message.status
    rerun = restore(blog, tmp_path / "a", "--overwrite")
    assert rerun["updated"] == rerun["created"] == 0


def test_a_renamed_article_is_recognised(small: Kolom, tmp_path: Path) -> None:
    export(small, tmp_path)
    publishing.publish(content("renamed"), now=NOW, article_id=1, force=True)
    assert "articles/000001-hello.html" in reasons(restore(small, tmp_path))
    assert restore(small, tmp_path, "--overwrite")["updated"] == 1
    assert publishing.get_by_slug("renamed").slug == "hello"
    assert public.count_articles(ArticleFilter()) == public.count_articles(ArticleFilter(label="a")) == 4


def test_pages_of_other_sites_are_restored_and_an_archive_without_any_does_not_mention_them(
    small: Kolom, move_to_new_stack: Move, tmp_path: Path
) -> None:
    export(small, tmp_path / "without")
    assert "url: " not in "".join(path.read_text() for path in (tmp_path / "without/articles").iterdir())
    page = publish("walks", kind="external", url="https://old.example/walks.html", labels=("a",)).article
    moved = content("walks", kind="external", url="https://site.example/walks/")
    publishing.publish(moved, now=NOW, article_id=page.id, force=True)
    before = export(small, tmp_path / "a")
    move_to_new_stack()
    assert restore(small, tmp_path / "a")["skipped"] == 0
    assert export(small, tmp_path / "b") == before
    assert publishing.publish(moved, now=NOW, article_id=page.id).change == "unchanged"
    for url in ("https://old.example/walks", "https://www.site.example/walks"):
        assert public.resolve_url(url) == "walks"


def test_search_settings_are_kept_unless_overwritten(small: Kolom, move_to_new_stack: Move, tmp_path: Path) -> None:
    create_search_settings()
    archived = settings_editor.load()
    assert "search.json" in export(small, tmp_path)
    move_to_new_stack()
    own = SearchSettings((SynonymRule(("a", "b")),))
    settings_editor.change(lambda _: own)
    report = restore(small, tmp_path)
    assert reasons(report)["search.json:1"] == (
        "differ from the existing search settings; use --overwrite to replace them"
    )
    assert settings_editor.load() == own
    assert restore(small, tmp_path, "--overwrite", "--dry-run")["kinds"]["search settings"]["updated"] == 1
    assert settings_editor.load() == own
    restore(small, tmp_path, "--overwrite")
    assert settings_editor.load() == archived
    settings_editor.change(lambda _: SearchSettings())
    assert "search.json" not in export(small, tmp_path)


def test_blocked_words_are_kept_unless_overwritten(small: Kolom, move_to_new_stack: Move, tmp_path: Path) -> None:
    blocked_words_editor.change(lambda _: ("slot gacor", "kasino"))
    assert export(small, tmp_path)["blocked-words.json"] == b'{"words": ["slot gacor", "kasino"]}\n'
    move_to_new_stack()
    blocked_words_editor.change(lambda _: ("casino",))
    report = restore(small, tmp_path)
    assert reasons(report)["blocked-words.json:1"] == (
        "differ from the existing blocked words; use --overwrite to replace them"
    )
    assert restore(small, tmp_path, "--overwrite", "--dry-run")["kinds"]["blocked words"]["updated"] == 1
    assert blocked_words_editor.load() == ("casino",)
    restore(small, tmp_path, "--overwrite")
    assert blocked_words_editor.load() == ("slot gacor", "kasino")
    blocked_words_editor.change(lambda _: ())
    assert "blocked-words.json" not in export(small, tmp_path)


def test_unrelated_articles_with_the_same_ids_are_unchanged_and_get_no_comments(
    small: Kolom, move_to_new_stack: Move, tmp_path: Path
) -> None:
    export(small, tmp_path)
    move_to_new_stack()
    publish("mine")
    publish("two-is-taken")
    publishing.publish(content("three"), now=NOW)
    mine = tables()
    report = restore(small, tmp_path, "--overwrite", exit_code=1)
    found = reasons(report)
    assert found["articles/000001-hello.html"] == "the id 1 belongs to another article: 'mine'"
    assert found["comments.jsonl:1"] == "its article 1 was not restored"
    assert found["articles/000002-two.html"].startswith("the id 2 belongs to another")
    assert report["created"] == 1
    assert [item for item in tables()["articles"] if item["key"] == {"S": "1"}] == [
        item for item in mine["articles"] if item["key"] == {"S": "1"}
    ]
    assert tables()["comments"] == []


def test_replies_since_the_export_do_not_count_as_an_edit(small: Kolom, tmp_path: Path) -> None:
    export(small, tmp_path)
    lines = map(json.loads, (tmp_path / "comments.jsonl").read_text().splitlines())
    first = next(line["id"] for line in lines if line["status"] == "approved" and "parent" not in line)
    moderate(post("A new reply.", parent_id=first), "approve")
    assert restore(small, tmp_path)["unchanged"] == 6


def test_an_expired_comment_is_not_restored(small: Kolom, move_to_new_stack: Move, tmp_path: Path) -> None:
    spam = moderate(post("Buy!"), "spam")
    export(small, tmp_path)
    path = tmp_path / "comments.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text(
        "".join(json.dumps(line | {"expires": "2020-01-01T00:00:00Z"}) + "\n" for line in lines if line["id"] == spam)
    )
    move_to_new_stack()
    report = restore(small, tmp_path)
    assert reasons(report) == {"comments.jsonl:1": "its retention period is over"}


HTML_ATTACK = '<h2 id="comments">x</h2><script>hacked()</script><iframe src="https://evil.example/"></iframe>'


def test_html_from_an_archive_is_sanitised(small: Kolom, move_to_new_stack: Move, tmp_path: Path) -> None:
    export(small, tmp_path)
    (tmp_path / "html/000001-hello.html").write_text(HTML_ATTACK)
    move_to_new_stack()
    report = restore(small, tmp_path)
    assert report["notes"][0]["name"] == "articles/000001-hello.html"
    assert public.get_article("hello").body.html == render(HTML_ATTACK, "html").html
    assert "script" not in public.get_article("hello").body.html
    assert restore(small, tmp_path)["unchanged"] == 6


HOSTILE_ARCHIVES = {
    "id of another": (break_front("id: 1\n", "id: 2\n"), "articles/000002-two.html", ""),
    "reserved slug": (break_front('slug: "hello"', 'slug: "api"'), ARTICLE, "is reserved for the site itself"),
    "path upwards": (break_front('slug: "hello"', 'slug: "hello"\npath: "/../x"'), ARTICLE, "path: "),
    "script as image": (
        break_front('slug: "hello"', 'slug: "hello"\nimage: "javascript:x"'),
        ARTICLE,
        "image: must be a URL",
    ),
    "draft with a month": (break_front('"published"', '"draft"'), ARTICLE, "month: "),
    "labels twice": (break_front('["a", "b"]', '["a", "A"]'), ARTICLE, "labels: must not contain duplicates"),
    "alias that is none": (
        break_front('slug: "hello"', 'slug: "hello"\naliases: ["counts"]'),
        ARTICLE,
        "aliases: must be like",
    ),
    "alias of another": (
        break_front('slug: "hello"', 'slug: "hello"\naliases: ["slug:two"]'),
        "articles/000002-two.html",
        "belongs to another article",
    ),
    "pin of nothing": (
        lambda root: (root / "search.json").write_text('{"pins": [{"query": "x", "articles": [9]}]}\n'),
        "search.json:1",
        "its article 9 was not restored",
    ),
    "synonyms without words": (
        lambda root: (root / "search.json").write_text('{"synonyms": [{"words": ["x", "…"]}]}\n'),
        "search.json:1",
        "synonyms 1: '…' has no word",
    ),
    "a blocked word that nobody sees": (
        lambda root: (root / "blocked-words.json").write_text('{"words": ["a", "\\u200b"]}\n'),
        "blocked-words.json:1",
        "has no visible character",
    ),
    "search settings that are none": (
        lambda root: (root / "search.json").write_text('{"synonyms": [{"words": "x"}]}\n'),
        "search.json:1",
        "synonyms.0.words: input should be a valid list",
    ),
    "comment on nothing": (break_lines(lambda line: line | {"article": 9}), COMMENT, "its article 9 was not restored"),
    "answers nothing": (
        break_lines(lambda line: line | {"parent": "0" * 26}),
        COMMENT,
        "the parent comment does not exist",
    ),
}


@pytest.mark.parametrize("name", HOSTILE_ARCHIVES)
def test_invalid_records_are_reported_and_the_others_restored(
    small: Kolom, move_to_new_stack: Move, tmp_path: Path, name: str
) -> None:
    breaks, where, why = HOSTILE_ARCHIVES[name]
    export(small, tmp_path)
    breaks(tmp_path)
    move_to_new_stack()
    report = restore(small, tmp_path, exit_code=1)
    assert why in reasons(report)[where]
    assert report["created"] >= 3
    for item in stored("comments"):
        assert "javascript:" not in str(item)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "kolom-archive", "version": 2}', "[" * 9_000])
def test_a_directory_without_an_archive_is_rejected(small: Kolom, tmp_path: Path, text: str) -> None:
    (tmp_path / "archive.json").write_text(text)
    assert small("import", "archive", tmp_path).exit_code == 1
    assert small("import", "archive", tmp_path / "missing").exit_code == 2
    with pytest.raises(LoadError):
        load_import(f"archive:{tmp_path}")


def test_a_local_stack_can_load_an_archive(small: Kolom, move_to_new_stack: Move, tmp_path: Path) -> None:
    export(small, tmp_path)
    move_to_new_stack()
    assert load_import(f"archive:{tmp_path}").counts()["created"] == 6


def test_the_summary_table_accounts_for_every_item(small: Kolom, move_to_new_stack: Move, tmp_path: Path) -> None:
    MediaStore().put("x.png", b"x", "image/png")
    ran = small("export", tmp_path)
    rows = [line.strip("│ ").split("│") for line in ran.stdout.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["article", "4"],
        ["comment", "2"],
        ["file", "1"],
        ["all", "7"],
    ]
    move_to_new_stack()
    ran = small("import", "archive", tmp_path)
    assert ran.exit_code == 0
    assert "7" in next(line for line in ran.stdout.splitlines() if line.startswith("│ all"))


def test_without_a_bucket_media_is_skipped_and_reported(
    small: Kolom, move_to_new_stack: Move, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    MediaStore().put("x.png", b"x", "image/png")
    export(small, tmp_path)
    report = Report()
    monkeypatch.setenv("MEDIA_BUCKET", "")
    settings.cache_clear()
    archive = Archive(tmp_path, settings().zone)
    Restorer(report, NOW).restore_all(archive.entries(), threading.Event())
    assert [each.reason for each in report.skipped] == ["this endpoint has only tables, no media bucket"]
    done = Exporter(tmp_path, NOW).run()
    assert done.skipped == [("media", "this endpoint has only tables, no media bucket")]


def test_a_person_can_be_erased_after_a_restore(blog: Kolom, move_to_new_stack: Move, tmp_path: Path) -> None:
    export(blog, tmp_path / "a", "--private")
    move_to_new_stack()
    restore(blog, tmp_path / "a")
    addresses = map(json.loads, (tmp_path / "a/addresses.jsonl").read_text().splitlines())
    first = admin.get(next(each["comment"] for each in addresses if each["email"].lower() == "budi@example.com"))
    subscription = reply_subscriptions.load(1, str(first.person), now=NOW)
    assert subscription is not None
    assert subscription.state == "confirmed"
    assert admin.erase_person("budi@example.com", signing.load_keys(), now=NOW) == 1
    report = restore(blog, tmp_path / "a", "--overwrite")
    assert [reason for reason in reasons(report).values() if "erased" in reason]
    assert not list(admin.list_by_email("budi@example.com", signing.load_keys(), now=NOW))
