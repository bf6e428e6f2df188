"""Elements within elements: one table of completions, read whole, in pieces and while they are written; and round trips."""

from __future__ import annotations

import itertools
import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from adapter.completion.request_rules import Rules
from adapter.dialects.registry import load
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Problem, TextDelta
from adapter.options import Options
from adapter.prompt.chat_template import load_chat_template
from adapter.syntax import make_syntax
from adapter.syntax.contract import SyntaxSettings
from adapter.syntax.tagged.arguments import Arguments
from adapter.syntax.tagged.elements import elements_grammar
from adapter.syntax.tagged.reader import TaggedBlock
from adapter.tools.definitions import read_tools
from tests.facts.test_completions import accounted
from tests.facts.tools import function
from tests.support.growth import assert_linear
from tests.support.tiers import LONG_TEXT, few_or_all, few_positions, in_turn, rest_are_proofs, some_first
from tests.syntax.test_parameters import Case, finished, read

if TYPE_CHECKING:
    from collections.abc import Callable

NAME, P = "minimax-m3", "]<]minimax[>["
OPEN, CLOSE = f"{P}<tool_call>", f"{P}</tool_call>"
POINT = {"type": "object", "properties": {"x": {"type": "integer"}, "label": {"type": "string"}}}
TYPES: dict[str, Any] = {
    "s": {"type": "string"},
    "n": {"type": ["string", "null"]},
    "m": {"type": ["string", "null"]},
    "i": {"type": "integer"},
    "b": {"type": "boolean"},
    "z": {"type": "null"},
    "o": {"type": "object", "properties": {"k": {"type": "number"}, "o": {"$ref": "#/properties/o"}, "s": {"type": "string"}}},
    "free": {"type": "object"},
    "a": {"type": "array", "items": {"type": "integer"}},
    "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": {"type": "boolean"}},
    "p": {"$ref": "#/$defs/points"},
    "either": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "object", "additionalProperties": {"type": "boolean"}}]},
    "named": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "object", "properties": {"item": {"type": "boolean"}}}]},
    "maybe": {"anyOf": [POINT, {"type": "null"}]},
    "all": {"allOf": [{"type": "object"}, {"properties": {"x": {"type": "integer"}}}]},
    "tags": {"type": "array", "items": {"type": "string"}},
    "some": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    "rows": {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}},
    "item": {"type": "string"},
    "tool_call": {"type": "string"},
    "invoke": {"type": "object", "properties": {"invoke": {"type": "integer"}}},
}  # fmt: skip
F = function("f", TYPES)
F["function"]["parameters"]["$defs"] = {"points": {"type": "array", "items": POINT}}
TOOLS = [F, function("g", {}), {"type": "function", "function": {"name": "any"}}]


def e(name: str, *inside: str) -> str:
    return f"{P}<{name}>{''.join(inside)}{P}</{name}>"


def items(*values: str) -> str:
    return "".join(e("item", value) for value in values)


def invoke(*members: str, name: str = "f") -> str:
    return f'{P}<invoke name="{name}">{"".join(members)}{P}</invoke>'


def block(*calls: str) -> str:
    return "\n".join([OPEN, *calls, CLOSE])


def call(*members: str, name: str = "f") -> str:
    return block(invoke(*members, name=name))


def f(*members: str, of: str = "f", **more: Any) -> Case:
    """A call with these members; the last is the JSON that it says."""
    *written, said = members
    return Case(call(*written, name=of), [(of, said)], **more)


X = e("s", "x")
S_X = [("f", '{"s": "x"}')]
G = ("g", "{}")
LONG = "Ein längerer Text. 🦊\n" * 200
CASES: dict[str, Case] = {
    "a call": Case(call(X), S_X),
    "as the model's own template writes one": f(
        e("s", 'line1\nline2 "q" <b>é</b>'), e("i", "3"), e("b", "true"), e("a", items("1", "2")), e("o", e("k", "1.5")),
        '{"s": "line1\\nline2 \\"q\\" <b>é</b>", "i": 3, "b": true, "a": [1, 2], "o": {"k": 1.5}}',
    ),
    "no arguments": Case(call(name="g"), [G]),
    "white space between elements": Case(call("\n  ", e("o", "\n", e("k", "1"), "\n"), "\r\n\t", e("a", " ", items("1"), " ")).replace(f"{P}</invoke>", f" {P}</invoke>"),
                                         [("f", '{"o": {"k": 1}, "a": [1]}')], problems=()),
    "white space in a string is data": f(e("s", "\n x \n"), '{"s": "\\n x \\n"}'),
    "white space in a value of no known type": f(e("v", " \n"), '{"v": " \\n"}', of="any"),
    "a long value": f(e("s", LONG), json.dumps({"s": LONG}, ensure_ascii=False)),
    "quotes, backslashes and control characters": f(e("s", '"\\n\x01\x7f'), '{"s": "\\"\\\\n\\u0001\x7f"}'),
    "a name with a blank": f(e("the text", "x"), '{"the text": "x"}', of="any"),
    "a name that is odd": f(e("$é.[0]-a/b", "x"), '{"$é.[0]-a/b": "x"}', of="any"),
    "a name with quotes": f(e('a "b"', "x"), '{"a \\"b\\"": "x"}', of="any"),
    # Members that stand several times.
    "a list's items without a list": f(e("a", "1"), e("a", "2"), e("a", "3"), '{"a": [1, 2, 3]}'),
    "texts of a list without a list": f(X, e("tags", "a"), e("tags", " b\n"), e("tags"), e("i", "1"), '{"s": "x", "tags": ["a", " b\\n", ""], "i": 1}'),
    "objects of a list without a list": f(e("p", e("x", "1")), e("p", e("x", "2"), e("label", "b")), X, '{"p": [{"x": 1}, {"x": 2, "label": "b"}], "s": "x"}'),
    "an object of a list without a list": f(e("p", e("label", "b"), e("x", "2")), '{"p": [{"label": "b", "x": 2}]}'),
    "one text of a list without a list": f(e("tags", "a"), '{"tags": ["a"]}', problems=("coerced",)),
    "a text or a list, and one text": f(e("some", "a"), '{"some": "a"}'),
    "a text or a list, and two texts": f(e("some", "a"), e("some", "5"), '{"some": ["a", "5"]}'),
    "a text or a list, and a list": f(e("some", items("a")), '{"some": ["a"]}'),
    "a list without a list, in an object": f(e("free", e("tag", "a"), e("tag", "b")), '{"free": {"tag": ["a", "b"]}}'),
    "a list without a list, in an object, and more": f(e("free", e("k", "x"), e("tag", "a"), e("tag", "b"), e("k2", "y")), X, '{"free": {"k": "x", "tag": ["a", "b"], "k2": "y"}, "s": "x"}'),
    "objects without a list, in an object": f(e("free", e("t", e("k", "1")), e("t", e("k", "2"), e("k", "3"))), '{"free": {"t": [{"k": "1"}, {"k": ["2", "3"]}]}}'),
    "lists without a list, of no known type": f(e("v", items("1")), e("v", items("2"), "\n"), '{"v": [["1"], ["2"]]}', of="any"),
    "several of no known type": f(e("v", "1"), "\n", e("v", "2"), e("w", "3"), e("u"), e("u"), '{"v": ["1", "2"], "w": "3", "u": ["", ""]}', of="any"),
    "the same text twice": f(X, e("s", "y"), '{"s": "x"}', problems=("malformed",)),
    "the same number twice, and more": f(e("i", "1"), e("i", "2"), X, '{"i": 1, "s": "x"}', problems=("malformed",)),
    "the same object twice": f(e("o", e("k", "1")), e("o", e("k", "2")), '{"o": {"k": 1}}', problems=("malformed",)),
    "the same list twice": f(e("a", items("1")), e("a", items("2")), '{"a": [1]}', problems=("malformed",)),
    "a list as JSON twice": f(e("a", "[1]"), e("a", "[2]"), '{"a": [1]}', problems=("malformed",)),
    "the same list in two places": f(e("a", items("1")), X, e("a", items("2")), '{"a": [1], "s": "x"}', problems=("malformed",)),
    "a text of no known type in two places": f(e("v", "1"), e("w", "2"), e("v", "3"), '{"v": "1", "w": "2"}', of="any", problems=("malformed",)),
    "the same member twice, deep": f(e("o", e("o", e("k", "1"), e("k", "2")), e("s", "x")), X, '{"o": {"o": {"k": 1}, "s": "x"}, "s": "x"}', problems=("malformed",)),
    # Types.
    "a string that looks like JSON": f(e("s", '{"a": 1}'), '{"s": "{\\"a\\": 1}"}'),
    "a string that looks like a number": f(e("s", "5"), '{"s": "5"}'),
    "a value of no known type is a string": f(e("v", "5"), e("free", e("w", "5")), '{"v": "5", "free": {"w": "5"}}'),
    "an object of objects, by a reference": f(e("o", e("o", e("o", e("k", "1"), e("s", "1")))), '{"o": {"o": {"o": {"k": 1, "s": "1"}}}}'),
    "a list of objects": f(e("p", items(e("x", "1") + e("label", "1"), e("x", "2"))), '{"p": [{"x": 1, "label": "1"}, {"x": 2}]}'),
    "a list whose elements differ": f(e("pair", items("1", "1", "1")), '{"pair": ["1", 1, true]}'),
    "one of two, a list": f(e("either", items("1")), '{"either": [1]}'),
    "one of two, an object": f(e("either", e("y", "1")), '{"either": {"y": true}}'),
    "one of two, an object with the member item": f(e("named", e("item", "1")), '{"named": {"item": true}}'),
    "an object or null": f(e("maybe", e("x", "7")), '{"maybe": {"x": 7}}'),
    "null, said": f(e("maybe", "null"), e("n", "null"), e("z", "null"), '{"maybe": null, "n": null, "z": null}'),
    "none is a word beside strings": f(e("n", "none"), e("m", "NONE"), e("maybe", "none"), '{"n": "none", "m": "NONE", "maybe": null}'),
    "Python's None beside strings": f(e("n", "None"), e("free", e("n", "None")), '{"n": null, "free": {"n": "None"}}'),
    "all of several": f(e("all", e("x", "7")), '{"all": {"x": 7}}'),
    "a list of no known type": f(e("v", items("1", e("k", "2"), items("3"))), '{"v": ["1", {"k": "2"}, ["3"]]}', of="any"),
    "a list whose elements have other names": f(e("a", e("x", "1"), e("y", "2")), '{"a": [1, 2]}'),
    "JSON where elements are due": f(e("a", "[1, 2.0]"), e("o", '{"k": 1}'), e("p", "[]"), '{"a": [1, 2.0], "o": {"k": 1}, "p": []}'),
    "nothing in it": f(e("s"), e("n"), e("z"), e("o"), e("a"), e("v"), e("maybe"), '{"s": "", "n": "", "z": null, "o": {}, "a": [], "v": "", "maybe": {}}'),
    "nothing but white space in it": f(e("o", " \n"), e("a", "\n"), '{"o": {}, "a": []}'),
    "members of the names of tags": f(e("item", "x"), e("tool_call", "y"), e("invoke", e("invoke", "1")), '{"item": "x", "tool_call": "y", "invoke": {"invoke": 1}}'),
    # Tags that are data.
    "a closing tag of a value in it": f(e("s", f"{P}</s> x"), json.dumps({"s": f"{P}</s> x"})),
    "a closing tag twice": f(e("s", f"x{P}</s>"), '{"s": "x"}', problems=("markup",)),
    "a closing tag twice, of a number, then a member": f(e("i", f"3{P}</i>\n"), X, '{"i": 3, "s": "x"}', problems=("markup",)),
    "a closing tag three times, of an item": f(e("tags", items(f"x{P}</item>{P}</item>", "y")), '{"tags": ["x", "y"]}', problems=("markup",)),
    "a closing tag twice, of an object": f(e("o", e("k", "1"), f"{P}</o>"), X, '{"o": {"k": 1}, "s": "x"}', problems=("markup",)),
    "a closing tag twice, of a text that holds the opening tag": f(e("s", e("s", "x")), json.dumps({"s": e("s", "x")})),
    "a whole call in a string": f(e("s", f"see {call(X)} there"), json.dumps({"s": f"see {call(X)} there"})),
    "a whole call of another member in a string": f(e("s", call(e("i", "1"))), json.dumps({"s": call(e("i", "1"))})),
    "text behind a closing tag": f(e("s", "x"), "junk", e("i", "1"), '{"s": "x", "i": 1}', problems=("markup", "malformed")),
    "text behind the last closing tag": f(e("i", "1"), e("s", "x"), "junk", '{"i": 1, "s": "x"}', problems=("markup", "malformed")),
    "text behind a closing tag in an object": f(e("o", e("s", "x"), " junk ", e("k", "1")), '{"o": {"s": "x", "k": 1}}', problems=("markup", "malformed")),
    "text behind an item": f(e("tags", items("x"), "junk", items("y")), '{"tags": ["x", "y"]}', problems=("markup", "malformed")),
    "a misspelt closing tag": Case(call(e("s", "x").replace("</s>", "</s1>"), e("o", "").replace("</o>", "</O>")).replace("s1", "s"), [("f", '{"s": "x", "o": {}}')], problems=("repaired",)),
    "a misspelt closing tag of a text": Case(call(e("tags", items("a")), e("some", "x").replace("</some>", "</somes>"), e("i", "1")), [("f", '{"tags": ["a"], "some": "x", "i": 1}')], problems=("repaired",)),
    "a misspelt closing tag of a number, before the end": Case(call(e("maybe", "null").replace("</maybe>", "</maybe/>")), [("f", '{"maybe": null}')], problems=("repaired",)),
    "a misspelt closing tag in a text": f(e("some", f"x{P}</somes> y"), json.dumps({"some": f"x{P}</somes> y"})),
    "the closing tag of another": Case(call(e("s", "x").replace("</s>", "</wrong>")), [], call(e("s", "x").replace("</s>", "</wrong>")), ("unreadable", "contradicted")),
    "the closing tag of another, then a member": Case(call(e("s", "x").replace("</s>", "</wrong>"), e("i", "1")), [], call(e("s", "x").replace("</s>", "</wrong>"), e("i", "1")), ("unreadable", "contradicted")),
    "the closing tag of another, of a number": Case(call(e("i", "1").replace("</i>", "</wrong>")), [], call(e("i", "1").replace("</i>", "</wrong>")), ("unreadable", "contradicted")),
    "no closing tag of a text, then a member": Case(call(f"{P}<s>x", e("i", "1")), [("f", '{"s": "x", "i": 1}')], problems=("markup",)),
    "no closing tag of a number, then a member": Case(call(f"{P}<i>1\n", X), [("f", '{"i": 1, "s": "x"}')], problems=("markup",)),
    "no closing tag in an object, then a member": Case(call(e("o", f"{P}<s>x", e("k", "1"))), [("f", '{"o": {"s": "x", "k": 1}}')], problems=("markup",)),
    "no closing tag of an item, then an item": Case(call(e("tags", f"{P}<item>x", items("y"))), [("f", '{"tags": ["x", "y"]}')], problems=("markup",)),
    "no closing tag, then a member that was given": f(e("i", "1"), e("s", f"x {e('i', '2')}"), json.dumps({"i": 1, "s": f"x {e('i', '2')}"})),
    # JSON for the body.
    "JSON for the body": f('{"s": "x", "a": [1, 2]}', '{"s": "x", "a": [1, 2]}', problems=("markup",)),
    "JSON for the body, on lines": f('\n{"s": "x"}\n', '{"s": "x"}', problems=("markup",)),
    "JSON for the body, with a tag in it": f(json.dumps({"s": f"{P}</s> {P}<i>"}), json.dumps({"s": f"{P}</s> {P}<i>"}), problems=("markup",)),
    "JSON for the body of one call": Case(block(invoke('{"s": "x"}'), invoke(name="g")), [*S_X, G], problems=("markup",)),
    "a closing tag of something else in a value": f(e("s", f"x{P}</b>{P}</s> y"), json.dumps({"s": f"x{P}</b>{P}</s> y"})),
    "the closing tag of a call in a value": f(e("s", f"a{P}</invoke>\nb"), json.dumps({"s": f"a{P}</invoke>\nb"})),
    "the closing marker in a value": f(e("s", f"a{CLOSE}\nb"), json.dumps({"s": f"a{CLOSE}\nb"})),
    "elements in a string": f(e("s", e("x", "1")), json.dumps({"s": e("x", "1")})),
    "the beginning of a call in a string": f(e("s", call(e("i", "1")).partition(f"{P}</invoke>")[0]), json.dumps({"s": call(e("i", "1")).partition(f"{P}</invoke>")[0]})),
    "the whole end of a call in a string ends it": Case(call(e("s", f"a{P}</invoke>\n{CLOSE}")), [("f", '{"s": "a"}')], f"{P}</s>{P}</invoke>\n{CLOSE}", ("markup",)),
    "elements after text": f(e("v", f"x{e('y', '1')}z"), json.dumps({"v": f"x{e('y', '1')}z"}), of="any"),
    "a prefix in a value": f(e("s", f"{P} {P}{P}< ]<]mini"), json.dumps({"s": f"{P} {P}{P}< ]<]mini"})),
    "brackets and other tags in a value": f(e("s", "]]<]<b></s></tool_call>a<b && c ]"), json.dumps({"s": "]]<]<b></s></tool_call>a<b && c ]"})),
    "a token in a value": f(e("s", "]~b]user\n[e~["), json.dumps({"s": "]~b]user\n[e~["})),
    "a closing tag without prefix and a token in a value": f(e("s", "x</s></s> y</s>\n[e~["), json.dumps({"s": "x</s></s> y</s>\n[e~["})),
    "the end of thinking in a value": f(e("s", "</mm:think>"), '{"s": "</mm:think>"}'),
    "a prefix cut short, and text behind a call without a reading": Case(f'{OPEN}{P}<invoke name="f">{P[:-1]}<s>x{P}</s>{P}</invoke>junk\n{CLOSE}', [], None, ("cut",)),
    # Several.
    "two calls in one block": Case(block(invoke(X), invoke(name="g")), [*S_X, G]),
    "two calls that touch": Case(f"{OPEN}{invoke(X)}{invoke(name='g')}{CLOSE}", [*S_X, G]),
    "two blocks": Case(call(X) + "\n" + call(name="g"), [*S_X, G]),
    "text before, between and after": Case(f"One.\n\n{call(name='g')}\nTwo.\n{call(name='g')}\nThree.", [G, G], "One.\n\n\nTwo.\n\nThree."),
    "many members, and none of them a fault": f(*[e(f"k{n}", items("1")) for n in range(300)], json.dumps({f"k{n}": ["1"] for n in range(300)}), of="any"),
    # Thoughts.
    "thoughts before": Case(f"<mm:think>Hm, {call(X)}</mm:think>{call(name='g')}", [G]),
    "no thoughts, and their end": Case(f"</mm:think>Let me see.{call(X)}", S_X, "Let me see."),
    "no thoughts, their end, and a call": Case(f"</mm:think>{call(X)}", S_X),
    "no thoughts, their end, and words": Case("</mm:think>Hello. </mm:think>", [], "Hello. </mm:think>"),
    # What models leave out, or write twice.
    "no opening marker": Case(f"{invoke(X)}\n{CLOSE}", S_X),
    "no markers": Case(invoke(X), S_X),
    "no closing marker": Case(f"{OPEN}\n{invoke(X)}", S_X),
    "no closing marker, and a token": Case(f"{OPEN}\n{invoke(X)}[e~[\n", S_X),
    "no closing marker, and text": Case(f"{OPEN}\n{invoke(X)}\n\nDone.", S_X, "Done."),
    "the opening marker twice": Case(f"{OPEN}\n{call(X)}", S_X),
    "the closing marker twice": Case(call(X) + CLOSE, S_X),
    "the opening marker for the closing one": Case(call(X).removesuffix(CLOSE) + OPEN, S_X),
    "a marker without its prefix": Case(call(X).replace(OPEN, "<tool_call>"), S_X),
    "no prefix anywhere": Case(call(e("s", "a<b"), e("o", e("k", "1"))).replace(P, ""), [("f", '{"s": "a<b", "o": {"k": 1}}')]),
    "no prefix before closing tags": Case(call(e("i", "1"), X, e("o", e("k", "1"))).replace(f"{P}</i>", "</i>").replace(f"{P}</s>", "</s>").replace(f"{P}</k>", "</k>"), [("f", '{"i": 1, "s": "x", "o": {"k": 1}}')]),
    "no prefix before a closing tag that is data": f(e("s", "<s>x</s>"), '{"s": "<s>x</s>"}'),
    "no closing tag of the last value": Case(call(X).replace(f"{P}</s>", ""), S_X, problems=("markup",)),
    "no closing tag of the last value, and the end": Case(f"{OPEN}{P}<invoke name=\"f\">{P}<s>x{P}</invoke>", S_X, problems=("markup",)),
    "no closing tag of an object": Case(call(e("o", e("k", "1"))).replace(f"{P}</o>", ""), [("f", '{"o": {"k": 1}}')], problems=("markup",)),
    "no closing tag of an object in a list": Case(call(e("p", items(e("x", "1")))).replace(f"{P}</item>", ""), [("f", '{"p": [{"x": 1}]}')], problems=("markup",)),
    "no closing tag of a call": Case(call(X).replace(f"{P}</invoke>", ""), S_X, problems=("markup",)),
    "no closing tag of a call, and another": Case(block(invoke(X).replace(f"{P}</invoke>", ""), invoke(name="g")), [*S_X, G], problems=("markup",)),
    "a closing tag too many": f(e("o", e("k", "1")), f"{P}</x>", '{"o": {"k": 1}}', problems=("markup",)),
    "text between elements": f(e("a", items("1")), "then ] ", P, e("i", "1"), '{"a": [1], "i": 1}', problems=("markup", "malformed")),
    "quotes of another kind": Case(call(X).replace('"f"', "'f'"), S_X),
    "no quotes": Case(call(X).replace('"f"', "f"), S_X),
    "a tag that is a whole call": Case(f'{OPEN}{P}<invoke name="g"/>{CLOSE}', [G]),
    "JSON between the markers": Case(f'{OPEN}{{"name": "f", "arguments": {{"s": "x"}}}}{CLOSE}', S_X),
    "in a fence": Case(f"```xml\n{call(X)}\n```", S_X),
    "a result that the model invents": Case(call(name="g") + "\n<response>\n1\n</response>", [G], None, ("invented_result",)),
    # Not calls.
    "the marker in prose": Case(f"Write {OPEN} before a call.", [], f"Write {OPEN} before a call."),
    "the marker's tag in prose": Case("Write <tool_call> before an <invoke name=f>.", [], "Write <tool_call> before an <invoke name=f>."),
    "a prefix in prose": Case(f"The prefix is {P}", [], f"The prefix is {P}"),
    "an empty block": Case(f"{OPEN}\n{CLOSE}", [], f"{OPEN}\n{CLOSE}"),
    "a call without a name": Case(call(X).replace('"f"', '""'), [], call(X).replace('"f"', '""'), ("unreadable",)),
    "nested without end": Case(call(e("v", (P + "<item>") * 5000), name="any"), [], call(e("v", (P + "<item>") * 5000), name="any"), ("unreadable", "contradicted")),
    # Cut off.
    **{
        f"cut off, {length} characters": Case(call(e("s", "ab"), e("a", items("1")))[:length], [], None, ("cut",), cut=True)
        for length in (26, 27, 40, 52, 53, 61, 69, 72, 75, 79, 90, 103, 112, 122, 130, 141, 160, 165, 168, 169)
    },
    "cut after the marker": Case(f"Hm.\n{OPEN}", [], "Hm.", ("cut",), cut=True),
    "cut in the marker": Case(f"Hm.\n{OPEN[:-2]}", [], f"Hm.\n{OPEN[:-2]}", cut=True),
    "cut after the call": Case(f"{OPEN}\n{invoke(X)}", S_X, cut=True),
    "cut after the call, in the closing marker": Case(f"{OPEN}\n{invoke(X)}\n{CLOSE[:-4]}", S_X, cut=True),
    "cut inside the second call": Case(block(invoke(name="g"), invoke(X))[:110], [G], None, ("cut",), cut=True),
    "cut where an end would do": Case(f"{OPEN}{P}<invoke name=\"f\">{P}<s>x{P}</s>", [], None, ("cut",), cut=True),
    "over without an end": Case(f"{OPEN}{P}<invoke name=\"f\">{P}<s>x{P}</s>", [], None, ("cut",)),
}  # fmt: skip
# A stream cannot take back what it sent; a problem says so.
STREAMED_ONLY = {"contradicted"}


@pytest.mark.both_tiers
@pytest.mark.parametrize("fact", CASES)
def test_a_completion(fact: str) -> None:
    case = CASES[fact]
    sizes: list[int | random.Random] = [10**9, 1, 2, 3, 7, *map(random.Random, range(5))]
    few = few_or_all([10**9, 3] if len(case.text) > LONG_TEXT else [10**9, 1, sizes[-1]], sizes)
    for incremental, size in itertools.product((False, True), few):
        events = read(case.text, NAME, size, incremental=incremental, cut=case.cut, tools=TOOLS)
        assert finished(events) == case.calls
        assert ("".join(event.text for event in events if isinstance(event, TextDelta)).strip() or None) == case.content
        wanted = [kind for kind in case.problems if incremental or kind not in STREAMED_ONLY]
        found = [event.kind for event in events if isinstance(event, Problem)]
        assert [kind for kind in found if kind not in {"invalid_arguments", "markup"} or kind in case.problems] == wanted
        assert "markup" in case.problems or "markup" not in found or UNTIDY.search(fact)
        assert accounted(events) == accounted([TextDelta(case.text)])
        sent = {event.index: "" for event in events if isinstance(event, CallStarted)}
        for event in events:
            if isinstance(event, ArgumentsDelta):
                sent[event.index] += event.text
        for event in events:
            if isinstance(event, CallFinished):
                assert sent[event.index] == event.arguments
                json.loads(event.arguments)


# A block that has no end of its own is told of too.
UNTIDY = re.compile("^(no |cut|the opening marker for|JSON between)")


@pytest.mark.both_tiers
@pytest.mark.parametrize("fact", ["as the model's own template writes one", "a closing tag of something else in a value", "two blocks"])  # fmt: skip
def test_two_pieces_at_every_position(fact: str) -> None:
    case = CASES[fact]
    for incremental in (False, True):
        whole = read(case.text, NAME, 10**9, incremental=incremental, tools=TOOLS)
        for place in few_positions(case.text):
            parser = parser_of(incremental=incremental)
            events = [*parser.feed(case.text[:place]), *parser.feed(case.text[place:]), *parser.close("stop")]
            assert finished(events) == finished(whole) == case.calls


@pytest.mark.both_tiers
def test_no_beginning_of_a_call_is_a_call() -> None:
    """Wherever it is cut, and whether or not the model was stopped there."""
    whole = call(e("s", "a<b ]"), e("o", e("k", "1"), e("o", e("s", "x"))), e("p", items(e("x", "1"), "")), e("i", "12"))
    [made] = finished(read(whole, NAME, 10**9, incremental=False, tools=TOOLS))
    for length in range(1, len(whole)):
        for cut in (True, False):
            for incremental in in_turn((True, False), length):
                events = read(whole[:length], NAME, 10**9, incremental=incremental, cut=cut, tools=TOOLS)
                assert finished(events) == ([made] if length >= len(whole) - len(CLOSE) - 1 else [])
                sent = "".join(event.text for event in events if isinstance(event, ArgumentsDelta))
                assert made[1].startswith(sent)


def parser_of(*, incremental: bool) -> adapter.CompletionParser:
    return adapter.CompletionParser.for_rules(Rules(read_tools(TOOLS), incremental=incremental), Options(dialect=NAME))


STREAMS = [
    pytest.param(e("s", "Once upon a ti")[: -len(f"{P}</s>")], '{"s": "Once upon a ti', id="a string leaves as it grows"),
    pytest.param(f"{P}<s>a]<]mini", '{"s": "a', id="what may become a tag waits"),
    pytest.param(f"{P}<s>a]<]", '{"s": "a', id="however little it is"),
    pytest.param(f"{P}<s>a</", '{"s": "a', id="so does what may be a closing tag without its prefix"),
    pytest.param(f"{P}<s>a</b", '{"s": "a</b', id="but no longer than it may"),
    pytest.param(f"{P}<i>12", '{"i": ', id="a number waits until it is whole"),
    pytest.param(f"{e('i', '12')}{P}<s>", '{"i": 12, "s": "', id="and leaves then"),
    pytest.param(f"{P}<p>{P}<item>{P}<label>ab", '{"p": [{"label": "ab', id="so does a string deep inside"),
    pytest.param(
        f"{P}<p>{P}<item>{e('x', '1')}{P}<label>", '{"p": [{"x": 1, "label": "', id="nothing is closed before the model does"
    ),
    pytest.param(f"{P}<p>{items(e('x', '1'))}", '{"p": [{"x": 1}', id="and no more than it does"),
    pytest.param(f"{P}<free>", '{"free": ', id="what it will be shows with what is in it"),
    pytest.param(f"{P}<free>{P}<x>a b", '{"free": {"x": ', id="where no type is known there may be more of the name"),
    pytest.param(f"{P}<free>{e('x', 'a b')}", '{"free": {"x": ', id="until the next tag"),
    pytest.param(f"{P}<free>{e('x', 'a b')}{P}<y>", '{"free": {"x": "a b", "y": ', id="is of another name"),
    pytest.param(f"{P}<free>{e('x', 'a')}{e('x', 'b')}{P}</free>", '{"free": {"x": ["a", "b"]}', id="or the object ends"),
    pytest.param(f"{P}<tags>a", '{"tags": ', id="a text for a list waits"),
    pytest.param(f"{e('tags', 'a')}{P}<tags>b c", '{"tags": ["a", "b c', id="and leaves with the second"),
    pytest.param(f"{P}<p>{P}<label>ab", '{"p": [{"label": "ab', id="an object of a list without a list leaves"),
    pytest.param(f"{P}<p>{e('x', '1')}{P}</p>", '{"p": [{"x": 1}', id="but for the end of the list"),
]


@pytest.mark.parametrize(("written", "sent"), STREAMS)
def test_what_is_certain_leaves(written: str, sent: str) -> None:
    for size in (1, 5, 10**9):
        events = read(f'{OPEN}\n{P}<invoke name="f">{written}', NAME, size, incremental=True, cut=True, tools=TOOLS)
        assert "".join(event.text for event in events if isinstance(event, ArgumentsDelta)) == sent
        assert finished(events) == []


def test_a_value_of_the_wrong_type_is_mended_or_told() -> None:
    for arguments, valid in ((e("i", "5.0"), True), (e("i", "five"), False), (e("i", e("x", "1")), False)):
        [found] = adapter.parse(call(arguments), TOOLS, dialect=NAME).tool_calls
        assert (found.valid, json.loads(found.arguments)["i"] == 5) == (valid, valid)


# Round trips.

TEXTS = st.text(max_size=20) | st.lists(
    st.sampled_from([
        P, f"{P}</s>", f"{P}</item>", f"{P}<s>", "</s>", "</item>", OPEN, CLOSE, f"{P}</invoke>", f'{P}<invoke name="f">',
        "<tool_call>", "</tool_call>", "</mm:think>", "[e~[", "]", "<", "]<]", "\n", "\r", " ", "x", "é🦊", '"', "\\", "null", "{}", "5",
    ]), max_size=8,
).map("".join)  # fmt: skip
# What nobody can tell from the end of a value: its closing tag, or that of the call, where a tag may follow; the opening tag of a
# member or an item that is due.
AMBIGUOUS = re.compile(
    rf"{re.escape(P)}<(?:s|item)>|(?:{re.escape(P)})?</[^<>]+>\s*(?:$|\]<\]minimax|\]$|\]<|</?tool_call>|</s>|</?mm:|\[e~\[|]~|<\|)"
)
KEYS = st.text("abcXYZ019_-.$é東 \"'&=[]", min_size=1, max_size=12) | st.sampled_from(
    ["item", "s", "invoke", "tool_call", "a/b"]
)
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "integer": st.integers() | st.integers(2**53, 2**200),
    "number": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "null": st.none(),
}


@st.composite
def typed(draw: st.DrawFn, depth: int = 4) -> tuple[dict[str, Any], Any]:
    """A schema and a value that satisfies it, and holds no null but where nothing else may stand."""
    kind = draw(st.sampled_from(["string", "integer", "number", "boolean", *(["object", "array"] * 2 if depth else [])]))
    schema: dict[str, Any]
    value: Any
    if kind == "object":
        schema, value = draw(typed_object(depth - 1))
    elif kind == "array":
        inner, first = draw(typed(depth - 1))
        schema, value = {"type": "array", "items": inner}, [first] * draw(st.integers(0, 3))
        if draw(st.booleans()):
            second, other = draw(typed(depth - 1))
            schema, value = {"type": "array", "prefixItems": [inner], "items": second}, [first, other, other]
    else:
        schema, value = {"type": kind}, draw(SCALARS[kind])
        if kind == "string" and draw(st.booleans()):
            schema = {}  # nothing is said of it
            value = value if value.strip() and not value.lstrip().startswith((P, "<")) else "x"
    wrapper = draw(st.sampled_from(["", "anyOf", "oneOf", "allOf", "null"]))
    if wrapper == "null" and kind != "string":
        return {"anyOf": [schema, {"type": "null"}]}, value
    return ({wrapper: [schema]} if wrapper not in {"", "null"} and schema else schema), value


@st.composite
def typed_object(draw: st.DrawFn, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
    members = {key: draw(typed(depth)) for key in draw(st.lists(KEYS, max_size=3, unique=True))}
    schema = {"type": "object", "properties": {key: schema for key, (schema, _) in members.items()}}
    return schema, {key: value for key, (_, value) in members.items()}


def strings(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [text for each in inner for text in strings(each)]
    return [value] if isinstance(value, str) else []


@given(typed_object(4), typed_object(2), st.integers(0, 2**32))
def test_what_is_written_is_read_back(first: Any, second: Any, seed: int) -> None:
    made = [("one.tool", first[1]), ("two:tool", second[1])]
    if any(AMBIGUOUS.search(text) for _, arguments in made for text in strings(arguments)):
        return
    tools = [function(name, {}) for name, _ in made]
    for tool, (schema, _) in zip(tools, (first, second), strict=True):
        tool["function"]["parameters"] = schema
    dialect = load(NAME)
    text = dialect.assistant("See:", [dialect.tool_call(*each) for each in made])
    for size, incremental in ((10**9, False), (random.Random(seed), False), (random.Random(seed), True), (1, True)):
        events = read(text, NAME, size, incremental=incremental, tools=tools)
        assert [event for event in events if isinstance(event, Problem)] == []
        assert [(name, json.loads(arguments)) for name, arguments in finished(events)] == made


LOST: dict[str, tuple[Any, str, Any]] = {
    "a member that is null": ({"a": None, "b": "x"}, e("b", "x"), {"b": "x"}),
    "an item that is null": ({"a": ["x", None]}, e("a", items("x", "")), {"a": ["x", ""]}),
    "numbers of no known type": ({"a": [1, True]}, e("a", items("1", "true")), {"a": ["1", "true"]}),
    "an empty object of no known type": ({"a": {}}, e("a"), {"a": ""}),
    "an empty list of no known type": ({"a": []}, e("a"), {"a": ""}),
    "a member named item of no known type": ({"a": {"item": "x"}}, e("a", items("x")), {"a": ["x"]}),
}  # fmt: skip


@pytest.mark.parametrize(("given_", "written", "found"), LOST.values(), ids=LOST)
def test_what_the_notation_does_not_carry(given_: Any, written: str, found: Any) -> None:
    text = load(NAME).tool_call("any", given_)
    assert text == call(written, name="any")
    [read_back] = adapter.parse(text, TOOLS, dialect=NAME).tool_calls
    assert json.loads(read_back.arguments) == found


@pytest.mark.parametrize("name", ["", "/x", "a>b", "a<b", "a\nb"])
def test_a_name_that_is_no_tag_is_not_read_as_another(name: str) -> None:
    parsed = adapter.parse(load(NAME).tool_call("any", {name: "x", "s": "y"}), TOOLS, dialect=NAME)
    assert parsed.problems


def test_depth() -> None:
    """What is nested deeper than readers go is written as JSON, and read as the schema has it: a string where it says nothing."""
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    text = load(NAME).tool_call("any", {"v": deep})
    assert text.count("<item>") < 110
    [found] = adapter.parse(text, TOOLS, dialect=NAME).tool_calls
    value, depth = json.loads(found.arguments)["v"], 0
    while isinstance(value, list):
        [value], depth = value, depth + 1
    assert depth + value.count("[") == 300


# Cost.

HOSTILE: dict[str, str] = {
    "prefixes": P, "halves": "]<]mini", "brackets": "]", "smaller": "<", "white space": " ", "closers": f"{P}</s>", "closers and space": f"{P}</s> ",
    "openers": f"{P}<s>", "closers without prefix": "</s>", "half closers": "</s", "ends of calls": f"{P}</invoke>", "markers": OPEN,
    "ends": CLOSE, "calls": f'{P}<invoke name="f">', "elements": e("x", "1"), "tags without end": f"{P}<s ",
}  # fmt: skip
BEGUN = {
    "nowhere": "", "in a block": OPEN, "in a call": f'{OPEN}{P}<invoke name="f">', "in a string": f'{OPEN}{P}<invoke name="f">{P}<s>',
    "in a number": f'{OPEN}{P}<invoke name="f">{P}<i>1', "in a value of no known type": f'{OPEN}{P}<invoke name="f">{P}<v>',
    "in a list": f'{OPEN}{P}<invoke name="f">{P}<a>{P}<item>', "without prefixes": '<tool_call><invoke name="f"><s>',
}  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("begun", some_first(BEGUN.values(), {BEGUN["in a string"]}), ids=BEGUN)
def test_work_grows_with_the_text_and_no_faster(unit: str, begun: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in characters handed to the reader, in small pieces: each is seen a bounded number of times."""
    seen = 0

    def counted(self: TaggedBlock, text: str, position: int) -> Any:
        nonlocal seen
        seen += len(text) - position
        return feed(self, text, position)

    feed = TaggedBlock.feed
    monkeypatch.setattr(TaggedBlock, "feed", counted)

    def work(size: int) -> int:
        nonlocal seen
        seen = 0
        read(begun + (unit * size)[:size], NAME, 3, incremental=True, cut=True, tools=TOOLS)
        return seen

    assert work(8000) <= 5 * work(2000) + 20_000


_LONG: dict[str, Callable[[int], str]] = {
    "a value": lambda n: call(e("s", "x" * n)),
    "members": lambda n: call(*[e("v", "x")] * (n // 35)),
    "items": lambda n: call(e("a", items(*["1"] * (n // 41)))),
    "calls": lambda n: block(*[invoke(X)] * (n // 80)),
    "depth": lambda n: call(e("v", *[P + "<item>"] * (n // 19))),
    "text between elements": lambda n: call("x ] " * (n // 4)),
    "closing tags of nothing": lambda n: call(f"{P}</x{n}>" * (n // 18)),
    "many names": lambda n: call(*[e(f"k{m}", "x") for m in range(n // 35)]),
}


@pytest.mark.parametrize("what", rest_are_proofs(_LONG, 3))
def test_cost_grows_with_the_length(what: str) -> None:
    def prepare(length: int, piece: int) -> Callable[[], object]:
        text = _LONG[what](length)
        return lambda: read(text, NAME, piece, incremental=True, cut=True, tools=TOOLS)

    assert_linear(lambda length: prepare(length, 3), 3_000)
    assert_linear(lambda length: prepare(length, 10**9), 20_000)


@pytest.mark.both_tiers
def test_random_text_is_read_the_same_at_any_split() -> None:
    parts = [P, P[:4], OPEN, CLOSE, f'{P}<invoke name="f">', f"{P}</invoke>", f"{P}<s>", f"{P}</s>", f"{P}<o>", f"{P}</o>", f"{P}<item>",
             f"{P}</item>", "</s>", "</o>", "<s>", "x", "1", " ", "\n", "]", "<", "[e~[", "<mm:think>", "</mm:think>", "<response>", "</tool_call>"]  # fmt: skip
    chance = random.Random(7)
    for _ in range(few_or_all(80, 400)):
        text = "".join(chance.choice(parts) for _ in range(chance.randint(1, 25)))
        if chance.random() < 0.7:
            text = f'{OPEN}{P}<invoke name="f">{text}'
        told = [summary(text, size) for size in (10**9, 1, 2, random.Random(1), random.Random(2))]
        assert all(each == told[0] for each in told), text


def summary(text: str, size: int | random.Random) -> Any:
    events = read(text, NAME, size, incremental=False, tools=TOOLS)
    assert accounted(events) == accounted([TextDelta(text)])
    said = "".join(event.text for event in events if isinstance(event, TextDelta))
    return said, finished(events), [(event.kind, event.raw) for event in events if isinstance(event, Problem)]


@pytest.mark.parametrize(
    ("variables", "mode", "end"),
    [
        ({}, "adaptive", "]~b]ai\n"),
        ({"thinking_mode": "adaptive", "enable_thinking": False}, "adaptive", "]~b]ai\n"),
        ({"thinking_mode": "enabled"}, "enabled", "]~b]ai\n<mm:think>"),
        ({"enable_thinking": True}, "enabled", "]~b]ai\n<mm:think>"),
        ({"enable_thinking": False}, "disabled", "]~b]ai\n</mm:think>"),
    ],
)
def test_how_the_model_is_to_think(variables: dict[str, Any], mode: str, end: str) -> None:
    """Of these the reference renderings hold the adaptive and the disabled one."""
    prompt = load_chat_template(NAME).render([{"role": "user", "content": "Hi"}], now=0.0, **variables)
    assert f"\nCurrent thinking mode: {mode}. " in prompt
    assert prompt.endswith(end)


def test_thoughts_inside_what_was_said_are_told_from_it() -> None:
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "<mm:think>Hm.</mm:think>Hello."}]
    prompt = load_chat_template(NAME).render(said, now=0.0, add_generation_prompt=False)
    assert prompt.endswith("]~b]ai\n<mm:think>Hm.</mm:think>Hello.[e~[\n")


def test_a_form_that_is_not_whole_is_told() -> None:
    with pytest.raises(adapter.DialectError, match=r"elements.*call, item, prefix"):
        make_syntax("elements", SyntaxSettings(OPEN, CLOSE, form={"prefix": P}))
    with pytest.raises(adapter.DialectError, match="must begin with it"):
        make_syntax("elements", SyntaxSettings("<x>", CLOSE, form={"prefix": P, "call": "invoke", "item": "item"}))


def test_without_a_schema_every_place_is_unknown() -> None:
    settings = SyntaxSettings(OPEN, CLOSE, form={"prefix": P, "call": "invoke", "item": "item"})
    place = settings.place("f")
    assert (place.member("a").kinds(), place.item(0).kinds(), place.names("item")) == (None, None, False)
    arguments = Arguments("f", place, elements_grammar(settings, settings.form))
    assert (
        arguments.begin() + arguments.open("a") + arguments.open("item") + arguments.value("1") + arguments.end()
        == '{"a": ["1"]}'
    )
