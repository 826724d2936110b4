"""The pages of a built site in a folder."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote, urljoin

from kolom.articles.sync_manifest import ManifestEntry
from kolom_cli.syncing.types import MAX_PAGE_BYTES, Content, Document, Options, SyncError

READER_VERSION: Final = 4
"""Part of the digests: raise it if pages are read differently, so that unchanged files are read again."""

_EXTENSIONS: Final = frozenset({".html", ".htm"})
_ERROR_PAGES: Final = frozenset({"404.html", "404/index.html", "404.htm"})
_REDIRECTS: Final = "_redirects"
_MAX_REDIRECTS: Final = 10_000
_SAFE: Final = "/!$&'()*+,;=:@-._~"


class Folder:
    """The HTML files of a folder, sorted by name, and the redirects of its file ``_redirects`` (Netlify, Cloudflare).

    Hidden files and folders and the error page are left out. A link to a file outside of the folder is a problem.
    """

    def __init__(self, directory: Path, options: Options) -> None:
        self._directory = directory
        self._base_url = options.base_url if options.base_url.endswith("/") else f"{options.base_url}/"
        self._options = options.of_reading
        self._files = sorted(self._find(), key=lambda path: path.relative_to(directory).as_posix())
        self.total: int | None = len(self._files)

    @property
    def is_complete(self) -> bool:
        """Whether all files were found."""
        return True

    def documents(self, entries: Mapping[str, ManifestEntry]) -> Iterator[Document]:  # noqa: ARG002 - a Source
        """Yield the pages and the redirects.

        :raises SyncError: there is no page
        """
        if not self._files:
            raise SyncError(f"there are no HTML files in {self._directory}")
        for path in self._files:
            yield self._document(path)
        yield from self._redirects()

    def redirects(self, urls: Iterable[str]) -> Iterator[Document]:  # noqa: ARG002 - a Source
        """Yield nothing: :meth:`documents` has all redirects."""
        yield from ()

    def _find(self) -> Iterator[Path]:
        for parent, directories, names in os.walk(self._directory):
            directories[:] = sorted(name for name in directories if not name.startswith("."))
            for name in names:
                path = Path(parent, name)
                relative = path.relative_to(self._directory).as_posix()
                if path.suffix.lower() in _EXTENSIONS and not name.startswith(".") and relative not in _ERROR_PAGES:
                    yield path

    def _document(self, path: Path) -> Document:
        relative = path.relative_to(self._directory).as_posix()
        location = relative.removesuffix("index.html") if path.name == "index.html" else relative
        url = self._base_url + quote(location.encode("utf-8", "surrogateescape"), safe=_SAFE)
        name = relative.encode("utf-8", "replace").decode()
        try:
            if path.is_symlink() and not path.resolve().is_relative_to(self._directory.resolve()):
                return Document(name=name, url=url, problem="it is a link to a file outside of the folder")
            size = path.stat().st_size
            if size > MAX_PAGE_BYTES:
                return Document(name=name, url=url, problem=f"it has more than {MAX_PAGE_BYTES >> 20} MB")
            data = path.read_bytes()
        except OSError as error:
            return Document(name=name, url=url, problem=f"it cannot be read: {error.strerror or error}")
        return Document(name=name, url=url, digest=self._digest(url, data), load=partial(self._load, path))

    def _load(self, path: Path) -> Content:
        return Content(path.read_bytes())

    def _digest(self, url: str, data: bytes) -> str:
        seen = hashlib.blake2s(f"{READER_VERSION}\n{url}\n{self._options}\n".encode(), digest_size=10)
        seen.update(data)
        return seen.hexdigest()

    def _redirects(self) -> Iterator[Document]:
        """Yield the permanent redirects of single paths."""
        try:
            lines = (self._directory / _REDIRECTS).read_text("utf-8", "replace").splitlines()
        except OSError:
            return
        for line in lines[:_MAX_REDIRECTS]:
            match line.partition("#")[0].split():
                case [origin, target] | [origin, target, "301" | "301!" | "308"] if _is_single_path(origin):
                    with suppress(ValueError):  # the target is not a URL
                        yield Document(
                            name=f"{_REDIRECTS}: {origin}",
                            url=urljoin(self._base_url, quote(origin, safe=f"{_SAFE}%")),
                            target=urljoin(self._base_url, target),
                        )


def _is_single_path(origin: str) -> bool:
    """Return whether the origin of a redirect is a path on this host, without placeholders."""
    return origin.startswith("/") and not origin.startswith("//") and not {"*", ":"} & set(origin)
