"""DSML, the markup of DeepSeek V3.2 and later: tags with a prefix that say of a value whether it is text or JSON."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter import CompletionParser, Options
from adapter.completion.request_rules import Rules
from adapter.completion.result import ParsedCompletion, assemble
from adapter.dialects.registry import load
from adapter.testing import splits
from adapter.tools.definitions import read_tools
from tests.support.growth import assert_linear
from tests.support.tiers import few_or_all, few_positions, in_turn, rest_are_proofs

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ("deepseek-v3.2", "deepseek-v4", "deepseek-v4.1")
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "f",
            "parameters": {"type": "object", "properties": {"s": {"type": "string"}, "n": {"type": "integer"}}},
        },
    },
    {"type": "function", "function": {"name": "g"}},
]


def read(dialect: str, pieces: list[str], finish: str | None = "stop", *, incremental: bool = False) -> ParsedCompletion:
    parser = CompletionParser.for_rules(Rules(read_tools(TOOLS), incremental=incremental), Options(dialect=dialect))
    events = [event for piece in pieces for event in parser.feed(piece)] + parser.close(finish)
    return assemble(events, finish)


def brief(parsed: ParsedCompletion) -> tuple[Any, ...]:
    calls = [(call.name, call.arguments) for call in parsed.tool_calls]
    return parsed.content, parsed.reasoning, calls, [problem.kind for problem in parsed.problems]


def call(name: str, *values: str) -> str:
    return "\n".join([f'<D|invoke name="{name}">', *values, "</D|invoke>"])


def text_value(key: str, value: str) -> str:
    return f'<D|parameter name="{key}" string="true">{value}</D|parameter>'


def json_value(key: str, value: str) -> str:
    return f'<D|parameter name="{key}" string="false">{value}</D|parameter>'


def block(*calls: str) -> str:
    return "\n".join(["\n\n<D|tool_calls>", *calls, "</D|tool_calls>"])


F1 = call("f", text_value("s", "x"), json_value("n", "1"))
ONE = ("f", '{"s": "x", "n": 1}')
CASES: dict[str, tuple[str, str | None, list[tuple[str, str]], list[str]]] = {
    "one call": (block(F1), None, [ONE], []),
    "text around it": (f"Hm.{block(F1)}\nDone.", "Hm.\n\n\nDone.", [ONE], []),
    "several calls": (block(F1, call("g", ""), F1), None, [ONE, ("g", "{}"), ONE], []),
    "no arguments": (block(call("g")), None, [("g", "{}")], []),
    "a call that is one tag": (block('<D|invoke name="g"/>', F1), None, [("g", "{}"), ONE], []),
    "a call that is one tag with a blank": (block('<D|invoke name="g" />'), None, [("g", "{}")], []),
    "white space of a value is kept": (block(call("f", text_value("s", "  x\n"))), None, [("f", '{"s": "  x\\n"}')], []),
    "a value of nothing": (block(call("f", text_value("s", ""))), None, [("f", '{"s": ""}')], []),
    "markup in a value is data": (
        block(call("f", text_value("s", 'Write <D|invoke name="x"> or </D|parameter> or </D|tool_calls> here.'))),
        None,
        [("f", '{"s": "Write <D|invoke name=\\"x\\"> or </D|parameter> or </D|tool_calls> here."}')],
        [],
    ),
    "JSON in the model's spelling": (
        block(call("g", json_value("a", "1.0"), json_value("b", "1e-05"), json_value("c", '{"d" :[1]}'))),
        None,
        [("g", '{"a": 1.0, "b": 1e-05, "c": {"d" :[1]}}')],
        [],
    ),
    "text that looks like JSON": (block(call("g", text_value("a", "007"))), None, [("g", '{"a": "007"}')], []),
    "text where the schema has a number": (block(call("f", text_value("n", "5"))), None, [("f", '{"n": 5}')], []),
    "no word on the kind": (block(call("f", '<D|parameter name="n">5</D|parameter>')), None, [("f", '{"n": 5}')], []),
    "another name of the block": (block(F1).replace("tool_calls", "function_calls"), None, [ONE], []),
    "the name of V4.1": (block(F1).replace("tool_calls", "calls"), None, [ONE], []),
    "two names of the block": (block(F1).replace("</D|tool_calls", "</D|calls"), None, [ONE], []),
    "a blank after the prefix": (block(F1).replace("D|", "D| "), None, [ONE], []),
    "plain pipes": (block(F1).replace("D|", "|DSML|"), None, [ONE], []),
    "no marker of the block": (f"Hm.\n{F1}", "Hm.", [ONE], []),
    "a doubled marker": (f"<D|tool_calls>{block(F1)}", None, [ONE], []),
    "no end of the block": (block(F1).removesuffix("</D|tool_calls>"), None, [ONE], []),
    "no end of the call": (block(F1).replace("</D|invoke>\n", ""), None, [ONE], []),
    "a mention": ("Use <D|tool_calls> for that.", "Use <D|tool_calls> for that.", [], []),
    "a mention of a call": ('The tag <D|invoke name="f"> does.', 'The tag <D|invoke name="f"> does.', [], []),
    "an invented result": (f"{block(F1)}<tool_result>x</tool_result>", None, [ONE], ["invented_result"]),
}


def spelt(text: str) -> str:
    return text.replace("D|", "｜DSML｜").replace("|｜DSML｜SML|", "|DSML|")


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", CASES)
def test_the_table_at_every_split(case: str) -> None:
    text, content, calls, kinds = CASES[case]
    text = spelt(text)
    whole = brief(read("deepseek-v4", [text]))
    expected = [(name, spelt(arguments)) for name, arguments in calls]
    assert whole == (None if content is None else spelt(content), None, expected, kinds)
    two = {str(place): [text[:place], text[place:]] for place in few_positions(text)}
    for turn, (name, pieces) in enumerate({**splits(text), **two}.items()):
        for incremental in in_turn((False, True), turn):
            assert (name, brief(read("deepseek-v4", pieces, incremental=incremental))) == (name, whole)


@pytest.mark.both_tiers
@pytest.mark.parametrize("name", NAMES)
def test_cut_off_at_every_place(name: str) -> None:
    dialect = load(name)
    written = [dialect.tool_call("f", {"s": "x", "n": 1}), dialect.tool_call("g", {"a": "b"})]
    text = dialect.assistant("Hm.", written)
    complete = [text.index(each) + len(each) for each in written]
    for end in range(len(text) + 1):
        for incremental in in_turn((False, True), end):
            pieces = list(text[:end]) if incremental else [text[:end]]
            parsed = read(name, pieces, "length", incremental=incremental)
            assert [found.name for found in parsed.tool_calls] == ["f", "g"][: sum(end >= at for at in complete)]


@pytest.mark.parametrize("name", NAMES)
def test_thoughts_come_first(name: str) -> None:
    dialect = load(name)
    text = "Let me.</think>" + dialect.assistant("Hm.", [dialect.tool_call("g", {})])
    for pieces in splits(text).values():
        parser = CompletionParser(dialect=name, thinking_prefilled=True)
        events = [event for piece in pieces for event in parser.feed(piece)] + parser.close()
        assert brief(assemble(events, "stop")) == ("Hm.", "Let me.", [("g", "{}")], [])


PARTS = [
    "<D|function_calls>", "<D|tool_calls>", "</D|tool_calls>", "<D| calls>", "</D| calls>", '<D|invoke name="f">', '<D|invoke name="g"/>',
    "</D|invoke>", '<D| parameter name="s" string="true">', '<D|parameter name="n" string="false">', "</D|parameter>", "</D| parameter>",
    "\n", "x", "5", '{"a": 1}', "<", "<D|", "Hm.", "`", '<|DSML|invoke name="g">', "<tool_result>", "</think>",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=few_or_all(8, 40), deadline=None)
def test_any_text_reads_the_same_at_any_split(name: str, chance: random.Random) -> None:
    text = spelt("".join(chance.choice(PARTS) for _ in range(chance.randint(1, 14))))
    for finish in ("stop", "length"):
        whole = brief(read(name, [text], finish))
        for pieces in splits(text).values():
            assert brief(read(name, pieces, finish)) == whole
            # What was reported early may turn out to stand in a block that cannot be read; then a problem says so.
            assert brief(read(name, pieces, finish, incremental=True))[:3] == whole[:3]


# A string must not hold the end of its own value followed by a tag: that no reader can tell apart.
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.text("abcdefghijklmnop_1", min_size=1, max_size=8)


@pytest.mark.parametrize("name", NAMES)
@given(arguments=st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=3), seed=st.integers(0, 99))
@settings(max_examples=few_or_all(30, 60), deadline=None)
def test_what_is_written_is_read(name: str, arguments: list[dict[str, Any]], seed: int) -> None:
    dialect = load(name)
    text = dialect.assistant("Hm.", [dialect.tool_call("g", each) for each in arguments])
    chance, pieces, rest = random.Random(seed), [], text
    while rest:
        size = chance.randint(1, 9)
        pieces.append(rest[:size])
        rest = rest[size:]
    for incremental in (False, True):
        parsed = read(name, pieces, incremental=incremental)
        assert [json.loads(found.arguments) for found in parsed.tool_calls] == arguments
        assert parsed.content == "Hm."


HOSTILE: dict[str, Callable[[int], str]] = {
    "a long value": lambda size: block(call("g", text_value("a", "x" * size))),
    "signs in a value": lambda size: block(call("g", text_value("a", "<" * size))),
    "half tags in a value": lambda size: block(call("g", text_value("a", "</D|parameter" * (size // 14)))),
    "ends in a value": lambda size: block(call("g", text_value("a", "</D|parameter>" * (size // 14)))),
    "white space in a tag": lambda size: f"<D|tool_calls><D|{' ' * size}",
    "a tag without end": lambda size: f'<D|tool_calls><D|invoke name="{"x" * size}',
    "white space in the block": lambda size: block(F1, "\n" * size),
    "white space after an end": lambda size: block(call("g", text_value("a", f"</D|parameter>{' ' * size}x"))),
    "calls": lambda size: block(*[call("g")] * (size // 40)),
}


@pytest.mark.parametrize("case", rest_are_proofs(HOSTILE, 3))
def test_cost_grows_with_the_length(case: str) -> None:
    def prepare(size: int) -> Callable[[], object]:
        pieces = list(spelt(HOSTILE[case](size)))
        return lambda: read("deepseek-v4", pieces)

    assert_linear(prepare, 2_000)
