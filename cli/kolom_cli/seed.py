"""What `kolom serve` fills its stack with: the sample articles, or exports."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kolom.config import settings
from kolom.errors import KolomError
from kolom_cli.archive.reader import Archive
from kolom_cli.archive.restorer import Restorer
from kolom_cli.assets.watch import AssetWatcher
from kolom_cli.connection import OUTPUTS
from kolom_cli.emulator.stack import EmulatedStack
from kolom_cli.importers.blogger.reader import read_blogger
from kolom_cli.importers.common.importer import Importer
from kolom_cli.importers.common.types import Item, SourceError
from kolom_cli.importers.disqus.reader import read_disqus
from kolom_cli.importers.isso import read_isso
from kolom_cli.importers.markdown.reader import read_markdown
from kolom_cli.importers.wordpress.reader import read_wordpress
from kolom_cli.publishing.content_builder import find_sources
from kolom_cli.publishing.publisher import Publisher, PublishOptions
from kolom_cli.terminal import console
from kolom_cli.terminal.report import PublishReport, Report

SAMPLE: Final = Path(__file__).parent / "sample"

_READERS: Final[Mapping[str, Callable[[Path], Iterator[Item]]]] = {
    "blogger": lambda path: read_blogger([path]),
    "disqus": read_disqus,
    "isso": read_isso,
    "markdown": read_markdown,
    "wordpress": read_wordpress,
}

_SOURCES: Final[Mapping[str, tuple[str, Callable[[Path], bool]]]] = {
    "archive": ("folder", Path.is_dir),
    "blogger": ("file or folder", Path.exists),
    "markdown": ("folder", Path.is_dir),
}
"""What the source of a kind is; of others a file."""


class LoadError(Exception):
    """What was to be loaded cannot be; the message is for the person who asked."""


class StackLoader:
    """Fills a local stack from within its process."""

    def deploy_assets(self, stack: EmulatedStack) -> None:
        """Deploy ``frontend/`` as `kolom deploy-assets` does, and again before a page when it has changed.

        :raises LoadError: it cannot be deployed as it is
        """
        _use(stack)
        try:
            stack.site.before_pages = AssetWatcher(stack.frontend)
        except KolomError as error:
            raise LoadError(str(error)) from error

    def load_sample(self, stack: EmulatedStack) -> str:
        """Publish what comes with Kolom; says how many articles, pages and drafts."""
        _use(stack)
        report = load_sample()
        return _summary(report, "sample articles, pages and drafts")

    def load_import(self, stack: EmulatedStack, kind: str, source: str) -> str:
        """Import an export; says how much. What could not be imported is said on standard error.

        :raises LoadError: there is no such kind or source
        """
        _use(stack)
        report = load_import(f"{kind}:{source}")
        return _summary(report, f"articles from {Path(source).name}")


def load_sample() -> PublishReport:
    """Publish the sample articles to the stack of the present settings. The files stay as they are."""
    report = PublishReport()
    publisher = Publisher(PublishOptions(write_back=False, force=True), report, datetime.now(UTC))
    for source in find_sources([SAMPLE])[0]:
        publisher.publish(source)
    return report


def load_import(specification: str) -> Report:
    """Import ``KIND:SOURCE``, such as ``wordpress:FILE`` or ``archive:DIR``, into the stack of the present settings.

    :raises LoadError: there is no such kind or source
    """
    kind, _, source = specification.partition(":")
    if kind not in {*_READERS, "archive"}:
        raise LoadError(f"--import knows {', '.join([*_READERS, 'archive'])}, not {kind!r}")
    what, is_there = _SOURCES.get(kind, ("file", Path.is_file))
    if not source or not is_there(Path(source)):
        raise LoadError(f"there is no {what} {source!r}")
    report = Report()
    if kind == "archive":
        try:
            archive = Archive(Path(source), settings().zone)
        except SourceError as error:
            raise LoadError(str(error)) from error
        Restorer(report, datetime.now(UTC)).restore_all(archive.entries(), threading.Event())
        return report
    Importer(report, datetime.now(UTC)).store_all(_READERS[kind](Path(source)), threading.Event())
    return report


def _use(stack: EmulatedStack) -> None:
    """Settings that no function has, such as the media bucket, are among the stack's outputs."""
    outputs = stack.template.outputs
    os.environ.update({variable: outputs[name] for name, variable in OUTPUTS.items() if name in outputs})
    settings.cache_clear()


def _summary(report: Report, what: str) -> str:
    if report.exit_code:
        report.print(console.err())
    articles, comments = (
        sum(report.counts(kind)[change] for kind in kinds for change in ("created", "updated", "unchanged"))
        for kinds in (("article", "page"), ("comment",))
    )
    return f"{articles} {what}" + (f", {comments} comments" if comments else "")
