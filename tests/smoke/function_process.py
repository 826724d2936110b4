"""A process of a built function: Lambda's runtime client, the artifact and the layer, and nothing else."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from kolom_cli.emulator.aws import AWS_ENVIRONMENT
from kolom_cli.sam.model import Function
from tests.smoke.runtime_api import AUTHORIZATION, CREDENTIALS, Answer, RuntimeApi
from tests.smoke.runtimes import PYTHON, Runtime

LAYER: Final = "SharedLayer"
ANSWER_SECONDS: Final = 120.0
"""The time for an answer. An emulated process on a busy machine takes seconds."""
FRAME_TYPE: Final = b"\xa5\x5a\x00"
"""The first bytes of a frame in the log of the runtime client; the fourth is the level."""
HEADER_BYTES: Final = 16


class FunctionProcess:
    """A function's process, as a context manager. It starts in the same directory and environment as on Lambda.

    ``aws_url`` is the endpoint of all AWS services; ``layers`` are the directories of the layers. With ``snap_start``,
    the process waits after its initialization, as in a snapshot, until :meth:`restore`.
    """

    def __init__(
        self, function: Function, runtime: Runtime, aws_url: str, layers: tuple[Path, ...], *, snap_start: bool = False
    ) -> None:
        self.function = function
        self.request_ids: list[str] = []
        self._api = RuntimeApi(function)
        self._runtime = runtime
        self._layers = layers
        self._aws_url = aws_url
        self._snap_start = snap_start
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        self._exits.enter_context(self._api)
        self._output = self._exits.enter_context(tempfile.TemporaryFile())
        self._log = self._exits.enter_context(tempfile.TemporaryFile())
        self._process = subprocess.Popen(
            # -S: without site-packages. Unlike on Lambda, the directories are writable, so a compiled module shows.
            [*self._runtime.python, "-S", "-m", "awslambdaric", self.function.handler],
            cwd=self.function.code_dir,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            pass_fds=[self._log.fileno()],
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Lambda ends processes without notice, too.
        self._process.kill()
        self._process.wait()
        self.output = _content(self._output).decode()
        self.frames = frames_of(_content(self._log))
        self._exits.close()

    def invoke(self, event: object) -> Answer:
        """Return the answer of the process to an event. The handler must have been imported."""
        self.request_ids.append(self._api.put(event))
        answer = self.answer()
        assert answer.kind != "init/error", answer
        return answer

    def answer(self) -> Answer:
        """Return the next answer of the process. Raises :class:`AssertionError` with its output if there is none."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            if answer := self._api.answer(0.2):
                return answer
            if self._process.poll() is not None and not self._api.answer(0):
                break
        raise AssertionError(f"no answer from {self.function.logical_id}: {_content(self._output).decode()}")

    def wait_for_snapshot(self) -> None:
        """Wait until Lambda would take the snapshot."""
        if not self._api.is_initialized.wait(ANSWER_SECONDS):
            raise AssertionError(_content(self._output).decode())

    def restore(self) -> None:
        """Let the process continue, as after a restore from the snapshot."""
        self._api.may_continue.set()

    def has_credentials(self) -> bool:
        """Whether the process has fetched its credentials."""
        return self._api.has_credentials

    @property
    def is_running(self) -> bool:
        """Whether the process waits for another event."""
        return self._process.poll() is None

    def _environment(self) -> Mapping[str, str]:
        """Return the variables of the template, those that Lambda defines, and the endpoint of AWS."""
        function, code = self.function, str(self.function.code_dir)
        layers = [str(path) for path in self._layers]
        aws = {name: value for name, value in AWS_ENVIRONMENT.items() if name.startswith("AWS_")}
        log = {
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.physical_name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/30/[$LATEST]0123456789abcdef",
        }
        if self._snap_start:
            # A snapshot has neither keys, which would expire, nor the name of a log.
            log = {}
            aws = {name: value for name, value in aws.items() if "KEY" not in name}
            aws["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"http://{self._api.address}{CREDENTIALS}"
            aws["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = AUTHORIZATION
        return {
            **self._runtime.environment,
            **function.environment,
            **aws,
            **log,
            "AWS_ENDPOINT_URL": self._aws_url,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{PYTHON}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": function.physical_name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if self._snap_start else "on-demand",
            "AWS_LAMBDA_LOG_FORMAT": "Text",
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "LAMBDA_RUNTIME_DIR": str(self._runtime.client),
            "LAMBDA_TASK_ROOT": code,
            "LANG": "en_US.UTF-8",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": ":".join([code, *layers, str(self._runtime.client)]),
            "TZ": ":UTC",
            "_HANDLER": function.handler,
            "_LAMBDA_TELEMETRY_LOG_FD": str(self._log.fileno()),
        }


def _content(file: Any) -> bytes:
    file.seek(0)
    content: bytes = file.read()
    return content


def frames_of(log: bytes) -> list[str]:
    """Return the messages in a log of frames: type and length of 4 bytes each, a time of 8 bytes, and the message."""
    messages = []
    while log:
        assert log.startswith(FRAME_TYPE), log[:HEADER_BYTES]
        length = int.from_bytes(log[4:8], "big")
        messages.append(log[HEADER_BYTES : HEADER_BYTES + length].decode())
        assert len(log) >= HEADER_BYTES + length
        log = log[HEADER_BYTES + length :]
    return messages
