"""Reading of a Pelican site."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kolom_cli.importers.common.types import ImportedArticle, Skipped
from kolom_cli.importers.markdown.reader import read_markdown

JAKARTA = ZoneInfo("Asia/Jakarta")
"""The time zone of the site in tests, for dates without one."""

POST = "Title: My post\nDate: 2012-03-04 10:20\nModified: 2012-03-05\nTags: a, b\nCategory: Code\n\nHello.\n"


def _site(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def _items(folder: Path, files: Mapping[str, str]) -> dict[str, ImportedArticle | Skipped]:
    found = read_markdown(_site(folder, files), dry_run=True)
    items = [item for item in found if isinstance(item, (ImportedArticle, Skipped))]
    return {Path(item.name).relative_to(folder).as_posix(): item for item in items}


def _article(folder: Path, files: Mapping[str, str], name: str = "content/a.md") -> ImportedArticle:
    item = _items(folder, files)[name]
    assert isinstance(item, ImportedArticle), item
    return item


def test_an_article_has_all_its_metadata(tmp_path: Path) -> None:
    conf = "AUTHOR = 'Sari'\nTIMEZONE = 'Asia/Jakarta'\nSITEURL = 'https://old.example'\nDEFAULT_LANG = 'id'\n"
    text = POST.replace("Tags", "Slug: my-first\nSummary: In\n    short.\nTags")
    content = _article(tmp_path, {"pelicanconf.py": conf, "content/a.md": text}).content
    assert (content.title, content.slug, content.path) == ("My post", "my-first", "/my-first.html")
    assert (content.author, content.language, content.excerpt) == ("Sari", "id", "In short.")
    assert content.labels == ("Code", "a", "b")
    assert content.published_at == datetime(2012, 3, 4, 3, 20, tzinfo=UTC)
    assert content.updated_at == datetime(2012, 3, 4, 17, tzinfo=UTC)
    assert (content.draft, content.kind, content.body.html.strip()) == (False, "article", "<p>Hello.</p>")


def test_without_settings_the_header_is_read_too(tmp_path: Path) -> None:
    content = _article(tmp_path, {"content/a.md": POST.replace("Tags", "URL: x/y.html\nAuthors: A; B\nTags")}).content
    assert (content.title, content.path, content.author) == ("My post", "/x/y.html", "A, B")
    assert content.published_at == datetime(2012, 3, 4, 10, 20, tzinfo=JAKARTA)


@pytest.mark.parametrize(
    ("settings", "header", "path"),
    [
        ("", "", "/my-post.html"),
        ("ARTICLE_URL = '{date:%Y}/{date:%m}/{date:%-d}/{slug}/'", "", "/2012/03/4/my-post/"),
        ("ARTICLE_URL = 'posts/{category}/{slug}/index.html'", "", "/posts/code/my-post/"),
        ("SLUGIFY_SOURCE = 'basename'", "", "/a.html"),
        ("", "Lang: fr\n", "/my-post-fr.html"),
        ("ARTICLE_LANG_URL = '{lang}/{slug}'", "Lang: fr\n", "/fr/my-post"),
        ("ARTICLE_URL = '{slug}/'", "Save_as: own/place.html\n", "/own/place.html"),
        ("ARTICLE_URL = '{slug}/'", "URL: own/place/\nSave_as: own/place/index.html\n", "/own/place/"),
    ],
)
def test_the_settings_and_the_header_determine_the_address(
    tmp_path: Path, settings: str, header: str, path: str
) -> None:
    assert _article(tmp_path, {"pelicanconf.py": settings, "content/a.md": header + POST}).content.path == path


def test_an_unknown_address_is_reported(tmp_path: Path) -> None:
    article = _article(tmp_path, {"pelicanconf.py": "ARTICLE_URL = PREFIX + '{slug}'", "content/a.md": POST})
    assert (article.content.path, article.content.draft) == (None, False)
    assert "its old URL is unknown: ARTICLE_URL or its slug cannot be computed" in article.notes


@pytest.mark.parametrize(
    ("settings", "header", "says"),
    [
        ("", "Status: draft\n", ""),
        ("", "Status: hidden\n", "status: hidden"),
        ("", "Status: skip\n", "status: skip"),
        ("DEFAULT_METADATA = {'status': 'draft'}", "", "status: draft in the settings of Pelican"),
        ("DEFAULT_METADATA = (('status', 'draft'),)", "", "status: draft in the settings of Pelican"),
        ("EXTRA_PATH_METADATA = {'a.md': {'status': 'hidden'}}", "", "status: hidden in the settings of Pelican"),
        ("DEFAULT_METADATA = f()", "", "may mark it as unpublished (DEFAULT_METADATA)"),
        ("ARTICLE_EXCLUDES = []\nARTICLE_EXCLUDES.append('x')", "", "may mark it as unpublished (ARTICLE_EXCLUDES)"),
        ("from elsewhere import *", "", "may mark it as unpublished (the import of elsewhere)"),
        ("PATH_METADATA = '(?P<status>.*?)/.*'", "", "may mark it as unpublished (PATH_METADATA)"),
        ("", "Status: published\nTags: draft\n", "tags_: draft"),
        ("", "Date: some day\n", "the date 'some day' is invalid"),
    ],
)
def test_without_evidence_of_publication_an_article_stays_private(
    tmp_path: Path, settings: str, header: str, says: str
) -> None:
    article = _article(tmp_path, {"pelicanconf.py": settings, "content/a.md": header + POST})
    assert article.content.draft
    assert says in "; ".join(article.notes)


def test_a_status_in_the_file_precedes_that_of_the_settings(tmp_path: Path) -> None:
    conf = "DEFAULT_METADATA = {'status': 'draft'}"
    files = {"pelicanconf.py": conf, "content/a.md": "Status: published\n" + POST}
    assert not _article(tmp_path, files).content.draft


def test_pages_and_excluded_files_are_distinguished(tmp_path: Path) -> None:
    page = "Title: {}\n\nText.\n"
    files = {
        "pelicanconf.py": "ARTICLE_PATHS = ['blog']\nPAGE_PATHS = ['pages']\nARTICLE_EXCLUDES = ['blog/x']\n"
        "PATH = 'content'\nIGNORE_FILES = ['*.tmp.md']\nPAGE_URL = '{slug}.html'\n",
        "content/pages/about.md": page.format("About"),
        "content/pages/index.md": "save_as: index.html\n" + page.format("Home"),
        "content/blog/a.md": POST,
        "content/blog/undated.md": page.format("Undated"),
        "content/blog/untitled.md": "Date: 2012-01-01\nTags: x\n\nText.\n",
        "content/blog/bare.md": "Text.\n",
        "content/blog/b.tmp.md": POST,
        "content/blog/x/c.md": POST,
        "content/other/d.md": POST,
        "README.md": "Words.\n",
        "output/a.html": "<p>Built</p>",
    }
    items = _items(tmp_path, files)
    articles = {name: item.content for name, item in items.items() if isinstance(item, ImportedArticle)}
    assert {name: (item.kind, item.path) for name, item in articles.items()} == {
        "content/pages/about.md": ("page", "/about.html"),
        "content/blog/a.md": ("article", "/my-post.html"),
    }
    reasons = {name: item.reason for name, item in items.items() if isinstance(item, Skipped)}
    excluded = "excluded by the settings of Pelican"
    assert reasons == {
        "content/pages/index.md": "a page that Kolom generates itself",
        "content/blog/undated.md": "has no date, so Pelican does not publish it",
        "content/blog/untitled.md": "has no title, so Pelican does not publish it",
        "content/blog/bare.md": "has no front matter: add its title and date between two lines `---` at its beginning "
        "to import it",
        "content/blog/b.tmp.md": excluded,
        "content/blog/x/c.md": excluded,
        "content/other/d.md": excluded,
    }


@pytest.mark.parametrize(
    "text",
    [
        "---\nTitle: A: b\nDate: 2012-03-04\n---\nHello.\n",
        "---\ntitle: 'A: b'\ndate: 2012-03-04\n---\nHello.\n",
        "<html><head><title>A: b</title><meta name='date' content='2012-03-04'></head><body>Hello.</body></html>",
    ],
)
def test_metadata_of_each_form_is_read(tmp_path: Path, text: str) -> None:
    name = "content/a.html" if text.startswith("<") else "content/a.md"
    content = _article(tmp_path, {"pelicanconf.py": "", name: text}, name).content
    assert (content.title, content.published_at) == ("A: b", datetime(2012, 3, 4, tzinfo=JAKARTA))
    assert "Hello." in content.body.html
    assert "Title" not in content.body.html


def test_a_default_date_is_used_unless_it_is_the_date_of_the_file(tmp_path: Path) -> None:
    text = "Title: A\n\nHello.\n"
    files = {"pelicanconf.py": "DEFAULT_DATE = (2012, 3, 4, 5, 6, 7)\n", "content/a.md": text}
    assert _article(tmp_path / "1", files).content.published_at == datetime(2012, 3, 4, 5, 6, 7, tzinfo=JAKARTA)
    article = _article(tmp_path / "2", {"pelicanconf.py": "DEFAULT_DATE = 'fs'\n", "content/a.md": text})
    assert article.notes == ("no date in the source: the date of the import is used",)


@pytest.mark.parametrize("conf", [{"pelicanconf.py": "PATH = 'content'\n"}, {}], ids=["site", "folder"])
def test_links_within_the_site_lead_to_articles_and_files(tmp_path: Path, conf: dict[str, str]) -> None:
    links = (
        "[a]({filename}/b.md#x) [b]({filename}b.md) [c](|filename|b.md) [d]({tag}Big%20Tag) [e]({index}) "
        '![f]({static}/images/p.png) ![g]({attach}images/p.png) <img src="{static}images/p.png"> [h]({author}sari)\n'
    )
    files = {
        **conf,
        "content/a.md": POST + links,
        "content/b.md": "Title: Other\nSlug: b\nDate: 2012-01-01\n\nText.\n",
        "content/images/p.png": "\x89PNG",
    }
    article = _article(tmp_path, files)
    html = article.content.body.html
    path = "/b.html" if conf else "/b/"
    assert html.count(f'href="{path}') == 3
    assert f'href="{path}#section-x"' in html
    assert html.count('src="/media/') == 3
    assert 'href="/label/big%20tag/"' in html
    assert 'href="/"' in html
    assert any("{author}" in note or "%7Bauthor%7D" in note for note in article.notes)


def test_the_content_folder_may_be_a_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the site is given by a relative path."""
    _site(tmp_path / "site", {"pelicanconf.py": f"PATH = '{tmp_path}/site/texts'\n", "texts/a.md": POST})
    monkeypatch.chdir(tmp_path)
    (item,) = read_markdown(Path("site"), dry_run=True)
    assert isinstance(item, ImportedArticle)
    assert item.name == "site/texts/a.md"


def test_the_content_folder_alone_is_refused(tmp_path: Path) -> None:
    """The settings say what is public."""
    _site(tmp_path, {"pelicanconf.py": "", "content/a.md": POST})
    with pytest.raises(Exception, match="is part of the site in"):
        list(read_markdown(tmp_path / "content", dry_run=True))
