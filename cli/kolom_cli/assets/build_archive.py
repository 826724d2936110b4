"""Keep a build of assets in one file, so that an earlier deployment can be restored."""

import hashlib
import io
import json
import zipfile
from typing import Any, Final

from kolom.errors import KolomError
from kolom_cli.assets.deployment import AssetBuild
from kolom_cli.assets.fingerprint import Asset

_SETTINGS: Final = "settings.json"
_PLAIN: Final = "plain/"
_HASHED: Final = "hashed/"
_TIME: Final = (1980, 1, 1, 0, 0, 0)


class ArchiveError(KolomError):
    """The data is not an archive of a build."""


def digest_of(build: AssetBuild) -> str:
    """Return a digest of the names, contents and settings of a build."""
    digest = hashlib.sha256(_settings(build))
    for asset in build.assets:
        for content in (asset.content, asset.hashed_content):
            digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def pack(build: AssetBuild) -> bytes:
    """Return the build as the bytes of a ZIP file. Its warnings are left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, _SETTINGS, _settings(build))
        for asset in build.assets:
            _add(archive, _PLAIN + asset.name, asset.content)
            _add(archive, _HASHED + asset.hashed_name, asset.hashed_content)
    return buffer.getvalue()


def unpack(data: bytes) -> AssetBuild:
    """Return the build of an archive.

    :raises ArchiveError: it is damaged
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            settings: dict[str, Any] = json.loads(archive.read(_SETTINGS))
            assets = [
                Asset(
                    name=name,
                    content=archive.read(_PLAIN + name),
                    hashed_name=hashed,
                    hashed_content=archive.read(_HASHED + hashed),
                )
                for name, hashed in settings["names"]
            ]
            return AssetBuild(assets=assets, menu=settings["menu"], logo=settings["logo"], warnings=[])
    except Exception as error:  # zipfile and the decompressors have many classes of errors, some undocumented
        raise ArchiveError(f"the archive of the site's files is damaged: {error}") from error


def _settings(build: AssetBuild) -> bytes:
    names = [[asset.name, asset.hashed_name] for asset in build.assets]
    return json.dumps({"names": names, "menu": build.menu, "logo": build.logo}, sort_keys=True).encode()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _TIME), content, zipfile.ZIP_DEFLATED)
