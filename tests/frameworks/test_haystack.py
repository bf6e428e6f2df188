"""haystack: an `OpenAIChatGenerator` whose HTTP clients, the sync and the async one, have one transport of ours."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import adapter.transport
from tests.frameworks.support import ANSWER, BAD_CALL, MODEL, QUESTION, check_round_trip, script

chat = pytest.importorskip("haystack.components.generators.chat", reason="haystack-ai is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")
dataclasses = pytest.importorskip("haystack.dataclasses")
tools = pytest.importorskip("haystack.tools")
utils = pytest.importorskip("haystack.utils")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.loopback import Upstream


@pytest.fixture
def tool(get_weather: Callable[[str], str]) -> Any:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    return tools.Tool(name="get_weather", description="The weather in a city.", parameters=parameters, function=get_weather)


@pytest.fixture
def generator(upstream: Upstream, tool: Any) -> Iterator[Any]:
    transport = adapter.transport.dual_transport(httpx.HTTPTransport(), httpx.AsyncHTTPTransport())
    generator = chat.OpenAIChatGenerator(
        model=MODEL,
        api_base_url=upstream.url,
        api_key=utils.Secret.from_token("key"),
        tools=[tool],
        http_client_kwargs={"transport": transport},
    )
    yield generator
    generator.close()


ASKED = [dataclasses.ChatMessage.from_user(QUESTION)]


def with_results(tool: Any, answer: Any) -> list[Any]:
    """The messages to go on with: the model's, and a result for its call."""
    [reply] = answer["replies"]
    assert reply.meta["finish_reason"] == "tool_calls"
    [call] = reply.tool_calls
    assert call.tool_name == "get_weather"
    return [*ASKED, reply, dataclasses.ChatMessage.from_tool(tool.invoke(**call.arguments), origin=call)]


def test_run(generator: Any, tool: Any, upstream: Upstream, cities: list[str]) -> None:
    messages = with_results(tool, generator.run(ASKED))
    assert generator.run(messages)["replies"][0].text == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_run_with_a_callback(generator: Any, tool: Any, upstream: Upstream, cities: list[str]) -> None:
    chunks: list[Any] = []
    messages = with_results(tool, generator.run(ASKED, streaming_callback=chunks.append))
    assert "".join(delta.arguments or "" for chunk in chunks for delta in chunk.tool_calls or []) == '{"city": "Paris"}'
    chunks.clear()
    assert generator.run(messages, streaming_callback=chunks.append)["replies"][0].text == ANSWER
    assert "".join(chunk.content for chunk in chunks) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


def test_run_async(generator: Any, tool: Any, upstream: Upstream, cities: list[str]) -> None:
    async def main() -> Any:
        messages = with_results(tool, await generator.run_async(ASKED))
        return await generator.run_async(messages)

    assert asyncio.run(main())["replies"][0].text == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_run_async_with_a_callback(generator: Any, tool: Any, upstream: Upstream, cities: list[str]) -> None:
    texts: list[str] = []

    async def told(chunk: Any) -> None:
        texts.append(chunk.content)

    async def main() -> Any:
        messages = with_results(tool, await generator.run_async(ASKED, streaming_callback=told))
        return await generator.run_async(messages, streaming_callback=told)

    assert asyncio.run(main())["replies"][0].text == ANSWER
    assert "".join(texts) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


def test_a_stream_with_a_refused_call_raises(generator: Any, upstream: Upstream, cities: list[str]) -> None:
    upstream._replies[:] = [script(BAD_CALL)]
    with pytest.raises(Exception, match="'city' is a required property"):
        generator.run(ASKED, streaming_callback=lambda _: None)
    assert cities == []
