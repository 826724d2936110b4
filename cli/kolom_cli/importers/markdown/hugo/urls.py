"""Determine the URLs that Hugo or Zola gives to a page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from kolom_cli.importers.markdown.front_matter_values import get_flag, get_list, get_map, get_text
from kolom_cli.importers.markdown.lenient_front_matter import Values
from kolom_cli.importers.markdown.permalinks import (
    date_tokens,
    expand,
    hugo_sections,
    normalize_slashes,
    slugify_like_hugo,
)

_FILE_SUFFIXES = (".html", ".htm", ".php", ".asp", ".aspx", ".xml", ".jsp")


@dataclass(frozen=True, slots=True)
class UrlBuilder:
    """Builds the URLs of pages from the configuration of the site."""

    config: Values
    languages: Values
    default_language: str

    def url_paths(
        self, front: Values, language: str, sections: list[str], base: str, date: datetime | None
    ) -> tuple[str, list[str]]:
        """Return the URL path of a page, and its aliases.

        ``base`` is the name of its file or bundle in ``sections``.
        """
        lower = get_flag(self.config, "disablepathtolower") is not True
        prefix = self._prefix(language)
        title, slug = get_text(front, "title"), get_text(front, "slug")
        tokens = date_tokens(date) | {
            "title": slugify_like_hugo(title, lower=lower),
            "slug": slugify_like_hugo(slug or title or base, lower=lower),
            "filename": slugify_like_hugo(base, lower=lower),
            "contentbasename": slugify_like_hugo(base, lower=lower),
            "slugorfilename": slugify_like_hugo(slug or base, lower=lower),
            "slugorcontentbasename": slugify_like_hugo(slug or base, lower=lower),
            "section": slugify_like_hugo(sections[0], lower=lower) if sections else "",
        }
        names = [slugify_like_hugo(section, lower=lower) for section in sections]
        dynamic: dict[str, str | Callable[[str], str]] = {**tokens, "sections": hugo_sections(names)}
        ugly = self._is_ugly(sections)
        if url := get_text(front, "url"):
            url_path = expand(url, dynamic) if ":" in url else normalize_slashes(url)
            if not url.startswith("/"):
                url_path = normalize_slashes(f"{prefix}/{url_path}")
        elif (path := get_text(front, "path")) and "base_url" in self.config:  # Zola's
            url_path = normalize_slashes(path)
        elif pattern := self._pattern(sections):
            url_path = normalize_slashes(f"{prefix}/{expand(pattern, dynamic)}")
        else:
            url_path = normalize_slashes("/".join([prefix, *names, slugify_like_hugo(slug or base, lower=lower)]))
        last = url_path.rpartition("/")[2]
        if ugly and not get_text(front, "url"):
            url_path = f"{url_path.rstrip('/')}.html"
        elif last and not last.endswith(_FILE_SUFFIXES):
            url_path += "/"
        return normalize_slashes(url_path.removesuffix("index.html")), list(self._aliases(front, url_path, prefix))

    def _aliases(self, front: Values, url_path: str, prefix: str) -> Iterator[str]:
        for alias in get_list(front, "aliases"):
            full = alias
            if "base_url" in self.config:  # Zola's aliases are relative to the root
                full = f"/{alias.lstrip('/')}"
            elif not alias.startswith("/"):
                full = _without_dots(f"{url_path.rstrip('/').rpartition('/')[0]}/{alias}")
            prefixed = f"{prefix}{full}" if alias.startswith("/") else full
            for each in dict.fromkeys(map(normalize_slashes, (full, prefixed))):
                yield each
                if not each.endswith("/") and "." not in each.rpartition("/")[2]:
                    yield f"{each}/"

    def _prefix(self, language: str) -> str:
        if not language or not self.languages:
            return ""
        in_directory = get_flag(self.config, "defaultcontentlanguageinsubdir") is True
        return "" if language == self.default_language and not in_directory else f"/{language}"

    def _is_ugly(self, sections: list[str]) -> bool:
        by_section = get_map(self.config, "uglyurls")
        if by_section:
            return bool(sections) and get_flag(by_section, sections[0].lower()) is True
        return get_flag(self.config, "uglyurls") is True

    def _pattern(self, sections: list[str]) -> str:
        configured = get_map(self.config, "permalinks")
        for source in (get_map(configured, "page"), configured):
            for end in range(len(sections), 0, -1):
                if pattern := get_text(source, "/".join(sections[:end]).lower()):
                    return pattern
            if not sections and (pattern := get_text(source, "/")):
                return pattern
        return ""


def _without_dots(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return "/" + "/".join(parts) + ("/" if path.endswith("/") else "")
