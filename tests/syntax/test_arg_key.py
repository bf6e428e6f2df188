"""GLM's calls: keys and raw values. Each case whole, a character at a time, and cut in two at every position."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapter import CompletionParser, Options
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.dialects.registry import load
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Problem, TextDelta
from adapter.tools.definitions import read_tools
from tests.support.growth import assert_linear
from tests.support.rows import row
from tests.support.tiers import few_positions, rest_are_proofs

if TYPE_CHECKING:
    from collections.abc import Callable

DIALECTS = ["glm-4.5", "glm-4.7"]
TYPES: dict[str, Any] = {
    "text": {"type": "string"},
    "more": {"type": "string"},
    "number": {"type": "number"},
    "count": {"type": "integer"},
    "flag": {"type": "boolean"},
    "list": {"type": "array"},
    "object": {"type": "object"},
    "maybe": {"type": ["integer", "null"]},
    "note": {"type": ["string", "null"]},
}


def tool(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": properties}}}


TOOLS = [tool("f", TYPES), tool("g", {}), tool("mcp.files:read-1/x", {"text": {"type": "string"}})]


def events_of(pieces: list[str], finish_reason: str = "stop", *, incremental: bool = False, tools: Any = TOOLS) -> list[Any]:
    options = Options(dialect="glm-4.5", new_id=lambda: "call")
    parser = CompletionParser.for_rules(Rules(read_tools(tools), incremental=incremental), options)
    return [event for piece in pieces for event in parser.feed(piece)] + parser.close(finish_reason)


def read(
    pieces: list[str], finish_reason: str = "stop", *, incremental: bool = False
) -> tuple[list[tuple[str, str]], str, list[str]]:
    """Calls, content, and kinds of problems."""
    events = events_of(pieces, finish_reason, incremental=incremental)
    parsed = assemble(events, finish_reason)
    calls = [(event.name, event.arguments) for event in events if isinstance(event, CallFinished)]
    started = {event.index: event.name for event in events if isinstance(event, CallStarted)}
    sent = [""] * len(started)
    for event in events:
        if isinstance(event, ArgumentsDelta):
            sent[event.index] += event.text
    finished = {event.index for event in events if isinstance(event, CallFinished)}
    assert [(started[index], sent[index]) for index in sorted(finished)] == calls
    return calls, parsed.content or "", [event.kind for event in events if isinstance(event, Problem)]


def block(name: str, *pairs: tuple[str, str]) -> str:
    return f"<tool_call>{name}{''.join(f'<arg_key>{k}</arg_key><arg_value>{v}</arg_value>' for k, v in pairs)}</tool_call>"


def calls(name: str, **arguments: Any) -> tuple[str, str]:
    return name, json.dumps(arguments, ensure_ascii=False)


A, END = "<arg_key>text</arg_key><arg_value>", "</arg_value></tool_call>"
# In a string of JSON: what only a slip explains elsewhere.
IN_JSON = {
    "a closer and a bare key": "x</arg_value>count</arg_key> y",
    "a closer and a bare key, on lines": "x</arg_value> count </arg_key><arg_value>3",
    "a key and the opener of its value": "<arg_key>count</arg_key><arg_value>3",
    "a closer, text and a key": "x</arg_value>junk<arg_key>count</arg_key> y",
    "a misspelt closer and a key": "x</arg_val><arg_key>count</arg_key> y",
    "all of them, after an escape": '\\"</arg_value>count</arg_key><arg_key>count</arg_key><arg_value></argvalue><arg_key>flag</arg_key>',
}
GOOD = [
    *[(f"{what}, in {kind}", block("f", (kind, json.dumps(made)), ("more", "y")), [calls("f", **{kind: made}, more="y")], "")
      for what, text in IN_JSON.items() for kind, made in (("object", {"a": text}), ("list", ["b", text]), ("object", {text: 1}))],
    ("one line", block("f", ("text", "x")), [calls("f", text="x")], ""),
    ("many lines", "<tool_call>f\n<arg_key>text</arg_key>\n<arg_value>x</arg_value>\n</tool_call>", [calls("f", text="x")], ""),
    ("white space at every place", f"<tool_call> \n f \r\n\t{A}x</arg_value> \n </tool_call>", [calls("f", text="x")], ""),
    ("no arguments", "<tool_call>g</tool_call>", [calls("g")], ""),
    ("no arguments, on a line", "<tool_call>\ng\n</tool_call>", [calls("g")], ""),
    ("an empty value", block("f", ("text", "")), [calls("f", text="")], ""),
    ("a name with every character", block(TOOLS[2]["function"]["name"], ("text", "x")), [calls("mcp.files:read-1/x", text="x")], ""),
    ("several", f"{block('g')}\n{block('f', ('text', 'x'))}{block('g')}", [calls("g"), calls("f", text="x"), calls("g")], ""),
    ("text around", f"Hm.\n{block('g')} and {block('g')} Done.", [calls("g"), calls("g")], "Hm.\n and  Done."),
    ("a key in white space", block("f", (" text\n", "x")), [calls("f", text="x")], ""),
    ("white space is data", block("f", ("text", " \n x \r\n ")), [calls("f", text=" \n x \r\n ")], ""),
    ("looks like JSON", block("f", ("text", '{"a": 1}')), [calls("f", text='{"a": 1}')], ""),
    ("looks like a number", block("f", ("text", "0042"), ("more", "1_0")), [calls("f", text="0042", more="1_0")], ""),
    ("special characters", block("f", ("text", '<a b="c">&amp; \\n "q" ]]> 🦊\0')), [calls("f", text='<a b="c">&amp; \\n "q" ]]> 🦊\0')], ""),
    ("typed", block("f", ("count", "3"), ("number", "1.50"), ("flag", "True"), ("maybe", "null"), ("list", "[1, 'a']")),
     [("f", '{"count": 3, "number": 1.50, "flag": true, "maybe": null, "list": [1, "a"]}')], ""),
    ("null and None", block("f", ("note", "null"), ("maybe", "None")), [calls("f", note=None, maybe=None)], ""),
    ("none is a word", block("f", ("note", "none")), [calls("f", note="none")], ""),
    ("NONE is a word, and null beside a number", block("f", ("note", "NONE"), ("maybe", "none")), [calls("f", note="NONE", maybe=None)], ""),
    ("an unknown key", block("f", ("zzz", "3")), [calls("f", zzz="3")], ""),
    ("markers in a value", block("f", ("text", "in <tool_call> and </tool_call>; <arg_key> too, </arg_key> and </arg_value>.")),
     [calls("f", text="in <tool_call> and </tool_call>; <arg_key> too, </arg_key> and </arg_value>.")], ""),
    ("a key and a value in a value", block("f", ("text", "<arg_key>k</arg_key><arg_value>v</arg_value>!")),
     [calls("f", text="<arg_key>k</arg_key><arg_value>v</arg_value>!")], ""),
    ("half tags in a value", block("f", ("text", "</arg_valu </tool_cal <arg_ke <</arg_value <")), [calls("f", text="</arg_valu </tool_cal <arg_ke <</arg_value <")], ""),
    ("reasoning first", f"\n<think>{block('g')}</think>\n{block('g')}", [calls("g")], ""),
    ("a left-over token", f"{block('g')}<|observation|>", [calls("g")], ""),
    ("an invented result", f"{block('g')}<tool_response>\n18\n</tool_response>", [calls("g")], ""),
]  # fmt: skip
ODD = [
    ("JSON in the tags", '<tool_call>\n{"name": "f", "arguments": {"text": "</tool_call>"}}</tool_call>', [calls("f", text="</tool_call>")], "", set()),
    ("JSON after the name", '<tool_call>f>{"text": "</tool_call>"}</tool_call>', [calls("f", text="</tool_call>")], "", {"markup"}),
    ("JSON after the name, with a key's closer in a string", '<tool_call>f\n{"text":"x</arg_key>y"}</tool_call>', [("f", '{"text":"x</arg_key>y"}')], "", {"markup"}),
    ("JSON after the name, with a key's tags in a string", '<tool_call>f\n{"text":"x</arg_key><arg_key>"}\n</tool_call>', [("f", '{"text":"x</arg_key><arg_key>"}')], "", {"markup"}),
    ("JSON after the name, cut behind a key's closer", '<tool_call>f\n{"text":"x</arg_key>\\\n"', [], "", {"cut"}),
    ("JSON on the next line", '<tool_call>f\n{"text": "x",}\n</tool_call>', [calls("f", text="x")], "", {"markup", "repaired"}),
    ("two openers", f"<tool_call><tool_call>f{A}x{END}", [calls("f", text="x")], "", {"markup"}),
    ("two closers", f"{block('g')}</tool_call>", [calls("g")], "", set()),
    ("another closer", f"<tool_call>f{A}x</arg_value></tools>", [calls("f", text="x")], "", {"markup"}),
    ("a token for a closer", f"<tool_call>f{A}x</arg_value><|observation|>", [calls("f", text="x")], "", set()),
    ("no closer before the next", f"<tool_call>f{A}x</arg_value>\n{block('g')}", [calls("f", text="x"), calls("g")], "", set()),
    ("no closer after a value", f"<tool_call>f{A}x</tool_call>", [calls("f", text="x")], "", set()),
    ("no closer after a value, before the next", f"<tool_call>f{A}x</tool_call>\n{block('g')}", [calls("f", text="x"), calls("g")], "", set()),
    ("no closer after a value, before a key", f"<tool_call>f{A}x<arg_key>count</arg_key><arg_value>3{END}", [calls("f", text="x", count=3)], "", {"markup"}),
    ("no closer after a key", "<tool_call>f<arg_key>text<arg_value>x</arg_value></tool_call>", [calls("f", text="x")], "", {"markup"}),
    ("a stray closer", f"<tool_call>f{A}x</arg_value>\n<arg_key>count</arg_key></arg_key><arg_value>3{END}", [calls("f", text="x", count=3)], "", {"markup"}),
    ("a key twice", block("f", ("text", "x"), ("text", "y")), [("f", '{"text": "x", "text": "y"}')], "", set()),
    ("a key without a value", "<tool_call>f<arg_key>text</arg_key></tool_call>!", [], "<tool_call>f<arg_key>text</arg_key></tool_call>!", {"unreadable"}),
    ("two keys for a value", f"<tool_call>f<arg_key>count</arg_key>{A}x{END}", [], f"<tool_call>f<arg_key>count</arg_key>{A}x{END}", {"unreadable"}),
    ("a mention", "Use <tool_call> and </tool_call>.", [], "Use <tool_call> and </tool_call>.", set()),
    ("a mention in backticks", "Use `<tool_call>`.", [], "Use `<tool_call>`.", set()),
    ("a name in a fence", "<tool_call>```f\n</tool_call>", [], "<tool_call>```f\n</tool_call>", set()),
    ("a name in backticks", "<tool_call>`f`</tool_call>", [], "<tool_call>`f`</tool_call>", set()),
    ("a name in a fence, then one without", "<tool_call>`f\n</tool_call><tool_call>f\n</tool_call>", [("f", "{}")], "<tool_call>`f\n</tool_call>", set()),
    ("a lookalike", "<tool_calls>g</tool_calls> <tool_call x>g", [], "<tool_calls>g</tool_calls> <tool_call x>g", set()),
    ("no name", f"<tool_call>{A}x{END}", [], f"<tool_call>{A}x{END}", set()),
    ("an empty block", "<tool_call></tool_call>", [], "<tool_call></tool_call>", set()),
    # Slips with one reading.
    ("a value without its opener", f"<tool_call>f<arg_key>text</arg_key>x y{END}", [calls("f", text="x y")], "", {"repaired"}),
    ("a value without its opener, on lines", f"<tool_call>f\n<arg_key>text</arg_key>\nx y{END}", [calls("f", text="x y")], "", {"repaired"}),
    ("a number without its opener, then a key", f"<tool_call>f<arg_key>count</arg_key>3</arg_value>{A}x{END}", [calls("f", count=3, text="x")], "", {"repaired"}),
    ("a tag as the beginning of a value without its opener", f"<tool_call>f<arg_key>text</arg_key><b>x</b> y{END}", [calls("f", text="<b>x</b> y")], "", {"repaired"}),
    ("a value without opener and closer", "<tool_call>f<arg_key>text</arg_key>x y</tool_call>", [calls("f", text="x y")], "", {"repaired", "markup"}),
    ("all values without their openers", f"<tool_call>f<arg_key>count</arg_key>3</arg_value><arg_key>text</arg_key>x{END}", [calls("f", count=3, text="x")], "", {"repaired"}),
    ("text between a key and the opener of its value", f"<tool_call>f<arg_key>text</arg_key>is: <arg_value>x{END}", [calls("f", text="is: <arg_value>x")], "", {"malformed"}),
    ("a key's opener twice", f"<tool_call>f<arg_key><arg_key>text</arg_key><arg_value>x{END}", [calls("f", text="x")], "", {"repaired"}),
    ("a key's opener twice, on lines", f"<tool_call>f\n<arg_key>\n<arg_key>text</arg_key>\n<arg_value>x{END}", [calls("f", text="x")], "", {"repaired"}),
    ("a later key's opener three times", f"<tool_call>f{A}x</arg_value><arg_key><arg_key><arg_key>count</arg_key><arg_value>3{END}", [calls("f", text="x", count=3)], "", {"repaired"}),
    ("a key in two pieces", f"<tool_call>f<arg_key>te<arg_key>xt</arg_key><arg_value>x{END}", [], f"<tool_call>f<arg_key>te<arg_key>xt</arg_key><arg_value>x{END}", {"unreadable"}),
    ("a value's opener twice", f"<tool_call>f{A}<arg_value>x{END}", [calls("f", text="x")], "", {"repaired"}),
    ("a value's opener twice, on lines", f"<tool_call>f{A}\n<arg_value>x{END}", [calls("f", text="x")], "", {"repaired"}),
    ("a value's opener twice, of a number", f"<tool_call>f<arg_key>count</arg_key><arg_value><arg_value>3{END}", [calls("f", count=3)], "", {"repaired"}),
    ("a value's opener later in the value", block("f", ("text", "x <arg_value>y")), [calls("f", text="x <arg_value>y")], "", set()),
    ("a key's first opener missing", "<tool_call>f text</arg_key><arg_value>x</arg_value></tool_call>", [calls("f", text="x")], "", {"repaired"}),
    ("a key's first opener missing, on lines", f"<tool_call>f\ntext</arg_key>\n<arg_value>x{END}", [calls("f", text="x")], "", {"repaired"}),
    ("the openers of key and value missing", f"<tool_call>f text</arg_key>x y{END}", [calls("f", text="x y")], "", {"repaired"}),
    ("the marker for a key's opener", f"<tool_call>f<tool_call>text</arg_key><arg_value>x{END}", [calls("f", text="x")], "", {"repaired"}),
    ("the marker for a key's opener, on lines", f"<tool_call>f\n<tool_call>text</arg_key>\n<arg_value>x{END}", [calls("f", text="x")], "", {"repaired"}),
    ("the marker for a key's opener, in a line", f"<tool_call>f <tool_call>text</arg_key><arg_value>x{END}", [calls("f", text="x")], "", {"repaired"}),
    ("the marker for a later key's opener", f"<tool_call>f{A}x</arg_value><tool_call>count</arg_key><arg_value>3{END}", [calls("f", text="x", count=3)], "", {"repaired"}),
    ("a value's opener for a key's", f"<tool_call>f<arg_value>text</arg_key><arg_value>x{END}", [calls("f", text="x")], "", {"repaired", "markup"}),
    ("a value's closer for a key's", f"<tool_call>f<arg_key>text</arg_value><arg_value>x{END}", [calls("f", text="x")], "", {"repaired"}),
    ("another closer for a key's", f"<tool_call>f<arg_key>text</key><arg_value>x{END}", [calls("f", text="x")], "", {"repaired"}),
    ("a value's closer behind the name", "<tool_call>g</arg_value></tool_call>", [calls("g")], "", {"markup"}),
    ("a value's closer behind the name, on lines", "<tool_call>g\n</arg_value>\n</tool_call>", [calls("g")], "", {"markup"}),
    ("two closers behind the name", "<tool_call>g</arg_key></arg_value></tool_call>", [calls("g")], "", {"markup"}),
    ("a closer behind the name, then a key", f"<tool_call>f</arg_value>{A}x{END}", [calls("f", text="x")], "", {"markup"}),
    ("the next call's marker behind a call without closer", f"<tool_call>f{A}x</arg_value><tool_call>g</tool_call>", [calls("f", text="x"), calls("g")], "", {"markup"}),
    ("the marker for the closer", f"<tool_call>f{A}x</arg_value><tool_call>", [calls("f", text="x")], "", {"markup"}),
    ("no closer, and the end", f"<tool_call>f{A}x</arg_value>", [calls("f", text="x")], "", {"repaired"}),
    ("no closer, and white space", f"<tool_call>f{A}x</arg_value>\n\n", [calls("f", text="x")], "", {"repaired"}),
    ("no closer of the second call, and the end", f"{block('g')}<tool_call>f{A}x</arg_value>", [calls("g"), calls("f", text="x")], "", {"repaired"}),
    ("no closer, no opener, and the end", "<tool_call>f<arg_key>text</arg_key>x</arg_value>", [calls("f", text="x")], "", {"repaired"}),
    ("a key without a value, and the end", f"<tool_call>f{A}x</arg_value><arg_key>count</arg_key>", [], "", {"cut"}),
    ("half a key, and the end", f"<tool_call>f{A}x</arg_value><arg_key>cou", [], "", {"cut"}),
    ("a value without closer, and the end", f"<tool_call>f{A}x", [], "", {"cut"}),
    ("a name alone, and the end", "<tool_call>g", [], "", {"cut"}),
    ("words before a key's closer", "<tool_call> and so on</arg_key>", [], "<tool_call> and so on</arg_key>", set()),
    # Where a value ends.
    ("a value's closer twice", f"<tool_call>f{A}x</arg_value>{END}", [calls("f", text="x")], "", {"markup"}),
    ("a value's closer twice, then a key", f"<tool_call>f{A}x</arg_value>\n</arg_value>\n<arg_key>count</arg_key><arg_value>3{END}", [calls("f", text="x", count=3)], "", {"markup"}),
    ("a number's closer three times", f"<tool_call>f<arg_key>count</arg_key><arg_value>3</arg_value></arg_value>{END}", [calls("f", count=3)], "", {"markup"}),
    ("a closer twice where the value holds an opener", block("f", ("text", "see <arg_value>x</arg_value>")), [calls("f", text="see <arg_value>x</arg_value>")], "", set()),
    ("closers in a text", block("f", ("text", "</arg_value></arg_value> x")), [calls("f", text="</arg_value></arg_value> x")], "", set()),
    ("a whole call in a value", block("f", ("text", f"as in {block('f', ('more', 'y'), ('text', 'z'))} there")), [calls("f", text=f"as in {block('f', ('more', 'y'), ('text', 'z'))} there")], "", set()),
    ("a whole call at the end of a value", block("f", ("text", f"as in {block('f', ('more', 'y'))}")), [calls("f", text=f"as in {block('f', ('more', 'y'))}")], "", set()),
    ("no closer after a number, before a key", f"<tool_call>f<arg_key>count</arg_key><arg_value>3\n{A}x{END}", [calls("f", count=3, text="x")], "", {"markup"}),
    ("a key that was given, in a value", block("f", ("count", "3"), ("text", "<arg_key>count</arg_key><arg_value>5")), [calls("f", count=3, text="<arg_key>count</arg_key><arg_value>5")], "", set()),
    ("a closer misspelt", f"<tool_call>f{A}x</arg_value1></tool_call>", [calls("f", text="x")], "", {"repaired"}),
    ("a closer misspelt, then a key", f"<tool_call>f{A}x</arg_val>\n<arg_key>count</arg_key><arg_value>3</argvalue>\n</tool_call>", [calls("f", text="x", count=3)], "", {"repaired"}),
    ("a key's closer for a value's", f"<tool_call>f{A}x</arg_key><arg_key>count</arg_key><arg_value>3{END}", [calls("f", text="x", count=3)], "", {"repaired"}),
    ("the key for a closer", f"<tool_call>f{A}x</text></tool_call>", [calls("f", text="x")], "", {"repaired"}),
    ("a closer with a slash too many", f"<tool_call>f{A}x</arg_value/></tool_call>", [calls("f", text="x")], "", {"repaired"}),
    ("a misspelt closer in a text", block("f", ("text", "x</arg_value1> y</text>")), [calls("f", text="x</arg_value1> y</text>")], "", set()),
    ("tags of another language", block("f", ("text", "<p>x</p></div>")), [calls("f", text="<p>x</p></div>")], "", set()),
    ("text behind a closer, then a key", f"<tool_call>f{A}x</arg_value>junk<arg_key>count</arg_key><arg_value>3{END}", [calls("f", text="x", count=3)], "", {"malformed"}),
    ("text behind the last closer", f"<tool_call>f{A}x</arg_value> junk </tool_call>", [calls("f", text="x")], "", {"malformed"}),
    ("text before the first key", f"<tool_call>f{A}x</arg_value><arg_key>count</arg_key><arg_value>3</arg_value>, and so on\n</tool_call>", [calls("f", text="x", count=3)], "", {"malformed"}),
    ("a later key's opener missing", f"<tool_call>f{A}x</arg_value>count</arg_key><arg_value>3{END}", [calls("f", text="x", count=3)], "", {"repaired"}),
    ("a later key's opener missing, on lines", f"<tool_call>f{A}x</arg_value>\ncount</arg_key>\n<arg_value>3{END}", [calls("f", text="x", count=3)], "", {"repaired"}),
    ("a later key's opener missing behind JSON", f'<tool_call>f<arg_key>object</arg_key><arg_value>{{"a": "x"}}</arg_value>count</arg_key><arg_value>3{END}', [calls("f", object={"a": "x"}, count=3)], "", {"repaired"}),
    ("text behind JSON, then a key", f'<tool_call>f<arg_key>list</arg_key><arg_value>["x"]</arg_value>junk<arg_key>count</arg_key><arg_value>3{END}', [calls("f", list=["x"], count=3)], "", {"malformed"}),
    ("no closer after JSON, before a key", f'<tool_call>f<arg_key>list</arg_key><arg_value>["x"]<arg_key>count</arg_key><arg_value>3{END}', [calls("f", list=["x"], count=3)], "", {"markup"}),
    ("a word and a key's closer in a text", block("f", ("text", "x</arg_value>zzz</arg_key> y")), [calls("f", text="x</arg_value>zzz</arg_key> y")], "", set()),
    ("words that begin with a brace", "<tool_call>f {now} or later", [], "<tool_call>f {now} or later", set()),
]  # fmt: skip
WHOLE = "<tool_call>f\n<arg_key>text</arg_key>\n<arg_value>x</arg_value>\n<arg_key>count</arg_key><arg_value>3</arg_value>\n</tool_call>"


def same_at_every_split(text: str) -> None:
    for incremental in (False, True):
        whole = read([text], incremental=incremental)
        assert read(list(text), incremental=incremental) == whole
        for place in few_positions(text, 10):
            assert read([text[:place], text[place:]], incremental=incremental) == whole


@pytest.mark.both_tiers
@pytest.mark.parametrize(("text", "expected", "content"), [pytest.param(*case[1:], id=case[0]) for case in GOOD])
def test_as_models_write(text: str, expected: Any, content: str) -> None:
    found, said, problems = read([text])
    assert (found, said) == (expected, content)
    assert set(problems) <= {"invented_result"}
    same_at_every_split(text)


@pytest.mark.both_tiers
@pytest.mark.parametrize(("text", "expected", "content", "kinds"), [pytest.param(*case[1:], id=case[0]) for case in ODD])
def test_as_models_should_not(text: str, expected: Any, content: str, kinds: set[str]) -> None:
    found, said, problems = read([text])
    assert (found, said) == (expected, content)
    assert set(problems) >= kinds
    if "unreadable" not in kinds:  # then what was reported early is contradicted
        same_at_every_split(text)
    assert read(list(text)) == (found, said, problems)


@pytest.mark.parametrize("text", ['<tool_call>f\n{"text": "x"}\n</tool_call>', 'Hi.<tool_call>f>{"text": "x"}</tool_call>'])
def test_places_of_json_after_the_name(text: str) -> None:
    (call,) = [event for event in events_of([text]) if isinstance(event, CallFinished)]
    assert call.places is not None
    assert [call.raw[slice(*place)] for place in call.places if place] == ["f", '{"text": "x"}']


def test_cut_off() -> None:
    for place in range(len("<tool_call>"), len(WHOLE)):
        for finish_reason in ("length", "stop"):
            with row(place=place, finish_reason=finish_reason):
                reads_what_is_cut_off(place, finish_reason)


def reads_what_is_cut_off(place: int, finish_reason: str) -> None:
    """No call but behind complete pairs; nothing in the content, and the raw text in a problem. What left before is a beginning of the arguments."""
    text = f"Hm. {WHOLE[:place]}"
    expected: tuple[list[tuple[str, str]], str, list[str]] = ([], "Hm.", ["cut"])
    if finish_reason == "stop" and WHOLE[:place].rstrip().endswith("</arg_value>"):  # nothing is missing but the tag
        arguments = '{"text": "x", "count": 3}' if "count" in WHOLE[:place] else '{"text": "x"}'
        expected = ([("f", arguments)], "Hm.", ["markup", "repaired"])
    for pieces in ([text], list(text)):
        found, content, problems = read(pieces, finish_reason)
        assert (found, content, problems) == expected
        sent = "".join(
            event.text for event in events_of(pieces, finish_reason, incremental=True) if isinstance(event, ArgumentsDelta)
        )
        assert (expected[0][0][1] if expected[0] else '{"text": "x", "count": 3}').startswith(sent)
    finished, content, problems = read([f"{block('g')}{WHOLE[:place]}"], finish_reason)
    assert (finished, content, problems) == ([calls("g"), *expected[0]], "", expected[2])


def test_a_string_leaves_while_it_is_written() -> None:
    events = events_of(["<tool_call>f", A + "Once ", "upon", " a time", END], incremental=True)
    sent = [event.text for event in events if isinstance(event, ArgumentsDelta)]
    assert sent == ['{"text": "Once ', "upon", " a time", '"}']


def test_any_other_value_leaves_when_it_is_whole() -> None:
    events = events_of(["<tool_call>f<arg_key>count</arg_key><arg_value>1", "2", END], incremental=True)
    assert [event.text for event in events if isinstance(event, ArgumentsDelta)] == ['{"count": ', "12}"]


HOSTILE = ["<", "</", "<arg_key>", "</arg_value>", "</tool_call>", "</arg_value> ", "<arg_key>text</arg_key>", " ", "\n", "<tool_call>f\n", "</arg_value></arg_value", "<|"]  # fmt: skip


@pytest.mark.parametrize("bit", HOSTILE)
@pytest.mark.parametrize(
    "before", rest_are_proofs([f"<tool_call>f{A}", "<tool_call>f<arg_key>", "<tool_call>", f"<tool_call>f{A}x</arg_value>"])
)
def test_cost_grows_with_the_length(bit: str, before: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        pieces = list(before + bit * (size // len(bit)))
        return lambda: events_of(pieces, incremental=True)

    assert_linear(prepare, 1_000)


WORDS = st.text(max_size=20) | st.lists(st.sampled_from(["<", "</", "arg_value>", "<arg_key>", "\n", " ", "x", "<tool_call>", '"']), max_size=6).map("".join)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
VALUES = {
    "string": WORDS,
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**20), 10**20),
    "integer": st.integers(-(10**20), 10**20),
    "boolean": st.booleans(),
    "null": st.none(),
    "array": st.lists(JSON, max_size=3),
    "object": st.dictionaries(WORDS, JSON, max_size=3),
}
# A value with its own tags is read whole where no tag of the block follows; where one does, no reader could tell.
AMBIGUOUS = re.compile("</?arg_value>")
KEYS = st.text(max_size=12).map(str.strip).filter(lambda key: key and "<" not in key)


@st.composite
def made_calls(draw: st.DrawFn) -> tuple[list[Any], list[tuple[str, dict[str, Any]]]]:
    """Tools with random schemas, and calls that fit them."""
    schemas = {f"t{place}": draw(st.dictionaries(KEYS, st.sampled_from(list(VALUES)), max_size=4)) for place in range(2)}
    chosen = draw(st.lists(st.sampled_from(sorted(schemas)), min_size=1, max_size=3))
    made = [(name, {key: draw(VALUES[kind]) for key, kind in schemas[name].items()}) for name in chosen]
    tools = [tool(name, {key: {"type": kind} for key, kind in schema.items()}) for name, schema in schemas.items()]
    assume(not AMBIGUOUS.search(json.dumps(made)))
    return tools, made


@settings(deadline=None)
@given(made_calls(), st.sampled_from(DIALECTS), st.integers(0, 2**32))
def test_what_is_written_is_read_back(made: Any, dialect: str, seed: int) -> None:
    tools, written = made
    found = load(dialect)
    text = found.assistant("", [found.tool_call(*call) for call in written])
    chance = random.Random(seed)
    pieces, rest = [], text
    while rest:
        size = chance.choice((1, 2, 3, 7, 40))
        pieces.append(rest[:size])
        rest = rest[size:]
    for given_pieces in ([text], list(text), pieces):
        events = events_of(given_pieces, tools=tools)
        back = [(event.name, json.loads(event.arguments)) for event in events if isinstance(event, CallFinished)]
        assert json.dumps(back) == json.dumps([list(call) for call in written])
        assert not [event for event in events if isinstance(event, TextDelta | Problem)]
