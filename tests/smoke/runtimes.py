"""What the built functions run in: a Python, and the client of the Runtime API that Lambda's managed runtime has.

    python -m tests.smoke.runtimes

installs both into ``.aws-sam/runtimes``, for arm64 and for this machine's architecture. ``uv.lock`` has the hashes of
the client's packages.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kolom_cli.sam.artifacts import ArtifactError
from kolom_cli.sam.loader import read_document
from kolom_cli.sam.locked_packages import install_requirements
from tests.paths import PROJECT
from tests.smoke import debian_arm64

DIRECTORY: Final = PROJECT / ".aws-sam/runtimes"
GROUP: Final = "runtime"
"""The dependency group of the client."""
PYTHON: Final = str(read_document(PROJECT / "template.yaml")["Globals"]["Function"]["Runtime"]).removeprefix("python")
MACHINE: Final = platform.machine().replace("aarch64", "arm64")
EMULATES: Final = MACHINE != "arm64"
"""Whether functions for arm64 need an emulator on this machine."""

_EMULATED: Final = DIRECTORY / "debian-arm64"
_REQUIREMENTS: Final = "requirements.txt"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The runtime of a build: the command of its Python, and the environment that this command needs."""

    name: str
    build: Path
    architecture: str
    python: tuple[str, ...] = (sys.executable,)
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def client(self) -> Path:
        """The directory of the client. Lambda's is ``/var/runtime``."""
        return DIRECTORY / self.architecture

    @property
    def is_installed(self) -> bool:
        """Whether this machine can run the functions of the build."""
        return self.client.is_dir() and Path(self.python[0]).exists()


NATIVE: Final = Runtime("native", PROJECT / ".aws-sam/native", MACHINE)
DEPLOYED: Final = (
    Runtime(
        "deployed",
        PROJECT / ".aws-sam/build",
        "arm64",
        debian_arm64.command(_EMULATED, PYTHON),
        debian_arm64.ENVIRONMENT,
    )
    if EMULATES
    else Runtime("deployed", PROJECT / ".aws-sam/build", "arm64")
)
RUNTIMES: Final = (NATIVE, DEPLOYED)


def install() -> None:
    """Install the client for all architectures, and Python for arm64 if this machine has another processor.

    :raises ArtifactError: the client cannot be installed
    :raises debian_arm64.UnavailableError: Python for arm64 cannot be installed
    """
    for directory, architecture in {runtime.client: runtime.architecture for runtime in RUNTIMES}.items():
        _install_client(directory, architecture)
    if EMULATES:
        debian_arm64.install(_EMULATED, PYTHON)


def _install_client(target: Path, architecture: str) -> None:
    wanted = _locked_requirements()
    installed = target / _REQUIREMENTS
    if installed.exists() and installed.read_text("utf-8") == wanted:
        return
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    requirements = DIRECTORY / f"{architecture}.txt"
    requirements.write_text(wanted, "utf-8")
    install_requirements(requirements, target, PYTHON, architecture)
    requirements.rename(installed)


def _locked_requirements() -> str:
    options = ["--quiet", "--frozen", "--only-group", GROUP, "--no-emit-project", "--no-header"]
    command = [os.environ.get("UV", "uv"), "export", *options, "--format", "requirements-txt"]
    return subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    try:
        install()
    except debian_arm64.UnavailableError as error:
        print(f"The functions for arm64 cannot be run on this machine: {error}", file=sys.stderr)
    except ArtifactError as error:
        sys.exit(str(error))
