"""Prepare the output of `sam build` for deployment: leave out what no function uses, and add compiled code.

    python -m kolom_cli.sam.artifacts .aws-sam/build

A layer keeps all of `kolom`, the modules of its dependencies that `kolom` and the functions can import, the data files
of these modules, and from botocore's data the services of which the code creates clients. The sources of dependencies
move into an archive, from which a Python that cannot read the bytecode loads them, with slower cold starts. Running the
command again changes nothing.
"""

import gzip
import json
import py_compile
import struct
import sys
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kolom.mail import renderer
from kolom.pages import templating
from kolom.templates import COMPILED
from kolom_cli.sam.intrinsics import TemplateError
from kolom_cli.sam.loader import read_document
from kolom_cli.sam.module_graph import (
    UnknownServiceError,
    aws_services,
    find_modules,
    imported_names,
    is_within,
    reachable,
)

FUNCTION_PATH: Final = "/var/task"
LAYER_PATH: Final = "/opt/python"
SOURCES: Final = "sources.zip"
"""The archive in a layer with the sources of its dependencies."""

KEPT: Final[Mapping[str, str]] = {
    "kolom": "the code of this project",
    "tzdata": "zoneinfo reads it by the names of time zones",
}
"""Packages that a layer keeps completely, and why. Of all others it keeps what these and the functions can import."""

UNUSED: Final[Mapping[str, str]] = {
    "aws_lambda_powertools.event_handler.openapi.swagger_ui": "no function shows a Swagger page",
    "dateutil.zoneinfo": "time zones are those of tzdata",
    "dns": "email addresses are validated without DNS (`check_deliverability=False`)",
    "email_validator.deliverability": "the same",
    "pydantic": "only the command line validates articles; functions check requests with `kolom.validation`",
    "pydantic_core": "the same",
    "rapidfuzz.fuzz_cpp": "only distances are computed; its module in Python stays, because rapidfuzz imports it",
    "rapidfuzz.fuzz_cpp_avx2": "the same",
    "rapidfuzz.utils_cpp": "the same",
    "urllib3.contrib.emscripten": "for browsers",
    "urllib3.contrib.pyopenssl": "Python's own ssl is used",
}
"""Modules and packages that the code could import but never does, and why."""

_ELF_64_LITTLE_ENDIAN: Final = b"\x7fELF\x02\x01"
_FOR_TOOLS: Final = frozenset({".pyi", ".pyx", ".pxd", ".c", ".cpp", ".h", ".hpp"})
_KEPT_METADATA: Final = frozenset({"METADATA", "entry_points.txt"})


class ArtifactError(Exception):
    """The output of `sam build` cannot be prepared."""


@dataclass(frozen=True)
class Artifact:
    """One function or layer: the directory that Python imports from, here and in Lambda."""

    name: str
    directory: Path
    deployed_path: str

    def size_bytes(self) -> int:
        """Return the unzipped size."""
        return sum(path.stat().st_size for path in self.directory.rglob("*") if path.is_file())


def prepare(build: Path) -> Iterator[str]:
    """Prepare all functions and layers in ``build``, and yield a line about each layer.

    Raises :class:`ArtifactError` if Lambda's Python is not the one that runs this, since it would ignore the bytecode.
    """
    document = read_document(build / "template.yaml")
    _check_runtime(document)
    functions, layers = find_artifacts(document, build)
    imported = {
        name
        for function in functions
        for module in find_modules(function.directory).values()
        for name in imported_names(module)
    }
    for layer in layers:
        if (layer.directory / SOURCES).exists():
            yield f"{layer.name}: {_megabytes(layer.size_bytes())}, prepared before"
            continue
        before = layer.size_bytes()
        services = reduce_layer(layer.directory, imported)
        compile_templates(layer.directory)
        compile_sources(layer)
        archive_sources(layer.directory)
        yield (
            f"{layer.name}: {_megabytes(before)} as built, {_megabytes(layer.size_bytes())} with bytecode and without "
            f"unused files; AWS services: {', '.join(sorted(services))}"
        )
    for function in functions:
        compile_sources(function)


def find_artifacts(document: Mapping[str, Any], build: Path) -> tuple[list[Artifact], list[Artifact]]:
    """Return the functions and the layers of a built template."""
    functions, layers = [], []
    for name, resource in document["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            functions.append(Artifact(name, build / properties["CodeUri"], FUNCTION_PATH))
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            layers.append(Artifact(name, build / properties["ContentUri"] / "python", LAYER_PATH))
    for artifact in [*functions, *layers]:
        if not artifact.directory.is_dir():
            raise ArtifactError(f"{artifact.directory} does not exist; run `make build`")
    return functions, layers


def reduce_layer(root: Path, imported: Iterable[str]) -> set[str]:
    """Remove the files that neither ``kolom`` nor the modules ``imported`` by functions use; return the AWS services.

    ``root`` is a directory of the import path. Bytecode is removed too.
    """
    modules = find_modules(root)
    complete = [name for name in modules if is_within(name, KEPT)]
    kept = {name: modules[name] for name in reachable(modules, [*complete, *imported], UNUSED)}
    # botocore itself creates clients to get credentials. Lambda's credentials are variables of the environment.
    services = aws_services(module for name, module in kept.items() if not is_within(name, ["botocore"]))
    used = {module.path for module in kept.values()}
    unused = {module.path for module in modules.values()} - used
    # Whether each directory has used modules. A data file belongs to the nearest of these directories above it.
    packages = {**dict.fromkeys((path.parent for path in unused), False), **{path.parent: True for path in used}}
    for path in [path for path in root.rglob("*") if path.is_file() and path not in used]:
        is_of_used_package = next((packages[parent] for parent in path.parents if parent in packages), True)
        if path in unused or not is_of_used_package or not _is_for_run_time(path.relative_to(root), services):
            path.unlink()
    for path in sorted(root.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and ".so" in path.suffixes:
            _replace(path, without_symbols(path.read_bytes()))
    if services:
        _reduce_endpoints(root / "botocore" / "data", services)
    return services


def without_symbols(library: bytes) -> bytes:
    """Return a 64-bit ELF library without debug information and static symbols, or ``library`` if it is another file.

    These and the table of sections are at the end of the file, after all segments. The dynamic linker reads only
    segments. `strip` is not used, because it would need binutils for the processor of Lambda.
    """
    if library[:6] != _ELF_64_LITTLE_ENDIAN:
        return library
    (table,) = struct.unpack_from("<Q", library, 32)
    entry_size, count = struct.unpack_from("<HH", library, 54)
    # The end of a segment in the file: the sum of its offset and its size.
    ends = (
        sum(struct.unpack_from("<8xQ16xQ", library, position))
        for position in range(table, table + entry_size * count, entry_size)
    )
    reduced = bytearray(library[: max([table + entry_size * count, *ends])])
    struct.pack_into("<Q", reduced, 40, 0)
    struct.pack_into("<HH", reduced, 60, 0, 0)
    return bytes(reduced)


def compile_templates(root: Path) -> None:
    """Add the code of the templates of pages and mail to a layer, as modules of Python.

    Otherwise every process would compile the templates of its first page, which takes longer than to render them.
    """
    for package, environment in (("pages", templating.environment()), ("mail", renderer.environment())):
        templates = root / "kolom" / package / "templates"
        if templates.is_dir():
            environment.compile_templates(templates / COMPILED, zip=None, ignore_errors=False)


def compile_sources(artifact: Artifact) -> None:
    """Add bytecode to ``artifact``, which Python uses without comparing it with the sources.

    Python compares times by default, but those do not survive packaging. The bytecode has the paths in Lambda.
    """
    for path in sorted(artifact.directory.rglob("*.py")):
        deployed = f"{artifact.deployed_path}/{path.relative_to(artifact.directory).as_posix()}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            py_compile.compile(
                str(path),
                dfile=deployed,
                doraise=True,
                optimize=0,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )


def archive_sources(root: Path) -> None:
    """Move the sources of dependencies, which have bytecode, into an archive a quarter of their size.

    Python uses the bytecode of a module only if a file with its source exists. This file becomes one line, which runs
    the module from the archive, in case that Python cannot use the bytecode.
    """
    with zipfile.ZipFile(root / SOURCES, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root)
            if name.parts[0] == "kolom":
                continue
            # Without the date of the build, the same sources make the same archive.
            archive.writestr(zipfile.ZipInfo(name.as_posix()), path.read_bytes(), zipfile.ZIP_DEFLATED)
            zipped = f"__import__('pathlib').Path(__file__).resolve().parents[{len(name.parts) - 1}] / '{SOURCES}'"
            source = f"__import__('zipfile').ZipFile({zipped}).read('{name.as_posix()}')"
            _replace(path, f"exec(compile({source}, __file__, 'exec'))\n".encode())


def _check_runtime(document: Mapping[str, Any]) -> None:
    runtime = document["Globals"]["Function"]["Runtime"]
    running = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if runtime != running:
        raise ArtifactError(f"the functions run on {runtime}, which would ignore the bytecode of {running}")


def _is_for_run_time(path: Path, services: Set[str]) -> bool:
    """Return whether a data file of a layer, relative to the directory of the import path, may be read in Lambda."""
    if path.suffix in _FOR_TOOLS or path.name == "py.typed" or "__pycache__" in path.parts:
        return False
    if path.parts[0].endswith(".dist-info"):
        # Libraries read their version (`importlib.metadata`); the licenses stay.
        return path.name in _KEPT_METADATA or path.parts[1] == "licenses" or path.name.startswith("LICENSE")
    if path.parts[:2] == ("botocore", "data"):
        # The files outside of the services' directories are about endpoints and retries, and every client reads them.
        return len(path.parts) == 3 or (path.parts[2] in services and not path.name.startswith("examples-"))
    return True


def _reduce_endpoints(data: Path, services: Set[str]) -> None:
    """Leave out the endpoints of other services. Every client parses this file, which is 1.2 MB long."""
    prefixes = set()
    for service in services:
        for model in (data / service).glob("*/service-2.json.gz"):
            prefixes.add(json.loads(gzip.decompress(model.read_bytes()))["metadata"]["endpointPrefix"])
    endpoints = data / "endpoints.json"
    document = json.loads(endpoints.read_bytes())
    for partition in document["partitions"]:
        partition["services"] = {name: entry for name, entry in partition["services"].items() if name in prefixes}
    _replace(endpoints, json.dumps(document, separators=(",", ":")).encode())


def _replace(path: Path, content: bytes) -> None:
    """Write a new file with the mode of the old one, which may be linked with the cache of the package manager."""
    mode = path.stat().st_mode
    path.unlink()
    path.write_bytes(content)
    path.chmod(mode)


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:.1f} MB"


def main(arguments: Sequence[str]) -> int:
    """Prepare the builds in the directories ``arguments``, and return the exit code."""
    try:
        for build in arguments:
            for line in prepare(Path(build)):
                print(line)  # noqa: T201
    except (ArtifactError, TemplateError, UnknownServiceError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
