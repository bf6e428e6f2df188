"""openai-agents: `OpenAIChatCompletionsModel` over a wrapped client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI

import adapter
from tests.frameworks.support import ANSWER, MODEL, QUESTION, check_round_trip

agents = pytest.importorskip("agents", reason="openai-agents is not installed")

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.loopback import Upstream

RUN = agents.RunConfig(tracing_disabled=True)  # traces would go to api.openai.com


def agent_over(client: AsyncOpenAI, tool: Callable[[str], str]) -> Any:
    model = agents.OpenAIChatCompletionsModel(model=MODEL, openai_client=adapter.wrap(client))
    return agents.Agent(name="Forecaster", instructions="Be brief.", model=model, tools=[agents.function_tool(tool)])


def test_run(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            return await agents.Runner.run(agent_over(client, get_weather), QUESTION, run_config=RUN)

    assert asyncio.run(main()).final_output == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_run_streamed(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> tuple[Any, list[Any]]:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            result = agents.Runner.run_streamed(agent_over(client, get_weather), QUESTION, run_config=RUN)
            return result, [event async for event in result.stream_events()]

    result, events = asyncio.run(main())
    assert result.final_output == ANSWER
    assert cities == ["Paris"]
    raw = [event.data for event in events if event.type == "raw_response_event"]
    texts = [data.delta for data in raw if data.type == "response.output_text.delta"]
    assert "".join(texts) == ANSWER
    assert len(texts) > 1
    arguments = [data.delta for data in raw if data.type == "response.function_call_arguments.delta"]
    assert "".join(arguments) == '{"city": "Paris"}'
    check_round_trip(upstream, stream=True)
