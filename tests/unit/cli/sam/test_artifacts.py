"""The built artifacts: which files of a layer stay, and bytecode that Python uses without reading the sources."""

import gzip
import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from jinja2 import ModuleLoader

from kolom.templates import COMPILED
from kolom_cli.sam import artifacts
from kolom_cli.sam.artifacts import (
    Artifact,
    ArtifactError,
    compile_sources,
    main,
    prepare,
    reduce_layer,
    without_symbols,
)
from kolom_cli.sam.module_graph import UnknownServiceError
from tests.paths import PROJECT

RUNTIME: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
TEMPLATE: Final = """
Globals: {Function: {Runtime: RUNTIME}}
Resources:
  Read: {Type: AWS::Serverless::Function, Properties: {CodeUri: Read}}
  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: Shared}}
  Viewer: {Type: AWS::CloudFront::Function, Properties: {FunctionCode: ""}}
"""


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def kept(root: Path, layer: Mapping[str, str], imported: tuple[str, ...] = ()) -> set[str]:
    """Return the files that stay of ``layer``, without those of `kolom`."""
    write(root, layer)
    reduce_layer(root, imported)
    return {name for name in files(root) if not name.startswith("kolom/")}


def test_a_layer_keeps_all_of_kolom_and_the_time_zones(tmp_path: Path) -> None:
    layer = {
        "kolom/__init__.py": "",
        "kolom/mail/composer.py": "",
        "kolom/mail/mail.html": "",
        "tzdata/Asia/Jakarta": "",
        "tzdata/__init__.py": "",
    }
    write(tmp_path, layer)
    reduce_layer(tmp_path, ())
    assert files(tmp_path) == layer.keys()


@pytest.mark.parametrize(
    "source",
    ["import lib.used", "from lib import used", "def f():\n    from lib.used import x", "TABLE = {'x': 'lib.used'}"],
    ids=["import", "from", "lazy", "string"],
)
def test_a_module_that_another_one_names_stays(tmp_path: Path, source: str) -> None:
    layer = {"kolom/a.py": source, "lib/__init__.py": "", "lib/used.py": "", "lib/unused.py": ""}
    assert kept(tmp_path, layer) == {"lib/__init__.py", "lib/used.py"}


@pytest.mark.parametrize(
    "source",
    [
        "from . import used",
        "from .used import x",
        "from ..lib.used import x",
        "LAZY = {'x': '.used'}",
        "__all__ = ['used']",
    ],
    ids=["package", "module", "parent", "string", "name"],
)
def test_relative_names_are_followed(tmp_path: Path, source: str) -> None:
    layer = {
        "kolom/a.py": "import top.lib",
        "top/__init__.py": "",
        "top/lib/__init__.py": source,
        "top/lib/used.py": "",
    }
    assert kept(tmp_path, layer) == layer.keys() - {"kolom/a.py"}


def test_modules_imported_by_lambda_functions_stay(tmp_path: Path) -> None:
    layer = {"lib/__init__.py": "", "lib/used.py": "", "lib/unused.py": ""}
    assert kept(tmp_path, layer, ("lib", "lib.used", "lib.used.NAME")) == {"lib/__init__.py", "lib/used.py"}


def test_imports_for_type_checkers_are_not_followed(tmp_path: Path) -> None:
    source = "if TYPE_CHECKING:\n    import lib.typed\nelse:\n    import lib.used"
    layer = {"kolom/a.py": source, "lib/__init__.py": "", "lib/typed.py": "", "lib/used.py": ""}
    assert kept(tmp_path, layer) == {"lib/__init__.py", "lib/used.py"}


def test_an_extension_module_keeps_the_modules_beside_it(tmp_path: Path) -> None:
    fast = "lib/fast.cpython-313-aarch64-linux-gnu.so"
    layer = {"kolom/a.py": "import lib.fast", "lib/__init__.py": "", fast: "", "lib/slow.py": "", "lib/sub/x.py": ""}
    assert kept(tmp_path, layer) == {"lib/__init__.py", fast, "lib/slow.py"}


def test_modules_listed_as_unused_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "UNUSED", {"lib.page": "no page"})
    layer = {"kolom/a.py": "import lib.page", "lib/__init__.py": "import big", "lib/page/__init__.py": "import big.x"}
    big = {"lib/page/script.js": "", "big/__init__.py": "", "big/x.py": ""}
    assert kept(tmp_path, {**layer, **big}) == {"lib/__init__.py", "big/__init__.py"}


def test_data_files_stay_with_their_package(tmp_path: Path) -> None:
    used = {"lib/__init__.py": "", "lib/words/english.txt": "", "lib.libs/libx.so.1": "", "lib.libs/libx.so": ""}
    unused = {
        "lib/tests/__init__.py": "",
        "lib/tests/data.json": "",
        "other/__init__.py": "",
        "other/certificates.pem": "",
    }
    assert kept(tmp_path, {"kolom/a.py": "import lib", **used, **unused}) == used.keys()


def test_files_for_tools_are_left_out(tmp_path: Path) -> None:
    tools = dict.fromkeys(
        ("lib/py.typed", "lib/x.pyi", "lib/x.c", "lib/__pycache__/x.pyc", "lib-1.dist-info/RECORD"), ""
    )
    used = {"lib/__init__.py": "", "lib-1.dist-info/METADATA": "", "lib-1.dist-info/licenses/LICENSE": ""}
    assert kept(tmp_path, {"kolom/a.py": "import lib", **used, **tools}) == used.keys()


def test_the_data_of_botocore_is_that_of_the_services_in_use(tmp_path: Path) -> None:
    data = "botocore/data"
    used = {
        f"{data}/endpoints.json": '{"partitions": []}',
        f"{data}/sesv2/2019/paginators-1.json": "",
        "botocore/__init__.py": "create_client(x)",
    }
    unused = {f"{data}/ec2/2016/service-2.json.gz": "", f"{data}/sesv2/2019/examples-1.json": ""}
    source = "import botocore\naws.new_client('sesv2', read_timeout=8)"
    assert kept(tmp_path, {"kolom/a.py": source, **used, **unused}) == used.keys()


@pytest.mark.parametrize(
    "source",
    [
        "session.create_client('s3')",
        "def new_client(service):\n    return get_session().create_client(service)\nnew_client('s3')",
        "from kolom.names import SERVICE\nsession.create_client(SERVICE)",
    ],
    ids=["string", "function", "constant"],
)
def test_services_are_found_by_the_calls_that_create_clients(tmp_path: Path, source: str) -> None:
    endpoints = {"botocore/data/endpoints.json": '{"partitions": []}'}
    write(tmp_path, {"kolom/a.py": source, "kolom/names.py": "SERVICE = 's3'", **endpoints})
    assert reduce_layer(tmp_path, ()) == {"s3"}


def test_endpoints_of_other_services_are_left_out(tmp_path: Path) -> None:
    data = tmp_path / "botocore/data"
    services = {"email": {"endpoints": {"eu-west-1": {}}}, "ec2": {"endpoints": {}}}
    endpoints = {"version": 3, "partitions": [{"partition": "aws", "services": services}]}
    write(data, {"endpoints.json": json.dumps(endpoints)})
    model = gzip.compress(json.dumps({"metadata": {"endpointPrefix": "email"}}).encode())
    (data / "sesv2/2019").mkdir(parents=True)
    (data / "sesv2/2019/service-2.json.gz").write_bytes(model)
    write(tmp_path, {"kolom/a.py": "new_client('sesv2')"})
    reduce_layer(tmp_path, ())
    (partition,) = json.loads((data / "endpoints.json").read_text("utf-8"))["partitions"]
    assert partition == {"partition": "aws", "services": {"email": services["email"]}}


def test_libraries_lose_what_follows_their_segments(tmp_path: Path) -> None:
    header = struct.pack("<6s26xQQ6xHHHHH", b"\x7fELF\x02\x01", 64, 300, 56, 1, 64, 9, 8)
    segment = struct.pack("<8xQ16xQ16x", 64, 100)
    library = header + segment + b"s" * 44
    reduced = without_symbols(library + b"symbols" * 20)
    assert len(reduced) == len(library)
    assert struct.unpack_from("<Q", reduced, 40) == (0,)
    assert struct.unpack_from("<HH", reduced, 60) == (0, 0)
    assert without_symbols(reduced) == reduced


def test_a_library_in_another_format_is_not_changed() -> None:
    assert without_symbols(b"MZ" * 100) == b"MZ" * 100


def test_a_service_without_a_readable_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"kolom/a.py": "def f(name):\n    new_client(name.lower())"})
    with pytest.raises(UnknownServiceError, match=r"kolom\.a:2 creates a client of name\.lower\(\)"):
        reduce_layer(tmp_path, ())


def build(root: Path) -> Path:
    write(
        root,
        {
            "template.yaml": TEMPLATE.replace("RUNTIME", RUNTIME),
            "Read/app.py": "from lib.used import value",
            "Shared/python/kolom/__init__.py": "",
            "Shared/python/lib/__init__.py": "",
            "Shared/python/lib/used.py": "value = 1",
            "Shared/python/lib/unused.py": "",
        },
    )
    return root


@pytest.mark.parametrize("package", ["mail", "pages"])
def test_a_layer_has_the_code_of_every_template(tmp_path: Path, package: str) -> None:
    templates = tmp_path / "kolom" / package / "templates"
    templates.mkdir(parents=True)
    artifacts.compile_templates(tmp_path)
    sources = PROJECT / "layers/shared/kolom" / package / "templates"
    names = {f"{ModuleLoader.get_template_key(path.name)}.py" for path in sources.iterdir() if path.is_file()}
    assert {path.name for path in (templates / COMPILED).iterdir()} == names


def test_preparing_a_build_reduces_layers_and_compiles_all_sources(tmp_path: Path) -> None:
    list(prepare(build(tmp_path)))
    sources = {"Read/app", "Shared/python/kolom/__init__", "Shared/python/lib/__init__", "Shared/python/lib/used"}
    tag = sys.implementation.cache_tag
    bytecode = {f"{Path(name).parent}/__pycache__/{Path(name).name}.{tag}.pyc" for name in sources}
    others = {"template.yaml", "Shared/python/sources.zip"}
    assert files(tmp_path) == {*others, *(f"{name}.py" for name in sources), *bytecode}


def test_without_bytecode_the_archived_sources_are_used(tmp_path: Path) -> None:
    list(prepare(build(tmp_path)))
    for path in tmp_path.rglob("*.pyc"):
        path.unlink()
    environment = {"PYTHONPATH": f"{tmp_path}/Read:{tmp_path}/Shared/python"}
    command = [sys.executable, "-B", "-c", "import app, lib.used; print(app.value, lib.used.__file__)"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout == f"1 {tmp_path}/Shared/python/lib/used.py\n"


def test_the_sources_of_kolom_stay_readable(tmp_path: Path) -> None:
    """Stack traces in the log show them."""
    write(build(tmp_path), {"Shared/python/kolom/a.py": "value = 1"})
    list(prepare(tmp_path))
    assert (tmp_path / "Shared/python/kolom/a.py").read_text("utf-8") == "value = 1"


def test_preparing_a_build_twice_changes_nothing(tmp_path: Path) -> None:
    list(prepare(build(tmp_path)))
    first = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    list(prepare(tmp_path))
    assert {name: (tmp_path / name).read_bytes() for name in files(tmp_path)} == first


def test_files_that_share_their_content_with_a_cache_are_replaced(tmp_path: Path) -> None:
    """Package managers may install hard links: a change in place would damage every environment on the machine."""
    source = build(tmp_path / "build") / "Shared/python/lib/used.py"
    cached = tmp_path / "cached.py"
    cached.hardlink_to(source)
    list(prepare(tmp_path / "build"))
    assert cached.read_text("utf-8") == "value = 1"


def test_bytecode_is_used_without_comparing_it_with_the_source(tmp_path: Path) -> None:
    """Packaging changes the times of files, which Python compares by default."""
    write(tmp_path, {"module.py": "value = 1\nname = (lambda: 0).__code__.co_filename"})
    compile_sources(Artifact("Read", tmp_path, "/var/task"))
    (tmp_path / "module.py").write_text("value = 2", "utf-8")
    os.utime(tmp_path / "module.py", (0, 0))
    code = "import module; print(module.value)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True).stdout == b"1\n"


def test_bytecode_names_the_files_as_lambda_does(tmp_path: Path) -> None:
    write(tmp_path, {"package/module.py": ""})
    compile_sources(Artifact("Shared", tmp_path, "/opt/python"))
    (bytecode,) = tmp_path.rglob("*.pyc")
    assert b"/opt/python/package/module.py" in bytecode.read_bytes()


def test_a_build_for_another_python_is_refused(tmp_path: Path) -> None:
    write(build(tmp_path), {"template.yaml": TEMPLATE.replace("RUNTIME", "python3.12")})
    with pytest.raises(ArtifactError, match=rf"run on python3\.12, which would ignore the bytecode of {RUNTIME}"):
        list(prepare(tmp_path))


def test_an_incomplete_build_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {"template.yaml": TEMPLATE.replace("RUNTIME", RUNTIME)})
    assert main([str(tmp_path)]) == 2
    assert "Read does not exist; run `make build`" in capsys.readouterr().err
