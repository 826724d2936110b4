"""`kolom import ghost`, `substack` and `medium`: addresses, drafts, reports whose numbers add up, and repetitions."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from functions.fetch_articles import app as fetch_articles
from kolom.articles import public, publishing
from kolom_cli.seed import load_import
from tests.factories import request
from tests.integration.cli.conftest import Kolom
from tests.integration.handlers import call
from tests.unit.cli.importers.ghost.export import export, post
from tests.unit.cli.importers.medium.export import id_of, name_of, story
from tests.unit.cli.importers.substack.export import files, row, write_folder, write_zip

PICTURE = '<figure><img src="https://x.example/1.png"></figure>'


def _ghost(folder: Path) -> Path:
    own = post(1, html=f'<p>One. <a href="__GHOST_URL__/post-2/">two</a></p>{PICTURE}')
    tagged = {"posts_tags": [{"post_id": own["id"], "tag_id": "t"}], "tags": [{"id": "t", "name": "Food"}]}
    file = folder / "blog.json"
    file.write_text(
        export(
            own,
            post(2),
            post(3, status="draft"),
            post(4, status="scheduled", published_at="2099-01-01T00:00:00.000Z"),
            post(5, visibility="paid"),
            post(6, html="x" * 5_000_000),
            post(7, type="page"),
            members=[{"email": "a@x.example"}],
            **tagged,
        )
    )
    return file


def _substack(folder: Path) -> Path:
    contents = files(
        (row(1), f'<p>One. <a href="https://me.substack.com/p/post-2">two</a></p>{PICTURE}'),
        (row(2), "<p>Two.</p>"),
        (row(3, is_published="false"), "<p>Three.</p>"),
        (row(4, post_date="2099-01-01T00:00:00.000Z"), "<p>Four.</p>"),
        (row(5, audience="only_paid"), "<p>Five.</p>"),
        (row(6), "x" * 5_000_000),
        (row(7, type="page"), "<p>Seven.</p>"),
        **{"email_list.me.csv": "email\na@x.example\n"},
    )
    return write_zip(folder / "export.zip", contents)


def _medium(folder: Path) -> Path:
    link = f'<a href="https://medium.com/@me/post-2-{id_of(2)}">two</a>'
    return write_folder(
        folder / "medium",
        {
            name_of(1): _post(1, body=f"<p>One. {link}</p>{PICTURE}", tags=("Food",)),
            name_of(2): _post(2),
            name_of(3, draft=True).replace("Story", "Post"): _post(3, published=""),
            name_of(4): _post(4, published="2099-01-01T00:00:00.000Z"),
            name_of(5).replace("Story", "Post"): _post(5, published=""),
            name_of(6): _post(6, body="x" * 5_000_000),
            name_of(7): _post(7, title="Well said", heading="", body="<p>Well said, you.</p>"),
        },
    )


def _post(number: int, **changes: Any) -> str:
    address = f"https://medium.com/@me/post-{number}-{id_of(number)}"
    return story(number, **{"title": f"Post {number}", "address": address} | changes)


def test_removed_markup_is_reported_once_for_the_whole_import(kolom: Kolom, tmp_path: Path) -> None:
    file = tmp_path / "blog.json"
    formula = "<p>One.</p><math><mi>x</mi></math>"
    file.write_text(export(post(1, html=formula), post(2, html=formula * 2), post(3)))
    shown = kolom("import", "ghost", file, "--dry-run").stdout
    assert "<math> removed with its content (3 times in 2 texts, first in " in shown
    first, again = (kolom("import", "ghost", file, "--json").json for _ in range(2))
    (removed,) = first["removed"]
    assert removed.items() >= {"markup": "<math> removed with its content", "count": 3, "items": 2}.items()
    assert "post-1" in removed["first"]
    assert again["removed"] == []


EXPORTS = {"ghost": _ghost, "substack": _substack, "medium": _medium}
KINDS = {
    "ghost": {"article": (6, 5, 1), "page": (1, 1, 0), "file": (1, 0, 1)},
    "substack": {"article": (6, 5, 1), "page": (1, 1, 0), "file": (1, 0, 1)},
    "medium": {"article": (6, 5, 1), "response": (1, 0, 1)},
}
"""How many of each kind are read, created and skipped."""

ADDRESSES = {
    "ghost": ("/post-1/", "/post-2/"),
    "substack": ("/p/post-1", "/p/post-2"),
    "medium": (f"/@me/post-1-{id_of(1)}", "/post-2/"),
}
"""The old address of the first article, and the new address of the second one."""

each_platform = pytest.mark.parametrize("platform", EXPORTS)


def _import(kolom: Kolom, platform: str, source: Path, *options: str) -> dict[str, Any]:
    ran = kolom("import", platform, source, "--json", *options)
    assert ran.exit_code == 1, ran.stdout + ran.stderr  # one article is too large
    report: dict[str, Any] = ran.json
    for counts in (report, *report["kinds"].values()):
        assert counts["read"] == sum(counts[each] for each in ("created", "updated", "unchanged", "skipped"))
    assert report["read"] == sum(counts["read"] for counts in report["kinds"].values())
    return report


def _states() -> list[str]:
    return [publishing.get_by_slug(f"post-{number}").status for number in range(1, 6)]


@each_platform
def test_an_export_is_imported_whole(kolom: Kolom, tmp_path: Path, platform: str) -> None:
    """Only what was public is public; the old address answers, and a link between articles leads to the article."""
    report = _import(kolom, platform, EXPORTS[platform](tmp_path))
    assert {
        kind: (counts["read"], counts["created"], counts["skipped"]) for kind, counts in report["kinds"].items()
    } == KINDS[platform]
    assert [item["kind"] for item in report["skipped_items"] if item["refused"]] == ["article"]
    assert report["remote_images"] == 1
    assert _states() == ["published", "published", "draft", "scheduled", "draft"]
    public_slugs = {
        item["slug"] for item in json.loads(call(fetch_articles.handler, request("/api/articles")).body)["items"]
    }
    assert public_slugs == {"post-1", "post-2"}
    old, second = ADDRESSES[platform]
    found = call(fetch_articles.handler, request("/api/paths", f"path={old}"))
    assert json.loads(found.body) == {"slug": "post-1"}
    article = public.get_article("post-1")
    assert f'<a href="{second}">two</a>' in article.body.html
    assert article.article.title == "Post 1"
    assert article.article.labels == (() if platform == "substack" else ("Food",))


@each_platform
def test_a_dry_run_reports_what_the_import_does_and_a_second_run_changes_nothing(
    kolom: Kolom, tmp_path: Path, platform: str
) -> None:
    source = EXPORTS[platform](tmp_path)
    planned = _import(kolom, platform, source, "--dry-run")
    assert json.loads(call(fetch_articles.handler, request("/api/articles")).body)["total"] == 0
    done = _import(kolom, platform, source)
    assert planned == done | {"dry_run": True}
    again = _import(kolom, platform, source)
    created = done["created"]
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, created)


def test_the_report_lists_each_article_with_its_status(kolom: Kolom, tmp_path: Path) -> None:
    for arguments in (("--dry-run",), (), ()):
        report = _import(kolom, "medium", _medium(tmp_path), *arguments)
        states = {each["title"]: each["status"] for each in report["articles"]}
        expected = {"Post 1": "published", "Post 2": "published", "Post 3": "draft"}
        assert expected.items() <= states.items()
        assert states["Post 4"] == "scheduled"
        assert report["by_status"] == dict(Counter(states.values()))
        assert "https://blog.example/post-1/" in [each["url"] for each in report["articles"]]
    assert report["articles"][0]["change"] == "unchanged"


def test_pictures_are_found_when_the_site_is_named_later(kolom: Kolom, tmp_path: Path) -> None:
    """A second import with --site changes only the articles with pictures of that site."""
    file = tmp_path / "blog.json"
    picture = '<figure><img src="__GHOST_URL__/content/images/a.png"></figure>'
    file.write_text(export(post(1, html=picture), post(2)))
    assert kolom("import", "ghost", file).exit_code == 0
    ran = kolom("import", "ghost", file, "--site", "https://old.example", "--json")
    assert (ran.json["updated"], ran.json["unchanged"], ran.json["remote_images"]) == (1, 1, 1)
    assert 'src="https://old.example/content/images/a.png"' in public.get_article("post-1").body.html


def test_a_site_that_is_not_a_url_is_refused(kolom: Kolom, tmp_path: Path) -> None:
    ran = kolom("import", "ghost", _ghost(tmp_path), "--site", "old.example")
    assert ran.exit_code == 2
    assert "must be a URL such as https://blog.example" in " ".join(ran.stderr.split())


def test_the_local_site_imports_each_platform_at_its_start(kolom: Kolom, tmp_path: Path) -> None:
    for platform, made in EXPORTS.items():
        report = load_import(f"{platform}:{made(tmp_path)}")
        assert report.counts()["created"] == sum(counts[1] for counts in KINDS[platform].values())


def test_the_language_of_each_article_is_detected_if_the_export_names_none(kolom: Kolom, tmp_path: Path) -> None:
    english = "<p>It rained all afternoon, and the market closed early, so we cooked what was left.</p>"
    contents = files((row(1), english), (row(2), "<p>Two.</p>"))
    report = kolom("import", "substack", "--json", write_zip(tmp_path / "export.zip", contents)).json
    codes = [call(fetch_articles.handler, request(f"/api/articles/post-{n}")).json["language"] for n in (1, 2)]
    assert (codes, report["unclear_languages"]) == (["en", "id"], 1)
