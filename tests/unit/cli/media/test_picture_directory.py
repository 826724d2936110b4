"""Finding a picture in a folder by the path of its URL."""

from pathlib import Path

import pytest

from kolom_cli.media.picture_directory import PictureDirectory


def _folder(tmp_path: Path) -> PictureDirectory:
    for name in ("uploads/2012/01/a b.jpg", "uploads/top.jpg", "uploads/inner.jpg", "secret/2012/s.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "uploads" / "2012" / "out.jpg").symlink_to(tmp_path / "secret" / "2012" / "s.jpg")
    (tmp_path / "uploads" / "2012" / "in.jpg").symlink_to(tmp_path / "uploads" / "inner.jpg")
    (tmp_path / "uploads" / "linked").symlink_to(tmp_path / "secret")
    return PictureDirectory(tmp_path / "uploads")


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("http://old.example/wp-content/uploads/2012/01/a%20b.jpg?w=3", "2012/01/a b.jpg"),
        ("//cdn.example/files/2012/01/a%20b.jpg", "2012/01/a b.jpg"),
        ("http://old.example/wp-content/uploads/top.jpg", "top.jpg"),
        ("http://old.example/top.jpg", "top.jpg"),
        ("http://old.example/wp-content/uploads/2012/in.jpg", "inner.jpg"),
    ],
)
def test_a_picture_is_found_by_the_path_of_its_url(tmp_path: Path, url: str, file: str) -> None:
    assert _folder(tmp_path).find(url) == (tmp_path / "uploads" / file).resolve()


@pytest.mark.parametrize(
    "url",
    [
        "http://flickr.example/x/top.jpg",
        "http://old.example/uploads/../secret/2012/s.jpg",
        "http://old.example/uploads/%2e%2e/secret/2012/s.jpg",
        "http://old.example/uploads/..%2fsecret/2012/s.jpg",
        "http://old.example/uploads/..%5csecret%5c2012%5cs.jpg",
        "http://old.example/uploads/2012/out.jpg",
        "http://old.example/uploads/linked/2012/s.jpg",
        "http://old.example/uploads/2012",
        "http://old.example/uploads/",
        "http://old.example/uploads/a%00.jpg",
        "http://[old.example/top.jpg",
        "/etc/passwd",
        "",
    ],
)
def test_any_other_url_finds_no_picture(tmp_path: Path, url: str) -> None:
    assert _folder(tmp_path).find(url) is None
