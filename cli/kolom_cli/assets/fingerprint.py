"""Collect the files of ``frontend/`` that are deployed, and give them names with a content hash.

The hash is computed after the references to other files are replaced by hashed names. So the name of a file changes
whenever the file or anything that it loads changes, and a page always loads a consistent set of files.
"""

import hashlib
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from kolom.errors import KolomError
from kolom_cli.assets.css import replace_references
from kolom_cli.media.s3 import IMAGE_TYPES

CONTENT_TYPES: Final[Mapping[str, str]] = {
    **IMAGE_TYPES,
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
"""The file types that are deployed, with the content type of each."""

_EXCLUDED_DIRECTORIES: Final = {"demo", "node_modules", "test", "tests"}
_EXCLUDED_FILES: Final = re.compile(r"\.(config|spec|test)\.m?js$")
_HASH_DIGITS: Final = 8
_HASHED: Final = re.compile(rf".+\.[0-9a-f]{{{_HASH_DIGITS}}}\.[a-z0-9]+", re.ASCII)
_MODULE_REFERENCE: Final = re.compile(
    r"""(?P<before>\b(?:from|import)\s*\(?\s*|\bimport\.meta\.resolve\(\s*)(?P<quote>["'])(?P<to>\.{1,2}/[^"'\n]+)(?P=quote)"""
    r"""|(?P<before_url>\bnew\s+URL\(\s*)(?P<quote_url>["'])(?P<to_url>\.{1,2}/[^"'\n]+)(?P=quote_url)(?=\s*,\s*import\.meta\.url\b)"""
)


class AssetError(KolomError):
    """A file has an invalid reference, or is not UTF-8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file with both of its names, and the content under each."""

    name: str
    content: bytes
    hashed_name: str
    hashed_content: bytes

    @property
    def content_type(self) -> str:
        """The content type with which the file is served."""
        return CONTENT_TYPES[PurePosixPath(self.name).suffix]


def collect(frontend: Path) -> dict[str, bytes]:
    """Return the content of each file that is deployed, by its name such as ``theme/kolom.css``.

    The demonstration page, tests, packages, hidden files and types other than :data:`CONTENT_TYPES` are excluded.
    """
    return {path.relative_to(frontend).as_posix(): path.read_bytes() for path in paths(frontend)}


def paths(frontend: Path) -> list[Path]:
    """Return the paths of the files that are deployed, sorted by name."""
    found = []
    for directory, directories, names in frontend.walk():
        directories[:] = [
            each for each in directories if each not in _EXCLUDED_DIRECTORIES and not each.startswith(".")
        ]
        for name in names:
            is_deployed = Path(name).suffix in CONTENT_TYPES and not name.startswith(".")
            if is_deployed and not _EXCLUDED_FILES.search(name) and (directory / name).is_file():
                found.append(directory / name)
    return sorted(found)


def is_hashed(name: str) -> bool:
    """Return whether the name contains a hash."""
    return _HASHED.fullmatch(name) is not None


def with_hashes(files: Mapping[str, bytes]) -> list[Asset]:
    """Return every file with its hashed name, each after the files that it refers to.

    :raises AssetError: a file refers to a missing file or is not UTF-8, or files refer to each other in a cycle
    """
    done: dict[str, Asset] = {}
    in_progress: list[str] = []

    def visit(name: str) -> Asset:
        if name in done:
            return done[name]
        if name in in_progress:
            cycle = " → ".join([*in_progress[in_progress.index(name) :], name])
            raise AssetError(f"these files refer to each other in a cycle, so they cannot be hashed: {cycle}")
        in_progress.append(name)
        content = _rewritten(name, files[name], lambda reference: _hashed_reference(name, reference))
        in_progress.pop()
        digest = hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]
        path = PurePosixPath(name)
        hashed_name = path.with_name(f"{path.stem}.{digest}{path.suffix}").as_posix()
        done[name] = Asset(name=name, content=files[name], hashed_name=hashed_name, hashed_content=content)
        return done[name]

    def _hashed_reference(name: str, reference: str) -> str:
        path, rest = re.fullmatch(r"([^?#]*)(.*)", reference, re.DOTALL).groups()  # type: ignore[union-attr]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if target not in files:
            raise AssetError(f"{name} refers to {reference!r}, which is not a deployed file")
        return posixpath.join(posixpath.dirname(path), posixpath.basename(visit(target).hashed_name)) + str(rest)

    for name in files:
        visit(name)
    return list(done.values())


def _rewritten(name: str, content: bytes, replace: Callable[[str], str]) -> bytes:
    suffix = PurePosixPath(name).suffix
    if suffix not in {".css", ".js", ".mjs"}:
        return content
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AssetError(f"{name} is not UTF-8") from error
    if suffix == ".css":
        return replace_references(text, lambda to: replace(to) if _is_relative(to) else to).encode()
    return _MODULE_REFERENCE.sub(lambda match: _module_reference(match, replace), text).encode()


def _is_relative(reference: str) -> bool:
    return bool(reference) and not re.match(r"[a-z][a-z0-9+.-]*:|[/#?]", reference, re.IGNORECASE)


def _module_reference(match: re.Match[str], replace: Callable[[str], str]) -> str:
    before, quote, to = (match[name] or match[f"{name}_url"] for name in ("before", "quote", "to"))
    return f"{before}{quote}{replace(to)}{quote}"
