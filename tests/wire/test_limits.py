"""Answers larger than `max_response_bytes`: an error of the API, and a connection that is closed (behaviour 6.9)."""

from __future__ import annotations

import asyncio
import gzip
import importlib
import importlib.util
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from adapter.api.chunk_reader import ChunkReader
from adapter.api.sse import SseDecoder
from adapter.api.upstream_reader import JsonReader
from adapter.errors import UpstreamTooLarge
from tests.facts.tools import WEATHER
from tests.support.growth import assert_linear
from tests.support.loopback import DONE, Answer, Stream, Upstream, chunk, completion, event, streamed
from tests.support.tiers import few_or_all
from tests.wire.test_transport import USABLE

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 1 << 18
REQUEST: dict[str, Any] = {"model": "m", "tools": [WEATHER]}
MANY = 1000  # pieces of 64 KB: 250 times the limit
BIG = b"x" * (1 << 16)
JSON = {"content-type": "application/json"}
GZIP = {"content-encoding": "gzip"}


class Row(NamedTuple):
    id: str
    answer: Answer | Stream
    endless: bool = True  # the server notices that nobody reads on
    event: bool = False  # a single event of a stream is too large


def bomb(start: bytes, repeated: bytes, times: int) -> bytes:
    """A text of so many repetitions, compressed a thousandfold."""
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(start) + b"".join(packer.compress(repeated) for _ in range(times)) + packer.flush()


def many(piece: bytes, start: bytes = b"", headers: dict[str, str] | None = None) -> Stream:
    return Stream((start, *[piece] * MANY) if start else (piece,) * MANY, headers=headers or {})


SAID = event(chunk({"content": "word " * 200})) * 60
ROWS = [
    Row("a document with its length", completion("x" * MOST), endless=False),
    Row("a document of unknown length", many(BIG, b'{"choices": [{"message": {"content": "', JSON)),
    Row("a document in a stream", many(BIG, b'{"choices": [{"message": {"content": "')),
    Row("white space without end", many(b" " * (1 << 16), headers=JSON)),
    Row("a page without end", many(BIG, b"<html>", {"content-type": "text/html"})),
    Row("lines of JSON", many((json.dumps(chunk({"content": "word " * 200})).encode() + b"\n") * 60)),
    Row("events without end", many(SAID)),
    Row("comments without end", many(b": ping\n\n" * 8000)),
    Row("a line without end", many(BIG, b"data: "), event=True),
    Row("an event without end", many(b"data: {%s\n" % (b" " * 100) * 600), event=True),
    Row("empty data without end", many(b"data:\n" * 10000)),
    Row("a compressed document", Answer(bomb(b'{"a": "', BIG, 300), headers=GZIP), endless=False),
    Row("a compressed stream", Stream((bomb(b"", SAID, 300),), headers=GZIP), endless=False),
    Row("a compressed line", Stream((bomb(b"data: ", BIG, 300),), headers=GZIP), endless=False),
]


def ask(client: Any, api: str, *, stream: bool) -> Any:
    if api == "responses":
        tool = {"type": "function", **WEATHER["function"]}
        return client.responses.create(model="m", input="Hi", tools=[tool], stream=stream)
    return client.chat.completions.create(**REQUEST, messages=[{"role": "user", "content": "Hi"}], stream=stream)


def sync_error(module: str, url: str, api: str, *, stream: bool) -> Exception | None:
    with importlib.import_module(module).Client() as http, OpenAI(base_url=url, api_key="k", http_client=http) as client:
        wrapped = adapter.wrap(client, max_response_bytes=MOST)
        try:
            answer = ask(wrapped, api, stream=stream)
            list(answer) if stream else None
        except openai.APIError as error:
            return error
    return None


def async_error(http: Any, url: str, api: str, *, stream: bool) -> Exception | None:
    async def main() -> Exception | None:
        async with AsyncOpenAI(base_url=url, api_key="k", http_client=http()) as client:
            wrapped = adapter.wrap(client, max_response_bytes=MOST)
            try:
                answer = await ask(wrapped, api, stream=stream)
                [item async for item in answer] if stream else None
            except openai.APIError as error:
                return error
        return None

    return asyncio.run(main())


CLIENTS = [
    *((f"sync {name}", name) for name in USABLE),
    *((f"async {name}", importlib.import_module(name).AsyncClient) for name in USABLE),
]
if importlib.util.find_spec("aiohttp") and hasattr(openai, "DefaultAioHttpClient"):
    CLIENTS.append(("async aiohttp", openai.DefaultAioHttpClient))


@pytest.mark.parametrize("client", [pytest.param(made, id=name) for name, made in CLIENTS])
@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.both_tiers
def test_6_9_an_answer_larger_than_its_limit(client: Any, api: str) -> None:
    first = client == USABLE[0] and api == "chat"
    for row in ROWS if first else few_or_all([ROWS[1], ROWS[6], ROWS[8], ROWS[11]], ROWS):
        for stream in (False, True):
            with Upstream(row.answer) as upstream:
                found: Any = (sync_error if isinstance(client, str) else async_error)(client, upstream.url, api, stream=stream)
                name = f"{row.id}, {'streamed' if stream else 'whole'}: {found!r}"
                assert found is not None, name
                assert ("An event of" if row.event and stream else "The upstream's answer") in str(found), name
                assert "max_response_bytes" in str(found), name
                assert found.code == "upstream_too_large", name
                assert getattr(found, "status_code", 502) == 502, name
                assert len(upstream.received) == 1, name
                assert not row.endless or upstream.hung_up.wait(5), name


def test_6_9_a_request_without_tools_that_the_adapter_reads() -> None:
    with Upstream(many(SAID)) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
        wrapped = adapter.wrap(client, max_response_bytes=MOST, upstream_stream="always")
        with pytest.raises(openai.InternalServerError, match="max_response_bytes"):
            wrapped.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])


def test_6_9_a_coding_of_codings_is_an_error() -> None:
    packed = gzip.compress(gzip.compress(b"{}"))
    with (
        Upstream(Answer(packed, headers={"content-encoding": "gzip, gzip"})) as upstream,
        OpenAI(base_url=upstream.url, api_key="k", max_retries=0) as client,
        pytest.raises(openai.APIConnectionError) as caught,
    ):
        ask(adapter.wrap(client), "chat", stream=False)
    assert "'gzip, gzip': one coding can be read" in str(caught.value.__cause__)


# Coding: client, package that the client decodes with, and the packer.
PACKERS: dict[str, tuple[str, str, Callable[[Any, bytes], bytes]]] = {
    "br": (USABLE[0], "brotli", lambda brotli, text: brotli.compress(text)),
    "zstd": ("httpx", "zstandard", lambda zstandard, text: zstandard.ZstdCompressor().compress(text)),
}


@pytest.mark.parametrize("coding", PACKERS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_6_9_other_compressed_answers(coding: str, stream: bool) -> None:
    """Runs where the optional decoder is installed: `pip install brotli zstandard`."""
    client, package, pack = PACKERS[coding]
    pytest.importorskip(client)
    packed = pack(pytest.importorskip(package), b'data: {"a": "' + BIG * 300)
    answer = Answer(packed, headers={"content-encoding": coding, **({} if stream else JSON)})
    assert len(packed) < MOST // 8
    with Upstream(answer) as upstream:
        found = sync_error(client, upstream.url, "chat", stream=stream)
        assert found is not None
        assert getattr(found, "code", None) == "upstream_too_large", repr(found)
        assert "max_response_bytes" in str(found)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_6_9_an_answer_within_its_limit(stream: bool) -> None:
    text = "word " * 1_000
    body, events = completion(text).body, streamed(*text.split(" "))
    whole: list[Answer | Stream] = [Answer(body), Answer(body, compressed=True), Stream((json.dumps(body).encode(),), JSON)]
    pieces: list[Answer | Stream] = [events, Stream((gzip.compress(b"".join(map(bytes, events.pieces))),), GZIP)]  # type: ignore[arg-type]
    for answer in pieces if stream else whole:
        with Upstream(answer) as upstream, OpenAI(base_url=upstream.url, api_key="k") as client:
            found = ask(adapter.wrap(client, max_response_bytes=32 * MOST), "chat", stream=stream)
            said = "".join(item.choices[0].delta.content or "" for item in found if item.choices) if stream else None
            assert len(said if said is not None else found.choices[0].message.content) >= 4_000


@pytest.mark.parametrize("most", [0, -1, True, 1.5, "1", None])
def test_6_9_a_limit_that_is_none(most: Any) -> None:
    with pytest.raises(ValueError, match="max_response_bytes"):
        adapter.Options(max_response_bytes=most)


SIZED = [
    pytest.param(b"data: " + b"x" * 90 + b"\n\n", None, id="a line within"),
    pytest.param(b"data: " + b"x" * 200, UpstreamTooLarge, id="half a line"),
    pytest.param(b"data: " + b"x" * 200 + b"\n\n", UpstreamTooLarge, id="a line"),
    pytest.param(b"data: xxxxxx\n" * 20, UpstreamTooLarge, id="lines of an event"),
    pytest.param(b"data: xxxxxx\n\n" * 20, None, id="lines of many events"),
    pytest.param(b": ping ping\n" * 20, None, id="comments"),
    pytest.param(b'data: {"a": 1}\n' * 20, None, id="events without blank lines"),
]


@pytest.mark.parametrize(("data", "error"), SIZED)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_size_of_an_event(data: bytes, error: type[Exception] | None, size: int) -> None:
    decoder = SseDecoder(100)
    found: Any = None
    try:
        for start in range(0, len(data), size):
            decoder.feed(data[start : start + size])
    except UpstreamTooLarge as raised:
        found = type(raised)
    assert found is error


def test_events_without_blank_lines_leave_one_by_one() -> None:
    decoder = SseDecoder()
    found = [len(decoder.feed(b'data: {"a": 1}\n')) for _ in range(4)]
    assert found == [0, 1, 1, 1]
    assert [item.data for item in decoder.feed(DONE)] == ['{"a": 1}', "[DONE]"]


def test_a_later_line_that_is_no_json_is_told() -> None:
    reader = JsonReader()
    first = json.dumps(chunk({"content": "Hi"})).encode()
    items = reader.feed(first + b'\n{"choices": [\n')
    assert [type(item).__name__ for item in items] == ["Chunk", "UpstreamFault"]
    assert "holds an event that is no chat completion chunk" in items[1].body["error"]["message"]  # type: ignore[union-attr]


# A stream of so many lines, by the line: none is a chunk with text, and most never end an event.
LINES = {
    "empty data": (b"", b"data:\n"),
    "data": (b"", b"data: ab\n"),
    "carriage returns": (b"", b"data: ab\r"),
    "JSON without blank lines": (b"", b"data: {}\n"),
    "empty events": (b"", b"data:\n\n"),
    "chunks without choices": (b"", b"data: {}\n\n"),
    "names": (b"", b"event: a\n"),
    "comments": (b"", b":\n"),
    "ends without blank lines": (b"data: {}\n", b"data: [DONE]\n"),
    "lines of a document": (b"{\n", b"\n"),
    "blank lines after JSON": (b'{"choices": []}\n', b" \n"),
    "lines after a document": (b'{"choices": [{"message": {"content": "a"}}]}\n', b"{\n"),
    "JSON lines": (b"", b"{}\n"),
}


@pytest.mark.both_tiers
@pytest.mark.parametrize("size", few_or_all([1 << 14], [100, 1 << 14, 1 << 30]))
def test_many_lines_cost_in_proportion(size: int) -> None:
    for name, (start, line) in LINES.items():

        def prepare(lines: int, start: bytes = start, line: bytes = line) -> Callable[[], object]:
            data = start + line * lines
            kind = ChunkReader if (start or line).startswith((b"data", b"event", b":")) else JsonReader

            def work() -> None:
                reader: Any = kind()
                for place in range(0, len(data), size):
                    reader.feed(data[place : place + size])
                reader.close()

            return work

        try:
            assert_linear(prepare, few_or_all(500, 5000), exponent=1.2)
        except AssertionError as error:
            pytest.fail(f"{name}: {error}")


@pytest.mark.parametrize("library", USABLE)
@pytest.mark.parametrize(("size", "answered"), [(1000, True), (MOST, False)], ids=["small", "too large"])
def test_6_9_a_body_that_a_hook_has_read_is_bounded_too(library: str, size: int, answered: bool) -> None:
    hooks = {"response": [lambda response: response.read()]}
    http = importlib.import_module(library).Client(event_hooks=hooks)
    with (
        Upstream(completion("x" * size)) as upstream,
        http,
        OpenAI(base_url=upstream.url, api_key="k", http_client=http) as client,
    ):
        wrapped = adapter.wrap(client, max_response_bytes=MOST)
        if answered:
            assert ask(wrapped, "chat", stream=False).choices[0].message.content == "x" * size
        else:
            with pytest.raises(openai.APIStatusError, match="larger than"):
                ask(wrapped, "chat", stream=False)
