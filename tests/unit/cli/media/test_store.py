"""Which local files of an article are uploaded, and under which names."""

from pathlib import Path

import pytest

from kolom_cli.media.store import MediaError, MediaStore, Resolver, media_name
from kolom_cli.media.svg_safety import find_unsafe_svg
from tests.paths import PROJECT

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">%s</svg>'


def _resolver(folder: Path, file: str = "posts/a.md") -> Resolver:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return Resolver(path, folder, MediaStore(dry_run=True), lambda target: f"/{target.stem}/")


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/a.png",
        "//x.example/a.png",
        "/media/a.png",
        "data:image/png;base64,x",
        "mailto:a@b",
        "",
        "a\\b.png",
    ],
)
def test_urls_that_name_no_local_file_are_unchanged(tmp_path: Path, url: str) -> None:
    assert _resolver(tmp_path)(url) == url


def test_an_image_is_named_by_its_content(tmp_path: Path) -> None:
    resolver = _resolver(tmp_path)
    (tmp_path / "posts" / "Ein Bild.PNG").write_bytes(b"one")
    first = resolver("Ein%20Bild.PNG?x=1")
    assert first == "/media/7692c3ad3540bb80/ein-bild.png"
    (tmp_path / "posts" / "Ein Bild.PNG").write_bytes(b"two")
    assert resolver("Ein%20Bild.PNG") != first


def test_an_image_may_be_in_a_parent_folder_but_not_outside_the_published_one(tmp_path: Path) -> None:
    (tmp_path / "site" / "img").mkdir(parents=True)
    (tmp_path / "site" / "img" / "a.png").write_bytes(b"a")
    (tmp_path / "secret.png").write_bytes(b"s")
    resolver = _resolver(tmp_path / "site")
    assert resolver("../img/a.png").startswith("/media/")
    with pytest.raises(MediaError, match="outside"):
        resolver("../../secret.png")


def test_a_symbolic_link_is_not_followed_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"s")
    resolver = _resolver(tmp_path / "site")
    (tmp_path / "site" / "posts" / "a.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(MediaError, match="outside"):
        resolver("a.png")


def test_a_missing_image_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="does not exist"):
        _resolver(tmp_path)("missing.png")


def test_a_link_to_another_article_becomes_its_address(tmp_path: Path) -> None:
    resolver = _resolver(tmp_path)
    (tmp_path / "posts" / "b.md").touch()
    assert resolver("b.md?x=1#part-one") == "/b/?x=1#part-one"
    assert resolver("b.md#part") == "/b/#section-part"  # the id of a heading "Part"
    assert resolver("b.md#comments") == "/b/#comments"
    assert resolver("missing.md") == "missing.md"


@pytest.mark.parametrize(
    ("name", "expected"), [("Ünïcode (1).JPG", "unicode-1.jpg"), ("...png", "file.png"), ("中.svg", "zhong.svg")]
)
def test_names_of_media_need_no_escaping(name: str, expected: str) -> None:
    assert media_name(name) == expected


@pytest.mark.parametrize(
    "inside",
    [
        b"<script>alert(1)</script>",
        b'<SCRIPT xmlns="http://www.w3.org/2000/svg"/>',
        b"<g onclick='x()'/>",
        b"<foreignObject><p/></foreignObject>",
        b"<a xlink:href='javascript:x()'><text/></a>",
        b"<a href=' java&#10;script:x()'/>",
        b"<image href='data:text/html,x'/>",
        b"<animate attributeName='href' values='javascript:x()'/>",
        b"<set attributeName='onclick' to='x()'/>",
        b"<?xml-stylesheet href='x.xsl'?>",
    ],
)
def test_an_svg_with_active_content_is_rejected(inside: bytes) -> None:
    assert find_unsafe_svg(SVG % inside)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no XML",
        b"<html/>",
        b"<svg>",
        b"<?xml-stylesheet type='text/xsl' href='x.xsl'?>" + SVG % b"",
        b"<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG % b"<text>&a;</text>",
        b"<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + SVG % b"",
    ],
)
def test_a_malformed_svg_is_rejected(data: bytes) -> None:
    assert find_unsafe_svg(data)


@pytest.mark.parametrize(
    "inside",
    [
        b"<style>rect { fill: red }</style><rect width='5' height='5'/>",
        b"<a href='https://x.example/'><text>x</text></a>",
        b"<use href='#a'/><image href='data:image/png;base64,AAAA'/>",
        b"<animate attributeName='r' values='1;2'/><!-- a comment -->",
    ],
)
def test_a_static_svg_is_accepted(inside: bytes) -> None:
    assert find_unsafe_svg(SVG % inside) is None


def test_the_svg_files_of_the_samples_are_accepted() -> None:
    files = list((PROJECT / "cli" / "kolom_cli" / "sample" / "images").glob("*.svg"))
    assert files
    assert not any(find_unsafe_svg(file.read_bytes()) for file in files)
