"""Small Substack exports, made for the tests."""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

COLUMNS = (
    *("post_id", "post_date", "is_published", "email_sent_at", "inbox_sent_at"),
    *("type", "audience", "title", "subtitle", "podcast_url"),
)


def row(number: int = 1, **changes: str) -> dict[str, str]:
    """A row of ``posts.csv``: a newsletter published for everyone unless ``changes`` say otherwise."""
    return {
        "post_id": f"10{number}.post-{number}",
        "post_date": "2023-01-02T10:00:00.000Z",
        "is_published": "true",
        "email_sent_at": "2023-01-02T10:00:01.000Z",
        "inbox_sent_at": "",
        "type": "newsletter",
        "audience": "everyone",
        "title": f"Post {number}",
        "subtitle": "",
        "podcast_url": "",
    } | changes


def posts_csv(*rows: Mapping[str, str]) -> str:
    """The text of ``posts.csv`` with these rows."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def files(*posts: tuple[Mapping[str, str], str], **others: str) -> dict[str, str]:
    """The files of an export with these posts and their HTML, by name."""
    texts = {f"posts/{each['post_id']}.html": html for each, html in posts}
    return {"posts.csv": posts_csv(*(each for each, _ in posts))} | texts | others


def write_folder(folder: Path, contents: Mapping[str, str]) -> Path:
    """Write the files into the directory."""
    for name, text in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def write_zip(path: Path, contents: Mapping[str, str]) -> Path:
    """Write the files into a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            archive.writestr(name, text)
    return path
