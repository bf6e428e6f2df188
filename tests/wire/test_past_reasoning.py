"""Past reasoning on the way upstream (behaviour 4.7): as a field where the server reads one, else as text, or left out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from tests.facts.completions import CALL
from tests.facts.tools import WEATHER
from tests.support.loopback import DONE, Answer, Stream, Upstream, chunk, completion, event, raw_completion, streamed

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapter.events import Problem
    from tests.support.loopback import Received

USER: Any = {"role": "user", "content": "Weather?"}
TOOLS: list[Any] = [WEATHER]
FLAT: list[Any] = [{"type": "function", **WEATHER["function"]}]
THOUGHT = "Look it up."
THINKS = f"<think>\n{THOUGHT}\n</think>\n\n{CALL}"
PLAIN = {"role", "content", "name"}


def strict(request: Received) -> Answer | Stream:
    """Refuse messages with more than a role, a content and a name; else think and call, or answer where the result is there."""
    for position, message in enumerate(request.body["messages"]):
        for key in message.keys() - PLAIN:
            error = {"message": f"property 'messages.{position}.{key}' is unsupported", "type": "invalid_request_error"}
            return Answer({"error": error}, 400)
    text = "Sunny." if "<tool_response>" in str(request.body["messages"][-1]["content"]) else THINKS
    return streamed(*(text[at : at + 7] for at in range(0, len(text), 7))) if request.body.get("stream") else completion(text)


def chat(client: OpenAI, *, stream: bool) -> str:
    """Two turns of a tool loop over chat completions, the model's message passed back as it came."""
    history: list[Any] = [USER]
    for _ in range(2):
        if stream:
            with client.chat.completions.stream(model="m", messages=history, tools=TOOLS) as events:
                message: Any = events.get_final_completion().choices[0].message
            thought = message.model_extra.get("reasoning_content")
        else:
            message = client.chat.completions.create(model="m", messages=history, tools=TOOLS).choices[0].message
            thought = getattr(message, "reasoning_content", None)
        if not message.tool_calls:
            return str(message.content)
        assert thought.strip() == THOUGHT
        history += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "Sun."}]
    raise AssertionError("no end")


def responses(client: OpenAI, *, stream: bool) -> str:
    """The same over the Responses API."""
    history: list[Any] = [USER]
    for _ in range(2):
        asked: Any = client.responses
        if stream:
            with asked.stream(model="m", input=history, tools=FLAT) as events:
                response = events.get_final_response()
        else:
            response = asked.create(model="m", input=history, tools=FLAT)
        if response.output_text:
            return str(response.output_text)
        assert [item.type for item in response.output] == ["reasoning", "function_call"]
        call = response.output[-1]
        history += [*response.output, {"type": "function_call_output", "call_id": call.call_id, "output": "Sun."}]
    raise AssertionError("no end")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("loop", [chat, responses])
def test_a_reasoning_models_tool_loop_on_a_server_that_refuses_the_field(loop: Callable[..., str], stream: bool) -> None:
    with Upstream(strict) as upstream, OpenAI(base_url=upstream.url, api_key="key", max_retries=0) as client:
        assert loop(adapter.wrap(client), stream=stream) == "Sunny."
        assert upstream.bodies[-1]["messages"][-2] == {"role": "assistant", "content": THINKS}


def test_the_loop_of_an_async_client_and_a_store() -> None:
    async def main() -> str:
        async with AsyncOpenAI(base_url=upstream.url, api_key="key", max_retries=0) as plain:
            client: Any = adapter.wrap(plain, store=adapter.MemoryStore())
            first = await client.responses.create(model="m", input="Weather?", tools=FLAT)
            output = [{"type": "function_call_output", "call_id": first.output[-1].call_id, "output": "Sun."}]
            more = {"tools": FLAT, "previous_response_id": first.id}
            return str((await client.responses.create(model="m", input=output, **more)).output_text)

    with Upstream(strict) as upstream:
        assert asyncio.run(main()) == "Sunny."


def called(**fields: Any) -> dict[str, Any]:
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'}}
    return {"role": "assistant", "content": None, "tool_calls": [call], **fields}


THINKING = {"type": "thinking", "thinking": THOUGHT, "signature": "c2lnbg=="}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "Sun."}
TURN = [USER, called(reasoning_content=THOUGHT), RESULT]
OLDER = [*TURN, {"role": "assistant", "content": "Sunny."}, USER]
FIELD = {"role": "assistant", "content": CALL, "reasoning_content": THOUGHT}
TEXT = {"role": "assistant", "content": THINKS}
BARE = {"role": "assistant", "content": CALL}

# messages, options, the assistant's first message upstream, words of the problem
WAYS: dict[str, tuple[list[Any], dict[str, Any], dict[str, Any], str]] = {
    "an unknown server: text": (TURN, {}, TEXT, ""),
    "an unknown server, an older turn: left out": (OLDER, {}, BARE, "messages[1] was left out: the model reads"),
    "under another name": ([USER, called(reasoning=THOUGHT, reasoning_content=None), RESULT], {}, TEXT, ""),
    "empty reasoning": ([USER, called(reasoning_content=""), RESULT], {}, BARE, ""),
    "null": ([USER, called(reasoning_content=None), RESULT], {}, BARE, ""),
    "null, though the server reads the field": ([USER, called(reasoning_content=None), RESULT], {"server": "vllm"}, BARE, ""),
    "a list of parts": ([USER, called(reasoning_content=[{"type": "text", "text": THOUGHT}]), RESULT], {}, TEXT, ""),
    "thinking parts of the content": ([USER, called(content=[THINKING]), RESULT], {}, TEXT, ""),
    "thinking parts, and the server reads the field": ([USER, called(content=[THINKING]), RESULT], {"server": "vllm"}, FIELD, ""),
    "thinking parts beside words": ([USER, called(content=[THINKING, {"type": "text", "text": "I look."}]), RESULT], {}, {
        "role": "assistant", "content": f"<think>\n{THOUGHT}\n</think>\n\nI look.\n{CALL}"}, ""),
    "beside words": ([USER, called(content="I look.", thinking=THOUGHT), RESULT], {}, {
        "role": "assistant", "content": f"<think>\n{THOUGHT}\n</think>\n\nI look.\n{CALL}"}, ""),
    "beside parts": ([USER, called(content=[{"type": "text", "text": "I look."}], reasoning=THOUGHT), RESULT], {}, {
        "role": "assistant", "content": f"<think>\n{THOUGHT}\n</think>\n\nI look.\n{CALL}"}, ""),
    "a dialect without tags": (TURN, {"dialect": "qwen3-coder"}, {}, "messages[1] was left out: the dialect 'qwen3-coder'"),
    "tags of the dialect": (TURN, {"dialect": "seed-oss"}, {}, ""),
    "vLLM reads the field": (TURN, {"server": "vllm"}, FIELD, ""),
    "llama.cpp reads the field": (OLDER, {"server": "llama.cpp"}, FIELD, ""),
    "Ollama reads another": (TURN, {"server": "ollama"}, {"role": "assistant", "content": CALL, "reasoning": THOUGHT}, ""),
    "OpenAI refuses the field": (TURN, {"server": "openai"}, TEXT, ""),
    "keep": (OLDER, {"reasoning_field": "keep"}, FIELD, ""),
    "text, though the server reads the field": (TURN, {"reasoning_field": "text", "server": "vllm"}, TEXT, ""),
    "drop": (TURN, {"reasoning_field": "drop", "server": "vllm"}, BARE, "messages[1] was left out: reasoning_field='drop'"),
}  # fmt: skip


@pytest.mark.parametrize("case", WAYS)
def test_4_7_the_way_of_past_reasoning(case: str) -> None:
    messages, options, wanted, words = WAYS[case]
    told: list[Problem] = []
    with Upstream(completion("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client, on_event=told.append, **options)
        wrapped.chat.completions.create(model="m", messages=messages, tools=TOOLS)
        sent = next(message for message in upstream.bodies[0]["messages"] if message["role"] == "assistant")
    if wanted:
        assert sent == wanted
    elif case == "tags of the dialect":
        assert sent["content"].startswith(f"<seed:think>\n{THOUGHT}\n</seed:think>\n\n<seed:tool_call>")
    else:
        assert THOUGHT not in str(sent)
    problems = [problem for problem in told if problem.kind == "reasoning_dropped"]
    assert len(problems) == bool(words)
    assert all(words in problem.message and problem.raw == THOUGHT for problem in problems)


def test_a_turn_of_reasoning_alone_goes_with_the_reasoning() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": THOUGHT}]}
    with Upstream(completion("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        items: Any = [USER, thought, USER]
        adapter.wrap(client).responses.create(model="m", input=items, tools=FLAT)
        assert [message["role"] for message in upstream.bodies[0]["messages"]] == ["system", "user", "user"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_a_field_in_an_answer_is_answered_with_the_field(name: str, stream: bool) -> None:
    """By client and model: another model of the server may be another server."""
    answer: Any = completion("Hm.", **{name: "Upstream's own."})
    if stream:
        answer = Stream((event(chunk(answer.body["choices"][0]["message"])), event(chunk({}, "stop")), DONE))
    with Upstream(answer, completion("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client)
        asked: Any = wrapped.chat.completions.create(model="m", messages=[USER], tools=TOOLS, stream=stream)
        if stream:
            list(asked)
        for model in ("m", "another"):
            wrapped.chat.completions.create(model=model, messages=TURN, tools=TOOLS)
        _, known, unknown = [body["messages"] for body in upstream.bodies]
    assert known[2] == {"role": "assistant", "content": CALL, name: THOUGHT}
    assert unknown[2] == TEXT


def test_a_prompt_made_here_has_the_field() -> None:
    with Upstream(raw_completion("Fine.")) as upstream, OpenAI(base_url=upstream.url, api_key="key") as client:
        wrapped = adapter.wrap(client, upstream="completions", chat_template="qwen3")
        wrapped.chat.completions.create(model="m", messages=TURN, tools=TOOLS)
        assert f"<|im_start|>assistant\n<think>\n{THOUGHT}\n</think>\n\n<tool_call>" in upstream.bodies[0]["prompt"]
