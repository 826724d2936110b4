"""`kolom import --concurrency`: the same result for any number, also when it is interrupted or throttled."""

import gc
import itertools
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kolom.articles import public, publishing, repository
from kolom.comments import admin, importing
from kolom.comments import public as public_comments
from kolom.comments.importing import ExternalComment
from kolom.comments.types import MAX_DEPTH, Comment, Status
from kolom.errors import InvalidInput, ServiceBusy, StaleRead
from kolom_cli import concurrency
from kolom_cli.importers.common import comment_importer
from kolom_cli.importers.common.article_planner import ArticlePlanner
from kolom_cli.importers.common.importer import Importer
from kolom_cli.importers.common.types import ImportedArticle
from kolom_cli.terminal.report import Report
from tests.factories import NOW, content
from tests.integration.aws import restore_or_create
from tests.integration.cli.conftest import Kolom, create_stack
from tests.integration.conftest import RefusedCalls
from tests.unit.cli.importers.blogger import takeout
from tests.unit.cli.importers.wordpress import wxr


def wordpress(articles: int = 24) -> str:
    """Return an export in which articles compete for slugs, paths and labels, and replies come before their parents."""
    items = []
    for number in range(1, articles + 1):
        replies = "".join(
            wxr.comment(
                1000 * number + each,
                parent=1000 * number + (each + 1 if each % 3 else each - 2) if each > 1 else 0,
                approved="0" if each % 5 == 4 else "1",
                user_id=5 if each % 4 == 2 else 0,
            )
            for each in range(1, 3 + number % 7)
        )
        items.append(
            wxr.item(
                number,
                link=f"https://old.example/2020/01/{'same' if number % 9 == 4 else f'post-{number}'}/",
                post_name="same" if number % 7 == 3 else f"post-{number}",
                post_type="page" if number % 11 == 5 else "post",
                status="draft" if number % 13 == 6 else "publish",
                content=f'Text of {number} with <a href="https://old.example/?p={number % articles + 1}">a link</a>.',
                more=wxr.term("Kopi" if number % 2 else "kopi", "post_tag") + wxr.term(f"t{number % 4}") + replies,
            )
        )
    return wxr.export(*items)


def blogger(articles: int = 20) -> str:
    """Return a Takeout, newest first, with replies before their parents."""
    entries = []
    for number in range(1, articles + 1):
        entries.append(
            takeout.entry(
                number,
                "PAGE" if number % 8 == 5 else "POST",
                filename="/p/same.html"
                if number % 8 == 5
                else f"/2012/09/{'same' if number % 6 == 1 else number}.html",
                labels=("Kopi" if number % 3 else "kopi", f"t{number % 4}"),
                status="DRAFT" if number % 9 == 8 else "LIVE",
            )
        )
        kind = "page" if number % 8 == 5 else "post"
        for each in range(1, 1 + number % 6):
            number_of_comment = 1000 * number + each
            entries.append(
                takeout.comment(
                    number_of_comment,
                    number,
                    parent=takeout.post_id(number, kind),
                    answers=number_of_comment - 1 if each > 1 else None,
                    status="EMPTIED" if each == 2 else "PENDING" if each == 4 else "LIVE",
                )
            )
    return takeout.takeout(*reversed(entries))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses of tasks that are repeated."""
    monkeypatch.setattr(concurrency, "_FIRST_DELAY_SECONDS", 0.001)
    monkeypatch.setattr(concurrency, "_MAX_DELAY_SECONDS", 0.01)


def archive(kolom: Kolom, root: Path) -> dict[str, bytes]:
    """Return the files of an archive of the whole blog."""
    ran = kolom("export", root, "--private")
    assert ran.exit_code == 0, ran.stderr
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("kind", "generate"), [("wordpress", wordpress), ("blogger", blogger)], ids=["wp", "blogger"])
def test_the_archive_and_the_report_are_the_same_for_any_concurrency(
    kolom: Kolom,
    delays: random.Random,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    generate: Callable[[], str],
) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr("kolom_cli.commands.import_.datetime", SimpleNamespace(now=lambda _: now))
    file = tmp_path / "export.xml"
    file.write_text(generate())
    archives, reports = [], []
    for number in (1, 16):
        restore_or_create("stack", create_stack)
        planned = kolom("import", kind, file, "--json", "--dry-run", "--concurrency", number).json
        done = kolom("import", kind, file, "--json", "--concurrency", number)
        archives.append(archive(kolom, tmp_path / str(number)))
        reports += [planned | {"dry_run": False}, done.json]
        again = kolom("import", kind, file, "--json", "--concurrency", number).json
        assert again["unchanged"] + again["skipped"] == again["read"] == done.json["read"]
    assert archives[0] == archives[1]
    assert reports[1] == reports[3]
    assert reports[0] == reports[2]
    assert reports[1]["created"] > 60
    assert (
        repository.next_id() == reports[1]["kinds"]["article"]["created"] + reports[1]["kinds"]["page"]["created"] + 1
    )


def test_ctrl_c_finishes_what_is_in_flight_and_the_next_run_continues(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "export.xml"
    file.write_text(wordpress())
    expected = kolom("import", "wordpress", file, "--json", "--dry-run").json
    original, started = publishing.publish_new, []

    def interrupted(*arguments: Any, **named: Any) -> publishing.PublishResult:
        started.append(1)
        if len(started) == 10:
            signal.raise_signal(signal.SIGINT)
        time.sleep(0.02)
        return original(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "publish_new", interrupted)
        ran = kolom("import", "wordpress", file, "--json", "--concurrency", 8)
    assert (ran.exit_code, ran.json["interrupted"]) == (130, True)
    assert ran.json["created"] == len(started) == len(repository.pointers_by_id())
    assert 10 <= len(started) < 20
    report = kolom("import", "wordpress", file, "--json").json
    assert report["unchanged"] == ran.json["created"]
    assert report["created"] == expected["created"] - ran.json["created"]
    pointers = repository.pointers_by_id()
    origins = [name for names in pointers.values() for name in names if name.startswith("origin:")]
    assert len(origins) == len(set(origins)) == len(pointers)
    assert len(pointers) == sum(expected["kinds"][kind]["created"] for kind in ("article", "page"))


def test_ctrl_c_within_comments_leaves_no_duplicates(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "export.xml"
    file.write_text(wordpress(14))
    create_all, upsert = importing.create_all, importing.upsert
    started: list[Comment] = []

    def start(comments: Sequence[Comment]) -> None:
        if len(started) < 20 <= len(started) + len(comments):
            signal.raise_signal(signal.SIGINT)
        started.extend(comments)

    def creating(comments: Sequence[Comment], **named: Any) -> None:
        start(comments)
        create_all(comments, **named)

    def storing(comment: Comment, **named: Any) -> importing.Change:
        start([comment])
        return upsert(comment, **named)

    with monkeypatch.context() as patch:
        patch.setattr(importing, "create_all", creating)
        patch.setattr(importing, "upsert", storing)
        ran = kolom("import", "wordpress", file, "--json", "--concurrency", 8)
    first = ran.json["kinds"]["comment"]["created"]
    assert 20 <= first < 60
    assert (ran.exit_code, first) == (130, len(started))
    second = kolom("import", "wordpress", file, "--json").json["kinds"]["comment"]
    assert second["unchanged"] == first
    assert second["created"] + first == second["read"]
    assert sum(len(admin.list_by_article(each)) for each in repository.pointers_by_id()) == second["read"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem", "TransactWriteItems", "Query"])
def test_a_throttled_import_slows_down_and_completes(
    kolom: Kolom, faults: RefusedCalls, tmp_path: Path, operation: str
) -> None:
    file = tmp_path / "export.xml"
    file.write_text(wordpress(14))
    faults.throttle(operation, 6)
    report = kolom("import", "wordpress", file, "--json")
    assert (report.exit_code, report.json["created"]) == (0, report.json["read"])
    assert faults.refused == 6


@pytest.mark.usefixtures("quick")
def test_an_import_ends_with_a_report_if_nothing_is_answered(
    kolom: Kolom, faults: RefusedCalls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concurrency, "_UNAVAILABLE_SECONDS", 0.0)
    file = tmp_path / "export.xml"
    file.write_text(wordpress(14))
    faults.throttle("TransactWriteItems", 100_000)
    ran = kolom("import", "wordpress", file, "--json")
    assert (ran.exit_code, ran.json["created"]) == (1, 0)
    (error,) = ran.json["errors"]
    assert error.startswith("AWS does not answer, or is overloaded: ")
    faults.clear()
    assert kolom("import", "wordpress", file, "--json").exit_code == 0


def test_an_error_of_one_article_does_not_stop_the_others(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = publishing.publish_new

    def failing(article: Any, *arguments: Any, **named: Any) -> publishing.PublishResult:
        if article.slug == "post-2":
            raise InvalidInput
        return original(article, *arguments, **named)

    monkeypatch.setattr(publishing, "publish_new", failing)
    file = tmp_path / "export.xml"
    file.write_text(wxr.export(*(wxr.item(number, more=wxr.comment(10 + number)) for number in range(1, 6))))
    ran = kolom("import", "wordpress", file, "--json")
    assert ran.exit_code == 1
    assert [each["name"] for each in ran.json["skipped_items"]] == ["2 'Post 2'", "12 on 2 'Post 2'"]
    assert ran.json["kinds"]["article"]["created"] == ran.json["kinds"]["comment"]["created"] == 4


@pytest.mark.usefixtures("kolom")
def test_the_reader_does_not_run_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    read, written, ahead = 0, 0, 0
    lock = threading.Lock()
    original = publishing.publish_new

    def counted(*arguments: Any, **named: Any) -> publishing.PublishResult:
        nonlocal written
        result = original(*arguments, **named)
        with lock:
            written += 1
        return result

    def articles() -> Iterator[ImportedArticle]:
        nonlocal read, ahead
        for number in range(150):
            read += 1
            ahead = max(ahead, read - written)
            article = content(f"post-{number}", origin=f"test/{number}", labels=())
            yield ImportedArticle(name=str(number), content=article, slug_suffix=str(number))

    monkeypatch.setattr(publishing, "publish_new", counted)
    report = Report()
    Importer(report, NOW, concurrency=4).store_all(articles(), threading.Event())
    assert report.counts()["created"] == written == 150
    assert ahead < 100


@pytest.mark.usefixtures("kolom")
@pytest.mark.parametrize("dry_run", [True, False], ids=["dry run", "unchanged"])
def test_items_that_need_no_writing_are_not_kept_in_memory(dry_run: bool) -> None:
    kept = 0

    def articles() -> Iterator[ImportedArticle]:
        nonlocal kept
        for number in range(150):
            article = content(f"post-{number}", origin=f"test/{number}", labels=())
            yield ImportedArticle(name=str(number), content=article, slug_suffix=str(number))
        kept = sum(isinstance(each, ImportedArticle) for each in gc.get_objects())

    if not dry_run:
        Importer(Report(), NOW).store_all(articles(), threading.Event())
    Importer(Report(), NOW, dry_run=dry_run, concurrency=4).store_all(articles(), threading.Event())
    assert 0 < kept < 100


@pytest.mark.usefixtures("kolom")
def test_articles_that_were_not_looked_up_before_a_stop_are_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()

    articles = (
        ImportedArticle(
            name=f"{number}.md",
            content=content(f"post-{number}", origin=f"files:x/{number}.md", labels=()),
            slug_suffix=str(number),
            file_origin=f"files:{number}.md",
        )
        for number in range(3)
    )
    monkeypatch.setattr(ArticlePlanner, "_existing", stop)
    report = Report()
    Importer(report, NOW, dry_run=True).store_all(articles, stopped)
    assert (report.interrupted, report.counts()["created"]) == (True, 0)


def test_replies_to_a_comment_that_could_not_be_stored_wait_for_the_next_import(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comments = "".join(wxr.comment(number, parent=number - 1 if number > 11 else 0) for number in (11, 12, 13))
    file = tmp_path / "export.xml"
    file.write_text(wxr.export(wxr.item(1, more=comments)))
    original = importing.upsert

    def failing(comment: Any, **named: Any) -> Any:
        if comment.parent_id is None:
            raise ServiceBusy("busy")
        return original(comment, **named)

    with monkeypatch.context() as patch:
        patch.setattr(importing, "create_all", Mock(side_effect=ServiceBusy("busy")))
        patch.setattr(importing, "upsert", failing)
        patch.setattr(concurrency, "_FIRST_DELAY_SECONDS", 0.001)
        first = kolom("import", "wordpress", file, "--json")
    assert (first.exit_code, first.json["kinds"]["comment"]["created"]) == (1, 0)
    assert [each["reason"] for each in first.json["skipped_items"]] == [
        "busy",
        *["the comment that it replies to could not be stored"] * 2,
    ]
    assert kolom("import", "wordpress", file, "--json").json["kinds"]["comment"]["created"] == 3
    assert [comment.depth for comment in admin.list_by_article(1)] == [0, 1, 2]


def test_the_new_comments_of_an_article_are_stored_in_few_transactions(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "export.xml"
    file.write_text(wxr.export(wxr.item(1, more="".join(map(wxr.comment, range(11, 71))))))
    create_all = Mock(wraps=importing.create_all)
    monkeypatch.setattr(importing, "create_all", create_all)
    monkeypatch.setattr(importing, "upsert", Mock(side_effect=AssertionError))
    assert kolom("import", "wordpress", file, "--json").json["kinds"]["comment"]["created"] == 60
    assert [len(call.args[0]) for call in create_all.call_args_list] == [25, 25, 10]
    assert public_comments.count_comments([1]) == {1: 60}


def test_a_transaction_has_few_long_comments(kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "export.xml"
    comments = (wxr.comment(number, content="word " * 11_000) for number in range(11, 16))
    file.write_text(wxr.export(wxr.item(1, more="".join(comments))))
    create_all = Mock(wraps=importing.create_all)
    monkeypatch.setattr(importing, "create_all", create_all)
    assert kolom("import", "wordpress", file, "--json").json["kinds"]["comment"]["created"] == 5
    assert [len(call.args[0]) for call in create_all.call_args_list] == [2, 2, 1]


def test_a_comment_that_appears_in_the_meantime_does_not_prevent_the_others(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another import of the same export runs at the same time."""
    comments = "".join(wxr.comment(number, parent=11 if number > 11 else 0) for number in (11, 12, 13))
    file = tmp_path / "export.xml"
    file.write_text(wxr.export(wxr.item(1, more=comments)))
    original = importing.create_all

    def overtaken(comments: Sequence[Comment], **named: Any) -> None:
        importing.upsert(comments[0], now=NOW)
        importing.upsert(comments[2], now=NOW)
        original(comments, **named)

    monkeypatch.setattr(importing, "create_all", overtaken)
    ran = kolom("import", "wordpress", file, "--json")
    assert ran.exit_code == 0
    assert ran.json["kinds"]["comment"]["created"] == 3
    assert [(comment.depth, comment.replies) for comment in admin.list_by_article(1)] == [(0, 2), (1, 0), (1, 0)]


_THREADS = st.lists(
    st.tuples(
        st.integers(-1, 11), st.sampled_from(["approved", "approved", "pending", "spam", "deleted"]), st.booleans()
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.usefixtures("kolom")
@settings(max_examples=settings().max_examples // 4)
@given(thread=_THREADS, stored=st.integers(0, 4))
def test_comments_created_together_are_the_same_as_one_after_another(
    thread: list[tuple[int, Status, bool]], stored: int
) -> None:
    results = []
    for article_id in next(_ARTICLE_IDS):
        made: list[Comment] = []
        for number, (parent, status, is_owner) in enumerate(thread):
            above = made[parent] if 0 <= parent < number and made[parent].status == "approved" else None
            external = ExternalComment(
                article_id=article_id,
                origin=f"test/{number}",
                name="Budi",
                content="x",
                created_at=datetime(2020, 1, 1, tzinfo=UTC),
                status=status,
                parent=above if above is None or above.depth < MAX_DEPTH else None,
                is_owner=is_owner,
            )
            made.append(importing.to_comment(external))
        together = made[stored:] if article_id % 2 else []
        for comment in made[: len(made) - len(together)]:
            importing.upsert(comment, now=NOW)
        if together:
            importing.create_all(together, now=NOW)
        results.append(
            [replace(comment, article_id=0, change="") for comment in admin.list_by_article(article_id)]
            + list(public_comments.count_comments([article_id]).values())
        )
    assert results[0] == results[1]


_ARTICLE_IDS = batched(itertools.count(2), 2)


def test_after_a_stop_the_comments_of_a_refused_transaction_are_not_tried_again(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)
        raise StaleRead("refused")

    file = tmp_path / "export.xml"
    file.write_text(wxr.export(wxr.item(1, more=wxr.comment(11) + wxr.comment(12))))
    upsert = Mock(wraps=importing.upsert)
    monkeypatch.setattr(importing, "create_all", interrupted)
    monkeypatch.setattr(importing, "upsert", upsert)
    assert kolom("import", "wordpress", file, "--json", "--concurrency", 1).exit_code == 130
    assert upsert.call_count == 0


def test_a_pending_reply_waits_for_its_parent_in_the_transaction_before(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_all = importing.create_all

    def busy_for_parents(comments: Sequence[Comment], **named: Any) -> None:
        if comments[0].parent_id is None:
            raise ServiceBusy("busy")
        create_all(comments, **named)

    file = tmp_path / "export.xml"
    file.write_text(wxr.export(wxr.item(1, more=wxr.comment(11) + wxr.comment(12, parent=11, approved="0"))))
    monkeypatch.setattr(comment_importer, "_COMMENTS_PER_TRANSACTION", 1)
    monkeypatch.setattr(concurrency, "_FIRST_DELAY_SECONDS", 0.001)
    monkeypatch.setattr(importing, "create_all", busy_for_parents)
    monkeypatch.setattr(importing, "upsert", Mock(side_effect=ServiceBusy("busy")))
    assert kolom("import", "wordpress", file, "--json").json["kinds"]["comment"]["created"] == 0
    assert admin.list_by_article(1) == []


@pytest.mark.usefixtures("kolom")
def test_only_the_same_id_completes_a_publication_whose_response_was_lost() -> None:
    article = content("post", origin="test/1")
    first = publishing.publish_new(article, 7, now=NOW)
    assert publishing.publish_new(article, 7, now=NOW) == first
    assert list(repository.pointers_by_id()) == [7]
    with pytest.raises(StaleRead):
        publishing.publish_new(article, 8, now=NOW)


@pytest.mark.usefixtures("kolom")
def test_a_wrong_assumption_about_the_parent_of_a_comment_is_corrected() -> None:
    fields: dict[str, Any] = {
        "article_id": 1,
        "name": "Budi",
        "content": "x",
        "created_at": datetime(2020, 1, 1, tzinfo=UTC),
    }
    parent = importing.to_comment(ExternalComment(**fields, origin="a", status="pending"))
    reply = importing.to_comment(ExternalComment(**fields, origin="b", status="approved", parent=parent))
    importing.upsert(parent, now=NOW)
    assert importing.upsert(reply, now=NOW, is_new=True, has_approved_parent=True) == "created"
    assert importing.upsert(reply, now=NOW) == "unchanged"
    stored, _ = admin.list_by_article(1)
    assert (stored.status, stored.replies) == ("pending", 1)


def test_an_archive_is_restored_to_the_same_state_for_any_concurrency(
    kolom: Kolom, delays: random.Random, tmp_path: Path
) -> None:
    file = tmp_path / "export.xml"
    file.write_text(blogger(14))
    kolom("import", "blogger", file)
    before = archive(kolom, tmp_path / "before")
    reports = []
    for number in (1, 16):
        restore_or_create("stack", create_stack)
        reports.append(kolom("import", "archive", tmp_path / "before", "--json", "--concurrency", number).json)
        assert archive(kolom, tmp_path / str(number)) == before
        again = kolom("import", "archive", tmp_path / "before", "--json", "--concurrency", number).json
        assert again["unchanged"] == again["read"]
    assert reports[0] == reports[1]


@pytest.mark.usefixtures("kolom")
def test_the_list_of_labels_has_the_spelling_of_the_last_article(monkeypatch: pytest.MonkeyPatch) -> None:
    original = publishing.publish_new

    def slow_at_first(article: Any, *arguments: Any, **named: Any) -> publishing.PublishResult:
        time.sleep(0.2 if article.slug == "post-0" else 0)
        return original(article, *arguments, **named)

    monkeypatch.setattr(publishing, "publish_new", slow_at_first)
    articles = (
        ImportedArticle(name=label, content=content(f"post-{n}", origin=f"t/{n}", labels=(label,)), slug_suffix=str(n))
        for n, label in enumerate(("kopi", "Kopi"))
    )
    Importer(Report(), NOW, concurrency=4).store_all(articles, threading.Event())
    assert [each.label for each in public.list_all_labels()] == ["Kopi"]
