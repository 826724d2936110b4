"""Links between the pages of a site."""

import re
from pathlib import Path

import pytest

from tests.unit.cli.importers.markdown.sites import articles, read_site

TARGET = "---\ntitle: A\ndate: 2020-01-02\n---\n## Setup\n\n## First steps\n"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("#setup", "#section-setup"),
        ("#first-steps", "#first-steps"),
        ("#comments", "#comments"),
        ("?x=1", "?x=1"),
        ("?x=1#setup", "?x=1#section-setup"),
    ],
)
def test_a_link_to_a_page_is_the_same_with_and_without_host(tmp_path: Path, rest: str, expected: str) -> None:
    links = f"[a](/posts/a/{rest}) [b](https://old.example/posts/a/{rest})\n"
    files = {
        "hugo.toml": "baseURL = 'https://old.example/'\n",
        "content/posts/a.md": TARGET,
        "content/posts/b.md": f"---\ntitle: B\ndate: 2020-01-02\n---\n{links}",
    }
    shown = articles(read_site(tmp_path, files))["content/posts/b.md"].body.html
    assert re.findall('href="([^"]*)"', shown) == [f"/posts/a/{expected}"] * 2
