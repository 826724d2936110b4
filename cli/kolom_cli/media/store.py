"""Images and other files beside an article: uploaded to the media bucket, named by their content."""

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
"""What may be uploaded, and as what it is served. Nothing here is a document that runs scripts, but see :mod:`.svg`."""

MAX_BYTES: Final = 50 * 1024 * 1024
_HASH_DIGITS: Final = 16
_KEY: Final = re.compile(rf"media/[0-9a-f]{{{_HASH_DIGITS}}}/[a-z0-9][a-z0-9.-]*", re.ASCII)


class MediaError(KolomError):
    """A file that an article shows cannot be published; ``url`` is how the article calls it."""

    def __init__(self, url: str, message: str) -> None:
        super().__init__(f"{url}: {message}")
        self.url = url


@dataclass(slots=True)
class MediaStore:
    """The media bucket. Uploads what it does not hold yet; with ``dry_run`` only says where things would be.

    ``sizes`` has the width and height in pixels of the pictures that were put, by their addresses.
    """

    dry_run: bool = False
    uploaded: int = 0
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)
    _client: Any = None

    def put(self, name: str, data: bytes, content_type: str) -> str:
        """The site's address of the file: ``/media/<digest>/<name>``."""
        key = f"media/{hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]}/{name}"
        address = "/" + quote(key)
        if key not in self._known:
            if not self.dry_run and not self.holds(key):
                self._s3().put_object(
                    Bucket=settings().need("media_bucket"),
                    Key=key,
                    Body=data,
                    ContentType=content_type,
                    CacheControl=IMMUTABLE_CACHE_CONTROL,
                )
                self.uploaded += 1
            if content_type.startswith("image/") and (size := image_size(data, Path(name).suffix)):
                self.sizes[address] = size
            self._known.add(key)
        return address

    def holds(self, key: str) -> bool:
        """Whether the bucket has it."""
        return head_object(self._s3(), settings().need("media_bucket"), key) is not None

    def _s3(self) -> Any:
        if self._client is None:
            self._client = boto3.client("s3")
        return self._client


@dataclass(slots=True)
class Resolver:
    """Turns the relative links of one article's file into addresses of the site.

    A link to a media file uploads it, a link to another article's file becomes that article's address
    (``address_of``). Both must lie within ``root``, wherever symbolic links lead. All others stay as they are.
    """

    file: Path
    root: Path
    media: MediaStore
    address_of: Callable[[Path], str | None]

    def __call__(self, url: str) -> str:
        """What shall stand in place of ``url``.

        :raises MediaError: a media file is missing, outside of the root, too large, or a drawing with scripts
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
        address = self._address(path)
        if address is None:
            return url
        return address + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")

    def _upload(self, url: str, path: str, suffix: str) -> str:
        target = (self.file.parent / path).resolve()
        if not target.is_relative_to(self.root.resolve()):
            raise MediaError(url, f"lies outside of {self.root}, which is what is published")
        try:
            if not target.is_file():
                raise MediaError(url, f"there is no file {target}")
            if target.stat().st_size > MAX_BYTES:
                raise MediaError(url, f"has {target.stat().st_size:,} bytes, at most {MAX_BYTES:,} are possible")
            data = target.read_bytes()
        except OSError as error:
            raise MediaError(url, f"cannot be read: {error.strerror}") from error
        if not settings().media_bucket:
            raise MediaError(url, "cannot be uploaded: this endpoint has tables only, and no media bucket")
        if suffix == ".svg" and (problem := find_unsafe_svg(data)):
            raise MediaError(url, problem)
        return self.media.put(media_name(target.name), data, CONTENT_TYPES[suffix])

    def _address(self, path: str) -> str | None:
        try:
            target = (self.file.parent / path).resolve()
            if target.is_relative_to(self.root.resolve()) and target.is_file():
                return self.address_of(target)
        except OSError:
            pass
        return None


def media_key_problem(key: str) -> str | None:
    """Why ``key`` is none under which :meth:`MediaStore.put` keeps a file, or None."""
    if not _KEY.fullmatch(key):
        return "is not named by its content, as what `kolom` uploads is"
    suffix = Path(key).suffix
    return None if suffix in CONTENT_TYPES else f"{suffix or 'a file without a suffix'} is nothing that may be uploaded"


def media_name(name: str) -> str:
    """``name`` as it stands in an address: lower-case ASCII letters, digits and hyphens, with its suffix."""
    path = Path(name)
    stem = slugify(path.stem, max_length=80) or "file"
    return stem + re.sub(r"[^a-z0-9.]", "", path.suffix.lower())
