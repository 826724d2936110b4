"""What all steps of a synchronization share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import batched
from typing import Final

from kolom.articles import repository
from kolom.articles.page_urls import url_pointer_key
from kolom.articles.sync_manifest import Manifest, ManifestEntry
from kolom_cli.concurrency import Workers
from kolom_cli.syncing.report import SyncReport
from kolom_cli.syncing.types import Options
from kolom_cli.terminal.console import Track

_LOOKUP: Final = 500


@dataclass(slots=True)
class SyncRun:
    """A synchronization of the pages of one site.

    ``manifest`` has the pages that are stored. ``ids`` are the articles of the pages of the site, by the pointers of
    their URLs. ``former_urls`` are the URLs of pages, as pointers, that lead to other pages of the site, which had them
    before.
    """

    report: SyncReport
    options: Options
    now: datetime
    workers: Workers
    track: Track
    manifest: Manifest
    ids: dict[str, int] = field(default_factory=dict)
    former_urls: dict[str, ManifestEntry] = field(default_factory=dict)

    def look_up(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return the articles of pointers that exist."""
        futures = [
            self.workers.submit(partial(self.workers.call, partial(repository.find_ids, part)))
            for part in batched(keys, _LOOKUP, strict=False)
        ]
        return {key: found for future in futures for key, found in (future.result() or {}).items()}

    def begin(self) -> None:
        """Mark the run in the manifest before its first write."""
        self.report.writes = True
        self.workers.call_for_all(self.manifest.begin)


def site_key(url: str) -> str:
    """Return the normalized URL of a site."""
    return url_pointer_key(url).removeprefix("url:")
