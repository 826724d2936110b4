"""`kolom sync` with the folder of a built site."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from functions.search_articles import app as search_articles
from kolom.articles import publishing, repository
from kolom.articles.sync_manifest import Manifest, ManifestEntry
from kolom.articles.types import Article
from kolom.search.index_writer import update_index
from tests.factories import NOW, content, request
from tests.integration.cli.conftest import Kolom, Sync
from tests.integration.external_pages import page, slug_at, write
from tests.integration.handlers import call, stored
from tests.paths import PROJECT

SITE = PROJECT / "tests/fixtures/built_site"
URL = "https://example.com"
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a copy of the built site."""
    return Path(shutil.copytree(SITE, tmp_path / "public"))


@pytest.fixture
def sync_source(site: Path) -> Sequence[object]:
    return site, "--base-url", URL


def article_at(url: str) -> Article:
    return publishing.get_by_slug(slug_at(url))


def id_at(url: str) -> int:
    return article_at(url).id


def build_for(site: Path, url: str) -> None:
    """Change the URLs in the pages, as building the site for another URL does."""
    for path in site.rglob("*.html"):
        path.write_text(path.read_text().replace(f"{URL}/", f"{url}/"))


def refused(report: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["reason"] for item in report["skipped_items"] if item["refused"]}


def manifest() -> dict[str, ManifestEntry]:
    return Manifest.load("example.com").entries


def test_the_report_says_what_was_stored_and_what_remains_to_be_done(kolom: Kolom, site: Path) -> None:
    text = kolom("sync", site, "--base-url", URL).stdout
    assert "Pages: 5 published." in text
    assert f"AllowedOrigins must have {URL}." in text
    assert "1 page has neither data-kolom-body nor <main> or <article>" in text
    (site / "about/index.html").unlink()
    text = kolom("sync", site, "--base-url", URL).stdout
    assert f"1 page is gone and removed from the search, but not the comments: {URL}/about/." in text
    assert "AllowedOrigins" not in text


class TestReading:
    def test_pages_are_read_as_their_authors_declare_them(self, sync: Sync) -> None:
        report = sync()
        assert report["kinds"]["external"] == {"read": 6, "created": 5, "updated": 0, "unchanged": 0, "skipped": 1}
        assert report["kinds"]["redirect"]["created"] == 1
        first = article_at(f"{URL}/posts/first/")
        assert (first.title, first.description, first.author) == ("First post", "About a train.", "Siti")
        assert (first.language, first.labels) == ("en", ("Travel", "Trains"))
        assert (str(first.published_at), str(first.updated_at)) == (
            *("2024-05-06 05:08:09+00:00", "2024-05-31 17:00:00+00:00"),
        )
        assert (first.url, first.image) == (f"{URL}/posts/first/", f"{URL}/images/first.jpg")
        second = article_at(f"{URL}/posts/second.html")
        assert (second.title, second.language, str(second.published_at)) == (
            *("Tulisan kedua", "id", "2023-02-03 04:05:06+00:00"),
        )
        about = article_at(f"{URL}/about/")
        assert (about.title, about.labels, about.comments_open) == ("About us", ("Travel", "People"), False)
        assert str(about.published_at) == "2022-01-01 17:00:00+00:00"
        assert slug_at(f"{URL}/old/first/") == "first"
        assert slug_at(f"{URL}/tags/travel/") == slug_at(f"{URL}/404.html") == 404
        assert report["whole_bodies"] == 1

    def test_the_main_text_has_no_menus_and_its_links_are_absolute(self, sync: Sync) -> None:
        sync()
        bodies = "".join(
            repository.get_body(article_at(f"{URL}/{path}")).html
            for path in ("", "posts/first", "posts/second", "about", "docs/plain")
        )
        assert " word" not in bodies
        assert "¶" not in bodies
        for text in ("orchard", "night train", "apples", "walnut", "ramai"):
            assert text in bodies
        assert f'href="{URL}/about/"' in bodies
        assert f'src="{URL}/images/train.jpg"' in bodies

    def test_headings_with_an_id_on_the_page_become_sections(self, sync: Sync) -> None:
        sync()
        toc = repository.get_body(article_at(f"{URL}/posts/first/")).toc
        assert [(heading.id, heading.text) for heading in toc] == [("tickets", "Tickets")]

    def test_a_search_finds_the_pages_at_their_own_urls(self, sync: Sync) -> None:
        sync()
        update_index([article.id for article in (article_at(f"{URL}/about/"), article_at(f"{URL}/docs/plain.html"))])
        items = call(search_articles.handler, request("/api/search", "q=walnut")).json["items"]
        assert [item["url"] for item in items] == [f"{URL}/docs/plain.html"]


class TestRunningAgain:
    def test_without_changes_one_query_is_read_and_nothing_written(
        self, sync: Sync, kolom: Kolom, site: Path, calls: list[str]
    ) -> None:
        sync()
        before = stored("articles")
        calls.clear()
        report = sync()
        assert [name for name in calls if name in WRITES or name.endswith(("GetItem", "Query"))] == ["Query"]
        assert report["unchanged"] == 6
        assert not report["writes"]
        assert "Nothing has changed: nothing was written." in kolom("sync", site, "--base-url", URL).stdout
        assert stored("articles") == before

    def test_a_changed_page_is_the_only_one_that_is_written(self, sync: Sync, site: Path, calls: list[str]) -> None:
        sync()
        write(site, "posts/second.html", page("Kedua", "Baru."))
        calls.clear()
        report = sync()
        assert (report["updated"], report["unchanged"]) == (1, 5)
        assert article_at(f"{URL}/posts/second").title == "Kedua"
        assert len([name for name in calls if name in WRITES]) <= 7

    def test_a_page_whose_text_is_the_same_is_not_written(self, sync: Sync, site: Path, calls: list[str]) -> None:
        sync()
        for path in site.rglob("*.html"):
            path.write_text(f"{path.read_text()}<!-- built again -->")
        calls.clear()
        report = sync()
        assert report["unchanged"] == 6
        assert not WRITES & set(calls)
        assert "BatchGetItem" not in calls

    def test_a_dry_run_reports_the_same_and_writes_nothing(self, sync: Sync, calls: list[str]) -> None:
        dry = sync("--dry-run")
        assert not WRITES & set(calls)
        real = sync()
        for name in ("kinds", "created", "removed_pages"):
            assert dry[name] == real[name]

    @pytest.mark.parametrize("is_lost", [False, True], ids=["killed", "lost"])
    def test_pages_that_the_manifest_lacks_are_found_again(self, sync: Sync, site: Path, is_lost: bool) -> None:
        """A run was killed before it wrote the manifest, or the manifest is lost."""
        sync()
        before = Manifest.load("example.com")
        if is_lost:
            before.delete()
        else:
            del before.entries["url:example.com/about"]
            before.save()
            before.begin()
        (site / "about/index.html").unlink()
        report = sync()
        assert (report["created"], report["updated"]) == (0, 0)
        assert report["removed_pages"] == [f"{URL}/about/"]
        assert not Manifest.load("example.com").is_unfinished
        assert sync()["writes"] is False

    def test_a_page_that_a_killed_run_stored_is_removed_when_it_is_gone(
        self, sync: Sync, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sync()
        write(site, "new.html", page("New"))
        with monkeypatch.context() as patch:
            patch.setattr(Manifest, "save", lambda *_, **__: pytest.fail("killed"))
            with pytest.raises(pytest.fail.Exception):
                sync()
        assert slug_at(f"{URL}/new") == "new"
        (site / "new.html").unlink()
        assert sync()["removed_pages"] == [f"{URL}/new.html"]

    def test_a_page_whose_answer_an_interrupted_run_missed_is_removed_when_it_is_gone(
        self, sync: Sync, site: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sync()
        write(site, "new.html", page("New"))
        publish = publishing.publish_new

        def publish_and_fail(*arguments: Any, **named: Any) -> Any:
            publish(*arguments, **named)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(publishing, "publish_new", publish_and_fail)
            with pytest.raises((KeyboardInterrupt, AssertionError)):
                sync()
        assert slug_at(f"{URL}/new") == "new"
        (site / "new.html").unlink()
        assert sync()["removed_pages"] == [f"{URL}/new.html"]
        assert not Manifest.load("example.com").is_unfinished

    def test_interrupted_publishing_continues_without_second_articles(
        self, sync: Sync, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        publish = publishing.publish_new
        done: list[publishing.PublishResult] = []

        def fail_third(*arguments: Any, **named: Any) -> Any:
            if len(done) == 2:
                raise KeyboardInterrupt
            done.append(publish(*arguments, **named))
            return done[-1]

        with monkeypatch.context() as patch:
            patch.setattr(publishing, "publish_new", fail_third)
            with pytest.raises((KeyboardInterrupt, AssertionError)):
                sync("--concurrency", 1)
        assert len(done) == 2
        report = sync()
        assert report["kinds"]["external"]["created"] == 3
        assert len({entry.id for entry in manifest().values()}) == 5

    def test_another_run_at_the_same_time_loses_no_entry(self, sync: Sync) -> None:
        sync()
        first, second = Manifest.load("example.com"), Manifest.load("example.com")
        for number in range(200):
            first.entries[f"url:example.com/a{number}"] = ManifestEntry(1_000 + number, "a", "a")
            second.entries[f"url:example.com/b{number}"] = ManifestEntry(2_000 + number, "b", "b")
        gone = next(iter(second.entries))
        del second.entries[gone]
        first.save()
        second.save()
        assert manifest().keys() == (first.entries | second.entries).keys() - {gone}


class TestMoving:
    def test_a_page_that_is_gone_keeps_its_comments_and_returns_with_its_id(self, sync: Sync, site: Path) -> None:
        sync()
        before, markup = id_at(f"{URL}/about/"), (site / "about/index.html").read_text()
        (site / "about/index.html").unlink()
        assert sync()["removed_pages"] == [f"{URL}/about/"]
        assert slug_at(f"{URL}/about/") == 404
        assert publishing.get_by_slug("about").status == "deleted"
        assert sync()["writes"] is False
        write(site, "about/index.html", markup)
        assert sync()["updated"] == 1
        assert id_at(f"{URL}/about/") == before

    @pytest.mark.parametrize(
        "stub",
        [
            '<meta http-equiv="refresh" content="0; url=/stories/one/">',
            "<meta name=robots content=noindex><meta http-equiv=refresh content=\"0;URL='../stories/one/index.html'\">",
            f'<title>x</title><link rel="canonical" href="{URL}/stories/one"><main>Moved</main>',
        ],
        ids=["refresh", "relative refresh", "canonical"],
    )
    def test_a_renamed_page_with_a_redirect_keeps_its_id(self, sync: Sync, site: Path, stub: str) -> None:
        sync()
        before = id_at(f"{URL}/about/")
        write(site, "stories/one/index.html", page("One", head=""))
        write(site, "about/index.html", stub)
        report = sync()
        assert report["removed_pages"] == []
        assert id_at(f"{URL}/stories/one/") == id_at(f"{URL}/about/") == before
        assert article_at(f"{URL}/about/").url == f"{URL}/stories/one/"
        assert sync()["writes"] is False

    def test_a_line_of_a_redirects_file_renames_a_page_too(self, sync: Sync, site: Path) -> None:
        sync()
        before = id_at(f"{URL}/about/")
        (site / "about").rename(site / "team")
        write(site, "_redirects", "# moved\n/about/ /team/ 301\n/about/* /x/:splat\n/y /z 302\n")
        assert sync()["removed_pages"] == []
        assert id_at(f"{URL}/team/") == id_at(f"{URL}/about/") == before

    @pytest.mark.parametrize(
        "new", ["https://new.example", "http://example.com", "https://example.com/blog", "https://www.example.com"]
    )
    def test_a_site_that_moves_keeps_all_ids(self, sync: Sync, site: Path, new: str) -> None:
        sync()
        paths = ("/", "/posts/first/", "/posts/second.html", "/about/")
        before = [id_at(f"{URL}{path}") for path in paths]
        build_for(site, new)
        report = sync("--moved-from", URL, "--base-url", new)
        assert (report["kinds"]["external"]["created"], report["removed_pages"]) == (0, [])
        assert [id_at(f"{new}{path}") for path in paths] == before
        assert [id_at(f"{URL}{path}") for path in paths] == before
        assert article_at(f"{new}/about/").url == f"{new}/about/"
        assert sync("--moved-from", URL, "--base-url", new)["writes"] is False
        assert sync("--base-url", new)["writes"] is False

    def test_a_page_with_a_long_url_moves_with_its_site(self, sync: Sync, site: Path) -> None:
        """The pointer of such a URL is a digest. One letter of Japanese takes nine characters of a URL."""
        name = f"{'あ' * 60}/{'い' * 60}.html"
        write(site, name, page("Long"))
        sync()
        path = f"/{quote(name)}"
        before = id_at(f"{URL}{path}")
        new = "https://new.example"
        build_for(site, new)
        report = sync("--moved-from", URL, "--base-url", new)
        assert (report["kinds"]["external"]["created"], report["removed_pages"]) == (0, [])
        assert id_at(f"{new}{path}") == id_at(f"{URL}{path}") == before
        assert sync("--base-url", new)["writes"] is False

    def test_a_site_that_moved_before_it_was_said_has_each_page_once(self, sync: Sync, site: Path) -> None:
        sync()
        former = id_at(f"{URL}/about/")
        build_for(site, "https://new.example")
        sync("--base-url", "https://new.example")
        before = id_at("https://new.example/about/")
        report = sync("--moved-from", URL, "--base-url", "https://new.example")
        assert f"{URL}/about/" in report["removed_pages"]
        assert len(report["removed_pages"]) == 5
        assert (id_at("https://new.example/about/"), slug_at(f"{URL}/about/")) == (before, 404)
        assert before != former
        assert Manifest.load("example.com").entries == {}
        assert sync("--base-url", "https://new.example")["writes"] is False

    def test_two_sites_with_the_same_paths_stay_apart(self, sync: Sync, site: Path) -> None:
        sync()
        build_for(site, "https://other.example")
        assert sync("--base-url", "https://other.example")["kinds"]["external"]["created"] == 5
        assert slug_at(f"{URL}/about/") == "about"
        assert slug_at("https://other.example/about") == "about-other-example"
        (site / "about/index.html").unlink()
        assert sync("--base-url", "https://other.example")["removed_pages"] == ["https://other.example/about/"]
        assert slug_at(f"{URL}/about/") == "about"

    def test_most_pages_are_removed_only_if_the_caller_says_so(self, sync: Sync, site: Path) -> None:
        for number in range(15):
            write(site, f"more/{number}.html", page(f"Page {number}"))
        sync()
        shutil.rmtree(site / "more")
        report = sync(exit_code=1)
        assert "run the command again with --remove-many" in report["errors"][0]
        assert slug_at(f"{URL}/more/3") == "3"
        for number in range(20):
            write(site, f"new/{number}.html", page(f"New {number}"))
        assert sync(exit_code=1)["removed_pages"] == [], "new pages make the others no less gone"
        shutil.rmtree(site / "new")
        assert sync(exit_code=1)["removed_pages"] == []
        assert len(sync("--remove-many")["removed_pages"]) == 35
        for path in site.rglob("*.html"):
            path.unlink()
        assert "there are no HTML files" in sync(exit_code=1)["errors"][0]
        assert slug_at(f"{URL}/about/") == "about"

    def test_a_new_page_at_a_former_url_is_a_page_of_its_own(self, sync: Sync, site: Path) -> None:
        sync()
        before = id_at(f"{URL}/about/")
        (site / "about").rename(site / "team")
        write(site, "_redirects", "/about/ /team/\n")
        sync()
        (site / "_redirects").unlink()
        write(site, "about/index.html", page("About, again"))
        assert sync("--dry-run")["created"] == 1
        assert sync()["created"] == 1
        assert article_at(f"{URL}/about/").title == "About, again"
        assert (id_at(f"{URL}/team/"), article_at(f"{URL}/team/").url) == (before, f"{URL}/team/")
        assert sync()["writes"] is False
        shutil.rmtree(site / "about")
        write(site, "_redirects", "/about/ /team/\n")
        assert sync()["removed_pages"] == [f"{URL}/about/"]
        assert sync()["writes"] is False

    def test_a_known_page_can_move_to_the_former_url_of_another_one(self, sync: Sync, site: Path) -> None:
        sync()
        plain = id_at(f"{URL}/docs/plain.html")
        (site / "about").rename(site / "team")
        write(site, "_redirects", "/about/ /team/\n")
        sync()
        write(site, "docs/plain.html", page(head=f'<link rel="canonical" href="{URL}/about/">'))
        write(site, "_redirects", "")
        assert sync()["updated"] == 1
        assert (id_at(f"{URL}/about/"), id_at(f"{URL}/docs/plain")) == (plain, plain)
        assert sync()["writes"] is False

    def test_the_pages_of_a_site_without_pages_stay_until_the_caller_says_so(self, sync: Sync, site: Path) -> None:
        sync()
        for path in site.rglob("*.html"):
            path.write_text(page(head='<meta name="robots" content="noindex">'))
        assert sync(exit_code=1)["removed_pages"] == []
        assert slug_at(f"{URL}/about/") == "about"
        assert len(sync("--remove-many")["removed_pages"]) == 5


class TestTakingOver:
    """A page changes no article of another page, whatever URL it claims."""

    CANONICAL = '<link rel="canonical" href="{}">'

    def test_a_page_cannot_claim_the_url_of_one_that_cannot_be_read(self, sync: Sync, site: Path) -> None:
        markup = (site / "about/index.html").read_text()
        before = (sync(), id_at(f"{URL}/about/"))[1]
        write(site, "about/index.html", b"\xff\xfe\xfa")
        write(site, "claim.html", page("Claim", head=self.CANONICAL.format(f"{URL}/about/")))
        reason = f"its URL {URL}/about/ is that of another page, which cannot be read now"
        assert refused(sync(exit_code=1))["claim.html"] == reason
        assert (article_at(f"{URL}/about/").title, id_at(f"{URL}/about/")) == ("About us", before)
        write(site, "about/index.html", markup)
        sync()
        assert article_at(f"{URL}/about/").title == "About us"

    def test_a_page_cannot_replace_one_that_cannot_be_read_by_its_former_url(self, sync: Sync, site: Path) -> None:
        (site / "_redirects").write_text("/us/ /about/\n")
        sync()
        before = id_at(f"{URL}/us/")
        write(site, "about/index.html", b"\xff\xfe\xfa")
        write(site, "team.html", page("Team"))
        (site / "_redirects").write_text("/us/ /team.html\n")
        sync(exit_code=1)
        assert (id_at(f"{URL}/about/"), article_at(f"{URL}/about/").title) == (before, "About us")
        assert article_at(f"{URL}/team").title == "Team"

    def test_pages_that_name_each_other_as_canonical_stay_as_they_were(self, sync: Sync, site: Path) -> None:
        for name in ("a", "b"):
            write(site, f"{name}.html", page(name))
        sync()
        for name, other in (("a", "b"), ("b", "a")):
            write(site, f"{name}.html", page(name, head=self.CANONICAL.format(f"{URL}/{other}")))
        report = sync(exit_code=1)
        reason = "its canonical URL leads to no page that can be stored"
        assert refused(report) == {"a.html": reason, "b.html": reason}
        assert (report["removed_pages"], slug_at(f"{URL}/a"), slug_at(f"{URL}/b")) == ([], "a", "b")

    @pytest.mark.parametrize("options", [(), ("--full",)], ids=["first run", "full"])
    def test_a_site_removes_no_page_of_a_site_above_or_below_it(
        self, kolom: Kolom, site: Path, tmp_path: Path, options: tuple[str, ...]
    ) -> None:
        docs, root = tmp_path / "docs", f"{URL}/docs"
        write(docs, "guide/start.html", page("Start"))
        write(docs, "index.html", page("Docs"))
        write(docs, f"{'あ' * 60}/{'い' * 60}.html", page("Long"))
        write(site, "docs/more.html", page("More"))
        for _ in range(1 + len(options)):
            for folder, base in ((docs, root), (site, URL), (docs, root)):
                assert kolom("sync", folder, "--base-url", base, "--json", *options).json["removed_pages"] == []
        assert [slug_at(f"{URL}/docs{path}") for path in ("", "/guide/start", "/more")] == ["docs", "start", "more"]
        assert len(manifest()) == 6
        assert slug_at(f"{root}/{quote('あ' * 60)}/{quote('い' * 60)}") == "い" * 60

    def test_a_site_in_a_folder_changes_no_page_of_another_folder(self, sync: Sync, site: Path) -> None:
        blog, docs = f"{URL}/blog", f"{URL}/docs"
        build_for(site, blog)
        sync("--base-url", blog)
        before = id_at(f"{blog}/about/")
        build_for(site, docs)
        for path in site.rglob("*.html"):
            path.write_text(path.read_text().replace(f"{blog}/", f"{docs}/"))
        write(site, "claim.html", page("Claim", head=self.CANONICAL.format(f"{blog}/about/")))
        write(site, "team.html", page("Team"))
        (site / "_redirects").write_text(
            "/blog/about/ /docs/team.html\n//other.example/a /docs/team.html\n/x http://[\n"
        )
        report = sync("--base-url", docs, exit_code=1)
        assert refused(report)["claim.html"] == f"its canonical URL is on another site: {blog}/about/"
        assert (id_at(f"{blog}/about/"), article_at(f"{blog}/about/").title) == (before, "About us")
        assert article_at(f"{docs}/team").title == "Team"
        assert slug_at("https://other.example/a") == 404


@pytest.mark.parametrize(
    ("base", "encoded"),
    [
        ("https://例え.jp", "https://xn--r8jz45g.jp"),
        ("https://BÜCHER.example/Straße/", "https://xn--bcher-kva.example/Stra%C3%9Fe"),
        ("https://example.com/a b", "https://example.com/a%20b"),
    ],
)
def test_the_url_of_a_site_may_have_letters_of_any_script(
    kolom: Kolom, tmp_path: Path, base: str, encoded: str
) -> None:
    write(tmp_path / "site", "post.html", page("Post"))
    run = ("sync", tmp_path / "site", "--base-url", base, "--json")
    assert kolom(*run).json["created"] == 1
    assert article_at(f"{base.rstrip('/')}/post").url == f"{encoded}/post.html"
    assert kolom(*run).json["writes"] is False
    moved = kolom("sync", tmp_path / "site", "--base-url", "https://new.example", "--moved-from", base, "--json").json
    assert (moved["created"], moved["updated"]) == (0, 1)


class TestSlugs:
    def test_many_pages_may_have_the_same_last_segment(self, sync: Sync, site: Path, calls: list[str]) -> None:
        for number in range(40):
            write(site, f"d{number:02}/overview.html", page(f"Overview {number}"))
        write(site, "---.html", page("Dashes"))
        calls.clear()
        assert sync()["skipped"] == 1, "only the page that excludes itself"
        assert calls.count("BatchGetItem") <= 6
        slugs = [slug_at(f"{URL}/d{number:02}/overview") for number in range(40)]
        assert slugs[:2] == ["overview", "overview-example-com"]
        assert len(set(slugs)) == 40
        assert all(len(str(slug)) == len("overview-01234567") for slug in slugs[2:])
        assert str(slug_at(f"{URL}/---.html")).startswith("page-")
        assert sync()["writes"] is False


class TestBadPages:
    def test_the_name_of_a_file_may_have_a_colon(self, sync: Sync, site: Path) -> None:
        for name in ("note: one.html", "https:two.html"):
            write(site, name, page(name))
        sync()
        assert article_at(f"{URL}/note:%20one.html").title == "note: one.html"
        assert article_at(f"{URL}/https:two").title == "https:two.html"

    def test_each_bad_page_is_one_clear_line_and_the_others_are_stored(self, sync: Sync, site: Path) -> None:
        canonical = '<link rel="canonical" href="{}">'
        write(site, "bad/untitled.html", "<main><p>Text</p></main>")
        write(site, "bad/two.html", page(head=canonical.format("/a") + canonical.format("/b")))
        write(site, "bad/charset.html", '<meta charset="utf-8"><title>Caf\xe9</title>'.encode("latin-1"))
        write(site, "bad/unknown.html", '<meta charset="klingon"><title>x</title>')
        write(site, "bad/large.html", page(text="x" * (6 << 20)))
        write(site, "bad/much.html", page(text="long words " * 220_000))
        write(site, "bad/elsewhere.html", page(head=canonical.format("http://localhost:1313/bad/")))
        write(site, "bad/empty.html", "")
        write(site, "bad/double.html", page(head=canonical.format(f"{URL}/about/")))
        write(site, "bad/double/index.html", page())
        for name in ("c1", "c2"):
            write(site, f"bad/{name}.html", page(head=canonical.format("/shared/")))
        (site / "bad/link.html").symlink_to("/etc/hostname")
        (site / "bad/broken.html").symlink_to("nowhere")
        report = sync(exit_code=1)
        assert report["kinds"]["external"]["created"] == 5 + 1
        found = refused(report)
        expected = {
            "bad/untitled.html": "it has no title",
            "bad/two.html": f"it has 2 canonical URLs: {URL}/a, {URL}/b",
            "bad/charset.html": "it is not in its character set utf-8 (byte 32)",
            "bad/unknown.html": "its character set 'klingon' is unknown",
            "bad/large.html": "it has more than 5 MB",
            "bad/elsewhere.html": "its canonical URL is on another site: http://localhost:1313/bad/",
            "bad/empty.html": "it is empty",
            "bad/double/index.html": "it has the same URL as bad/double.html",
            "bad/c2.html": "it has the same URL as bad/c1.html",
            "bad/link.html": "it is a link to a file outside of the folder",
            "bad/broken.html": "it cannot be read: No such file or directory",
        }
        assert expected.items() <= found.items()
        assert "bytes, at most 2,097,152 are allowed" in found["bad/much.html"]

    def test_an_id_in_the_manifest_that_is_that_of_an_article_refuses_one_page(self, sync: Sync, site: Path) -> None:
        """Such as after the tables were restored to an earlier state."""
        write(site, "other.html", page("Other"))
        sync()
        article = publishing.publish(content(), now=NOW).article
        stored_pages = Manifest.load("example.com")
        entry = stored_pages.entries["url:example.com/about"]
        stored_pages.entries["url:example.com/about"] = replace(entry, id=article.id)
        stored_pages.save()
        for name in ("about/index.html", "other.html"):
            write(site, name, page("Changed"))
        report = sync(exit_code=1)
        assert refused(report) == {"about/index.html": "'hello' is an article of this site, not a page of another one"}
        assert (article_at(f"{URL}/other").title, publishing.get_by_slug("hello")) == ("Changed", article)

    def test_a_known_page_that_cannot_be_read_now_is_kept(self, sync: Sync, site: Path) -> None:
        sync()
        write(site, "about/index.html", b"\xff\xfe\xfa")
        report = sync(exit_code=1)
        assert report["removed_pages"] == []
        assert slug_at(f"{URL}/about/") == "about"

    def test_a_page_that_excludes_itself_is_removed(self, sync: Sync, site: Path) -> None:
        sync()
        write(site, "about/index.html", page(head='<meta name="robots" content="noindex">'))
        write(site, "docs/plain.html", "<html data-kolom-ignore><title>x</title>")
        removed = sync("--exclude", "/posts/*")["removed_pages"]
        assert sorted(removed) == [
            *(f"{URL}/about/", f"{URL}/docs/plain.html", f"{URL}/posts/first/", f"{URL}/posts/second.html"),
        ]

    def test_a_pattern_also_matches_the_path_below_the_url_of_the_site(self, kolom: Kolom, site: Path) -> None:
        for path in site.rglob("*.html"):
            path.write_text(path.read_text().replace(f"{URL}/", f"{URL}/blog/"))
        options = ("--base-url", f"{URL}/blog/", "--json", "--exclude")
        reports = [kolom("sync", site, *options, pattern).json for pattern in ("/posts/*", "/blog/posts/*", "/blog/*")]
        excluded = [
            {item["name"] for item in report["skipped_items"] if "--exclude" in item["reason"]} for report in reports
        ]
        assert excluded[0] == excluded[1] == {"posts/first/index.html", "posts/second.html"}
        assert len(excluded[2]) == reports[2]["kinds"]["external"]["read"]

    def test_dates_that_are_wrong_or_in_the_future_are_not_used(self, sync: Sync, site: Path) -> None:
        write(site, "a.html", page(head='<meta property="article:published_time" content="2999-01-01">'))
        write(site, "b.html", page(head='<meta property="article:published_time" content="yesterday">'))
        report = sync()
        notes = {note["name"]: note["note"] for note in report["notes"]}
        assert notes["a.html"] == "its date is in the future and not used"
        assert notes["b.html"] == "its date 'yesterday' is not valid and not used"
        assert article_at(f"{URL}/a").status == "published"
        assert sync()["writes"] is False


def test_other_commands_refuse_to_change_a_page(kolom: Kolom, sync: Sync, tmp_path: Path) -> None:
    sync()
    file = tmp_path / "about.md"
    file.write_text("---\ntitle: About\nslug: about\ndate: 2026-01-01\n---\nText.\n")
    for arguments in (("delete", "about", "--yes"), ("unpublish", "about"), ("publish", file, "--force")):
        result = kolom(*arguments)
        assert result.exit_code == 1
        assert "another site" in result.stderr + result.stdout
    assert article_at(f"{URL}/about/").status == "published"
    listed = json.loads(kolom("articles", "list", "--status", "external", "--json").stdout)
    assert {item["url"] for item in listed} >= {f"{URL}/about/", f"{URL}/"}
