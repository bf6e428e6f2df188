"""Calls in braces: Gemma 4, and FunctionGemma with other markers. One table, read whole, in pieces, and while it is written."""

from __future__ import annotations

import json
import random
import re
import string
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.dialects.registry import load
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, TextDelta
from adapter.syntax import make_syntax
from adapter.syntax.braces.arguments import BracesArguments
from adapter.syntax.braces.block import CallBracesBlock
from adapter.syntax.braces.notation import BracesNotation
from adapter.syntax.contract import SyntaxSettings
from adapter.tools.definitions import read_tools
from tests.facts import test_completions, test_streaming_parser
from tests.facts.completions import Case
from tests.facts.test_streaming_parser import incremental, pieces_of
from tests.facts.tools import ANY, TOOLS, function
from tests.schema.test_validation import COERCED
from tests.support.tiers import few_positions, rest_are_proofs

OPEN, CLOSE, QUOTE = "<|tool_call>", "<tool_call|>", '<|"|>'


def call(arguments: str, name: str = "f") -> str:
    return f"{OPEN}call:{name}{{{arguments.replace('$', QUOTE)}}}{CLOSE}"


def read(case: str, text: str, *arguments: str, **more: Any) -> Case:
    return Case(case, text, tuple(("f", item) for item in arguments), **more)


def unreadable(case: str, text: str) -> Case:
    return Case(case, text, content=text, problems=("unreadable",))


CASES = (
    read("a call", call("a:$x$"), '{"a": "x"}'),
    read("no arguments", call(""), "{}"),
    read("numbers, words and their spelling", call("a:1.0,b:-3,c:1e+21,d:true,e:null"), '{"a": 1.0, "b": -3, "c": 1e+21, "d": true, "e": null}'),
    read("Python's words", call("a:True,b:None"), '{"a": true, "b": null}'),
    read("what is no number is a string", call("a:007,b:NaN,c:Paris"), '{"a": "007", "b": "NaN", "c": "Paris"}', problems=("repaired",)),
    read("nested", call("a:{b:[1,[$x$],{c:{}}],d:[]}"), '{"a": {"b": [1, ["x"], {"c": {}}], "d": []}}'),
    read("white space", call(" a : $x$ , b :\n[ 1 , 2 ] "), '{"a": "x", "b": [1, 2]}'),
    read("white space in a string", call("a:$ x\n $"), '{"a": " x\\n "}'),
    read("an empty string", call("a:$$"), '{"a": ""}'),
    read("keys that begin with a bracket", call("a:{)\tb:1,)=:2,):3}"), '{"a": {")\\tb": 1, ")=": 2, ")": 3}}'),
    read("keys with spaces", call("a b:1,c-d.e:2"), '{"a b": 1, "c-d.e": 2}'),
    read("keys with quotes", call('"a:b":1,$c:d$:2'), '{"a:b": 1, "c:d": 2}'),
    read("strings as JSON has them", call('a:"x\\n\\"y\\""'), '{"a": "x\\n\\"y\\""}'),
    read("a trailing comma", call("a:1,"), '{"a": 1}'),
    read("quotes, braces and commas in a string", call('a:$x,y} "q" {z]$,b:1'), '{"a": "x,y} \\"q\\" {z]", "b": 1}'),
    read("markers in a string", call(f"a:$ {OPEN}call:g{{}}{CLOSE} $"), json.dumps({"a": f" {OPEN}call:g{{}}{CLOSE} "})),
    read("unicode", call("a:$é 🌸 \u2028$"), '{"a": "é 🌸 \u2028"}'),
    read("smaller than", call("a:$<b <|$,c:x<y"), '{"a": "<b <|", "c": "x<y"}', problems=("repaired",)),
    read("several calls", call("a:1") + call("a:2"), '{"a": 1}', '{"a": 2}'),
    read("several calls in one block", f"{OPEN}call:f{{a:1}}call:f{{a:2}}{CLOSE}", '{"a": 1}', '{"a": 2}'),
    read("text around and between", f"A {call('')} b {call('')} c", "{}", "{}", content="A  b  c"),
    read("text after a block that was not closed", f"{OPEN}call:f{{}} then", "{}", content="then"),
    read("a doubled opening marker", OPEN + call(""), "{}"),
    read("white space after the opening marker", call("").replace("call:", " \n call:"), "{}"),
    read("the next opening marker in place of the closing one", f"{OPEN}call:f{{}}{call('a:1')}", "{}", '{"a": 1}'),
    read("a token in place of the closing marker", f"{OPEN}call:f{{}}<turn|>", "{}"),
    read("the end in place of the closing marker", f"{OPEN}call:f{{a:1}}", '{"a": 1}'),
    read("another closing marker", f"{OPEN}call:f{{}}</tool_call>b", "{}", content="b", problems=("repaired",)),
    read("another closing marker, of its own kind", f"{OPEN}call:f{{}}<tool_response|>b", "{}", content="b", problems=("repaired",)),
    read("a brace too few", f"{OPEN}call:f{{a:{QUOTE}x{QUOTE}{CLOSE}", '{"a": "x"}', problems=("repaired",)),
    read("a brace too few after a number", f"{OPEN}call:f{{a:1{CLOSE}", '{"a": 1}', problems=("repaired",)),
    read("a brace too few after a word", f"{OPEN}call:f{{a:x{CLOSE}", '{"a": "x"}', problems=("repaired", "repaired")),
    read("a brace too many", f"{OPEN}call:f{{a:1}}}}{CLOSE}", '{"a": 1}', problems=("repaired",)),
    read("an invented result", call("") + "<|tool_response>response:f{value:1}<tool_response|>A", "{}", content="A", problems=("invented_result",)),
    read("a stray closing marker", f"A{CLOSE}", content="A"),
    read("stray tokens of the reasoning", "<|channel><|channel>thought\nHm<channel|>A<channel|>", content="A", reasoning="Hm"),
    read("reasoning twice", "<|channel>thought\nHm<channel|>A<|channel>thought\n<channel|>", content="A", reasoning="Hm"),
    read("reasoning again, with words", "A <|channel>thought\nHm<channel|> b", content="A  b", reasoning="Hm"),
    read("reasoning again, with a call", f"<|channel>thought\nHm<channel|>A<|channel>thought\n{call('')}<channel|>b", content="Ab", reasoning=f"Hm\n{call('')}"),
    read("reasoning after a call", f"{call('')}<|channel>thought\nHm<channel|>A", "{}", content="A", reasoning="Hm"),
    read("reasoning", f"<|channel>thought\nHm, {call('')}.\n<channel|>{call('')}", "{}", reasoning=f"Hm, {call('')}."),
    Case("a marker in prose", f"{OPEN} opens, {CLOSE} closes", content=f"{OPEN} opens, {CLOSE} closes"),
    Case("a marker in backticks", f"`{OPEN}`", content=f"`{OPEN}`"),
    unreadable("no braces", f"{OPEN}call:f{CLOSE}"),
    unreadable("no name", f"{OPEN}call:{{a:1}}{CLOSE}"),
    unreadable("words for a name", f"{OPEN}call:f and g{{a:1}}{CLOSE}"),
    unreadable("no value", call("a:")),
    unreadable("no key", call(":1")),
    unreadable("words without a key", call("a:1,b")),
    unreadable("two brackets too few", f"{OPEN}call:f{{a:{{b:[1{CLOSE}"),
    unreadable("nested too deeply", call("a:" + "[" * 200 + "]" * 200)),
    unreadable("a quote and a brace missing", call("a:$x").replace("}", "")),
    Case("a quote and a brace missing, and a call after it", call("a:$x").replace("}", "") + call("a:$y$"), (("f", '{"a": "y"}'),), call("a:$x").replace("}", ""), problems=("unreadable",)),
    *(
        Case(f"cut after {text[-9:]!r}", text.replace("$", QUOTE), problems=("cut",), finish="length")
        for text in (OPEN, f"{OPEN}call:", f"{OPEN}call:f", f"{OPEN}call:f{{", f"{OPEN}call:f{{a:$x", f"{OPEN}call:f{{a:$x$", f"{OPEN}call:f{{a:[1,")
    ),
    read("cut in the second call", f"{call('')}{OPEN}call:f{{a:1", "{}", problems=("cut",), finish="length"),
    Case("cut in a marker", "A <|tool_c", content="A <|tool_c", finish="length"),
    read("cut in the closing marker", f"{OPEN}call:f{{a:1}}<tool_", '{"a": 1}', finish="length"),
)  # fmt: skip

REPAIRED = {"problems": ("repaired",)}
TWICE = {"problems": ("repaired", "repaired")}
MALFORMED = {"problems": ("malformed",)}
# Slips of real models: a string token missing or one too many, other quotes, other brackets.
SLIPS = (
    read("no opening token", call("a:x y$"), '{"a": "x y"}', **REPAIRED),
    read("no opening token, before a member", call("a: x y$,b:1"), '{"a": "x y", "b": 1}', **REPAIRED),
    read("no opening token, a number", call("a:3$"), '{"a": "3"}', **REPAIRED),
    read("no opening token, commas", call("a:x, y, z$,b:3"), '{"a": "x, y, z", "b": 3}', **REPAIRED),
    read("no opening token, a comma at the end", call("a:x,$"), '{"a": "x,"}', **REPAIRED),
    read("no opening token, brackets", call("a:f(x[0]) {}$"), '{"a": "f(x[0]) {}"}', **REPAIRED),
    read("no opening token, twice in a list", call("a:[x$,y z$]"), '{"a": ["x", "y z"]}', **REPAIRED),
    read("no opening token, once in a list", call("a:[$x$,y$]"), '{"a": ["x", "y"]}', **REPAIRED),
    read("no opening token, nested", call("a:{b:x$,c:y, z$}"), '{"a": {"b": "x", "c": "y, z"}}', **REPAIRED),
    read("no opening token, nor the last brace", call("a:x$").replace("}", ""), '{"a": "x"}', **TWICE),
    read("no tokens, commas", call("a:x, y,b:$z$"), '{"a": "x, y", "b": "z"}', **REPAIRED),
    read("no closing token", call("a:$x"), '{"a": "x"}', **REPAIRED),
    read("no closing token, a call after it", call("a:$x") + call("a:$y$"), '{"a": "x"}', '{"a": "y"}', **REPAIRED),
    read("no closing token, a token after it", call("a:$x") + "<eos>", '{"a": "x"}', **REPAIRED),
    read("no closing token, in a list", call("a:[$x]"), '{"a": ["x"]}', **REPAIRED),
    read("no closing token, nested, white space", call("a:{b:[$x ] }\n"), '{"a": {"b": ["x "]}}', **REPAIRED),
    read("no closing token, braces in the string", call("a:$f() { x[1] }"), '{"a": "f() { x[1] }"}', **REPAIRED),
    read("no closing token, only braces", call("a:$}}}"), '{"a": "}}}"}', **REPAIRED),
    read("a call in a string", call(f"a:$ {OPEN}call:g{{b:1}}{CLOSE}{OPEN}call:g{{}}{CLOSE}$"), json.dumps({"a": f" {OPEN}call:g{{b:1}}{CLOSE}{OPEN}call:g{{}}{CLOSE}"})),
    read("a closing marker and text in a string", call(f"a:$x}}{CLOSE} y$"), json.dumps({"a": f"x}}{CLOSE} y"})),
    read("two opening tokens", call("a:$$x$"), '{"a": "x"}', **REPAIRED),
    read("two closing tokens", call("a:$x$$,b:1"), '{"a": "x", "b": 1}', **REPAIRED),
    read("single quotes", call("a:'x',b:$y$"), '{"a": "x", "b": "y"}', **REPAIRED),
    read("single quotes, with marks and quotes", call("a:'x,y} \"z\"',b:['x','y']"), '{"a": "x,y} \\"z\\"", "b": ["x", "y"]}', **REPAIRED),
    read("single quotes, escapes", call(r"a:'it\'s\n'"), '{"a": "it\'s\\n"}', **REPAIRED),
    read("single quotes, an apostrophe", call("a:'it's, well',b:1"), '{"a": "it\'s, well", "b": 1}', **TWICE),
    read("single quotes, and a closing token", call("a:'x'$"), '{"a": "x"}', **TWICE),
    read("single quotes, none at the end", call("a:'x"), '{"a": "x"}', **TWICE),
    read("double quotes, and a closing token", call('a:"x"$,b:1'), '{"a": "x", "b": 1}', **REPAIRED),
    read("double quotes, quotes inside", call('a:"say "x", y",b:1'), '{"a": "say \\"x\\", y", "b": 1}', **REPAIRED),
    read("double quotes, none at the end", call('a:["x]'), '{"a": ["x"]}', **REPAIRED),
    read("a key in single quotes", call("'a':1"), '{"a": 1}', **REPAIRED),
    read("a key without its opening token", call("a$:1"), '{"a": 1}', **REPAIRED),
    read("round brackets", call("a:$x$").replace("{", "(").replace("}", ")"), '{"a": "x"}', **REPAIRED),
    read("round brackets, as in Python", call("a=$(x)$, b='y', c=[1], d=True").replace("{", "(").replace("}", ")"), '{"a": "(x)", "b": "y", "c": [1], "d": true}', problems=("repaired",) * 3),
    read("round brackets, no closing token", call("a:$x").replace("{", "(").replace("}", ")"), '{"a": "x"}', **TWICE),
    read("round brackets, no opening token", call("a:x (y)$").replace("{", "(").replace("}", ")"), '{"a": "x (y)"}', **TWICE),
    read("round brackets around braces", call("a:1").replace("{", "({").replace("}", "})"), '{"a": 1}', problems=("repaired",) * 3),
    read("one round bracket", call("a:1").replace("{", "("), '{"a": 1}', **REPAIRED),
    read("an equals sign", call("a:$x$,b=\"y\""), '{"a": "x", "b": "y"}', **REPAIRED),
    read("an equals sign, numbers and lists", call("a=1,b = [x$],c={d='y'}"), '{"a": 1, "b": ["x"], "c": {"d": "y"}}', problems=("repaired",) * 3),
    read("an equals sign in a key", call("a=b:1,\"c=d\":2"), '{"a=b": 1, "c=d": 2}'),
    read("a token in the middle of a string", call("a:$x $ y$"), json.dumps({"a": f"x {QUOTE} y"}), **MALFORMED),
    read("no closing token in the middle", call("a:$x,b:$y$"), json.dumps({"a": f"x,b:{QUOTE}y"}), **MALFORMED),
    read("a token in the middle of a word", call("a:x $ y"), json.dumps({"a": f"x {QUOTE} y"}), problems=("malformed", "repaired")),
    read("two values", call("a:$x${}"), json.dumps({"a": f"x{QUOTE}{{}}"}), problems=("malformed", "repaired")),
    read("single quotes, a token in place of the last", call("a:'x$"), json.dumps({"a": f"x{QUOTE}"}), problems=("malformed", "repaired")),
    read("commas in a list without opening tokens", call("a:[x, y$]"), '{"a": ["x", "y"]}', problems=("malformed", "repaired", "repaired")),
    unreadable("a key without its closing token", call("$a:1")),
    unreadable("no closing token, a tool that is not offered", call("a:$x").replace("call:f", "call:g")),
)  # fmt: skip
CASES += SLIPS


SPACES = {
    "after a sentence": ("Let me look. ", "Let me look."),
    "after a question and several": ("Shall I?\n\n", "Shall I?"),
    "after a quoted sentence": ('"Yes." ', '"Yes."'),
    "in a sentence": ("Let me look ", "Let me look "),
    "in a sentence, several": ("Let me\n\n", "Let me\n\n"),
    "after a number": ("at 5 ", "at 5 "),
    "after a comma": ("Well, ", "Well, "),
    "after a colon": ("Like this: ", "Like this:"),
    "in a sentence without spaces": ("我来查一下 ", "我来查一下 "),
    "nothing before": (" ", None),
}


@pytest.mark.parametrize(("text", "content"), SPACES.values(), ids=SPACES)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_the_space_before_a_call_is_kept_in_a_sentence(text: str, content: str | None, size: int) -> None:
    """A rule of this dialect alone, made of two cases of the board."""
    parser, answer = adapter.CompletionParser(TOOLS, dialect="gemma-4"), text + call("")
    pieces = [answer[at : at + size] for at in range(0, len(answer), size)]
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close()
    assert assemble(events, "stop").content == content
    other = adapter.parse(
        text + call("").replace(OPEN, "<start_function_call>").replace(CLOSE, "<end_function_call>"),
        TOOLS,
        dialect="functiongemma",
    )
    assert other.content == (text.rstrip() or None)


def spoken(case: Case, dialect: str) -> Case:
    """The case in a dialect."""
    own = {OPEN: "<start_function_call>", CLOSE: "<end_function_call>", QUOTE: "<escape>", "<turn|>": "<end_of_turn>"}
    swaps = own if dialect == "functiongemma" else {}

    def swap(text: str) -> str:
        for old, new in swaps.items():
            text = text.replace(old, new).replace(json.dumps(old)[1:-1], new)
        return text

    found = tuple((name, swap(arguments)) for name, arguments in case.calls)
    content = None if case.content is None else swap(case.content)
    return replace(case, text=swap(case.text), calls=found, content=content, options={"dialect": dialect})


GEMMA = [pytest.param(spoken(case, "gemma-4"), id=case.id) for case in CASES]
# Those that hold no other marker, nor a part of one.
BARE = [
    case
    for case in CASES
    if not re.search(r"<\||<tool", re.sub("|".join(map(re.escape, (OPEN, CLOSE, QUOTE, "<turn|>"))), "", case.text))
]
FUNCTION = [pytest.param(spoken(case, "functiongemma"), id=f"functiongemma, {case.id}") for case in BARE]


@pytest.mark.parametrize("case", GEMMA + FUNCTION)
def test_read(case: Case) -> None:
    for check in (test_completions.check, test_streaming_parser.check):
        check(case, [case.text])
        check(case, list(case.text))
        for seed in range(5):
            check(case, pieces_of(case.text, str(seed), 9))


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", GEMMA)
def test_two_pieces_at_every_position(case: Case) -> None:
    for position in few_positions(case.text):
        test_streaming_parser.check(case, [case.text[:position], case.text[position:]])


def test_strings_leave_as_they_come() -> None:
    parser = incremental([ANY], dialect="gemma-4")
    assert [type(event) for event in parser.feed(f"{OPEN}call:f{{a:{QUOTE}on")][:2] == [CallStarted, ArgumentsDelta]
    assert parser.feed("e tw") == [ArgumentsDelta(0, "e tw")]
    assert parser.feed("o <|") == [ArgumentsDelta(0, "o ")]
    assert parser.feed("|>") == [ArgumentsDelta(0, "<||>")]


def test_values_are_coerced_by_the_schema() -> None:
    text = call("city:Paris,days:$3$", "get_weather")
    for pieces in ([text], list(text)):
        parser = incremental(TOOLS, dialect="gemma-4")
        events = [event for piece in pieces for event in parser.feed(piece)] + parser.close()
        sent = "".join(event.text for event in events if isinstance(event, ArgumentsDelta))
        assert sent == '{"city": "Paris", "days": 3}'


def told_of(arguments: str, schema: Any, sizes: int = 1) -> tuple[list[str], CallFinished]:
    """The pieces of the arguments that left before the block ended, and the finished call."""
    parser = incremental([function("f", {"v": schema, "w": {"type": "string"}})], dialect="gemma-4")
    text = call(arguments)
    events = [event for at in range(0, len(text), sizes) for event in parser.feed(text[at : at + sizes])] + parser.close()
    early = [event.text for event in events[:-1] if isinstance(event, ArgumentsDelta)]
    finished = [event for event in events if isinstance(event, CallFinished)]
    assert "".join(early) == finished[0].arguments
    return early, finished[0]


@pytest.mark.parametrize(("schema", "before", "after"), COERCED)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_is_coerced_in_json_is_coerced_in_braces(schema: Any, before: str, after: str, size: int) -> None:
    value = json.loads(before)
    written = BracesNotation(QUOTE).text(value) if isinstance(value, str) else before
    _, finished = told_of(f"v:{written},w:$é$", schema, size)
    assert (finished.arguments, finished.valid) == (f'{{"v": {after}, "w": "é"}}', True)


INTEGER = {"type": "integer"}
# The pieces behind `{"v": `.
GATED = {
    "a string for a number is held, and leaves as a number": ("v:$5$,w:$x$", INTEGER, ["5", ', "w": "', "x", '"}']),
    "a string that is no number is handed on when it is complete": ("v:$xy$,w:$x$", INTEGER, ['"xy"', ', "w": "', "x", '"}']),
    "elements of a list": ("v:[$5$,6]", {"items": INTEGER}, ["[", "5", ", 6]", "}"]),
    "a value that becomes a list holds back the rest": ("v:$5$,w:$x$", {"type": "array"}, ['["5"], "w": "x"}']),
    "text that may be a number is held as long": (
        "v:$5 words$",
        {"anyOf": [{"const": "all"}, INTEGER]},
        ['"5 w', *"ords", '"}'],
    ),
}


@pytest.mark.parametrize(("arguments", "schema", "pieces"), GATED.values(), ids=GATED)
def test_the_schema_tells_what_leaves_early(arguments: str, schema: Any, pieces: list[str]) -> None:
    early, _ = told_of(arguments, schema)
    head = '"v": ' if pieces[0] != "[" else '"v": ['  # an opening bracket leaves with its key
    assert early == ["{", head, *(pieces if pieces[0] != "[" else pieces[1:])]


def test_nothing_is_coerced_where_that_is_switched_off() -> None:
    tools = read_tools([function("f", {"v": {"type": "integer"}})])
    options = adapter.Options(dialect="gemma-4", coerce=False)
    parser = CompletionParser.for_rules(Rules(tools, incremental=True), options)
    events = [event for character in call("v:$5$") for event in parser.feed(character)]
    assert "".join(event.text for event in events if isinstance(event, ArgumentsDelta)) == '{"v": "5"}'


WORDS = st.text(string.ascii_letters + string.digits + " _-.é", min_size=1, max_size=12).map(str.strip).filter(bool)
TEXTS = st.text(max_size=30) | st.sampled_from(["", OPEN, CLOSE, "<tool_call|", "true", "3", '"', "}", ",", "\\", "<|", '<|"'])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}


@given(st.lists(st.dictionaries(WORDS, VALUES, max_size=4), min_size=1, max_size=3), st.sampled_from(["gemma-4", "functiongemma"]), st.booleans(), st.integers(0, 2**32))  # fmt: skip
def test_what_is_written_is_read_back(made: list[dict[str, Any]], dialect: str, typed: bool, seed: int) -> None:
    tools = [
        {"type": "function", "function": {"name": f"f{place}", "parameters": {
            "type": "object", "properties": {key: {"type": TYPES[type(value)]} for key, value in arguments.items()},
        } if typed else {}}}
        for place, arguments in enumerate(made)
    ]  # fmt: skip
    text = "".join(load(dialect).tool_call(f"f{place}", arguments) for place, arguments in enumerate(made))
    whole = adapter.parse(text, tools=tools, dialect=dialect)
    assert whole.problems == ()
    assert [(found.name, json.loads(found.arguments)) for found in whole.tool_calls] == [
        (f"f{n}", item) for n, item in enumerate(made)
    ]
    parser = incremental(tools, dialect=dialect)
    events = [event for piece in pieces_of(text, str(seed), 20) for event in parser.feed(piece)] + parser.close()
    for place, found in enumerate(whole.tool_calls):
        sent = "".join(event.text for event in events if isinstance(event, ArgumentsDelta) and event.index == place)
        assert sent == found.arguments


HOSTILE = {
    "markers": "<|tool_call>call:", "halves": "<|tool_", "quotes": f"{QUOTE} x", "closers": f"{QUOTE}}}{CLOSE}", "smaller": "<",
    "blocks without a quote": f"{CLOSE}{OPEN}call:f{{a:{QUOTE}x}}", "colons": ":", "white space": " ", "brackets": "[", "commas": ",",
}  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "begun",
    rest_are_proofs([f"{OPEN}call:f{{a:{QUOTE}", f"{OPEN}call:f{{a:", f'{OPEN}call:f{{"', f"{OPEN}call:f{{}}", ""]),
)
def test_work_grows_with_the_text_and_no_faster(unit: str, begun: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in characters handed to the readers, a character at a time: each is seen a bounded number of times."""
    seen = 0

    def counted(method: Any) -> Any:
        def feed(self: Any, text: str, position: int) -> Any:
            nonlocal seen
            seen += len(text) - position
            return method(self, text, position)

        return feed

    monkeypatch.setattr(CallBracesBlock, "feed", counted(CallBracesBlock.feed))
    monkeypatch.setattr(BracesArguments, "feed", counted(BracesArguments.feed))

    def work(size: int) -> int:
        nonlocal seen
        seen = 0
        parser = adapter.CompletionParser(dialect="gemma-4")
        for character in begun + (unit * size)[:size]:
            parser.feed(character)
        parser.close()
        return seen

    assert work(8000) <= 5 * work(2000) + 10_000  # the short way through a string takes a thousand deltas at a time


def test_a_form_that_is_not_whole_is_told() -> None:
    with pytest.raises(adapter.DialectError, match=r"call_braces.*call, quote"):
        make_syntax("call_braces", SyntaxSettings(OPEN, CLOSE, form={"call": "call:"}))


def test_random_text_is_read_the_same_at_any_split() -> None:
    pieces = [
        OPEN,
        CLOSE,
        QUOTE,
        "call:f",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "a",
        "1",
        " ",
        "<",
        '"',
        "=",
        "'",
        "(",
        ")",
        "x y",
        "<turn|>",
        "<|channel>thought",
        "<channel|>",
        "\\",
    ]
    chance = random.Random(7)
    for _ in range(400):
        text = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 25)))
        if chance.random() < 0.5:
            text = f"{OPEN}call:f{{a:{text}"
        expected = told(text, [text])
        assert told(text, list(text)) == told(text, pieces_of(text, text, 6)) == expected


def told(text: str, pieces: list[str]) -> Any:
    parser = adapter.CompletionParser([ANY], dialect="gemma-4", new_id=lambda: "id")
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close("stop")
    assert test_completions.accounted(events) == test_completions.accounted([TextDelta(text)])
    found = assemble(events, "stop")
    return found.content, found.reasoning, found.tool_calls, [(problem.kind, problem.raw) for problem in found.problems]
