"""Upload the images and other files of an article to the media bucket, under content-addressed names."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import boto3
from slugify import slugify

from kolom.config import settings
from kolom.errors import KolomError
from kolom.rendering.element_ids import element_url
from kolom.urls import with_query
from kolom_cli.media.image_size import image_size
from kolom_cli.media.s3 import IMAGE_TYPES, IMMUTABLE_CACHE_CONTROL, head_object
from kolom_cli.media.svg_safety import find_unsafe_svg

CONTENT_TYPES: Final[Mapping[str, str]] = {
    **IMAGE_TYPES,
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".pdf": "application/pdf",
    ".vtt": "text/vtt; charset=utf-8",
    ".wav": "audio/wav",
    ".webm": "video/webm",
}
"""The file types that may be uploaded, with their content types. Only SVG can run scripts: see :mod:`.svg_safety`."""

MAX_BYTES: Final = 50 * 1024 * 1024
_HASH_DIGITS: Final = 16
_KEY: Final = re.compile(rf"media/[0-9a-f]{{{_HASH_DIGITS}}}/[a-z0-9][a-z0-9.-]*", re.ASCII)


def is_media_path(path: str) -> bool:
    """Return whether the path is that of a picture or another media file, not of a page."""
    return Path(path).suffix.lower() in CONTENT_TYPES


class MediaError(KolomError):
    """A file of an article cannot be published; ``url`` is the URL in the article."""

    def __init__(self, url: str, message: str) -> None:
        super().__init__(f"{url}: {message}")
        self.url = url


@dataclass(slots=True)
class MediaStore:
    """The media bucket. ``put`` uploads a file that it does not have yet; with ``dry_run`` it only returns the URL.

    ``sizes`` are the width and height in pixels of the uploaded images, by URL.
    """

    dry_run: bool = False
    uploaded: int = 0
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)
    _client: Any = None

    def put(self, name: str, data: bytes, content_type: str) -> str:
        """Upload the file if necessary; return its URL on the site: ``/media/<digest>/<name>``."""
        key = f"media/{hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]}/{name}"
        url = "/" + quote(key)
        if key not in self._known:
            if not self.dry_run and not self.exists(key):
                self._s3().put_object(
                    Bucket=settings().need("media_bucket"),
                    Key=key,
                    Body=data,
                    ContentType=content_type,
                    CacheControl=IMMUTABLE_CACHE_CONTROL,
                )
                self.uploaded += 1
            if content_type.startswith("image/") and (size := image_size(data, Path(name).suffix)):
                self.sizes[url] = size
            self._known.add(key)
        return url

    def has(self, key: str) -> bool:
        """Return whether the file was or would be uploaded in this run, or is in the bucket already."""
        if key not in self._known and self.exists(key):
            self._known.add(key)
        return key in self._known

    def exists(self, key: str) -> bool:
        """Return whether the bucket has an object with that key."""
        return head_object(self._s3(), settings().need("media_bucket"), key) is not None

    def _s3(self) -> Any:
        if self._client is None:
            self._client = boto3.client("s3")
        return self._client


@dataclass(slots=True)
class Resolver:
    """Converts the relative links of one article's file to URLs of the site.

    A linked media file is uploaded. A link to the file of another article becomes the URL of that article
    (``url_of``). The linked file must be within ``root``, after symbolic links are resolved. All other links stay.
    """

    file: Path
    root: Path
    media: MediaStore
    url_of: Callable[[Path], str | None]

    def __call__(self, url: str) -> str:
        """Return the replacement of ``url``.

        :raises MediaError: a media file is missing, outside of the root, too large, or an SVG with scripts
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            return url
        path = unquote(parts.path)
        if parts.scheme or parts.netloc or not path or path.startswith("/") or "\0" in path or "\\" in path:
            return url
        suffix = Path(path).suffix.lower()
        if suffix in CONTENT_TYPES:
            return self._upload(url, path, suffix)
        target = self._url_of_article(path)
        return url if target is None else element_url(with_query(target, parts.query), parts.fragment)

    def _upload(self, url: str, path: str, suffix: str) -> str:
        target = (self.file.parent / path).resolve()
        if not target.is_relative_to(self.root.resolve()):
            raise MediaError(url, f"is outside of the published folder {self.root}")
        try:
            if not target.is_file():
                raise MediaError(url, f"the file {target} does not exist")
            if target.stat().st_size > MAX_BYTES:
                raise MediaError(url, f"has {target.stat().st_size:,} bytes, the maximum is {MAX_BYTES:,}")
            data = target.read_bytes()
        except OSError as error:
            raise MediaError(url, f"cannot be read: {error.strerror}") from error
        if not settings().media_bucket:
            raise MediaError(url, "cannot be uploaded: this endpoint has only tables, no media bucket")
        if suffix == ".svg" and (problem := find_unsafe_svg(data)):
            raise MediaError(url, problem)
        return self.media.put(media_name(target.name), data, CONTENT_TYPES[suffix])

    def _url_of_article(self, path: str) -> str | None:
        try:
            target = (self.file.parent / path).resolve()
            if target.is_relative_to(self.root.resolve()) and target.is_file():
                return self.url_of(target)
        except OSError:
            pass
        return None


def media_key_problem(key: str) -> str | None:
    """Return why :meth:`MediaStore.put` would not use ``key`` for a file, or None if it is valid."""
    if not _KEY.fullmatch(key):
        return "must have the digest of its content in its path, like the files that `kolom` uploads"
    suffix = Path(key).suffix
    return None if suffix in CONTENT_TYPES else f"{suffix or 'a file without a suffix'} is not an allowed file type"


def media_name(name: str) -> str:
    """Return ``name`` in its form for URLs: lower-case ASCII letters, digits and hyphens, with its suffix."""
    path = Path(name)
    stem = slugify(path.stem, max_length=80) or "file"
    return stem + re.sub(r"[^a-z0-9.]", "", path.suffix.lower())
