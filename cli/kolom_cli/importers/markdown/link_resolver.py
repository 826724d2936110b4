"""The links and pictures of a site's page: pictures go to ``/media/``, links lead to articles, the rest stays."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import normpath
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from kolom.articles.names import default_path, path_problem
from kolom_cli.importers.markdown.site import Entry, Site
from kolom_cli.media.store import CONTENT_TYPES, MediaError, MediaStore, Resolver
from kolom_cli.publishing.document import FORMATS

_PATH_CHARACTERS: Final = "/!$&'()*+,;=:@-._~"


def path_of(entry: Entry) -> str | None:
    """The path that the article keeps: where it answered, if that can be an address here and is not its own anyway."""
    if entry.address is None or entry.address == default_path(entry.slug) or path_problem(entry.address):
        return None
    return entry.address


def address_of(entry: Entry) -> str:
    """Where the article answers here, as it stands in a link."""
    return quote(path_of(entry) or default_path(entry.slug), safe=_PATH_CHARACTERS)


@dataclass(slots=True)
class LinkResolver:
    """What stands in place of the URLs of one page. ``problems`` are the files that could not be taken over."""

    site: Site
    entry: Entry
    media: MediaStore
    problems: Counter[str] = field(default_factory=Counter)

    def __call__(self, url: str) -> str:
        """What shall stand in place of ``url``."""
        try:
            parts = urlsplit(url)
            path = unquote(parts.path)
            if parts.scheme not in {"", "http", "https"} or "\0" in path:
                return url
            if parts.netloc:
                if parts.hostname not in self.site.hosts or not _is_medium(path):
                    return url
                found = self._file(self.site.without_base(path))
                return self._upload(url, found) if found else url
        except ValueError:
            return url
        if not path:
            return url
        if not _is_medium(path) and (target := self._page(path)):
            query = f"?{parts.query}" if parts.query else ""
            return address_of(target) + query + (f"#{parts.fragment}" if parts.fragment else "")
        found = self._file(path)
        if found is not None and found.suffix.lower() not in FORMATS:
            return self._upload(url, found)
        if found is None and _is_medium(path):
            self.problems[f"there is no file {path}"] += 1
        return url

    def reference(self, wanted: str) -> str | None:
        """The address of the page that Hugo's ``ref`` or Jekyll's ``post_url`` and ``link`` mean; None if none is."""
        path, mark, fragment = wanted.strip().partition("#")
        target = self.entry if not path else self._referred(path)
        if target is None:
            return None
        return (address_of(target) if path else "") + mark + fragment

    def _referred(self, path: str) -> Entry | None:
        name = path.strip("/")
        site = self.site
        bases = [self.entry.path.parent, site.pages, site.directory]
        if path.startswith("/"):
            bases = bases[1:]
        folders = ("", "_posts/", "_drafts/") if site.flavour == "jekyll" else ("",)
        for base in bases:
            for folder in folders:
                for suffix in ("", *FORMATS, "/index.md"):
                    if found := site.at_path(_joined(base, f"{folder}{name}{suffix}")):
                        return found
        return site.named(name.rpartition("/")[2]) or site.at_address(f"/{name}")

    def _page(self, path: str) -> Entry | None:
        """The page that a link means: by its file, by its address, or by where it stands beside this page's address."""
        site = self.site
        if path.startswith("/"):
            own = site.without_base(path)
            return site.at_address(own) or site.at_path(_joined(site.pages, own.lstrip("/")))
        beside = _joined(self.entry.path.parent, path)
        if found := site.at_path(beside) or site.at_path(_joined(beside, "index.md")):
            return found
        if path.lower().endswith((".md", ".markdown")):
            return None
        return site.at_address(self._beside_address(path))

    def _beside_address(self, path: str) -> str:
        address = self.entry.address or default_path(self.entry.slug)
        return normpath(address.rpartition("/")[0] + "/" + path)

    def _file(self, path: str) -> Path | None:
        """The file that a URL's path means, within the folder wherever links lead."""
        site = self.site
        own = site.without_base(path).lstrip("/")
        candidates: list[Path] = []
        if not path.startswith("/"):
            candidates.append(self.entry.path.parent / path)
            if not path.startswith("."):
                candidates += [root / path for root in site.roots]
            own = self._beside_address(path).lstrip("/")
        candidates += [root / own for root in site.roots]
        if path.startswith("/"):
            candidates += [root / path.lstrip("/") for root in (*site.roots, site.pages)]
        elif (owner := site.at_address(self._beside_address(path).rpartition("/")[0])) and owner.bundle:
            candidates.append(owner.bundle / own.rpartition("/")[2])
        if path.startswith("/") and (owner := site.at_address(f"/{own}".rpartition("/")[0])) and owner.bundle:
            candidates.append(owner.bundle / own.rpartition("/")[2])
        inside = site.directory.resolve()
        for candidate in candidates:
            try:
                target = candidate.resolve()
                if target.is_file() and target.is_relative_to(inside):
                    return target
            except (OSError, ValueError):
                continue
        return None

    def _upload(self, url: str, file: Path) -> str:
        if file.suffix.lower() not in CONTENT_TYPES:
            self.problems[f"{file.name} is of a kind that is not taken over"] += 1
            return url
        resolver = Resolver(file, self.site.directory, self.media, lambda _: None)
        try:
            return resolver(quote(file.name))
        except MediaError as error:
            self.problems[f"{file.name} {str(error).partition(': ')[2]}"] += 1
            return url


def _is_medium(path: str) -> bool:
    return Path(path).suffix.lower() in CONTENT_TYPES


def _joined(base: Path, path: str) -> Path:
    try:
        return (base / path).resolve()
    except (OSError, ValueError):
        return base
