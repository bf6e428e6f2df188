"""Requests with random faults on every wire: an answer or an error that says what is wrong, never a failure of ours (behaviour 9.3)."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from adapter.errors import AdapterError
from adapter.exchange import opener
from adapter.exchange.protocol import Exchange, Read, Reply, Run, UpstreamRequest
from adapter.gateway.settings import FOR_AGENTS
from adapter.options import make_options
from adapter.store import MemoryStore
from tests.gateway.test_messages import ASKED, REQUESTS, TOOLS
from tests.gateway.test_openai_wires import CHAT_TOOLS, FLAT_TOOLS, call
from tests.support.loopback import DONE, chunk, completion, event
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from collections.abc import Iterator

JUNK: list[Any] = [
    None, True, 0, -1, 1.5, "", "x", [], {}, [None], [[]], {"type": "x"}, {"type": None}, [{"type": "text"}], {"a": {"b": 1}},
    10**30, "\ud800", "auto", "tool", ["x"], {"type": "tool", "name": "weather"}, {"content": 1},
]  # fmt: skip
KEYS = ["type", "content", "name", "input", "id", "source", "text", "is_error"]
FULL: dict[str, Any] = {
    "model": "m", "max_tokens": 9, "messages": ASKED, "tools": TOOLS, "tool_choice": {"type": "tool", "name": "weather"},
    "thinking": {"type": "enabled", "budget_tokens": 5}, "metadata": {"user_id": "x"}, "stop_sequences": ["a"], "stream": True,
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}, "effort": "low"},
    "system": [{"type": "text", "text": "x"}],
}  # fmt: skip
CHAT: dict[str, Any] = {
    "model": "m", "tools": CHAT_TOOLS, "tool_choice": "auto", "stream": True,
    "messages": [*ASKED, {"role": "assistant", "content": None, "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "Rain."}]}],
}  # fmt: skip
ITEMS: dict[str, Any] = {
    "model": "m", "tools": FLAT_TOOLS, "stream": True, "tool_choice": {"type": "function", "name": "weather"},
    "text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}},
    "input": [{"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
              {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
              {"type": "function_call", "call_id": "c", "name": "weather", "arguments": "{}"},
              {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "Rain."}]}],
}  # fmt: skip
MESSAGES = [{"model": "m", "max_tokens": 9, "messages": ASKED, **given} for given, _ in REQUESTS.values()]
BASES: list[tuple[str, dict[str, Any]]] = [
    *(("/v1/messages", body) for body in [*MESSAGES, *[FULL] * 6]),
    *(("/v1/messages/count_tokens", body) for body in MESSAGES[:4]),
    *[("/v1/chat/completions", CHAT), ("/v1/responses", ITEMS)] * 5,
]
SAID = "I look. " + call({"city": "Oslo"})
PIECES = [event(chunk({"content": SAID})), event(chunk({}, "stop")) + DONE, b""]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def spoilt(chance: random.Random, body: dict[str, Any]) -> dict[str, Any]:
    """A copy with one to three faults."""
    found = copy.deepcopy(body)
    for _ in range(chance.choice([1, 1, 2, 3])):
        *before, last = chance.choice([*places(found)] or [("model",)])
        inner: Any = found
        for key in before:
            inner = inner[key]
        kind = chance.random()
        if kind < 0.7 or last not in (inner if isinstance(inner, dict) else range(len(inner))):
            inner[last] = copy.deepcopy(chance.choice(JUNK))
        elif kind < 0.85:
            del inner[last]
        elif isinstance(inner, dict):
            inner[chance.choice(KEYS)] = copy.deepcopy(chance.choice(JUNK))
        else:
            inner.append(copy.deepcopy(chance.choice(JUNK)))
    return found


def driven(exchange: Exchange) -> int:
    """Drive an exchange as a shell does. Returns the status of its answer."""
    answer: Any = None
    pieces: list[bytes] = []
    while True:
        try:
            command = exchange.send(answer)
        except StopIteration as done:
            return 200 if done.value is None else int(done.value.status)
        answer = None
        if isinstance(command, UpstreamRequest):
            json.dumps(command.body)
            pieces = [*PIECES]
            events, whole = [("content-type", "text/event-stream")], json.dumps(completion(SAID).body).encode()
            answer = Reply(200, events) if command.stream else Reply(200, [], whole)
        elif isinstance(command, Read):
            answer = pieces.pop(0)
        elif isinstance(command, Run):
            answer = command.action()


@pytest.mark.both_tiers
def test_random_faults() -> None:
    for native in ("never", "auto"):
        options = make_options({**FOR_AGENTS, "native": native, "store": MemoryStore()})
        open_exchange = opener(options, lambda _: None, lambda: 0.0)
        chance = random.Random(native)
        statuses = set()
        for number in range(few_or_all(60, 5000)):
            path, body = chance.choice(BASES)
            wrong = spoilt(chance, body)
            try:
                exchange = open_exchange(path, wrong)
                status = 0 if exchange is None else driven(exchange)
            except AdapterError as error:
                status = error.status
            except Exception as error:
                raise AssertionError(f"{native}, request {number} to {path}: {json.dumps(wrong)}") from error
            assert status < 500, (path, wrong)
            statuses.add(status)
        assert {200, 400} <= statuses
