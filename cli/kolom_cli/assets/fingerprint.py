"""The files of ``frontend/`` that are deployed, and their names with a hash.

A hash is that of the content in which references to other files are replaced by hashed names: so a file has another
name whenever it, or anything that it loads, has changed, and what a page has loaded always fits together.
"""

import hashlib
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from kolom.errors import KolomError
from kolom_cli.assets.css import with_references
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
"""What is deployed, and as what it is served."""

_FOLDERS_LEFT_OUT: Final = {"demo", "node_modules", "test", "tests"}
_FILES_LEFT_OUT: Final = re.compile(r"\.(config|spec|test)\.m?js$")
_HASH_DIGITS: Final = 8
_HASHED: Final = re.compile(rf".+\.[0-9a-f]{{{_HASH_DIGITS}}}\.[a-z0-9]+", re.ASCII)
_MODULE_REFERENCE: Final = re.compile(
    r"""(?P<before>\b(?:from|import)\s*\(?\s*|\bimport\.meta\.resolve\(\s*)(?P<quote>["'])(?P<to>\.{1,2}/[^"'\n]+)(?P=quote)"""
    r"""|(?P<before_url>\bnew\s+URL\(\s*)(?P<quote_url>["'])(?P<to_url>\.{1,2}/[^"'\n]+)(?P=quote_url)(?=\s*,\s*import\.meta\.url\b)"""
)


class AssetError(KolomError):
    """The files do not fit together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file under both of its names, each with its own references."""

    name: str
    content: bytes
    hashed_name: str
    hashed_content: bytes

    @property
    def content_type(self) -> str:
        """As what it is served."""
        return CONTENT_TYPES[PurePosixPath(self.name).suffix]


def collect(frontend: Path) -> dict[str, bytes]:
    """The content of each file that is deployed, by its name such as ``theme/kolom.css``.

    Left out are the demonstration page, tests, packages, hidden files, and what is of no type of :data:`CONTENT_TYPES`.
    """
    return {path.relative_to(frontend).as_posix(): path.read_bytes() for path in paths(frontend)}


def paths(frontend: Path) -> list[Path]:
    """Where those files are, in the order of their names."""
    found = []
    for folder, folders, names in frontend.walk():
        folders[:] = [each for each in folders if each not in _FOLDERS_LEFT_OUT and not each.startswith(".")]
        for name in names:
            is_deployed = Path(name).suffix in CONTENT_TYPES and not name.startswith(".")
            if is_deployed and not _FILES_LEFT_OUT.search(name) and (folder / name).is_file():
                found.append(folder / name)
    return sorted(found)


def is_hashed(name: str) -> bool:
    """Whether it is the name that a file has for one content."""
    return _HASHED.fullmatch(name) is not None


def with_hashes(files: Mapping[str, bytes]) -> list[Asset]:
    """Every file with its hashed name, each after those that it refers to.

    :raises AssetError: a file refers to one that is not there, or files refer to each other in a circle
    """
    done: dict[str, Asset] = {}
    under_way: list[str] = []

    def visit(name: str) -> Asset:
        if name in done:
            return done[name]
        if name in under_way:
            circle = " → ".join([*under_way[under_way.index(name) :], name])
            raise AssetError(f"these files refer to each other, so that none can be named first: {circle}")
        under_way.append(name)
        content = _rewritten(name, files[name], lambda reference: _hashed_reference(name, reference))
        under_way.pop()
        digest = hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]
        path = PurePosixPath(name)
        hashed_name = path.with_name(f"{path.stem}.{digest}{path.suffix}").as_posix()
        done[name] = Asset(name=name, content=files[name], hashed_name=hashed_name, hashed_content=content)
        return done[name]

    def _hashed_reference(name: str, reference: str) -> str:
        path, rest = re.fullmatch(r"([^?#]*)(.*)", reference, re.DOTALL).groups()  # type: ignore[union-attr]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if target not in files:
            raise AssetError(f"{name} refers to {reference!r}, which is no file that is deployed")
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
        return with_references(text, lambda to: replace(to) if _is_relative(to) else to).encode()
    return _MODULE_REFERENCE.sub(lambda match: _module_reference(match, replace), text).encode()


def _is_relative(reference: str) -> bool:
    return bool(reference) and not re.match(r"[a-z][a-z0-9+.-]*:|[/#?]", reference, re.IGNORECASE)


def _module_reference(match: re.Match[str], replace: Callable[[str], str]) -> str:
    before, quote, to = (match[name] or match[f"{name}_url"] for name in ("before", "quote", "to"))
    return f"{before}{quote}{replace(to)}{quote}"
