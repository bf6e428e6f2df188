"""Programs of a deployment, each a process of its own on a free port of loopback: Redis, nginx, gateways."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "deploy"
LIMIT = 60.0  # seconds until a program takes requests, or ends


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def missing(program: str) -> str:
    """Return the reason for a test to be skipped, without this program; empty with it."""
    return "" if shutil.which(program) else f"{program} is not installed here: .ci/deploy installs it"


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a program takes connections."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"{process.args!r}: nothing listens on {port}")


@contextmanager
def program(
    command: Sequence[str], port: int, log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block; its output is written to a file."""
    with log.open("ab") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env={**os.environ, **(environment or {})})
    try:
        wait_for(port, process)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)  # one that was stopped hears nothing else
            process.terminate()
        process.wait(LIMIT)


@contextmanager
def redis(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    given = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with program(["redis-server", *given], port, folder / "redis.log") as process:
        yield process


@contextmanager
def gateway(folder: Path, port: int, upstream: str, *flags: str) -> Iterator[subprocess.Popen[bytes]]:
    settings = folder / f"{port}.toml"
    settings.touch()  # no file of the folder that the tests run in
    command = [sys.executable, "-m", "adapter", "serve", "--config", str(settings), "--port", str(port), "--upstream", upstream]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with program([*command, *flags], port, folder / f"gateway-{port}.log", environment) as process:
        yield process


@contextmanager
def nginx(folder: Path, port: int, gateways: Sequence[int]) -> Iterator[subprocess.Popen[bytes]]:
    """The example's nginx, on other ports and in a folder of its own."""
    text = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
    for shown, meant in zip(("8790", "8791", "8792"), (port, *gateways), strict=True):
        text = text.replace(f"127.0.0.1:{shown}", f"127.0.0.1:{meant}")
    inside = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = text.replace("http {", f"http {{ access_log off; {inside}", 1)
    (folder / "nginx.conf").write_text(f"daemon off; pid {folder}/nginx.pid; error_log stderr;\n{text}", encoding="utf-8")
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    with program(command, port, folder / "nginx.log") as process:
        yield process
