"""pydantic-ai: `OpenAIChatModel` and `OpenAIResponsesModel`, with an `OpenAIProvider` over a wrapped client."""

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

pydantic_ai = pytest.importorskip("pydantic_ai", reason="pydantic-ai-slim[openai] is not installed")
models = pytest.importorskip("pydantic_ai.models.openai", reason="pydantic-ai-slim[openai] is not installed")
providers = pytest.importorskip("pydantic_ai.providers.openai", reason="pydantic-ai-slim[openai] is not installed")

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterator

RESPONSES = models.OpenAIResponsesModel


@pytest.fixture(params=[models.OpenAIChatModel, RESPONSES], ids=["chat", "responses"])
def model_class(request: pytest.FixtureRequest) -> Any:
    return request.param


def agent_over(client: AsyncOpenAI, tool: Callable[[str], str], model_class: Any, **options: Any) -> Any:
    model = model_class(MODEL, provider=providers.OpenAIProvider(openai_client=adapter.wrap(client, **options)))
    return pydantic_ai.Agent(model, instructions="Be brief.", tools=[pydantic_ai.Tool(tool, takes_ctx=False)])


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop that the framework's sync methods run on."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    asyncio.set_event_loop(None)
    loop.close()


def test_run(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str], model_class: Any) -> None:
    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            return await agent_over(client, get_weather, model_class).run(QUESTION)

    assert asyncio.run(main()).output == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_run_stream(upstream: Upstream, get_weather: Callable[[str], str], cities: list[str], model_class: Any) -> None:
    async def main() -> list[str]:
        async with (
            AsyncOpenAI(base_url=upstream.url, api_key="key") as client,
            agent_over(client, get_weather, model_class).run_stream(QUESTION) as result,
        ):
            return [text async for text in result.stream_text(delta=True, debounce_by=None)]

    texts = asyncio.run(main())
    assert "".join(texts) == ANSWER
    assert len(texts) > 1
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


def test_run_sync(
    upstream: Upstream,
    get_weather: Callable[[str], str],
    cities: list[str],
    model_class: Any,
    loop: asyncio.AbstractEventLoop,
) -> None:
    client = AsyncOpenAI(base_url=upstream.url, api_key="key")
    assert agent_over(client, get_weather, model_class).run_sync(QUESTION).output == ANSWER
    loop.run_until_complete(client.close())
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_run_stream_sync(
    upstream: Upstream,
    get_weather: Callable[[str], str],
    cities: list[str],
    model_class: Any,
    loop: asyncio.AbstractEventLoop,
) -> None:
    client = AsyncOpenAI(base_url=upstream.url, api_key="key")
    with agent_over(client, get_weather, model_class).run_stream_sync(QUESTION) as result:
        texts = list(result.stream_text(delta=True, debounce_by=None))
    loop.run_until_complete(client.close())
    assert "".join(texts) == ANSWER
    assert len(texts) > 1
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


async def read(_context: Any, events: AsyncIterable[Any]) -> None:
    async for _ in events:
        pass


async def asked(agent: Any, text: str, streams: bool, **more: Any) -> Any:
    """The result of a run whose model requests are streamed or not; `run_stream` would end at the first text."""
    return await agent.run(text, event_stream_handler=read if streams else None, **more)


STREAMS = pytest.mark.parametrize("streams", [False, True], ids=["whole", "streamed"])


@STREAMS
def test_a_thought_text_and_two_calls(get_weather: Callable[[str], str], cities: list[str], streams: bool) -> None:
    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            return await asked(agent_over(client, get_weather, RESPONSES), QUESTION, streams)

    with Upstream(script(ALL_KINDS)) as upstream:
        result = asyncio.run(main())
    assert sorted(cities) == ["Paris", "Rome"]
    parts = result.all_messages()[1].parts
    assert [part.part_kind for part in parts] == ["thinking", "text", "tool-call", "tool-call"]
    assert parts[0].provider_details == {"raw_content": [THOUGHT]}
    *_, called, results = upstream.bodies[-1]["messages"]
    assert called["content"].startswith(f"<think>\n{THOUGHT}\n</think>\n\nOne moment.")
    assert called["content"].count("<tool_call>") == 2
    assert text_of(results).count(RESULT) == 2


@STREAMS
def test_a_reasoning_model_on_a_server_that_refuses_the_field(
    get_weather: Callable[[str], str], cities: list[str], model_class: Any, streams: bool
) -> None:
    """The thoughts that the framework passes back reach the model as text."""

    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
            return await asked(agent_over(client, get_weather, model_class), QUESTION, streams)

    with Upstream(strict) as upstream:
        assert asyncio.run(main()).output == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=streams)


@STREAMS
def test_responses_that_are_kept(upstream: Upstream, get_weather: Callable[[str], str], streams: bool) -> None:
    """With `openai_previous_response_id="auto"` each request brings what is new; upstream gets everything."""

    async def main() -> Any:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            agent = agent_over(client, get_weather, RESPONSES, store=adapter.MemoryStore())
            settings = {"openai_previous_response_id": "auto"}
            first = await asked(agent, QUESTION, streams, model_settings=settings)
            history = first.all_messages()
            return await asked(agent, "Thanks.", streams, message_history=history, model_settings=settings)

    asyncio.run(main())
    check_round_trip(upstream, stream=streams, requests=4)
    roles = [message["role"] for message in upstream.bodies[-1]["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user", "assistant", "user"]


def ask(upstream: Upstream, tool: Callable[[str], str], streams: bool, **options: Any) -> None:
    """Have an agent ask the upstream."""

    async def main() -> None:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as client:
            await asked(agent_over(client, tool, RESPONSES, **options), QUESTION, streams)

    asyncio.run(main())


@STREAMS
def test_a_refused_call_raises(get_weather: Callable[[str], str], cities: list[str], streams: bool) -> None:
    error = pytest.raises(pydantic_ai.ModelAPIError, match="is a required property")
    with Upstream(script(BAD_CALL)) as upstream, error as raised:
        ask(upstream, get_weather, streams, retries=0)
    assert isinstance(raised.value.__cause__, openai.APIError)
    assert raised.value.__cause__.code == "invalid_tool_call"
    assert raised.value.provider_error_code == "invalid_tool_call"
    assert len(upstream.received) == 1
    assert cities == []


@STREAMS
def test_a_call_that_reaches_the_limit_raises(get_weather: Callable[[str], str], cities: list[str], streams: bool) -> None:
    """Where the framework has the pieces of the call it asks once more itself, and raises then."""
    error = pytest.raises(pydantic_ai.UnexpectedModelBehavior, match="token limit")
    with Upstream(reaches_its_limit) as upstream, error:
        ask(upstream, get_weather, streams)
    assert cities == []


def test_a_lost_connection_raises(get_weather: Callable[[str], str], cities: list[str]) -> None:
    error = pytest.raises(pydantic_ai.ModelAPIError, match="Connection error")
    with Upstream(breaks_off()) as upstream, error:
        ask(upstream, get_weather, streams=True)
    assert len(upstream.received) == 1
    assert cities == []
