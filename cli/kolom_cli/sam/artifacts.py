"""Prepare the output of `sam build` for deployment: leave out what no function uses, and add bytecode.

    python -m kolom_cli.sam.artifacts .aws-sam/build

A layer keeps all of `kolom`, the modules of its dependencies that `kolom` and the functions can import, the data files
of these modules, and from botocore's data the services of which the code creates clients. The sources stay, so a Python
that cannot read the bytecode works, only with slower cold starts. Running the command again changes nothing.
"""

import py_compile
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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

KEPT: Final[Mapping[str, str]] = {
    "kolom": "the code of this project",
    "tzdata": "zoneinfo reads it by the names of time zones",
}
"""Packages that a layer keeps completely, and why. Of all others it keeps what these and the functions can import."""

UNUSED: Final[Mapping[str, str]] = {
    "aws_lambda_powertools.event_handler.openapi.swagger_ui": "no function shows a Swagger page",
    "dns": "email addresses are validated without DNS (`check_deliverability=False`)",
    "pydantic.v1": "no model uses the interface of pydantic 1",
}
"""Modules and packages that the code could import but never does, and why."""

_FOR_TOOLS: Final = frozenset({".pyi", ".pyx", ".pxd", ".c", ".cpp", ".h", ".hpp"})
_RECORDS_OF_PIP: Final = frozenset({"INSTALLER", "RECORD", "REQUESTED", "WHEEL", "direct_url.json"})


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
        before = layer.size_bytes()
        services = reduce_layer(layer.directory, imported)
        compile_sources(layer)
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
    return services


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
        # Libraries read their version from the other files (`importlib.metadata`), and the licenses stay.
        return path.name not in _RECORDS_OF_PIP
    if path.parts[:2] == ("botocore", "data"):
        # The files outside of the services' directories are about endpoints and retries, and every client reads them.
        return len(path.parts) == 3 or (path.parts[2] in services and not path.name.startswith("examples-"))
    return True


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
