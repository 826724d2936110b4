"""Several imports in sequence: an export in parts, or an import after local changes."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kolom.articles import publishing
from kolom.comments import admin
from kolom.comments.types import Comment
from tests.integration.cli.conftest import Kolom
from tests.unit.cli.importers.blogger.takeout import comment, entry, takeout

type Import = Callable[..., dict[str, Any]]


@pytest.fixture
def run_import(kolom: Kolom, tmp_path: Path) -> Import:
    """Return a function that imports entries of a Takeout and returns the report on comments."""

    def run(*entries: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
        file = tmp_path / "feed.atom"
        file.write_text(takeout(*entries))
        ran = kolom("import", "blogger", file, "--json", *options)
        assert ran.exit_code == 0, ran.stdout + ran.stderr
        report: dict[str, Any] = ran.json
        counts: dict[str, Any] = report["kinds"].get("comment", {})
        return {name: number for name, number in counts.items() if number and name != "read"}

    return run


def _comments() -> list[Comment]:
    return admin.list_by_article(publishing.get_by_slug("post-1").id)


@pytest.mark.parametrize("same_second", [True, False])
def test_a_reply_is_attached_to_a_comment_of_an_earlier_import(run_import: Import, same_second: bool) -> None:
    moment = "2012-09-05T10:00:00.000Z"
    times = {"published": moment} if same_second else {}
    run_import(entry(1), comment(11, 1, published=moment))
    reply = comment(12, 1, answers=11, **times)
    assert run_import(reply, options=("--dry-run",)) == {"created": 1}
    assert run_import(reply) == {"created": 1}
    first, second = _comments()
    assert (second.parent_id, second.depth, first.replies) == (first.id, 1, 1)
    assert run_import(comment(11, 1, published=moment), reply) == {"unchanged": 2}


def test_a_reply_imported_before_its_parent_is_stored_once(run_import: Import) -> None:
    moment = "2012-09-05T10:00:00.000Z"
    reply = comment(12, 1, answers=11, published=moment)
    run_import(entry(1), reply)
    both = (comment(11, 1, published=moment), reply)
    assert run_import(*both, options=("--dry-run",)) == {"created": 1, "unchanged": 1}
    assert run_import(*both) == {"created": 1, "unchanged": 1}
    assert run_import(*both) == {"unchanged": 2}
    assert [each.parent_id for each in _comments()] == [None, None]
    changed = comment(12, 1, answers=11, published=moment, content="Changed.")
    assert run_import(both[0], changed) == {"updated": 1, "unchanged": 1}
    assert sorted(each.content for each in _comments()) == ["Changed.", "Comment 11."]


def test_a_dry_run_counts_comments_of_restored_articles_like_the_import(run_import: Import) -> None:
    entries = (entry(1), comment(11, 1), comment(12, 1, answers=11))
    run_import(*entries[:2])
    publishing.delete("post-1", now=datetime.now(UTC))
    assert run_import(*entries, options=("--dry-run",)) == run_import(*entries) == {"skipped": 2}
    planned = run_import(*entries, options=("--overwrite", "--dry-run"))
    assert planned == run_import(*entries, options=("--overwrite",)) == {"created": 1, "unchanged": 1}
