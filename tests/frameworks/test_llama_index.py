"""llama-index: `OpenAILike` with HTTP clients whose transport is ours."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import adapter.transport
from tests.frameworks.support import ANSWER, BAD_CALL, MODEL, QUESTION, check_round_trip, script

openai_like = pytest.importorskip("llama_index.llms.openai_like", reason="llama-index-llms-openai-like is not installed")
httpx = pytest.importorskip("httpx", reason="httpx is not installed")
llms = pytest.importorskip("llama_index.core.llms")
tools = pytest.importorskip("llama_index.core.tools")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.loopback import Upstream


@pytest.fixture
def model(upstream: Upstream) -> Iterator[Any]:
    asynchronous = httpx.AsyncClient(transport=adapter.transport.async_transport(httpx.AsyncHTTPTransport()))
    with httpx.Client(transport=adapter.transport.sync_transport(httpx.HTTPTransport())) as client:
        yield openai_like.OpenAILike(
            model=MODEL,
            api_base=upstream.url,
            api_key="key",
            is_chat_model=True,
            is_function_calling_model=True,
            http_client=client,
            async_http_client=asynchronous,
        )


@pytest.fixture
def tool(get_weather: Callable[[str], str]) -> Any:
    return tools.FunctionTool.from_defaults(get_weather)


def with_results(model: Any, tool: Any, response: Any) -> list[Any]:
    """The messages to go on with: the model's, and a result for its call."""
    [call] = model.get_tool_calls_from_response(response)
    assert call.tool_name == "get_weather"
    result = tool(**call.tool_kwargs).content
    asked = llms.ChatMessage(role="user", content=QUESTION)
    told = llms.ChatMessage(role="tool", content=result, additional_kwargs={"tool_call_id": call.tool_id})
    return [asked, response.message, told]


def test_chat_with_tools(model: Any, tool: Any, upstream: Upstream, cities: list[str]) -> None:
    asked = model.chat_with_tools([tool], user_msg=QUESTION)
    answer = model.chat_with_tools([tool], chat_history=with_results(model, tool, asked))
    assert answer.message.content == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_stream_chat_with_tools(model: Any, tool: Any, upstream: Upstream, cities: list[str]) -> None:
    *_, asked = model.stream_chat_with_tools([tool], user_msg=QUESTION)
    parts = list(model.stream_chat_with_tools([tool], chat_history=with_results(model, tool, asked)))
    assert parts[-1].message.content == ANSWER
    assert "".join(part.delta or "" for part in parts) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


def test_achat_with_tools(model: Any, tool: Any, upstream: Upstream, cities: list[str]) -> None:
    async def main() -> Any:
        asked = await model.achat_with_tools([tool], user_msg=QUESTION)
        return await model.achat_with_tools([tool], chat_history=with_results(model, tool, asked))

    assert asyncio.run(main()).message.content == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_astream_chat_with_tools(model: Any, tool: Any, upstream: Upstream, cities: list[str]) -> None:
    async def main() -> list[Any]:
        asked = [part async for part in await model.astream_chat_with_tools([tool], user_msg=QUESTION)][-1]
        history = with_results(model, tool, asked)
        return [part async for part in await model.astream_chat_with_tools([tool], chat_history=history)]

    assert "".join(part.delta or "" for part in asyncio.run(main())) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


def test_a_stream_with_a_refused_call_raises(model: Any, tool: Any, upstream: Upstream, cities: list[str]) -> None:
    upstream._replies[:] = [script(BAD_CALL)]
    with pytest.raises(Exception, match="'city' is a required property"):
        list(model.stream_chat_with_tools([tool], user_msg=QUESTION))
    assert cities == []
