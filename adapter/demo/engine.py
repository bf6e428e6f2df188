"""A real model server on loopback: llama.cpp through xllamacpp, in a process of its own.

A process of its own ends reliably: the process lives as long as the pipe to its standard input, which the system closes
whatever happens to us, so no model is left behind after Ctrl-C, an exception or a kill. The process also keeps llama.cpp's log
off the user's terminal.

`python -m adapter.demo.engine FILE.gguf` runs the process. Its first line of output is the server's address.
"""

from __future__ import annotations

import importlib.util
import os
import queue
import secrets
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from adapter.demo import DemoUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KEY = "ADAPTER_DEMO_KEY"
_START_SECONDS = 120.0
_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Engine:
    """A running server.

    Attributes:
        base_url: The base URL for an openai client.
        api_key: The key that the server demands.
        pid: The process id.
    """

    base_url: str
    api_key: str
    pid: int


@contextmanager
def serve(model: Path) -> Iterator[Engine]:
    """Serve a model on a free port of 127.0.0.1 until the block is left.

    Args:
        model: A GGUF file.

    Raises:
        DemoUnavailable: No engine is installed, the file is missing, or the server did not start.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise DemoUnavailable(
            'no engine to run a model with: pip install ".[demo]" in the folder of the project (or pip install xllamacpp), '
            "or give --base-url"
        )
    if not model.is_file():
        raise DemoUnavailable(f"no model file {model}; give the path of a .gguf file")
    key = secrets.token_urlsafe(24)
    # On a busy machine two spinning threads are ten times slower than a waiting thread.
    environment = {**os.environ, _KEY: key, "OMP_WAIT_POLICY": "passive"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "adapter.demo.engine", str(model)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            yield Engine(f"{_address(process, log)}/v1", key, process.pid)
        finally:
            _stop(process)


def _address(process: subprocess.Popen[bytes], log: IO[bytes]) -> str:
    """The first line the process prints."""
    lines: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=lambda: lines.put(_pipe(process.stdout).readline()), daemon=True).start()
    try:
        address = lines.get(timeout=_START_SECONDS).decode().strip()
    except queue.Empty:
        raise DemoUnavailable(f"the model server did not start within {_START_SECONDS:.0f} seconds") from None
    if not address.startswith("http"):
        process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace").strip().splitlines()
        raise DemoUnavailable(f"the model server did not start: {said[-1] if said else 'it said nothing'}")
    return address


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """Narrow the type of a stream that was opened as a pipe."""
    if stream is None:
        raise RuntimeError("the process was started without this pipe")
    return stream


def _stop(process: subprocess.Popen[bytes]) -> None:
    _pipe(process.stdin).close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _pipe(process.stdout).close()


def _run(model: str) -> None:
    """Serve until standard input ends."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = 4096
    params.n_parallel = 1
    # Another number of threads adds in another order, and gives other text.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [os.environ[_KEY]]
    params.cors_origins = "http://127.0.0.1"
    params.ui = False
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    os._exit(0)  # an unfinished answer must not delay the end


if __name__ == "__main__":
    _run(sys.argv[1])
