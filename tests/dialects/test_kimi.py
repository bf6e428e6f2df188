"""Kimi's calls: names within ids that count the calls of a conversation. Each case whole and a character at a time."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adapter
from adapter import CompletionParser, Options
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.dialects.registry import load
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Problem
from adapter.exchange import preview
from adapter.options import make_options
from adapter.tools.definitions import read_tools
from tests.facts.tools import WEATHER
from tests.support.growth import assert_linear
from tests.support.tiers import few_positions, rest_are_proofs

if TYPE_CHECKING:
    from collections.abc import Callable

DIALECTS = ["kimi-k2", "kimi-k2.5", "kimi-k2.5-json"]
OPEN, CLOSE = "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"
CALL, ARGUMENTS, END = "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>"


def one(call_id: str, arguments: str) -> str:
    return f"{CALL}{call_id}{ARGUMENTS}{arguments}{END}"


def section(*calls: str) -> str:
    return f"{OPEN}{''.join(calls)}{CLOSE}"


F0, F1 = one("functions.f:0", '{"a": 1}'), one("functions.f:1", '{"a": 2}')


def read(
    pieces: list[str], finish_reason: str = "stop", *, incremental: bool = False, taken: tuple[str, ...] = ()
) -> tuple[list[tuple[str, str, str]], str, list[str]]:
    """Calls with their ids, content, and kinds of problems."""
    new_ids = iter(f"new {number}" for number in range(9))
    options = Options(dialect="kimi-k2.5", new_id=lambda: next(new_ids))
    rules = Rules(read_tools([]), incremental=incremental, taken=frozenset(taken))
    parser = CompletionParser.for_rules(rules, options)
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close(finish_reason)
    ids = {event.index: event.id for event in events if isinstance(event, CallStarted)}
    calls = [(ids[event.index], event.name, event.arguments) for event in events if isinstance(event, CallFinished)]
    content = assemble(events, finish_reason).content or ""
    return calls, content, [event.kind for event in events if isinstance(event, Problem)]


SPELLINGS = ("functions_f:0", "call_f_0", "f_12", "functions.functions.f:3", "tool.f-1", "FUNCTION:f:0")
OTHERS = ("nof_1", "f_g:0", "f1", "g_0", "call:0")


@pytest.mark.parametrize("spelling", [*SPELLINGS, *OTHERS])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_an_id_of_another_spelling_names_the_tool_where_one_fits(spelling: str, size: int) -> None:
    tools = [{"type": "function", "function": {"name": name, "parameters": {}}} for name in ("f", "h")]
    text = section(one(spelling, '{"a": 1}'), F1)
    parser = CompletionParser(tools, dialect="kimi-k2", new_id=lambda: "new")
    events = [event for at in range(0, len(text), size) for event in parser.feed(text[at : at + size])] + parser.close()
    found = assemble(events, "stop")
    first, second = found.tool_calls
    assert (second.name, second.id) == ("f", "functions.f:1")
    assert (first.name == "f", first.id) == (spelling in SPELLINGS, "new")
    assert [problem.kind for problem in found.problems] == ["markup" if spelling in SPELLINGS else "unknown_tool"]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "content"), [(f"A b{CLOSE}", "A b"), (f"{CLOSE}A b", f"{CLOSE}A b"), (f"A {CLOSE} b", f"A {CLOSE} b")]
)
def test_a_stray_end_of_a_section_is_no_content_at_the_end(text: str, content: str, size: int) -> None:
    parser = CompletionParser([], dialect="kimi-k2")
    events = [event for at in range(0, len(text), size) for event in parser.feed(text[at : at + size])] + parser.close()
    assert assemble(events, "stop").content == content


CASES = [
    ("one", section(F0), [("functions.f:0", "f", '{"a": 1}')], ""),
    ("two", section(F0, F1), [("functions.f:0", "f", '{"a": 1}'), ("functions.f:1", "f", '{"a": 2}')], ""),
    ("the same id twice", section(F0, F0), [("functions.f:0", "f", '{"a": 1}'), ("new 0", "f", '{"a": 1}')], ""),
    ("no prefix", section(one("f:0", "{}")), [("new 0", "f", "{}")], ""),
    ("no number", section(one("functions.f", "{}")), [("new 0", "f", "{}")], ""),
    ("nothing but a name", section(one("f", "{}")), [("new 0", "f", "{}")], ""),
    ("a name with dots and colons", section(one("functions.a.b:c:12", "{}")), [("functions.a.b:c:12", "a.b:c", "{}")], ""),
    ("blanks around the id", section(one(" functions.f:0 ", " {} ")), [("functions.f:0", "f", "{}")], ""),
    ("no arguments", section(one("functions.f:0", "")), [("functions.f:0", "f", "{}")], ""),
    ("markers in a string", section(one("functions.f:0", json.dumps({"a": f"{END} {CLOSE} {OPEN}{CALL}</think>"}))),
     [("functions.f:0", "f", json.dumps({"a": f"{END} {CLOSE} {OPEN}{CALL}</think>"}))], ""),
    ("words around", f"Hm. {section(F0)} Well.", [("functions.f:0", "f", '{"a": 1}')], "Hm.  Well."),
    ("words in the section", f"Hm. {OPEN} so {F0}{CLOSE}", [("functions.f:0", "f", '{"a": 1}')], "Hm. "),
    ("an empty section", f"Hm. {OPEN}{CLOSE}", [], "Hm. "),
    ("no section", F0, [("functions.f:0", "f", '{"a": 1}')], ""),
    ("no end of the section", f"{OPEN}{F0}", [("functions.f:0", "f", '{"a": 1}')], ""),
    ("another spelling", f"<|tool_call_section_begin|>{F0}<|tool_call_section_end|>", [("functions.f:0", "f", '{"a": 1}')], ""),
    ("a section in the thinking", f"<think>I call{section(F0)}", [("functions.f:0", "f", '{"a": 1}')], ""),
    ("a token at the end", f"{section(F0)}<|im_end|>", [("functions.f:0", "f", '{"a": 1}')], ""),
    ("a section that is none", f"A {OPEN} begins it.", [], f"A {OPEN} begins it."),
]  # fmt: skip


@pytest.mark.both_tiers
@pytest.mark.parametrize(("text", "calls", "content"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_what_models_write(text: str, calls: Any, content: str) -> None:
    for incremental in (False, True):
        whole = read([text], incremental=incremental)
        assert whole[:2] == (calls, content)
        assert read(list(text), incremental=incremental) == whole
        for place in few_positions(text):
            assert read([text[:place], text[place:]], incremental=incremental) == whole


def test_an_id_of_the_history_is_not_used_again() -> None:
    calls, _, _ = read([section(F0, F1)], taken=("functions.f:0",))
    assert [call_id for call_id, _, _ in calls] == ["new 0", "functions.f:1"]


@pytest.mark.parametrize("place", range(len(OPEN), len(OPEN + F0) - len(END)))
def test_cut_off(place: int) -> None:
    """The call before stands; of a call whose JSON is complete only the markers are missing."""
    text = OPEN + F0 + F1[: place - len(OPEN)]
    json_begins = len(F1) - len(END) - len('{"a": 2}')
    for pieces in ([text], list(text)):
        calls, content, problems = read(pieces, "length")
        assert content == ""
        assert [call_id for call_id, _, _ in calls] == ["functions.f:0"]
        assert ("cut" in problems) == (place - len(OPEN) >= len(CALL)) or place - len(OPEN) < json_begins


ASK = {"role": "user", "content": "Go."}


def history(*ids: str) -> list[dict[str, Any]]:
    function = {"name": "get_weather", "arguments": '{"city": "Rome"}'}
    made = [{"id": call_id, "type": "function", "function": function} for call_id in ids]
    results = [{"role": "tool", "tool_call_id": call_id, "content": f"of {call_id}"} for call_id in reversed(ids)]
    return [{"role": "assistant", "content": None, "tool_calls": made}, *results]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_calls_of_the_history_are_counted(dialect: str) -> None:
    plain = adapter.render([ASK, *history("x", "call_7"), *history("functions.get_weather:0")], [WEATHER], dialect=dialect)
    assert plain[0]["name"] == "tool_declare"
    results = [(message["tool_call_id"], message["content"]) for message in plain if message["role"] == "tool"]
    assert results == [
        ("functions.get_weather:0", "of x"),
        ("functions.get_weather:1", "of call_7"),
        ("functions.get_weather:2", "of functions.get_weather:0"),
    ]
    written = "".join(message["content"] for message in plain if message["role"] == "assistant")
    assert [call.id for call in adapter.parse(written, dialect=dialect).tool_calls] == [call_id for call_id, _ in results]


def test_a_raw_completion_shows_the_same_ids() -> None:
    body = {"model": "kimi-k2.5", "messages": [ASK, *history("x")], "tools": [WEATHER]}
    options = make_options({"dialect": "kimi-k2.5", "upstream": "completions", "chat_template": "kimi-k2.5"})
    prompt = preview(body, options, time.time)["prompt"]
    assert f"<think></think>{OPEN}{CALL}functions.get_weather:0{ARGUMENTS}" in prompt
    assert "<|im_system|>tool<|im_middle|>## Return of functions.get_weather:0\nof x<|im_end|>" in prompt


TYPESCRIPT = """# Tools

## functions
namespace functions {
// a point
interface P {
  // maximum: 9, minimum: 0
  x?: number
}
// One

// two
type f = (_: {
  b: string | null,
  p: P,
  // minItems: 1
  Z?: Array<
    // it
    // minLength: 2
    string
  >,
  // Default: "q"
  a?: number | string,
  d?: any,
  m?: {
    [k: string]: number
  },
  n?: 1 | "a",
  // Default: True
  t?: boolean,
  [k: string]: never
}) => any;
type g = (_: {}) => any;
}
"""


def test_tools_as_typescript() -> None:
    """What the reference renderings do not hold: definitions, unions, limits, defaults."""
    point = {"type": "object", "description": "a point", "properties": {"x": {"type": "number", "minimum": 0, "maximum": 9}}}
    properties = {
        "p": {"$ref": "#/$defs/P"},
        "b": {"type": ["string", "null"]},
        "a": {"anyOf": [{"type": "integer"}, {"type": "string"}], "default": "q"},
        "Z": {"type": "array", "items": {"type": "string", "description": "it", "minLength": 2}, "minItems": 1},
        "m": {"type": "object", "additionalProperties": {"type": "integer"}},
        "n": {"enum": [1, "a"]},
        "d": {},
        "t": {"type": "boolean", "default": True},
    }
    schema = {"type": "object", "$defs": {"P": point}, "properties": properties, "required": ["p", "b"]}
    function = {"name": "f", "description": "One\n\ntwo", "parameters": {**schema, "additionalProperties": False}}
    tools = [{"type": "function", "function": function}, {"type": "function", "function": {"name": "g"}}]
    assert adapter.system_prompt(tools, dialect="kimi-k2.5") == TYPESCRIPT


TEXTS = st.text(max_size=20) | st.lists(st.sampled_from([OPEN, CLOSE, CALL, ARGUMENTS, END, '"', "\\", "}"]), max_size=4).map("".join)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.text("abcXYZ019_.:/-", min_size=1, max_size=20)


@settings(deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.dictionaries(TEXTS, JSON, max_size=3)), min_size=1, max_size=3),
    st.sampled_from(DIALECTS),
    st.integers(0, 2**32),
)
def test_what_is_written_is_read_back(calls: Any, dialect: str, seed: int) -> None:
    found = load(dialect)
    written = [found.tool_call(name, arguments, f"functions.{name}:{place}") for place, (name, arguments) in enumerate(calls)]
    text = found.assistant("Hm. ", written)
    chance = random.Random(seed)
    cuts = sorted(chance.randint(0, len(text)) for _ in range(9))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    expected = [
        (f"functions.{name}:{place}", name, json.dumps(arguments, ensure_ascii=False))
        for place, (name, arguments) in enumerate(calls)
    ]
    for given_pieces in ([text], list(text), pieces):
        for incremental in (False, True):
            assert read(given_pieces, incremental=incremental) == (expected, "Hm. ", [])


@pytest.mark.parametrize("bit", [" ", "<|", OPEN, CALL, END, "a", "{", "functions.f:0" + ARGUMENTS])
@pytest.mark.parametrize(
    "before",
    rest_are_proofs([f'{OPEN}{CALL}f{ARGUMENTS}{{"a": "', OPEN, OPEN + CALL, OPEN + CALL + "functions.f:0" + ARGUMENTS, ""]),
)
def test_cost_grows_with_the_length(bit: str, before: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        pieces = list(before + bit * (size // len(bit)))
        return lambda: read(pieces, incremental=True)

    assert_linear(prepare, 1_000)


def test_arguments_leave_while_they_are_written() -> None:
    parser = CompletionParser.for_rules(Rules(read_tools([]), incremental=True), Options(dialect="kimi-k2"))
    events = [
        event
        for piece in (OPEN + CALL + "functions.f:0" + ARGUMENTS, '{"a": "x', "y", '"}', END)
        for event in parser.feed(piece)
    ]
    assert [event.text for event in events if isinstance(event, ArgumentsDelta)] == ['{"a": "x', "y", '"}']
