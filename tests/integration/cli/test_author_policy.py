"""The policy for authors allows exactly the AWS calls that the commands make."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import botocore.client
import click
import pytest
import typer

from kolom import outbox
from kolom.articles import public
from kolom.comments import admin, posting, reply_subscriptions
from kolom.comments.posting import NewComment
from kolom.contact import submission
from kolom.contact.submission import NewMessage
from kolom.mail import suppression
from kolom.models.outbox import OutboxRecord
from kolom.search import query_counts
from kolom.search.index_writer import update_index
from kolom.security import signing
from kolom.submissions.pipeline import RequestContext
from kolom_cli.assets import deployment
from kolom_cli.commands import import_
from kolom_cli.main import app
from kolom_cli.sam.intrinsics import Resolver
from kolom_cli.sam.loader import read_document
from kolom_cli.sam.parameters import parameter_values
from kolom_cli.sam.resource_names import ResourceNames
from tests.iam import enforcement
from tests.iam.dynamodb_requests import place_of, requests_of
from tests.integration.aws import client, restore_or_create
from tests.integration.cli.conftest import Kolom, create_stack
from tests.integration.conftest import Configure
from tests.paths import PROJECT
from tests.unit.cli.importers.wordpress.wxr import export, item
from tests.unit.cli.media.test_picture_type import GIF, PNG

UPLOADS: Final = "https://old.example/wp-content/uploads"
EMAIL: Final = "budi@example.com"
OF_DEPLOYERS: Final = {
    *(f"kolom backup {each}" for each in ("create", "list", "delete")),
    *(f"kolom dropped-events {each}" for each in ("list", "replay")),
    "kolom mail setup",
    "kolom deploy",
    "kolom doctor",
    "kolom import-resources",
    "kolom restore",
    "kolom rollback",
    "kolom rotate-secrets",
    "kolom status",
    "kolom destroy",
}

type Call = tuple[str, str]
"""An action, and the resource: a table, an index, a folder of the bucket, or the kind of a resource."""


def calls_of(service: str, operation: str, parameters: dict[str, Any]) -> set[Call]:
    """Return the permissions that IAM requires for a call."""
    if service == "dynamodb":
        requests = requests_of(operation, parameters, enforcement.hash_keys())
        return {(each.action, place_of(each.resource)) for each in requests}
    if service == "s3":
        if operation == "ListObjectsV2":
            return {("s3:ListBucket", "")}
        folder = parameters["Key"].split("/")[0]
        return {(f"s3:{operation.replace('Head', 'Get')}", folder)}
    return {(f"{service}:{operation}", "")}


def granted() -> set[Call]:
    """Return the permissions of the template's policy."""
    document = read_document(PROJECT / "template.yaml")
    names = ResourceNames(document["Resources"], {})
    values = parameter_values(document["Parameters"], {"SiteUrl": "https://blog.example", "AuthorPolicy": "on"})
    resolver = names.resolver = Resolver(document, values, names)
    policy = resolver.resolve(document["Resources"]["AuthorAccess"]["Properties"]["PolicyDocument"])
    found = set()
    for statement in policy["Statement"]:
        actions, resources = (
            [value] if isinstance(value, str) else value for value in (statement["Action"], statement["Resource"])
        )
        for action in actions:
            for resource in resources:
                if action.startswith("s3:") and "/" in resource:
                    found.add((action, resource.split("/")[-2]))
                else:
                    found.add((action, place_of(resource)))
    return found


class Author:
    """Runs `kolom` as an author, and records the AWS calls of the commands."""

    def __init__(self, kolom: Kolom) -> None:
        self._kolom = kolom
        self.calls: set[Call] = set()
        self.commands: set[str] = set()
        self.is_running = False

    def __call__(self, *arguments: object, expected: int = 0) -> Any:
        self.commands |= {" ".join(map(str, ("kolom", *arguments[:length]))) for length in (1, 2, 3)}
        self.is_running = True
        try:
            ran = self._kolom(*arguments)
        finally:
            self.is_running = False
        assert ran.exit_code == expected, (arguments, ran.stdout, ran.stderr)
        return ran


@pytest.fixture
def author(kolom: Kolom, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Iterator[Author]:
    configure(owner_email="owner@site.example", mail_from="blog@site.example")
    running = Author(kolom)
    original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def record(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if running.is_running and threading.current_thread().name != "indexer":
            running.calls |= calls_of(self.meta.service_model.service_name, operation, parameters)
        return original(self, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", record)
    yield running
    signing.load_keys.cache_clear()


def publish(author: Author, folder: Path) -> None:
    folder.mkdir()
    (folder / "a.png").write_bytes(PNG)
    (folder / "hello.md").write_text(
        "---\ntitle: Hello\nslug: hello\ndate: 2024-01-02\nlabels: [News]\n---\nText ![x](a.png)\n"
    )
    (folder / "draft.md").write_text("---\ntitle: Draft\nslug: draft\ndraft: true\n---\nNot yet.\n")
    (folder / "gone.md").write_text("---\ntitle: Gone\nslug: gone\ndate: 2024-01-03\n---\nSoon.\n")
    author("publish", folder)
    (folder / "hello.md").write_text(
        (folder / "hello.md").read_text().replace("labels: [News]", "labels: [Other]") + "\nMore.\n"
    )
    author("publish", folder)
    author("articles", "list", "--label", "Other")
    author("articles", "list", "--status", "draft")
    author("articles", "show", "hello", "--source")
    author("preview", "draft")
    author("unpublish", "gone")
    author("delete", "gone", "--yes")


def post(text: str, **fields: Any) -> str:
    """Post a comment as a visitor and return its id."""
    now = datetime.now(UTC)
    comment = NewComment(name="Budi", content=text, email=EMAIL, **fields)
    context = RequestContext(address=f"10.0.0.{len(text)}")
    return posting.post(public.get_without_body("hello"), comment, context, now=now).comment.id


def moderate(author: Author) -> None:
    first, second, third = post("One."), post("Comment two.", notify_replies=True), post("The third comment.")
    author("comments", "list")
    author("comments", "list", "--article", "hello")
    author("comments", "show", first, "--links")
    for command in ("approve", "spam", "approve", "delete", "restore"):
        author("comments", command, first)
    author("comments", "approve", second)
    subscriber = admin.get(second).person
    link = reply_subscriptions.SubscriptionLink("confirm", admin.get(second).article_id, str(subscriber), 0)
    reply_subscriptions.execute(link, now=datetime.now(UTC))
    author("comments", "reply", second, "Thank you!")
    author("comments", "ban", third)
    author("comments", "unban", third)
    author("comments", "export", EMAIL)


def block_words(author: Author, file: Path) -> None:
    author("blocked-words", "add", "casino")
    file.write_text(author("blocked-words", "show").stdout)
    author("blocked-words", "remove", "casino")
    author("blocked-words", "set", str(file))


def read_messages(author: Author) -> None:
    ids = [
        submission.submit(
            NewMessage(email=EMAIL, message=f"Message {number}."),
            RequestContext(address=f"10.0.1.{number}"),
            now=datetime.now(UTC),
        ).id
        for number in range(3)
    ]
    author("messages", "list")
    author("messages", "show", ids[0])
    author("messages", "export")
    author("messages", "export", "--email", EMAIL)
    author("messages", "spam", ids[1])
    author("messages", "unspam", ids[1])
    author("mail", "list")
    for each in OutboxRecord.scan():
        author("mail", "show", each.id)
    sent = outbox.claim(f"contact#{ids[2]}", now=datetime.now(UTC))
    assert sent is not None
    outbox.mark_sent(sent, "message-id", now=datetime.now(UTC))
    author("mail", "resend", f"contact#{ids[2]}")
    suppression.suppress(EMAIL, "bounce", signing.load_keys(), now=datetime.now(UTC))
    author("mail", "allow", EMAIL)
    author("messages", "delete", ids[2])


def deploy_assets(author: Author, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "theme").mkdir(parents=True)
    (folder / "theme/kolom.css").write_text(":root { --paper: #ffffff; --accent: #97351a; }")
    (folder / "site.toml").write_text('[[menu]]\npage = "archive"\n')
    author("deploy-assets", "--frontend", folder)
    client("s3").put_object(Bucket="kolom-media", Key="assets/lost.01234567.css", Body=b"x")
    monkeypatch.setattr(deployment, "_unused_since", lambda *_: datetime.min.replace(tzinfo=UTC))
    author("deploy-assets", "--frontend", folder, "--prune", 2)


def import_blogs(author: Author, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_, "Downloader", lambda: {f"{UPLOADS}/b.gif": GIF}.__getitem__)
    folder.mkdir()
    file = folder / "export.xml"
    for text in ("Text", "Another text"):
        file.write_text(export(item(1, content=f'{text} <img src="{UPLOADS}/b.gif">'), item(2, content="Second.")))
        author("import", "wordpress", file, "--pictures", "--overwrite")


def sync_site(author: Author, folder: Path) -> None:
    """Store the pages of a site, then move, change and remove some."""
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / f"{name}.html").write_text(f"<title>{name}</title><main>Text of {name}.</main>")
    author("sync", folder, "--base-url", "https://site.example")
    (folder / "one.html").write_text('<meta http-equiv="refresh" content="0; url=/two.html">')
    (folder / "two.html").write_text("<title>two</title><main>Another text.</main>")
    (folder / "three.html").unlink()
    (folder / "_redirects").write_text("/us /two.html\n")
    author("sync", folder, "--base-url", "https://new.example", "--moved-from", "https://site.example")
    (folder / "_redirects").unlink()
    (folder / "us.html").write_text("<title>us</title><main>A page at a former URL.</main>")
    author("sync", folder, "--base-url", "https://new.example")


def index(author: Author) -> None:
    """Reindex while the function indexes."""
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(0.05):
            update_index(range(1, 10), workers=1)

    worker = threading.Thread(target=follow, name="indexer")
    worker.start()
    try:
        author("reindex")
        author("reindex", "--rebuild", "--yes")
    finally:
        ended.set()
        worker.join()


def tune_search(author: Author, folder: Path) -> None:
    """Use the commands for the search, whose index has the article `hello`."""
    folder.mkdir()
    for visitor in range(40):
        query_counts.count("text", has_results=True, network=f"10.0.{visitor}.0/24")
    author("search", "report")
    author("search", "synonyms", "add", "text", "prose")
    author("search", "synonyms", "list")
    author("search", "pins", "add", "more prose", "hello")
    author("search", "pins", "list")
    (folder / "queries.tsv").write_text("prose\thello\nnothing\thello\nnothing\tnone\n")
    author("search", "evaluate", folder / "queries.tsv")
    (folder / "search.toml").write_text(author("search", "show").stdout)
    author("search", "pins", "remove", "more prose")
    author("search", "synonyms", "remove", "prose")
    author("search", "apply", folder / "search.toml")


def move(author: Author, folder: Path) -> None:
    """Export the blog, and restore it into a new stack."""
    author("export", folder, "--private")
    restore_or_create("stack", create_stack)
    signing.load_keys.cache_clear()
    author("import", "archive", folder)
    author("import", "archive", folder, "--overwrite")


def forget(author: Author) -> None:
    author("comments", "forget", EMAIL, "--yes")
    author("messages", "forget", EMAIL, "--yes")


def command_names() -> Iterator[str]:
    def walk(command: Any, name: str) -> Iterator[str]:
        if not hasattr(command, "list_commands"):
            yield name
            return
        context = click.Context(command)
        for each in command.list_commands(context):
            yield from walk(command.get_command(context, each), f"{name} {each}")

    yield from walk(typer.main.get_command(app), "kolom")


def test_the_policy_for_authors_equals_the_calls_of_the_commands(
    author: Author, several_days: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(author, tmp_path / "content")
    moderate(author)
    read_messages(author)
    block_words(author, tmp_path / "words.txt")
    deploy_assets(author, tmp_path / "frontend", monkeypatch)
    import_blogs(author, tmp_path / "blog", monkeypatch)
    sync_site(author, tmp_path / "site")
    index(author)
    tune_search(author, tmp_path / "search")
    move(author, tmp_path / "archive")
    forget(author)
    # The importers differ only in how they read files; `kolom serve` needs no AWS account; authors do not deploy.
    omitted = {
        f"kolom import {each}"
        for each in (*("blogger", "ghost", "substack", "medium", "disqus", "isso", "remark42", "commento", "markdown"),)
    }
    assert set(command_names()) - author.commands == omitted | OF_DEPLOYERS | {"kolom serve"}
    assert author.calls == granted()


def test_authors_may_neither_deploy_nor_use_wildcards_of_actions() -> None:
    actions = {action for action, _ in granted()}
    assert {action.split(":")[0] for action in actions} == {"cloudformation", "dynamodb", "s3", "secretsmanager"}
    assert not [action for action in actions if "*" in action]
    assert "cloudformation:DescribeStacks" in actions
    assert len([action for action in actions if action.startswith("cloudformation:")]) == 1


def test_the_policy_exists_only_on_request() -> None:
    document = read_document(PROJECT / "template.yaml")
    assert document["Parameters"]["AuthorPolicy"]["Default"] == "off"
    assert document["Resources"]["AuthorAccess"]["Condition"] == "HasAuthorPolicy"
    assert document["Outputs"]["AuthorPolicyArn"]["Condition"] == "HasAuthorPolicy"


def test_the_example_of_a_policy_for_sync_equals_the_calls_of_the_command(author: Author, tmp_path: Path) -> None:
    sync_site(author, tmp_path / "site")
    author("sync", tmp_path / "site", "--base-url", "https://new.example", "--full")
    policy = json.loads((PROJECT / "docs/examples/sync-policy.json").read_text("utf-8"))
    allowed = {
        (action, place_of(resource))
        for statement in policy["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    assert author.calls == allowed
    assert allowed < granted()
