"""The content that `kolom serve` loads at its start."""

from pathlib import Path

import pytest

from kolom.articles import public
from kolom.articles.types import ArticleFilter
from kolom_cli.connection import Target, connect
from kolom_cli.seed import SAMPLE, LoadError, load_import, load_sample
from tests.integration.cli.conftest import Kolom
from tests.unit.cli.importers.wordpress.wxr import export, item


def test_the_samples_are_published_and_their_files_not_changed(kolom: Kolom) -> None:
    connect(Target())
    before = {path: path.read_bytes() for path in SAMPLE.glob("*.md")}
    report = load_sample()
    assert [each.reason for each in report.skipped] == []
    assert report.counts()["created"] == len(before) >= 8
    assert public.count_articles(ArticleFilter()) >= 8
    assert {path: path.read_bytes() for path in SAMPLE.glob("*.md")} == before


def test_an_export_is_loaded(kolom: Kolom, tmp_path: Path) -> None:
    connect(Target())
    (tmp_path / "export.xml").write_text(export(item(1), item(2)))
    assert load_import(f"wordpress:{tmp_path}/export.xml").counts()["created"] == 2


@pytest.mark.parametrize("specification", ["wordpress:/missing.xml", "other:x", "wordpress", ""])
def test_content_that_cannot_be_loaded_is_reported(specification: str) -> None:
    with pytest.raises(LoadError):
        load_import(specification)
