"""The gateway under load for a long time: `python -m benchmarks.gateways.soak [--minutes 30] [--share 0.5]`.

The load is a share of the requests a second that the gateway answers at most on this machine. A tenth of the requests each
are streams, streams whose caller leaves in the middle, stored responses, requests of Anthropic's wire and refused ones; the
others are whole answers with a call. A line every ten seconds tells the memory and the open files of the gateway's process.
The last lines tell whether they stayed: memory by the medians of the second fifth of the time and of the last, open files
after all callers have left against those before the first came. Exit status 1 where one did not stay.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.gateways import callers
from benchmarks.gateways.requests import request
from benchmarks.rows.gateway import free_port, gateway_command, resident, serving

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Awaitable, Callable

_LANES = 16  # callers at once
_LOOK = 10.0  # seconds between two looks
_KEPT = 75.0  # seconds: aiohttp looks every 30 for connections that had no request for 30
_GROWTH = 1.05  # times the memory, at most
_PLAIN = {"model": "m", "messages": [{"role": "user", "content": "Say a word."}]}


async def _stream(one: callers.Connection) -> None:
    await one.send(request("m", stream=True))
    await one.body()


async def _left(one: callers.Connection) -> None:
    await one.send(request("m", stream=True))
    await one.head()
    await one.chunk()
    one.close()


async def _stored(one: callers.Connection) -> None:
    await one.send(json.dumps({"model": "m", "input": "Say a word.", "store": True}).encode(), "/v1/responses")
    await one.body()


async def _anthropic(one: callers.Connection) -> None:
    await one.send(json.dumps({**_PLAIN, "max_tokens": 50}).encode(), "/v1/messages")
    await one.body()


async def _refused(one: callers.Connection) -> None:
    await one.send(json.dumps({**_PLAIN, "tools": "none"}).encode())
    fields = await one.head()
    if fields[b""] != b"400":
        raise RuntimeError(f"a request that is wrong got status {fields[b''].decode()}")
    one.close()


async def _whole(one: callers.Connection) -> None:
    await one.send(request("m", stream=False))
    await one.body()


_TURNS: tuple[Callable[[callers.Connection], Awaitable[None]], ...] = (
    *(_stream, _whole, _left, _whole, _stored, _whole, _anthropic, _whole, _refused, _whole),
)


class _Load:
    """Callers that ask in turn, so many requests a second.

    Args:
        port: The gateway's port.
        each_second: The requests a second.
    """

    def __init__(self, port: int, each_second: float) -> None:
        self._port = port
        self._every = 1 / each_second
        self.asked = 0

    async def run(self, until: float) -> None:
        """Ask until a time of the monotonic clock."""
        self._begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(_LANES):
                group.create_task(self._lane(until))

    async def _lane(self, until: float) -> None:
        one = callers.Connection(self._port)
        while time.monotonic() < until:
            number, self.asked = self.asked, self.asked + 1
            await asyncio.sleep(max(0.0, self._begun + number * self._every - time.monotonic()))
            await _TURNS[number % len(_TURNS)](one)
        one.close()


def _open_files(process: subprocess.Popen[bytes]) -> int:
    return len(list(Path(f"/proc/{process.pid}/fd").iterdir()))


async def _watched(load: _Load, process: subprocess.Popen[bytes], seconds: float) -> list[float]:
    """Run the load, and tell the state of the process. Returns the memory in MB at each look."""
    begun = time.monotonic()
    work = asyncio.ensure_future(load.run(begun + seconds))
    seen: list[float] = []
    while not work.done():
        await asyncio.wait((work,), timeout=_LOOK)
        seen.append(resident(process))
        passed = time.monotonic() - begun
        line = f"{passed:6.0f} of {seconds:.0f} s  {load.asked:8} requests  {seen[-1]:7.2f} MB  {_open_files(process):4} files"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    work.result()
    return seen


def _settled(process: subprocess.Popen[bytes], before: int) -> int:
    """Return the open files once they are as few as before, or later than connections to upstream are kept."""
    until = time.monotonic() + _KEPT
    while _open_files(process) > before and time.monotonic() < until:
        time.sleep(0.1)
    return _open_files(process)


def main(argv: list[str] | None = None) -> int:
    """Run the soak."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateways.soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="default: 30")
    parser.add_argument("--share", type=float, default=0.5, help="the share of the most requests a second; default: 0.5")
    args = parser.parse_args(argv)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        upstream, port = free_port(), free_port()
        stack.enter_context(serving([sys.executable, "-m", "benchmarks.gateways.upstream", str(upstream)], upstream))
        process = stack.enter_context(serving(gateway_command(port, upstream, folder), port))
        callers.ask_once(port, "/v1/chat/completions", request("m", stream=False))
        time.sleep(1.0)
        files = _open_files(process)
        most = 1e9 / min(callers.rate(port, request("m", stream=False), _LANES, 1000) for _ in range(3))
        sys.stdout.write(f"at most {most:.0f} requests a second; now {most * args.share:.0f}\n")
        load = _Load(port, most * args.share)
        seen = asyncio.run(_watched(load, process, 60 * args.minutes))
        left = _settled(process, files)
    fifth = max(1, len(seen) // 5)
    early, late = statistics.median(seen[fifth : 2 * fifth]), statistics.median(seen[-fifth:])
    flat, closed = late <= _GROWTH * early, left <= files
    sys.stdout.write(f"memory {early:.2f} MB, at the end {late:.2f} MB: {'flat' if flat else 'it grows'}\n")
    sys.stdout.write(f"open files {files}, at the end {left}: {'none left' if closed else 'some are left'}\n")
    return 0 if flat and closed else 1


if __name__ == "__main__":
    raise SystemExit(main())
