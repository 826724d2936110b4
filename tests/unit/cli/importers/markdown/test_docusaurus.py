"""Reading of the blog of a Docusaurus site."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.unit.cli.importers.markdown.sites import articles, read_site, reasons

CONFIG = "export default {\n  url: 'https://old.example',\n  baseUrl: '/',\n};\n"
JAKARTA = ZoneInfo("Asia/Jakarta")


@pytest.mark.parametrize(
    ("name", "front", "path"),
    [
        ("2020-01-02-first.md", "title: T", "/blog/2020/01/02/first"),
        ("2020-01-02-first.mdx", "authors: jane", "/blog/2020/01/02/first"),
        ("2020-01-02-first/index.mdx", "title: T", "/blog/2020/01/02/first"),
        ("2020/01/02/first.md", "title: T", "/blog/2020/01/02/first"),
        ("2020-01-02-first.md", "slug: own", "/blog/own"),
        ("2020-01-02-first.md", "slug: /own", "/blog/own"),
        ("first.md", "title: T\ndate: 2020-01-02", "/blog/first"),
    ],
)
def test_a_post_has_the_date_and_the_address_of_its_path(tmp_path: Path, name: str, front: str, path: str) -> None:
    files = {
        "docusaurus.config.js": CONFIG,
        "blog/authors.yml": "jane: {name: Jane Doe}\n",
        f"blog/{name}": f"---\n{front}\n---\n# Heading\n\nText {{/* truncate */}}\n",
    }
    content = articles(read_site(tmp_path, files))[f"blog/{name}"]
    assert (content.path, content.published_at) == (path, datetime(2020, 1, 2, tzinfo=JAKARTA))
    assert content.title in {"T", "Heading"}
    assert content.author == ("Jane Doe" if "jane" in front else "")
    assert "truncate" not in content.body.html


def test_the_route_of_the_blog_is_read_from_the_configuration(tmp_path: Path) -> None:
    config = "module.exports = {presets: [['classic', {docs: false, blog: {\n routeBasePath: '/' }}]]}"
    files = {"docusaurus.config.js": config, "blog/2020-01-02-a.md": "---\nslug: a-post\n---\nText.\n"}
    assert articles(read_site(tmp_path, files))["blog/2020-01-02-a.md"].path == "/a-post"


def test_files_that_docusaurus_hides_are_not_published(tmp_path: Path) -> None:
    files = {
        "docusaurus.config.ts": CONFIG,
        "blog/2020-01-02-a.md": "---\ndraft: true\n---\nText.\n",
        "blog/2020-01-02-b.mdx": "---\nunlisted: true\n---\nText.\n",
        "blog/2999-01-02-c.md": "---\ntitle: C\n---\nText.\n",
        "blog/_part.mdx": "---\ntitle: P\n---\nText.\n",
        "blog/2020-01-02-bare.mdx": "Text.\n",
        "build/blog/a.html": "<p>Built</p>",
    }
    items = read_site(tmp_path, files)
    found = articles(items)
    assert {name for name, content in found.items() if content.draft} == {
        "blog/2020-01-02-a.md",
        "blog/2020-01-02-b.mdx",
    }
    assert found["blog/2999-01-02-c.md"].published_at == datetime(2999, 1, 2, tzinfo=JAKARTA)
    assert reasons(items).keys() == {"blog/_part.mdx", "blog/2020-01-02-bare.mdx"}


def test_markdown_of_docusaurus_is_mdx(tmp_path: Path) -> None:
    text = "---\ntitle: T\n---\nimport X from 'x'\n\n:::tip\n\nHelp\n\n:::\n\n<X>Kept</X>\n"
    html = articles(read_site(tmp_path, {"docusaurus.config.js": CONFIG, "blog/2020-01-02-a.md": text}))[
        "blog/2020-01-02-a.md"
    ].body.html
    assert "import" not in html
    assert ":::" not in html
    assert "<aside>" in html
    assert "Kept" in html
