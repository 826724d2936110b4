"""A process that converts entries of an export for :mod:`.conversion`.

It reads pickled objects from its standard input: first the function and its state, then lists of inputs. For each list,
it writes the list of outputs, or the exception of the function.
"""

import pickle
import signal
import sys
from typing import Any, BinaryIO


def run(requests: BinaryIO, responses: BinaryIO) -> None:
    """Answer the requests until they end."""
    convert, state = pickle.load(requests)  # noqa: S301 - from the process that started this one
    while True:
        try:
            inputs = pickle.load(requests)  # noqa: S301
        except EOFError:
            return
        result: list[Any] | Exception
        try:
            result = [output for each in inputs for output in convert(each, state)]
        except Exception as error:  # noqa: BLE001 - the other process raises it
            result = error
        pickle.dump(result, responses)
        responses.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a library prints must not be between the results
    run(sys.stdin.buffer, output)
