"""Install the packages of the layers in a build again, each checked by its hash in the lock.

    python -m kolom_cli.sam.locked_packages .aws-sam/build arm64

For functions of another processor than that of this machine, SAM downloads compiled packages by name and version only,
so that pip cannot compare their hashes (``download_manylinux_wheels`` in aws-lambda-builders). So the packages that it
installed are replaced by those that uv installs from ``requirements.txt`` of the layer.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kolom_cli.sam.artifacts import SOURCES, ArtifactError, find_artifacts
from kolom_cli.sam.intrinsics import TemplateError
from kolom_cli.sam.loader import read_document

PLATFORMS: Final = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
"""The platforms, as uv names them, of Lambda's architectures: Amazon Linux 2023 has glibc 2.34."""

REQUIREMENTS: Final = "requirements.txt"
_OWN: Final = frozenset({"kolom", REQUIREMENTS})
_NOT_IMPORTED: Final = frozenset({"bin", ".lock"})


def install(build: Path, architecture: str) -> None:
    """Replace the packages of all layers in ``build``. A layer that was prepared before has them already.

    :raises ArtifactError: uv reported an error, such as a hash that differs; the layer is unchanged
    """
    document = read_document(build / "template.yaml")
    _, layers = find_artifacts(document, build)
    for layer in layers:
        if not (layer.directory / SOURCES).exists():
            python = document["Globals"]["Function"]["Runtime"].removeprefix("python")
            _replace(layer.directory, python, architecture)


def _replace(layer: Path, python: str, architecture: str) -> None:
    with TemporaryDirectory(dir=layer.parent) as directory:
        locked = Path(directory)
        install_requirements(layer / REQUIREMENTS, locked, python, architecture)
        for path in layer.iterdir():
            if path.name not in _OWN:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in locked.iterdir():
            if path.name not in _NOT_IMPORTED:
                path.rename(layer / path.name)


def install_requirements(requirements: Path, target: Path, python: str, architecture: str) -> None:
    """Install exactly the packages of a file into the directory ``target``, from wheels for one of :data:`PLATFORMS`.

    :raises ArtifactError: uv reported an error, such as a hash that differs
    """
    command = [
        # Copies: by default uv links files to its cache, so that a change would reach all environments.
        *(os.environ.get("UV", "uv"), "pip", "install", "--quiet", "--link-mode", "copy"),
        *("--require-hashes", "--no-deps"),
        *("--only-binary", ":all:", "--python-version", python, "--python-platform", PLATFORMS[architecture]),
        *("--target", str(target), "--requirements", str(requirements)),
    ]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ArtifactError(f"uv cannot be started: {error.strerror}") from error
    if result.returncode:
        raise ArtifactError(f"the packages of {requirements} cannot be installed:\n{result.stderr.strip()}")


def main(arguments: Sequence[str]) -> int:
    """Install the packages in a build for an architecture, the two ``arguments``, and return the exit code."""
    build, architecture = arguments
    try:
        install(Path(build), architecture)
    except (ArtifactError, TemplateError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
