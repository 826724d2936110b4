"""Replace files atomically."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replace_file(path: Path, mode: int) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces ``path`` at the end of the block, with the permissions ``mode``.

    Until then only its owner may read it, and it is named ``.<name>.<random>.tmp``. After an error or a crash, ``path``
    has its old content.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:50]}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
