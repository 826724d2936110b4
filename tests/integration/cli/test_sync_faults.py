"""`kolom sync` that is interrupted at any request, or runs twice at once, ends with the same pages as one run."""

import itertools
import random
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kolom.articles import repository
from kolom.articles.sync_manifest import Manifest
from kolom_cli import concurrency
from kolom_cli.concurrency import DEFAULT_CONCURRENCY
from kolom_cli.connection import Target, connect
from kolom_cli.syncing.folder import Folder
from kolom_cli.syncing.report import SyncReport
from kolom_cli.syncing.synchronizer import synchronize
from kolom_cli.syncing.types import Options
from tests.factories import NOW
from tests.integration.aws import restore_snapshot, take_snapshot
from tests.integration.cli.conftest import Kolom
from tests.integration.conftest import FaultInjector
from tests.integration.external_pages import page, write
from tests.integration.handlers import stored

URL = "https://example.com"
MORE_THAN_ANY = 200
SAMPLE = 13
"""Every thirteenth request fails."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an outage end a run soon."""
    for name, value in (("_FIRST_DELAY", 0.0001), ("_MAX_DELAY", 0.001), ("_UNAVAILABLE", 0.0)):
        monkeypatch.setattr(concurrency, f"{name}_SECONDS", value)
    monkeypatch.setattr(concurrency, "_ATTEMPTS", 2)


def build(site: Path, *, is_new: bool) -> Path:
    """Build a site; the new one has new, changed, moved and removed pages and redirects."""
    shutil.rmtree(site, ignore_errors=True)
    for number in range(3):
        write(site, f"kept{number}.html", page(f"Kept {number}"))
        write(site, f"d{number}/same.html", page(f"Same {number}"))
    label = '<meta property="article:tag" content="{}">'
    write(site, "changed.html", page("New" if is_new else "Old", head=label.format("New" if is_new else "Old")))
    if is_new:
        write(site, "added.html", page("Added"))
        write(site, "e/same.html", page("Same, added"))
        write(site, "moved2.html", page("Moved"))
        write(site, "_redirects", "/moved /moved2\n/other /kept0\n")
    else:
        write(site, "gone.html", page("Gone"))
        write(site, "moved.html", page("Moved"))
    return site


def state() -> dict[str, Any]:
    """Return what is stored of the pages, by their URLs instead of their ids. Chunks that nobody reads do not count."""
    items = stored("articles")
    pages = {int(item["key"]["S"]): repository.get(int(item["key"]["S"])) for item in items if is_part(item, "card")}
    urls = {number: article.url for number, article in pages.items() if article is not None}
    manifests = {site: Manifest.load(site) for site in ("example.com", "new.example")}
    return {
        "pages": {
            article.url: (
                *(article.slug, article.title, article.status, article.labels),
                article.status == "deleted" or repository.get_body(article).html,
            )
            for article in pages.values()
            if article is not None
        },
        "ids": len(pages),
        "pointers": {item["key"]["S"]: urls[int(item["id"]["N"])] for item in items if is_part(item, "pointer")},
        "counts": [item for item in items if item["key"]["S"] == "counts"],
        "labels": sorted((urls[int(item["key"]["S"])], item["label"]["S"]) for item in items if is_label(item)),
        "manifests": {
            site: {key: (urls[entry.id], entry.slug, entry.url, entry.aliases) for key, entry in each.entries.items()}
            for site, each in manifests.items()
        },
        "unfinished": [site for site, each in manifests.items() if each.is_unfinished],
    }


def is_part(item: dict[str, Any], part: str) -> bool:
    return bool(item["part"]["S"] == part)


def is_label(item: dict[str, Any]) -> bool:
    return bool(item["part"]["S"].startswith("label#") and item["key"]["S"].isdecimal())


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("scenario", ["first run", "later run", "moved site"])
@pytest.mark.parametrize(("kind", "persistent"), FaultInjector.CASES)
def test_a_run_after_an_interruption_at_any_request_completes_it(
    kolom: Kolom, injector: FaultInjector, tmp_path: Path, kind: str, persistent: bool, scenario: str
) -> None:
    """The interrupted run has a report, the next run nothing to refuse, and the one after that nothing to write."""
    site = tmp_path / "site"
    arguments = ["sync", site, "--base-url", URL, "--json"]
    if scenario != "first run":
        build(site, is_new=False)
        kolom(*arguments)
    if scenario == "moved site":
        arguments[3:4] = ["https://new.example", "--moved-from", URL]
    build(site, is_new=True)
    before = take_snapshot()
    assert kolom(*arguments).exit_code == 0
    expected = state()
    for number in itertools.count(random.Random(7).randrange(SAMPLE), SAMPLE):
        restore_snapshot(before)
        injector.fail_at(number, kind, persistent=persistent)
        report = kolom(*arguments, "--concurrency", 1).json
        assert report["read"] == sum(report[name] for name in ("created", "updated", "unchanged", "skipped"))
        made = injector.calls
        injector.fail_at(None, kind, persistent=False)
        if made <= number:
            break
        assert kolom(*arguments).exit_code == 0
        injector.fail_at(None, kind, persistent=False)
        assert kolom(*arguments).json["writes"] is False
        assert injector.operations == ["Query"] * (2 if scenario == "moved site" else 1)
        assert state() == expected, number
        assert number < MORE_THAN_ANY
    assert number >= 2 * SAMPLE


def names(site: Path) -> list[str]:
    return [path.relative_to(site).as_posix() for path in site.rglob("*.html")]


def run(site: Path, url: str = URL) -> SyncReport:
    options = Options(
        base_url=url,
        moved_from=None,
        excluded=(),
        language=None,
        is_full=False,
        allows_removals=False,
        concurrency=DEFAULT_CONCURRENCY,
        dry_run=False,
    )
    report = SyncReport(dry_run=False, origin=url)
    synchronize(Folder(site, options), report, options, NOW, threading.Event(), lambda items, *_: items)
    return report


@pytest.mark.parametrize(
    ("known", "sites"),
    [
        (False, (("new", URL), ("new", URL))),
        (True, (("new", URL), ("new", URL))),
        (True, (("old", URL), ("new", URL))),
        (False, (("old", URL), ("old", "https://other.example"))),
    ],
    ids=["new pages", "changed pages", "old and new build", "two sites"],
)
@pytest.mark.parametrize("times", [2, pytest.param(5, marks=pytest.mark.slow)])
def test_two_runs_at_once_refuse_no_page_and_store_each_once(
    delays: random.Random, tmp_path: Path, known: bool, sites: Sequence[tuple[str, str]], times: int
) -> None:
    """Also if they want the same slugs."""
    connect(Target())
    builds = {name: build(tmp_path / name, is_new=name == "new") for name in ("old", "new")}
    if known:
        run(builds["old"])
    before = take_snapshot()
    for seed in range(times):
        restore_snapshot(before)
        delays.seed(seed)
        with ThreadPoolExecutor(2) as pool:
            reports = list(pool.map(lambda each: run(builds[each[0]], each[1]), sites))
        for report in (*reports, *(run(builds[name], url) for name, url in sites[1:])):
            assert (report.skipped, report.errors) == ([], []), seed
        finished = {url: builds[name] for name, url in sites}
        for url, site in finished.items():
            run(site, url)
            assert run(site, url).writes is False
        shown = [url for url, each in state()["pages"].items() if each[2] == "published"]
        assert sorted(shown) == sorted(f"{url}/{name}" for url, site in finished.items() for name in names(site))
        assert state()["ids"] == len(state()["pages"]), "each page has one article"
