"""Members before the name of a call in JSON: numbers, words, strings and objects, sound and broken, at every size of deltas."""

from __future__ import annotations

import pytest

from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.events import ArgumentsDelta, CallFinished, CallStarted
from adapter.options import make_options
from adapter.tools.definitions import read_tools
from tests.support.tiers import few_or_all, few_positions

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "f",
            "parameters": {"type": "object", "properties": {"text": {"type": "string"}, "n": {"type": "number"}}},
        },
    }
]
FRAMES = {
    "llama-3.1": "<|python_tag|>{}",
    "granite-3": "<|tool_call|>[{}]",
    "mistral-v3": "[TOOL_CALLS][{}]",
    "phi-4-mini": "<|tool_call|>[{}]<|/tool_call|>",
    "hermes": "<tool_call>\n{}\n</tool_call>",
    "smollm2": "<tool_call>[{}]</tool_call>",
    "xlam-2": "[{}]",
}
CALL = '"name": "f", "arguments": {"text": "x", "n": 5}}'
PAYLOADS = {
    "number": '{"id": 1, ' + CALL,
    "negative with an exponent": '{"id": -1.5e3, ' + CALL,
    "word": '{"ok": true, ' + CALL,
    "two numbers": '{"a": 1, "b": 2, ' + CALL,
    "number and string": '{"a": 1, "type": "function", ' + CALL,
    "string": '{"type": "function", ' + CALL,
    "object": '{"meta": {"a": 1}, ' + CALL,
    "number behind": '{"name": "f", "arguments": {"text": "x"}, "id": 7}',
    "no comma behind a number": '{"id": 1 ' + CALL,
    "no comma behind a word": '{"ok": null ' + CALL,
    "no quotes around the key": '{"id": 1, name: "f", "arguments": {"text": "x"}}',
    "a number for the name": '{"name": 7, "mode": 3}',
    "the name twice": '{"id": 1, "name": "f", "name": "f", "arguments": {"text": "x"}}',
    "cut behind a number": '{"id": 1 ',
    "cut in a key behind a number": '{"id": 1, "na',
}
Reading = tuple[object, ...]


def read(dialect: str, pieces: list[str], *, incremental: bool) -> Reading:
    rules = Rules(read_tools(TOOLS), incremental=incremental)
    parser = CompletionParser.for_rules(rules, make_options({"dialect": dialect, "new_id": lambda: "call_0"}))
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close("stop")
    parsed = assemble(events, "stop")
    started = {event.index: "" for event in events if isinstance(event, CallStarted)}
    for event in events:
        if isinstance(event, ArgumentsDelta):
            started[event.index] += event.text
    for event in events:
        if isinstance(event, CallFinished):
            assert started[event.index] == event.arguments
    calls = [(call.name, call.arguments, call.valid) for call in parsed.tool_calls]
    return parsed.content, calls, [(problem.kind, problem.raw) for problem in parsed.problems]


@pytest.mark.both_tiers
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("dialect", FRAMES)
def test_any_deltas_give_the_same(dialect: str, payload: str) -> None:
    text = FRAMES[dialect].replace("{}", payload)
    for incremental in (False, True):
        whole = read(dialect, [text], incremental=incremental)
        for size in few_or_all((1, 3, 11), range(1, 12)):
            pieces = [text[start : start + size] for start in range(0, len(text), size)]
            assert read(dialect, pieces, incremental=incremental) == whole, size
        for cut in few_positions(text, 6):
            assert read(dialect, [text[:cut], text[cut:]], incremental=incremental) == whole, cut


@pytest.mark.parametrize("dialect", [name for name in FRAMES if name != "xlam-2"])  # without a marker the first key decides
@pytest.mark.parametrize("name", [name for name in PAYLOADS if "cut" not in name and "the name" not in name])
def test_the_call_is_read(dialect: str, name: str) -> None:
    content, calls, _ = read(dialect, [FRAMES[dialect].replace("{}", PAYLOADS[name])], incremental=False)
    assert content is None
    assert [call[0] for call in calls] == ["f"]  # type: ignore[attr-defined]
