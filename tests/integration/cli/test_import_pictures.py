"""Copying the pictures of other sites during an import: from a folder, and by simulated downloads."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from kolom.articles import public, publishing, repository
from kolom_cli.commands import import_
from kolom_cli.importers.common.importer import Importer
from kolom_cli.importers.common.pictures import Pictures
from kolom_cli.importers.common.types import Item
from kolom_cli.importers.wordpress.reader import read_wordpress
from kolom_cli.media.downloader import DownloadError
from kolom_cli.media.picture_directory import PictureDirectory
from kolom_cli.media.store import MediaStore
from kolom_cli.terminal.report import Report
from tests.integration.cli.conftest import Kolom
from tests.unit.cli.importers.wordpress.wxr import export, item, meta
from tests.unit.cli.media.test_picture_type import GIF, PNG

UPLOADS = "https://old.example/wp-content/uploads"


@dataclass
class Site:
    """The old site: its pictures by URL."""

    files: dict[str, bytes]
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.files:
            raise DownloadError("the response has status 404")
        return self.files[url]


@pytest.fixture
def run(kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Return a function that imports an export with a site to download from."""

    def imported(xml: str, *options: object, site: Site | None = None) -> dict[str, Any]:
        (tmp_path / "export.xml").write_text(xml)
        monkeypatch.setattr(import_, "Downloader", lambda: site)
        ran = kolom("import", "wordpress", tmp_path / "export.xml", "--json", *options)
        assert ran.exit_code == 0, ran.stdout + ran.stderr
        report: dict[str, Any] = ran.json
        return report

    return imported


def _stored() -> set[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket="kolom-media", Prefix="media/")
    return {each["Key"].rpartition("/")[2] for each in listed.get("Contents", ())}


def test_pictures_are_downloaded_once_and_shown_from_here(run: Callable[..., dict[str, Any]]) -> None:
    content = (
        f'<a href="{UPLOADS}/big.png"><img src="{UPLOADS}/a-300x200.png?w=1&amp;h=2" alt="x"'
        f' srcset="{UPLOADS}/b.gif 2x, {UPLOADS}/none.gif 3x"></a> {UPLOADS}/b.gif'
    )
    picture = f"<wp:attachment_url>{UPLOADS}/top.png</wp:attachment_url>"
    xml = export(
        item(1, content=content, more=meta("_thumbnail_id", 9)),
        item(2, content=f"<img src='{UPLOADS}/b.gif'>"),
        item(9, post_type="attachment", status="inherit", more=picture),
    )
    pictures = {"a.png?w=1&h=2": PNG, "b.gif": GIF, "big.png": PNG, "top.png": PNG}
    site = Site({f"{UPLOADS}/{name}": data for name, data in pictures.items()})
    report = run(xml, "--pictures", site=site)
    assert (report["copied_pictures"], report["failed_pictures"], report["remote_images"]) == (4, 1, 1)
    assert [each["note"] for each in report["notes"]] == [
        f"the picture {UPLOADS}/none.gif is not copied: the response has status 404"
    ]
    assert _stored() == {"a-300x200.png", "b.gif", "big.png", "top.png"}
    article = public.get_article("post-1")
    shown = article.body.html
    assert article.article.image is not None
    assert article.article.image.startswith("/media/")
    assert f"{UPLOADS}/none.gif 3x" in shown
    assert f"</a> {UPLOADS}/b.gif" in shown
    assert shown.count("/media/") == 3
    assert 'width="1" height="1"' in shown
    assert shown.count("old.example") == repository.get_body(article.article).source.count("old.example") == 2
    asked = len(site.asked)
    for options in (("--pictures",), ()):
        again = run(xml, *options, site=Site({}))
        assert (again["unchanged"], again["copied_pictures"], again["remote_images"]) == (2, 0, 1)
    assert len(site.asked) == asked


def test_pictures_are_taken_from_a_folder_without_network(run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    folder = tmp_path / "uploads" / "2012"
    folder.mkdir(parents=True)
    (folder / "a.png").write_bytes(PNG)
    (folder / "page.png").write_bytes(b"<html>")
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "out.png").symlink_to(tmp_path / "secret.png")
    names = ("a.png", "a-300x200.png", "a-scaled.png", "page.png", "out.png", "missing.png", "../../secret.png")
    xml = export(item(1, content="".join(f'<img src="{UPLOADS}/2012/{name}">' for name in names)))
    report = run(xml, "--uploads", tmp_path / "uploads")
    assert (report["copied_pictures"], report["failed_pictures"], report["remote_images"]) == (3, 4, 4)
    reasons = sorted(each["note"].rpartition(": ")[2] for each in report["notes"])
    assert reasons == ["it is not a picture", *["it is not in the folder"] * 3]


def test_the_report_says_what_to_do_about_pictures_elsewhere(kolom: Kolom, tmp_path: Path) -> None:
    (tmp_path / "export.xml").write_text(export(item(1, content=f'<img src="{UPLOADS}/a.png">')))
    ran = kolom("import", "wordpress", tmp_path / "export.xml")
    assert "1 image, video or audio file is still loaded from other sites" in ran.stdout
    assert "--pictures" in ran.stdout
    assert "--uploads" in ran.stdout


def test_pictures_of_articles_edited_here_are_not_copied(run: Callable[..., dict[str, Any]]) -> None:
    xml = export(item(1, content=f'<img src="{UPLOADS}/a.png">'))
    run(xml)
    publishing.unpublish("post-1", now=datetime.now(UTC))
    assert run(xml, "--pictures", site=Site({f"{UPLOADS}/a.png": PNG}))["copied_pictures"] == 0
    assert _stored() == set()


def test_a_dry_run_copies_nothing(run: Callable[..., dict[str, Any]]) -> None:
    xml = export(item(1, content=f'<img src="{UPLOADS}/a.png">'))
    site = Site({f"{UPLOADS}/a.png": PNG})
    assert run(xml, "--pictures", "--dry-run", site=site)["remote_images"] == 1
    assert (site.asked, _stored()) == ([], set())
    run(xml, "--pictures", site=site)
    assert run(xml, "--dry-run")["unchanged"] == 1


def test_an_interrupted_copy_is_continued(kolom: Kolom, tmp_path: Path) -> None:
    urls = [f"{UPLOADS}/{number}.png" for number in range(12)]
    (tmp_path / "export.xml").write_text(export(item(1, content="".join(f'<img src="{url}">' for url in urls))))
    assert kolom("comments", "list", "--json").exit_code == 0  # connects
    site, stopped = Site(dict.fromkeys(urls, PNG)), threading.Event()

    def interrupted(url: str) -> bytes:
        stopped.set()
        return site(url)

    for download, copied, expected in ((interrupted, 4, 8), (site, 8, 0)):
        pictures = Pictures(MediaStore(), None, download, stopped)
        (found,) = read_wordpress(tmp_path / "export.xml")
        changed = pictures.replace_in(found)  # type: ignore[arg-type]
        assert (pictures.copied, changed.remote_media) == (copied, expected)
        stopped.clear()
    assert len(site.asked) == 12


def test_pictures_in_markdown_are_copied_too(kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.md").write_text(
        f"---\ntitle: A\ndate: 2020-01-01\n---\n![x]({UPLOADS}/a.png) `{UPLOADS}/a.png` [y]({UPLOADS}/a.png.txt)\n"
    )
    monkeypatch.setattr(import_, "Downloader", lambda: Site({f"{UPLOADS}/a.png": PNG}))
    ran = kolom("import", "markdown", tmp_path, "--pictures", "--json")
    assert ran.json["copied_pictures"] == 1
    body = repository.get_body(publishing.get_by_slug("a"))
    assert body.source.startswith("![x](/media/")
    assert f"`{UPLOADS}/a.png` [y]({UPLOADS}/a.png.txt)" in body.source
    assert f"<code>{UPLOADS}/a.png</code>" in body.html


def test_an_article_without_pictures_downloads_nothing(kolom: Kolom, tmp_path: Path) -> None:
    def nothing(_url: str) -> bytes:
        raise AssertionError

    (tmp_path / "export.xml").write_text(export(item(1)))
    assert kolom("import", "wordpress", tmp_path / "export.xml").exit_code == 0
    items: list[Item] = list(read_wordpress(tmp_path / "export.xml"))
    report = Report()
    Importer(report, datetime.now(UTC), pictures=Pictures(MediaStore(), PictureDirectory(tmp_path), nothing)).store_all(
        items, threading.Event()
    )
    assert report.counts()["unchanged"] == 1
