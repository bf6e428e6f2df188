"""Requests over aiohttp's connections, without aiohttp's objects: the bytes sent, the answers and the errors are aiohttp's own."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from adapter.errors import AdapterError
from adapter.exchange.protocol import UpstreamRequest
from adapter.gateway import quick_request
from adapter.gateway.circuit import Circuit
from adapter.gateway.config import Upstream
from adapter.gateway.link import Link
from adapter.gateway.quick_request import QuickRequests
from adapter.gateway.session import Session
from adapter.gateway.upstreams import Member

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT = 20.0
PATIENCE = 0.2  # seconds of silence, in rows that wait for its end


def reply(body: bytes = b"{}", head: str = "HTTP/1.1 200 OK", **fields: str) -> bytes:
    lines = [head, *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items()), f"content-length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
FINE = reply(b'{"a":1}', content_type="application/json")
# What the upstream does with the requests that follow one another: bytes to send, seconds to wait, None to hang up.
ROWS: dict[str, list[Sequence[bytes | float | None]]] = {
    "a whole answer": [[FINE]],
    "answers on a connection that is kept": [[FINE], [FINE], [FINE]],
    "in pieces": [[FINE[:9], 0.01, FINE[9:30], 0.01, FINE[30:-2], 0.01, FINE[-2:]]],
    "chunked": [[CHUNKED], [CHUNKED[:-7], 0.01, CHUNKED[-7:]]],
    "chunked, with a trailer": [[CHUNKED[:-2] + b"x-end: 1\r\n\r\n"]],
    "until the connection closes": [[b"HTTP/1.1 200 OK\r\n\r\n{}", None], [FINE]],
    "of HTTP/1.0": [[b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}"], [FINE]],
    "that closes": [[reply(connection="close")], [FINE]],
    "compressed": [
        [reply(gzip.compress(b"{}" * 500), content_encoding="gzip")],
        [reply(zlib.compress(b"{}"), content_encoding="deflate")],
    ],
    "badly compressed": [[reply(b"{}", content_encoding="gzip")], [FINE]],
    "no body": [[b"HTTP/1.1 204 No Content\r\n\r\n"], [reply(b"")], [FINE]],
    "behind words that announce it": [
        [b"HTTP/1.1 100 Continue\r\n\r\n" + FINE],
        [b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + FINE],
    ],
    "an upgrade": [[b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", None], [FINE]],
    "a redirect": [[reply(b"", "HTTP/1.1 307 Temporary Redirect", location="/elsewhere")], [FINE]],
    "errors": [[reply(b"no", f"HTTP/1.1 {status} X", retry_after="0")] for status in (400, 404, 429, 500, 503)],
    "headers twice, and cookies": [[reply(b"{}", x_a="1", X_A="2", set_cookie="a=b; Path=/")], [FINE]],
    "more than was announced": [[FINE + b"more"], [FINE]],
    "two answers": [[FINE + FINE], [FINE]],
    "no HTTP": [[b"SSH-2.0-x\r\n\r\n"], [FINE]],
    "a bad length": [[b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"], [FINE]],
    "a bad header": [[b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"], [FINE]],
    "a long header": [[reply(b"{}", x_long="x" * 70_000)], [FINE]],
    "many headers": [[reply(b"{}", **{f"x_{number}": "1" for number in range(200)})], [FINE]],
    "bad chunks": [[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"], [FINE]],
    "nothing": [[None], [FINE]],
    "nothing, on a connection that was kept": [[FINE], [None], [FINE]],
    "half a head, on a connection that was kept": [[FINE], [b"HTTP/1.1 200 OK\r\ncontent-", None], [FINE]],
    "nothing for ever": [[None], [None]],
    "a head that is cut": [[b"HTTP/1.1 200 OK\r\ncontent-", None], [FINE]],
    "a body that is cut": [[FINE[:-2], None], [FINE]],
    "chunks that are cut": [[CHUNKED[:-5], None], [FINE]],
    "silence": [[LIMIT], [FINE]],
    "silence behind the head": [[FINE[:-2], LIMIT], [FINE]],
    "too large": [[reply(b"x" * 2000)], [FINE]],
}


class Told(NamedTuple):
    """The requests that an upstream got, and what links told."""

    heads: list[bytes]
    bodies: list[bytes]
    connections: list[int]  # the number of the connection of each request
    answers: list[Any]


class Scripted:
    """An upstream that does with each request what its row says, byte for byte."""

    def __init__(self, replies: Sequence[Sequence[bytes | float | None]]) -> None:
        self.told = Told([], [], [], [])
        self._waiting = [*replies]
        self._writers: list[asyncio.StreamWriter] = []
        self._ended: list[asyncio.Event] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        number, ended = len(self._writers), asyncio.Event()
        self._ended.append(ended)
        try:
            while await self._answered(reader, writer, number):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        ended.set()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        self.told.heads.append(head)
        self.told.bodies.append(await reader.readexactly(length))
        self.told.connections.append(number)
        for step in self._waiting.pop(0) if len(self._waiting) > 1 else self._waiting[0]:
            if step is None:
                return False
            if step == LIMIT:
                await reader.read(1)  # until the gateway hangs up
                return False
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                writer.write(step)
                await writer.drain()
        return True

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
        for ended in self._ended:
            await ended.wait()


async def _asked(
    replies: Sequence[Sequence[bytes | float | None]], headers: dict[str, str], requests: int, **given: Any
) -> Told:
    scripted = Scripted(replies)
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    slow = any(step == LIMIT for steps in replies for step in steps)
    upstream = Upstream(url=f"http://127.0.0.1:{port}/v1", timeout=PATIENCE if slow else LIMIT, **given.get("upstream", {}))
    member = Member(upstream, Circuit(99, 1.0))
    told = scripted.told
    for _ in range(requests):
        link = Link([member], {"user-agent": "t", **headers}, given.get("key", ""))
        try:
            told.answers.append(await link.ask(UpstreamRequest(given.get("body", {"model": "m"}), most=1000)))
        except AdapterError as error:
            message = error.message.replace(str(port), "PORT")
            told.answers.append((type(error).__name__, error.code, message, error.status))
        told.answers.append([(one.upstream, one.outcome) for one in link.tried])
        link.close()
        await asyncio.sleep(0)
    await member.session.close()
    server.close()
    await scripted.close()
    return told._replace(heads=[head.replace(str(port).encode(), b"PORT") for head in told.heads])


def both(
    replies: Sequence[Any], monkeypatch: pytest.MonkeyPatch, headers: dict[str, str] | None = None, **given: Any
) -> tuple[int, Told]:
    """Ask by both ways, and compare. Returns how often the quick way was taken, and what was told."""
    taken = 0
    real = QuickRequests.ask

    async def counted(*words: Any) -> Any:
        nonlocal taken
        got = await real(*words)
        taken += got is not None
        return got

    number = given.pop("requests", len(replies))
    with monkeypatch.context() as patched:
        patched.setattr(QuickRequests, "ask", counted)
        quick = asyncio.run(_asked(replies, headers or {}, number, **given))
    with monkeypatch.context() as patched:
        patched.setattr(Session, "quick", lambda *_: None)
        longer = asyncio.run(_asked(replies, headers or {}, number, **given))
    assert quick == longer
    return taken, quick


@pytest.mark.parametrize("row", ROWS)
def test_answers_and_errors_are_the_same(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, told = both(ROWS[row], monkeypatch)
    if row in {"a whole answer", "answers on a connection that is kept", "chunked", "compressed", "errors"}:
        assert taken == len(ROWS[row])
        assert set(told.connections) == {1}


def test_a_request_whose_answer_began_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ROWS["half a head, on a connection that was kept"]
    assert len(both(row, monkeypatch)[1].heads) == len(row)
    row = ROWS["nothing, on a connection that was kept"]
    assert len(both(row, monkeypatch)[1].heads) == len(row) + 1


# Headers of a caller, and whether the quick way takes the request.
HEADERS: dict[str, tuple[dict[str, str], bool]] = {
    "none": ({}, True),
    "traces": ({"traceparent": "00-1-2-01", "tracestate": "a=b", "x-request-id": "é"}, True),
    "an accept of its own": ({"accept": "application/json"}, True),
    "a tab": ({"x-request-id": "a\tb"}, False),
    "a line break": ({"x-request-id": "a\r\nb: c"}, False),
    "a zero": ({"x-request-id": "a\0b"}, False),
}


@pytest.mark.parametrize("row", HEADERS)
def test_heads_are_the_same(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    headers, quick = HEADERS[row]
    for key in ("", "sk-caller"):
        taken, told = both([[FINE]] * 2, monkeypatch, headers, key=key)
        assert taken == (2 if quick else 0)
        assert [b"sk-caller" in head for head in told.heads] == ([] if row in {"a line break", "a zero"} else [bool(key)] * 2)


@pytest.mark.parametrize("size", [1, 1000, 32_000, 33_000, 3_000_000])
def test_bodies_are_the_same(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, told = both([[FINE]] * 2, monkeypatch, body={"model": "m", "prompt": "é" * (size // 2)})
    assert taken == (2 if size < 32_700 else 0)
    assert [len(body) > size for body in told.bodies] == [True, True]


def test_an_upstream_s_own_name_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, told = both([[FINE]], monkeypatch, upstream={"model": "other"})
    assert (taken, told.bodies) == (1, [b'{"model":"other"}'])


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        found = []
        for quick in (True, False):
            if not quick:
                monkeypatch.setattr(Session, "quick", lambda *_: None)

            async def ask() -> str:
                member = Member(Upstream(url=f"http://127.0.0.1:{bound.getsockname()[1]}/v1"), Circuit(9, 1.0))
                try:
                    await Link([member], {"user-agent": "t"}).ask(UpstreamRequest({"model": "m"}))
                except AdapterError as error:
                    return f"{type(error).__name__} {error.code} {error.message}"
                finally:
                    await member.session.close()
                return ""

            found.append(asyncio.run(ask()))
        assert found[0] == found[1]
        assert "upstream_unreachable" in found[0]


def test_another_aiohttp_sends_all_requests_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert quick_request.is_known()
    monkeypatch.setattr(quick_request, "_USED", (*quick_request._USED, "unheard_of"))
    assert not quick_request.is_known()
    monkeypatch.setattr(Session, "http", lambda _: None)
    session = Session(Upstream(url="http://127.0.0.1:1/v1"))
    assert session.quick(session.url("/chat/completions")) is None


def test_an_answer_that_nobody_asked_for_is_nobody_s() -> None:
    """It comes on an idle connection: the next request has another connection, and its own answer."""
    replies: list[Sequence[bytes | float | None]] = [
        [FINE, 0.01, reply(b'{"junk":1}')], [reply(b'{"a":2}')], [reply(b'{"a":3}')],
    ]  # fmt: skip

    async def asked() -> tuple[list[Any], list[int]]:
        scripted = Scripted(replies)
        server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
        upstream = Upstream(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", timeout=LIMIT)
        member, bodies = Member(upstream, Circuit(99, 1.0)), []
        for number in range(3):
            link = Link([member], {"user-agent": "t"}, "")
            answer = await link.ask(UpstreamRequest({"model": "m"}, most=1000))
            bodies.append(answer and answer.body)
            link.close()
            while number == 0 and not any(kept.should_close for kept in idle(member)):
                await asyncio.sleep(0.01)
        await member.session.close()
        server.close()
        await scripted.close()
        return bodies, scripted.told.connections

    def idle(member: Member) -> list[Any]:
        connector: Any = member.session.http().connector
        return [kept for row in connector._conns.values() for kept, _ in row]

    assert asyncio.run(asyncio.wait_for(asked(), LIMIT)) == ([b'{"a":1}', b'{"a":2}', b'{"a":3}'], [1, 2, 2])
