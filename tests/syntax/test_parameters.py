"""The syntax of tags and raw values: one table of completions, read whole, in pieces and while they are written; and round trips."""

from __future__ import annotations

import itertools
import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from adapter.completion.request_rules import Rules
from adapter.dialects.families import syntax_for
from adapter.dialects.registry import load
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Problem, TextDelta
from adapter.options import Options
from adapter.tools.definitions import read_tools
from tests.facts.tools import function
from tests.support.growth import assert_linear
from tests.support.tiers import few_or_all, rest_are_proofs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adapter.events import Event

TYPES = {
    "s": {"type": "string"},
    "t": {"type": "string"},
    "i": {"type": "integer"},
    "b": {"type": "boolean"},
    "o": {"type": "object"},
    "a": {"type": "array"},
}
TOOLS = [function("f", TYPES), function("g", {}), {"type": "function", "function": {"name": "any"}}]
CODER, MINIMAX, SEED = "qwen3-coder", "minimax-m2", "seed-oss"


@dataclass(frozen=True)
class Case:
    """A completion and what it says.

    Attributes:
        text: The completion.
        calls: Names and arguments.
        content: What is left for the reader.
        problems: Kinds of the problems reported.
        cut: Whether the model was stopped.
        dialect: Whose tags they are.
    """

    text: str
    calls: list[tuple[str, str]]
    content: str | None = None
    problems: tuple[str, ...] = ()
    cut: bool = False
    dialect: str = CODER


def call(*parameters: str, name: str = "f") -> str:
    return "\n".join(["<tool_call>", f"<function={name}>", *parameters, "</function>", "</tool_call>"])


def given_as(key: str, value: str) -> str:
    return f"<parameter={key}>\n{value}\n</parameter>"


def invoke(*parameters: str, name: str = "f") -> str:
    return f'<invoke name="{name}">\n' + "".join(f"{each}\n" for each in parameters) + "</invoke>"


def minimax(*calls: str) -> str:
    return "\n".join(["<minimax:tool_call>", *calls, "</minimax:tool_call>"])


def said(key: str, value: str) -> str:
    return f'<parameter name="{key}">{value}</parameter>'


LONG = "Ein längerer Text. 🦊\n" * 200
S_X = [("f", '{"s": "x"}')]
CASES: dict[str, Case] = {
    "a call": Case(call(given_as("s", "x")), S_X),
    "every type": Case(
        call(given_as("s", "5"), given_as("i", "5"), given_as("b", "True"), given_as("o", '{"k": 1.0}'), given_as("a", "['x', None]")),
        [("f", '{"s": "5", "i": 5, "b": true, "o": {"k": 1.0}, "a": ["x", null]}')],
    ),
    "no arguments": Case(call(name="g"), [("g", "{}")]),
    "no arguments, all in one line": Case("<tool_call><function=g></function></tool_call>", [("g", "{}")]),
    "an empty value": Case(call("<parameter=s>\n</parameter>"), [("f", '{"s": ""}')]),
    "an empty value, as it is written": Case(call(given_as("s", "")), [("f", '{"s": ""}')]),
    "a value in the line of its tags": Case(call("<parameter=s>x</parameter>"), S_X),
    "several lines": Case(call(given_as("s", "a\n\nb\n  c")), [("f", '{"s": "a\\n\\nb\\n  c"}')]),
    "newlines around are data but for one": Case(call(given_as("s", "\n\nx\n")), [("f", '{"s": "\\n\\nx\\n"}')]),
    "blanks around are data": Case(call(given_as("s", "  x\t")), [("f", '{"s": "  x\\t"}')]),
    "CRLF throughout": Case(call(given_as("s", "a\nb")).replace("\n", "\r\n"), [("f", '{"s": "a\\r\\nb"}')]),
    "a carriage return at the end of a value": Case(call(given_as("s", "a\r")), [("f", '{"s": "a\\r"}')]),
    "a long value": Case(call(given_as("s", LONG)), [("f", json.dumps({"s": LONG}, ensure_ascii=False))]),
    "quotes, backslashes and control characters": Case(call(given_as("s", '"\\n\x01\x7f')), [("f", '{"s": "\\"\\\\n\\u0001\x7f"}')]),
    "markup in a value": Case(call(given_as("s", "<b>a<b && c</b> <")), [("f", '{"s": "<b>a<b && c</b> <"}')]),
    "a parameter of a tool that says nothing": Case(call(given_as("v", "5"), name="any"), [("any", '{"v": "5"}')]),
    "a parameter that no one knows": Case(call(given_as("v", "5")), [("f", '{"v": "5"}')]),
    "a name in quotes": Case('<tool_call><function="g"></function></tool_call>', [("g", "{}")]),
    "blanks inside tags": Case("<tool_call>< function = f >\n< parameter = s >\nx\n< / parameter >\n</ function ></tool_call>", S_X),
    "a parameter's name with a blank": Case(call(given_as("the text", "x"), name="any"), [("any", '{"the text": "x"}')]),
    "the same parameter twice": Case(call(given_as("s", "x"), given_as("s", "y")), [("f", '{"s": "x", "s": "y"}')]),
    "more parameters than the skeleton shows at once": Case(call(*[given_as(f"k{n}", "x") for n in range(100)], name="any"), [("any", json.dumps({f"k{n}": "x" for n in range(100)}))]),
    # Closing tags that are data.
    "a closing tag of a value in it": Case(call(given_as("s", "</parameter> x")), [("f", '{"s": "</parameter> x"}')]),
    "the closing tag of a value twice": Case(call(given_as("s", "x</parameter>")), S_X, problems=("repaired",)),
    "a closing tag of a call in a value": Case(call(given_as("s", "a\n</function>\nb")), [("f", '{"s": "a\\n</function>\\nb"}')]),
    "a closing tag of a block in a value": Case(call(given_as("s", "a\n</tool_call>\nb")), [("f", '{"s": "a\\n</tool_call>\\nb"}')]),
    "the whole end in the middle of a line": Case(call(given_as("s", "a </function></tool_call> b")), [("f", '{"s": "a </function></tool_call> b"}')]),
    "an opening tag in a value": Case(call(given_as("s", "<tool_call>\n<function=g>")), [("f", '{"s": "<tool_call>\\n<function=g>"}')]),
    "a token in a value": Case(call(given_as("s", "<|im_end|>")), [("f", '{"s": "<|im_end|>"}')]),
    "a tool result in a value": Case(call(given_as("s", "<tool_response>x</tool_response>")), [("f", '{"s": "<tool_response>x</tool_response>"}')]),
    "the end of thinking in a value": Case("<think>Hm.</think>" + call(given_as("s", "</think>")), [("f", '{"s": "</think>"}')], dialect="qwen3.5"),
    # Several.
    "two calls in blocks of their own": Case(call(given_as("s", "x")) + "\n" + call(name="g"), [*S_X, ("g", "{}")]),
    "two calls in one block": Case("<tool_call>\n<function=g>\n</function>\n<function=g>\n</function>\n</tool_call>", [("g", "{}")] * 2),
    "two blocks that touch": Case(call(name="g") * 2, [("g", "{}")] * 2),
    "text before, between and after": Case(f"One.\n\n{call(name='g')}\nTwo.\n{call(name='g')}\nThree.", [("g", "{}")] * 2, "One.\n\n\nTwo.\n\nThree."),
    # What models leave out, or write twice.
    "no opening marker": Case(call(given_as("s", "x")).removeprefix("<tool_call>\n"), S_X),
    "no closing tag of a value": Case("<tool_call>\n<function=f>\n<parameter=s>\nx\n<parameter=t>\ny\n</parameter>\n</function>\n</tool_call>", [("f", '{"s": "x", "t": "y"}')]),
    "no closing tag of an empty value": Case("<tool_call>\n<function=f>\n<parameter=s>\n<parameter=t>\ny\n</parameter>\n</function>\n</tool_call>", [("f", '{"s": "", "t": "y"}')]),
    "no closing tag of the last value, which is empty": Case("<tool_call>\n<function=f>\n<parameter=s>\n</function>\n</tool_call>", [("f", '{"s": ""}')]),
    "no closing tag of the last value": Case("<tool_call>\n<function=f>\n<parameter=s>\nx\n</function>\n</tool_call>", S_X),
    "no closing tag of a call": Case("<tool_call>\n<function=f>\n<parameter=s>\nx\n</parameter>\n</tool_call>", S_X),
    "no closing marker": Case(call(given_as("s", "x")).removesuffix("\n</tool_call>"), S_X),
    "no closing marker, and a token": Case(call(given_as("s", "x")).removesuffix("\n</tool_call>") + "<|im_end|>", S_X),
    "no closing marker, and text": Case(call(given_as("s", "x")).removesuffix("\n</tool_call>") + "\n\nDone.", S_X, "Done."),
    "the opening marker twice": Case("<tool_call>\n" + call(given_as("s", "x")), S_X),
    "the closing marker twice": Case(call(given_as("s", "x")) + "\n</tool_call>", S_X),
    "the opening marker for the closing one": Case(call(given_as("s", "x")).removesuffix("</tool_call>") + "<tool_call>", S_X),
    "JSON between the markers": Case('<tool_call>\n{"name": "f", "arguments": {"s": "x"}}\n</tool_call>', S_X),
    "in a fence": Case("```xml\n" + call(given_as("s", "x")) + "\n```", S_X),
    "a result that the model invents": Case(call(name="g") + "\n<tool_response>\n1\n</tool_response>", [("g", "{}")], None, ("invented_result",)),
    # Not calls.
    "the marker in prose": Case("Write <tool_call> before a call.", [], "Write <tool_call> before a call."),
    "a tag in prose": Case("The tag <function=f> opens it.", [], "The tag <function=f> opens it."),
    "an empty block": Case("<tool_call>\n</tool_call>", [], "<tool_call>\n</tool_call>"),
    "a call without a name": Case("<tool_call>\n<function=>\n</function>\n</tool_call>", [], "<tool_call>\n<function=>\n</function>\n</tool_call>", ("unreadable",)),
    # Cut off.
    "cut inside a value": Case("Hm.\n" + call(given_as("s", "x"))[:45], [], "Hm.", ("cut",), cut=True),
    "cut after a value": Case(call(given_as("s", "x")).partition("</function>")[0], [], None, ("cut",), cut=True),
    "cut inside a tag": Case("<tool_call>\n<function=f>\n<param", [], None, ("cut",), cut=True),
    "cut after the marker": Case("<tool_call>\n", [], None, ("cut",), cut=True),
    "cut after the call": Case(call(given_as("s", "x")).removesuffix("\n</tool_call>"), S_X, cut=True),
    "cut inside the second call": Case(call(name="g") + call(given_as("s", "x"))[:40], [("g", "{}")], None, ("cut",), cut=True),
    "over without an end": Case("<tool_call>\n<function=f>\n<parameter=s>\nx", [], None, ("cut",)),
    # Values without padding.
    "minimax: a call": Case(minimax(invoke(said("s", "x"))), S_X, dialect=MINIMAX),
    "minimax: every type": Case(
        minimax(invoke(said("s", "5"), said("i", "5"), said("b", "true"), said("o", '{"k": null}'), said("a", "[]"))),
        [("f", '{"s": "5", "i": 5, "b": true, "o": {"k": null}, "a": []}')], dialect=MINIMAX,
    ),
    "minimax: newlines are data": Case(minimax(invoke(said("s", "\nx\n"))), [("f", '{"s": "\\nx\\n"}')], dialect=MINIMAX),
    "minimax: closing tags are data": Case(minimax(invoke(said("s", "</parameter> x</invoke> y</minimax:tool_call> z"))), [("f", '{"s": "</parameter> x</invoke> y</minimax:tool_call> z"}')], dialect=MINIMAX),
    "minimax: two calls in one block": Case(minimax(invoke(said("s", "x")), invoke(name="g")), [*S_X, ("g", "{}")], dialect=MINIMAX),
    "minimax: two blocks": Case(minimax(invoke(name="g")) + "\n" + minimax(invoke(name="g")), [("g", "{}")] * 2, dialect=MINIMAX),
    "minimax: single quotes": Case(minimax(invoke(said("s", "x")).replace('"', "'")), S_X, dialect=MINIMAX),
    "minimax: no quotes": Case(minimax(invoke(said("s", "x")).replace('"', "")), S_X, dialect=MINIMAX),
    "minimax: in unfinished thoughts": Case("<think>\nHm." + minimax(invoke(name="g")), [("g", "{}")], dialect=MINIMAX),
    "minimax: text before": Case("Hm.\n" + minimax(invoke(name="g")), [("g", "{}")], "Hm.", dialect=MINIMAX),
    "minimax: the end of a turn": Case(minimax(invoke(name="g")) + "[e~[\n", [("g", "{}")], dialect=MINIMAX),
    "seed: a call": Case("<seed:tool_call>\n<function=f>\n<parameter=s>x\n</parameter>\n<parameter=i>5</parameter>\n</function>\n</seed:tool_call>", [("f", '{"s": "x\\n", "i": 5}')], dialect=SEED),
    "seed: thoughts before": Case("<seed:think>Hm.</seed:think><seed:tool_call>\n<function=g>\n</function>\n</seed:tool_call><seed:eos>", [("g", "{}")], dialect=SEED),
}  # fmt: skip


def pieces(text: str, size: int | random.Random) -> Iterator[str]:
    while text:
        length = size if isinstance(size, int) else size.randint(1, 9)
        yield text[:length]
        text = text[length:]


def read(
    text: str, dialect: str, size: int | random.Random, *, incremental: bool, cut: bool = False, tools: Any = None
) -> list[Event]:
    """The events of a completion that comes in pieces."""
    rules = Rules(read_tools(TOOLS if tools is None else tools), incremental=incremental)
    parser = adapter.CompletionParser.for_rules(rules, Options(dialect=dialect))
    events = [event for piece in pieces(text, size) for event in parser.feed(piece)]
    return events + parser.close("length" if cut else "stop")


def finished(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.name, event.arguments) for event in events if isinstance(event, CallFinished)]


@pytest.mark.both_tiers
@pytest.mark.parametrize("fact", CASES)
def test_a_completion(fact: str) -> None:
    case = CASES[fact]
    sizes: list[int | random.Random] = [10**9, 1, 2, 3, 7, *map(random.Random, range(5))]
    for incremental, size in itertools.product((False, True), few_or_all([10**9, 1, sizes[-1]], sizes)):
        events = read(case.text, case.dialect, size, incremental=incremental, cut=case.cut)
        assert finished(events) == case.calls
        assert ("".join(event.text for event in events if isinstance(event, TextDelta)).strip() or None) == case.content
        assert tuple(event.kind for event in events if isinstance(event, Problem) and event.kind != "markup") == case.problems
        sent = {event.index: "" for event in events if isinstance(event, CallStarted)}
        for event in events:
            if isinstance(event, ArgumentsDelta):
                sent[event.index] += event.text
        for event in events:
            if isinstance(event, CallFinished):
                assert sent[event.index] == event.arguments


@pytest.mark.parametrize("fact", ["a call", "two calls in one block", "more parameters than the skeleton shows at once"])
def test_clean_markup_is_no_problem(fact: str) -> None:
    case = CASES[fact]
    assert [event for event in read(case.text, case.dialect, 10**9, incremental=False) if isinstance(event, Problem)] == []


def test_a_string_leaves_while_it_is_written() -> None:
    events = read("<tool_call>\n<function=f>\n<parameter=s>\nOnce upon a time", CODER, 1, incremental=True, cut=True)
    assert "".join(event.text for event in events if isinstance(event, ArgumentsDelta)) == '{"s": "Once upon a time'


def test_another_value_leaves_when_it_is_complete() -> None:
    begun = "<tool_call>\n<function=f>\n<parameter=i>\n12"
    for text, sent in ((begun, '{"i": '), (begun + "\n</parameter>\n</function>", '{"i": 12}')):
        events = read(text, CODER, 1, incremental=True, cut=True)
        assert "".join(event.text for event in events if isinstance(event, ArgumentsDelta)) == sent


def test_a_control_character_in_a_name_is_no_fault_of_the_tags() -> None:
    events = read(
        "<tool_call>\n<function=f>\n<parameter=a\x08>\nx\n</parameter>\n</function>\n</tool_call>", CODER, 1, incremental=True
    )
    assert finished(events) == [("f", '{"a\\b": "x"}')]
    assert [event for event in events if isinstance(event, Problem)] == []


# Round trips.

FAMILY = sorted(name for name in ("qwen3-coder", "qwen3.5", "qwen3.6", "nemotron-3-nano", "minimax-m2", "seed-oss"))
CLOSERS = ("</parameter>", "</function>", "</tool_call>", "<tool_call>", "<function=f>", "<parameter=s>", "</invoke>", '<invoke name="f">',
           '<parameter name="s">', "</minimax:tool_call>", "<seed:tool_call>", "</seed:tool_call>", "</think>", "<|im_end|>")  # fmt: skip
TEXTS = st.text(max_size=20) | st.lists(
    st.sampled_from([*CLOSERS, "\n", "\r\n", "\r", " ", "x", "<", ">", "é🦊", '"', "\\", "None", "{", "<think>"]), max_size=8
).map("".join)
# What nobody can tell from the end of a value: its closing tag, with a tag of the block next, or the tag of a value.
_TAG = r"\s*(?:</?(?:parameter|function|invoke|tool_call|minimax:tool_call|seed:tool_call)|<\|im_end|<tool_response)"
AMBIGUOUS = re.compile(rf"</(?:parameter|function|invoke|tool_call|minimax:tool_call|seed:tool_call)>{_TAG}|<parameter[^<>]*>")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "integer": st.integers() | st.integers(2**53, 2**200),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "null": st.none(),
    "object": st.dictionaries(TEXTS, JSON, max_size=3),
    "array": st.lists(JSON, max_size=3),
}
KEYS = st.text("abcXYZ019_-.$é東 ", min_size=1, max_size=20).filter(lambda key: key.strip() == key)
NAMES = st.text("abcXYZ019_.:/-", min_size=1, max_size=30)


@st.composite
def typed_calls(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A tool, and the arguments of a call of it."""
    kinds = draw(st.dictionaries(KEYS, st.sampled_from(sorted(PLAIN)), max_size=4))
    written = {key: draw(PLAIN[kind]) for key, kind in kinds.items()}
    return function(draw(NAMES), {key: {"type": kind} for key, kind in kinds.items()}), written


@given(typed_calls(), typed_calls(), st.sampled_from(FAMILY), st.integers(0, 2**32))
def test_what_is_written_is_read_back(first: Any, second: Any, name: str, seed: int) -> None:
    dialect = load(name)
    made = [(tool["function"]["name"], arguments) for tool, arguments in (first, second)]
    if made[0][0] == made[1][0] or any(AMBIGUOUS.search(f"{text}\n") for _, given in made for text in strings(given)):
        return
    ends = syntax_for(dialect).limits.ends
    if ends is not None and any(ends.search(text) for _, given in made for text in strings(given)):
        return
    text = dialect.assistant("See:", [dialect.tool_call(*each) for each in made])
    for size, incremental in ((10**9, False), (random.Random(seed), False), (random.Random(seed), True), (1, True)):
        events = read(text, name, size, incremental=incremental, tools=[first[0], second[0]])
        assert [(called, same(json.loads(arguments))) for called, arguments in finished(events)] == [
            (n, same(given)) for n, given in made
        ]
        assert [event for event in events if isinstance(event, Problem)] == []


def strings(value: Any) -> Iterator[str]:
    """Every text that a value shows."""
    if isinstance(value, dict | list):
        yield json.dumps(value, ensure_ascii=False)
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def same(value: Any) -> str:
    return json.dumps(value)


# Cost.

_LONG: dict[str, Callable[[int], str]] = {
    "a value": lambda n: call(given_as("s", "x" * n)),
    "white space in a value": lambda n: call(given_as("s", "\n" * n)),
    "brackets": lambda n: call(given_as("s", "<" * n)),
    "a bracket and blanks": lambda n: call(given_as("s", "<" + " " * n)),
    "half a closing tag and blanks": lambda n: call(given_as("s", "</parameter" + " " * n)),
    "a closing tag and blanks": lambda n: call(given_as("s", "</parameter>" + " " * n)),
    "closing tags": lambda n: call(given_as("s", "</parameter>\n" * (n // 13))),
    "half tags": lambda n: call(given_as("s", "\n<parameter=" * (n // 12))),
    "a name without end": lambda n: "<tool_call>\n<function=" + "y " * (n // 2),
    "blanks after the marker": lambda n: "<tool_call>" + "\n" * n + "<function=g></function></tool_call>",
    "markers": lambda n: "<tool_call>" * (n // 11),
    "tags in prose": lambda n: "<function=a b c d e f g h " * (n // 26),
    "parameters": lambda n: call(*[given_as("s", "x")] * (n // 30)),
    "calls": lambda n: call(name="g") * (n // 50),
}


@pytest.mark.parametrize("what", rest_are_proofs(_LONG, 3))
def test_cost_grows_with_the_length(what: str) -> None:
    def prepare(length: int, piece: int) -> Callable[[], object]:
        text = _LONG[what](length)
        return lambda: read(text, CODER, piece, incremental=True, cut=True)

    assert_linear(lambda length: prepare(length, 3), 3_000)
    assert_linear(lambda length: prepare(length, 10**9), 20_000)
