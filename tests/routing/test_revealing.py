"""Tools added in later turns: nothing earlier in the prompt ever changes, in any dialect, and through a wrapped client."""

from __future__ import annotations

import asyncio
import contextlib
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI, OpenAI

import adapter
from adapter.dialects.registry import names
from tests.routing.sets import OFFICE
from tests.support.loopback import Upstream, completion, streamed
from tests.support.tiers import some_first

if TYPE_CHECKING:
    from collections.abc import Iterator

TURNS = [
    "What is the weather in Oslo?",
    "And tomorrow?",
    "Write an email to Ann about it.",
    "Play some music, the weather is fine.",
]
ROUTER = adapter.ToolRouter(OFFICE, limit=4)
CALL = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>'


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def call(name: str, mark: str) -> list[dict[str, Any]]:
    function = {"name": name, "arguments": '{"city": "Oslo"}'}
    asked = {"role": "assistant", "content": None, "tool_calls": [{"id": mark, "type": "function", "function": function}]}
    return [asked, {"role": "tool", "tool_call_id": mark, "content": "fine"}]


def growing() -> Iterator[list[dict[str, Any]]]:
    """The messages of each request of a conversation, in which the model calls a tool in every turn."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": "Be brief."}]
    for number, text in enumerate(TURNS):
        messages.append(user(text))
        yield list(messages)
        messages += call("get_weather" if number < 2 else "sendEmail", f"call_{number}")
        yield list(messages)
        messages.append({"role": "assistant", "content": "Done."})


def names_of(tools: Any) -> list[str]:
    return [tool["function"]["name"] for tool in tools]


def brought(messages: Any) -> list[list[str]]:
    return [names_of(message["tools"]) for message in messages if "tools" in message]


def test_each_turn_adds_the_tools_that_it_needs() -> None:
    *_, last = growing()
    found = adapter.reveal_tools(ROUTER, last)
    assert names_of(found.tools) == ["get_weather"]
    assert brought(found.messages) == [["sendEmail"], ["play_music"]]
    roles = [message["role"] for message in found.messages]
    assert roles == ["system", *["user", "assistant", "tool", "assistant"] * 2, "system", "user", "assistant", "tool", "assistant",
                     "system", "user", "assistant", "tool"]  # fmt: skip
    assert [message for message in found.messages if "tools" not in message] == last, "the caller's messages in their order"


def test_requests_begin_with_the_request_before() -> None:
    requests = [adapter.reveal_tools(ROUTER, messages) for messages in growing()]
    for before, after in pairwise(requests):
        assert after.tools == before.tools
        assert after.messages[: len(before.messages)] == before.messages


@pytest.mark.parametrize("dialect", some_first(names()))
def test_prompts_begin_with_the_prompt_before(dialect: str) -> None:
    """Byte for byte, as the server's prompt cache compares."""
    before = ""
    for messages in growing():
        found = adapter.reveal_tools(ROUTER, messages)
        after = json.dumps(adapter.render(found.messages, found.tools, dialect=dialect))[:-1]
        assert after.startswith(before)
        before = after
    assert "play_music" in before


def test_another_selection_in_each_turn_would_change_the_beginning() -> None:
    """The test above could fail: this is what is avoided."""
    first, *_, last = growing()
    shown = [json.dumps(adapter.render(messages, ROUTER.select(messages).tools))[:-1] for messages in (first, last)]
    assert not shown[1].startswith(shown[0])


SAID = st.sampled_from([*TURNS, "thanks", "", "book a hotel room", "the share price", "translate a letter", "xyzzy"])
MESSAGES = st.lists(
    st.one_of(
        st.tuples(SAID).map(lambda said: [user(*said)]),
        st.tuples(SAID).map(lambda said: [{"role": "assistant", "content": said[0]}]),
        st.tuples(st.sampled_from([one["function"]["name"] for one in OFFICE])).map(lambda name: call(name[0], "1")),
    ),
    max_size=12,
)


@given(MESSAGES, st.integers(1, 6))
def test_laws_of_revealing(parts: list[list[dict[str, Any]]], limit: int) -> None:
    messages: list[dict[str, Any]] = [user("begin"), *(message for part in parts for message in part)]
    router = adapter.ToolRouter(OFFICE, limit)
    whole = adapter.reveal_tools(router, messages)
    shown = [*names_of(whole.tools), *(name for names in brought(whole.messages) for name in names)]
    assert len(shown) == len(set(shown)), "no tool twice"
    assert [message for message in whole.messages if "tools" not in message] == messages
    ends = [place for place, message in enumerate(messages) if message["role"] == "user"][1:]
    for end in ends:  # a turn is over
        part = adapter.reveal_tools(router, messages[:end])
        assert part.tools == whole.tools
        assert whole.messages[: len(part.messages)] == part.messages


def test_a_tool_that_is_kept_stays_where_it_was_added() -> None:
    messages = [user("the weather"), {"role": "assistant", "content": "Fine."}, user("thanks")]
    first = adapter.reveal_tools(ROUTER, messages, keep=["book_hotel"])
    assert brought(first.messages) == [["book_hotel"]]
    later = adapter.reveal_tools(ROUTER, [*messages, *call("book_hotel", "1")])
    assert later.messages[: len(first.messages)] == first.messages
    with pytest.raises(ValueError, match="keep names 'nothing'"):
        adapter.reveal_tools(ROUTER, messages, keep=["nothing"])


@pytest.mark.parametrize(
    "messages", [[], [{"role": "system", "content": "the weather"}], "the weather"], ids=["none", "system", "text"]
)
def test_conversations_without_a_turn(messages: Any) -> None:
    found = adapter.reveal_tools(ROUTER, messages)
    assert brought(found.messages) == []
    assert len(found.tools) >= 1


@contextlib.contextmanager
def client(upstream: Upstream) -> Iterator[OpenAI]:
    with OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as plain:
        yield adapter.wrap(plain, router=ROUTER)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_wrapped_client_sends_prompts_that_grow_at_the_end(stream: bool) -> None:
    with Upstream(streamed(CALL) if stream else completion(CALL)) as upstream, client(upstream) as asked:
        for messages in growing():
            answer: Any = asked.chat.completions.create(model="m", messages=messages, stream=stream)  # type: ignore[arg-type]
            if stream:
                assert "get_weather" in [
                    call.function.name for chunk in answer for choice in chunk.choices for call in choice.delta.tool_calls or []
                ]
            else:
                assert answer.choices[0].message.tool_calls[0].function.name == "get_weather"
        prompts = [json.dumps(body["messages"])[:-1] for body in upstream.bodies]
    assert len(prompts) == 8
    assert all(after.startswith(before) for before, after in pairwise(prompts))
    assert "play_music" in prompts[-1]
    assert "book_hotel" not in prompts[-1]


def test_an_async_client() -> None:
    async def ask(url: str) -> Any:
        async with AsyncOpenAI(base_url=url, api_key="key", max_retries=0) as plain:
            wrapped = adapter.wrap(plain, router=ROUTER)
            return await wrapped.chat.completions.create(model="m", messages=[{"role": "user", "content": "the weather"}])

    with Upstream(completion(CALL)) as upstream:
        answer = asyncio.run(ask(upstream.url))
    assert answer.choices[0].message.tool_calls is not None


def test_a_call_of_a_tool_that_was_added_is_checked_like_any() -> None:
    said = CALL.replace("get_weather", "book_hotel").replace('"Oslo"', '"Oslo", "nights": "2"')
    messages: Any = [user("the weather"), {"role": "assistant", "content": "Fine."}, user("then reserve a room")]
    with Upstream(completion(said)) as upstream, client(upstream) as asked:
        answer = asked.chat.completions.create(model="m", messages=messages)
    called: Any = next(iter(answer.choices[0].message.tool_calls or ()))
    assert json.loads(called.function.arguments) == {"city": "Oslo", "nights": 2}


def test_tools_of_the_request_stay_beside_the_routers() -> None:
    own: Any = {"type": "function", "function": {"name": "own_tool", "description": "Mine."}}
    with Upstream(completion("Fine.")) as upstream, client(upstream) as asked:
        asked.chat.completions.create(model="m", messages=[{"role": "user", "content": "the weather"}], tools=[own, OFFICE[5]])  # type: ignore[list-item]  # fmt: skip
        (body,) = upstream.bodies
    prompt = json.dumps(body)
    assert ("own_tool" in prompt, "get_weather" in prompt, "book_hotel" in prompt) == (True, True, False)


CHOICES = [
    pytest.param({"type": "function", "function": {"name": "book_hotel"}}, id="a named tool"),
    pytest.param(
        {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "book_hotel"}}]}},
        id="allowed tools",
    ),
]  # fmt: skip


@pytest.mark.parametrize("choice", CHOICES)
def test_a_chosen_tool_is_shown(choice: Any) -> None:
    with Upstream(completion(CALL.replace("get_weather", "book_hotel"))) as upstream, client(upstream) as asked:
        answer = asked.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "the weather"}], tool_choice=choice
        )
    called: Any = next(iter(answer.choices[0].message.tool_calls or ()))
    assert called.function.name == "book_hotel"


def test_requests_that_cannot_be_routed_are_refused_before_the_server_is_asked() -> None:
    with Upstream(completion("x")) as upstream, client(upstream) as asked:
        with pytest.raises(openai.BadRequestError, match="takes no 'functions'"):
            asked.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "x"}], functions=[{"name": "f", "parameters": {}}]
            )
        assert upstream.received == []


def test_run_tools_with_a_router() -> None:
    def get_weather(city: str) -> str:
        """Current weather and forecast."""
        return f"Rain in {city}."

    def play_music(query: str) -> str:
        """Play a song."""
        raise AssertionError(query)

    tools = [adapter.tool(get_weather), adapter.tool(play_music)]
    router = adapter.ToolRouter([tool.definition for tool in tools], limit=1)
    with Upstream(completion(CALL), completion("It rains.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as plain:
        result = adapter.run_tools(adapter.wrap(plain, router=router), "What is the weather in Oslo?", tools, model="m")
        prompts = json.dumps(upstream.bodies)
    assert [call.result for call in result.calls] == ["Rain in Oslo."]
    assert ("get_weather" in prompts, "play_music" in prompts) == (True, False)


def test_arguments_of_wrap() -> None:
    plain = OpenAI(base_url="http://127.0.0.1:1/v1", api_key="key")
    with pytest.raises(TypeError, match=r"router is an adapter.ToolRouter, not \[\]"):
        adapter.wrap(plain, router=[])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="merge_system=True joins them at the top"):
        adapter.wrap(plain, router=ROUTER, merge_system=True)
    with pytest.raises(TypeError, match=r"router is an adapter.ToolRouter, not \[\]"):
        adapter.reveal_tools([], "x")  # type: ignore[arg-type]
    wrapped = adapter.wrap(plain, router=ROUTER)
    assert "router=ToolRouter(10 tools, limit=4, always=[])" in repr(wrapped)
    adapter.reset(wrapped)
    assert "router" not in repr(adapter.wrap(wrapped))
