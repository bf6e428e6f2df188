"""Calls as JSON after a marker, or as the whole answer: what is a call, what is text, and the same at any split."""

from __future__ import annotations

import json
from dataclasses import dataclass
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adapter
from adapter import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.dialects.registry import load
from adapter.dialects.templates import names
from adapter.events import ArgumentsDelta, CallFinished
from adapter.options import make_options
from adapter.tools.definitions import read_tools
from tests.support.tiers import few_or_all, rest_are_proofs

TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("f", "get_weather", "functions.x-y")
]
MINE = [name for name in names() if load(name).syntax == "bare_json"]
F, G = ("f", '{"a": 1}'), ("get_weather", "{}")


@dataclass(frozen=True)
class Case:
    id: str
    text: str
    calls: tuple[tuple[str, str], ...] = ()
    content: str | None = None
    problems: tuple[str, ...] = ()
    dialect: str = "llama-3.1"
    finish: str = "stop"


def text(id_: str, said: str, **more: Any) -> Case:
    return Case(id_, said, content=said, **more)


CALL = '{"name": "f", "parameters": {"a": 1}}'
ARGS = '{"name": "f", "arguments": {"a": 1}}'
CASES = [
    Case("parameters", CALL, (F,)),
    Case("arguments", ARGS, (F,)),
    Case("tool_name", '{"tool_call_id": "0", "tool_name": "f", "parameters": {"a": 1}}', (F,)),
    Case("a list", f'[{CALL}, {{"name": "get_weather"}}]', (F, G)),
    Case("semicolons", f'{CALL}; {{"name": "get_weather"}}', (F, G)),
    Case("lines", f'{CALL}\n{{"name": "get_weather", "parameters": {{}}}}\n', (F, G)),
    Case("a semicolon at the end", f"{CALL};", (F,)),
    Case("in a fence", f"```json\n{CALL}\n```", (F,)),
    Case("white space around it", f"\n\n  {CALL}\n", (F,)),
    Case("a token after it", f"{CALL}<|eom_id|>", (F,)),
    Case("a turn header before it", f"<|start_header_id|>assistant<|end_header_id|>\n\n{CALL}", (F,)),
    Case("invalid arguments are a call's all the same", '{"name": "f", "parameters": [1]}', (("f", "[1]"),), problems=("invalid_arguments",)),
    Case("a comma too many", '{"name": "f", "parameters": {"a": 1,}}', (F,), problems=("repaired",)),
    Case("a marker inside a string", '{"name": "f", "parameters": {"a": "<|python_tag|>{"}}', (("f", '{"a": "<|python_tag|>{"}'),)),
    text("a tool that is not offered", '{"name": "Bob", "parameters": {"age": 3}}'),
    text("JSON of another form", '{"capital": "Paris"}'),
    text("JSON without a name", '{"parameters": {}}'),
    text("nothing in it", "{}"),
    text("text after it", f"{CALL} is how one calls it."),
    text("text before it", f"Call {CALL}"),
    text("a list with something else in it", f"[{CALL}, 5]"),
    Case("cut off", '{"name": "f", "parameters": {"a": "Par', content="", problems=("cut",), finish="length"),
    text("cut off before its name", '{"name": "ge', finish="length"),
    text("cut off, of no tool", '{"name": "Bob", "parameters": {"a', finish="length"),
    Case("after a marker", f"<|python_tag|>{CALL}", (F,)),
    Case("text before a marker", f"Hm. <|python_tag|>{CALL}", (F,), "Hm. "),
    Case("text after a marker's call", f"<|python_tag|>{CALL} Done.", (F,), "Done."),
    Case("a marker each", f"<|python_tag|>{CALL}<|python_tag|>{ARGS}", (F, F)),
    Case("a marker each and semicolons", f"<|python_tag|>{CALL}; <|python_tag|>{ARGS}", (F, F)),
    text("code after a marker", "<|python_tag|>print(1)"),
    Case("a marker's call cut off", f"Hm.<|python_tag|>{CALL[:-3]}", content="Hm.", problems=("cut",), finish="length"),
    Case("a marker's call unreadable", "<|python_tag|>{f: g(1)} Hm.", content="<|python_tag|>{f: g(1)} Hm.", problems=("unreadable",)),
    Case("Mistral's list", f"[TOOL_CALLS][{ARGS}]</s>", (F,), dialect="mistral-v3"),
    Case("Mistral's list, blanks and words around", f"Hm.[TOOL_CALLS] [{ARGS}] Ok.", (F,), "Hm. Ok.", dialect="mistral-v3"),
    Case("Mistral's marker twice", f"[TOOL_CALLS][{ARGS}][TOOL_CALLS][{ARGS}]", (F, F), dialect="mistral-v3"),
    Case("Mistral's list without its marker", f"[{ARGS}]", (F,), dialect="mistral-v3"),
    Case("a result that the model invents", f"[TOOL_CALLS][{ARGS}][TOOL_RESULTS]x[/TOOL_RESULTS]", (F,), problems=("invented_result",), dialect="mistral-v3"),
    text("Mistral's marker and words", "[TOOL_CALLS] not json", dialect="mistral-v3"),
    text("a list of words", "[TOOL] is a list", dialect="mistral-v3"),
    Case("Phi's tokens", f"<|tool_call|>[{ARGS}]<|/tool_call|>", (F,), dialect="phi-4-mini"),
    Case("Phi's closing token is missing", f"<|tool_call|>[{ARGS}]", (F,), dialect="phi-4-mini"),
    Case("Phi's word", f"functools[{ARGS}]", (F,), dialect="phi-4-mini"),
    text("Phi's word in prose", f"import functools [{ARGS}]", dialect="phi-4-mini"),
    Case("Granite's text marker", f"<tool_call>[{ARGS}]", (F,), dialect="granite-3"),
    Case("xLAM", f"[{ARGS}]", (F,), dialect="xlam-2"),
]  # fmt: skip
ALL = [pytest.param(case, id=f"{case.dialect}: {case.id}") for case in CASES]


def parsed(case: Case, pieces: list[str], *, incremental: bool) -> Any:
    parser = CompletionParser.for_rules(
        Rules(read_tools(TOOLS), incremental=incremental), make_options({"dialect": case.dialect})
    )
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close(case.finish)
    found = assemble(events, case.finish)
    for event in events:
        if isinstance(event, CallFinished) and incremental:
            sent = "".join(part.text for part in events if isinstance(part, ArgumentsDelta) and part.index == event.index)
            assert sent == found.tool_calls[event.index].arguments
    calls = tuple((call.name, call.arguments) for call in found.tool_calls)
    return calls, found.content, tuple(problem.kind for problem in found.problems)


@pytest.mark.parametrize("case", ALL)
def test_whole_and_in_pieces(case: Case) -> None:
    expected = (case.calls, case.content, case.problems)
    for incremental in (False, True):
        assert parsed(case, [case.text], incremental=incremental) == expected
        assert parsed(case, list(case.text), incremental=incremental) == expected
        for place in range(1, len(case.text)):
            assert parsed(case, [case.text[:place], case.text[place:]], incremental=incremental) == expected


def test_its_own_form_is_no_recovery() -> None:
    found = adapter.parse(CALL, tools=TOOLS, dialect="llama-3.1", recover=False)
    assert (len(found.tool_calls), found.problems) == (1, ())


def test_with_tool_choice_none_it_is_text() -> None:
    parser = CompletionParser(TOOLS, tool_choice="none", dialect="llama-3.1")
    assert assemble(parser.feed(CALL) + parser.close(), "stop").content == CALL


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
ARGUMENTS = st.dictionaries(st.text(), VALUES, max_size=4)


@pytest.mark.parametrize("dialect", [*MINE, *(name for name in names() if name.startswith("mistral"))])
@settings(max_examples=few_or_all(10, 60), deadline=None)
@given(
    calls=st.lists(st.tuples(st.sampled_from(["f", "get_weather", "functions.x-y"]), ARGUMENTS), min_size=1, max_size=3),
    size=st.integers(1, 9),
)
def test_what_is_written_is_read(dialect: str, calls: list[tuple[str, Any]], size: int) -> None:
    found = load(dialect)
    written = found.assistant("", [found.tool_call(name, arguments) for name, arguments in calls])
    pieces = [written[start : start + size] for start in range(0, len(written), size)]
    for incremental in (False, True):
        read, content, problems = parsed(Case("", "", dialect=dialect), pieces, incremental=incremental)
        assert [(name, json.loads(arguments)) for name, arguments in read] == calls
        assert (content, problems) == (None, ())


HOSTILE = [
    "[",
    "{",
    "[{",
    "`",
    "<|python_",
    "[TOOL_",
    '{"name": "',
    ' {"name": "f"',
    "\n",
    '"',
    '\\"',
    "]",
    "}",
    ";",
    CALL + ";",
    "<",
]


def cost(dialect: str, text: str) -> float:
    """Seconds of work for a completion that comes a character at a time."""
    parser = CompletionParser(TOOLS, dialect=dialect)
    before = process_time()
    for character in text:
        parser.feed(character)
    parser.close("length")
    return process_time() - before


def grows_with_the_length(dialect: str, start: str, piece: str) -> bool:
    """Whether eight times the length costs far less than 64 times as much; a busy machine gets more than one try."""
    short, long = start + piece * (3000 // len(piece)), start + piece * (24_000 // len(piece))
    return any(cost(dialect, long) < 30 * max(cost(dialect, short), 0.01) for _ in range(5))


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("start", rest_are_proofs(['{"name": "f", "parameters": {"a": "', "<|python_tag|>{", CALL, ""]))
def test_cost_grows_with_the_length(start: str, piece: str) -> None:
    assert grows_with_the_length("llama-3.1", start, piece)
