"""The whole surface of the SDK's chat completions over a wrapped client: streams, helpers, raw responses, other clients."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncAzureOpenAI, AsyncOpenAI, AzureOpenAI, OpenAI
from pydantic import BaseModel

import adapter
from adapter.transport import async_transport, dual_transport, sync_transport
from tests.facts.completions import CALL
from tests.facts.tools import TOOLS, WEATHER, function
from tests.support.loopback import DONE, Stream, Upstream, chunk, completion, event, streamed
from tests.wire.test_transport import USABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.loopback import Answer, Received

REQUEST: Any = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS}
PARIS = '{"city": "Paris"}'
# The stream helper of openai 2.x takes strict tools only.
STRICT: Any = {**REQUEST, "tools": [function("get_weather", {"city": {"type": "string"}}, ["city"], strict=True)]}


@pytest.fixture(params=USABLE)
def module(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


def answer(request: Received) -> Answer | Stream:
    """A call, in the form that is asked for."""
    return streamed(*f"See. {CALL}") if request.body.get("stream") else completion(f"See. {CALL}")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream(answer) as server:
        yield server


@pytest.fixture
def client(upstream: Upstream) -> Iterator[OpenAI]:
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as made:
        yield adapter.wrap(made)


def arguments_of(chunks: list[Any]) -> str:
    deltas = [choice.delta for item in chunks for choice in item.choices]
    return "".join(call.function.arguments or "" for delta in deltas for call in delta.tool_calls or ())


def test_stream_sync(module: Any, upstream: Upstream) -> None:
    with module.Client() as http, OpenAI(base_url=upstream.url, api_key="key", http_client=http) as made:
        chunks = list(adapter.wrap(made).chat.completions.create(**REQUEST, stream=True))
    assert arguments_of(chunks) == PARIS
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_stream_async(module: Any, upstream: Upstream) -> None:
    async def main() -> list[Any]:
        async with module.AsyncClient() as http:
            made = adapter.wrap(AsyncOpenAI(base_url=upstream.url, api_key="key", http_client=http))
            return [item async for item in await made.chat.completions.create(**REQUEST, stream=True)]

    assert arguments_of(asyncio.run(main())) == PARIS


def test_the_stream_helper_and_its_events(client: OpenAI) -> None:
    with client.chat.completions.stream(**STRICT) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    kinds = [item.type for item in events]
    assert "".join(item.delta for item in events if item.type == "content.delta") == "See."
    deltas = [item for item in events if item.type == "tool_calls.function.arguments.delta"]
    assert "".join(item.arguments_delta for item in deltas) == PARIS
    assert deltas[-1].arguments == PARIS
    [done] = [item for item in events if item.type == "tool_calls.function.arguments.done"]
    assert (done.name, done.arguments, done.index) == ("get_weather", PARIS, 0)
    assert kinds.count("content.done") == 1
    calls = final.choices[0].message.tool_calls
    assert calls
    assert calls[0].function.arguments == PARIS
    assert final.choices[0].finish_reason == "tool_calls"


def test_the_async_stream_helper(upstream: Upstream) -> None:
    async def main() -> Any:
        made = AsyncOpenAI(base_url=upstream.url, api_key="key")
        async with made, adapter.wrap(made).chat.completions.stream(**STRICT) as stream:
            return await stream.get_final_completion()

    assert asyncio.run(main()).choices[0].message.tool_calls[0].function.name == "get_weather"


class Weather(BaseModel):
    """The weather of a city."""

    city: str
    days: int = 1


class Report(BaseModel):
    """An answer with a form."""

    summary: str
    degrees: int


def test_parse_with_a_pydantic_tool() -> None:
    call = '<tool_call>{"name": "Weather", "arguments": {"city": "Paris", "days": 2}}</tool_call>'
    with Upstream(completion(call)) as upstream, OpenAI(base_url=upstream.url, api_key="key") as made:
        parsed = adapter.wrap(made).chat.completions.parse(
            model="m", messages=[{"role": "user", "content": "Hi"}], tools=[openai.pydantic_function_tool(Weather)]
        )
        assert '"strict": true' in upstream.bodies[0]["messages"][0]["content"]
    calls = parsed.choices[0].message.tool_calls
    assert calls
    assert calls[0].function.parsed_arguments == Weather(city="Paris", days=2)


def test_stream_with_a_pydantic_tool() -> None:
    call = '<tool_call>{"name": "Weather", "arguments": {"city": "Paris", "days": 2}}</tool_call>'
    body = {**REQUEST, "tools": [openai.pydantic_function_tool(Weather)]}
    with (
        Upstream(streamed(*call)) as upstream,
        OpenAI(base_url=upstream.url, api_key="key") as made,
        adapter.wrap(made).chat.completions.stream(**body) as stream,
    ):
        calls = stream.get_final_completion().choices[0].message.tool_calls
    assert calls
    assert calls[0].function.parsed_arguments == Weather(city="Paris", days=2)


def test_parse_with_a_response_format_beside_tools() -> None:
    tools = [openai.pydantic_function_tool(Weather)]
    answered = completion('{"summary": "Sunny", "degrees": 18}')
    with Upstream(answered) as upstream, OpenAI(base_url=upstream.url, api_key="key") as made:
        parsed = adapter.wrap(made).chat.completions.parse(
            model="m", messages=[{"role": "user", "content": "Hi"}], tools=tools, response_format=Report
        )
        [body] = upstream.bodies
    assert parsed.choices[0].message.parsed == Report(summary="Sunny", degrees=18)
    assert "response_format" not in body  # held to it, a model could write no call
    assert "nothing but one JSON object that fits this JSON schema:\n{" in body["messages"][0]["content"]
    assert '"degrees"' in body["messages"][0]["content"]


def test_3_9_a_call_beside_a_response_format_has_no_content() -> None:
    with Upstream(completion(f'{{"summary": "…"}} {CALL}')) as upstream, OpenAI(base_url=upstream.url, api_key="key") as made:
        body = {**REQUEST, "response_format": {"type": "json_object"}}
        message = adapter.wrap(made).chat.completions.create(**body).choices[0].message
    assert message.tool_calls
    assert message.content is None


def test_raw_responses(client: OpenAI) -> None:
    response = client.chat.completions.with_raw_response.create(**REQUEST, stream=True)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert arguments_of(list(response.parse())) == PARIS


def test_streaming_responses(client: OpenAI) -> None:
    with client.chat.completions.with_streaming_response.create(**REQUEST, stream=True) as response:
        lines = [line for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    assert all(line.startswith("data: ") for line in lines)
    with client.chat.completions.with_streaming_response.create(**REQUEST) as response:
        assert response.parse().choices[0].message.tool_calls


def test_options_of_one_request(client: OpenAI) -> None:
    chunks = list(client.with_options(timeout=5).chat.completions.create(**REQUEST, stream=True, extra_headers={"x-mine": "1"}))
    assert arguments_of(chunks) == PARIS


def test_azure(upstream: Upstream) -> None:
    settings: dict[str, Any] = {"azure_endpoint": upstream.url, "api_version": "2024-06-01", "api_key": "key"}
    with AzureOpenAI(**settings) as made:
        assert arguments_of(list(adapter.wrap(made).chat.completions.create(**REQUEST, stream=True))) == PARIS

    async def main() -> list[Any]:
        async with AsyncAzureOpenAI(**settings) as made:
            return [item async for item in await adapter.wrap(made).chat.completions.create(**REQUEST, stream=True)]

    assert arguments_of(asyncio.run(main())) == PARIS


@pytest.mark.skipif(
    not importlib.util.find_spec("aiohttp") or not hasattr(openai, "DefaultAioHttpClient"),
    reason="openai 3.x runs on aiohttp too, which is not installed or not known to this openai: pip install aiohttp 'openai>=3'",
)
def test_aiohttp(upstream: Upstream) -> None:
    async def main() -> tuple[Any, list[Any]]:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key", http_client=openai.DefaultAioHttpClient()) as made:
            wrapped = adapter.wrap(made)
            whole = await wrapped.chat.completions.create(**REQUEST)
            return whole, [item async for item in await wrapped.chat.completions.create(**REQUEST, stream=True)]

    whole, chunks = asyncio.run(main())
    assert whole.choices[0].message.tool_calls[0].function.arguments == PARIS
    assert arguments_of(chunks) == PARIS


def test_many_streams_in_threads(client: OpenAI) -> None:
    def one(_: int) -> tuple[str, str]:
        chunks = list(client.chat.completions.create(**REQUEST, stream=True))
        [call_id] = [call.id for item in chunks for call in item.choices[0].delta.tool_calls or () if call.id]
        return arguments_of(chunks), call_id

    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(one, range(40)))
    assert {text for text, _ in found} == {PARIS}
    assert len({call_id for _, call_id in found}) == 40


def test_many_streams_in_tasks(upstream: Upstream) -> None:
    async def one(made: AsyncOpenAI) -> list[Any]:
        return [item async for item in await made.chat.completions.create(**REQUEST, stream=True)]

    async def main() -> list[list[Any]]:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as made:
            wrapped = adapter.wrap(made)
            return await asyncio.gather(*(one(wrapped) for _ in range(40)))

    assert [arguments_of(chunks) for chunks in asyncio.run(main())] == [PARIS] * 40


LINGERING = Stream((event(chunk({"content": "Hi"})),), linger=True)


class TestCancellation:
    def test_closing_the_stream_closes_upstreams_socket_at_once(self, module: Any) -> None:
        with Upstream(LINGERING) as upstream, module.Client() as http:
            made = OpenAI(base_url=upstream.url, api_key="key", http_client=http)
            stream = adapter.wrap(made).chat.completions.create(**REQUEST, stream=True)
            next(stream)
            start = time.perf_counter()
            stream.close()
            assert upstream.hung_up.wait(5)
            assert time.perf_counter() - start < 1

    def test_leaving_the_block(self) -> None:
        with Upstream(LINGERING) as upstream, OpenAI(base_url=upstream.url, api_key="key") as made:
            with adapter.wrap(made).chat.completions.create(**REQUEST, stream=True) as stream:
                next(stream)
            assert upstream.hung_up.wait(5)

    def test_a_stream_that_was_never_read(self) -> None:
        with Upstream(LINGERING) as upstream, OpenAI(base_url=upstream.url, api_key="key") as made:
            adapter.wrap(made).chat.completions.create(**REQUEST, stream=True).close()
            assert upstream.hung_up.wait(5)

    def test_a_cancelled_task(self, module: Any) -> None:
        async def main(url: str) -> None:
            async with module.AsyncClient() as http:
                made = adapter.wrap(AsyncOpenAI(base_url=url, api_key="key", http_client=http))

                async def read() -> None:
                    async for _ in await made.chat.completions.create(**REQUEST, stream=True):
                        began.set()

                began = asyncio.Event()
                task = asyncio.create_task(read())
                await asyncio.wait_for(began.wait(), 5)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                while not upstream.hung_up.is_set():  # a thread sets it
                    await asyncio.sleep(0.01)

        with Upstream(LINGERING) as upstream:
            asyncio.run(asyncio.wait_for(main(upstream.url), 10))


def test_timeouts_between_pieces_are_kept(module: Any) -> None:
    slow = Stream((event(chunk({"content": "Hi"})), 2.0, DONE))
    with Upstream(slow) as upstream, module.Client() as http:
        made = OpenAI(base_url=upstream.url, api_key="key", http_client=http, max_retries=0)
        stream = adapter.wrap(made).chat.completions.create(**REQUEST, stream=True, timeout=0.3)
        with pytest.raises((openai.APITimeoutError, module.ReadTimeout)):
            list(stream)


def test_a_wrapped_client_can_be_forgotten(upstream: Upstream) -> None:
    with OpenAI(base_url=upstream.url, api_key="key") as made:
        wrapped = adapter.wrap(made)
        assert wrapped.chat.completions.create(**REQUEST).choices
        gone = weakref.ref(wrapped)
        del wrapped
        gc.collect()
        assert gone() is None
        assert made.chat.completions.create(**REQUEST).choices  # the original is open


class TestTransports:
    def test_sync(self, module: Any, upstream: Upstream) -> None:
        with module.Client(transport=sync_transport(module.HTTPTransport(), recover=False)) as http:
            self.check(http, upstream)

    def test_before_a_client(self, module: Any, upstream: Upstream) -> None:
        with module.Client() as inner, module.Client(transport=sync_transport(inner)) as http:
            self.check(http, upstream)
            http.close()
            assert not inner.is_closed

    def check(self, http: Any, upstream: Upstream) -> None:
        made = OpenAI(base_url=upstream.url, api_key="key", http_client=http)
        assert arguments_of(list(made.chat.completions.create(**REQUEST, stream=True))) == PARIS
        assert made.chat.completions.create(**REQUEST).choices[0].message.tool_calls

    def test_async(self, module: Any, upstream: Upstream) -> None:
        asyncio.run(self.check_async(module, async_transport(module.AsyncHTTPTransport()), upstream))

    def test_before_an_async_client(self, module: Any, upstream: Upstream) -> None:
        async def main() -> None:
            async with module.AsyncClient() as inner:
                await self.check_async(module, async_transport(inner), upstream)
                assert not inner.is_closed

        asyncio.run(main())

    async def check_async(self, module: Any, transport: Any, upstream: Upstream) -> None:
        async with module.AsyncClient(transport=transport) as http:
            made = AsyncOpenAI(base_url=upstream.url, api_key="key", http_client=http)
            chunks = [item async for item in await made.chat.completions.create(**REQUEST, stream=True)]
            whole: Any = await made.chat.completions.create(**REQUEST)
        assert arguments_of(chunks) == PARIS
        assert whole.choices[0].message.tool_calls

    def test_one_that_is_both(self, module: Any, upstream: Upstream) -> None:
        both = dual_transport(module.HTTPTransport(), module.AsyncHTTPTransport())
        asyncio.run(self.check_async(module, both, upstream))
        with module.Client(transport=both) as http:
            self.check(http, upstream)

    @pytest.mark.parametrize("given", [None, "http://localhost", 5], ids=str)
    def test_what_is_no_transport(self, given: Any) -> None:
        with pytest.raises(TypeError, match="a BaseTransport or a Client of httpx2 or httpx was expected"):
            sync_transport(given)

    def test_one_of_the_other_kind(self, module: Any) -> None:
        with pytest.raises(TypeError, match="AsyncBaseTransport or a AsyncClient"):
            async_transport(module.HTTPTransport())

    @pytest.mark.skipif(
        len(USABLE) < 2, reason="a mix of httpx and httpx2 needs both, and openai 3.x: pip install httpx 'openai>=3'"
    )
    def test_a_transport_of_one_library_in_a_client_of_the_other(self, upstream: Upstream) -> None:
        import httpx
        import httpx2

        mixed = httpx.Client(transport=sync_transport(httpx2.HTTPTransport()))
        with mixed as http, pytest.raises(TypeError, match="made from httpx2 and is used by a client of httpx; build both"):
            http.post(f"{upstream.url}/chat/completions", json={})

    def test_a_misspelt_option(self, module: Any) -> None:
        wrong: dict[str, Any] = {"dialekt": "hermes"}
        with pytest.raises(TypeError, match="did you mean 'dialect'"):
            sync_transport(module.HTTPTransport(), **wrong)


def test_a_request_with_one_tool_in_a_raw_http_call(module: Any, upstream: Upstream) -> None:
    with module.Client(transport=sync_transport(module.HTTPTransport())) as http:
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": [WEATHER]}
        reply = http.post(f"{upstream.url}/chat/completions", json=body)
    assert reply.json()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == PARIS
