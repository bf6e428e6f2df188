"""Ollama's and DashScope's own clients, over the gateway."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.frameworks.support import ANSWER, BAD_CALL, MODEL, QUESTION, RESULT, check_round_trip, script
from tests.support.loopback import Answer, Upstream

ollama = pytest.importorskip("ollama", reason="ollama is not installed")
dashscope = pytest.importorskip("dashscope", reason="dashscope is not installed")
gateway = pytest.importorskip("tests.support.gateway", reason="the extra 'serve' is not installed")

if TYPE_CHECKING:
    from collections.abc import Iterator

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather in a city.", "parameters": PARAMETERS},
}


@pytest.fixture
def base(upstream: Upstream) -> Iterator[str]:
    with gateway.running(upstream.url, {"native": "never"}, ollama=True) as url:
        yield url.removesuffix("/v1")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_ollama(base: str, upstream: Upstream, get_weather: Any, cities: list[str], *, stream: bool) -> None:
    client = ollama.Client(host=base)
    messages: list[Any] = [{"role": "user", "content": QUESTION}]

    def ask() -> tuple[str, list[Any]]:
        answer = client.chat(model=MODEL, messages=messages, tools=[get_weather], stream=stream)
        parts = list(answer) if stream else [answer]
        assert parts[-1].done
        return "".join(part.message.content or "" for part in parts), [
            call for part in parts for call in part.message.tool_calls or ()
        ]

    said, [call] = ask()
    assert (said, call.function.name) == ("", "get_weather")
    messages += [
        {"role": "assistant", "content": said, "tool_calls": [call]},
        {"role": "tool", "tool_name": call.function.name, "content": get_weather(**dict(call.function.arguments))},
    ]
    assert ask() == (ANSWER, [])
    assert cities == ["Paris"]
    check_round_trip(upstream, stream=stream)


def test_ollama_asks_again_for_a_wrong_call() -> None:
    with (
        Upstream(script(BAD_CALL)) as upstream,
        gateway.running(upstream.url, {"retries": 0, "on_invalid": "raise"}, ollama=True) as url,
    ):
        client = ollama.Client(host=url.removesuffix("/v1"))
        with pytest.raises(ollama.ResponseError, match="city") as failed:
            client.chat(model=MODEL, messages=[{"role": "user", "content": QUESTION}], tools=[TOOL])
        assert failed.value.status_code == 422


def test_ollama_lists_models() -> None:
    listed = Answer({"object": "list", "data": [{"id": MODEL, "max_model_len": 4096}]})
    with Upstream(listed) as upstream, gateway.running(upstream.url, ollama=True) as url:
        client = ollama.Client(host=url.removesuffix("/v1"))
        assert [model.model for model in client.list().models] == [MODEL]
        assert client.show(MODEL).modelinfo["upstream.context_length"] == 4096


@pytest.mark.parametrize("way", ["whole", "pieces", "all so far", "merged"])
def test_dashscope(base: str, upstream: Upstream, get_weather: Any, cities: list[str], way: str) -> None:
    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    given = {"whole": {}, "pieces": {"stream": True, "incremental_output": True}, "all so far": {"stream": True}}
    given["merged"] = {"stream": True, "incremental_output": False}

    def ask() -> tuple[str, list[Any]]:
        answers = dashscope.Generation.call(
            model=MODEL,
            messages=messages,
            tools=[TOOL],
            result_format="message",
            api_key="key",
            base_address=f"{base}/api/v1",
            **given[way],
        )
        parts = list(answers) if way != "whole" else [answers]
        assert [part.status_code for part in parts] == [200] * len(parts), parts[-1]
        messages_ = [part.output.choices[0].message for part in parts]
        if way != "pieces":
            return messages_[-1].content, messages_[-1].get("tool_calls") or []
        return "".join(message.content or "" for message in messages_), joined(messages_)

    said, [call] = ask()
    assert (said, call["function"]["name"]) == ("", "get_weather")
    result = get_weather(**json.loads(call["function"]["arguments"]))
    messages += [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": result},
    ]
    assert ask() == (ANSWER, [])
    assert (cities, result) == (["Paris"], RESULT)
    check_round_trip(upstream, stream=way != "whole")


def joined(messages: list[Any]) -> list[Any]:
    """The calls in the pieces of a stream."""
    calls: dict[int, Any] = {}
    for message in messages:
        for piece in message.get("tool_calls") or ():
            call = calls.setdefault(piece["index"], {"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
            call["id"] += piece.get("id") or ""
            for key in ("name", "arguments"):
                call["function"][key] += piece["function"].get(key) or ""
    return list(calls.values())


def test_dashscope_says_what_is_wrong(base: str) -> None:
    answer = dashscope.Generation.call(
        model=MODEL, messages=[{"role": "user", "content": [1]}], api_key="key", base_address=f"{base}/api/v1"
    )
    assert (answer.status_code, answer.code) == (400, "InvalidParameter")
    assert "content[0]" in answer.message
