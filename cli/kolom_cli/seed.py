"""Load the sample articles or exports into the stack of `kolom serve`."""

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
from kolom_cli.importers.commento.reader import read_commento
from kolom_cli.importers.common.importer import Importer
from kolom_cli.importers.common.types import Item, SourceError
from kolom_cli.importers.disqus.reader import read_disqus
from kolom_cli.importers.ghost.reader import read_ghost
from kolom_cli.importers.isso import read_isso
from kolom_cli.importers.markdown.reader import read_markdown
from kolom_cli.importers.medium.reader import read_medium
from kolom_cli.importers.remark42 import read_remark42
from kolom_cli.importers.substack.reader import read_substack
from kolom_cli.importers.wordpress.reader import read_wordpress
from kolom_cli.publishing.content_builder import find_sources
from kolom_cli.publishing.publisher import Publisher, PublishOptions
from kolom_cli.terminal import console
from kolom_cli.terminal.report import PublishReport, Report

SAMPLE: Final = Path(__file__).parent / "sample"

_READERS: Final[Mapping[str, Callable[[Path], Iterator[Item]]]] = {
    "blogger": lambda path: read_blogger([path]),
    "commento": read_commento,
    "disqus": read_disqus,
    "ghost": read_ghost,
    "isso": read_isso,
    "markdown": read_markdown,
    "medium": read_medium,
    "remark42": read_remark42,
    "substack": read_substack,
    "wordpress": read_wordpress,
}

_SOURCES: Final[Mapping[str, tuple[str, Callable[[Path], bool]]]] = {
    "archive": ("folder", Path.is_dir),
    "blogger": ("file or folder", Path.exists),
    "markdown": ("folder", Path.is_dir),
    "medium": ("file or folder", Path.exists),
    "substack": ("file or folder", Path.exists),
}
"""The type of the source of each kind of import, with its check. The source of other kinds is a file."""


class LoadError(Exception):
    """The sample or the export cannot be loaded; the message is for the user."""


class StackLoader:
    """Loads data into a local stack, in the process of the stack."""

    def deploy_assets(self, stack: EmulatedStack) -> None:
        """Deploy ``frontend/`` as `kolom deploy-assets` does, and again before each page if it has changed.

        :raises LoadError: it cannot be deployed
        """
        _use_outputs_as_settings(stack)
        try:
            stack.site.before_pages = AssetWatcher(stack.frontend)
        except KolomError as error:
            raise LoadError(str(error)) from error

    def load_sample(self, stack: EmulatedStack) -> str:
        """Publish the sample of Kolom; return a summary with the number of articles and pages."""
        _use_outputs_as_settings(stack)
        report = load_sample()
        return _summary(report, "sample articles and pages")

    def load_import(self, stack: EmulatedStack, kind: str, source: str) -> str:
        """Import an export; return a summary. Items that could not be imported are reported on standard error.

        :raises LoadError: the kind is unknown, or the source does not exist
        """
        _use_outputs_as_settings(stack)
        report = load_import(f"{kind}:{source}")
        return _summary(report, f"articles from {Path(source).name}")


def load_sample() -> PublishReport:
    """Publish the sample articles to the stack of the current settings, without changing the files."""
    report = PublishReport()
    publisher = Publisher(PublishOptions(write_back=False, force=True), report, datetime.now(UTC))
    for source in find_sources([SAMPLE])[0]:
        publisher.publish(source)
    return report


def load_import(specification: str) -> Report:
    """Import ``KIND:SOURCE``, such as ``wordpress:FILE`` or ``archive:DIR``, into the stack of the current settings.

    :raises LoadError: the kind is unknown, or the source does not exist
    """
    kind, _, source = specification.partition(":")
    if kind not in {*_READERS, "archive"}:
        raise LoadError(f"unknown kind {kind!r} for --import: use one of {', '.join([*_READERS, 'archive'])}")
    what, exists = _SOURCES.get(kind, ("file", Path.is_file))
    if not source or not exists(Path(source)):
        raise LoadError(f"the {what} {source!r} does not exist")
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


def _use_outputs_as_settings(stack: EmulatedStack) -> None:
    """Read the settings from the stack's outputs. Some, such as the media bucket, are in no function's environment."""
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
