"""The manifest of a site: which of its pages `kolom sync` has stored, and in which state it has seen them.

It saves reads: a run compares the pages of the site with the manifest instead of the stored articles. The manifest has
:data:`BUCKETS` items, and a page is in the one that its key determines. So reading it is one Query (two from about
15,000 pages on), and a changed page rewrites one item.

The manifest is written after the pages. Before the first page, a run stores a mark, which the last write removes. The
next run that finds the mark does not rely on the manifest alone: it also lists the stored pages of the site.
"""

import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from typing import Final, Self

from kolom.errors import ServiceBusy
from kolom.models.articles import ArticlesTableRecord, SyncRecord

BUCKETS: Final = 64
_PREFIX: Final = "page#"
_UNFINISHED: Final = "unfinished"
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """A stored page, and the state in which it was seen.

    ``fingerprint`` is that of the article. ``digest`` is that of the file; ``etag`` and ``modified`` are the values of
    the response. ``aliases`` are the normalized URLs that lead to the page and are stored.
    """

    id: int
    slug: str
    url: str
    fingerprint: str = ""
    digest: str = ""
    etag: str = ""
    modified: str = ""
    aliases: tuple[str, ...] = ()


type Entries = dict[str, ManifestEntry]


class Manifest:
    """The entries of a site by the normalized URL of the file or address at which each page was found."""

    def __init__(self, site: str, entries: Entries, revisions: Mapping[int, int], *, is_unfinished: bool) -> None:
        self.site = site
        self.entries = entries
        self.is_unfinished = is_unfinished
        self._stored = _by_bucket(entries)
        self._revisions = dict(revisions)

    @classmethod
    def load(cls, site: str) -> Self:
        """Read the manifest of a site, which is empty before the first run. One Query per megabyte."""
        entries: Entries = {}
        revisions: dict[int, int] = {}
        is_unfinished = False
        for record in SyncRecord.query(_key(site), consistent_read=True):
            if record.part == _UNFINISHED:
                is_unfinished = True
            else:
                revisions[int(record.part.removeprefix(_PREFIX))] = int(record.revision)
                entries |= _decoded(record)
        return cls(site, entries, revisions, is_unfinished=is_unfinished)

    @property
    def changes(self) -> bool:
        """Whether :meth:`save` would write more than digests and headers of responses."""
        current = _by_bucket(self.entries)
        return self.is_unfinished or any(self._differs(bucket, current) for bucket in range(BUCKETS))

    def begin(self) -> None:
        """Store the mark of a run that has not finished. One write, unless the mark exists."""
        if not self.is_unfinished:
            SyncRecord(_key(self.site), _UNFINISHED).save()
            self.is_unfinished = True

    def save(self) -> None:
        """Write the items that changed, then remove the mark of the run.

        :raises ServiceBusy: other runs for the same site changed the same items each time
        """
        current = _by_bucket(self.entries)
        for bucket in range(BUCKETS):
            if self._differs(bucket, current):
                self._save(bucket, current[bucket])
        if self.is_unfinished:
            SyncRecord(_key(self.site), _UNFINISHED).delete()
            self.is_unfinished = False

    def delete(self) -> None:
        """Delete the manifest, because another one has its pages. No request if there is none."""
        if not self._revisions and not self.is_unfinished:
            return
        with ArticlesTableRecord.batch_write() as batch:
            for bucket in self._revisions:
                batch.delete(SyncRecord(_key(self.site), _part(bucket)))
            if self.is_unfinished:
                batch.delete(SyncRecord(_key(self.site), _UNFINISHED))

    def _differs(self, bucket: int, current: Mapping[int, Entries]) -> bool:
        return _essence(current.get(bucket, {})) != _essence(self._stored.get(bucket, {}))

    def _save(self, bucket: int, wanted: Entries) -> None:
        before = self._stored.get(bucket, {})
        for _ in range(_ATTEMPTS):
            if self._write(bucket, wanted):
                return
            # Another run wrote it meanwhile: keep what only that run knows, and repeat the own changes.
            theirs = self._reread(bucket)
            own = {key: entry for key, entry in wanted.items() if before.get(key) != entry}
            wanted = {key: entry for key, entry in theirs.items() if key in wanted or key not in before} | own
        raise ServiceBusy(f"other runs of `kolom sync` for {self.site} are writing at the same time")

    def _write(self, bucket: int, wanted: Entries) -> bool:
        revision = self._revisions.get(bucket)
        unchanged = SyncRecord.key.does_not_exist() if revision is None else SyncRecord.revision == revision
        record = SyncRecord(_key(self.site), _part(bucket), revision=(revision or 0) + 1, data=_encoded(wanted))
        written = record.save_if(unchanged)
        if written:
            self._revisions[bucket] = (revision or 0) + 1
            self._stored[bucket] = wanted
        return written

    def _reread(self, bucket: int) -> Entries:
        try:
            record = SyncRecord.get(_key(self.site), _part(bucket), consistent_read=True)
        except SyncRecord.DoesNotExist:
            self._revisions.pop(bucket, None)
            return {}
        self._revisions[bucket] = int(record.revision)
        return _decoded(record)


def _key(site: str) -> str:
    return f"sync#{site}"


def _part(bucket: int) -> str:
    return f"{_PREFIX}{bucket:02d}"


def _by_bucket(entries: Entries) -> defaultdict[int, Entries]:
    buckets: defaultdict[int, Entries] = defaultdict(dict)
    for key in sorted(entries):
        digest = hashlib.blake2s(key.encode(), digest_size=4).digest()
        buckets[int.from_bytes(digest) % BUCKETS][key] = entries[key]
    return buckets


def _essence(entries: Entries) -> Entries:
    """Return the entries without what need not be stored for its own sake."""
    return {key: replace(entry, digest="", etag="", modified="") for key, entry in entries.items()}


def _encoded(entries: Entries) -> bytes:
    rows = [[key, *astuple(entry)] for key, entry in entries.items()]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), level=9)


def _decoded(record: SyncRecord) -> Entries:
    rows = json.loads(zlib.decompress(record.data))
    return {key: ManifestEntry(*[*values, tuple(aliases)]) for key, *values, aliases in rows}
