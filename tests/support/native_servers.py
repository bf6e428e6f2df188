"""Servers with tool calling of their own, good and bad: scripts for the loopback server.

A server answers requests with `tools` in its way, and requests in words with a call in the text (`says`).
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from tests.support.loopback import DONE, Answer, Stream, chunk, completion, event

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.loopback import Received, Reply, Script

ARGUMENTS = '{"city": "Paris"}'
IN_TEXT = {
    "hermes": f'<tool_call>\n{{"name": "get_weather", "arguments": {ARGUMENTS}}}\n</tool_call>',
    "glm-4.5": "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Paris</arg_value>\n</tool_call>",
}
WORDS = "Which day?"
REFUSAL = Answer({"error": {"message": "registry.example/model does not support tools", "type": "api_error"}}, 400)


def made(arguments: Any = ARGUMENTS, name: str = "get_weather", **more: Any) -> dict[str, Any]:
    """A call as a message or a delta holds it."""
    return {"id": "call_native", "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def piece(arguments: Any = None, name: str | None = None, **more: Any) -> dict[str, Any]:
    """A piece of a call in a delta."""
    given = {"name": name, "arguments": arguments}
    return {"function": {key: value for key, value in given.items() if value is not None}, **more}


def answers(
    request: Received,
    text: str = "",
    calls: Sequence[dict[str, Any]] = (),
    deltas: Iterable[dict[str, Any]] | None = None,
    tokens: int = 400,
    finish: str = "",
) -> Reply:
    """An answer, streamed or whole as the request asks.

    Args:
        request: The request.
        text: The content.
        calls: The calls.
        deltas: The deltas of a stream; None for usual deltas.
        tokens: The tokens of the prompt.
        finish: The `finish_reason`.
    """
    finish = finish or ("tool_calls" if calls or deltas else "stop")
    usage = {"prompt_tokens": tokens, "completion_tokens": 5, "total_tokens": tokens + 5}
    if not request.body.get("stream"):
        whole = completion(text or None, finish, **({"tool_calls": list(calls)} if calls else {}))
        return Answer({**whole.body, "usage": usage})
    if deltas is None:
        usual: list[dict[str, Any]] = [{"content": word} for word in text.splitlines(keepends=True)]
        for index, call in enumerate(calls):
            function = call["function"]
            start, rest = function["arguments"][:4], function["arguments"][4:]
            head = {
                "index": index,
                "id": call["id"],
                "type": "function",
                "function": {"name": function["name"], "arguments": ""},
            }
            usual += [{"tool_calls": [item]} for item in (head, *(piece(part, index=index) for part in (start, rest)))]
        deltas = usual
    events = [event(chunk(delta)) for delta in ({"role": "assistant", "content": ""}, *deltas)]
    told = [event(chunk(usage=usage))] if (request.body.get("stream_options") or {}).get("include_usage") else []
    return Stream((*events, event(chunk({}, finish)), *told, DONE))


def choice_in(request: Received) -> str:
    choice = request.body.get("tool_choice", "auto")
    return "named" if isinstance(choice, dict) else str(choice)


def says(request: Received, dialect: str = "hermes") -> Reply:
    """A text-only server: a call in the text, unless the prompt offers no tool."""
    offered = any("get_weather" in str(message.get("content")) for message in request.body["messages"])
    return answers(request, IN_TEXT[dialect] if offered else WORDS)


def perfect(request: Received) -> Reply:
    if "tools" not in request.body:
        return says(request)
    return answers(request, WORDS) if choice_in(request) == "none" else answers(request, calls=[made()])


def refusing(request: Received) -> Reply:
    return REFUSAL if "tools" in request.body else says(request)


def ignoring(request: Received) -> Reply:
    return answers(request, WORDS, tokens=10) if "tools" in request.body else says(request)


def unparsed(dialect: str) -> Script:
    def script(request: Received) -> Reply:
        quiet = "tools" in request.body and choice_in(request) == "none"
        return answers(request, WORDS if quiet else IN_TEXT[dialect]) if "tools" in request.body else says(request, dialect)

    return script


def unforced(request: Received) -> Reply:
    if "tools" not in request.body:
        return says(request)
    return answers(request, calls=[made()]) if choice_in(request) == "auto" else answers(request, WORDS)


def at_first(arguments: Any) -> Script:
    """A server whose first call is bad, and every other one after that."""
    turns = itertools.count()

    def script(request: Received) -> Reply:
        if "tools" not in request.body or choice_in(request) == "none":
            return perfect(request)
        return answers(request, calls=[made(arguments if next(turns) % 2 == 0 else ARGUMENTS)])

    return script


def odd(deltas: Sequence[dict[str, Any]], calls: Sequence[dict[str, Any]] | None = None) -> Script:
    """A server whose streams have these deltas, and whose whole answers these calls."""

    def script(request: Received) -> Reply:
        if "tools" not in request.body or choice_in(request) == "none":
            return perfect(request)
        return answers(request, calls=[made()] if calls is None else calls, deltas=deltas)

    return script
