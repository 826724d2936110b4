"""Personal data of a person reaches only those who need it, and is gone after its erasure.

The data has canaries: words that occur nowhere else. They are searched for in everything that leaves the blog, and
after the erasure in every stored item.
"""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from kolom.articles import preview_links
from kolom.models.comments import AddressRecord, CommentRecord
from kolom.security import signing
from kolom_cli.sam.loader import read_document
from kolom_cli.sam.model import Template
from tests.factories import request
from tests.integration.aws import client
from tests.integration.cli.conftest import Kolom
from tests.integration.contracts.test_handlers import FUNCTIONS
from tests.integration.handlers import stored
from tests.integration.privacy.conftest import (
    ANYTHING,
    EMAIL,
    NEVER_SHOWN,
    OWNER,
    UNAPPROVED,
    Blog,
    keyed_hashes,
    live_through_everything,
)
from tests.paths import PROJECT

TABLES: Final = ("articles", "search", "comments", "messages", "outbox", "guard")

REQUESTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "GET /api/health": (("/api/health", ""),),
    "GET /api/articles": (("/api/articles", ""), ("/api/articles", "label=News")),
    "GET /api/articles/{slug}": (("/api/articles/hello", ""), ("/api/articles/none", "")),
    "GET /api/labels": (("/api/labels", ""),),
    "GET /api/archive": (("/api/archive", ""),),
    "GET /api/paths": (("/api/paths", "path=/hello/"),),
    "GET /": (("/", ""),),
    "GET /{proxy+}": (
        *(("/hello/", ""), ("/hello/", "comments=oldest"), ("/search/", "q=canary"), ("/label/News/", "")),
        *(("/archive/", ""), ("/labels/", ""), ("/contact/", ""), ("/none/", "")),
    ),
    "GET /feeds/{proxy+}": tuple(
        (f"/feeds/{name}", "")
        for name in ("atom.xml", "rss.xml", "feed.json", "comments.xml", "comments/hello", "comments/none")
    ),
    "GET /sitemap.xml": (("/sitemap.xml", ""),),
    "GET /sitemaps/{name}": (("/sitemaps/pages.xml", ""), ("/sitemaps/2026-11.xml", "")),
    "GET /robots.txt": (("/robots.txt", ""),),
    "GET /preview/{token}": (("/preview/none", ""),),
    "GET /api/search": (("/api/search", "q=canary"), ("/api/search", "q=canarypublic"), ("/api/search", "q=hello")),
    "GET /api/search/suggest": (("/api/search/suggest", "q=can"), ("/api/search/suggest", "q=he")),
    "GET /api/articles/{slug}/related": (("/api/articles/hello/related", ""),),
    "GET /api/articles/{slug}/comments": (
        *(("/api/articles/hello/comments", ""), ("/api/articles/hello/comments", "order=newest&limit=100")),
    ),
    "GET /api/comments": (("/api/comments", "url=https://blog.example/hello/"),),
    "GET /api/comments/counts": (("/api/comments/counts", "slug=hello"),),
    "GET /api/comments/recent": (("/api/comments/recent", ""),),
    "GET /api/form-token": (("/api/form-token", ""),),
}
"""Requests to every public route that answers GET."""

OF_THE_OWNER: Final = {"GET /api/moderation/{token}", "GET /api/subscription/{token}"}
"""Routes with links that only the owner, or the person, got by mail."""

REMAINS: Final = {
    "suppressed#": "the keyed hash of an address that bounced, so that it gets no more mail, until `kolom mail allow`",
    "sender#": "keyed hashes of IP address and network of a comment that its author deleted, for bans, for 30 days",
    "tally#clients#": "counters of submissions by the keyed hash of a network, until the day ends",
    "tally#confirmations#": "counters of confirmation mails by keyed hashes of mailbox and network, until the day ends",
}
"""What is left of a person after the erasure, by the beginning of its key, with the reason. None is readable."""


def read_every_public_route(blog: Blog, template: Template) -> None:
    """Send a request to each route that answers GET, as another visitor; the answers are recorded."""
    functions = {route.key: route.function for route in template.routes if route.method == "GET"}
    assert functions.keys() == REQUESTS.keys() | OF_THE_OWNER
    for key, wanted in REQUESTS.items():
        for path, query in wanted:
            blog.ask(functions[key], request(path, query))


def test_personal_data_leaves_the_blog_on_no_channel(
    blog: Blog,
    kolom: Kolom,
    template: Template,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    subtests: pytest.Subtests,
) -> None:
    capsys.readouterr()
    live_through_everything(blog)
    read_every_public_route(blog, template)
    token = preview_links.create_token(
        1, signing.load_keys(), expires_at=blog.comments[0].created_at.replace(year=2100)
    )
    blog.ask("preview_article", request(f"/preview/{token}"))
    printed = capsys.readouterr()
    assert blog.invoked == set(FUNCTIONS)
    assert "canarypublic" in next(answer.body for path, answer in blog.to_others if path == "/api/comments/recent")

    with subtests.test("responses to others, with their headers"):
        for path, answer in blog.to_others:
            shown = f"{answer.headers} {answer.body}"
            assert not NEVER_SHOWN.search(shown), (path, NEVER_SHOWN.findall(shown))
            if not path.startswith("/api/moderation/"):
                assert not UNAPPROVED.search(shown), path
    with subtests.test("responses to the person"):
        for answer in blog.to_person:
            # A page of results repeats the query in its form, and a problem may repeat what is wrong.
            if answer.status == 201 or "Set-Cookie" in answer.headers:
                assert not NEVER_SHOWN.search(f"{answer.headers} {answer.body}"), answer.body
            assert not NEVER_SHOWN.search(json.dumps(answer.headers))
    with subtests.test("logs"):
        assert "email address suppressed" in blog.logs.getvalue()
        assert ANYTHING.findall(blog.logs.getvalue()) == []
    with subtests.test("metrics and output"):
        assert '"CommentsPending"' in printed.out
        assert ANYTHING.findall(printed.out + printed.err) == []
    with subtests.test("mail to others"):
        assert {mail["to"] for mail in blog.mails} >= {OWNER, EMAIL, "reader@other.example"}
        for mail in blog.mails:
            everything = json.dumps(mail)
            if mail["to"] not in {OWNER, EMAIL}:
                assert not NEVER_SHOWN.search(everything), mail
                assert not UNAPPROVED.search(everything), mail
            assert "192.0.2" not in everything
            assert "CanaryBrowser" not in everything
    with subtests.test("an archive without private files"):
        assert kolom("export", tmp_path / "public").exit_code == 0
        files = [path for path in (tmp_path / "public").rglob("*") if path.is_file()]
        assert "canarypublic" in "".join(path.read_text("utf-8", "replace") for path in files)
        assert [file for file in files if NEVER_SHOWN.search(file.read_text("utf-8", "replace"))] == []
    with subtests.test("the search report"):
        assert ANYTHING.findall(kolom("search", "report", "--json").stdout) == []
        assert ANYTHING.findall(json.dumps(stored("guard"), default=str)) == []


def test_the_program_writes_no_annotations_to_traces() -> None:
    """Lambda itself reports to X-Ray, without content; no module uses a tracer, which could add some."""
    sources = [*(PROJECT / "functions").rglob("*.py"), *(PROJECT / "layers/shared/kolom").rglob("*.py")]
    assert len(sources) > 100
    assert [path for path in sources if "xray" in (text := path.read_text("utf-8").lower()) or "tracer" in text] == []


def traces_of_person() -> dict[str, list[str]]:
    """Return the keys of the items that have a canary or a keyed hash of the person, by table."""
    hashes = keyed_hashes()
    found: dict[str, list[str]] = {}
    for table in TABLES:
        for item in stored(table):
            raw = json.dumps(item, default=repr)
            if ANYTHING.search(raw) or any(each in raw for each in hashes):
                found.setdefault(table, []).append(
                    next(iter(item.get(name, {}).get("S", "") for name in KEYS if name in item))
                )
    return found


KEYS: Final = ("id", "key", "article_id", "hash", "term")


def test_nothing_readable_is_left_of_an_erased_person(blog: Blog, kolom: Kolom) -> None:
    live_through_everything(blog)
    blog.comment("canarypublic text about which mail still waits", approve=True, notify_replies=True)
    blog.follow_subscription(blog.comments[0], "leave")
    # Spam expires long before the address of its author does.
    (spam,) = (each for each in blog.comments if "spam" in each.content)
    CommentRecord.get("1", spam.id).delete()
    assert EMAIL in json.dumps(stored("comments"))
    assert {"comments", "messages", "outbox", "guard"} <= traces_of_person().keys()
    mails = len(blog.mails)

    assert kolom("comments", "forget", EMAIL.upper(), "--yes").exit_code == 0
    assert kolom("messages", "forget", EMAIL.upper(), "--yes").exit_code == 0

    left = [key for keys in traces_of_person().values() for key in keys]
    assert [key for key in left if not key.startswith(tuple(REMAINS))] == []
    assert {next(each for each in REMAINS if key.startswith(each)) for key in left} == REMAINS.keys()
    assert ANYTHING.findall(json.dumps([stored(table) for table in TABLES], default=repr)) == []
    assert sum(key.startswith("sender#") for key in left) == 1
    for item in stored("guard"):
        assert "expires_at" in item
    assert list(AddressRecord.scan(AddressRecord.email == EMAIL)) == []

    blog.deliver_mail()
    assert [mail for mail in blog.mails[mails:] if ANYTHING.search(json.dumps(mail))] == []
    assert kolom("comments", "forget", EMAIL, "--yes", "--json").json == {"erased": 0}


def test_streams_and_reports_of_dropped_events_never_have_personal_data(blog: Blog, template: Template) -> None:
    """They cannot be erased: a stream keeps its records for a day, and the queue of dropped events for 14 days."""
    live_through_everything(blog)
    streamed = {
        table.name: table.create["StreamSpecification"]["StreamViewType"]
        for table in template.tables.values()
        if "StreamSpecification" in table.create
    }
    assert streamed == {"kolom-articles": "KEYS_ONLY", "kolom-outbox": "NEW_IMAGE"}
    assert ANYTHING.findall(json.dumps(images_in_stream("kolom-outbox"), default=str)) == []
    # A queue gets only the metadata of a batch; a bucket would get its records.
    resources: dict[str, Any] = read_document(PROJECT / "template.yaml")["Resources"]
    kinds = [
        event["Properties"]["DestinationConfig"]["OnFailure"]["Type"]
        for function in resources.values()
        for event in function.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "DynamoDB"
    ]
    assert kinds == ["SQS", "SQS"]
    assert not [name for name, each in resources.items() if "DeadLetterQueue" in each.get("Properties", {})]


def images_in_stream(table: str) -> list[dict[str, Any]]:
    """Return all records of a table's stream."""
    streams = client("dynamodbstreams")
    arn = client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    records: list[dict[str, Any]] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records += streams.get_records(ShardIterator=iterator)["Records"]
    assert len(records) > 10
    return records
