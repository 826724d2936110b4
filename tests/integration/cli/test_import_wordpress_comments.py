"""`kolom import wordpress`: comments in threads; no email address is stored and no mail is sent."""

import itertools
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.fetch_comments import app as fetch_comments
from kolom.comments import admin, importing
from kolom.comments.types import MAX_DEPTH, Comment
from kolom_cli.importers.common import comment_importer
from tests.factories import request
from tests.integration.cli.conftest import Kolom
from tests.integration.handlers import call
from tests.unit.cli.importers.wordpress.wxr import comment, export, item


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.xml"


def _import(kolom: Kolom, file: Path, *items: str) -> dict[str, Any]:
    file.write_text(export(*items))
    ran = kolom("import", "wordpress", file, "--json")
    report: dict[str, Any] = ran.json
    assert report["read"] == sum(report[each] for each in ("created", "updated", "unchanged", "skipped"))
    return report


def _reasons(report: dict[str, Any]) -> Counter[str]:
    return Counter(each["reason"] for each in report["skipped_items"])


def _shown() -> list[dict[str, Any]]:
    answer = call(fetch_comments.handler, request("/api/articles/post-1/comments", "limit=100"))
    items: list[dict[str, Any]] = json.loads(answer.body)["items"]
    return items


def test_comments_keep_their_threads_dates_and_authors(kolom: Kolom, file: Path) -> None:
    comments = (
        comment(12, parent=11, user_id=5, author="Sari W.")
        + comment(11, author_url="https://budi.example", content="One\n\n<b>two</b>\nthree")
        + comment(13, parent=12)
    )
    assert _import(kolom, file, item(1, more=comments))["kinds"]["comment"]["created"] == 3
    first, second, third = _shown()
    assert first["author"] == {
        **first["author"],
        "name": "Reader 11",
        "website": "https://budi.example",
        "is_owner": False,
    }
    assert first["content_html"] == "<p>One</p>\n<p><strong>two</strong><br>\nthree</p>"
    assert first["created_at"] == "2020-01-03T03:04:11Z"
    assert (second["parent_id"], second["author"]["is_owner"]) == (first["id"], True)
    assert third["parent_id"] == second["id"]


def test_the_owner_has_the_same_avatar_in_imported_comments_and_replies(kolom: Kolom, file: Path) -> None:
    comments = comment(11) + comment(12, user_id=5, author="Sari W.") + comment(13, user_id=5, author="Sari")
    _import(kolom, file, item(1, more=comments))
    first, second, third = _shown()
    kolom("comments", "reply", first["id"], "Thank you.")
    (reply,) = [each for each in _shown() if each["parent_id"] == first["id"]]
    owners = [second["author"], third["author"], reply["author"]]
    assert [each["is_owner"] for each in owners] == [True] * 3
    assert len({each["avatar"] for each in owners} | {first["author"]["avatar"]}) == 2


def test_pending_comments_stay_pending_and_other_entries_are_skipped(kolom: Kolom, file: Path) -> None:
    comments = (
        comment(11, approved="0")
        + comment(12, approved="spam")
        + comment(13, approved="trash")
        + comment(14, type="pingback")
        + comment(15, type="trackback")
        + comment(16, type="order_note")
        + comment(17, content=" ")
        + comment(18, date="0000-00-00 00:00:00", date_gmt="0000-00-00 00:00:00")
    )
    report = _import(kolom, file, item(1, more=comments))
    assert _reasons(report) == Counter(
        {
            "marked as spam in WordPress": 1,
            "in the trash": 1,
            "a link from another site, not a comment": 2,
            "comment type 'order_note' of a plugin is not supported": 1,
            "empty": 1,
            "has no date": 1,
        }
    )
    assert {kind: counts["read"] for kind, counts in report["kinds"].items()} == {
        "article": 1,
        "comment": 6,
        "pingback": 1,
        "trackback": 1,
    }
    assert [each.status for each in admin.list_by_article(1)] == ["pending"]


def test_comments_of_skipped_posts_are_skipped(kolom: Kolom, file: Path) -> None:
    report = _import(kolom, file, item(1, status="trash", more=comment(11)))
    assert _reasons(report) == Counter({"in the trash": 1, "its article was not imported": 1})


def test_no_email_address_is_stored_but_its_owner_can_be_erased(kolom: Kolom, file: Path) -> None:
    _import(kolom, file, item(1, more=comment(11) + comment(12, author_email="other@mail.example")))
    client = boto3.client("dynamodb")
    stored = json.dumps([client.scan(TableName=name)["Items"] for name in ("kolom-comments", "kolom-guard")])
    assert "mail.example" not in stored
    assert "198.51.100.7" not in stored
    assert client.scan(TableName="kolom-outbox")["Count"] == 0
    forgotten = kolom("comments", "forget", "READER11@mail.example", "--yes", "--json")
    assert forgotten.json == {"erased": 1}


def test_a_thread_that_is_too_deep_continues_at_the_deepest_level(kolom: Kolom, file: Path) -> None:
    depth = MAX_DEPTH + 5
    comments = "".join(comment(100 + n, parent=99 + n if n else 0) for n in range(depth))
    assert _import(kolom, file, item(1, more=comments))["kinds"]["comment"]["created"] == depth
    found = admin.list_by_article(1)
    assert max(each.depth for each in found) == MAX_DEPTH
    assert _import(kolom, file, item(1, more=comments))["kinds"]["comment"]["unchanged"] == depth


def test_comments_that_reply_to_each_other_in_a_cycle_are_all_imported(kolom: Kolom, file: Path) -> None:
    comments = comment(11, parent=12) + comment(12, parent=11) + comment(13, parent=13)
    report = _import(kolom, file, item(1, more=comments))
    assert report["kinds"]["comment"]["created"] == 3
    seen: set[str] = set()
    for each in admin.list_by_article(1):
        assert each.parent_id is None or each.parent_id in seen
        seen.add(each.id)


def test_an_import_interrupted_within_comments_can_be_resumed(
    kolom: Kolom, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comments = "".join(comment(11 + n, parent=10 + n if n else 0) for n in range(6))
    create_all, calls = importing.create_all, itertools.count()

    def breaking(batch: Sequence[Comment], **named: Any) -> None:
        if next(calls):
            raise KeyboardInterrupt
        create_all(batch, **named)

    with monkeypatch.context() as patch:
        patch.setattr(comment_importer, "_COMMENTS_PER_TRANSACTION", 3)
        patch.setattr(importing, "create_all", breaking)
        with pytest.raises((KeyboardInterrupt, SystemExit, AssertionError, ValueError)):
            _import(kolom, file, item(1, more=comments))
    assert len(admin.list_by_article(1)) == 3
    report = _import(kolom, file, item(1, more=comments))["kinds"]["comment"]
    assert (report["created"], report["unchanged"]) == (3, 3)
    answer = call(fetch_comments.handler, request("/api/comments/counts", "slug=post-1"))
    assert json.loads(answer.body) == {"counts": {"post-1": 6}}
