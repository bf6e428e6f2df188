"""litellm: `completion` and `acompletion` with a wrapped client."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from tests.facts.tools import WEATHER
from tests.frameworks.support import ANSWER, BAD_CALL, MODEL, QUESTION, check_round_trip, script

litellm = pytest.importorskip("litellm", reason="litellm is not installed")

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.loopback import Upstream

ASKED: list[Any] = [{"role": "user", "content": QUESTION}]
REQUEST: dict[str, Any] = {"model": f"openai/{MODEL}", "tools": [WEATHER]}


def with_results(message: Any, tool: Callable[..., str]) -> list[Any]:
    """The messages to go on with: the model's, and a result for its call."""
    [call] = message.tool_calls
    assert call.function.name == "get_weather"
    result = {"role": "tool", "tool_call_id": call.id, "content": tool(**json.loads(call.function.arguments))}
    return [*ASKED, message, result]


def test_completion(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    with OpenAI(base_url=upstream.url, api_key="key") as plain:
        client = adapter.wrap(plain)
        [asked] = litellm.completion(client=client, messages=ASKED, **REQUEST).choices
        assert asked.finish_reason == "tool_calls"
        [answer] = litellm.completion(client=client, messages=with_results(asked.message, get_weather), **REQUEST).choices
    assert answer.message.content == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_streamed(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    with OpenAI(base_url=upstream.url, api_key="key") as plain:
        client = adapter.wrap(plain)
        chunks = list(litellm.completion(client=client, messages=ASKED, stream=True, **REQUEST))
        [asked] = litellm.stream_chunk_builder(chunks).choices
        assert asked.finish_reason == "tool_calls"
        messages = with_results(asked.message, get_weather)
        texts = [
            chunk.choices[0].delta.content or ""
            for chunk in litellm.completion(client=client, messages=messages, stream=True, **REQUEST)
        ]
    assert "".join(texts) == ANSWER
    assert len(texts) > 2
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


def test_acompletion(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as plain:
            client = adapter.wrap(plain)
            [asked] = (await litellm.acompletion(client=client, messages=ASKED, **REQUEST)).choices
            messages = with_results(asked.message, get_weather)
            [answer] = (await litellm.acompletion(client=client, messages=messages, **REQUEST)).choices
            return answer.message.content

    assert asyncio.run(main()) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_a_stream_with_a_refused_call_raises(upstream: Upstream) -> None:
    upstream._replies[:] = [script(BAD_CALL)]
    with OpenAI(base_url=upstream.url, api_key="key") as plain:
        chunks = litellm.completion(client=adapter.wrap(plain), messages=ASKED, stream=True, **REQUEST)
        with pytest.raises(Exception, match="'city' is a required property"):
            list(chunks)
