"""`kolom import markdown`: Jekyll and Hugo sites with their addresses, pictures and links."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from kolom.articles import aliases, public, publishing, repository
from kolom.errors import Conflict, InvalidInput
from kolom.pages.router import dispatch
from kolom_cli.importers.markdown.site import derive_id_suffix
from tests.integration.cli.conftest import Kolom
from tests.paths import FIXTURES

PNG = b"\x89PNG\r\n\x1a\nnot really"

JEKYLL: dict[str, str | bytes] = {
    "_config.yml": (
        "title: Old\nurl: https://old.example\nbaseurl: /blog\ntimezone: Asia/Jakarta\n"
        "permalink: /:categories/:year/:month/:day/:title.html\nauthor: Sari\n"
        "collections:\n  recipes: {output: true}\n  notes: {}\n"
        "defaults:\n  - scope: {path: '', type: posts}\n    values: {comments: false}\nexclude: [drafts.md]\n"
    ),
    "_data/authors.yml": "jane: {name: Jane Doe}\n",
    "_layouts/post.html": "{{ content }}",
    "_includes/a.md": "included",
    "README.md": "# Read me\n",
    "drafts.md": "---\ntitle: Excluded\n---\nX\n",
    "plain.md": "Without front matter.\n",
    "index.html": "---\nlayout: home\n---\n{% for post in site.posts %}{{ post.title }}{% endfor %}\n",
    "404.md": "---\ntitle: Gone\npermalink: /404.html\n---\nGone.\n",
    "about.md": "---\ntitle: About\npermalink: /about/\n---\nAbout me.\n",
    "assets/a b.png": PNG,
    "_posts/2020-01-02-first-post.md": (
        "---\ntitle: First &amp; best\ndate: 2020-01-02 23:30:00 +0700\ncategories: travel food\ntags: [1.10, Pasar]\n"
        "author: jane\nimage: {path: /assets/a b.png}\nredirect_from:\n  - /old/first\n  - /first.html\n"
        "excerpt: In short.\nlayout: post\nunknown: x\n---\n"
        "![a]({{ site.baseurl }}/assets/a%20b.png){: .wide}\n\n[second]({% post_url 2020-02-03-second %}#x), "
        "[about](/blog/about/), [missing](/assets/missing.png), ![far](https://far.example/x.png)\n\n"
        "{% highlight ruby %}\nputs 1\n{% endhighlight %}\n\n{% include ads.html %}\n"
    ),
    "_posts/2020-02-03-second.md": "---\ntitle: Second\n---\nText.\n",
    "_posts/2020-02-04-hidden.md": "---\ntitle: Hidden\npublished: false\n---\nText.\n",
    "_posts/2020-02-05-old.textile": "---\ntitle: Old\n---\nh1. Old\n",
    "_drafts/someday.md": "---\ntitle: Someday\n---\nText.\n",
    "_recipes/tempe.md": "---\ntitle: Tempe\n---\nFry.\n",
    "_notes/a.md": "---\ntitle: Note\n---\nText.\n",
}

HUGO: dict[str, str | bytes] = {
    "hugo.toml": (
        "baseURL = 'https://old.example/'\ndefaultContentLanguage = 'en'\n"
        "[permalinks]\nposts = '/:year/:month/:slug/'\n"
        "[languages.en]\nweight = 1\n[languages.id]\nweight = 2\n[params]\nauthor = 'Sari'\n"
    ),
    "archetypes/default.md": "---\ntitle: '{{ .Name }}'\n---\n",
    "layouts/index.html": "{{ .Title }}",
    "static/img/s.png": PNG,
    "content/_index.md": "---\ntitle: Home\n---\n",
    "content/about.md": '{"title": "About", "date": "2019-01-01", "aliases": ["/me"]}\nAbout.\n',
    "content/posts/_index.md": "---\ntitle: Posts\n---\n",
    "content/posts/one/index.md": (
        "+++\ntitle = 'One'\ndate = 2024-05-16T09:30:00+07:00\nlastmod = 2024-05-17T00:00:00Z\ntags = ['A', 'B']\n"
        "categories = ['C']\naliases = ['/old/one/', 'uno']\n[cover]\nimage = 'c.png'\n+++\n"
        "![c](c.png) ![s](/img/s.png)\n\n{{< figure src=\"c.png\" caption=\"A *c*\" >}}\n\n"
        "[two]({{< relref \"two.md\" >}}) [next](../two.md)\n\n{{< youtube abc >}}\n\n{{< notice >}}n{{< /notice >}}\n"
        "\n{{</* shown */>}}\n"
    ),
    "content/posts/one/c.png": PNG + b"c",
    "content/posts/one/extra.md": "---\ntitle: Extra\n---\nPart.\n",
    "content/posts/one/index.id.md": "---\ntitle: Satu\ndate: 2024-05-16\n---\nTeks.\n",
    "content/posts/two.md": "---\ntitle: Two\ndate: 2024-06-01\nslug: deux\ndraft: true\n---\nText.\n",
    "content/posts/three.md": "---\ntitle: Three\nexpiryDate: 2024-07-01\nurl: /x/three.html\n---\nText.\n",
    "content/posts/later.md": "---\ntitle: Later\ndate: 2020-01-01\npublishDate: 2999-01-01\n---\nText.\n",
    "content/posts/none.md": "---\ntitle: None\nbuild: {render: never}\n---\nText.\n",
    "content/posts/old.org": "#+title: Old\n",
}  # fmt: skip


def _site(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def _has_consistent_counts(report: dict[str, Any]) -> bool:
    return all(
        counts["read"] == counts["created"] + counts["updated"] + counts["unchanged"] + counts["skipped"]
        for counts in (report, *report["kinds"].values())
    ) and report["read"] == sum(counts["read"] for counts in report["kinds"].values())


def _import(kolom: Kolom, folder: Path, *options: str, exit_code: int = 0) -> dict[str, Any]:
    ran = kolom("import", "markdown", folder, "--json", *options)
    assert ran.exit_code == exit_code, ran.stdout + ran.stderr
    report: dict[str, Any] = ran.json
    assert _has_consistent_counts(report)
    return report


def _notes(report: dict[str, Any]) -> str:
    return "\n".join(note["note"] for note in report["notes"])


def _reasons(report: dict[str, Any], folder: Path) -> dict[str, str]:
    return {Path(item["name"]).relative_to(folder).as_posix(): item["reason"] for item in report["skipped_items"]}


def _location(path: str) -> tuple[int, str | None]:
    page = dispatch(path, {})
    return page.status, page.headers.get("Location")


# Jekyll


def test_a_jekyll_site_is_imported(kolom: Kolom, tmp_path: Path) -> None:
    report = _import(kolom, _site(tmp_path, JEKYLL), exit_code=1)
    assert report["kinds"]["article"] == {"read": 5, "created": 4, "updated": 0, "unchanged": 0, "skipped": 1}
    assert report["remote_images"] == 1
    read = public.get_article("first-post")
    article = read.article
    assert (article.title, article.author, article.excerpt) == ("First & best", "Jane Doe", "In short.")
    assert article.labels == ("travel", "food", "1.10", "Pasar")
    assert article.published_at == datetime(2020, 1, 2, 16, 30, tzinfo=UTC)
    assert article.path == "/travel/food/2020/01/02/first-post.html"
    assert article.image is not None
    assert article.image.startswith("/media/")
    assert article.image in read.body.html
    assert article.comments_open is False
    assert 'href="/2020/02/03/second.html#section-x"' in read.body.html
    assert 'href="/about/"' in read.body.html
    assert '<code class="language-ruby">puts 1' in read.body.html
    assert "https://far.example/x.png" in read.body.html
    assert "{:" not in read.body.html
    notes = _notes(report)
    assert "{% include ads.html %} is removed, and the text in it kept (1): {% include ads.html %}" in notes
    assert "the file /assets/missing.png does not exist" in notes
    assert {publishing.get_by_slug(slug).status for slug in ("hidden", "someday")} == {"draft"}
    assert (publishing.get_by_slug("about").kind, publishing.get_by_slug("tempe").path) == ("page", "/recipes/tempe")
    assert public.resolve_path("/recipes/tempe.html") == "tempe"


def test_skipped_jekyll_files_have_a_reason(kolom: Kolom, tmp_path: Path) -> None:
    reasons = _reasons(_import(kolom, _site(tmp_path, JEKYLL), exit_code=1), tmp_path)
    assert reasons == {
        "404.md": "a page that Kolom generates itself",
        "_notes/a.md": "the collection 'notes' has no pages in Jekyll",
        "_posts/2020-02-05-old.textile": "is Textile, which is not supported: convert it to Markdown or HTML",
        "index.html": "has Liquid code that generates content, such as a loop or an include",
        "plain.md": "has no front matter, so it is not a page of the site",
        "README.md": "is about the project, not an article",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/travel/food/2020/01/02/first-post.html",
        "/blog/travel/food/2020/01/02/first-post.html",
        "/old/first",
        "/first.html",
    ],
)
def test_every_old_address_of_a_post_works(kolom: Kolom, tmp_path: Path, path: str) -> None:
    _import(kolom, _site(tmp_path, JEKYLL), exit_code=1)
    assert public.resolve_path(path) == "first-post"
    own = "/travel/food/2020/01/02/first-post.html"
    assert _location(path) == ((200, None) if path == own else (301, own))


@pytest.mark.parametrize(
    ("style", "path"),
    [
        ("date", "/2020/02/03/second.html"),
        ("pretty", "/2020/02/03/second/"),
        ("ordinal", "/2020/034/second.html"),
        ("none", "/second.html"),
        ("/:title/", "/second/"),
        ("/blog/:year-:month/:title", "/blog/2020-02/second"),
    ],
)
def test_configured_permalinks_are_used(kolom: Kolom, tmp_path: Path, style: str, path: str) -> None:
    files: dict[str, str | bytes] = {
        "_config.yml": f"permalink: {style}\n",
        "_posts/2020-02-03-second.md": "---\ntitle: S\n---\nText.\n",
    }
    _import(kolom, _site(tmp_path, files))
    assert publishing.get_by_slug("second").path == path


@pytest.mark.parametrize(
    ("style", "html_aliases"),
    [("/y/:title", ["path:/y/second.html"]), ("/y/:title/", []), ("/y/:title.htm", []), ("pretty", [])],
)
def test_only_a_permalink_without_slash_and_extension_has_an_html_alias(
    kolom: Kolom, tmp_path: Path, style: str, html_aliases: list[str]
) -> None:
    """Jekyll writes such a post to a file that ends with `.html`, so that both URLs can be linked."""
    files: dict[str, str | bytes] = {
        "_config.yml": f"permalink: {style}\n",
        "_posts/2020-02-03-second.md": "---\ntitle: S\n---\nText.\n",
    }
    _import(kolom, _site(tmp_path, files))
    names = repository.pointers_by_id()[publishing.get_by_slug("second").id]
    assert [name for name in names if name.endswith(".html")] == html_aliases


def test_an_address_with_spaces_redirects_to_the_article(kolom: Kolom, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "_config.yml": "",
        "_posts/2020-02-03-x.md": "---\ncategories: [Web Design]\ntitle: X\n---\nText.\n",
    }
    _import(kolom, _site(tmp_path, files))
    assert _location("/web%20design/2020/02/03/x.html") == (301, "/x/")


@pytest.mark.parametrize(
    ("pattern", "imported"),
    [
        ("[_pages]", True),
        ("_pages", True),
        ("['_pages/*']", True),
        ("[/_pages/]", True),
        ("[_pa*]", True),
        ("['_pages/about.md']", True),
        ("[about.md]", True),
        ("[]", False),
        ("[_other]", False),
        ("[pages]", False),
    ],
)
def test_include_makes_a_page_of_a_special_folder_public(
    kolom: Kolom, tmp_path: Path, pattern: str, imported: bool
) -> None:
    """Jekyll ignores folders and files whose name begins with an underscore, unless `include` names them."""
    files: dict[str, str | bytes] = {
        "_config.yml": f"include: {pattern}\n",
        "_posts/2024-01-01-one.md": _PAGE,
        "_pages/about.md": "---\ntitle: About\npermalink: /about-me/\n---\nAbout.\n",
    }
    report = _import(kolom, _site(tmp_path, files))
    assert report["created"] == 1 + imported
    if imported:
        about = publishing.get_by_slug("about-me")
        assert (about.kind, about.status) == ("page", "published")
    else:
        assert _reasons(report, tmp_path) == {"_pages/about.md": "_pages is not a collection of the site"}
    assert _import(kolom, tmp_path)["unchanged"] == 1 + imported


def test_include_overrides_exclude_but_not_collections_or_the_built_site(kolom: Kolom, tmp_path: Path) -> None:
    """As in Jekyll: a name in both settings is included; the built site is never a source."""
    files: dict[str, str | bytes] = {
        "_config.yml": (
            "include: [_kept, _recipes, _hidden, _site, _one.md]\nexclude: [_kept, other]\n"
            "collections:\n  recipes: {output: true}\n  hidden: {}\n"
        ),
        "_kept/a.md": "---\ntitle: A\n---\nText.\n",
        "_recipes/tempe.md": "---\ntitle: Tempe\n---\nText.\n",
        "_hidden/b.md": "---\ntitle: B\n---\nText.\n",
        "_site/c.md": "---\ntitle: C\n---\nText.\n",
        "_one.md": "---\ntitle: One\n---\nText.\n",
        "other/d.md": "---\ntitle: D\n---\nText.\n",
    }
    report = _import(kolom, _site(tmp_path, files))
    assert report["created"] == 3
    assert publishing.get_by_slug("tempe").path == "/recipes/tempe.html"
    assert _reasons(report, tmp_path) == {"_hidden/b.md": "the collection 'hidden' has no pages in Jekyll"}


def test_liquid_is_text_if_the_page_disables_it(kolom: Kolom, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "_config.yml": "",
        "_posts/2020-02-03-x.md": "---\ntitle: X\nrender_with_liquid: false\n---\nWrite {{ x }}.\n",
    }
    _import(kolom, _site(tmp_path, files))
    assert "Write {{ x }}." in public.get_article("x").body.html


# Hugo


def test_a_hugo_site_is_imported(kolom: Kolom, tmp_path: Path) -> None:
    report = _import(kolom, _site(tmp_path, HUGO), exit_code=1)
    assert (report["kinds"]["article"]["created"], report["kinds"]["page"]["created"]) == (5, 1)
    read = public.get_article("one")
    article = read.article
    assert (article.title, article.author, article.language) == ("One", "Sari", "en")
    assert (article.path, article.labels) == ("/2024/05/one/", ("C", "A", "B"))
    assert article.published_at == datetime(2024, 5, 16, 2, 30, tzinfo=UTC)
    assert article.updated_at == datetime(2024, 5, 17, tzinfo=UTC)
    assert article.image is not None
    assert article.image.endswith("/c.png")
    html = read.body.html
    assert html.count('src="/media/') == 3
    assert "<figcaption>A <em>c</em></figcaption>" in html
    assert html.count('href="/2024/06/deux/"') == 2
    assert "youtube-nocookie.com/embed/abc" in html
    assert "{{&lt; shown &gt;}}" in html
    assert "{{< notice >}} is removed, and the text in it kept (1): {{< notice >}}" in _notes(report)
    three = publishing.get_by_slug("three")
    assert (three.path, three.status) == ("/x/three.html", "draft")
    assert (publishing.get_by_slug("deux").status, publishing.get_by_slug("later").status) == ("draft", "scheduled")
    assert publishing.get_by_slug("about").kind == "page"


def test_a_translation_of_a_page_is_a_separate_article(kolom: Kolom, tmp_path: Path) -> None:
    _import(kolom, _site(tmp_path, HUGO), exit_code=1)
    other = publishing.get_by_slug("one-id")
    assert (other.title, other.language, other.path) == ("Satu", "id", "/id/2024/05/satu/")


def test_skipped_hugo_files_have_a_reason(kolom: Kolom, tmp_path: Path) -> None:
    reasons = _reasons(_import(kolom, _site(tmp_path, HUGO), exit_code=1), tmp_path)
    assert reasons == {
        "content/_index.md": "a list page: Kolom generates its own",
        "content/posts/_index.md": "a list page: Kolom generates its own",
        "content/posts/none.md": "not rendered as a page by its site",
        "content/posts/old.org": "is Org, which is not supported: convert it to Markdown or HTML",
        "content/posts/one/extra.md": "part of the bundle content/posts/one, not a page",
    }


@pytest.mark.parametrize("path", ["/old/one/", "/2024/05/uno", "/2024/05/uno/"])
def test_hugo_aliases_redirect_to_the_article(kolom: Kolom, tmp_path: Path, path: str) -> None:
    _import(kolom, _site(tmp_path, HUGO), exit_code=1)
    assert _location(path) == (301, "/2024/05/one/")
    assert public.resolve_path("/me") == public.resolve_path("/me/") == "about"


# Any site


@pytest.mark.parametrize("files", [JEKYLL, HUGO], ids=["jekyll", "hugo"])
def test_a_rerun_changes_nothing(
    kolom: Kolom, tmp_path: Path, calls: list[str], files: Mapping[str, str | bytes]
) -> None:
    first = _import(kolom, _site(tmp_path, files), exit_code=1)
    calls.clear()
    second = _import(kolom, tmp_path, exit_code=1)
    assert (second["unchanged"], second["created"], second["updated"]) == (first["created"], 0, 0)
    assert set(calls) <= {"BatchGetItem", "GetItem", "Query", "HeadObject", "ListObjectsV2", "DescribeStacks"}
    assert second["skipped_items"] == first["skipped_items"]
    assert second["remote_images"] == first["remote_images"]


@pytest.mark.parametrize("files", [JEKYLL, HUGO], ids=["jekyll", "hugo"])
def test_a_dry_run_reports_the_same_and_writes_nothing(
    kolom: Kolom, tmp_path: Path, calls: list[str], files: Mapping[str, str | bytes]
) -> None:
    planned = _import(kolom, _site(tmp_path, files), "--dry-run", exit_code=1)
    assert set(calls) <= {"BatchGetItem", "GetItem", "Query", "ListObjectsV2", "DescribeStacks"}
    done = _import(kolom, tmp_path, exit_code=1)
    assert planned | {"dry_run": False} == done


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("/assets/cover.png", "/cover.png"),
        ("https://far.example/cover.png", "https://far.example/cover.png"),
        ("/assets/missing.png", "/first.png"),
    ],
)
def test_the_image_of_the_front_matter_precedes_those_of_the_text(
    kolom: Kolom, tmp_path: Path, image: str, expected: str
) -> None:
    """The first image of the text is used only where the named file does not exist."""
    files: dict[str, str | bytes] = {
        "_config.yml": "",
        "assets/cover.png": PNG + b"cover",
        "assets/first.png": PNG + b"first",
        "_posts/2020-02-03-x.md": f"---\ntitle: X\nimage: {image}\n---\n![first](/assets/first.png)\n",
    }
    _import(kolom, _site(tmp_path, files))
    assert (publishing.get_by_slug("x").image or "").endswith(expected)


def test_a_new_alias_is_added_to_an_unchanged_article(kolom: Kolom, tmp_path: Path) -> None:
    text = "---\ntitle: A\ndate: 2024-01-01\n---\nText.\n"
    _import(kolom, _site(tmp_path, {"a.md": text}))
    _site(tmp_path, {"a.md": text.replace("title", "aliases: [/former/]\ntitle")})
    assert _import(kolom, tmp_path)["unchanged"] == 1
    assert public.resolve_path("/former/") == "a"


def test_an_alias_of_another_article_is_reported_and_not_moved(kolom: Kolom, tmp_path: Path) -> None:
    own = _site(tmp_path / "own", {"mine.md": "---\ntitle: Mine\ndate: 2024-01-01\n---\nText.\n"})
    assert kolom("publish", own / "mine.md").exit_code == 0
    files: dict[str, str | bytes] = {
        "a.md": "---\ntitle: A\ndate: 2024-01-01\naliases: [/mine/, /b/, /x/]\n---\nText.\n",
        "b.md": "---\ntitle: B\ndate: 2024-01-01\naliases: [/x/, /search/]\n---\nText.\n",
    }
    notes = _notes(_import(kolom, _site(tmp_path / "site", files)))
    assert "its old URL /mine/ belongs to another article" in notes
    assert "its old URL /b/ belongs to another page" in notes
    assert "its old URL /x/ belongs to another page" in notes
    assert "'/search/' is reserved for the site itself" in notes
    assert [public.resolve_path(path) for path in ("/mine/", "/b/", "/x/")] == ["mine", "b", "a"]


def test_an_address_is_added_once_and_never_moved(kolom: Kolom, tmp_path: Path) -> None:
    for name in ("a", "b"):
        _site(tmp_path, {f"{name}.md": f"---\ntitle: {name}\ndate: 2024-01-01\n---\nText.\n"})
    _import(kolom, tmp_path)
    a, b = publishing.get_by_slug("a").id, publishing.get_by_slug("b").id
    assert [aliases.add_alias(a, "/x"), aliases.add_alias(a, "/x")] == [True, False]
    for path in ("/x", "/x/", "/b/"):
        with pytest.raises(Conflict):
            aliases.add_alias(b if path != "/b/" else a, path)
    for path in ("x", "/", "//x", "/a/../b", "/media/x", "/2024/", "/a\nb", "/" + "x" * 600):
        with pytest.raises(InvalidInput):
            aliases.add_alias(a, path)


def test_extra_labels_are_dropped_and_three_megabytes_are_rejected(kolom: Kolom, tmp_path: Path) -> None:
    labels = ", ".join(f"l{number}" for number in range(25))
    files: dict[str, str | bytes] = {
        "_config.yml": "",
        "_posts/2020-01-01-many.md": f"---\ntitle: Many\ntags: [{labels}]\n---\nText.\n",
        "_posts/2020-01-01-large.md": "---\ntitle: Large\n---\n" + "word " * 600_000,
    }
    report = _import(kolom, _site(tmp_path, files), exit_code=1)
    assert len(publishing.get_by_slug("many").labels) == 20
    assert "at most 20 labels are allowed, got 25: removed l20, l21, l22, l23, l24" in _notes(report)
    (large,) = report["skipped_items"]
    assert large["name"].endswith("2020-01-01-large.md")
    assert "bytes, at most" in large["reason"]


def test_a_reserved_slug_is_changed_and_reported(kolom: Kolom, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "_config.yml": "permalink: /:year/:title/\n",
        "_posts/2020-01-01-archive.md": "---\ntitle: Archive\n---\nX\n",
    }
    report = _import(kolom, _site(tmp_path, files))
    assert "invalid slug 'archive' changed to 'page-archive'" in _notes(report)
    assert publishing.get_by_slug("page-archive").path == "/2020/archive/"


def test_no_link_is_followed_out_of_the_folder(kolom: Kolom, tmp_path: Path) -> None:
    _site(tmp_path / "secret", {"s.md": "---\ntitle: Secret\n---\nX\n", "s.png": PNG})
    site = _site(
        tmp_path / "site", {"a.md": "---\ntitle: A\ndate: 2024-01-01\n---\n![x](in.png) ![y](../secret/s.png)\n"}
    )
    (site / "linked.md").symlink_to(tmp_path / "secret/s.md")
    (site / "in.png").symlink_to(tmp_path / "secret/s.png")
    (site / "folder").symlink_to(tmp_path / "secret")
    report = _import(kolom, site)
    assert (report["created"], report["skipped"]) == (1, 1)
    assert "to a file outside of the folder" in report["skipped_items"][0]["reason"]
    assert boto3.client("s3").list_objects_v2(Bucket="kolom-media")["KeyCount"] == 0


def test_a_folder_without_documents_is_an_error(kolom: Kolom, tmp_path: Path) -> None:
    report = _import(kolom, tmp_path, exit_code=1)
    assert report["errors"] == [f"no documents in {tmp_path}: no file name ends with .md, .markdown, .html or .htm"]


def test_an_invalid_configuration_stops_the_import(kolom: Kolom, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "_config.yml": "a: b: c\n",
        "_posts/2020-01-01-a.md": "---\ntitle: A\n---\nText.\n",
    }
    report = _import(kolom, _site(tmp_path, files), exit_code=1)
    assert report["read"] == 0
    assert "_config.yml:1" in report["errors"][0]


def test_kolom_s_own_files_can_be_imported(kolom: Kolom, tmp_path: Path) -> None:
    front = (
        "title: Title\nslug: one\ndate: 2026-01-01T10:00:00+07:00\nlabels: [A, B]\nlanguage: en\nauthor: Sari\n"
        "description: D\npath: /2020/one.html\nkind: page\ncomments: false\nid: 7\nversion: 3"
    )
    files: dict[str, str | bytes] = {
        "1.md": f"---\n{front}\n---\n## Head\n\n![a](a.png) [two](two.html)\n",
        "two.html": "---\ndate: 2026-01-01\n---\n<h1>Two</h1><p>Text {{ x }}</p>",
        "a.png": PNG,
    }
    _import(kolom, _site(tmp_path, files))
    read = public.get_article("one")
    article = read.article
    assert (article.labels, article.path, article.kind) == (("A", "B"), "/2020/one.html", "page")
    assert (article.comments_open, article.description, article.author) == (False, "D", "Sari")
    assert 'src="/media/' in read.body.html
    assert 'href="/two/"' in read.body.html
    assert publishing.get_by_slug("two").title == "Two"


def test_invalid_front_matter_is_rejected_with_its_line_and_the_rest_imported(kolom: Kolom, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a.md": "---\ntitle: A: b\n---\nText.\n",
        "b.md": "---\ntitle: B\n---\nText.\n",
        "c.md": b"\xff\xff",
    }
    report = _import(kolom, _site(tmp_path, files), exit_code=1)
    assert report["created"] == 1
    assert [Path(item["name"]).name for item in report["skipped_items"]] == ["a.md:2", "c.md:1"]


@pytest.mark.parametrize("name", [b"a\xc2\xa0b", b"a\xe3\x80\x80b", b"a\xff"], ids=["U+00A0", "U+3000", "not UTF-8"])
def test_the_path_of_the_imported_folder_may_have_any_characters(kolom: Kolom, tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / os.fsdecode(name)
    report = _import(kolom, _site(folder, {"posts/one.md": "---\ntitle: One\ndate: 2024-01-01\n---\nText.\n"}))
    assert report["articles"][0]["name"] == str(folder / "posts" / "one.md")
    assert public.get_article("one").article.title == "One"


def test_a_file_whose_own_path_has_invisible_characters_is_refused(kolom: Kolom, tmp_path: Path) -> None:
    """Its path becomes part of URLs, and identifies the article."""
    text = "---\ntitle: T\ndate: 2024-01-01\n---\nText.\n"
    files = {"one.md": text, "a\u00a0b.md": text, "a\u3000b/c.md": text, os.fsdecode(b"d\xff.md"): text}
    report = _import(kolom, _site(tmp_path, files), exit_code=1)
    assert report["created"] == 1
    assert [item["name"] for item in report["skipped_items"]] == [r"'a\xa0b.md'", "'c.md'", r"'d\udcff.md'"]
    assert {item["reason"] for item in report["skipped_items"]} == {
        "its path is not UTF-8 or contains invisible characters: rename the file or its folder"
    }


def test_texts_and_pictures_that_were_not_public_stay_private(kolom: Kolom, tmp_path: Path) -> None:
    """A skipped file leaves no article and no picture; a draft is stored for its author only."""
    files: dict[str, str | bytes] = {
        "_secret.md": "Title: Secret\nDate: 2012-03-04\nStatus: draft\n\n![x](x.png)\n",
        "notes.md": "# Notes\n\n![x](x.png)\n",
        "single.html": '{{ define "main" }}<h1>{{ .Title }}</h1><img src=x.png>{{ end }}',
        "draft.md": "---\ntitle: Draft\ndate: 2020-01-01\nstatus: draft\n---\nText.\n",
        "x.png": PNG,
    }
    report = _import(kolom, _site(tmp_path, files), exit_code=1)
    assert (report["created"], report["skipped"]) == (1, 3)
    assert publishing.get_by_slug("draft").status == "draft"
    assert public.list_months() == []
    assert boto3.client("s3").list_objects_v2(Bucket="kolom-media")["KeyCount"] == 0


def test_only_overwrite_republishes_an_unpublished_article(kolom: Kolom, tmp_path: Path) -> None:
    """A second import keeps it unpublished; ``--overwrite`` publishes it, and the report says so."""
    _import(kolom, _site(tmp_path, {"a.md": "---\ntitle: A\ndate: 2024-01-01\n---\nText.\n"}))
    publishing.unpublish("a", now=datetime.now(UTC))
    assert _import(kolom, tmp_path)["skipped"] == 1
    assert publishing.get_by_slug("a").status == "draft"
    assert "was a draft in Kolom: published again because of --overwrite" in _notes(
        _import(kolom, tmp_path, "--overwrite")
    )
    assert publishing.get_by_slug("a").status == "published"


def test_a_post_that_becomes_a_draft_at_the_source_becomes_one_here(kolom: Kolom, tmp_path: Path) -> None:
    """A newer version of the source is applied even if it is less public."""
    text = "---\ntitle: A\ndate: 2024-01-01\n---\nText.\n"
    _import(kolom, _site(tmp_path, {"a.md": text}))
    _import(kolom, _site(tmp_path, {"a.md": text.replace("title", "private: true\ntitle")}))
    assert publishing.get_by_slug("a").status == "draft"


def test_an_export_of_medium_or_substack_publishes_nothing(kolom: Kolom) -> None:
    """The message names the command that reads it."""
    for name in ("medium", "substack"):
        report = _import(kolom, FIXTURES / "exports" / name, exit_code=1)
        assert report["read"] == 0
        assert f"import it with `kolom import {name}`" in report["errors"][0]


@pytest.mark.parametrize("command", [("unpublish",), ("delete", "--yes")])
@pytest.mark.parametrize("below", ["", "posts"])
def test_a_moved_file_of_an_unpublished_article_becomes_a_draft(
    kolom: Kolom, tmp_path: Path, command: tuple[str, ...], below: str
) -> None:
    """The moved file counts as a new one, but has the slug of the unpublished article."""
    text = "---\ntitle: One\ndate: 2024-01-01\n---\nText.\n"
    _import(kolom, _site(tmp_path, {"posts/one.md": text, "posts/two.md": text}))
    name, *options = command
    assert kolom(name, "one", *options).exit_code == 0
    (tmp_path / "posts/2024").mkdir()
    (tmp_path / "posts/one.md").rename(tmp_path / "posts/2024/one.md")
    for created in (1, 0):
        report = _import(kolom, tmp_path / below)
        place = (tmp_path / "posts/2024/one.md").relative_to(tmp_path / below).as_posix()
        assert publishing.get_by_slug(f"one-{derive_id_suffix(place)}").status == "draft"
        if created:
            assert "of the same slug or URL was" in _notes(report)


def test_a_post_stays_public_if_another_with_the_same_slug_is_deleted(kolom: Kolom, tmp_path: Path) -> None:
    """The remaining post is already public, so it does not replace an unpublished article."""
    text = "---\ntitle: One\ndate: 2024-01-01\n---\nText.\n"
    draft = text.replace("title", "draft: true\ntitle")
    _import(kolom, _site(tmp_path, {"a/one.md": text, "b/one.md": text, "a/two.md": draft, "b/two.md": text}))
    assert kolom("delete", "one", "--yes").exit_code == 0
    _import(kolom, tmp_path)
    for name in ("one", "two"):
        assert publishing.get_by_slug(f"{name}-{derive_id_suffix(f'b/{name}.md')}").status == "published"


def test_parent_folders_and_link_targets_can_mark_drafts(kolom: Kolom, tmp_path: Path) -> None:
    """The real path of a file counts, not only its path below the imported folder."""
    text = "---\ntitle: T\ndate: 2024-01-01\n---\nText.\n"
    site = _site(tmp_path, {"blog/drafts/2024/one.md": text, "s/drafts/l.md": text, "s/.hidden/h.md": text})
    _import(kolom, site / "blog/drafts/2024")
    assert publishing.get_by_slug("one").status == "draft"
    (site / "s/posts").mkdir()
    (site / "s/posts/two.md").symlink_to("../drafts/l.md")
    (site / "s/posts/three.md").symlink_to("../.hidden/h.md")
    report = _import(kolom, site / "s")
    assert publishing.get_by_slug("two").status == "draft"
    assert _reasons(report, site / "s") == {"posts/three.md": "a link into a hidden folder"}


_PAGE = "---\ntitle: T\ndate: 2024-01-01\n---\nText.\n"


def _statuses(*slugs: str) -> dict[str, str]:
    return {slug: publishing.get_by_slug(slug).status for slug in slugs}


def test_zola_pages_inherit_the_draft_state_of_their_section(kolom: Kolom, tmp_path: Path) -> None:
    """Zola omits the whole folder, whatever its pages say; in Hugo only the list is a draft."""
    files = {
        "content/s/_index.md": "+++\ndraft = true\n+++\n",
        "content/s/sub/one.md": _PAGE.replace("title", "draft: false\ntitle"),
        "content/o/two.md": _PAGE,
    }
    report = _import(kolom, _site(tmp_path / "zola", {"config.toml": "base_url = 'https://x.example'\n", **files}))
    assert _statuses("one", "two") == {"one": "draft", "two": "published"}
    assert "its section content/s/_index is a draft: imported as a draft" in _notes(report)
    hugo = {name.replace("one", "three").replace("two", "four"): text for name, text in files.items()}
    _import(kolom, _site(tmp_path / "hugo", {"hugo.toml": "baseURL = 'https://x.example'\n", **hugo}))
    assert _statuses("three", "four") == {"three": "published", "four": "published"}


@pytest.mark.parametrize(
    ("config", "folder"),
    [
        ("_config.yml", "_posts"),
        ("_config.yml", "a/b/c/_posts"),
        ("hugo.toml", "content/sec/sub"),
        ("config.toml", "content/sec"),
    ],
)
def test_a_part_of_a_site_is_not_imported_without_its_configuration(
    kolom: Kolom, tmp_path: Path, config: str, folder: str
) -> None:
    """Pages that the configuration excludes would become public; the message names the folder to import."""
    text = "title: x\n" if config.endswith("yml") else "base_url = 'https://x.example'\n"
    _site(tmp_path, {config: text, f"{folder}/2024-01-01-one.md": _PAGE})
    report = _import(kolom, tmp_path / folder, exit_code=1)
    assert (report["created"], report["errors"][0].endswith(f": import {tmp_path} instead")) == (0, True)
    (tmp_path / folder / ".git").mkdir()
    assert _import(kolom, tmp_path / folder)["created"] == 1


@pytest.mark.parametrize("config", ["config.toml", "other.yml"])
def test_a_folder_of_posts_alone_is_imported(kolom: Kolom, tmp_path: Path, config: str) -> None:
    """A configuration file of another program in a parent folder does not make it part of a site."""
    _site(tmp_path, {config: "a = 1\n", "content/x": "", "_posts/2024-01-01-one.md": _PAGE})
    assert _import(kolom, tmp_path / "_posts")["created"] == 1


def test_the_location_of_an_inherited_draft_mark_is_reported(kolom: Kolom, tmp_path: Path) -> None:
    """The author would look for it in the file, where it is not."""
    defaults = "defaults:\n  - scope: {path: ''}\n    values: {published: false}\n"
    report = _import(kolom, _site(tmp_path / "j", {"_config.yml": defaults, "_posts/2024-01-01-one.md": _PAGE}))
    assert "published: false in the defaults of the configuration: imported as a draft" in _notes(report)
    cascade = "---\ncascade: {draft: true}\n---\n"
    files = {"hugo.toml": "", "content/s/_index.md": cascade, "content/s/two.md": _PAGE}
    report = _import(kolom, _site(tmp_path / "h", files))
    assert "draft: true in the cascade of content/s/_index: imported as a draft" in _notes(report)
    assert _statuses("one", "two") == {"one": "draft", "two": "draft"}


def test_a_collections_folder_is_not_part_of_an_address(kolom: Kolom, tmp_path: Path) -> None:
    """Jekyll's ``collections_dir`` is no category."""
    _import(kolom, _site(tmp_path, {"_config.yml": "collections_dir: cols\n", "cols/_posts/2024-01-01-x.html": _PAGE}))
    found = publishing.get_by_slug("x")
    assert (found.path, found.labels) == ("/2024/01/01/x.html", ())


@pytest.mark.parametrize("site", ["_config.yml", "hugo.toml"])
def test_an_undated_text_has_only_the_path_of_its_slug(kolom: Kolom, tmp_path: Path, site: str) -> None:
    """A permalink pattern with a year needs a date."""
    text = "---\ntitle: T\ndraft: true\n---\nText.\n"
    files = {
        "_config.yml": {"_config.yml": "permalink: /:year/:month/:title/\n", "_drafts/one.md": text},
        "hugo.toml": {"hugo.toml": "[permalinks]\ns = '/:year/:slug/'\n", "content/s/one.md": text},
    }[site]
    _import(kolom, _site(tmp_path, files))
    assert publishing.get_by_slug("one").path == "/one/"


def test_links_with_the_host_of_the_site_lead_to_its_pages_here(kolom: Kolom, tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text("url: https://www.old.example\n")
    (tmp_path / "_posts").mkdir()
    (tmp_path / "_posts" / "2020-01-02-second.md").write_text("---\ntitle: Second\n---\nText.\n")
    (tmp_path / "_posts" / "2020-01-01-first.md").write_text(
        "---\ntitle: First\n---\n[a](http://old.example/2020/01/02/second.html?x=1#y) "
        "[b](https://old.example/none/) [c](https://else.example/2020/01/02/second.html)\n"
    )
    ran = kolom("import", "markdown", tmp_path, "--json")
    assert ran.json["own_links"] == {"to_articles": 1, "to_files": 0, "to_pages": 1}
    shown = public.get_article("first").body.html
    assert 'href="/2020/01/02/second.html?x=1#section-y"' in shown
    assert 'href="https://else.example/2020/01/02/second.html"' in shown


@pytest.mark.parametrize("name", ["one.md", "one.html"])
def test_a_heading_that_repeats_the_title_is_stored_but_not_shown(kolom: Kolom, tmp_path: Path, name: str) -> None:
    body = "<h1>One  <em>thing</em></h1>\n\n<p>Text.</p>\n" if name.endswith("html") else "# One *thing*\n\nText.\n"
    (tmp_path / name).write_text(f"---\ntitle: one Thing\ndate: 2026-01-01\n---\n{body}")
    _import(kolom, tmp_path)
    stored = repository.get_body(publishing.get_by_slug("one"))
    assert stored.html.strip() == "<p>Text.</p>"
    assert stored.source == body


def test_a_text_beyond_the_limit_is_refused_before_it_is_rendered(
    kolom: Kolom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kolom_cli.importers.markdown.article_builder.render", pytest.fail)
    _plain(tmp_path, "Long", "[a](b) " * 750_000)
    (skipped,) = _import(kolom, tmp_path, exit_code=1)["skipped_items"]
    assert skipped["reason"].startswith("its text has 5,250,000 bytes, the maximum is 4,194,304")


# Two sites with files of the same path

_TEXT = "The harbour of Semarang is older than the town around it.\n"
_OTHER = "Fry the tempe in hot oil until both of its sides are brown.\n"


def _plain(folder: Path, title: str, text: str, name: str = "posts/a.md") -> Path:
    return _site(folder, {name: f"---\ntitle: {title}\ndate: 2024-01-02\n---\n{text}"})


def _hugo(folder: Path, title: str, text: str, configuration: str) -> Path:
    _site(folder, {"hugo.toml": configuration, "layouts/index.html": "x"})
    return _plain(folder, title, text, "content/posts/a.md")


@pytest.mark.parametrize(
    ("first", "second", "title"),
    [
        pytest.param("baseURL = 'https://one.example/'", "baseURL = 'https://two.example/'", "Tempe", id="url"),
        pytest.param("title = 'One'", "title = 'Two'", "Tempe", id="title"),
        pytest.param("title = 'One'", "title = 'Two'", "Harbour", id="title, and equal titles of the articles"),
        pytest.param("baseURL = '/'", "title = 'Two'", "Tempe", id="no identity of the first"),
    ],
)
def test_two_sites_with_equal_paths_keep_their_articles(
    kolom: Kolom, tmp_path: Path, first: str, second: str, title: str
) -> None:
    one = _hugo(tmp_path / "one", "Harbour", _TEXT, first)
    two = _hugo(tmp_path / "two", title, _OTHER, second)
    assert _import(kolom, one)["created"] == 1
    assert _import(kolom, two)["created"] == 1
    assert "harbour of Semarang" in public.get_article("a").body.html
    assert _import(kolom, one)["unchanged"] == _import(kolom, two)["unchanged"] == 1


def test_the_same_path_in_another_folder_is_refused_if_the_sites_have_no_names(kolom: Kolom, tmp_path: Path) -> None:
    one = _plain(tmp_path / "one", "Harbour", _TEXT)
    two = _plain(tmp_path / "two", "Tempe", _OTHER)
    _import(kolom, one)
    report = _import(kolom, two, exit_code=1)
    assert "already imported, as 'a' (Harbour)" in report["skipped_items"][0]["reason"]
    assert public.get_article("a").article.title == "Harbour"
    assert _import(kolom, two, "--dry-run", exit_code=1)["skipped"] == 1
    assert _import(kolom, two, "--overwrite")["updated"] == 1


def test_a_moved_folder_has_the_same_articles(kolom: Kolom, tmp_path: Path) -> None:
    one = _hugo(tmp_path / "one", "Harbour", _TEXT, "baseURL = 'https://one.example/'")
    plain = _plain(tmp_path / "plain", "Tempe", _OTHER, "b.md")
    for folder in (one, plain):
        assert _import(kolom, folder)["created"] == 1
        assert _import(kolom, folder.rename(tmp_path / f"moved-{folder.name}"))["unchanged"] == 1


@pytest.mark.parametrize(
    ("title", "text"),
    [
        pytest.param("A new title", _TEXT, id="title"),
        pytest.param("Harbour", "A completely different text.\n", id="text"),
        pytest.param("A new title", _TEXT + "\nAnd more.\n", id="title and a part of the text"),
    ],
)
def test_an_edited_file_updates_its_article(kolom: Kolom, tmp_path: Path, title: str, text: str) -> None:
    _import(kolom, _plain(tmp_path, "Harbour", _TEXT))
    assert _import(kolom, _plain(tmp_path, title, text))["updated"] == 1


def test_a_site_with_a_new_url_has_the_same_articles(kolom: Kolom, tmp_path: Path) -> None:
    _import(kolom, _hugo(tmp_path, "Harbour", _TEXT, "baseURL = 'https://one.example/'"))
    again = _hugo(tmp_path, "Harbour", _TEXT, "baseURL = 'https://new.example/'\ntitle = 'New'")
    assert _import(kolom, again)["unchanged"] == 1


def test_an_article_imported_without_the_identity_of_its_site_is_updated(kolom: Kolom, tmp_path: Path) -> None:
    """Earlier versions imported all articles like that, and identified them by their path only."""
    folder = _hugo(tmp_path, "Harbour", _TEXT, "baseURL = '/'")
    _import(kolom, folder)
    found = repository.find_id("origin:markdown:content/posts/a.md")
    assert found is not None
    _hugo(tmp_path, "Harbour", _OTHER, "baseURL = 'https://one.example/'")
    assert _import(kolom, folder)["updated"] == 1
