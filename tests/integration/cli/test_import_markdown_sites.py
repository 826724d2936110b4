"""`kolom import markdown` with sites of Pelican, Astro, Docusaurus and Hugo, and a second run."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kolom.articles import public, publishing
from tests.integration.cli.conftest import Kolom

FILES = {
    "pelicanconf.py": "AUTHOR = 'Sari'\nTIMEZONE = 'UTC'\nPATH = 'content'\nARTICLE_URL = '{date:%Y}/{slug}.html'\n",
    "publishconf.py": "from pelicanconf import *\nSITEURL = 'https://old.example/blog'\n",
    "content/first.md": (
        "Title: My first post\nDate: 2012-03-04 10:20\nTags: a, b\nCategory: code\nCover: {static}/images/p.png\n\n"
        "See [the second]({filename}second.md).\n\n    :::python\n    x < 1\n"
    ),
    "content/second.md": "Title: Second\nDate: 2012-03-05\n\nText.\n",
    "content/secret.md": "Title: Secret\nDate: 2012-03-04\nStatus: draft\n\nText.\n",
    "content/pages/about.md": "Title: About\n\nMe.\n",
    "content/images/p.png": "\x89PNG",
}


def test_a_pelican_site_is_imported_once(kolom: Kolom, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    report = kolom("import", "markdown", tmp_path, "--json").json
    assert (report["created"], report["skipped"]) == (4, 0)
    read = public.get_article("my-first-post")
    article = read.article
    assert (article.title, article.author, article.labels) == ("My first post", "Sari", ("code", "a", "b"))
    assert article.published_at == datetime(2012, 3, 4, 10, 20, tzinfo=UTC)
    assert article.path == "/2012/my-first-post.html"
    assert (article.image or "").startswith("/media/")
    assert 'href="/2012/second.html"' in read.body.html
    assert '<code class="language-python">x &lt; 1' in read.body.html
    assert public.resolve_path("/blog/2012/second.html") == "second"
    assert publishing.get_by_slug("secret").status == "draft"
    assert publishing.get_by_slug("about").kind == "page"
    again = kolom("import", "markdown", tmp_path, "--json").json
    assert (again["unchanged"], again["created"], again["updated"]) == (4, 0, 0)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("pelicanconf.py", "a Pelican site"),
        ("_config.yml", "a Jekyll site"),
        ("posts/_index.md", "a Hugo site"),
        ("astro.config.mjs", "an Astro site"),
        ("docusaurus.config.js", "a Docusaurus site"),
        (".obsidian/app.json", "an Obsidian vault"),
        ("other.txt", "a folder of Markdown files"),
    ],
)
def test_the_report_says_which_system_was_recognized(kolom: Kolom, tmp_path: Path, file: str, source: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    for name in (file, "a.md"):
        (tmp_path / name).write_text("")
    assert kolom("import", "markdown", tmp_path, "--dry-run", "--json").json["source"] == source


ASTRO = {
    "src/pages/blog/[...slug].astro": "---\nawait getCollection('blog')\n---\n",
    "src/content/blog/a.mdx": (
        "---\ntitle: A\npubDate: 2020-01-02\nheroImage: ./p.png\n---\nimport X from 'x'\n\nText <X/>\n\n![p](./p.png)\n"
    ),
    "src/content/blog/p.png": "\x89PNG",
}
DOCUSAURUS = {"docusaurus.config.js": "", "blog/2020-01-02-b.mdx": "---\ntitle: B\n---\n:::tip\n\nText\n\n:::\n"}
HUGO = {
    "hugo.toml": "",
    "layouts/shortcodes/x.html": "<p>{{ .Inner | markdownify }}</p>",
    "content/posts/c.md": "---\ntitle: C\ndate: 2020-01-02\n---\n{{< x >}}one **two**{{< /x >}} {{< y >}}\n",
}


@pytest.mark.parametrize(
    ("files", "path"),
    [(ASTRO, "/blog/a/"), (DOCUSAURUS, "/blog/2020/01/02/b"), (HUGO, "/posts/c/")],
    ids=["astro", "docusaurus", "hugo"],
)
def test_a_rerun_of_a_site_with_components_changes_nothing(
    kolom: Kolom, tmp_path: Path, files: dict[str, str], path: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    first = kolom("import", "markdown", tmp_path, "--json").json
    assert (first["created"], first["skipped"]) == (1, 0)
    slug = public.resolve_path(path)
    assert slug is not None
    assert "{{" not in public.get_article(slug).body.html
    again = kolom("import", "markdown", tmp_path, "--json").json
    assert (again["unchanged"], again["created"], again["updated"]) == (1, 0, 0)
