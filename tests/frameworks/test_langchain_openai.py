"""langchain-openai: `ChatOpenAI` with HTTP clients whose transport is ours."""

from __future__ import annotations

import asyncio
import importlib
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import pytest

import adapter.transport
from tests.frameworks.support import ANSWER, MODEL, QUESTION, check_round_trip

langchain = pytest.importorskip("langchain_openai", reason="langchain-openai is not installed")

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.loopback import Upstream


@pytest.fixture(params=["httpx2", "httpx"])
def http(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


@pytest.fixture
def model(http: Any, upstream: Upstream) -> Any:
    return langchain.ChatOpenAI(
        model=MODEL,
        base_url=upstream.url,
        api_key="key",
        http_client=http.Client(transport=adapter.transport.sync_transport(http.HTTPTransport())),
        http_async_client=http.AsyncClient(transport=adapter.transport.async_transport(http.AsyncHTTPTransport())),
    )


def run_calls(tool: Callable[[str], str], message: Any) -> list[Any]:
    """The messages to go on with: the model's, and a result for each of its calls."""
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": tool(**call["args"])}
        for call in message.tool_calls
        if call["name"] == "get_weather"
    ]
    return [{"role": "user", "content": QUESTION}, message, *results]


def test_invoke(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    bound = model.bind_tools([get_weather])
    asked = bound.invoke(QUESTION)
    assert asked.content == ""
    assert asked.response_metadata["finish_reason"] == "tool_calls"
    assert bound.invoke(run_calls(get_weather, asked)).content == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_stream(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    bound = model.bind_tools([get_weather])
    asked = reduce(add, bound.stream(QUESTION))
    assert asked.content == ""
    pieces = [piece.content for piece in bound.stream(run_calls(get_weather, asked))]
    assert "".join(pieces) == ANSWER
    assert len([piece for piece in pieces if piece]) > 1
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


def test_ainvoke(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> str:
        bound = model.bind_tools([get_weather])
        asked = await bound.ainvoke(QUESTION)
        answer: str = (await bound.ainvoke(run_calls(get_weather, asked))).content
        return answer

    assert asyncio.run(main()) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_astream(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> str:
        bound = model.bind_tools([get_weather])
        asked = reduce(add, [piece async for piece in bound.astream(QUESTION)])
        return "".join([piece.content async for piece in bound.astream(run_calls(get_weather, asked))])

    assert asyncio.run(main()) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)
