"""Imports of comment backups that are interrupted, run twice at once, or run beside readers and the author."""

import itertools
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, Final

import pytest

from kolom.articles import publishing
from kolom.comments import admin, moderation, public
from kolom.comments.types import Comment
from kolom.errors import Conflict
from kolom.security import signing
from kolom_cli import concurrency
from kolom_cli.connection import Target, connect
from kolom_cli.importers.commento.reader import read_commento
from kolom_cli.importers.common.importer import Importer
from kolom_cli.importers.common.types import Item
from kolom_cli.importers.disqus.reader import read_disqus
from kolom_cli.importers.remark42 import read_remark42
from kolom_cli.terminal.report import Report
from tests.factories import content
from tests.integration.aws import restore_snapshot, take_snapshot
from tests.integration.cli import test_import_threads as disqus_export
from tests.integration.cli.conftest import Kolom
from tests.integration.conftest import FaultInjector
from tests.integration.handlers import stored
from tests.unit.cli.importers import remark42_backup
from tests.unit.cli.importers.commento import export as commento_export

NOW: Final = datetime(2026, 12, 1, tzinfo=UTC)
PAGES: Final = ("https://old.example/2024/05/hello.html", "https://old.example/world/")
MORE_THAN_ANY: Final = 300

type Thread = list[tuple[str, str, bool, int, str]]
"""Key, parent, whether it is deleted, page and text of each comment."""


def thread(*, is_newer: bool = False) -> Thread:
    """Return comments: their parents come later, are missing, deleted or elsewhere, in a cycle, or too deep.

    The newer backup has further comments and texts, and some comments are deleted.
    """
    rng = random.Random(3)
    made = []
    for number in range(24):
        parent = rng.choice(["", f"k{rng.randrange(24)}", f"k{rng.randrange(24)}", "missing"])
        is_deleted = rng.random() < 0.2 or (is_newer and number % 5 == 2)
        made.append((f"k{number}", parent, is_deleted, rng.randrange(2), f"Text {number}{' edited' * is_newer}"))
    made += [("y1", "y2", False, 0, "Cycle"), ("y2", "y1", False, 0, "Cycle, too")]
    made += [(f"z{number}", f"z{number - 1}" if number else "", False, 1, "Deep") for number in range(9)]
    return made + [(f"n{number}", f"k{number}", False, number % 2, "Added") for number in range(6)] * is_newer


def remark42(comments: Thread) -> bytes:
    return remark42_backup.backup(
        *(
            (remark42_backup.deleted(key, parent) if is_deleted else remark42_backup.comment(key, parent, orig=text))
            | {"locator": {"site": "blog", "url": PAGES[page]}, "time": f"2021-03-12T11:21:{number:02}+07:00"}
            for number, (key, parent, is_deleted, page, text) in enumerate(comments)
        )
    )


def commento(comments: Thread) -> bytes:
    return commento_export.first_export(
        *(
            commento_export.first_comment(
                *(key, parent or "root"),
                url=PAGES[page].removeprefix("https://old.example"),
                markdown="[deleted]" if is_deleted else text,
                state="unapproved" if number % 9 == 4 else "approved",
                creationDate=f"2021-03-12T11:21:{number:02}Z",
            )
            for number, (key, parent, is_deleted, page, text) in enumerate(comments)
        )
    )


def comentario(comments: Thread) -> bytes:
    pages = [
        commento_export.third_page(f"page{number}", path=f"/{url.partition('example/')[2]}")
        for number, url in enumerate(PAGES)
    ]
    return commento_export.third_export(
        *(
            commento_export.third_comment(
                *(key, parent or None),
                pageId=f"page{page}",
                url=f"{PAGES[page]}#comentario-{key}",
                markdown=text,
                isDeleted=is_deleted,
                isApproved=number % 9 != 4,
                isPending=number % 9 == 4,
                createdTime=f"2021-03-12T11:21:{number:02}Z",
            )
            for number, (key, parent, is_deleted, page, text) in enumerate(comments)
        ),
        pages=pages,
    )


def disqus(comments: Thread) -> bytes:
    numbers = {key: 100 + number for number, (key, *_) in enumerate(comments)}
    posts = (
        disqus_export.post(
            *(numbers[key], page),
            parent=numbers.get(parent, 9_999) if parent else None,
            isDeleted=str(is_deleted).lower(),
            message=f"<p>{text}</p>",
        )
        for key, parent, is_deleted, page, text in comments
    )
    threads = (disqus_export.thread(number, url) for number, url in enumerate(PAGES))
    return disqus_export.disqus(*threads, *posts).encode()


type Reader = Callable[[Path], Iterator[Item]]

SYSTEMS: Final[dict[str, tuple[str, Callable[[Thread], bytes], Reader]]] = {
    "remark42": ("remark42", remark42, read_remark42),
    "commento": ("commento", commento, read_commento),
    "comentario": ("commento", comentario, read_commento),
    "disqus": ("disqus", disqus, read_disqus),
}


@pytest.fixture
def articles(kolom: Kolom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish the two pages, freeze the time of imports, and let an outage end an import soon."""
    publishing.publish(content(slug="hello", path="/2024/05/hello.html"), now=NOW)
    publishing.publish(content(slug="world"), now=NOW)
    monkeypatch.setattr("kolom_cli.commands.import_.datetime", SimpleNamespace(now=lambda _: NOW))
    for name, value in (("_FIRST_DELAY", 0.0001), ("_MAX_DELAY", 0.001), ("_UNAVAILABLE", 0.0)):
        monkeypatch.setattr(concurrency, f"{name}_SECONDS", value)
    monkeypatch.setattr(concurrency, "_ATTEMPTS", 2)


def comments() -> list[dict[str, Any]]:
    """Return all items of the Comments table."""
    return sorted(stored("comments"), key=repr)


@pytest.mark.usefixtures("articles")
@pytest.mark.parametrize(("kind", "persistent"), FaultInjector.CASES)
@pytest.mark.parametrize(
    ("name", "step"),
    [("remark42", 17), *(pytest.param(name, 41, marks=pytest.mark.slow) for name in SYSTEMS)],
)
def test_an_import_after_an_interruption_at_any_request_completes_it(
    kolom: Kolom, injector: FaultInjector, tmp_path: Path, name: str, step: int, kind: str, persistent: bool
) -> None:
    """Of a first backup, and then of a newer one."""
    command, export, _ = SYSTEMS[name]
    file = tmp_path / "export"
    for is_newer in (False, True):
        file.write_bytes(export(thread(is_newer=is_newer)))
        before = take_snapshot()
        report = kolom("import", command, file, "--json").json
        assert report["created"] + report["updated"] + report["unchanged"] == report["read"]
        expected, after = comments(), take_snapshot()
        assert kolom("import", command, file, "--json").json["unchanged"] == report["read"]
        assert comments() == expected
        for number in itertools.count(0, step):
            restore_snapshot(before)
            injector.fail_at(number, kind, persistent=persistent)
            report = kolom("import", command, file, "--json", "--concurrency", 1).json
            made = injector.calls
            injector.fail_at(None, kind, persistent=False)
            assert report["read"] == sum(report[each] for each in ("created", "updated", "unchanged", "skipped"))
            if made <= number:
                break
            assert kolom("import", command, file, "--json").exit_code == 0
            assert comments() == expected, number
            assert number < MORE_THAN_ANY
        restore_snapshot(after)


def run(read: Reader, file: Path) -> Report:
    report = Report()
    Importer(report, NOW, concurrency=8).store_all(read(file), Event())
    return report


@pytest.mark.usefixtures("articles", "delays")
@pytest.mark.parametrize("name", SYSTEMS)
def test_two_imports_at_once_have_the_result_of_one(tmp_path: Path, name: str) -> None:
    connect(Target())
    _, export, read = SYSTEMS[name]
    file = tmp_path / "export"
    for is_newer in (False, True):
        file.write_bytes(export(thread(is_newer=is_newer)))
        before = take_snapshot()
        run(read, file)
        expected = comments()
        restore_snapshot(before)
        with ThreadPoolExecutor(2) as pool:
            reports = list(pool.map(lambda _: run(read, file), range(2)))
        assert [(each.errors, each.skipped) for each in reports] == [([], []), ([], [])]
        assert comments() == expected


@pytest.mark.usefixtures("articles", "delays")
@pytest.mark.parametrize("name", SYSTEMS)
def test_readers_and_the_author_may_act_during_an_import(tmp_path: Path, name: str) -> None:
    """What they do is kept, and all counts are right."""
    connect(Target())
    _, export, read = SYSTEMS[name]
    file = tmp_path / "export"
    file.write_bytes(export(thread()))
    run(read, file)
    first = [each for each in every_comment() if each.status == "approved"]
    file.write_bytes(export(thread(is_newer=True)))
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(run, read, file)
        secret = signing.load_keys()
        for number, each in enumerate(first[:10]):
            with suppress(Conflict):  # the import has deleted it before
                if number % 2:
                    moderation.moderate(each.article_id, each.id, "delete", by="kolom", now=NOW)
                else:
                    article = publishing.get_by_slug("hello" if each.article_id == 1 else "world")
                    text = f"Reply {number}"
                    admin.reply(admin.get(each.id), article, name="Author", content=text, now=NOW, secret=secret)
        report = running.result()
    assert report.errors == []
    assert report.counts()["read"] == len(thread(is_newer=True))
    after = {each.id: each for each in every_comment()}
    assert {after[each.id].status for each in first[1:10:2]} == {"deleted"}
    assert sum(each.content.startswith("Reply ") for each in after.values()) > 0
    for each in after.values():
        replies = [other for other in after.values() if other.parent_id == each.id and other.is_visible]
        assert each.replies == len(replies)
    for number in (1, 2):
        approved = [each for each in after.values() if each.article_id == number and each.status == "approved"]
        assert public.count_comments([number]) == {number: len(approved)}


def every_comment() -> list[Comment]:
    return [each for number in (1, 2) for each in admin.list_by_article(number, now=NOW)]
