"""pydantic-ai: `OpenAIProvider` over a wrapped client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI

import adapter
from tests.frameworks.support import ANSWER, MODEL, QUESTION, check_round_trip

pydantic_ai = pytest.importorskip("pydantic_ai", reason="pydantic-ai-slim[openai] is not installed")
models = pytest.importorskip("pydantic_ai.models.openai", reason="pydantic-ai-slim[openai] is not installed")
providers = pytest.importorskip("pydantic_ai.providers.openai", reason="pydantic-ai-slim[openai] is not installed")

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.loopback import Upstream


def agent_over(client: AsyncOpenAI, tool: Callable[[str], str]) -> Any:
    model = models.OpenAIChatModel(MODEL, provider=providers.OpenAIProvider(openai_client=adapter.wrap(client)))
    return pydantic_ai.Agent(model, instructions="Be brief.", tools=[pydantic_ai.Tool(tool, takes_ctx=False)])


def test_run(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            return await agent_over(client, get_weather).run(QUESTION)

    assert asyncio.run(main()).output == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_run_stream(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> list[str]:
        async with (
            AsyncOpenAI(base_url=upstream.url, api_key="key") as client,
            agent_over(client, get_weather).run_stream(QUESTION) as result,
        ):
            return [text async for text in result.stream_text(delta=True, debounce_by=None)]

    texts = asyncio.run(main())
    assert "".join(texts) == ANSWER
    assert len(texts) > 1
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)
