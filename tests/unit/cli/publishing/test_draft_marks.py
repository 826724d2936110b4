"""Nothing is imported as published without evidence that it was; the evidence depends on the kind of folder."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolom_cli.importers.common.types import ImportedArticle, Skipped, SourceError
from kolom_cli.importers.markdown.front_matter_values import get_datetime
from kolom_cli.importers.markdown.publication import publication_of
from kolom_cli.importers.markdown.reader import read_markdown
from kolom_cli.publishing.draft_marks import draft_mark, path_mark
from kolom_cli.publishing.unsupported_metadata import find_unsupported_metadata
from tests.paths import FIXTURES

FOLDER = FIXTURES / "exports"

MARKS = [
    *("draft: true", "draft: yes", "draft: '1'", 'draft: "true"', "draft: maybe", "draft: [true]", "Draft: True"),
    *("is_draft: true", "isDraft: on", "published: false", "published: no", "published:", "published: soon"),
    *("publish: false", "public: false", "status: draft", "Status: hidden", "status: pending", "post_status: private"),
    *("visibility: members", "private: true", "hidden: true", "unlisted: true", "password: secret", "encrypted: true"),
    *("permalink: false", "eleventyExcludeFromCollections: true", "state: draft", "unpublished: true"),
    *("dg-publish: false", "share: false", "hide: true", "disabled: true", "archived: true", "deleted: true"),
    *("secret: true", "active: false", "enabled: no", "live: false", "access: private", "type: draft", "layout: Draft"),
    *("tags: [a, Draft]", "tags: a, private", "categories: draft", "labels: ['#draft']"),
    *("dra\u200bft: true", "\u2060private: yes", "type: dr\u200baft", "permalink: fal\u2060se", "ｄｒａｆｔ: true"),
    *("params: {draft: true}", "extra: {hidden: true}", "meta: {status: draft}", "params: {a: 1, meta: {wip: 1}}"),
    *("custom: {list: never}", "eleventyComputed: {draft: '{{ x }}'}", "params: [{draft: true}]"),
    *("expires_at: 2020-01-01", "unpublishOn: 2020-01-01", "unpublish_at: 2020-01-01", "params: {expires: 2020-01-01}"),
    *("event: 2999-01-01", "goes_out: May 16, 2999", "days: [2020-01-01, 2999-01-01]", "embargo: some day"),
    *("expiryDate: 2020-01-01", "expires: some day", "date: some day", "publishDate: soon"),
]
NO_MARKS = [
    *("draft: false", "draft:", "draft: ''", "published: true", "published: 2020-01-01", "published: May 16, 2020"),
    *("status: published", "status: publish", "visibility: public", "private: false", "hidden: no", "permalink: /x/"),
    *("state: California", "publish: true", "password: ''", "title: Draft"),
    *("tags: [drafting, private life]", "share: [x]", "type: post", "active: yes", "enabled: true", "access: public"),
    *("params: {draft: false}", "build: {list: always, render: always}", "scheduled: false", "archived: false"),
    *("updated: 2999-01-01", "lastmod: 2999-01-01", "description: May 16, 2999", "expiresAt: 2999-01-01"),
]


def _site(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def _state(folder: Path) -> dict[str, str]:
    return {name: state for name, state, _ in _items(folder)}


def _reasons(folder: Path) -> dict[str, str]:
    return {name: reason for name, _, reason in _items(folder)}


def _items(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Return the name, the resulting status and the notes of each item."""
    for item in read_markdown(folder, dry_run=True):
        name = Path(item.name).relative_to(folder).as_posix()
        match item:
            case Skipped(reason=reason, refused=refused):
                yield name, "refused" if refused else "skipped", reason
            case ImportedArticle(content=content, notes=notes):
                is_later = content.published_at is not None and content.published_at > datetime.now(UTC)
                yield name, "draft" if content.draft else "scheduled" if is_later else "published", "; ".join(notes)


# Draft marks


@pytest.mark.parametrize("place", ["jekyll", "hugo", "plain"])
def test_a_document_with_any_mark_of_a_draft_is_a_draft(tmp_path: Path, place: str) -> None:
    """Each spelling of each mark counts in every kind of folder, even with an unknown value."""
    folder, config = {"jekyll": ("_posts", "_config.yml"), "hugo": ("content/posts", "hugo.yaml")}.get(place, ("", ""))
    lines = {**dict.fromkeys(MARKS, "draft"), **dict.fromkeys(NO_MARKS, "published")}
    names = {f"2020-01-02-x{number}.md": line for number, line in enumerate(lines)}
    title = "name: x\ntitle: T\n"
    files = {
        str(Path(folder, name)): f"---\n{line}\n{'' if line.startswith('title') else title}---\nText.\n"
        for name, line in names.items()
    }
    _site(tmp_path, {**files, **({config: "title: Site\n"} if config else {})})
    state = {names[Path(name).name]: found for name, found in _state(tmp_path).items()}
    assert state == lines


@pytest.mark.parametrize(
    "text",
    [
        "---\nx: &d {draft: true}\n<<: [*d]\ntitle: A\n---\nX\n",
        "---\nx: &d {draft: true}\ny: &e {lang: en}\n<<: [*d, *e]\ntitle: A\n---\nX\n",
        "---\ntitle: A\nDraft: true\ndraft: false\n---\nX\n",
        "---\ntitle: A\ndraft: true\nDRAFT: false\n---\nX\n",
        "+++\ntitle = 'A'\nDraft = true\ndraft = false\n+++\nX\n",
        '{"title": "A", "draft": true, "draft": false}\nX\n',
        "---\ntitle: A\nDate: some day\ndate: 2020-01-01\n---\nX\n",
    ],
)
def test_reading_front_matter_loses_no_draft_mark(tmp_path: Path, text: str) -> None:
    """Merged maps, keys that differ in case, and duplicate keys all count."""
    assert _state(_site(tmp_path, {"a.md": text})) == {"a.md": "draft"}


def test_a_documents_own_key_overrides_a_merged_one(tmp_path: Path) -> None:
    """A document's own keys precede merged ones, and earlier maps of a list precede later ones."""
    front = "x: &d {draft: true, title: D}\ny: &e {title: E}\n<<: [*e, *d]\ndraft: false"
    (item,) = read_markdown(_site(tmp_path, {"a.md": f"---\n{front}\n---\nX\n"}), dry_run=True)
    assert isinstance(item, ImportedArticle)
    assert (item.content.title, item.content.draft) == ("E", False)


SPELLINGS = st.sampled_from(
    ["draft", "Draft", "is_draft", "isDraft", "private", "hidden", "unlisted", "Is-Private", "unpublished"]
)
OTHERS = st.dictionaries(
    st.sampled_from(["title", "date", "tags", "author", "published", "status", "x", "lang"]),
    st.sampled_from(["2020-01-02", "published", "true"]),
)


@given(others=OTHERS, key=SPELLINGS, value=st.text(min_size=1, max_size=20), before=st.booleans())
def test_no_other_key_overrides_a_draft_mark(others: dict[str, str], key: str, value: str, before: bool) -> None:
    """A mark with any value but "no" makes a draft, wherever it is and whatever other keys say."""
    said = " ".join(value.split()).lower()
    mark = {key: value}
    front = {**mark, **others} if before else {**others, **mark}
    is_draft = publication_of({**front}, ("site", "a.md"), UTC, keys=("date",), date_in_name=None).draft
    assert is_draft or said in {"", "false", "no", "off", "n", "0", "never"}


@given(st.dictionaries(st.text(max_size=12), st.none() | st.text(max_size=12) | st.lists(st.text(), max_size=2)))
def test_any_metadata_can_be_checked_for_draft_marks(values: dict[str, object]) -> None:
    """No value raises an error."""
    mark = draft_mark(values)
    assert mark is None or any(mark.startswith(key[:80]) for key in values)


@pytest.mark.parametrize(
    ("path", "mark"),
    [
        *((f"{name}/b.md", f"{name}/") for name in ("drafts", "_drafts", "my-drafts", "draft-posts", "00 - Drafts")),
        *((f"{name}/b.md", f"{name}/") for name in ("konsep", "Entwürfe", "brouillons", "borradores", "trash", "WIP")),
        *(
            ("draft-x/index.md", "draft-x/"),
            ("drafts/index.md", "drafts/"),
            ("a/Entwu\u0308rfe/b.md", "Entwu\u0308rfe/"),
        ),
        *((name, name) for name in ("draft_b.html", "b.draft.md", "draft-x.md", "x-draft.md", "x (draft).md")),
        *((name, name) for name in ("x.draft.id.md", "x.bak.md", "#x.md", "2020-01-02-draft-x.md", "[WIP] x.md")),
    ],
)
def test_names_of_folders_and_files_can_mark_drafts(path: str, mark: str) -> None:
    """Any word of a folder name counts, and the first or last word of a file name, in several languages."""
    assert path_mark(path.split("/")) == mark


@pytest.mark.parametrize(
    "path",
    [
        *("a/b.md", "drafting/b.md", "drafts.md", "how-to-draft-a-letter.md", "how-to-draft-a-letter/index.md"),
        *("draftsman.md", "overdraft.md", "private-schools/b.md", "konsep-dasar/b.md", "private-life.md", "x.id.md"),
        *("2020/01/02.md", "2020/index.md", "posts/2020-01-02/index.md", "node.js.md", "_posts/2020-01-02-a.md"),
    ],
)
def test_a_path_that_only_contains_the_word_is_not_a_draft(path: str) -> None:
    """Articles may be about drafts."""
    assert path_mark(path.split("/")) is None


# Dates


@pytest.mark.parametrize(
    ("front", "state"),
    [
        ("date: 2999-01-01", "scheduled"),
        ("date: 2999-01-01 10:00:00 +0700", "scheduled"),
        ("date: 2020-01-01\npublishDate: 2999-01-01", "scheduled"),
        ("date: 2999-01-01\npublishDate: 2020-01-01", "scheduled"),
        ("date: 2020-01-01\npublish_date: 2999-01-01T00:00:00Z", "scheduled"),
        ("published: 2999-01-01", "scheduled"),
        ("date: 2999-01-01\ndraft: true", "draft"),
        *(
            (f"date: 2020-01-01\n{key}: 2999-01-01", "scheduled")
            for key in (
                *("publish_on", "publishAt", "datePublished", "published_on", "scheduled", "embargo", "release_date"),
                *("go_live", "postDate"),
            )
        ),
        ("date: 2020-01-01\nparams: {embargo: 2999-01-01}", "scheduled"),
        ("date: 2020-01-01\nanother: 2999-01-01", "draft"),
        ("date: 2020-01-01\nexpiryDate: 2999-01-01", "published"),
        ("date: 2020-01-01", "published"),
    ],
)
def test_a_future_date_in_any_key_schedules_the_article(tmp_path: Path, front: str, state: str) -> None:
    """If there are several dates, one in the future is enough, with or without a time zone."""
    assert _state(_site(tmp_path, {"a.md": f"---\ntitle: A\n{front}\n---\nX\n"})) == {"a.md": state}


def test_the_name_of_a_file_or_folder_that_makes_a_draft_is_reported(tmp_path: Path) -> None:
    site = _site(tmp_path, dict.fromkeys(("site-wip/a.md", "draft-b.md"), "---\ntitle: A\ndate: 2020-01-01\n---\nX\n"))
    assert sorted(_reasons(site).values()) == [
        "imported as a draft, because of its name draft-b.md",
        "imported as a draft, because of the name of its folder site-wip/",
    ]


def test_a_future_date_in_an_unknown_key_is_reported(tmp_path: Path) -> None:
    """The meaning of such a date is unknown, so the author decides."""
    site = _site(tmp_path, {"a.md": "---\ntitle: A\ndate: 2020-01-01\nevent: 2999-01-01\n---\nX\n"})
    assert _reasons(site) == {"a.md": "event: 2999-01-01 is in the future: imported as a draft"}


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: A\nbuild: {list: never}\n---\nX\n",
        "---\ntitle: A\n_build: {render: never}\n---\nX\n",
        "---\ntitle: A\ncascade: [{draft: true}]\n---\nX\n",
        "+++\ntitle = 'A'\n[params]\ndraft = true\n+++\nX\n",
        '{"title": "A", "params": {"draft": true}}\nX\n',
    ],
)
def test_marks_in_nested_keys_count_in_a_plain_folder(tmp_path: Path, text: str) -> None:
    """In YAML, TOML and JSON, marks below ``params``, ``build`` and similar keys apply to the document."""
    assert _state(_site(tmp_path, {"a.md": text})) == {"a.md": "draft"}


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-29 11:30 p.m.", "2026-11-29T23:30:00+00:00"),
        ("2026-11-29 12:30 A.M.", "2026-11-29T00:30:00+00:00"),
        ("2026-11-29 13:00:00 America/Los_Angeles", "2026-11-29T21:00:00+00:00"),
        ("2026-11-29T13:00-08:00[America/Los_Angeles]", "2026-11-29T21:00:00+00:00"),
        ("2026-11-29 10:00:00.25 +0700 WIB", "2026-11-29T03:00:00+00:00"),
        ("2026-11-29 10:00:00 +0000 UTC", "2026-11-29T10:00:00+00:00"),
        ("2026-11-29 10:00 GMT+7", "2026-11-29T03:00:00+00:00"),
        ("2026-11-29T10:00:00Z", "2026-11-29T10:00:00+00:00"),
        ("Sun Nov 29 2026 07:00:00 GMT-0800 (Pacific Standard Time)", "2026-11-29T15:00:00+00:00"),
        ("Sun, 29 Nov 2026 07:00:00 PST", "2026-11-29T15:00:00+00:00"),
        ("May 16, 2020 at 10:15 pm", "2020-05-16T22:15:00+00:00"),
    ],
)
def test_a_time_is_read_with_am_or_pm_and_its_zone(written: str, moment: str) -> None:
    """Otherwise a text might be published hours too early."""
    assert get_datetime(written, UTC) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "tail", ["PST", "XYZ", "foo", "-0800 at noon", "America/Nowhere", "America/Argentina", "../etc/x", "+99:00", "p.x."]
)
def test_a_time_with_an_unknown_suffix_makes_a_draft(tmp_path: Path, tail: str) -> None:
    """The suffix may be a time zone."""
    written = f"2020-01-02 07:00 {tail}"
    site = _site(tmp_path, {"a.md": f"---\ntitle: A\ndate: {written}\n---\nX\n"})
    assert list(_items(site)) == [("a.md", "draft", f"the date {written!r} is invalid: imported as a draft")]


# Kinds of folders


def test_a_plain_folder_imports_only_files_with_front_matter(tmp_path: Path) -> None:
    """A title or a date in the front matter is required; templates, notes and built pages are reported and skipped."""
    files = {
        "titled.md": "---\ntitle: A\n---\nX\n",
        "dated.md": "---\npublished_at: 2020-01-01\n---\n# A\n",
        "page.html": "---\ntitle: A\n---\n<p>X</p>\n",
        "heading.md": "# A heading\n\nNotes.\n",
        "labels.md": "---\ntags: [a]\n---\n# A\n",
        "README.md": "# The project\n",
        "LICENSE.md": "Words.\n",
        "security.md": "---\ntitle: Security\n---\nAn article.\n",
        "404.html": "<h1>Not found</h1>\n",
        "google123.html": "google-site-verification: google123.html\n",
        "layouts/single.html": '{{ define "main" }}<h1>{{ .Title }}</h1>{{ end }}\n',
        "layouts/default.html": "---\nlayout: base\n---\n<p>{{ content }}</p>\n",
        "templates/new.md": "---\ntitle: '{{ title }}'\n---\n",
        "node_modules/x/a.md": "---\ntitle: Theirs\n---\nX\n",
        "_includes/a.md": "---\ntitle: Part\n---\nX\n",
        "drafts/a.md": "---\ntitle: A\n---\nX\n",
        "empty.md": "",
    }
    state = _state(_site(tmp_path, files))
    assert {name for name, found in state.items() if found == "published"} == {
        *("titled.md", "dated.md", "page.html", "security.md")
    }
    assert {name for name, found in state.items() if found == "refused"} == {"heading.md", "labels.md"}
    assert state["drafts/a.md"] == "draft"
    assert set(state) == set(files) - {"node_modules/x/a.md"}
    assert "add its title and date between two lines `---`" in _reasons(tmp_path)["heading.md"]


@pytest.mark.parametrize(
    ("text", "state", "says"),
    [
        ("Title: Secret\nDate: 2012-03-04\nStatus: draft\n\nX\n", "draft", "Status: draft"),
        ("Title: Secret\nStatus: hidden\n\nX\n", "draft", "Status: hidden"),
        ("<!--\n.. title: Secret\n.. status: private\n-->\n\nX\n", "draft", "status: private"),
        (
            "Title: First\nDate: 2012-03-04 10:20\nTags: a\n\nX\n",
            "published",
            "its metadata is not between two lines `---`",
        ),
    ],
)
@pytest.mark.parametrize("folder", ["", "content/", "_posts/2020-01-01-"])
def test_a_metadata_header_without_delimiters_is_never_article_text(
    tmp_path: Path, text: str, state: str, says: str, folder: str
) -> None:
    """Jekyll and Hugo do not read such headers, so their site does not show the file as its author intended."""
    site = _site(tmp_path, {f"{folder}secret.md": text, "themes/readme.txt": ""})
    ((name, found, reason),) = _items(site)
    is_read = not folder
    expected = state if is_read else "skipped" if state == "draft" else "refused"
    assert (name, found) == (f"{folder}secret.md", expected)
    assert says.lower() in reason.lower() or is_read


def test_jekyll_imports_dated_posts_and_published_pages_only(tmp_path: Path) -> None:
    """Jekyll publishes no post without a date in its name, no file whose name begins with _, and no collection without
    output.
    """
    files = {
        "_config.yml": "collections:\n  recipes: {output: true}\ndefaults:\n"
        "  - scope: {path: hidden}\n    values: {published: false}\n",
        "_posts/2020-01-02-a.md": "---\ntitle: A\n---\nX\n",
        "_posts/2999-01-02-later.md": "---\ntitle: A\n---\nX\n",
        "_posts/2020-13-45-never.md": "---\ntitle: A\n---\nX\n",
        "_posts/idea.md": "---\ntitle: Idea\n---\nX\n",
        "_posts/2020-01-02-bare.md": "Words.\n",
        "_drafts/b.md": "---\ntitle: B\n---\nX\n",
        "_recipes/c.md": "---\ntitle: C\n---\nX\n",
        "_recipes/_c.md": "---\ntitle: C\n---\nX\n",
        "_notes/d.md": "---\ntitle: D\n---\nX\n",
        "hidden/e.md": "---\ntitle: E\n---\nX\n",
        "_f.md": "---\ntitle: F\n---\nX\n",
        "g.md": "---\ntitle: G\n---\nX\n",
        "h.md": "Words.\n",
    }
    assert _state(_site(tmp_path, files)) == {
        "_posts/2020-01-02-a.md": "published",
        "_posts/2999-01-02-later.md": "scheduled",
        "_posts/2020-13-45-never.md": "draft",
        "_posts/idea.md": "skipped",
        "_posts/2020-01-02-bare.md": "refused",
        "_drafts/b.md": "draft",
        "_recipes/c.md": "published",
        "_recipes/_c.md": "skipped",
        "_notes/d.md": "skipped",
        "hidden/e.md": "draft",
        "_f.md": "skipped",
        "g.md": "published",
        "h.md": "skipped",
    }


def test_without_a_configuration_no_jekyll_collection_is_published(tmp_path: Path) -> None:
    """Only the configuration makes a folder with _ a published collection."""
    files = {"_posts/2020-01-02-a.md": "---\ntitle: A\n---\nX\n", "_notes/b.md": "---\ntitle: B\n---\nX\n"}
    assert _state(_site(tmp_path, files)) == {"_posts/2020-01-02-a.md": "published", "_notes/b.md": "skipped"}


@pytest.mark.parametrize("folder", ["_drafts", "drafts"])
def test_the_imported_folder_can_itself_be_a_drafts_folder(tmp_path: Path, folder: str) -> None:
    """The name of the imported folder itself counts too."""
    site = _site(tmp_path / folder, {"2020-01-01-a.md": "---\ntitle: A\ndate: 2020-01-01\n---\nX\n"})
    assert _state(site) == {"2020-01-01-a.md": "draft"}


def test_hexo_posts_need_no_date_in_their_name(tmp_path: Path) -> None:
    """Hexo reads dates from front matter only."""
    files = {
        "_config.yml": "source_dir: source\n",
        "source/_posts/a.md": "---\ntitle: A\ndate: 2020-01-01\n---\nX\n",
        "source/_drafts/b.md": "---\ntitle: B\ndate: 2020-01-01\n---\nX\n",
    }
    assert _state(_site(tmp_path, files)) == {"source/_posts/a.md": "published", "source/_drafts/b.md": "draft"}


def test_hugo_pages_hidden_by_configuration_or_sections_are_hidden(tmp_path: Path) -> None:
    """Drafts, dates, bundles, build options, cascades, ignored files and disabled languages are applied."""
    text = "---\ntitle: A\ndate: 2020-01-01\n{}---\nX\n"
    files = {
        "hugo.yaml": "ignoreFiles: ['\\.tmp\\.md$']\nlanguages:\n  en: {weight: 1}\n  id: {disabled: true}\n",
        "layouts/single.html": "{{ .Content }}",
        "content/posts/a.md": text.format(""),
        "content/posts/draft.md": text.format("draft: true\n"),
        "content/posts/later.md": text.format("publishDate: 2999-01-01\n"),
        "content/posts/expired.md": text.format("expiryDate: 2020-02-01\n"),
        "content/posts/never.md": text.format("_build: {render: never}\n"),
        "content/posts/link.md": text.format("build: {render: link}\n"),
        "content/posts/unlisted.md": text.format("build: {list: never}\n"),
        "content/posts/headless/index.md": text.format("headless: true\n"),
        "content/posts/how-to-draft-a-letter/index.md": text.format(""),
        "content/posts/letters-draft/index.md": text.format(""),
        "content/posts/a.tmp.md": text.format(""),
        "content/posts/a.id.md": text.format(""),
        "content/posts/bare.md": "# Words\n",
        "content/notes/_index.md": "---\ncascade:\n  - target: {kind: page}\n    draft: true\n---\n",
        "content/notes/n.md": text.format(""),
        "content/lists/_index.md": "---\ncascade:\n  _target: {kind: section}\n  draft: true\n---\n",
        "content/lists/l.md": text.format(""),
        "content/inner/_index.md": "---\ncascade: {build: {render: never}}\n---\n",
        "content/inner/deep/i.md": text.format(""),
    }
    state = _state(_site(tmp_path, files))
    assert {name.removeprefix("content/"): found for name, found in state.items() if "_index" not in name} == {
        "posts/a.md": "published",
        "posts/draft.md": "draft",
        "posts/later.md": "scheduled",
        "posts/expired.md": "draft",
        "posts/never.md": "skipped",
        "posts/link.md": "skipped",
        "posts/unlisted.md": "draft",
        "posts/headless/index.md": "skipped",
        "posts/how-to-draft-a-letter/index.md": "published",
        "posts/letters-draft/index.md": "draft",
        "posts/a.tmp.md": "skipped",
        "posts/a.id.md": "skipped",
        "posts/bare.md": "refused",
        "notes/n.md": "draft",
        "lists/l.md": "published",
        "inner/deep/i.md": "skipped",
    }


@pytest.mark.parametrize(
    ("config", "setting"),
    [
        ("hugo.toml", 'ignoreFiles = ["content/notes/"]'),
        ("hugo.toml", 'ignoreFiles = ["/notes/", "^notes"]'),
        ("config.toml", 'base_url = "https://a.example"\nignored_content = ["notes/*"]'),
        ("config.toml", 'base_url = "https://a.example"\nignored_content = ["{drafts,notes}/{a,b}.md"]'),
    ],
)
def test_files_ignored_by_the_configuration_are_skipped(tmp_path: Path, config: str, setting: str) -> None:
    """Hugo matches the complete path of a file; Zola's patterns support alternatives in braces."""
    text = "+++\ntitle = 'A'\ndate = 2020-01-01\n+++\nX\n"
    files = {config: setting + "\n", "content/notes/a.md": text, "content/posts/c.md": text}
    assert _state(_site(tmp_path, files)) == {"content/notes/a.md": "skipped", "content/posts/c.md": "published"}


def test_data_files_of_eleventy_folders_apply(tmp_path: Path) -> None:
    """A data file can hide all documents of its folder; a document's own value takes precedence."""
    files = {
        "notes/notes.json": json.dumps({"permalink": False}),
        "notes/a.md": "---\ntitle: A\n---\nX\n",
        "notes/b.md": "---\ntitle: B\npermalink: /b/\n---\nX\n",
        "posts/posts.11tydata.json": json.dumps({"draft": True}),
        "posts/c.md": "---\ntitle: C\n---\nX\n",
        "posts/d.md": "---\ntitle: D\ndraft: false\n---\nX\n",
    }
    assert _state(_site(tmp_path, files)) == {
        "notes/a.md": "draft",
        "notes/b.md": "published",
        "posts/c.md": "draft",
        "posts/d.md": "published",
    }


@pytest.mark.parametrize("name", ["medium", "medium/posts", "substack", "substack/posts"])
def test_an_export_of_medium_or_substack_is_rejected(name: str) -> None:
    """Its files do not say which of them are drafts."""
    with pytest.raises(SourceError, match=f"import it with `kolom import {name.split('/')[0]}`"):
        list(read_markdown(FOLDER / name, dry_run=True))


def test_an_archive_of_kolom_is_not_a_markdown_folder(tmp_path: Path) -> None:
    """Its HTML files have no front matter and may be drafts."""
    _site(tmp_path, {"archive.json": '{"format": "kolom-archive", "version": 1}', "html/1.html": "<p>Secret</p>"})
    for folder in (tmp_path, tmp_path / "html"):
        with pytest.raises(SourceError, match="kolom import archive"):
            list(read_markdown(folder, dry_run=True))


# Unsupported front matter


def test_unclosed_front_matter_is_rejected(tmp_path: Path) -> None:
    """Otherwise its draft mark would become text of the article."""
    assert _state(_site(tmp_path, {"a.md": "---\ntitle: A\ndraft: true\n\nText.\n"})) == {"a.md:1": "refused"}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "\n---\ntitle: A\ndraft: true\n---\n# A\n",
            "  ---\ndraft: true\n---\n# A\n",
            "---yaml\ndraft: true\n---\n# A\n",
        ),
        *("--- # comment\ndraft: true\n---\n# A\n", ';;;\n{"draft": true}\n;;;\n# A\n', '{"draft": true}\n# A\n'),
        *("draft: true\n\n# A\n", "Title: A\nStatus: draft\n\n# A\n", "\n+++\ndraft = true\n+++\n# A\n"),
    ],
)
def test_metadata_in_an_unsupported_format_is_detected(text: str) -> None:
    """A text without front matter must not begin with metadata."""
    assert find_unsupported_metadata(text) is not None


@pytest.mark.parametrize(
    "text", ["", "# A\n", "\n---\n\nText.\n\n---\n", "Text: and more.\n", "{% x %}\n", "--- so --\n"]
)
def test_an_ordinary_text_has_no_metadata(text: str) -> None:
    """Horizontal rules, colons and braces are common at the beginning of a text."""
    assert find_unsupported_metadata(text) is None


ARTICLE = "---\ntitle: A\ndate: 2020-01-01\n---\nX\n"


def test_files_named_in_eleventyignore_are_skipped(tmp_path: Path) -> None:
    """Its syntax is like Git's: names in any folder, paths relative to its folder, patterns."""
    ignored = ["notes/a.md", "en/notes/a.md", "plans/secret.md", "a.tmp.md", "en/b.tmp.md", "deep/x/secret/a.md"]
    shown = ["a.md", "en/plans/secret.md", "noted/a.md"]
    lines = "# left out\n\nnotes/\n./plans/secret.md\n*.tmp.md\n**/secret/**\n!a.md\n"
    site = _site(tmp_path, {".eleventyignore": lines, **dict.fromkeys([*ignored, *shown], ARTICLE)})
    assert _state(site) == {**dict.fromkeys(ignored, "skipped"), **dict.fromkeys(shown, "published")}
    assert "excluded by .eleventyignore" in _reasons(site)["notes/a.md"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((f"posts/posts.11tydata.{suffix}", "export default { draft: true };") for suffix in ("js", "cjs", "mjs")),
        *(("posts/a.11tydata.js", "module.exports = {};"), ("posts/posts.json", "{"), ("posts/a.json", "{")),
    ],
)
def test_data_files_that_are_programs_or_unreadable_make_drafts(tmp_path: Path, name: str, text: str) -> None:
    """They might exclude the documents."""
    site = _site(tmp_path, {"posts/a.md": ARTICLE, "b.md": ARTICLE, name: text})
    assert _state(site) == {"posts/a.md": "draft", "b.md": "published"}
    assert _reasons(site)["posts/a.md"].startswith(f"cannot read {Path(name).name}, which may")


def test_data_of_a_folder_are_merged_deeply(tmp_path: Path) -> None:
    """A key group in the front matter does not hide the marks in the same group of the folder's data."""
    text = "---\ntitle: A\nparams: {x: 1}\n---\nX\n"
    site = _site(tmp_path, {"posts/a.md": text, "posts/posts.json": '{"params": {"draft": true}}'})
    assert _state(site) == {"posts/a.md": "draft"}


@pytest.mark.parametrize("vault", ["", ".."])
def test_an_obsidian_vault_imports_only_notes_marked_as_published(tmp_path: Path, vault: str) -> None:
    """Notes are private; a title and a date are no evidence of publication."""
    front = "---\ntitle: A\ndate: 2020-01-01\n{}\n---\nX\n"
    files = {
        "a.md": front.format("publish: true"),
        "garden.md": front.format("dg-publish: true"),
        "both.md": front.format("publish: true\ndg-publish: false"),
        "no.md": front.format("publish: false"),
        "maybe.md": front.format("publish: soon"),
        "note.md": ARTICLE,
        "bare.md": "Words.\n",
    }
    folder = _site(tmp_path / "notes", files)
    (folder / vault / ".obsidian").mkdir()
    skipped = dict.fromkeys(("no.md", "maybe.md", "note.md", "bare.md"), "skipped")
    assert _state(folder) == {"a.md": "published", "garden.md": "published", "both.md": "draft", **skipped}
    assert _reasons(folder)["note.md"] == "a private Obsidian note: it does not have `publish: true`"


def test_comments_in_obsidian_notes_are_removed(tmp_path: Path) -> None:
    """They are for the author only; in code, the same characters are no comment."""
    (tmp_path / ".obsidian").mkdir()
    body = "Seen %%hidden%% `%%code%%`\n\n```\n%%kept%%\n```\n\n%%\nhidden `x\n%%\n\nEnd. %% hidden to the end\n"
    _site(tmp_path, {"a.md": f"---\ntitle: A\npublish: true\n---\n{body}"})
    (item,) = read_markdown(tmp_path, dry_run=True)
    assert isinstance(item, ImportedArticle)
    text = str(item.content)
    assert "hidden" not in text
    assert all(word in text for word in ("Seen", "%%code%%", "%%kept%%", "End."))
