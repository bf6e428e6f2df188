"""Callers of a server on loopback, written on bare sockets lest they cost more than what they measure."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

T = TypeVar("T")
_HOST = "127.0.0.1"
LIMIT = 60.0  # seconds for one answer


class Connection:
    """A connection that is kept for one request after the other.

    Args:
        port: The server's port.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def _reader(self) -> asyncio.StreamReader:
        if self._streams is None:
            raise RuntimeError("no request was sent")
        return self._streams[0]

    async def send(self, body: bytes, path: str = "/v1/chat/completions") -> None:
        """Send a request."""
        if self._streams is None or self._streams[1].is_closing():
            self._streams = await asyncio.open_connection(_HOST, self._port)
        head = f"POST {path} HTTP/1.1\r\nhost: {_HOST}:{self._port}\r\nauthorization: Bearer none\r\n"
        length = b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        self._streams[1].write(head.encode() + length + body)
        await self._streams[1].drain()

    async def head(self) -> dict[bytes, bytes]:
        """Read the head of the answer. Returns its fields; the status is under `b""`."""
        first, *lines = (await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), LIMIT)).split(b"\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines) if name}
        return {**fields, b"": first.split()[1]}

    async def chunk(self) -> bytes:
        """Read a chunk of a body in chunks; empty at the end."""
        size = int(await asyncio.wait_for(self._reader.readline(), LIMIT), 16)
        return (await asyncio.wait_for(self._reader.readexactly(size + 2), LIMIT))[:-2]

    async def body(self) -> bytes:
        """Read the head and the whole body of an answer.

        Raises:
            RuntimeError: The status is not 200.
        """
        fields = await self.head()
        if b"content-length" in fields:
            data = await asyncio.wait_for(self._reader.readexactly(int(fields[b"content-length"])), LIMIT)
        else:
            data = b"".join([piece async for piece in self.chunks()])
        if fields[b""] != b"200":
            raise RuntimeError(f"status {fields[b''].decode()}: {data[:300]!r}")
        return data

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the chunks of a body."""
        while piece := await self.chunk():
            yield piece

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()


def rate(port: int, body: bytes, connections: int, requests: int) -> float:
    """Return the nanoseconds of a request, where so many connections ask as fast as they get answers."""

    async def load() -> float:
        left = requests

        async def ask(one: Connection) -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await one.send(body)
                await one.body()

        several = [Connection(port) for _ in range(connections)]
        begun = time.perf_counter_ns()
        await asyncio.gather(*map(ask, several))
        taken = time.perf_counter_ns() - begun
        for one in several:
            one.close()
        return taken / requests

    return asyncio.run(load())


def first_words(port: int, body: bytes, times: int) -> Sequence[float]:
    """Return the nanoseconds until the first words of a stream, so many times."""

    async def load() -> list[float]:
        one, taken = Connection(port), []
        for _ in range(times):
            begun = time.perf_counter_ns()
            await one.send(body)
            await one.head()
            seen = b""
            while b'"content":"A' not in seen.replace(b": ", b":"):
                piece = await one.chunk()
                if not piece:
                    raise RuntimeError(f"a stream without its first words: {seen[:300]!r}")
                seen += piece
            taken.append(float(time.perf_counter_ns() - begun))
            async for _ in one.chunks():
                pass
        one.close()
        return taken

    return asyncio.run(load())


class HeldStreams:
    """Many streams that are open at once, whose upstream waits.

    Args:
        port: The server's port.
        body: The request of each.
        count: So many.
    """

    def __init__(self, port: int, body: bytes, count: int) -> None:
        self._runner = asyncio.Runner()
        self._streams = [Connection(port) for _ in range(count)]
        self._body = body

    def open(self) -> None:
        """Open all streams, and read the first chunk of each."""
        self._runner.run(self._each(self._open))

    def rest(self) -> list[bytes]:
        """Read all streams to their end. Returns the bytes of each that followed the first chunk."""
        got = self._runner.run(self._each(self._rest))
        self._runner.close()
        return got

    async def _each(self, action: Callable[[Connection], Awaitable[T]]) -> list[T]:
        return await asyncio.gather(*map(action, self._streams))

    async def _open(self, one: Connection) -> None:
        await one.send(self._body)
        await one.head()
        await one.chunk()

    async def _rest(self, one: Connection) -> bytes:
        got = b"".join([piece async for piece in one.chunks()])
        one.close()
        return got


def ask_once(port: int, path: str, body: bytes = b"{}") -> bytes:
    """Return the body of one answer."""

    async def load() -> bytes:
        one = Connection(port)
        await one.send(body, path)
        got = await one.body()
        one.close()
        return got

    return asyncio.run(load())
