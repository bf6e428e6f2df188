"""Calls as JSON after a marker, or as the whole answer: what is a call, what is text, and the same at any split."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
from tests.support.growth import assert_linear
from tests.support.tiers import few_or_all, few_positions, rest_are_proofs

if TYPE_CHECKING:
    from collections.abc import Callable

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


NEAR: dict[str, Any] = {"problems": ("near_call",)}


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
    Case("a brace too many", CALL + "}", (F,), problems=("repaired",)),
    Case("braces too many", CALL + "}}\n}", (F,), problems=("repaired",)),
    Case("a bracket too many", f"[{CALL}]]", (F,), problems=("repaired",)),
    Case("a brace too many and a token", CALL + "}<|eot_id|>", (F,), problems=("repaired",)),
    Case("a brace too many after a marker", f"<|python_tag|>{CALL}}}", (F,), problems=("repaired",)),
    Case("a list's bracket missing", f"[{CALL}", (F,), problems=("repaired",)),
    Case("a list cut off", f'[{CALL}, {{"name": "f", "par', (F,), problems=("cut",), finish="length"),
    Case("a list cut off, and said to be done", f'[{CALL}, {{"name": "f", "par', (F,), problems=("cut",)),
    Case("a list cut off after a comma", f"[{CALL},", (F,), problems=("cut",), finish="length"),
    Case("lines cut off", f'{CALL}\n{{"name": "f", "par', (F,), problems=("cut",), finish="length"),
    Case("a marker's list cut off", f'<|python_tag|>[{CALL}, {{"name": "f", "par', (F,), problems=("cut",), finish="length"),
    text("a list cut off, with another tool", f'[{{"name": "Bob", "parameters": {{}}}}, {CALL}', finish="length", **NEAR),
    Case("a call that ends too early", '{"name": "f", "parameters": {"a": "Par', content="", problems=("cut",)),
    Case("a name twice", '{"name": "x", "name": "f", "parameters": {"a": 1}}', (F,), problems=("repaired",)),
    Case("args", '{"name": "f", "args": {"a": 1}}', (F,), problems=("repaired",)),
    Case("Python's list", "[f(a=1)]", (F,), problems=("recovered",)),
    text("a tool that is not offered", '{"name": "Bob", "parameters": {"age": 3}}', **NEAR),
    text("JSON of another form", '{"capital": "Paris"}'),
    text("JSON without a name", '{"parameters": {}}'),
    text("nothing in it", "{}"),
    text("text after it", f"{CALL} is how one calls it.", **NEAR),
    text("text before it", f"Call {CALL}", **NEAR),
    text("a list with something else in it", f"[{CALL}, 5]", **NEAR),
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
    Case("Mistral's list cut off", f'[TOOL_CALLS][{ARGS}, {{"name": "f", "arg', (F,), problems=("cut",), dialect="mistral-v3", finish="length"),
    Case("Mistral's list and a closing tag", f"[TOOL_CALLS][{ARGS}][/TOOL_CALLS]", (F,), dialect="mistral-v3"),
    Case("a name and JSON", '[TOOL_CALLS]f{"a": 1}', (F,), dialect="mistral-v7"),
    Case("a name and JSON, twice", 'Ok.[TOOL_CALLS] f {"a": 1}[TOOL_CALLS]f{"a": 1}', (F, F), "Ok.", dialect="mistral-v7"),
    Case("a name, a separator and JSON", '[TOOL_CALLS]f[ARGS]{"a": 1}[/TOOL_CALLS]', (F,), dialect="mistral-v7"),
    Case("a list all the same", f"[TOOL_CALLS] [{ARGS}]", (F,), dialect="mistral-v7"),
    text("words behind the marker", "[TOOL_CALLS] is f {", dialect="mistral-v7"),
    *(
        case
        for dialect in ("mistral-v11", "mistral-v13", "mistral-v15")
        for case in (
            Case("a name and JSON", '[TOOL_CALLS]f{"a": 1}', (F,), dialect=dialect),
            Case("a name and JSON, twice", 'Ok.[TOOL_CALLS]f {"a": 1}[TOOL_CALLS]f{"a": 1}', (F, F), "Ok.", dialect=dialect),
            Case("an id and no separator", '[TOOL_CALLS]f[CALL_ID]abc123DEF{"a": 1}', (F,), dialect=dialect),
            Case("with and without the separator", '[TOOL_CALLS]f[ARGS]{"a": 1}[TOOL_CALLS]f{"a": 1}', (F, F), dialect=dialect),
            Case("a list", f"[TOOL_CALLS] [{ARGS}]", (F,), dialect=dialect),
            Case("an object", f"[TOOL_CALLS]{ARGS}", (F,), dialect=dialect),
            Case("a list in a fence", f"[TOOL_CALLS]```json\n[{ARGS}]\n```", (F,), dialect=dialect),
            Case("a list cut off", f'[TOOL_CALLS][{ARGS}, {{"name": "f", "arg', (F,), problems=("cut",), finish="length", dialect=dialect),
            Case("a closing tag", '[TOOL_CALLS]f[ARGS]{"a": 1}[/TOOL_CALLS]', (F,), dialect=dialect),
            Case("a list and a closing tag", f"[TOOL_CALLS][{ARGS}][/TOOL_CALLS]", (F,), dialect=dialect),
            Case("a brace too many", '[TOOL_CALLS]f{"a": 1}}[TOOL_CALLS]f{"a": 1}', (F, F), problems=("repaired",), dialect=dialect),
            text("words behind the marker", "[TOOL_CALLS] is f {", dialect=dialect),
        )
    ),
    Case("Phi's tokens", f"<|tool_call|>[{ARGS}]<|/tool_call|>", (F,), dialect="phi-4-mini"),
    Case("Phi's closing token is missing", f"<|tool_call|>[{ARGS}]", (F,), dialect="phi-4-mini"),
    Case("Phi's word", f"functools[{ARGS}]", (F,), dialect="phi-4-mini"),
    text("Phi's word in prose", f"import functools [{ARGS}]", dialect="phi-4-mini", **NEAR),
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


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", ALL)
def test_whole_and_in_pieces(case: Case) -> None:
    expected = (case.calls, case.content, case.problems)
    for incremental in (False, True):
        assert parsed(case, [case.text], incremental=incremental) == expected
        assert parsed(case, list(case.text), incremental=incremental) == expected
        for place in few_positions(case.text):
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


def assert_linear_by_character(dialect: str, start: str, piece: str) -> None:
    """Assert linear work for ``start`` and any number of ``piece``, given a character at a time."""

    def prepare(size: int) -> Callable[[], object]:
        def work() -> None:
            parser = CompletionParser(TOOLS, dialect=dialect)
            for character in pieces:
                parser.feed(character)
            parser.close("length")

        pieces = list(start + piece * (size // len(piece)))
        return work

    assert_linear(prepare, 3_000)


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("start", rest_are_proofs(['{"name": "f", "parameters": {"a": "', "<|python_tag|>{", CALL, ""]))
def test_cost_grows_with_the_length(start: str, piece: str) -> None:
    assert_linear_by_character("llama-3.1", start, piece)
