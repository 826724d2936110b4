"""Copy the pictures that imported articles show from other sites to ``/media/``: from a folder, or by download."""

import html
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import batched
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from kolom.articles.types import Body
from kolom.config import settings
from kolom_cli.importers.common.types import ImportedArticle
from kolom_cli.media.downloader import MAX_PICTURE_BYTES, DownloadError
from kolom_cli.media.image_size import image_size
from kolom_cli.media.picture_directory import PictureDirectory
from kolom_cli.media.picture_index import PictureIndex, StoredPicture
from kolom_cli.media.picture_type import NotAPicture, picture_suffix
from kolom_cli.media.s3 import IMAGE_TYPES
from kolom_cli.media.store import MediaStore, media_name

_MAX_PICTURES: Final = 20_000
_MAX_TOTAL_BYTES: Final = 10 * 1024 * 1024 * 1024
_CONNECTIONS: Final = 4
_HTTP: Final = ("http://", "https://", "//")
_MEDIA_TAG: Final = re.compile(r"<(?:img|source|video)\b[^<>]*>")
_ATTRIBUTE: Final = re.compile(r"\s(src|srcset|poster)=\"([^\"]*)\"")
_LINKED: Final = re.compile(r"<a\b[^<>]*?\shref=\"([^\"]*)\"[^<>]*>\s*<img\b")
_IMAGE_TAG: Final = re.compile(r"<img\b[^<>]*>")
_TAG: Final = re.compile(r"<[a-zA-Z][^<>]*>")
_MARKDOWN_TARGET: Final = re.compile(r"\]\(\s*<?[^\s()<>]+|^ {0,3}\[[^\]\n]+\]:\s*<?[^\s<>]+", re.MULTILINE)
_VARIANT: Final = re.compile(r"(?:-\d{1,5}x\d{1,5}|-scaled)(?=\.\w{2,5}$)")


@dataclass(slots=True)
class Pictures:
    """Replaces the pictures of other sites in an article by copies in the media bucket.

    ``directory`` has the files of the old site. ``download`` fetches the pictures that it does not have. Both may be
    missing.
    Pictures that an earlier import copied are used in any case, so a rerun copies nothing again. ``stopped`` ends the
    copying. ``copied`` counts the copies of this run.
    """

    media: MediaStore
    directory: PictureDirectory | None = None
    download: Callable[[str], bytes] | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    copied: int = 0
    _index: PictureIndex | None = None
    _stored: dict[str, StoredPicture | None] = field(default_factory=dict)
    _failures: dict[str, str] = field(default_factory=dict)
    _total_bytes: int = 0

    def replace_in(self, item: ImportedArticle) -> ImportedArticle:
        """Return the article with the URLs of the copies, as far as there are any."""
        image, body = item.content.image, item.content.body
        shown = set(_pictures_in(body.html))
        wanted = shown | set(_linked_pictures_in(body.html))
        if image is not None and _is_remote(image):
            wanted.add(image)
        if not wanted or not settings().media_bucket:
            return item
        self._store_all(sorted(wanted))
        found = {url: stored for url in wanted if (stored := self._stored.get(url)) is not None}
        if not found:
            return item
        places = (_TAG,) if body.source_format == "html" else (_TAG, _MARKDOWN_TARGET)
        changed = Body(
            html=_with_sizes(_replaced(body.html, found, _TAG), found),
            toc=body.toc,
            source=_replaced(body.source, found, *places),
            source_format=body.source_format,
        )
        content = item.content.replace(body=changed, image=found[image].path if image and image in found else image)
        return replace(item, content=content, remote_media=max(0, item.remote_media - len(shown & found.keys())))

    def pop_failures(self) -> dict[str, str]:
        """Return why pictures could not be copied, by URL, and clear the reasons."""
        failures, self._failures = self._failures, {}
        return failures

    def _store_all(self, urls: Collection[str]) -> None:
        self._index = index = self._index or PictureIndex()
        missing = []
        for url in urls:
            if url not in self._stored:
                self._stored[url] = index.find(url)
                missing += [url] if self._stored[url] is None else []
        if self.media.dry_run or (self.directory is None and self.download is None):
            return
        with ThreadPoolExecutor(_CONNECTIONS) as threads:
            for batch in batched(missing, _CONNECTIONS, strict=False):
                if self.stopped.is_set():
                    return
                for url, data in zip(batch, threads.map(self._read, batch), strict=True):
                    self._store(index, url, data)

    def _read(self, url: str) -> bytes | str:
        """Return the content of the picture, or of the original from which it was made; otherwise why there is none."""
        if self.copied >= _MAX_PICTURES or self._total_bytes >= _MAX_TOTAL_BYTES:
            return "the limit of one import is reached: import again for the rest"
        original = _original(url)
        reason = "it is not in the folder"
        for candidate in dict.fromkeys((url, original)):
            if self.directory is not None and (file := self.directory.find(candidate)):
                return _content(file)
        if self.download is None:
            return reason
        for candidate in dict.fromkeys((url, original)):
            try:
                return self.download(f"https:{candidate}" if candidate.startswith("//") else candidate)
            except DownloadError as error:
                reason = str(error) if candidate == url else reason
        return reason

    def _store(self, index: PictureIndex, url: str, data: bytes | str) -> None:
        if isinstance(data, str):
            self._failures[url] = data
            return
        try:
            suffix = picture_suffix(data)
        except NotAPicture as error:
            self._failures[url] = str(error)
            return
        name = media_name(f"{Path(unquote(urlsplit(url).path)).stem or 'picture'}{suffix}")
        width, height = image_size(data, suffix) or (0, 0)
        stored = StoredPicture(self.media.put(name, data, IMAGE_TYPES[suffix]), width, height)
        index.add(url, stored)
        self._stored[url] = stored
        self._total_bytes += len(data)
        self.copied += 1


def _content(file: Path) -> bytes | str:
    try:
        if file.stat().st_size > MAX_PICTURE_BYTES:
            return f"it has more than {MAX_PICTURE_BYTES >> 20} MB"
        return file.read_bytes()
    except OSError as error:
        return f"its file cannot be read: {error.strerror}"


def _is_remote(url: str) -> bool:
    return url.lower().startswith(_HTTP)


def _original(url: str) -> str:
    """Return the URL of the uploaded file from which WordPress made ``a-300x200.jpg``."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(path=_VARIANT.sub("", parts.path)).geturl()


def _pictures_in(markup: str) -> Iterator[str]:
    """Yield the URLs of the pictures of other sites that rendered HTML shows."""
    for tag in _MEDIA_TAG.finditer(markup):
        is_video_or_audio = tag[0].startswith("<video") or (tag[0].startswith("<source") and "srcset=" not in tag[0])
        for name, value in _ATTRIBUTE.findall(tag[0]):
            urls = [each.split()[0] for each in value.split(",") if each.strip()] if name == "srcset" else [value]
            if name != "src" or not is_video_or_audio:
                yield from filter(_is_remote, map(html.unescape, urls))


def _linked_pictures_in(markup: str) -> Iterator[str]:
    """Yield the URLs of the full-size pictures to which shown pictures link."""
    for href in _LINKED.findall(markup):
        url = html.unescape(href)
        if _is_remote(url) and Path(urlsplit(url).path).suffix.lower() in IMAGE_TYPES:
            yield url


def _replaced(text: str, found: Mapping[str, StoredPicture], *places: re.Pattern[str]) -> str:
    """Return the text with the URLs replaced in the ``places``, so that the words of an article never change."""
    paths = {form: stored.path for url, stored in found.items() for form in (url, html.escape(url))}
    # A longer URL may contain or begin with a shorter one.
    urls = re.compile(
        r"(?<![\w/:.])(?:" + "|".join(map(re.escape, sorted(paths, key=len, reverse=True))) + r")(?![^\s\"'<>,)\]])"
    )
    for place in places:
        text = place.sub(lambda match: urls.sub(lambda url: paths[url[0]], match[0]), text)
    return text


def _with_sizes(markup: str, found: Mapping[str, StoredPicture]) -> str:
    """Add the missing sizes of the copied pictures, so that a page can reserve their space before they load."""
    sizes = {stored.path: stored for stored in found.values() if stored.width and stored.height}

    def sized(tag: re.Match[str]) -> str:
        source = dict(_ATTRIBUTE.findall(tag[0])).get("src", "")
        stored = sizes.get(html.unescape(source))
        if stored is None or " width=" in tag[0] or " height=" in tag[0]:
            return tag[0]
        return f'{tag[0].rstrip("/>").rstrip()} width="{stored.width}" height="{stored.height}">'

    return _IMAGE_TAG.sub(sized, markup)
