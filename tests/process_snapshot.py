"""Import the handler of a function, as Lambda does before it takes a snapshot, and print what the process then has.

    python -m tests.process_snapshot FUNCTION

Nothing else of the project is imported before. Afterwards, the process is restored twice.
"""

import gc
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any, Final

_CONNECTING: Final = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})


def main(function: str) -> None:
    """Print the state of the process as JSON."""
    connections: list[str] = []
    sys.addaudithook(lambda event, _: connections.append(event) if event in _CONNECTING else None)
    import_module(f"functions.{function}.app")
    found = list(values())
    objects = gc.get_objects()
    state = {
        "connections": connections,
        "clients": sorted({type(each).__name__ for each in objects if is_client(type(each))}),
        "generators": sum(type(each) is random.Random for each in objects),
        "filled": [name for name, value in found if is_filled(value)],
        "times": [name for name, value in found if is_now(value)],
    }
    state["numbers"] = restored_numbers()
    os.environ["SITE_TITLE"] = "Of the restored process"
    state["title"] = import_module("kolom.config").settings().site_title
    print(json.dumps(state))


def values() -> Iterator[tuple[str, Any]]:
    """Yield the values of the project's modules and classes, with their names."""
    for module in [module for name, module in sys.modules.items() if name.split(".")[0] in {"functions", "kolom"}]:
        for name, value in vars(module).items():
            yield f"{module.__name__}.{name}", value
            if isinstance(value, type) and value.__module__ == module.__name__:
                yield from ((f"{module.__name__}.{name}.{each}", of) for each, of in vars(value).items())


def is_client(kind: type) -> bool:
    """Return whether instances are clients of AWS, or sessions with credentials."""
    names = {f"{each.__module__}.{each.__qualname__}" for each in kind.__mro__}
    return not names.isdisjoint({"botocore.client.BaseClient", "botocore.session.Session"})


def is_filled(value: object) -> bool:
    """Return whether a value is a cache that has something."""
    cache_info: Callable[[], Any] | None = getattr(value, "cache_info", None)
    return cache_info().currsize > 0 if cache_info else getattr(value, "is_cached", False) is True


def is_now(value: object) -> bool:
    """Return whether a value may be the time of the import."""
    if isinstance(value, date):
        return value.year == datetime.now(UTC).year
    return isinstance(value, float) and min(abs(value - clock()) for clock in (time.time, time.monotonic)) < 60


def restored_numbers() -> list[float]:
    """Return the first random numbers of two processes that are restored from the same snapshot."""
    hooks: list[tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]]
    hooks = import_module("snapshot_restore_py").get_after_restore()
    snapshot = random.getstate()
    numbers = []
    for _ in range(2):
        random.setstate(snapshot)
        for hook, arguments, options in hooks:
            hook(*arguments, **options)
        numbers.append(random.random())
    return numbers


if __name__ == "__main__":
    main(sys.argv[1])
