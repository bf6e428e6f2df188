"""langchain-openai: `ChatOpenAI` with HTTP clients whose transport is ours, over chat completions and the Responses API."""

from __future__ import annotations

import asyncio
import importlib
from contextlib import asynccontextmanager
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
import adapter.transport
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

langchain = pytest.importorskip("langchain_openai", reason="langchain-openai is not installed")

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


@pytest.fixture(params=["httpx2", "httpx"])
def http(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


@pytest.fixture(params=[False, True], ids=["chat", "responses"])
def responses(request: pytest.FixtureRequest) -> bool:
    api: bool = request.param
    return api


@pytest.fixture
def model(http: Any, upstream: Upstream, responses: bool) -> Iterator[Any]:
    asynchronous = http.AsyncClient(transport=adapter.transport.async_transport(http.AsyncHTTPTransport()))
    with http.Client(transport=adapter.transport.sync_transport(http.HTTPTransport())) as client:
        yield langchain.ChatOpenAI(
            model=MODEL,
            base_url=upstream.url,
            api_key="key",
            http_client=client,
            http_async_client=asynchronous,
            use_responses_api=responses,
        )


def with_results(message: Any, tool: Callable[..., str]) -> list[Any]:
    """The messages to go on with: the model's, and a result for each of its calls."""
    assert {call["name"] for call in message.tool_calls} == {"get_weather"}
    results = [{"role": "tool", "tool_call_id": call["id"], "content": tool(**call["args"])} for call in message.tool_calls]
    return [{"role": "user", "content": QUESTION}, message, *results]


def test_invoke(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str], responses: bool) -> None:
    bound = model.bind_tools([get_weather])
    asked = bound.invoke(QUESTION)
    assert asked.text == ""
    ended = {"status": "completed"} if responses else {"finish_reason": "tool_calls"}
    assert ended.items() <= asked.response_metadata.items()
    assert bound.invoke(with_results(asked, get_weather)).text == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_stream(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    bound = model.bind_tools([get_weather])
    asked = reduce(add, bound.stream(QUESTION))
    assert asked.text == ""
    pieces = [piece.text for piece in bound.stream(with_results(asked, get_weather))]
    assert "".join(pieces) == ANSWER
    assert len([piece for piece in pieces if piece]) > 1
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


def test_ainvoke(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> str:
        bound = model.bind_tools([get_weather])
        asked = await bound.ainvoke(QUESTION)
        answer: str = (await bound.ainvoke(with_results(asked, get_weather))).text
        return answer

    assert asyncio.run(main()) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=False)


def test_astream(model: Any, upstream: Upstream, get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> str:
        bound = model.bind_tools([get_weather])
        asked = reduce(add, [piece async for piece in bound.astream(QUESTION)])
        return "".join([piece.text async for piece in bound.astream(with_results(asked, get_weather))])

    assert asyncio.run(main()) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=True)


# The Responses API, with the openai clients themselves wrapped.


@asynccontextmanager
async def model_over(upstream: Upstream, *, more: dict[str, Any] | None = None, **options: Any) -> AsyncIterator[Any]:
    """A model whose openai clients are wrapped ones."""
    with OpenAI(base_url=upstream.url, api_key="key") as plain:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key") as plain_async:
            root: Any = adapter.wrap(plain, **options)
            root_async: Any = adapter.wrap(plain_async, **options)
            yield langchain.ChatOpenAI(
                model=MODEL,
                api_key="key",
                root_client=root,
                client=root.chat.completions,
                root_async_client=root_async,
                async_client=root_async.chat.completions,
                **{"use_responses_api": True, **(more or {})},
            )


async def invoke(bound: Any, messages: Any) -> Any:
    return bound.invoke(messages)


async def stream(bound: Any, messages: Any) -> Any:
    return reduce(add, bound.stream(messages))


async def ainvoke(bound: Any, messages: Any) -> Any:
    return await bound.ainvoke(messages)


async def astream(bound: Any, messages: Any) -> Any:
    return reduce(add, [piece async for piece in bound.astream(messages)])


WAYS = pytest.mark.parametrize("ask", [invoke, stream, ainvoke, astream])


@WAYS
def test_responses_that_are_kept(ask: Callable[..., Any], upstream: Upstream, get_weather: Callable[[str], str]) -> None:
    """With `use_previous_response_id` the framework sends what came after the last response; upstream gets everything."""

    async def main() -> None:
        async with model_over(upstream, more={"use_previous_response_id": True}, store=adapter.MemoryStore()) as model:
            bound = model.bind_tools([get_weather])
            messages = with_results(await ask(bound, QUESTION), get_weather)
            answered = await ask(bound, messages)
            assert answered.text == ANSWER
            await ask(bound, [*messages, answered, {"role": "user", "content": "Thanks."}])

    asyncio.run(main())
    roles = [[message["role"] for message in body["messages"]] for body in upstream.bodies]
    assert roles == [
        ["system", "user"],
        ["system", "user", "assistant", "user"],
        ["system", "user", "assistant", "user", "assistant", "user"],
    ]


@WAYS
def test_a_thought_text_and_two_calls(ask: Callable[..., Any], get_weather: Callable[[str], str], cities: list[str]) -> None:
    async def main() -> None:
        async with model_over(upstream) as model:
            bound = model.bind_tools([get_weather])
            asked = await ask(bound, QUESTION)
            assert asked.text == "One moment."
            assert [block["type"] for block in asked.content] == ["reasoning", "text", "function_call", "function_call"]
            assert (await ask(bound, with_results(asked, get_weather))).text == ANSWER

    with Upstream(script(ALL_KINDS)) as upstream:
        asyncio.run(main())
    assert cities == ["Paris", "Rome"]
    *_, called, results = upstream.bodies[-1]["messages"]
    # Of streamed thoughts the framework reads summaries only; the answer is shown again as the model wrote it.
    assert called["content"].startswith(f"<think>\n{THOUGHT}\n</think>\n\nOne moment.")
    assert called["content"].count("<tool_call>") == 2
    assert text_of(results).count(RESULT) == 2


@WAYS
@pytest.mark.parametrize("api", [False, True], ids=["chat", "responses"])
def test_a_reasoning_model_on_a_server_that_refuses_the_field(
    ask: Callable[..., Any], api: bool, get_weather: Callable[[str], str], cities: list[str]
) -> None:
    async def main() -> str:
        async with model_over(upstream, more={"use_responses_api": api}) as model:
            bound = model.bind_tools([get_weather])
            messages = with_results(await ask(bound, QUESTION), get_weather)
            answer: str = (await ask(bound, messages)).text
            return answer

    with Upstream(strict) as upstream:
        assert asyncio.run(main()) == ANSWER
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=ask in {stream, astream})


def ask_once(ask: Callable[..., Any], answer: Any, tool: Callable[[str], str], **options: Any) -> Any:
    """What the model says over an upstream that answers so, and that it does not ask it again."""

    async def main() -> Any:
        async with model_over(upstream, **options) as model:
            return await ask(model.bind_tools([tool]), QUESTION)

    with Upstream(answer) as upstream:
        try:
            return asyncio.run(main())
        finally:
            assert len(upstream.received) == 1


@WAYS
def test_a_refused_call_raises(ask: Callable[..., Any], get_weather: Callable[[str], str]) -> None:
    with pytest.raises(openai.APIError, match="'city' is a required property") as raised:
        ask_once(ask, script(BAD_CALL), get_weather, retries=0)
    assert raised.value.code == "invalid_tool_call"


@WAYS
def test_a_call_that_reaches_the_limit_is_none(ask: Callable[..., Any], get_weather: Callable[[str], str]) -> None:
    """Validated, for the framework itself completes the pieces of a call, whichever server they come from."""
    message = ask_once(ask, reaches_its_limit, get_weather, stream_calls="validated")
    assert (message.tool_calls, message.invalid_tool_calls) == ([], [])
    assert message.response_metadata["status"] == "incomplete"
    assert message.response_metadata["incomplete_details"] == {"reason": "max_output_tokens"}


@pytest.mark.parametrize("ask", [stream, astream])
def test_a_lost_connection_raises(ask: Callable[..., Any], get_weather: Callable[[str], str]) -> None:
    with pytest.raises(openai.APIConnectionError):
        ask_once(ask, breaks_off(), get_weather)
