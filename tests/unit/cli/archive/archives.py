"""A small archive in the documented format, and functions that damage it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ARTICLE, COMMENT = "articles/000001-hello.html", "comments.jsonl:1"

_FRONT = """---
title: "Hello"
slug: "hello"
id: 1
version: 1
body_version: 1
status: "published"
date: "2026-02-01T08:00:00Z"
updated: "2026-02-01T08:00:00Z"
month: "2026-02"
labels: ["a", "b"]
language: "en"
---
"""


def small_archive(root: Path) -> Path:
    """Write an archive of one article with two comments."""
    (root / "articles").mkdir(parents=True)
    (root / "html").mkdir()
    (root / "archive.json").write_text('{"format": "kolom-archive", "version": 1, "complete": true}')
    (root / ARTICLE).write_text(f"{_FRONT}<p>Hello.")
    (root / "html/000001-hello.html").write_text("<p>Hello.</p>")
    first = {"article": 1, "id": "01KX0000000000000000000000", "status": "approved", "created": "2026-02-02T08:00:00Z"}
    first |= {"name": "Budi", "content": "First."}
    second = first | {"id": "01KX0000000000000000000001", "parent": first["id"], "content": "Second."}
    (root / "comments.jsonl").write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n")
    return root


def break_front(old: str, new: str) -> Callable[[Path], None]:
    """Return a function that replaces a text in the file of the article."""

    def damage(root: Path) -> None:
        path = root / "articles/000001-hello.html"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return damage


def break_lines(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """Return a function that replaces the first comment."""

    def damage(root: Path) -> None:
        path = root / "comments.jsonl"
        first, *rest = path.read_text().splitlines(keepends=True)
        changed = change(json.loads(first))
        text = changed if isinstance(changed, str) else json.dumps(changed)
        path.write_text(f"{text}\n" + "".join(rest))

    return damage


def break_file(name: str, data: bytes | None) -> Callable[[Path], None]:
    """Return a function that replaces a file, or makes it a link."""

    def damage(root: Path) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if data is None:
            path.symlink_to("/etc/hostname")
        else:
            path.write_bytes(data)

    return damage
