"""Read a small file that a command is given, such as a list of words."""

from pathlib import Path
from typing import Final

from kolom.errors import KolomError

MAX_BYTES: Final = 4 * 1024 * 1024


def read_input_file(path: Path, error: type[KolomError] = KolomError) -> bytes:
    """Return the content of a file.

    :raises KolomError: the file cannot be read, or has more than :data:`MAX_BYTES`; of the class ``error``
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as cause:
        raise error(f"cannot read {path}: {cause.strerror or cause}") from cause
    if len(data) > MAX_BYTES:
        raise error(f"{path} has more than {MAX_BYTES // 1024**2} MB")
    return data
