"""After an import, every old address of an article works, or the report gives a reason."""

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from kolom.articles import publishing
from tests.integration.cli.conftest import Kolom
from tests.integration.pages.following import follow
from tests.paths import FIXTURES
from tests.unit.cli.importers.wordpress.wxr import export, item

FOLDER = FIXTURES / "addresses"

HUGO = {"/aaa/": "A", "/%C3%9Cber/": "B", "/c++-notes/": "C"}
JEKYLL = {
    "/hello/": "First",
    "/hello2/": "Second",
    "/Hello_Three/": "Third",
    "/hello.four/": "Fourth",
    "/About/": "About me",
}
WORDPRESS = {
    "/hello_World/": "Post 91",
    "/%E0%A6%AC%E0%A6%BE%E0%A6%82%E0%A6%B2%E0%A6%BE-%E0%A6%95%E0%A6%BF/": "Post 92",
}

AWKWARD = (
    *("/ptest-old/", "/hello_World/", "/Hello.Three/", "/About/", "/tags/", "/about.html", "/about-me", "/feed.html"),
    *("/caf%C3%A9/", "/cafe%CC%81-nfd/", "/2012/01/caf%C3%A9.html", "/2012/13/", "/2012/07/42/", "/a/b/c/d/", "/c++/"),
    *("/%e0%a6%ac/", "/it's/", "/x;y=1/", "/x@y/", "/wp-login.php", "/index.php/2012/hello/"),
)
RESERVED = ("/search/x/", "/api/", "/preview/x.html", "/feeds/x/", "/assets/a.html", "/studio/", "/2012/", "/2012/07/")


def _import(kolom: Kolom, kind: str, source: Path) -> dict[str, Any]:
    ran = kolom("import", kind, source, "--json")
    assert ran.exit_code == 0, ran.stdout + ran.stderr
    report: dict[str, Any] = ran.json
    return report


def _notes(report: dict[str, Any]) -> str:
    return "\n".join(note["note"] for note in report["notes"])


@pytest.mark.parametrize(
    ("kind", "sample", "addresses"),
    [("markdown", "hugo", HUGO), ("markdown", "jekyll", JEKYLL), ("wordpress", "wordpress.xml", WORDPRESS)],
    ids=["hugo", "jekyll", "wordpress"],
)
def test_every_address_of_a_sample_shows_its_article(
    kolom: Kolom, kind: str, sample: str, addresses: dict[str, str]
) -> None:
    _import(kolom, kind, FOLDER / sample)
    for address, title in addresses.items():
        followed = follow(address)
        assert followed.found, address
        assert f"<title>{title}" in followed.page.html


def test_a_published_file_is_found_by_its_path_and_its_slug(kolom: Kolom, tmp_path: Path) -> None:
    file = Path(shutil.copy(FOLDER / "publish" / "pub.md", tmp_path))
    assert kolom("publish", file).exit_code == 0
    assert [(each.found, each.address) for each in map(follow, ("/elsewhere/", "/elsewhere", "/pub/"))] == [
        (True, "/elsewhere/")
    ] * 3


def test_unusual_addresses_of_wordpress_all_work(kolom: Kolom, tmp_path: Path) -> None:
    file = tmp_path / "export.xml"
    items = [item(number, link=f"https://old.example{path}") for number, path in enumerate(AWKWARD, start=1)]
    file.write_text(export(*items))
    report = _import(kolom, "wordpress", file)
    assert "does not answer" not in _notes(report)
    for number, path in enumerate(AWKWARD, start=1):
        for address in (path, f"/post-{number}/"):
            followed = follow(address)
            assert followed.found, address
            assert f"<title>Post {number}" in followed.page.html


def test_reserved_addresses_are_reported_and_the_slug_works(kolom: Kolom, tmp_path: Path) -> None:
    file = tmp_path / "export.xml"
    items = [item(number, link=f"https://old.example{path}") for number, path in enumerate(RESERVED, start=1)]
    file.write_text(export(*items))
    notes = _notes(_import(kolom, "wordpress", file))
    for number, path in enumerate(RESERVED, start=1):
        assert f"its old URL is not kept: {path!r} is reserved for the site itself" in notes
        assert follow(f"/post-{number}/").redirects == 0


@pytest.mark.parametrize("slug", ["tags", "search", "2012", "studio", "wp-login"])
def test_a_reserved_slug_is_replaced_by_one_that_works(kolom: Kolom, tmp_path: Path, slug: str) -> None:
    file = tmp_path / "export.xml"
    file.write_text(export(item(1, post_name=slug, link=f"https://old.example/{slug}/")))
    notes = _notes(_import(kolom, "wordpress", file))
    is_free = slug in {"tags", "wp-login"}
    new = slug if is_free else f"article-{slug}"
    assert publishing.get_by_slug(new).path == f"/{new}/"
    assert follow(f"/{new}/").page.status == 200
    assert ("invalid slug" in notes) is not is_free


@pytest.mark.parametrize("configured", [True, False], ids=["jekyll", "any folder"])
def test_a_reserved_permalink_is_reported(kolom: Kolom, tmp_path: Path, configured: bool) -> None:
    if configured:
        (tmp_path / "_config.yml").write_text("title: X\n")
    (tmp_path / "me.md").write_text("---\ntitle: Me\npermalink: /contact/\ndate: 2020-01-01\n---\nText.\n")
    notes = _notes(_import(kolom, "markdown", tmp_path))
    assert "its old URL is not kept: '/contact/' is reserved for the site itself" in notes
    assert follow("/me/").page.status == 200


def test_a_path_or_slug_that_leads_to_another_article_is_reported(kolom: Kolom, tmp_path: Path) -> None:
    first, second = item(1, link="https://old.example/about"), item(2, link="https://old.example/about/")
    file = tmp_path / "export.xml"
    file.write_text(export(first, second, item(3, post_name="about", link="https://old.example/?p=3")))
    notes = _notes(_import(kolom, "wordpress", file))
    assert "the path /about/ belongs to another article: the default path is used" in notes
    assert "the slug about belongs to another article: changed to about-3" in notes
    assert [follow(quote(path)).address for path in ("/about", "/about/", "/post-2/", "/about-3/")] == [
        *("/about", "/about", "/post-2/", "/about-3/")
    ]
