"""Sites that generators build from the files of their recipes, and a blog that knows their pages.

Each is on an origin of its own.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.parse import quote

from playwright.sync_api import Browser, Page

from tests.browser.generators.posts import HARBOUR, RAILWAY, Post, Posts
from tests.paths import PROJECT
from tests.recipes import BLOG, SITE, Recipe, read_recipe
from tests.serving import Site, eventually, send, served

GENERATORS: Final = PROJECT / "tests/browser/generators"
PELICAN: Final = PROJECT / ".venv-generators/bin/pelican"
ELEVENTY: Final = GENERATORS / "eleventy/node_modules/.bin/eleventy"
SEARCH_BUTTONS: Final = {"en": "Search", "id": "Cari", "ar": "بحث"}
"""The names of the button of the search dialog by language."""

_PREFIX: Final = "/notes/"
"""The folder of the host that the sites of Eleventy and Jekyll are in."""

_JEKYLL_SETTINGS: Final = """
title: Market notes
url: https://example.com
baseurl: /notes
lang: en
timezone: UTC
plugins: [jekyll-seo-tag, jekyll-redirect-from]
"""

_PELICAN_SETTINGS: Final = """
SITENAME = "Harbour notes"
SITEURL = "https://example.com"
TIMEZONE = "Asia/Makassar"
DEFAULT_LANG = "en"
THEME = "simple"
STYLESHEET_URL = "/site.css"
DISPLAY_CATEGORIES_ON_MENU = False
STATIC_PATHS = ["site.css"]
"""


@dataclass(frozen=True, slots=True)
class GeneratedSite:
    """A built site: the URL of its home page, the folder with its files, its posts, and the path of a post."""

    url: str
    folder: Path
    posts: Posts
    path_of: Callable[[Post], str]

    def at(self, post: Post) -> str:
        """Return the URL of a post."""
        return f"{self.url}{self.path_of(post)}"


@dataclass(frozen=True, slots=True)
class GeneratedSites:
    """The sites, the blog that knows their pages, and the reports of `kolom sync`."""

    blog: Site
    pelican: GeneratedSite
    eleventy: GeneratedSite
    reports: tuple[dict[str, Any], ...]

    def approve_comments(self) -> None:
        """Approve all comments that wait for it."""
        waiting = json.loads(run_kolom(self.blog, "comments", "list", "--status", "pending", "--json"))
        run_kolom(self.blog, "comments", "approve", *(comment["id"] for comment in waiting))


@contextmanager
def generated_sites(folder: Path) -> Iterator[GeneratedSites]:
    """Build the sites below ``folder``, serve them, start a blog, and synchronize."""
    roots = [folder / "pelican-host", folder / "eleventy-host"]
    with serving(roots[0]) as first, serving(roots[1]) as second:
        settings = ("ModerationMode=first", "Languages=en,id,ar", f"AllowedOrigins={first},{second}")
        with served("SiteTitle=Kolom", *settings, options=["--empty"]) as blog:
            with ThreadPoolExecutor() as pool:
                pelican = pool.submit(build_with_pelican, folder / "pelican", roots[0], first, blog)
                eleventy = pool.submit(build_with_eleventy, folder / "eleventy", roots[1], second, blog)
                sites = (pelican.result(), eleventy.result())
                reports = tuple(pool.map(partial(synchronize, blog), sites))
            assert eventually(lambda: all(is_indexed(blog, site) for site in sites))
            yield GeneratedSites(blog, *sites, reports)


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """Serve the files of a folder, and yield the origin."""
    root.mkdir(parents=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(root))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Handler(SimpleHTTPRequestHandler):
    """Serves files without printing the requests."""

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def build_with_pelican(folder: Path, root: Path, origin: str, blog: str) -> GeneratedSite:
    """Build a site from the recipe for Pelican."""
    recipe = read_recipe("pelican")
    write(folder, recipe, origin, blog)
    settings = folder / "pelicanconf.py"
    settings.write_text(_PELICAN_SETTINGS.replace(SITE, origin) + settings.read_text("utf-8"), "utf-8")
    content = folder / "content"
    content.mkdir()
    shutil.copy(GENERATORS / "site.css", content / "site.css")
    for post in HARBOUR.every:
        fields = {
            "Title": post.title,
            "Slug": post.slug,
            "Date": post.date.isoformat(),
            "Tags": ", ".join(post.labels),
            "Lang": post.language,
            "Status": "draft" if post.is_draft else "published",
        }
        head = "".join(f"{name}: {value}\n" for name, value in fields.items())
        (content / f"{post.slug}.md").write_text(f"{head}\n{post.text}", "utf-8")
    assert PELICAN.is_file(), f"{PELICAN} is missing: run `make browser`, which installs it"
    build = [*command_of(recipe, "pelican")[1:], "--output", str(root), "--fatal", "warnings"]
    build[build.index("publishconf.py")] = "pelicanconf.py"
    run(folder, str(PELICAN), *build)
    return GeneratedSite(f"{origin}/", root, HARBOUR, pelican_path)


def pelican_path(post: Post) -> str:
    """Return the path of a post in Pelican's default settings: other languages than the site's own are in the name."""
    return f"{post.slug}.html" if post.language == "en" else f"{post.slug}-{post.language}.html"


def build_with_eleventy(folder: Path, root: Path, origin: str, blog: str) -> GeneratedSite:
    """Build a site below a sub-path from the recipe for Eleventy."""
    recipe = read_recipe("eleventy")
    write(folder, recipe, origin, blog)
    shutil.copy(GENERATORS / "site.css", folder / "style.css")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(GENERATORS / "eleventy/node_modules")
    for post in RAILWAY.every:
        fields = {
            "title": post.title,
            "date": post.date.isoformat(),
            "tags": list(post.labels),
            "lang": post.language,
            "draft": post.is_draft,
            "dir": "rtl" if post.language == "ar" else "ltr",
        }
        head = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())
        (folder / f"posts/{post.slug}.md").write_text(f"---\n{head}---\n{post.text}", "utf-8")
    assert ELEVENTY.is_file(), f"{ELEVENTY} is missing: run `make browser`, which installs it"
    build = command_of(recipe, "npx @11ty/eleventy --pathprefix")
    run(folder, str(ELEVENTY), *build[2:], f"--output={root}{_PREFIX}")
    return GeneratedSite(f"{origin}{_PREFIX}", root / _PREFIX.strip("/"), RAILWAY, lambda post: f"posts/{post.slug}/")


def build_with_jekyll(folder: Path, root: Path, origin: str, blog: str) -> GeneratedSite:
    """Build a site below a sub-path from the recipe for Jekyll. Each post has an old URL, ``/old/<slug>/``.

    Besides the posts, there are lists, and a page ``tickets/`` with ``&`` in its title.
    """
    recipe = read_recipe("jekyll")
    write(folder, recipe, origin, blog)
    (folder / "_config.yml").write_text(_JEKYLL_SETTINGS.replace(SITE, origin), "utf-8")
    (folder / "index.md").write_text("---\nlayout: home\n---\n", "utf-8")
    (folder / "trains.md").write_text("---\nlayout: home\ntitle: Posts on trains\n---\n", "utf-8")
    listed = "{% for post in site.posts %}{{ post.title }} {% endfor %}"
    (folder / "all.md").write_text(f"---\nlayout: default\nsearch: false\n---\n{listed}", "utf-8")
    tickets = "---\nlayout: default\npermalink: /tickets/\ntitle: Trains & tickets\n---\nWhere to buy them.\n"
    (folder / "tickets.md").write_text(tickets, "utf-8")
    for name in ("_posts", "_drafts"):
        (folder / name).mkdir()
    for post in RAILWAY.every:
        fields = {
            "layout": "post",
            "title": post.title,
            "date": post.date.isoformat(),
            "tags": list(post.labels),
            "lang": post.language,
            "dir": "rtl" if post.language == "ar" else "ltr",
            "redirect_from": [f"/old/{post.slug}/"],
        }
        head = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())
        name = f"_drafts/{post.slug}.md" if post.is_draft else f"_posts/{post.date.date()}-{post.slug}.md"
        (folder / name).write_text(f"---\n{head}---\n{post.text}", "utf-8")
    build = command_of(recipe, "JEKYLL_ENV=production bundle exec jekyll")
    run(folder, *build[3:], "--strict_front_matter", "--destination", f"{root}{_PREFIX}")
    return GeneratedSite(f"{origin}{_PREFIX}", root / _PREFIX.strip("/"), RAILWAY, jekyll_path)


def jekyll_path(post: Post) -> str:
    """Return the path of a post in Jekyll's default settings; the date is in the time zone of the site."""
    return f"{post.date.astimezone(UTC):%Y/%m/%d}/{post.slug}.html"


def write(folder: Path, recipe: Recipe, origin: str, blog: str) -> None:
    """Write the files of a recipe, with the URLs of this site and blog."""
    for name, text in recipe.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace(BLOG, blog).replace(SITE, origin), "utf-8")


def command_of(recipe: Recipe, beginning: str) -> list[str]:
    """Return the words of the command of a recipe that begins with these words."""
    (command,) = [each for each in recipe.commands if each.startswith(beginning)]
    return command.split()


def synchronize(blog: Site, site: GeneratedSite) -> dict[str, Any]:
    """Run `kolom sync` as in the recipes, and return its report."""
    report: dict[str, Any] = json.loads(run_kolom(blog, "sync", str(site.folder), "--base-url", site.url, "--json"))
    return report


def is_indexed(blog: Site, site: GeneratedSite) -> bool:
    """Return whether a search finds all posts of the site by their titles."""
    for post in site.posts.published:
        _, found = send(blog, f"/api/search?q={quote(post.title)}")
        if site.at(post) not in {item["url"] for item in found["items"]}:
            return False
    return True


def known_page(blog: Site, url: str) -> dict[str, Any]:
    """Return what the API knows of the page at a URL."""
    _, found = send(blog, f"/api/paths?url={url}")
    _, article = send(blog, f"/api/articles/{found['slug']}")
    return dict(article)


def check_known_posts(blog: Site, site: GeneratedSite) -> None:
    """Assert that the API knows every post as its author declared it."""
    for post in site.posts.published:
        article = known_page(blog, site.at(post))
        assert article["url"] == site.at(post)
        assert (article["title"], article["language"]) == (post.title, post.language)
        assert set(article["labels"]) == set(post.labels)
        assert datetime.fromisoformat(article["published_at"]) == post.date


@contextmanager
def opened(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """Open a page in a new browser context. Fail if the browser has reported an error."""
    context = browser.new_context(**{"viewport": {"width": 1000, "height": 800}, "reduced_motion": "reduce", **options})
    context.set_default_timeout(8_000)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(url)
    yield page
    context.close()
    assert [each for each in problems if "favicon" not in each] == []


def run_kolom(blog: Site, *arguments: str) -> str:
    """Run `kolom` with the stack of a blog, and return what it prints."""
    program = [sys.executable, "-c", "from kolom_cli.main import app; app()"]
    return run(PROJECT, *program, "--endpoint-url", blog.aws, *arguments)


def run(folder: Path, *command: str) -> str:
    """Run a command in a folder, and return its output. Fail with all of it if the command fails."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command} failed:\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout
