"""Reading of sites of Astro."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from kolom_cli.importers.common.types import ImportedArticle
from tests.unit.cli.importers.markdown.sites import articles, read_site, reasons

POST = "---\ntitle: {}\npubDate: 2020-01-02\n{}---\nText.\n"
ROUTE = "---\nconst posts = await getCollection('blog', ({data}) => !data.draft);\n---\n<h1/>\n"


def test_posts_pages_and_other_files_are_distinguished(tmp_path: Path) -> None:
    files = {
        "astro.config.mjs": "export default defineConfig({\n  site: 'https://old.example',\n})\n",
        "src/pages/blog/[...slug].astro": ROUTE,
        "src/pages/blog/[page].astro": ROUTE,
        "src/pages/about.md": "---\nlayout: ../x.astro\ntitle: About\n---\nMe.\n",
        "src/pages/index.md": "---\ntitle: Home\n---\nHome.\n",
        "src/pages/news/one.mdx": POST.format("News", ""),
        "src/content/blog/first.md": POST.format(
            "First", "updatedDate: 2020-02-03\ndescription: In short.\ntags: [a]\n"
        ),
        "src/content/blog/sub/My Second.mdx": POST.format("Second", ""),
        "src/content/blog/third/index.md": POST.format("Third", "slug: own\n"),
        "src/content/blog/secret.md": POST.format("Secret", "draft: true\n"),
        "src/content/blog/_part.md": POST.format("Part", ""),
        "src/content/projects/a.md": "---\ntitle: A\n---\nText.\n",
        "src/content/authors/jane.md": "---\nname: Jane\n---\nJane.\n",
        "src/components/help.md": POST.format("Help", ""),
        "dist/blog/first/index.html": "<h1>Built</h1>",
        "README.md": "# Read me\n",
    }
    items = read_site(tmp_path, files)
    found = articles(items)
    assert {name: (content.kind, content.path, content.draft) for name, content in found.items()} == {
        "src/pages/about.md": ("page", None, False),
        "src/pages/news/one.mdx": ("article", "/news/one/", False),
        "src/content/blog/first.md": ("article", "/blog/first/", False),
        "src/content/blog/sub/My Second.mdx": ("article", "/blog/sub/my-second/", False),
        "src/content/blog/third/index.md": ("article", "/blog/own/", False),
        "src/content/blog/secret.md": ("article", "/blog/secret/", True),
        "src/content/projects/a.md": ("page", None, False),
    }
    first = found["src/content/blog/first.md"]
    assert (first.description, first.labels) == ("In short.", ("a",))
    assert first.updated_at == datetime(2020, 2, 3, tzinfo=ZoneInfo("Asia/Jakarta"))
    outside = "is not in a folder that Astro publishes, such as src/content and src/pages"
    assert reasons(items) == {
        "src/pages/index.md": "a page that Kolom generates itself",
        "src/content/blog/_part.md": "a part of other pages: a name in its path begins with _",
        "src/content/authors/jane.md": "its front matter has neither a title nor a date: add one to import it",
        "src/components/help.md": outside,
        "README.md": outside,
    }


@pytest.mark.parametrize(
    ("routes", "path"),
    [
        ({}, None),
        ({"src/pages/[slug].astro": ROUTE}, "/first/"),
        ({"src/pages/posts/[...id]/index.astro": ROUTE.replace("'blog'", '"blog"')}, "/posts/first/"),
        ({"src/pages/a/[slug].astro": ROUTE, "src/pages/b/[slug].astro": ROUTE}, None),
        ({"src/pages/tags/[tag].astro": ROUTE, "src/pages/[lang]/[slug].astro": ROUTE}, None),
    ],
)
def test_an_address_needs_exactly_one_route(tmp_path: Path, routes: dict[str, str], path: str | None) -> None:
    files = {**routes, "src/content/blog/first.md": POST.format("First", "")}
    expected = None if path == "/first/" else path  # the default path in Kolom
    assert articles(read_site(tmp_path, files))["src/content/blog/first.md"].path == expected


def test_a_collection_of_another_folder_is_read(tmp_path: Path) -> None:
    files = {
        "src/content.config.ts": 'const blog = defineCollection({ loader: glob({ base: "./src/data/blog" }) });',
        "src/pages/posts/[...slug]/index.astro": ROUTE,
        "src/content/x.md": POST.format("X", ""),
        "src/data/blog/one.md": "---\ntitle: One\npubDatetime: 2020-01-02T03:04Z\nogImage: '@/assets/p.png'\n---\nT.\n",
        "src/assets/p.png": "\x89PNG",
    }
    content = articles(read_site(tmp_path, files))["src/data/blog/one.md"]
    assert (content.path, content.published_at is not None) == ("/posts/one/", True)
    assert (content.image or "").startswith("/media/")


@pytest.mark.parametrize(
    "image", ["./b.png", "{src: ./b.png, alt: x}", "../../assets/b.png", "/b.png", "~/assets/b.png"]
)
def test_the_hero_image_is_uploaded(tmp_path: Path, image: str) -> None:
    files = {
        "src/content/blog/b.md": POST.format("B", f"heroImage: {image}\n"),
        "src/content/blog/b.png": "\x89PNG",
        "src/assets/b.png": "\x89PNG",
        "public/b.png": "\x89PNG",
    }
    content = articles(read_site(tmp_path, files))["src/content/blog/b.md"]
    assert (content.image or "").startswith("/media/")


def test_components_of_mdx_are_reported(tmp_path: Path) -> None:
    text = POST.format("A", "") + "\nimport X from './x.astro'\n\nMore <X/> text <X b={1}>kept</X>\n"
    item = read_site(tmp_path, {"src/content/blog/a.mdx": text})["src/content/blog/a.mdx"]
    assert isinstance(item, ImportedArticle)
    assert "import" not in item.content.body.html
    assert "More  text kept" in item.content.body.html
    assert item.notes == ("<X> is removed, and the text in it kept (2): <X/>",)


def test_mdx_of_hugo_is_refused(tmp_path: Path) -> None:
    """Hugo does not publish such files."""
    items = read_site(tmp_path, {"hugo.toml": "", "content/posts/a.mdx": POST.format("A", "")})
    assert "is Markdown with JSX" in reasons(items)["content/posts/a.mdx"]
