"""The gateway over the real engine with the real model: a client of each wire gets a right call, whole and streamed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anthropic
import httpx
import pytest
from openai import OpenAI

from tests.support.gateway import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapter.demo.engine import Engine

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

QUESTION = "What is the weather in Paris?"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string", "enum": ["Paris", "Rome", "Oslo"]}}, "required": ["city"]}
SAID = "The weather in a city."
CHAT: Any = [{"type": "function", "function": {"name": "get_weather", "description": SAID, "parameters": SCHEMA}}]
FLAT: Any = [{"type": "function", "name": "get_weather", "description": SAID, "parameters": SCHEMA}]
TOOLS: Any = [{"name": "get_weather", "description": SAID, "input_schema": SCHEMA}]
ASKED: Any = [{"role": "user", "content": QUESTION}]
# The engine's server and its constraint; a model of 135 million parameters is not to be asked twice.
OPTIONS = {"server": "llama.cpp", "enforce": "grammar", "dialect": "smollm2", "native": "never", "temperature": 0.0}
LIMIT = 240.0


@pytest.fixture(scope="module")
def url(engine: Engine) -> Iterator[str]:
    with running(engine.base_url, OPTIONS, key=engine.api_key, timeout=LIMIT, ollama=True) as found:
        yield found


def chat(url: str) -> tuple[str, Any]:
    with OpenAI(base_url=url, api_key="k", max_retries=0, timeout=LIMIT) as client:
        answer = client.chat.completions.create(model="m", messages=ASKED, tools=CHAT, tool_choice="required")
    message: Any = answer.choices[0].message
    [call] = message.tool_calls
    return call.function.name, json.loads(call.function.arguments)


def chat_streamed(url: str) -> tuple[str, Any]:
    with OpenAI(base_url=url, api_key="k", max_retries=0, timeout=LIMIT) as client:
        stream = client.chat.completions.create(model="m", messages=ASKED, tools=CHAT, tool_choice="required", stream=True)
        pieces = [piece for chunk in stream for choice in chunk.choices for piece in choice.delta.tool_calls or ()]
    functions = [piece.function for piece in pieces if piece.function]
    return "".join(one.name or "" for one in functions), json.loads("".join(one.arguments or "" for one in functions))


def responses(url: str) -> tuple[str, Any]:
    with OpenAI(base_url=url, api_key="k", max_retries=0, timeout=LIMIT) as client:
        response = client.responses.create(model="m", input=QUESTION, tools=FLAT, tool_choice="required")
    [call] = [item for item in response.output if item.type == "function_call"]
    return call.name, json.loads(call.arguments)


def messages(url: str) -> tuple[str, Any]:
    with anthropic.Anthropic(base_url=url.removesuffix("/v1"), api_key="k", max_retries=0, timeout=LIMIT) as client:
        message = client.messages.create(model="m", max_tokens=200, messages=ASKED, tools=TOOLS, tool_choice={"type": "any"})
    [block] = [block for block in message.content if block.type == "tool_use"]
    return block.name, block.input


def messages_streamed(url: str) -> tuple[str, Any]:
    with anthropic.Anthropic(base_url=url.removesuffix("/v1"), api_key="k", max_retries=0, timeout=LIMIT) as client:
        given: Any = {"messages": ASKED, "tools": TOOLS, "tool_choice": {"type": "any"}}
        with client.messages.stream(model="m", max_tokens=200, **given) as stream:
            message = stream.get_final_message()
    [block] = [block for block in message.content if block.type == "tool_use"]
    return block.name, block.input


def dashscope(url: str) -> tuple[str, Any]:
    parameters = {
        "result_format": "message",
        "tools": CHAT,
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
    }
    body = {"model": "m", "input": {"messages": ASKED}, "parameters": parameters}
    path = "/api/v1/services/aigc/text-generation/generation"
    answer = httpx.post(url.removesuffix("/v1") + path, json=body, timeout=LIMIT).json()
    [call] = answer["output"]["choices"][0]["message"]["tool_calls"]
    return call["function"]["name"], json.loads(call["function"]["arguments"])


@pytest.mark.parametrize("ask", [chat, chat_streamed, responses, messages, messages_streamed, dashscope])
def test_a_call_is_held_to_its_schema(url: str, ask: Callable[[str], tuple[str, Any]]) -> None:
    assert ask(url) == ("get_weather", {"city": "Paris"})


def test_ollama_has_no_way_to_force_a_call(url: str) -> None:
    """The answer is in the wire's form, whatever the smallest of models says."""
    body = {"model": "m", "messages": ASKED, "tools": CHAT, "stream": False, "options": {"num_predict": 200}}
    answer = httpx.post(url.removesuffix("/v1") + "/api/chat", json=body, timeout=LIMIT).json()
    assert answer["done"] is True
    assert answer["eval_count"] > 0
    assert answer["message"]["content"] or answer["message"]["tool_calls"]
    for call in answer["message"].get("tool_calls", ()):
        assert (call["function"]["name"], list(call["function"]["arguments"])) == ("get_weather", ["city"])
