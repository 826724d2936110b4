"""Deploy changed assets to the local stack before it serves a page, so that reloading a page shows the changes."""

import logging
import threading
from datetime import UTC, datetime
from pathlib import Path

from kolom.errors import KolomError
from kolom.pages import theme
from kolom_cli.assets.deployment import build, deploy
from kolom_cli.assets.fingerprint import paths
from kolom_cli.assets.site_config import SETTINGS_FILE

_log = logging.getLogger(__name__)


class AssetWatcher:
    """Deploys a directory to the stack of the current settings: at the start, and at a call if files have changed."""

    def __init__(self, frontend: Path) -> None:
        """Deploy the directory.

        :raises KolomError: it cannot be deployed
        """
        self._frontend = frontend
        self._lock = threading.Lock()
        self._seen = self._state()
        self._deploy()

    def __call__(self) -> None:
        """Deploy the directory if it has changed. An error is logged once, and the last successful deployment stays."""
        with self._lock:
            state = self._state()
            if state == self._seen:
                return
            self._seen = state
            try:
                self._deploy()
            except (KolomError, OSError) as error:
                _log.error("frontend: %s", error)

    def _deploy(self) -> None:
        for warning in deploy(build(self._frontend), now=datetime.now(UTC)).warnings:
            _log.warning("frontend: %s", warning)
        theme.clear_cache()

    def _state(self) -> frozenset[tuple[Path, int, int]]:
        found = set()
        for path in [*paths(self._frontend), self._frontend / SETTINGS_FILE]:
            try:
                status = path.stat()
            except OSError:
                continue
            found.add((path, status.st_mtime_ns, status.st_size))
        return frozenset(found)
