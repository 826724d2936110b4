"""Describe what the figures were measured with: the machine, the versions, and the state of the code."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PACKAGES: Sequence[str] = (
    *("botocore", "boto3", "pynamodb", "aws-lambda-powertools", "pydantic", "jinja2", "moto"),
    *("isso", "tantivy", "bm25s", "matplotlib"),
)


def describe() -> dict[str, str]:
    """Return the machine, the versions of Python, the libraries and the peers, and the commit; absent ones as "-"."""
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "commit": _commit(),
        "Python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        "SQLite": sqlite3.sqlite_version,
    }


def _processor() -> str:
    """Return the name of the processor, which only Linux tells in a file."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text("utf-8").splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _commit() -> str:
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"],  # noqa: S607
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "-"
    return done.stdout.strip()
