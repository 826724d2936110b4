"""Store the URLs that lead to pages: redirects and former URLs."""

from dataclasses import replace
from functools import partial

from kolom.articles import aliases
from kolom.errors import Conflict, ServiceBusy
from kolom_cli.syncing.report import REDIRECT
from kolom_cli.syncing.site_reading import SiteReading
from kolom_cli.syncing.sync_run import SyncRun


def store_redirects(run: SyncRun, reading: SiteReading) -> None:
    """Store the URLs that lead to pages, unless the manifest says that they are stored."""
    by_id = {entry.id: key for key, entry in run.manifest.entries.items()}
    missing: dict[str, int] = {}
    for alias, target in reading.aliases.items():
        article_id = run.ids.get(target)
        if article_id is None:
            run.report.skip(REDIRECT, alias.removeprefix("url:"), "the page that it leads to is not stored")
            continue
        entry = run.manifest.entries.get(by_id.get(article_id, ""))
        if entry is not None and alias in entry.aliases:
            run.report.add(REDIRECT, "unchanged")
        else:
            missing[alias] = article_id
    owners = run.look_up(list(missing))
    for alias, article_id in missing.items():
        _store_redirect(run, alias, article_id, owners.get(alias), by_id.get(article_id))


def _store_redirect(run: SyncRun, alias: str, article_id: int, owner: int | None, key: str | None) -> None:
    url = alias.removeprefix("url:")
    if owner is None and not run.options.dry_run:
        try:
            run.begin()
            run.workers.call(partial(aliases.claim_keys, (alias,), article_id, url))
        except (Conflict, ServiceBusy) as error:
            run.report.skip(REDIRECT, url, str(error), refused=True)
            return
    if owner is not None and owner != article_id:
        run.report.skip(REDIRECT, url, "it was a page of its own before, whose comments are kept but not shown")
        return
    run.report.add(REDIRECT, "created" if owner is None else "unchanged")
    if key is not None and not run.options.dry_run:
        entry = run.manifest.entries[key]
        run.manifest.entries[key] = replace(entry, aliases=tuple(sorted({*entry.aliases, alias})))
