"""The compiled modules of both builds: the processor, the system libraries and the versions that they need."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile

from tests.smoke.function_process import LAYER
from tests.smoke.runtimes import DEPLOYED, NATIVE

VERSIONS: Final = {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (11, 0)}
"""The newest versions of symbols in Amazon Linux 2023: glibc 2.34, and the C++ library and runtime of GCC 11."""
LIBRARIES: Final = frozenset(
    {
        "ld-linux-aarch64.so.1",
        "ld-linux-x86-64.so.2",
        "libc.so.6",
        "libdl.so.2",
        "libgcc_s.so.1",
        "libm.so.6",
        "libpthread.so.0",
        "librt.so.1",
        "libstdc++.so.6",
    }
)
"""The libraries of glibc and GCC. The runtime client of Lambda's Python needs them, too."""
X86_ONLY: Final = {"rapidfuzz/_feature_detector_cpp", "rapidfuzz/distance/metrics_cpp_avx2"}
"""Modules of rapidfuzz with instructions of x86 processors, and what looks for these instructions."""
VERSION_NEED: Final = struct.Struct("<HHIII")
VERSION_NEED_SYMBOL: Final = struct.Struct("<IHHII")
"""The entries of the list of versions, as the ELF supplement of the Linux Standard Base defines them."""
PLATFORM: Final = re.compile(r"\.(cpython-[\w-]+|abi3)\.so$")


def modules(build: Path) -> dict[str, Path]:
    """Return the extension modules of a build by their names, which do not depend on the platform."""
    layer = build / LAYER / "python"
    return {PLATFORM.sub("", str(path.relative_to(layer))): path for path in layer.rglob("*.so")}


def machine_of(path: Path) -> str:
    with path.open("rb") as file:
        return str(ELFFile(file)["e_machine"])


def needed(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the libraries that a module needs, and the versions of their symbols, with "" for the library itself.

    Both are read as the loader does, because the modules in a build have no section headers.
    """
    with path.open("rb") as file:
        (segment,) = (each for each in ELFFile(file).iter_segments() if isinstance(each, DynamicSegment))
        yield from ((str(tag.needed), "") for tag in segment.iter_tags("DT_NEEDED"))  # type: ignore[attr-defined]
        _, strings = segment.get_table_offset("DT_STRTAB")
        _, offset = segment.get_table_offset("DT_VERNEED")
        content = path.read_bytes()
    assert strings is not None

    def text(start: int) -> str:
        return content[strings + start : content.index(b"\0", strings + start)].decode()

    while offset is not None:
        _, count, library, first, following = VERSION_NEED.unpack_from(content, offset)
        at = offset + first
        for _ in range(count):
            _, _, _, name, step = VERSION_NEED_SYMBOL.unpack_from(content, at)
            yield text(library), text(name)
            at += step
        offset = offset + following if following else None


def is_known(version: str) -> bool:
    name, _, number = version.partition("_")
    return name in VERSIONS and tuple(map(int, number.split("."))) <= VERSIONS[name]


def test_every_module_of_the_deployed_layer_is_for_arm64() -> None:
    machines = {name: machine_of(path) for name, path in modules(DEPLOYED.build).items()}
    assert len(machines) > 5
    assert set(machines.values()) == {"EM_AARCH64"}, machines


def test_modules_need_only_libraries_and_versions_of_lambdas_system() -> None:
    for build in (DEPLOYED.build, NATIVE.build):
        for name, path in modules(build).items():
            requirements = set(needed(path))
            assert ("libc.so.6", "") in requirements, name
            assert {library for library, _ in requirements} <= LIBRARIES, name
            assert {version for _, version in requirements if version and not is_known(version)} == set(), name
            assert any(version for _, version in requirements), name


def test_both_layers_have_the_same_modules() -> None:
    assert modules(NATIVE.build).keys() - X86_ONLY == modules(DEPLOYED.build).keys()


def test_all_other_files_of_both_builds_are_identical() -> None:
    """Also the bytecode. So the tests of one build, and of the sources, count for the other."""
    native, deployed = (
        {
            str(path.relative_to(build)): path.read_bytes()
            for path in build.rglob("*")
            if path.is_file() and path.suffix != ".so" and path != build / "template.yaml"
        }
        for build in (NATIVE.build, DEPLOYED.build)
    )
    assert len(native) > 500
    assert native.keys() == deployed.keys()
    assert {name for name in native if native[name] != deployed[name]} == set()
