"""A process that converts entries of an export for :mod:`.conversion`.

It reads pickled objects from its standard input: first the function and its state, then lists of inputs. For each list,
it writes the list of outputs, or None if the function raised an exception.
"""

import pickle
import signal
import sys
from contextlib import suppress
from typing import Any, BinaryIO


def run(requests: BinaryIO, responses: BinaryIO) -> None:
    """Answer the requests until they end."""
    convert, state = pickle.load(requests)  # noqa: S301 - from the process that started this one
    while True:
        try:
            inputs = pickle.load(requests)  # noqa: S301
        except EOFError:
            return
        result: list[Any] | None = None
        with suppress(Exception):  # the other process raises it: not every exception can be pickled
            result = [output for each in inputs for output in convert(each, state)]
        pickle.dump(result, responses)
        responses.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a library prints must not be between the results
    run(sys.stdin.buffer, output)
