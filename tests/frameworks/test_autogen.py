"""autogen: an `OpenAIChatCompletionClient` given an HTTP client with our transport, which it hands on to openai."""

from __future__ import annotations

import asyncio
import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest

import adapter.transport
from tests.frameworks.support import ANSWER, BAD_CALL, MODEL, QUESTION, check_round_trip, script

autogen = pytest.importorskip("autogen_ext.models.openai", reason="autogen-ext[openai] is not installed")
core = pytest.importorskip("autogen_core")
models = pytest.importorskip("autogen_core.models")
tools = pytest.importorskip("autogen_core.tools")

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.loopback import Upstream

INFO = {"vision": False, "function_calling": True, "json_output": True, "family": "unknown", "structured_output": False}
ASKED = [models.UserMessage(content=QUESTION, source="user")]


async def converse(url: str, function: Callable[[str], str], ask: Callable[[Any, Any, Any], Awaitable[Any]]) -> Any:
    """Question, call, result, answer; `ask` has the client answer these messages with that tool."""
    http = importlib.import_module("httpx2")
    transport = adapter.transport.async_transport(http.AsyncHTTPTransport())
    client = autogen.OpenAIChatCompletionClient(
        model=MODEL, base_url=url, api_key="key", model_info=INFO, http_client=http.AsyncClient(transport=transport)
    )
    tool = tools.FunctionTool(function, description="The weather in a city.")
    asked = await ask(client, ASKED, tool)
    assert asked.finish_reason == "function_calls"
    [call] = asked.content
    result = await tool.run_json(json.loads(call.arguments), core.CancellationToken())
    told = models.FunctionExecutionResult(content=result, name=call.name, call_id=call.id, is_error=False)
    called = models.AssistantMessage(content=asked.content, source="assistant")
    answer = await ask(client, [*ASKED, called, models.FunctionExecutionResultMessage(content=[told])], tool)
    await client.close()
    return answer


def test_create(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def ask(client: Any, messages: Any, tool: Any) -> Any:
        return await client.create(messages, tools=[tool])

    assert asyncio.run(converse(upstream.url, get_weather, ask)).content == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_create_stream(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    texts: list[str] = []

    async def ask(client: Any, messages: Any, tool: Any) -> Any:
        *pieces, result = [piece async for piece in client.create_stream(messages, tools=[tool])]
        texts.extend(pieces)
        return result

    assert asyncio.run(converse(upstream.url, get_weather, ask)).content == ANSWER
    assert "".join(texts) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


def test_a_stream_with_a_refused_call_raises(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    upstream._replies[:] = [script(BAD_CALL)]

    async def ask(client: Any, messages: Any, tool: Any) -> Any:
        try:
            return [piece async for piece in client.create_stream(messages, tools=[tool])][-1]
        finally:
            await client.close()

    with pytest.raises(Exception, match="'city' is a required property"):
        asyncio.run(converse(upstream.url, get_weather, ask))
    assert cities == []
