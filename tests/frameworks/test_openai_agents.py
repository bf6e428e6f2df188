"""openai-agents: `OpenAIChatCompletionsModel` and `OpenAIResponsesModel` over a wrapped client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncOpenAI

import adapter
from tests.frameworks.support import (
    ALL_KINDS,
    ANSWER,
    BAD_CALL,
    MODEL,
    QUESTION,
    RESULT,
    THOUGHT,
    breaks_off,
    check_round_trip,
    reaches_its_limit,
    script,
    strict,
    text_of,
)
from tests.support.loopback import Upstream

agents = pytest.importorskip("agents", reason="openai-agents is not installed")

if TYPE_CHECKING:
    from collections.abc import Callable

RUN = agents.RunConfig(tracing_disabled=True)  # traces would go to api.openai.com
RESPONSES = agents.OpenAIResponsesModel


@pytest.fixture(params=[agents.OpenAIChatCompletionsModel, RESPONSES], ids=["chat", "responses"])
def model_class(request: pytest.FixtureRequest) -> Any:
    return request.param


def agent_over(client: AsyncOpenAI, tool: Callable[[str], str], model_class: Any, **options: Any) -> Any:
    model = model_class(model=MODEL, openai_client=adapter.wrap(client, **options))
    return agents.Agent(name="Forecaster", instructions="Be brief.", model=model, tools=[agents.function_tool(tool)])


def test_run(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str], model_class: Any) -> None:
    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            return await agents.Runner.run(agent_over(client, get_weather, model_class), QUESTION, run_config=RUN)

    assert asyncio.run(main()).final_output == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_run_sync(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str], model_class: Any) -> None:
    client = AsyncOpenAI(base_url=upstream.url, api_key="key")
    agent = agent_over(client, get_weather, model_class)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        assert agents.Runner.run_sync(agent, QUESTION, run_config=RUN).final_output == ANSWER
        loop.run_until_complete(client.close())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_run_streamed(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str], model_class: Any) -> None:
    async def main() -> tuple[Any, list[Any]]:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            result = agents.Runner.run_streamed(agent_over(client, get_weather, model_class), QUESTION, run_config=RUN)
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


async def asked(agent: Any, text: str, streams: bool, **more: Any) -> Any:
    """The result of a run, streamed or not."""
    if not streams:
        return await agents.Runner.run(agent, text, run_config=RUN, **more)
    result = agents.Runner.run_streamed(agent, text, run_config=RUN, **more)
    async for _ in result.stream_events():
        pass
    return result


STREAMS = pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])


@STREAMS
def test_a_reasoning_model_on_a_server_that_refuses_the_field(
    get_weather: Callable[[str], str], cities: list[str], model_class: Any, streams: bool
) -> None:
    """The thoughts that the framework passes back reach the model as text."""

    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
            return await asked(agent_over(client, get_weather, model_class), QUESTION, streams)

    with Upstream(strict) as upstream:
        assert asyncio.run(main()).final_output == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=streams)


@STREAMS
def test_responses_that_are_kept(get_weather: Callable[[str], str], cities: list[str], streams: bool) -> None:
    """Each request brings what is new, and upstream gets the whole conversation."""

    async def main() -> list[Any]:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            agent = agent_over(client, get_weather, RESPONSES, store=adapter.MemoryStore())
            first = await asked(agent, QUESTION, streams, auto_previous_response_id=True)
            second = await asked(agent, "Thanks.", streams, previous_response_id=first.last_response_id)
            return [first, second]

    with Upstream(script()) as upstream:
        first, second = asyncio.run(main())
    assert cities == ["Paris", "Paris"]  # upstream's script calls for every question
    ids = [response.response_id for result in (first, second) for response in result.raw_responses]
    assert len(set(ids)) == 4
    roles = [[message["role"] for message in body["messages"]] for body in upstream.bodies]
    once, answered = ["system", "user"], ["system", "user", "assistant", "user"]
    assert roles == [once, answered, [*answered, "assistant", "user"], [*answered, "assistant", "user", "assistant", "user"]]
    said = [text_of(message) for message in upstream.bodies[-1]["messages"]]
    assert QUESTION in said[1]
    assert RESULT in said[3]
    assert said[4:6] == [ANSWER, "Thanks."]


@STREAMS
def test_a_session_of_the_frameworks_own(upstream: Upstream, get_weather: Callable[[str], str], streams: bool) -> None:
    """It sends all items of earlier runs again, ids and all; no store is needed."""

    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            agent, session = agent_over(client, get_weather, RESPONSES), agents.SQLiteSession("one")
            await asked(agent, QUESTION, streams, session=session)
            result = await asked(agent, "And tomorrow?", streams, session=session)
            session.close()
            return result

    assert asyncio.run(main()).final_output == ANSWER
    check_round_trip(upstream, stream=streams, requests=4)


def test_a_response_that_is_not_kept(upstream: Upstream, get_weather: Callable[[str], str]) -> None:
    async def main() -> None:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            agent = agent_over(client, get_weather, RESPONSES)
            await agents.Runner.run(agent, QUESTION, run_config=RUN, previous_response_id="resp_1")

    with pytest.raises(openai.BadRequestError, match="store") as raised:
        asyncio.run(main())
    assert raised.value.param == "previous_response_id"
    assert upstream.received == []


@STREAMS
def test_a_thought_text_and_two_calls(get_weather: Callable[[str], str], cities: list[str], streams: bool) -> None:
    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            return await asked(agent_over(client, get_weather, RESPONSES), QUESTION, streams)

    with Upstream(script(ALL_KINDS)) as upstream:
        result = asyncio.run(main())
    assert result.final_output == ANSWER
    assert sorted(cities) == ["Paris", "Rome"]
    assert [item.type for item in result.raw_responses[0].output] == ["reasoning", "message", "function_call", "function_call"]
    *_, called, results = upstream.bodies[-1]["messages"]
    assert called["content"].startswith(f"<think>\n{THOUGHT}\n</think>\n\nOne moment.")
    assert called["content"].count("<tool_call>") == 2
    assert text_of(results).count(RESULT) == 2


def ask_once(answer: Any, tool: Callable[[str], str], streams: bool, **options: Any) -> None:
    """Have an agent ask an upstream that answers so, and see that it does not ask again."""

    async def main() -> None:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            await asked(agent_over(client, tool, RESPONSES, **options), QUESTION, streams)

    with Upstream(answer) as upstream:
        try:
            asyncio.run(main())
        finally:
            assert len(upstream.received) == 1


@STREAMS
def test_a_refused_call_raises(get_weather: Callable[[str], str], cities: list[str], streams: bool) -> None:
    with pytest.raises(openai.APIError, match="'city' is a required property") as raised:
        ask_once(script(BAD_CALL), get_weather, streams, retries=0)
    assert raised.value.code == "invalid_tool_call"
    assert cities == []


@STREAMS
def test_a_call_that_reaches_the_limit_raises(get_weather: Callable[[str], str], cities: list[str], streams: bool) -> None:
    with pytest.raises(agents.ModelBehaviorError, match="max_output_tokens"):
        ask_once(reaches_its_limit, get_weather, streams)
    assert cities == []


def test_a_lost_connection_raises(get_weather: Callable[[str], str], cities: list[str]) -> None:
    with pytest.raises(openai.APIConnectionError):
        ask_once(breaks_off(), get_weather, streams=True)
    assert cities == []
