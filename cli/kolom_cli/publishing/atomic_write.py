"""Files that take another's place in one step."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replace_file(path: Path, mode: int) -> Iterator[BinaryIO]:
    """A file that takes the place of ``path`` once it is whole; only then may others than its owner read it.

    A crash, or an error within, leaves what there was. Until then it is called ``.<name>.<something>.tmp``.
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
