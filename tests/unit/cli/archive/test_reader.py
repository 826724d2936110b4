"""Reading archives: the data that was written, and errors with their position."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kolom.articles.names import label_problem
from kolom.articles.restore import ArticleSnapshot
from kolom.articles.types import Article, Body
from kolom.comments.types import Comment
from kolom.rendering.types import Heading
from kolom_cli.archive.encoding import as_json, front_matter, read_front_matter
from kolom_cli.archive.reader import Archive, ArchiveItem
from kolom_cli.archive.schemas import ArticleRecord, CommentRecord
from kolom_cli.importers.common.types import Skipped
from tests.unit.cli.archive.archives import ARTICLE, COMMENT, break_file, break_front, break_lines, small_archive

ZONE = ZoneInfo("UTC")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=200)
TITLES = TEXTS.filter(str.strip)
LABELS = st.text(st.characters(codec="utf-8"), max_size=100).filter(lambda text: label_problem(text) is None)
VALUES = TEXTS | st.lists(TEXTS) | st.integers() | st.booleans()
MOMENTS = st.integers(-62_000_000_000, 253_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(st.dictionaries(st.from_regex(r"[a-z_]+", fullmatch=True), VALUES))
def test_front_matter_preserves_any_text_and_is_valid_yaml(data: dict[str, object]) -> None:
    text = front_matter(data)
    assert read_front_matter(text.removeprefix("---\n").removesuffix("---\n")) == data
    assert len(text.splitlines()) == len(data) + 2
    quoted = {f"key_{key}": value for key, value in data.items()}  # In YAML 1.1, "y" is a boolean and no string key.
    head = front_matter(quoted).removeprefix("---\n").removesuffix("---\n")
    assert (yaml.safe_load(head) or {}) == quoted


@given(title=TITLES, source=TEXTS, labels=st.lists(LABELS, max_size=20), date=MOMENTS, toc=st.lists(TEXTS, max_size=3))
def test_an_article_is_read_as_it_was_written(
    tmp_path: Path, title: str, source: str, labels: list[str], date: datetime, toc: list[str]
) -> None:
    root = tmp_path / "a"
    if not root.exists():
        small_archive(root)
    article = Article(
        id=1,
        slug="hello",
        path="/hello/",
        title=title,
        excerpt=title,
        image=None,
        labels=tuple(labels),
        language="en",
        author=title[:100],
        published_at=date,
        updated_at=date,
        reading_minutes=3,
        kind="article",
        status="published",
        month="2026-02",
        description=title,
        comments_open=False,
        version=7,
        fingerprint="f" * 64,
        origin=title,
        source_format="html",
        body_version="",
        body_parts=0,
        source_parts=0,
    )
    headings = tuple(Heading(f"x-{number}", 2, text) for number, text in enumerate(toc))
    body = Body(html="<p>Hello.</p>", toc=headings, source=source, source_format="html")
    form = ArticleRecord.from_article(article, body, ["path:/b", "path:/a"])
    (root / ARTICLE).write_bytes((front_matter(form.as_data()) + source).encode())
    (entry,) = [each for each in Archive(root, ZONE).entries() if each.name == ARTICLE]
    assert isinstance(entry, ArchiveItem), entry
    assert entry.entity == ArticleSnapshot(
        article=article, body=body, content_version=0, aliases=("path:/a", "path:/b")
    )


def test_an_article_with_a_reserved_path_is_restored_at_its_slug(tmp_path: Path) -> None:
    root = small_archive(tmp_path / "a")
    break_front('slug: "hello"', 'slug: "hello"\npath: "/2024/"')(root)
    (entry,) = [each for each in Archive(root, ZONE).entries() if each.name == ARTICLE]
    assert isinstance(entry, ArchiveItem)
    assert isinstance(entry.entity, ArticleSnapshot)
    assert entry.entity.article.path == "/hello/"
    assert entry.note == "its path /2024/ is reserved for the site itself: changed to /hello/"


@given(content=TEXTS.filter(bool), reasons=st.lists(TEXTS), created=MOMENTS)
def test_a_comment_is_read_as_it_was_written(content: str, reasons: list[str], created: datetime) -> None:
    comment = Comment(
        article_id=3,
        id="01KX0000000000000000000001",
        status="deleted",
        name="Budi",
        content=content,
        avatar="abc",
        created_at=created,
        parent_id="01KX0000000000000000000000",
        status_before="spam",
        website="https://b.example/",
        is_owner=True,
        edited_at=created,
        reasons=tuple(reasons),
        decided_by="kolom",
        revision=3,
        announced=True,
        expires_at=1_800_000_000,
    )
    line = as_json(CommentRecord.from_comment(comment).as_data())
    assert len(line.splitlines()) == 1
    assert CommentRecord.read(json.loads(line)).to_comment() == comment


def test_an_archive_written_by_another_program_is_read(tmp_path: Path) -> None:
    entries = list(Archive(small_archive(tmp_path / "a"), ZONE).entries())
    assert [entry.kind for entry in entries if isinstance(entry, ArchiveItem)] == ["article", "comment", "comment"]


DIGEST = hashlib.sha256(b"x").hexdigest()[:16]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>hacked()</script></svg>'
HOSTILE_ARCHIVES = {
    "no front matter": (break_front("---\n", "x---\n"), ARTICLE, "must begin with front matter"),
    "never closed": (break_file(ARTICLE, b'---\ntitle: "x"\n'), ARTICLE, "must begin with front matter"),
    "carriage returns": (break_front("---\n", "---\r\n"), ARTICLE, "line feed"),
    "no JSON": (break_front('title: "Hello"', "title: Hello"), f"{ARTICLE}:2", "must be JSON"),
    "deep": (break_front('title: "Hello"', "title: " + "[" * 100_000), f"{ARTICLE}:2", "must be JSON"),
    "twice": (break_front('title: "Hello"', 'title: "a"\ntitle: "b"'), f"{ARTICLE}:3", "duplicate key"),
    "unknown key": (break_front("slug:", "slugs:"), ARTICLE, "slug: field required; slugs: extra"),
    "wrong type": (break_front('title: "Hello"', "title: 7"), ARTICLE, "title: input should be a valid string"),
    "surrogate": (break_front('title: "Hello"', 'title: "\\ud800"'), ARTICLE, "title: "),
    "huge id": (break_front("id: 1\n", "id: 9999999999999\n"), ARTICLE, "id: "),
    "endless id": (break_front("id: 1\n", f"id: {'9' * 5_000}\n"), f"{ARTICLE}:4", "must be JSON"),
    "not a status": (break_front('"published"', '"secret"'), ARTICLE, "status: "),
    "not UTF-8": (break_file("html/000001-hello.html", b"\xff"), ARTICLE, "is not UTF-8"),
    "too large": (break_file("html/000001-hello.html", b"x" * (2 * 1024 * 1024 + 1)), ARTICLE, "the maximum is"),
    "article by a link": (break_file(ARTICLE, None), ARTICLE, "links are not followed"),
    "HTML by a link": (break_file("html/000001-hello.html", None), ARTICLE, "links are not followed"),
    "other file": (break_file("articles/run.sh", b"x"), "articles/run.sh", "is not an article"),
    "media by a link": (break_file(f"media/{DIGEST}/x.png", None), f"media/{DIGEST}/x.png", "links are not followed"),
    "media of another content": (
        break_file(f"media/{DIGEST}/x.png", b"y"),
        f"media/{DIGEST}/x.png",
        "does not match the digest",
    ),
    "media that runs": (
        break_file(f"media/{DIGEST}/x.html", b"x"),
        f"media/{DIGEST}/x.html",
        "is not an allowed file type",
    ),
    "media elsewhere": (break_file("media/x.png", b"x"), "media/x.png", "must have the digest of its content"),
    "drawing with a script": (
        break_file(f"media/{hashlib.sha256(SVG).hexdigest()[:16]}/x.svg", SVG),
        f"media/{hashlib.sha256(SVG).hexdigest()[:16]}/x.svg",
        "may run scripts",
    ),
    "line that is no JSON": (break_lines(lambda _: "{"), COMMENT, "is not valid JSON"),
    "line that is a list": (break_lines(lambda _: "[]"), COMMENT, "dictionary"),
    "endless line": (break_lines(lambda _: json.dumps("x" * 1_100_000)), COMMENT, "is longer than"),
    "id that is none": (break_lines(lambda line: line | {"id": "stats#1"}), COMMENT, "id: "),
    "answers itself": (break_lines(lambda line: line | {"parent": line["id"]}), COMMENT, "parent: "),
    "owner of nothing": (break_lines(lambda line: line | {"person": "x"}), COMMENT, "person: extra"),
    "script as website": (break_lines(lambda line: line | {"website": "javascript:x"}), COMMENT, "website: "),
    "lines in a name": (break_lines(lambda line: line | {"name": "a\nb"}), COMMENT, "name: "),
    "time that is none": (break_lines(lambda line: line | {"created": "2026-02-30T00:00:00Z"}), COMMENT, "created: "),
    "huge revision": (break_lines(lambda line: line | {"revision": 10**9}), COMMENT, "revision: "),
    "avatar with markup": (break_lines(lambda line: line | {"avatar": "<x>"}), COMMENT, "avatar: "),
    "lines by a link": (break_file("comments.jsonl", None), "comments.jsonl", "is not a regular file"),
}


@pytest.mark.parametrize("name", HOSTILE_ARCHIVES)
def test_invalid_records_are_reported_by_name_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    breaks, where, why = HOSTILE_ARCHIVES[name]
    breaks(small_archive(tmp_path / "a"))
    entries = list(Archive(tmp_path / "a", ZONE).entries())
    (refused,) = [entry for entry in entries if isinstance(entry, Skipped)]
    assert refused.name == where
    assert why in refused.reason
    assert refused.refused
    assert len(entries) > 1


@pytest.mark.parametrize(
    "line",
    [
        {"email": "a@b.example\nBcc: c@d.example", "expires": "2030-01-01T00:00:00Z"},
        {"email": "Budi <a@b.example>", "expires": "2030-01-01T00:00:00Z"},
        {"email": "a@b.example"},
        {"email": "a@b.example", "expires": "1969-01-01T00:00:00Z"},
        {"email": "a@b.example", "expires": "2030-01-01T00:00:00Z", "person": "0" * 32},
        {"person": "x"},
        {},
    ],
)
def test_an_address_record_has_one_address_and_its_time(tmp_path: Path, line: dict[str, str]) -> None:
    root = small_archive(tmp_path / "a")
    (root / "addresses.jsonl").write_text(json.dumps({"article": 1, "comment": "01KX0000000000000000000000"} | line))
    refused = [entry.name for entry in Archive(root, ZONE).entries() if isinstance(entry, Skipped)]
    assert refused == ["addresses.jsonl:1"]


def test_folders_that_are_links_are_not_followed(tmp_path: Path) -> None:
    root = small_archive(tmp_path / "a")
    (root / "html").rename(tmp_path / "html")
    (root / "html").symlink_to(tmp_path / "html")
    (root / "articles").rename(tmp_path / "articles")
    (root / "articles").symlink_to(tmp_path / "articles")
    kinds = {(entry.name, isinstance(entry, Skipped)) for entry in Archive(root, ZONE).entries()}
    assert kinds == {("articles", True), (COMMENT, False), ("comments.jsonl:2", False)}
