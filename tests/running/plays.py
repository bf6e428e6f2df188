"""A run of `run_tools` or `arun_tools` over a real server on loopback, every way the runner has."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI, OpenAI

import adapter
from tests.support.loopback import Answer, Raw, Reply, Stream, Upstream, chunk, completion, event, streamed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapter import RunEvent, RunResult

Written = str | tuple[str, Any]  # words, or the calls of a turn: name and arguments, decoded or as text
Turn = str | list[tuple[str, Any]]


@dataclass(frozen=True)
class Way:
    """A way through the runner: sync or async, whole or streamed, a wrapped client of a text-only server or a native client."""

    asynchronous: bool
    stream: bool
    wrapped: bool

    def __str__(self) -> str:
        words = (
            "async" if self.asynchronous else "sync",
            "stream" if self.stream else "whole",
            "wrapped" if self.wrapped else "native",
        )
        return " ".join(words)


WAYS = [
    Way(asynchronous, stream, wrapped)
    for asynchronous in (False, True)
    for stream in (False, True)
    for wrapped in (True, False)
]
NATIVE = [way for way in WAYS if not way.wrapped]
every_way = pytest.mark.parametrize("way", WAYS, ids=str)
every_native_way = pytest.mark.parametrize("way", NATIVE, ids=str)
both_kinds = pytest.mark.parametrize("way", [way for way in NATIVE if not way.stream], ids=str)
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def as_text(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def native(turn: Turn, number: int, finish: str | None = None, **message: Any) -> Answer:
    """A completion as a server with tool calling of its own sends it."""
    if isinstance(turn, str):
        return completion(turn, finish or "stop", **message)
    calls = [
        {"id": f"call_{number}_{at}", "type": "function", "function": {"name": name, "arguments": as_text(arguments)}}
        for at, (name, arguments) in enumerate(turn)
    ]
    return completion(None, finish or "tool_calls", tool_calls=calls, **message)


def native_stream(turn: Turn, number: int) -> Stream:
    """The same in pieces: a call's name first, its arguments in two halves."""
    if isinstance(turn, str):
        return streamed(*turn)
    pieces = [event(chunk({"role": "assistant", "content": None}))]
    for at, (name, arguments) in enumerate(turn):
        text = as_text(arguments)
        head = {"index": at, "id": f"call_{number}_{at}", "type": "function", "function": {"name": name, "arguments": ""}}
        pieces.append(event(chunk({"tool_calls": [head]})))
        halves = (text[: len(text) // 2], text[len(text) // 2 :])
        pieces += [event(chunk({"tool_calls": [{"index": at, "function": {"arguments": half}}]})) for half in halves]
    pieces += [event(chunk({}, "tool_calls")), event(chunk(usage=USAGE)), event(b"[DONE]")]
    return Stream(tuple(pieces))


def in_words(turn: Turn) -> str:
    """A turn as a text-only model writes it, in the dialect hermes."""
    if isinstance(turn, str):
        return turn
    return "\n".join(
        f'<tool_call>\n{{"name": "{name}", "arguments": {as_text(arguments)}}}\n</tool_call>' for name, arguments in turn
    )


def reply(turn: Turn, number: int, way: Way) -> Answer | Stream:
    if way.wrapped:
        return streamed(in_words(turn)) if way.stream else completion(in_words(turn))
    return native_stream(turn, number) if way.stream else native(turn, number)


@dataclass
class Played:
    """What came of a run.

    Attributes:
        result: The result; of a run that an error ended the result that the error carries.
        error: The error.
        events: All events.
        bodies: The requests that reached the server.
    """

    result: RunResult
    error: BaseException | None = None
    events: list[RunEvent] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events if event.kind != "text"]

    @property
    def outcomes(self) -> list[str]:
        return [record.outcome for record in self.result.calls]

    @property
    def replies(self) -> list[str]:
        return [message["content"] for message in self.result.messages if message["role"] == "tool"]


def play(way: Way, turns: Sequence[Turn | Reply], tools: Sequence[Any], question: Any = "Go.", **options: Any) -> Played:
    """Run a conversation in which the server answers these turns, the last again and again."""
    heard: list[RunEvent] = []
    options = {"model": "m", "on_event": heard.append, "stream": way.stream, **options}
    replies = [
        turn if isinstance(turn, Answer | Stream | Raw) else reply(turn, number, way) for number, turn in enumerate(turns)
    ]
    error: BaseException | None = None
    result: RunResult | None = None
    with Upstream(*replies) as upstream:
        try:
            result = run_at(way, upstream.url, question, tools, options)
        except BaseException as caught:
            error, result = caught, adapter.run_of(caught)
            if result is None:
                raise
        assert result is not None
        check_history(result.messages)
        return Played(result, error, heard, upstream.bodies)


def run_at(way: Way, url: str, question: Any, tools: Sequence[Any], options: dict[str, Any]) -> RunResult:
    if not way.asynchronous:
        with OpenAI(base_url=url, api_key="key", max_retries=0) as client:
            return adapter.run_tools(adapter.wrap(client) if way.wrapped else client, question, tools, **options)

    async def inner() -> RunResult:
        async with AsyncOpenAI(base_url=url, api_key="key", max_retries=0) as client:
            return await adapter.arun_tools(adapter.wrap(client) if way.wrapped else client, question, tools, **options)

    return asyncio.run(inner())


class Clock:
    """A clock in place of the module `time`."""

    def __init__(self) -> None:
        self.time = 1000.0

    def monotonic(self) -> float:
        return self.time


def check_history(messages: Sequence[dict[str, Any]]) -> None:
    """Every call is answered once, right behind its message, in order, and nothing else is answered."""
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert waiting, message
            assert message["tool_call_id"] == waiting.pop(0)
            assert isinstance(message["content"], str)
        else:
            assert waiting == [], "a call without a result"
            waiting = [call["id"] for call in message.get("tool_calls") or ()]
            assert all(isinstance(json.loads(call["function"]["arguments"]), dict) for call in message.get("tool_calls") or ())
    assert waiting == [], "a call without a result"
    json.dumps(messages).encode()
