"""Build the stack with `make build`, and upload it with `sam package`. Both run as separate processes."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from kolom_cli.deploying.errors import DeploymentError
from kolom_cli.sam.defaults import TEMPLATE

PROJECT: Final = TEMPLATE.parent
SAM: Final = PROJECT / ".venv-sam/bin/sam"
BUILT: Final = PROJECT / ".aws-sam/build/template.yaml"
PACKAGED: Final = PROJECT / ".aws-sam/packaged.yaml"
LOCK: Final = PROJECT / ".aws-sam/deploy.lock"
_LAST_LINES: Final = 15


def missing_tools() -> list[str]:
    """Return the names of missing programs. SAM is not among them: `make build` installs it."""
    return [name for name in ("make",) if shutil.which(name) is None]


@contextmanager
def lock_checkout() -> Iterator[None]:
    """Let only one process at a time build and package in this checkout. The system releases the lock of a process.

    :raises DeploymentError: another process has the lock
    """
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DeploymentError(
                "another run of `kolom deploy` is building in this checkout", "wait for it, then run the command again"
            ) from error
        yield


def build() -> None:
    """Build functions and layer.

    :raises DeploymentError: the build failed
    """
    _run(["make", "--no-print-directory", "build"], "the build failed", "correct the error, then run the command again")


def package(bucket: str, prefix: str, region: str) -> Path:
    """Upload what was built, except for objects that the bucket has, and return the template that refers to it.

    :raises DeploymentError: the upload failed
    """
    command = [
        *(str(SAM), "package", "--template-file", str(BUILT), "--output-template-file", str(PACKAGED)),
        *("--s3-bucket", bucket, "--s3-prefix", prefix, "--region", region, "--no-progressbar"),
    ]
    _run(command, "the upload failed", "check the connection and the rights, then run the command again")
    return PACKAGED


def _run(command: Sequence[str], failed: str, fix: str) -> None:
    environment = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    try:
        done = subprocess.run(
            command,
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise DeploymentError(f"{failed}: {command[0]} cannot be started: {error.strerror}", fix) from error
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        raise DeploymentError("\n    ".join([f"{failed}:", *lines[-_LAST_LINES:]]), fix)
