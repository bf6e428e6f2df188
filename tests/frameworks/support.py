"""One round trip with one tool, as a text-only upstream plays its part in it.

It answers the question with a tool call in text, and the tool's result with the final answer; in pieces where a stream is asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.loopback import Answer, Stream, completion, streamed

if TYPE_CHECKING:
    from tests.support.loopback import Received, Reply, Script, Upstream

QUESTION = "What's the weather in Paris?"
RESULT = "18 degrees and sunny"  # what the tool says
ANSWER = "It has 18 degrees in Paris, and the sun is out."
MODEL = "text-only"


def call_text(name: str, **arguments: Any) -> str:
    """A call as a model trained on the Hermes format writes it."""
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


CALL = call_text("get_weather", city="Paris")
BAD_CALL = call_text("get_weather", town="Paris")  # the schema wants `city`
CUT_OFF = CALL[: CALL.index("ris")]  # it ends in the middle of the arguments
THOUGHT = "Two cities, then."
THINKS = f"<think>\n{THOUGHT}\n</think>\n\n{CALL}"
ALL_KINDS = f"<think>\n{THOUGHT}\n</think>\n\nOne moment.\n{CALL}\n{call_text('get_weather', city='Rome')}"


def script(first: str = CALL, then: str = ANSWER, *, result: str = "<tool_response>") -> Script:
    """What the upstream writes: `first`, and `then` once the last message holds a tool's result, known by that mark."""

    def reply(request: Received) -> Reply:
        text = then if result in text_of(request.body["messages"][-1]) else first
        if request.body.get("stream"):
            return streamed(*_pieces(text))
        return completion(text)

    return reply


def strict(request: Received) -> Reply:
    """A reasoning model on a server that refuses messages with more than a role, a content and a name."""
    for position, message in enumerate(request.body["messages"]):
        for key in message.keys() - {"role", "content", "name"}:
            return Answer({"error": {"message": f"property 'messages.{position}.{key}' is unsupported"}}, 400)
    return script(THINKS)(request)


def reaches_its_limit(request: Received) -> Reply:
    """An answer that is cut off in its call, whole or streamed, by the limit of tokens."""
    return streamed(*_pieces(CUT_OFF), finish="length") if request.body.get("stream") else completion(CUT_OFF, "length")


def breaks_off() -> Stream:
    """A stream whose connection is lost in its call."""
    return Stream(streamed(*_pieces(CUT_OFF)).pieces[:-3], cut=True)


def _pieces(text: str) -> list[str]:
    return [text[start : start + 7] for start in range(0, len(text), 7)]


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, whose content is a string or a list of parts."""
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def check_text_only(upstream: Upstream, *, requests: int, stream: bool) -> None:
    """The upstream got so many chat requests, in which nothing spoke of tools but the text."""
    assert [(request.method, request.path) for request in upstream.received] == [("POST", "/v1/chat/completions")] * requests
    for body in upstream.bodies:
        assert not {"tools", "tool_choice", "parallel_tool_calls", "functions", "input", "instructions"} & body.keys()
        assert {message["role"] for message in body["messages"]} <= {"system", "user", "assistant"}
        assert not any("tool_calls" in message for message in body["messages"])
        assert body.get("stream", False) is stream
        assert "<tools>" in text_of(body["messages"][0])


def check_round_trip(upstream: Upstream, *, stream: bool, requests: int = 2) -> None:
    """The first request offered the tool, the last one brought its result; both in text."""
    check_text_only(upstream, requests=requests, stream=stream)
    assert '"name": "get_weather"' in text_of(upstream.bodies[0]["messages"][0])
    *_, called, result = upstream.bodies[-1]["messages"]
    assert called["role"] == "assistant"
    assert '{"name": "get_weather", "arguments": {"city": "Paris"}}' in text_of(called)
    assert "<tool_response>" in text_of(result)
    assert RESULT in text_of(result)
