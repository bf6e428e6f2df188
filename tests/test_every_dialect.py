"""Every dialect through the client: calls whole and streamed, mended after a re-ask, forced, and as raw completions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openai import OpenAI

import adapter
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from tests.loopback import Answer, Stream, Upstream, completion, raw_completion, raw_streamed, streamed
from tests.tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.loopback import Received

MODES = ["whole", "incremental", "validated"]
WANTED = [("get_weather", '{"city": "Paris"}'), ("get_time", "{}")]


def turn(name: str, *calls: tuple[str, dict[str, Any]]) -> str:
    dialect = load(name)
    return dialect.assistant("", [dialect.tool_call(*call) for call in calls])


def writes(*texts: str) -> Any:
    """An upstream that writes these answers, as chat or raw, whole or streamed, as it is asked."""
    waiting = list(texts)

    def answer(request: Received) -> Answer | Stream:
        text = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        pieces = [text[at : at + 3] for at in range(0, len(text), 3)]
        raw = request.path.endswith("/v1/completions")
        if request.body.get("stream"):
            return raw_streamed(*pieces) if raw else streamed(*pieces)
        return raw_completion(text) if raw else completion(text)

    return answer


@pytest.fixture
def plain() -> Iterator[OpenAI]:
    with OpenAI(base_url="http://127.0.0.1:9/v1", api_key="key", max_retries=0) as client:
        yield client


def ask(plain: OpenAI, upstream: Upstream, mode: str, options: dict[str, Any], **request: Any) -> list[tuple[str, str]]:
    """The calls that the caller gets."""
    chosen = {"stream_calls": "validated" if mode == "validated" else "incremental", **options}
    client = adapter.wrap(plain.with_options(base_url=upstream.url), **chosen)
    body: Any = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": TOOLS, **request}
    found: Any
    if mode == "whole":
        found = client.chat.completions.create(**body)
    else:
        with client.chat.completions.stream(**body) as stream:
            found = stream.get_final_completion()
    return [(call.function.name, call.function.arguments) for call in found.choices[0].message.tool_calls or ()]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", names())
def test_calls(plain: OpenAI, name: str, mode: str) -> None:
    with Upstream(writes(turn(name, ("get_weather", {"city": "Paris"}), ("get_time", {})))) as upstream:
        assert ask(plain, upstream, mode, {"dialect": name}) == WANTED
        told = str(upstream.bodies[0]["messages"])
    assert "The tool get_weather." in told


@pytest.mark.parametrize("mode", ["whole", "validated"])
@pytest.mark.parametrize("name", names())
def test_a_wrong_call_is_asked_for_again(plain: OpenAI, name: str, mode: str) -> None:
    wrong, right = turn(name, ("get_weather", {})), turn(name, ("get_weather", {"city": "Paris"}))
    with Upstream(writes(wrong, right)) as upstream:
        assert ask(plain, upstream, mode, {"dialect": name}) == WANTED[:1]
        further = upstream.bodies[1]["messages"]
    assert any("Error: " in str(message["content"]) for message in further[-2:])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", names())
def test_a_call_that_is_begun(plain: OpenAI, name: str, mode: str) -> None:
    """The answer goes on from what the request began, and is read with it."""
    text = turn(name, ("get_weather", {"city": "Paris"})).lstrip()

    def goes_on(request: Received) -> Answer | Stream:
        begun = request.body["messages"][-1]["content"]
        assert text.startswith(begun.rstrip()), begun
        reply: Answer | Stream = writes(text[len(begun) :])(request)
        return reply

    with Upstream(goes_on) as upstream:
        assert ask(plain, upstream, mode, {"dialect": name, "enforce": "prefill"}, tool_choice="required") == WANTED[:1]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", names())
def test_raw_completions(plain: OpenAI, name: str, mode: str) -> None:
    """With the chat template that the dialect's first model has; a conversation with calls and results goes out as text."""
    dialect = load(name)
    model = dialect.models[0].strip("*").replace("*", "-") if dialect.models else "m"
    function = {"name": "get_time", "arguments": "{}"}
    messages = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Twelve."},
        {"role": "user", "content": "And the weather?"},
    ]
    options = {"dialect": name, "upstream": "completions", "chat_template": "auto"}

    def thinks(request: Received) -> Answer | Stream:
        opening, closing = dialect.reasoning or ("", "")
        thought = f"Hm.{closing}\n\n" if opening and request.body["prompt"].rstrip().endswith(opening) else ""
        reply: Answer | Stream = writes(thought + turn(name, ("get_weather", {"city": "Paris"})))(request)
        return reply

    with Upstream(thinks) as upstream:
        assert ask(plain, upstream, mode, options, messages=messages, model=model) == WANTED[:1]
        prompt = upstream.bodies[0]["prompt"]
    for words in ("What time is it?", "Twelve.", "And the weather?", "The tool get_weather."):
        assert prompt.count(words) == 1, words
