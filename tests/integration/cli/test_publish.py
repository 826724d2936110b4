"""`kolom publish`: files become articles, each once, and an error in one file does not affect the others."""

import re
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from kolom.articles import public, publishing, repository
from kolom.articles.admin import list_by_status
from kolom.errors import NotFound
from kolom.urls import encoded_path
from tests.integration.cli.conftest import Kolom
from tests.paths import FIXTURES

PNG = b"\x89PNG\r\n\x1a\nnot really"


def _write(folder: Path, name: str, front: str = "title: T\ndate: 2026-01-01", body: str = "Text.\n") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\n{front}\n---\n{body}", "utf-8")
    return path


def _publish(kolom: Kolom, *arguments: object, exit_code: int = 0) -> dict[str, Any]:
    ran = kolom("publish", "--json", *arguments)
    assert ran.exit_code == exit_code, ran.stdout + ran.stderr
    report: dict[str, Any] = ran.json
    assert report["read"] == sum(report[name] for name in ("created", "updated", "unchanged", "skipped"))
    return report


def _reason(report: dict[str, Any]) -> str:
    (item,) = report["skipped_items"]
    assert item["refused"]
    return f"{item['name']}: {item['reason']}"


def test_a_folder_is_published_and_versions_are_written_back(kolom: Kolom, tmp_path: Path) -> None:
    front = (
        "title: Title\nslug: one\ndate: 2026-01-01T10:00:00+07:00\nlabels: [A, B]\nlanguage: en\nauthor: Sari\n"
        "description: D\npath: /2020/one.html"
    )
    one = _write(tmp_path, "1.md", front, "## Head\n\nText.\n")
    (tmp_path / "two.html").write_text("<h1>Two</h1><p>Text</p>")
    assert _publish(kolom, tmp_path)["created"] == 2
    read = public.get_article("one")
    assert (read.article.title, read.article.labels, read.article.path) == ("Title", ("A", "B"), "/2020/one.html")
    assert read.article.published_at == datetime(2026, 1, 1, 3, tzinfo=UTC)
    assert [heading.text for heading in read.body.toc] == ["Head"]
    assert public.get_article("two").article.title == "Two"
    assert one.read_text().startswith(f"---\n{front}\nid: ")
    assert "version: 1\n" in one.read_text()


def test_publishing_again_changes_nothing(kolom: Kolom, tmp_path: Path, calls: list[str]) -> None:
    path = _write(tmp_path, "one.md", body="![a](a.png)\n")
    (tmp_path / "a.png").write_bytes(PNG)
    _publish(kolom, tmp_path)
    text = path.read_bytes()
    calls.clear()
    report = _publish(kolom, tmp_path)
    assert (report["unchanged"], report["read"]) == (1, 1)
    assert path.read_bytes() == text
    assert set(calls) <= {"GetItem", "Query", "DescribeStacks", "HeadObject"}


def test_an_edited_file_updates_its_article(kolom: Kolom, tmp_path: Path) -> None:
    path = _write(tmp_path, "one.md")
    _publish(kolom, path)
    path.write_text(path.read_text().replace("Text.", "Other."))
    assert _publish(kolom, path)["updated"] == 1
    assert "Other." in public.get_article("one").body.html
    assert "version: 2\n" in path.read_text()


@pytest.mark.parametrize("front", ["title: one THING\ndate: 2026-01-01\n", "date: 2026-01-01\n"])
def test_a_heading_that_repeats_the_title_is_stored_but_not_shown(kolom: Kolom, tmp_path: Path, front: str) -> None:
    body = "# One *thing*\n\n## Part one\n\nText.\n"
    _publish(kolom, _write(tmp_path, "one.md", front, body))
    article = publishing.get_by_slug("one")
    stored = repository.get_body(article)
    assert article.title.lower() == "one thing"
    assert stored.html == '<h2 id="part-one">Part one</h2>\n<p>Text.</p>\n'
    assert stored.source == body
    assert kolom("articles", "show", "one", "--source").stdout == body


def test_removed_markup_is_reported_with_its_line(kolom: Kolom, tmp_path: Path) -> None:
    front = "title: T\ndate: 2026-01-01\nlanguage: en"
    path = _write(tmp_path, "one.md", front, "Text `<svg>`.\n\n<svg><path/></svg>\n\n<form>Name</form>\n<svg></svg>\n")
    _write(tmp_path, "two.md", front, "**Fine.**\n")
    planned, done, again = (
        _publish(kolom, *arguments) for arguments in ((tmp_path, "--dry-run"), (tmp_path,), (tmp_path,))
    )
    assert again["notes"] == []
    for report, added in ((planned, 0), (done, len(("id", "version", "slug")))):
        assert [(each["name"], each["note"].partition(":")[0]) for each in report["notes"]] == [
            (f"{path}:{8 + added}", "<svg> removed with its content (2 times)"),
            (f"{path}:{10 + added}", "<form> removed, its text is kept"),
        ]
    assert path.read_text().splitlines()[10] == "<svg><path/></svg>"


def test_a_conflicting_edit_is_rejected_unless_forced(kolom: Kolom, tmp_path: Path) -> None:
    mine = _write(tmp_path / "mine", "one.md")
    _publish(kolom, mine)
    theirs = tmp_path / "theirs.md"
    theirs.write_text(mine.read_text().replace("Text.", "Theirs."))
    mine.write_text(mine.read_text().replace("Text.", "Mine."))
    assert _publish(kolom, theirs)["updated"] == 1
    reason = _reason(_publish(kolom, mine, exit_code=1))
    assert "has version 2" in reason
    assert "--force" in reason
    assert "Theirs." in public.get_article("one").body.html
    assert _publish(kolom, mine, "--force")["updated"] == 1
    assert "Mine." in public.get_article("one").body.html


def test_another_file_with_the_same_slug_does_not_overwrite_an_article(kolom: Kolom, tmp_path: Path) -> None:
    _publish(kolom, _write(tmp_path / "a", "one.md"))
    reason = _reason(_publish(kolom, _write(tmp_path / "b", "one.md", body="Other."), exit_code=1))
    assert "the article 'one' already exists (version 1)" in reason


@pytest.mark.parametrize(
    ("front", "body", "line", "message"),
    [
        ("title: [unclosed\ndate: 2026-01-01", "x", None, "not valid"),
        ("title: T\ndate: yesterday", "x", 3, "date"),
        ("title: T\nslug: a/b?c", "x", 3, "slug"),
        ("title: T\nslug: contact", "x", 3, "reserved for the site itself"),
        ("title: ''", "x", 2, "title"),
        ("labels: [" + ", ".join(f"l{n}" for n in range(200)) + "]\ntitle: T", "x", 2, "labels"),
        ("title: T\npath: /a b", "x", 3, "path"),
        ("title: T\nlanguage: Indonesian", "x", 3, "language"),
        ("title: " + "x" * 400, "x", 2, "title"),
        ("title: T", ("word " * 200 + "\n\n") * 3_000, None, "bytes, at most"),
        ("title: T", "one\n\n![a](missing.png)\n", 6, "missing.png"),
        ("title: T\nimage: missing.png", "x", 3, "missing.png"),
        ("title: T\ndate: 2026-01-01", "x\n![a](../../outside.png)", 6, "outside"),
    ],
)
def test_an_invalid_file_is_reported_with_its_line_and_the_others_published(
    kolom: Kolom, tmp_path: Path, front: str, body: str, line: int | None, message: str
) -> None:
    (tmp_path / "outside.png").write_bytes(PNG)
    folder = tmp_path / "in" / "posts"
    bad = _write(folder, "bad.md", front, body)
    _write(folder, "good.md")
    report = _publish(kolom, folder, exit_code=1)
    assert (report["created"], report["skipped"]) == (1, 1)
    assert f"{bad}:{line}:" in _reason(report) if line else f"{bad}:" in _reason(report)
    assert message in _reason(report)
    assert public.get_article("good").article.slug == "good"
    with pytest.raises(NotFound):
        publishing.get_by_slug("bad")


def test_invalid_utf_8_is_reported_with_its_line(kolom: Kolom, tmp_path: Path) -> None:
    _write(tmp_path, "good.md")
    (tmp_path / "bad.md").write_bytes(b"---\ntitle: T\n---\none\ntwo \xff\n")
    report = _publish(kolom, tmp_path, exit_code=1)
    assert report["created"] == 1
    assert f"{tmp_path}/bad.md:5:" in _reason(report)


def test_the_second_of_two_files_with_one_slug_is_rejected_and_both_are_named(kolom: Kolom, tmp_path: Path) -> None:
    _write(tmp_path, "a.md", "title: A\nslug: same\ndate: 2026-01-01")
    _write(tmp_path, "b.md", "title: B\nslug: same\ndate: 2026-01-01")
    report = _publish(kolom, tmp_path, exit_code=1)
    assert report["created"] == 1
    assert f"{tmp_path}/b.md:3: has the same slug as {tmp_path}/a.md: 'same'" in _reason(report)
    assert public.get_article("same").article.title == "A"


def test_images_are_uploaded_once_and_linked(kolom: Kolom, tmp_path: Path, calls: list[str]) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "Ein Bild.png").write_bytes(PNG)
    front = "title: T\ndate: 2026-01-01\nimage: ../img/Ein Bild.png"
    _write(tmp_path, "posts/one.md", front, '![a](<../img/Ein Bild.png>)\n\n<img src="../img/Ein%20Bild.png">\n')
    _write(tmp_path, "posts/two.md", body="![a](../img/Ein%20Bild.png)\n")
    _publish(kolom, tmp_path)
    assert calls.count("PutObject") == 1
    s3 = boto3.client("s3")
    (stored,) = s3.list_objects_v2(Bucket="kolom-media")["Contents"]
    assert stored["Key"].startswith("media/")
    assert stored["Key"].endswith("/ein-bild.png")
    head = s3.head_object(Bucket="kolom-media", Key=stored["Key"])
    assert head["ContentType"] == "image/png"
    assert head["CacheControl"] == "public, max-age=31536000, immutable"
    read = public.get_article("one")
    assert read.article.image == f"/{stored['Key']}"
    assert read.body.html.count(f'src="/{stored["Key"]}"') == 2


def test_an_svg_with_a_script_is_rejected(kolom: Kolom, tmp_path: Path, calls: list[str]) -> None:
    (tmp_path / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>x()</script></svg>')
    path = _write(tmp_path, "one.md", body="![a](a.svg)\n")
    assert f"{path}:5: a.svg: has <script>" in _reason(_publish(kolom, path, exit_code=1))
    assert "PutObject" not in calls


def test_links_between_files_become_links_to_articles(kolom: Kolom, tmp_path: Path) -> None:
    _write(tmp_path, "one.md", body="[two](two.md#part) [three](sub/three.md)\n")
    _write(tmp_path, "two.md", "title: Two\nslug: zwei\ndate: 2026-01-01")
    _write(tmp_path, "sub/three.md", "title: T\npath: /old/three(1).html\ndate: 2026-01-01")
    _publish(kolom, tmp_path)
    html = public.get_article("one").body.html
    assert 'href="/zwei/#section-part"' in html  # the id of a heading "Part"
    assert f'href="{encoded_path("/old/three(1).html")}"' in html


def test_a_dry_run_reports_the_same_and_writes_nothing(kolom: Kolom, tmp_path: Path, calls: list[str]) -> None:
    path = _write(tmp_path, "one.md", body="![a](a.png)\n")
    (tmp_path / "a.png").write_bytes(PNG)
    text = path.read_text()
    report = _publish(kolom, tmp_path, "--dry-run")
    assert (report["created"], report["dry_run"]) == (1, True)
    assert path.read_text() == text
    assert set(calls) <= {"GetItem", "Query", "DescribeStacks"}


def test_without_write_back_files_are_not_changed(kolom: Kolom, tmp_path: Path) -> None:
    path = _write(tmp_path, "one.md")
    text = path.read_text()
    _publish(kolom, path, "--no-write-back")
    assert path.read_text() == text
    assert _publish(kolom, path, "--no-write-back")["unchanged"] == 1


def test_an_id_from_another_stack_changes_no_other_article(kolom: Kolom, tmp_path: Path) -> None:
    _publish(kolom, _write(tmp_path, "one.md"))
    stranger = _write(tmp_path, "two.md", "title: Two\ndate: 2026-01-01\nslug: two\nid: 1\nversion: 1")
    assert "has the slug 'one', not" in _reason(_publish(kolom, stranger, exit_code=1))
    assert publishing.get_by_slug("one").title == "T"
    unknown = _write(tmp_path, "three.md", "title: Three\ndate: 2026-01-01\nid: 99\nversion: 5")
    assert _publish(kolom, unknown)["created"] == 1


def test_a_file_can_rename_its_article_with_an_option(kolom: Kolom, tmp_path: Path) -> None:
    path = _write(tmp_path, "one.md")
    _publish(kolom, path)
    path.write_text(path.read_text().replace("slug: one", "slug: new"))
    assert _publish(kolom, path, "--rename")["updated"] == 1
    assert publishing.get_by_slug("one").slug == "new"


def test_a_scheduled_article_can_be_edited_after_its_release(kolom: Kolom, tmp_path: Path) -> None:
    path = _write(tmp_path, "one.md", "title: T\ndate: 2099-01-01")
    _publish(kolom, path)
    assert publishing.get_by_slug("one").status == "scheduled"
    assert publishing.publish_scheduled(1, now=datetime(2099, 1, 2, tzinfo=UTC)) is not None
    path.write_text(path.read_text().replace("2099", "2026").replace("Text.", "Other."))
    assert _publish(kolom, path)["updated"] == 1


@pytest.mark.parametrize("options", [(), ("--no-write-back",)])
def test_a_file_can_be_published_again_after_unpublishing(
    kolom: Kolom, tmp_path: Path, options: tuple[str, ...]
) -> None:
    path = _write(tmp_path, "one.md")
    _publish(kolom, path, *options)
    assert kolom("unpublish", "one").exit_code == 0
    assert kolom("preview", "one").exit_code == 0
    planned, done = (_publish(kolom, path, *options, *more) for more in (("--dry-run",), ()))
    assert planned["items"] == done["items"]
    assert (done["updated"], done["items"][0]["status"]) == (1, "published")
    assert "was unpublished and is published again" in done["notes"][0]["note"]
    again = _publish(kolom, path, *options)
    assert (again["unchanged"], again["notes"]) == (1, [])


def test_an_article_can_be_edited_moved_and_scheduled_after_unpublishing(kolom: Kolom, tmp_path: Path) -> None:
    path = _write(tmp_path, "one.md", "title: T\ndate: 2026-01-01\nlanguage: id")
    _publish(kolom, path)
    changes = [("Text.", "Other."), ("2026-01-01", "2099-01-01"), ("slug: one", "slug: two"), ("title: T", "title: U")]
    for before, after in changes:
        slug = publishing.get_by_slug("one").slug
        assert kolom("unpublish", slug).exit_code == 0
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))
        assert _publish(kolom, path, "--rename")["updated"] == 1
    path.write_text(path.read_text().replace("title: U", "title: U\ndraft: true"))
    report = _publish(kolom, path)
    assert (report["items"][0]["status"], report["notes"]) == ("draft", [])


def test_a_file_with_only_a_version_can_be_published_again(kolom: Kolom, tmp_path: Path) -> None:
    path = _write(tmp_path, "one.md")
    _publish(kolom, path)
    kolom("unpublish", "one")
    path.write_text(path.read_text().replace("id: 1\n", "").replace("Text.", "Other."))
    assert _publish(kolom, path)["updated"] == 1


@pytest.mark.parametrize("unpublished_first", [True, False])
def test_an_edit_from_elsewhere_conflicts_also_after_unpublishing(
    kolom: Kolom, tmp_path: Path, unpublished_first: bool
) -> None:
    path = _write(tmp_path, "one.md")
    _publish(kolom, path)
    theirs = tmp_path / "theirs.md"
    theirs.write_text(path.read_text().replace("Text.", "Theirs."))
    if unpublished_first:
        kolom("unpublish", "one")
    _publish(kolom, theirs)
    if not unpublished_first:
        kolom("unpublish", "one")
    path.write_text(path.read_text().replace("Text.", "Mine."))
    reason = _reason(_publish(kolom, path, exit_code=1))
    assert "has version 3, but this change is based on version 1" in reason
    assert "articles show one --source" in reason
    assert "Theirs." in repository.get_body(publishing.get_by_slug("one")).html


def test_a_file_without_a_version_does_not_replace_another_text(kolom: Kolom, tmp_path: Path) -> None:
    _publish(kolom, _write(tmp_path / "a", "one.md"))
    kolom("unpublish", "one")
    reason = _reason(_publish(kolom, _write(tmp_path / "b", "one.md", body="Other."), exit_code=1))
    assert "already exists (version 2)" in reason


def test_front_matter_marks_a_text_as_a_draft_that_is_not_shown(kolom: Kolom, tmp_path: Path) -> None:
    _publish(kolom, _write(tmp_path, "one.md", "title: T\ndraft: true"))
    assert [article.slug for article in list_by_status("draft", limit=9).items] == ["one"]
    with pytest.raises(NotFound):
        public.get_article("one")


def test_a_file_name_gives_the_date_and_the_slug(kolom: Kolom, tmp_path: Path) -> None:
    _publish(kolom, _write(tmp_path, "2024-05-16-Über Züge.md", "title: T"))
    article = publishing.get_by_slug("über-züge")
    assert article.published_at == datetime(2024, 5, 15, 17, tzinfo=UTC)  # midnight in Jakarta


def test_ctrl_c_finishes_the_current_article_and_stops(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = publishing.publish

    def interrupted(*arguments: Any, **named: Any) -> publishing.PublishResult:
        signal.raise_signal(signal.SIGINT)
        return original(*arguments, **named)

    for number in range(4):
        _write(tmp_path, f"a{number}.md")
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "publish", interrupted)
        report = _publish(kolom, tmp_path, exit_code=130)
    assert (report["created"], report["interrupted"]) == (1, True)
    assert _publish(kolom, tmp_path)["created"] == 3


def test_the_report_as_text_names_the_line_of_a_refused_file(kolom: Kolom, tmp_path: Path) -> None:
    _write(tmp_path, "good.md")
    _write(tmp_path, "bad.md", "title: T\nslug: a b")
    ran = kolom("publish", tmp_path)
    assert ran.exit_code == 1
    assert f"refused {tmp_path}/bad.md:3:" in ran.stdout


def test_a_file_of_another_type_is_rejected_and_the_others_published(kolom: Kolom, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    report = _publish(kolom, tmp_path / "a.txt", _write(tmp_path, "one.md"), exit_code=1)
    assert (report["created"], report["skipped"]) == (1, 1)


def test_a_missing_path_is_a_usage_error(kolom: Kolom, tmp_path: Path) -> None:
    assert kolom("publish", tmp_path / "missing").exit_code == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("---\ntitle: T\ndraft:\n---\nX\n", "draft: must be true or false, not empty"),
        ('---\ntitle: T\ndraft: "true"\n---\nX\n', "draft: must be true or false, without quotation marks"),
        ("---\ntitle: T\ndraft: maybe\n---\nX\n", "draft: must be true or false"),
        ("---\ntitle: T\nDraft: yes\n---\nX\n", "unknown key 'Draft'; write `draft: true`"),
        ("---\ntitle: T\nstatus: draft\n---\nX\n", "unknown key 'status'; write `draft: true`"),
        ("---\ntitle: T\npublished: no\n---\nX\n", "unknown key 'published'; write `draft: true`"),
        ("---\ntitle: T\npublish: false\n---\nX\n", "unknown key 'publish'; write `draft: true`"),
        ("---\ntitle: T\nvisibility: [private]\n---\nX\n", "unknown key 'visibility'; write `draft: true`"),
        ("\n---\ntitle: T\ndraft: true\n---\n# T\n", "must begin with `---` on the first line"),
        ("---yaml\ntitle: T\ndraft: true\n---\n# T\n", "must begin with `---` on the first line"),
        ('{"title": "T", "draft": true}\n\n# T\n', "front matter in JSON is not supported"),
        ("Title: T\nStatus: draft\n\n# T\n", "must be between two `---` lines"),
    ],
)
def test_an_unsupported_way_to_mark_drafts_is_rejected(kolom: Kolom, tmp_path: Path, text: str, says: str) -> None:
    """A text that its author may consider a draft is not published."""
    (tmp_path / "one.md").write_text(text)
    assert says in _reason(_publish(kolom, tmp_path, exit_code=1))
    with pytest.raises(NotFound):
        publishing.get_by_slug("one")


@pytest.mark.parametrize("name", ["_drafts/one.md", "drafts/2026/one.md", "draft_one.md", "one.draft.md"])
def test_front_matter_can_publish_a_file_in_a_drafts_folder(kolom: Kolom, tmp_path: Path, name: str) -> None:
    """Without ``draft`` in its front matter, such a file is refused."""
    path = _write(tmp_path / Path(name).parent, Path(name).name, "title: T\nslug: one")
    assert "write `draft: true` in the front matter to keep it" in _reason(_publish(kolom, tmp_path, exit_code=1))
    assert _publish(kolom, path, exit_code=1)["created"] == 0
    for value, status in (("true", "draft"), ("false", "published")):
        path.write_text(f"---\ntitle: T\nslug: one\ndraft: {value}\n---\nText.\n")
        _publish(kolom, tmp_path, "--force", "--no-write-back")
        assert publishing.get_by_slug("one").status == status


def test_html_whose_meta_element_says_draft_is_rejected(kolom: Kolom, tmp_path: Path) -> None:
    """Pelican writes metadata of HTML files into ``<meta>``."""
    (tmp_path / "one.html").write_text(
        '<html><head><title>T</title><meta name="status" content="draft"></head>X</html>'
    )
    assert "its <meta> says 'status: draft'" in _reason(_publish(kolom, tmp_path, exit_code=1))


def test_readme_and_similar_files_are_not_published(kolom: Kolom, tmp_path: Path) -> None:
    """README, LICENSE, CHANGELOG and the like are skipped, except those with front matter."""
    for name in ("README.md", "LICENSE.md", "CHANGELOG.md", "node_modules/x/a.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# A heading\n")
    _write(tmp_path, "security.md")
    assert _publish(kolom, tmp_path)["created"] == 1
    assert public.get_article("security").article.title == "T"


@pytest.mark.parametrize("name", ["medium", "medium/posts", "substack/posts"])
def test_an_export_of_another_system_is_not_published(kolom: Kolom, name: str) -> None:
    """It contains drafts beside published texts."""
    folder = FIXTURES / "exports" / name
    for given in ([folder], sorted(folder.glob("*.html"))):
        if given:
            report = _publish(kolom, *given, exit_code=1)
            assert (report["created"], report["skipped"]) == (0, len(given))
            assert f"`kolom import {name.split('/')[0]}`" in report["skipped_items"][0]["reason"]


@pytest.mark.parametrize("name", ["drafts/2024/one.md", "private/a/b/one.md"])
def test_parent_folders_of_single_files_can_mark_drafts(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The three nearest parent folders count, also above the published folder."""
    path = _write(tmp_path / Path(name).parent, "one.md")
    monkeypatch.chdir(path.parent)
    for given in (path, path.parent, ".", "one.md"):
        assert "write `draft: true`" in _reason(_publish(kolom, given, exit_code=1))


def test_folders_above_the_repository_do_not_make_drafts(kolom: Kolom, tmp_path: Path) -> None:
    """Folders above the repository say nothing about a text in it."""
    path = _write(tmp_path / "private/blog/posts", "one.md")
    (tmp_path / "private/blog/.git").mkdir()
    assert _publish(kolom, path)["created"] == 1


@pytest.mark.parametrize("target", ["drafts/l.md", "drafts/a/b/c/d/l.md", "posts/l.draft.md", ".hidden/l.md"])
def test_a_symbolic_link_is_judged_by_its_target(kolom: Kolom, tmp_path: Path, target: str) -> None:
    """A link in a posts folder does not publish a file from a drafts folder or a hidden folder."""
    path = _write(tmp_path / Path(target).parent, Path(target).name)
    (tmp_path / "posts").mkdir(exist_ok=True)
    link = tmp_path / "posts/one.md"
    link.symlink_to(path)
    assert _publish(kolom, link, exit_code=1)["created"] == 0
    assert _publish(kolom, tmp_path, exit_code=1)["created"] == 0


def _lines(kolom: Kolom, folder: Path, *arguments: object) -> list[str]:
    """Return the lines for people, with paths relative to ``folder``."""
    ran = kolom("publish", *arguments)
    return ran.stdout.replace(f"{folder}/", "").splitlines()


def test_each_file_is_listed_with_the_url_and_state_of_its_article(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    slug = "a-morning-at-the-market-in-yogyakarta-and-what-people-buy-there-in-may"
    _write(tmp_path, "d.md", "title: D\ndraft: true\nlanguage: id")
    _write(tmp_path, "later.md", "title: L\ndate: 2099-01-01T09:00:00\nlanguage: id")
    market = _write(tmp_path, f"{slug}.md", "title: T\ndate: 2026-01-01\nlanguage: id")
    url = f"https://blog.example/{slug}/"
    assert _lines(kolom, tmp_path, tmp_path, "--dry-run") == [
        f"would be created  {slug}.md -> {url} (published)",
        "would be created  d.md -> https://blog.example/d/ (draft)",
        "would be created  later.md -> https://blog.example/later/ (scheduled for 2099-01-01 09:00 WIB)",
        "3 created.",
        "Dry run: nothing was written.",
    ]
    assert _lines(kolom, tmp_path, tmp_path / "d.md") == [
        "created  d.md -> https://blog.example/d/ (draft)",
        "1 created.",
    ]
    _publish(kolom, tmp_path)
    market.write_text(market.read_text() + "More.\n")
    assert _lines(kolom, tmp_path, tmp_path) == [
        f"updated    {slug}.md -> {url} (published)",
        "unchanged  d.md -> https://blog.example/d/ (draft)",
        "unchanged  later.md -> https://blog.example/later/ (scheduled for 2099-01-01 09:00 WIB)",
        "1 updated, 2 unchanged.",
    ]


def test_the_json_report_lists_every_article(kolom: Kolom, tmp_path: Path) -> None:
    path = _write(tmp_path, "one.md", "title: T\ndate: 2099-01-01T09:00:00+07:00\npath: /2099/one.html\nkind: page")
    item = {
        "name": str(path),
        "kind": "page",
        "slug": "one",
        "url": "https://blog.example/2099/one.html",
        "status": "scheduled",
        "published_at": "2099-01-01T02:00:00Z",
    }
    for option, change in (("--dry-run", "created"), ("--json", "created"), ("--json", "unchanged")):
        assert _publish(kolom, path, option)["items"] == [{**item, "change": change}]


def test_an_empty_folder_is_reported_with_the_supported_file_types(kolom: Kolom, tmp_path: Path) -> None:
    assert _lines(kolom, tmp_path, tmp_path) == [
        "No files found: `kolom publish` reads .md, .markdown, .html and .htm."
    ]


def test_all_errors_in_front_matter_are_reported(kolom: Kolom, tmp_path: Path) -> None:
    path = _write(tmp_path, "one.md", "title: ''\nslug: a b\nfoo: 1\ndate: yesterday\ndraft: maybe\nbar: 2")
    report = _publish(kolom, path, exit_code=1)
    reason = _reason(report)
    assert reason.startswith(f"{path}:2: title: must not be empty; line 3: slug: ")
    others = ("line 4: unknown key 'foo'", "line 5: date: 'yesterday'", "line 6: draft: ", "line 7: unknown key 'bar'")
    for problem in others:
        assert f"; {problem}" in reason
    assert report["kinds"] == {"article": {"read": 1, "created": 0, "updated": 0, "unchanged": 0, "skipped": 1}}


def test_a_rejected_rename_names_the_current_slug(kolom: Kolom, tmp_path: Path) -> None:
    path = _write(tmp_path, "second.md")
    _publish(kolom, path)
    other = tmp_path / "other" / "second.md"
    other.parent.mkdir()
    other.write_text(path.read_text() + "More.\n")
    _publish(kolom, other)
    path.write_text(path.read_text().replace("slug: second", "slug: zweite"))
    reason = _reason(_publish(kolom, path, "--rename", exit_code=1))
    assert "zweite" not in reason
    (command,) = re.findall(r"`kolom (articles show .+?)`", reason)
    assert kolom(*command.split()).stdout == "Text.\nMore.\n"
    assert "write `version: 2` into the front matter" in reason
    path.write_text(path.read_text().replace("version: 1", "version: 2"))
    assert _publish(kolom, path, "--rename")["updated"] == 1


def test_the_conflict_of_a_deleted_article_does_not_suggest_showing_its_source(kolom: Kolom, tmp_path: Path) -> None:
    path = _write(tmp_path, "one.md")
    _publish(kolom, path)
    publishing.delete("one", now=datetime(2026, 3, 1, tzinfo=UTC))
    reason = _reason(_publish(kolom, path, exit_code=1))
    assert "articles show" not in reason
    assert "the article 'one' is deleted (version 2)" in reason
    assert reason.endswith("; pass --force to publish it again")
    assert _publish(kolom, path, "--force")["updated"] == 1


ENGLISH = "It rained all afternoon, and the market closed early, so we cooked what was left in the kitchen.\n"


@pytest.mark.parametrize(
    ("front", "body", "language", "note"),
    [
        ("", ENGLISH, "en", "its language is 'en', by its text; `language:` in the front matter sets it"),
        ("", "Short.\n", "id", "its language is not clear from its text, so it is 'id'; `language:` in the front"),
        ("", f"```\n{ENGLISH * 9}```\n", "id", "its language is not clear from its text"),
        ("\nlanguage: id", ENGLISH, "id", None),
    ],
)
def test_the_language_of_a_file_without_one_is_detected_and_reported(
    kolom: Kolom, tmp_path: Path, front: str, body: str, language: str, note: str | None
) -> None:
    _write(tmp_path, "one.md", f"title: T\ndate: 2026-01-01{front}", body)
    report = _publish(kolom, tmp_path)
    assert public.get_article("one").article.language == language
    assert [each["note"][: len(note or "")] for each in report["notes"]] == ([note] if note else [])
    assert _publish(kolom, tmp_path)["notes"] == []
