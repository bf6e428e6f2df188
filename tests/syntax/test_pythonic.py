"""Calls in Python's notation: what is a call, what is text, and the same at any split."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.dialects.registry import load
from adapter.dialects.templates import names
from adapter.syntax.python.call import PythonCall, read_python_call
from tests.support.tiers import few_or_all, few_positions, rest_are_proofs
from tests.syntax.test_bare_json import VALUES, Case, assert_linear_by_character, parsed, text

MINE = [name for name in names() if load(name).syntax == "pythonic"]
F, G = ("f", '{"a": 1}'), ("get_weather", "{}")
OPEN, CLOSE = "<|python_start|>", "<|python_end|>"
LFM_OPEN, LFM_CLOSE = "<|tool_call_start|>", "<|tool_call_end|>"
LLAMA: dict[str, Any] = {"dialect": "llama-4"}
LFM: dict[str, Any] = {"dialect": "lfm2"}
JSON = '{"name": "f", "arguments": {"a": 1}}'

CASES = [
    Case("a list", "[f(a=1), get_weather()]", (F, G), **LLAMA),
    Case("over several lines", "[\n  f(\n    a=1,\n  ),\n  get_weather()\n]\n", (F, G), **LLAMA),
    Case("in a fence", "```python\n[f(a=1)]\n```", (F,), **LLAMA),
    Case("a token after it", "[f(a=1)]<|eot|>", (F,), **LLAMA),
    Case("between markers", f"{OPEN}[f(a=1)]{CLOSE}", (F,), **LLAMA),
    Case("between markers, no list", f"{OPEN}f(a=1)\nget_weather(){CLOSE}", (F, G), **LLAMA),
    Case("text around markers", f"Hm.{OPEN}[f(a=1)]{CLOSE}Done.", (F,), "Hm.Done.", **LLAMA),
    Case("the closing marker is missing", f"{OPEN}[f(a=1)]", (F,), **LLAMA),
    Case("the closing marker is missing, text follows", f"{OPEN}[f(a=1)] Done.", (F,), "Done.", **LLAMA),
    Case("two blocks", f"{OPEN}[f(a=1)]{CLOSE}{OPEN}[get_weather()]{CLOSE}", (F, G), **LLAMA),
    Case("the marker again in place of the closing one", f"{OPEN}[f(a=1)]{OPEN}[get_weather()]{CLOSE}", (F, G), **LLAMA),
    Case("markers and brackets in strings", f"{OPEN}[f(a='{CLOSE}) ]', b=\"]){OPEN}\")]{CLOSE}", (("f", f'{{"a": "{CLOSE}) ]", "b": "]){OPEN}"}}'),), **LLAMA),
    Case("three quotes", '[f(a="""x "y" \'z\'\n]""")]', (("f", '{"a": "x \\"y\\" \'z\'\\n]"}'),), **LLAMA),
    Case("empty strings", "[f(a='', b=\"\")]", (("f", '{"a": "", "b": ""}'),), **LLAMA),
    Case("escapes", r"[f(a='it\'s \u00e9 \\')]", (("f", '{"a": "it\'s é \\\\"}'),), **LLAMA),
    Case("a raw newline in a string", "[f(a='x\ny')]", (("f", '{"a": "x\\ny"}'),), problems=("repaired",), **LLAMA),
    Case("a name with other characters", "[functions.x-y(a=1)]", (("functions.x-y", '{"a": 1}'),), **LLAMA),
    Case("a list each", "[f(a=1)]\n[get_weather()]", (F, G), **LLAMA),
    text("a list and another thing", "[f(a=1)][1]", **LLAMA),
    text("a list with another thing in it", "[f(a=1), 5]", **LLAMA),
    text("a tool that is not offered", "[sorted(key=1)]", **LLAMA),
    text("text after it", "[f(a=1)] is how one calls it.", **LLAMA),
    text("a link", "[f](a) is a link", **LLAMA),
    text("a list", "[1, 2]", **LLAMA),
    text("positional arguments", "[f(1)]", **LLAMA),
    text("a call inside", "[f(a=open('x'))]", **LLAMA),
    text("one of them is none", "[f(a=1), f(2)]", **LLAMA),
    Case("cut off", "[f(a=1), get_weather(city='Par", content="", problems=("cut",), finish="length", **LLAMA),
    text("cut off, of no tool", "[sorted(key='x", finish="length", **LLAMA),
    Case("cut off between markers", f"{OPEN}[f(a=1), get_weather(city='Par", (F,), problems=("cut",), finish="length", **LLAMA),
    Case("unreadable between markers", f"{OPEN}[f(x)]{CLOSE}", content=f"{OPEN}[f(x)]{CLOSE}", problems=("unreadable",), **LLAMA),
    text("code after a marker", f"{OPEN}1 + 1{CLOSE}", **LLAMA),
    Case("LFM2", "Hm.<|tool_call_start|>[f(a=1)]<|tool_call_end|>Done.", (F,), "Hm.Done.", dialect="lfm2"),
    Case("JSON between markers", f"{LFM_OPEN}{JSON}{LFM_CLOSE}", (F,), **LFM),
    Case("a list of JSON between markers", f"{LFM_OPEN}[{JSON}, {JSON}]{LFM_CLOSE}", (F, F), **LFM),
    Case("JSON between markers, text around", f"Hm.{LFM_OPEN}\n{JSON}\n{LFM_CLOSE}Done.", (F,), "Hm.Done.", **LFM),
    Case("JSON between other markers", f"{OPEN}{JSON}{CLOSE}", (F,), **LLAMA),
    Case("broken JSON between markers", f"{LFM_OPEN}{JSON[:-1]}{LFM_CLOSE}", (F,), problems=("repaired",), **LFM),
    Case("JSON and no call between markers", f"{LFM_OPEN}{{}}{LFM_CLOSE}", content=f"{LFM_OPEN}{{}}{LFM_CLOSE}", problems=("unreadable",), **LFM),
    Case("an apostrophe", f"{LFM_OPEN}[f(a='it's ok')]{LFM_CLOSE}", (("f", '{"a": "it\'s ok"}'),), problems=("repaired",), **LFM),
    Case("apostrophes and other values", f"{LFM_OPEN}[f(a='it's John's', b=1, c=['don't', \"it's\"])]{LFM_CLOSE}", (("f", '{"a": "it\'s John\'s", "b": 1, "c": ["don\'t", "it\'s"]}'),), problems=("repaired",), **LFM),
    Case("an apostrophe, an escape and a newline", f"{LFM_OPEN}[f(a='it's\\n ok\n')]{LFM_CLOSE}", (("f", '{"a": "it\'s\\n ok\\n"}'),), problems=("repaired",), **LFM),
    Case("an apostrophe without markers", "[f(a='it's ok'), get_weather()]", (("f", '{"a": "it\'s ok"}'), G), problems=("repaired",), **LLAMA),
    Case("an apostrophe in another dialect", "[f(a='it's ok')]<end_of_turn>", (("f", '{"a": "it\'s ok"}'),), problems=("repaired",), dialect="gemma-3"),
    Case("an apostrophe behind a word", f"{LFM_OPEN}[f(a='the dogs' bowl')]{LFM_CLOSE}", content=f"{LFM_OPEN}[f(a='the dogs' bowl')]{LFM_CLOSE}", problems=("unreadable",), **LFM),
    Case("an apostrophe behind a word, text after it", f"{LFM_OPEN}[f(a='the dogs' bowl')]{LFM_CLOSE} So.", content=f"{LFM_OPEN}[f(a='the dogs' bowl')]{LFM_CLOSE} So.", problems=("unreadable",), **LFM),
    Case("a quote missing, and a call after it", f"{LFM_OPEN}[f(a='x)]{LFM_CLOSE}{LFM_OPEN}[f(a=1)]{LFM_CLOSE}", (F,), f"{LFM_OPEN}[f(a='x)]{LFM_CLOSE}", problems=("unreadable",), **LFM),
    Case("a call in a string", f"{LFM_OPEN}[f(a='{LFM_OPEN}[g()]{LFM_CLOSE}{LFM_OPEN}')]{LFM_CLOSE}", (("f", f'{{"a": "{LFM_OPEN}[g()]{LFM_CLOSE}{LFM_OPEN}"}}'),), **LFM),
    Case("two strings beside each other", f"{LFM_OPEN}[f(a='x' 'y')]{LFM_CLOSE}", content=f"{LFM_OPEN}[f(a='x' 'y')]{LFM_CLOSE}", problems=("unreadable",), **LFM),
    Case("a doubled opening marker", f"{LFM_OPEN}{LFM_OPEN}[f(a=1)]{LFM_CLOSE}{LFM_CLOSE}", (F,), problems=("markup",), **LFM),
    Case("a doubled opening marker, white space", f"{OPEN} {OPEN}\n[f(a=1)]{CLOSE}", (F,), problems=("markup",), **LLAMA),
    Case("a doubled opening marker before JSON", f"{LFM_OPEN}{LFM_OPEN}{JSON}{LFM_CLOSE}", (F,), problems=("markup",), **LFM),
    Case("a stray closing marker", f"Hello{LFM_CLOSE}", content="Hello", **LFM),
    Case("reasoning", f"<think>Hm.</think>Done.{LFM_OPEN}[f(a=1)]{LFM_CLOSE}", (F,), "Done.", **LFM),
    Case("a call in reasoning", f"<think>{LFM_OPEN}[f(a=1)]{LFM_CLOSE}?</think>No.", content="No.", **LFM),
    Case("a call in reasoning that goes on", f"<think>{LFM_OPEN}[f(a=1)]{LFM_CLOSE}?", **LFM),
    Case("ToolACE", "[f(a=1)]", (F,), dialect="toolace"),
    Case("Gemma", "[f(a=1)]<end_of_turn>", (F,), dialect="gemma-3"),
]  # fmt: skip
ALL = [pytest.param(case, id=f"{case.dialect}: {case.id}") for case in CASES]


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", ALL)
def test_whole_and_in_pieces(case: Case) -> None:
    expected = (case.calls, case.content, case.problems)
    for incremental in (False, True):
        assert parsed(case, [case.text], incremental=incremental) == expected
        assert parsed(case, list(case.text), incremental=incremental) == expected
        for place in few_positions(case.text):
            assert parsed(case, [case.text[:place], case.text[place:]], incremental=incremental) == expected


VALUES_READ = [
    ("a=1.0, b=-2, c=1e5, d=9007199254740993", '{"a": 1.0, "b": -2, "c": 1e5, "d": 9007199254740993}'),
    ("a=True, b=False, c=None", '{"a": true, "b": false, "c": null}'),
    ("a=true, b=false, c=null", '{"a": true, "b": false, "c": null}'),
    ("a=[1, {'k': [2, 3]}]", '{"a": [1, {"k": [2, 3]}]}'),
    ("a=('x')", '{"a": "x"}'),
    ("from='x', class=1, None=2", '{"from": "x", "class": 1, "None": 2}'),
    ("**{'user-id': 1}, _limit=5", '{"user-id": 1, "_limit": 5}'),
    ("a='in=1, from=2'", '{"a": "in=1, from=2"}'),
    ("a='\0'", '{"a": "\\u0000"}'),
    (r"a='\d+'", r'{"a": "\\d+"}'),
    ("a=0x10, b=1_000", '{"a": 16, "b": 1000}'),
]
NOT_READ = ["1", "a=b", "a=1+1", "a='x' + 'y'", "a='x' * 3", "a='x' 'y'", "a='x'\"y\"", "a='x' r'y'", "a=['x' 'y']", "a={'x' 'y': 1}", "a='x' # so\n'y'", "a=(1, 2)", "a=[(1, 2)]", "a=()", "a='x' if 1 else 'y'", "a='x'if 1 else'y'", "a='x'.upper()", "a='%s' % 1", "a=1+2j", "a=set()", "a=f()", "a=f'{x}'", "a=b'x'", "a=1j", "a=...", "a={1, 2}", "a={1: 2}", "a=1, a=2", "*[1]", "**x", "a=", "a=not 1", "a=[" * 300 + "]" * 300]  # fmt: skip


def call_of(text: str) -> PythonCall:
    return read_python_call(text, 0, len(text))


@pytest.mark.parametrize(("inside", "arguments"), VALUES_READ)
def test_values(inside: str, arguments: str) -> None:
    assert call_of(f"f({inside})")[:3] == ("f", arguments, False)


@pytest.mark.parametrize("inside", NOT_READ)
def test_what_is_no_literal_is_no_call(inside: str) -> None:
    assert call_of(f"f({inside})").arguments is None


@pytest.mark.parametrize("dialect", MINE)
@settings(max_examples=few_or_all(15, 60), deadline=None)
@given(
    calls=st.lists(
        st.tuples(st.sampled_from(["f", "get_weather", "functions.x-y"]), st.dictionaries(st.text(), VALUES, max_size=4)),
        min_size=1,
        max_size=3,
    ),
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


HOSTILE = ["[", "(", "f(", "`", "<|python_", "'", '"', '"""', "\\", "]", ")", "a", "\n", "<", "f(a=1),", "a=1,"]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("start", rest_are_proofs(["[f(a='", "[f(", f"{OPEN}[", ""]))
def test_cost_grows_with_the_length(start: str, piece: str) -> None:
    assert_linear_by_character("llama-4", start, piece)
