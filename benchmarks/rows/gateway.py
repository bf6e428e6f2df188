"""Row 11: the gateway, over an upstream that costs nearly nothing, beside a raw pass-through and LiteLLM's proxy.

All speak to the same upstream on loopback, in one run and in turn. LiteLLM is measured where the variable `BENCH_LITELLM` names
its `litellm` command, in an environment of its own; otherwise its figures are left out, and so are the goals that need them.
"""

from __future__ import annotations

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.gateways import callers
from benchmarks.gateways.requests import ARGUMENTS, request
from benchmarks.results import Bench, Goal, Row, Table, must_be_right
from benchmarks.timing import in_turn, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_DIRECT, _OURS, _RAW, _LITELLM = "upstream itself", "adapter serve", "raw ASGI and aiohttp", "LiteLLM"
_CONNECTIONS = 32
_MODEL = "m"
_PATIENCE = 120.0  # seconds until a server takes connections


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _answers(port: int, process: subprocess.Popen[bytes]) -> float:
    """Wait until a server takes connections. Returns the time."""
    until = time.perf_counter() + _PATIENCE
    while time.perf_counter() < until and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return time.perf_counter()
        time.sleep(0.002)
    raise RuntimeError(f"{process.args!r} takes no connections (status {process.poll()})")


@contextmanager
def serving(
    command: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server while the block runs. Yields its process, once the port takes connections."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
    )
    try:
        _answers(port, process)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def resident(process: subprocess.Popen[bytes]) -> float:
    """Return the resident memory of a process in MB; 0 where the system does not tell."""
    status = Path(f"/proc/{process.pid}/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text(encoding="utf-8")) if status.exists() else None
    return int(found.group(1)) / 1024 if found else 0.0


def gateway_command(port: int, upstream: int, folder: str) -> list[str]:
    """Return the command of the gateway over an upstream, with settings of its own in a folder."""
    settings = Path(folder) / "adapter.toml"
    settings.touch()
    given = [
        "--port",
        str(port),
        "--upstream",
        f"http://127.0.0.1:{upstream}/v1",
        "--native",
        "never",
        "--log-level",
        "warning",
    ]
    return [sys.executable, "-m", "adapter", "serve", "--config", str(settings), *given]


def _litellm(port: int, upstream: int, folder: str) -> list[str]:
    settings = Path(folder) / "litellm.json"  # YAML, as JSON is
    parameters = {"model": f"openai/{_MODEL}", "api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "none"}
    names = [{"model_name": name, "litellm_params": {**parameters, "model": f"openai/{name}"}} for name in (_MODEL, "held")]
    general = {"dangerously_permit_weak_or_unset_master_key": True}  # it listens on loopback, as the others do
    settings.write_text(json.dumps({"model_list": names, "general_settings": general}), encoding="utf-8")
    return [os.environ["BENCH_LITELLM"], "--config", str(settings), "--port", str(port), "--host", "127.0.0.1"]


def _seconds_until_ready(upstream: int, folder: str) -> float:
    """Return the seconds from the start of the gateway's process until it takes connections, its compiled modules warm."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        gateway_command(port, upstream, folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=kept
    )
    try:
        return _answers(port, process) - begun
    finally:
        process.terminate()
        process.wait(30)


def _check(port: int, upstream: int) -> None:
    """The gateway makes a call of the text, and the upstream's text is the one that is meant."""
    message = json.loads(callers.ask_once(port, "/v1/chat/completions", request(_MODEL, stream=False)))["choices"][0]["message"]
    call = message["tool_calls"][0]["function"]
    must_be_right("the gateway's call", "right" if json.loads(call["arguments"]) == ARGUMENTS else f"wrong: {message}")
    plain = callers.ask_once(upstream, "/v1/chat/completions", request(_MODEL, stream=False))
    must_be_right("the upstream's text", "right" if b"<tool_call>" in plain else "wrong")


def _streams(port: int, upstream: int, process: subprocess.Popen[bytes], count: int) -> tuple[float, int]:
    """Hold streams open. Returns the KB of memory for each, and how many did not come whole."""
    body = request("held", stream=True)
    callers.ask_once(port, "/v1/chat/completions", request(_MODEL, stream=True))
    before = resident(process)
    held = callers.HeldStreams(port, body, count)
    held.open()
    cost = (resident(process) - before) * 1024 / count
    callers.ask_once(upstream, "/release")
    wanted = held.rest()
    whole = max(set(wanted), key=wanted.count)
    lost = sum(not (one.endswith(b"data: [DONE]\n\n") and _length(one) == _length(whole)) for one in wanted)
    return cost, lost


def _length(stream: bytes) -> int:
    """Return the length of the words in a stream."""
    chunks = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith(b"data: {")]
    return sum(len(chunk["choices"][0]["delta"].get("content") or "") for chunk in chunks if chunk["choices"])


def run(bench: Bench) -> Row:
    """Measure it."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        upstream = free_port()
        stack.enter_context(serving([sys.executable, "-m", "benchmarks.gateways.upstream", str(upstream)], upstream))
        ports = {_DIRECT: upstream, _RAW: free_port(), _OURS: free_port()}
        raw = [sys.executable, "-m", "benchmarks.gateways.raw", str(ports[_RAW]), f"http://127.0.0.1:{upstream}/v1"]
        stack.enter_context(serving(raw, ports[_RAW]))
        ours = stack.enter_context(serving(gateway_command(ports[_OURS], upstream, folder), ports[_OURS]))
        idle = {_OURS: resident(ours)}
        if "BENCH_LITELLM" in os.environ:
            bench.told("gateway: LiteLLM starts")
            ports[_LITELLM] = free_port()
            litellm = stack.enter_context(serving(_litellm(ports[_LITELLM], upstream, folder), ports[_LITELLM]))
            idle[_LITELLM] = resident(litellm)
        _check(ports[_OURS], upstream)
        _seconds_until_ready(upstream, folder)  # compiles the modules
        return _measured(bench, ports, ours, idle, [_seconds_until_ready(upstream, folder) for _ in range(5)])


def _measured(
    bench: Bench, ports: dict[str, int], ours: subprocess.Popen[bytes], idle: dict[str, float], ready: list[float]
) -> Row:
    whole, stream = request(_MODEL, stream=False), request(_MODEL, stream=True)
    count = {name: 200 if name == _LITELLM else 500 if bench.quick else 2000 for name in ports}
    lanes = {name: partial(callers.rate, port, whole, _CONNECTIONS, count[name]) for name, port in ports.items()}
    for name, one in lanes.items():
        bench.told(f"gateway: warming up {name}")
        one()
    taken = in_turn(lanes, bench.rounds, told=lambda line: bench.told(f"gateway, requests: {line}"))
    times = 20 if bench.quick else 100
    waits = {name: partial(_median_first, port, stream, times) for name, port in ports.items()}
    first = in_turn(waits, bench.rounds, told=lambda line: bench.told(f"gateway, first words: {line}"))
    added = {
        name: [one - bare for one, bare in zip(values, first[_DIRECT], strict=True)]
        for name, values in first.items()
        if name != _DIRECT
    }
    bench.told("gateway: open streams")
    cost, lost = _streams(ports[_OURS], ports[_DIRECT], ours, 200 if bench.quick else 1000)
    row = Row(11, "The gateway")
    row.goals = [
        Goal(
            "gateway.raw",
            "requests a second at 32 connections: a raw pass-through",
            0.35,
            ratio(taken[_RAW], taken[_OURS]),
            at_least=True,
        ),
        Goal("gateway.memory", "resident memory, idle", 70, idle[_OURS], unit="MB"),
        Goal("gateway.ready", "from its start until it takes connections", 0.6, statistics.median(ready), unit="s"),
        Goal("gateway.stream", "memory for each of 1,000 open streams", 60, cost, unit="KB"),
        Goal("gateway.lost", "of 1,000 open streams, not whole at the end", 0, lost, unit=""),
    ]
    if _LITELLM in ports:
        row.goals += [
            Goal("gateway.litellm", "requests a second: LiteLLM", 20, ratio(taken[_LITELLM], taken[_OURS]), at_least=True),
            Goal("gateway.first", "added time to the first words: LiteLLM's", 0.25, ratio(added[_OURS], added[_LITELLM])),
        ]
    cells = [
        [
            name,
            f"{1e9 / statistics.median(taken[name]):.0f}",
            f"{statistics.median(added[name]) / 1e6:.2f}" if name in added else "",
            f"{idle[name]:.0f}" if name in idle else "",
        ]
        for name in ports
    ]
    row.tables = [Table("Servers", ["server", "requests a second", "ms added to the first words", "MB resident, idle"], cells)]
    return row


def _median_first(port: int, body: bytes, times: int) -> float:
    return statistics.median(callers.first_words(port, body, times))
