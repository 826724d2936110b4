"""CPython for arm64 on a machine with another processor: Debian's packages, run by QEMU's user mode emulation.

apt downloads the packages and checks Debian's signatures. They are unpacked into a directory and not installed, so this
needs no rights of an administrator and changes nothing on the machine.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

SUITE: Final = "trixie"
"""The release of Debian that has Lambda's version of Python."""
SOURCE: Final = f"http://deb.debian.org/debian {SUITE} main"
KEYS: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LIBRARIES: Final = ("libstdc++6",)
"""The libraries of Lambda's managed runtime that Debian's Python does not need itself."""
ENVIRONMENT: Final[Mapping[str, str]] = {"QEMU_CPU": "neoverse-n1"}
"""The cores of Graviton2. QEMU's default also emulates pointer authentication, which takes six times as long."""

_EMULATOR: Final = "usr/bin/qemu-aarch64"
_PROGRAMS: Final = ("apt-get", "dpkg", "dpkg-deb", "tar")


class UnavailableError(Exception):
    """Programs for arm64 cannot be run on this machine; the message says why."""


def command(directory: Path, python: str) -> tuple[str, ...]:
    """Return the command of the Python of version ``python`` that was installed into ``directory``."""
    root = directory / "root"
    return str(directory / "qemu-aarch64"), "-L", str(root), str(root / f"usr/bin/python{python}")


def install(directory: Path, python: str) -> None:
    """Install an emulator and the Python of version ``python`` into ``directory``, unless it has them.

    :raises UnavailableError: this machine lacks a program or file that this needs, or a package cannot be downloaded
    """
    emulator, _, root, _ = command(directory, python)
    if Path(emulator).exists():
        return
    if missing := [name for name in _PROGRAMS if shutil.which(name) is None]:
        raise UnavailableError(f"{', '.join(missing)} not found")
    if not KEYS.exists():
        raise UnavailableError(f"{KEYS} not found (Debian's package debian-archive-keyring)")
    shutil.rmtree(directory, ignore_errors=True)
    packages = _download(directory / "apt", python)
    # Programs name their loader by this link, which no package contains.
    Path(root, "usr/lib").mkdir(parents=True)
    Path(root, "lib").symlink_to("usr/lib")
    (qemu,) = packages.glob("qemu-user_*.deb")
    for package in packages.glob("*.deb"):
        if package != qemu:
            _run("dpkg-deb", "--extract", str(package), root)
    # An emulated process would spend seconds on compiling these modules. Bytecode is the same for all processors.
    _run(sys.executable, "-m", "compileall", "-q", "-j0", f"{root}/usr/lib/python{python}")
    extract = f'dpkg-deb --fsys-tarfile "$1" | tar --extract --directory "$2" ./{_EMULATOR}'
    _run("sh", "-c", extract, "sh", str(qemu), str(directory))
    shutil.rmtree(directory / "apt")
    # The last step, because the next call takes it as the sign of a complete installation.
    (directory / _EMULATOR).rename(emulator)


def _download(apt: Path, python: str) -> Path:
    """Download the packages with an apt that knows only Debian's archive, and return their directory."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (apt / name).mkdir(parents=True)
    (apt / "state/status").touch()
    host = _run("dpkg", "--print-architecture").strip()
    source = f"deb [arch={host},arm64 signed-by={KEYS}] {SOURCE}\n"
    (apt / "sources.list").write_text(source, "utf-8")
    settings = {
        "APT::Architecture": host,
        "APT::Architectures::": "arm64",
        "APT::Sandbox::User": "",
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": apt / "state",
        "Dir::State::status": apt / "state/status",
        "Dir::Cache": apt / "cache",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    _run("apt-get", *options, "--quiet", "update")
    names = [f"{name}:arm64" for name in (f"python{python}", *LIBRARIES)]
    _run("apt-get", *options, "--quiet", "--yes", "--download-only", "--no-install-recommends", "install", *names)
    packages = apt / "cache/archives"
    _run("apt-get", *options, "--quiet", "download", f"qemu-user:{host}", directory=packages)
    return packages


def _run(*arguments: str, directory: Path | None = None) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(
        arguments, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise UnavailableError(f"{arguments[0]} failed: {result.stderr.strip()}")
    return result.stdout
