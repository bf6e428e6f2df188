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
    from collections.abc import Callable, Iterator

    from tests.loopback import Upstream


@pytest.fixture(params=["httpx2", "httpx"])
def http(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


@pytest.fixture
def model(http: Any, upstream: Upstream) -> Iterator[Any]:
    asynchronous = http.AsyncClient(transport=adapter.transport.async_transport(http.AsyncHTTPTransport()))
    with http.Client(transport=adapter.transport.sync_transport(http.HTTPTransport())) as client:
        yield langchain.ChatOpenAI(
            model=MODEL, base_url=upstream.url, api_key="key", http_client=client, http_async_client=asynchronous
        )


def with_results(message: Any, tool: Callable[..., str]) -> list[Any]:
    """The messages to go on with: the model's, and a result for its call."""
    [call] = message.tool_calls
    assert call["name"] == "get_weather"
    result = {"role": "tool", "tool_call_id": call["id"], "content": tool(**call["args"])}
    return [{"role": "user", "content": QUESTION}, message, result]


def test_invoke(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    bound = model.bind_tools([get_weather])
    asked = bound.invoke(QUESTION)
    assert asked.content == ""
    assert asked.response_metadata["finish_reason"] == "tool_calls"
    assert bound.invoke(with_results(asked, get_weather)).content == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_stream(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    bound = model.bind_tools([get_weather])
    asked = reduce(add, bound.stream(QUESTION))
    assert asked.content == ""
    pieces = [piece.content for piece in bound.stream(with_results(asked, get_weather))]
    assert "".join(pieces) == ANSWER
    assert len([piece for piece in pieces if piece]) > 1
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


def test_ainvoke(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> str:
        bound = model.bind_tools([get_weather])
        asked = await bound.ainvoke(QUESTION)
        answer: str = (await bound.ainvoke(with_results(asked, get_weather))).content
        return answer

    assert asyncio.run(main()) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_astream(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> str:
        bound = model.bind_tools([get_weather])
        asked = reduce(add, [piece async for piece in bound.astream(QUESTION)])
        return "".join([piece.content async for piece in bound.astream(with_results(asked, get_weather))])

    assert asyncio.run(main()) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)
