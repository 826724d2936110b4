"""The figures of requests that bills are computed from, and the file that records them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

RECORD: Final = Path(__file__).parent / "measured.json"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a function, or the processing of an event.

    ``milliseconds`` is processor time on the measuring machine, without waiting for DynamoDB. ``kilobytes`` is the size
    of the compressed response.
    """

    function: str
    calls: int
    read_units: float
    write_units: float
    milliseconds: float
    kilobytes: float


@dataclass(frozen=True, slots=True)
class Files:
    """The styles and scripts that the page of an article loads: how many, and their compressed size."""

    number: int
    kilobytes: float


@dataclass(frozen=True, slots=True)
class Record:
    """All figures of a run, with its date and what it was measured with."""

    date: str
    environment: Mapping[str, str]
    requests: Mapping[str, Request]
    files: Files

    def to_json(self) -> str:
        """Return the record as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


def load(file: Path = RECORD) -> Record:
    """Read a record."""
    data: dict[str, Any] = json.loads(file.read_text("utf-8"))
    requests = {name: Request(**each) for name, each in data["requests"].items()}
    return Record(data["date"], data["environment"], requests, Files(**data["files"]))
