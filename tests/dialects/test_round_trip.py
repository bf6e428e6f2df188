"""What is written as history in a dialect is what a completion of the same text is read as: every dialect, every split.

Tools with random schemas, calls with random arguments of their types. What a format cannot say is left out of the arguments; it is
the call syntax that says so (`adapter.syntax.contract.Limits`), and why.
"""

from __future__ import annotations

import functools
import json
import os
import random
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import adapter
from adapter.completion.request_rules import Rules
from adapter.completion.result import assemble
from adapter.dialects.registry import load, names
from adapter.options import Options
from adapter.tools.definitions import read_tools
from benchmarks.round_trip.sayable import can_be_said, limits_of
from tests.support.tiers import few_or_all, some_first

EXAMPLES = int(os.environ.get("ADAPTER_EXAMPLES", few_or_all("8", "80")))  # of each dialect
PIECES = ["<", ">", "</", '"', "'", "\\", "\n", "\r\n", " ", "x", "é🦊", "{", "}", "[", "]", "(", ")", ",", ":", "=", "null", "True", "007",
          "<|im_end|>", "</think>", "```", "\x00"]  # fmt: skip
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)


@functools.cache
def values_of(name: str) -> dict[str, st.SearchStrategy[Any]]:
    """Values by their JSON type, and under `""` those of any. The texts hold the dialect's own markup, whole and in parts."""
    dialect = load(name)
    markup = dialect.assistant("", [dialect.tool_call("f", {"k": "v"}), dialect.tool_call("g", {"n": 1})])
    tags = [
        *re.findall(r"</?[^<>\n]+>|\[/?[A-Z_]+\]", markup),
        dialect.open,
        dialect.close,
        *dialect.special,
        *dialect.form.values(),
    ]
    texts = st.text(max_size=12) | st.lists(st.sampled_from([*PIECES, *filter(None, tags)]), max_size=5).map("".join)
    anything = st.recursive(
        st.none() | st.booleans() | NUMBERS | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=4,
    )
    return {
        "string": texts,
        "integer": st.integers(-(2**70), 2**70),
        "number": NUMBERS,
        "boolean": st.booleans(),
        "null": st.none(),
        "array": st.lists(anything, max_size=3),
        "object": st.dictionaries(texts, anything, max_size=3),
        "": anything,
    }


KINDS = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
SAID = KINDS | st.lists(KINDS, min_size=2, max_size=3, unique=True) | st.none()  # one type, several, or nothing
KEYS = st.text("abcXYZ019_-.$é東 ", min_size=1, max_size=9) | st.text(max_size=9)
NAMES = st.from_regex(r"[a-zA-Z0-9_.:/-]{1,20}", fullmatch=True)


@st.composite
def conversations(draw: st.DrawFn, name: str) -> tuple[list[Any], list[tuple[str, dict[str, Any]]]]:
    """Two tools, and calls of them."""
    limits = limits_of(name)
    names, keys = (
        given.filter(limit.fullmatch) if limit else given for given, limit in ((NAMES, limits.names), (KEYS, limits.keys))
    )
    made = draw(st.lists(names, min_size=2, max_size=2, unique=True))
    kinds = [draw(st.dictionaries(keys, SAID, max_size=4)) for _ in made]
    tools = [tool(*each) for each in zip(made, kinds, strict=True)]
    calls = []
    for place in draw(st.lists(st.integers(0, 1), min_size=1, max_size=3)):
        arguments = {}
        for key, kind in kinds[place].items():
            said = [kind] if isinstance(kind, str) else kind or ["string" if limits.typed else ""]
            values = st.one_of(*(values_of(name)[each] for each in said))
            arguments[key] = draw(values.filter(functools.partial(can_be_said, kinds=kind, limits=limits)))
        calls.append((made[place], arguments))
    return tools, calls


def tool(name: str, kinds: dict[str, Any]) -> dict[str, Any]:
    properties = {key: {} if kind is None else {"type": kind} for key, kind in kinds.items()}
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": properties}}}


def history(calls: list[tuple[str, Any]], text: str) -> list[Any]:
    return [
        {"role": "user", "content": "Go."},
        {"role": "assistant", "content": text, "tool_calls": [
            {"id": f"call_{place}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
            for place, (name, arguments) in enumerate(calls)
        ]},
        *({"role": "tool", "tool_call_id": f"call_{place}", "content": "ok"} for place in range(len(calls))),
    ]  # fmt: skip


def splits(text: str, seed: int) -> list[list[str]]:
    """Whole, a character at a time, and in pieces of random sizes."""
    chance, pieces, rest = random.Random(seed), [], text
    while rest:
        size = chance.choice((0, 1, 2, 3, 7, 30))
        pieces.append(rest[:size])
        rest = rest[size:]
    return [[text], list(text), pieces]


UNSAYABLE = [
    ("glm-4.5", "</arg_value><tool_call>"),
    ("glm-4.5", "</arg_value></think><tool_call>"),
    ("glm-4.5", "x</arg_value> </think>\n<|im_end|>"),
    ("kimi-k3", "x<|close|>tools<|sep|><|close|>tools<|sep|>"),
]


@pytest.mark.parametrize(("name", "value"), UNSAYABLE)
def test_what_a_syntax_cannot_say_is_what_it_says_it_cannot(name: str, value: str) -> None:
    dialect, tools = load(name), [tool("f", {"k": "string"})]
    text = dialect.assistant("", [dialect.tool_call("f", {"k": value})])
    assert not can_be_said(value, "string", limits_of(name))
    assert [json.loads(call.arguments) for call in adapter.parse(text, tools, dialect=name).tool_calls] != [{"k": value}]


@pytest.mark.parametrize("name", some_first(names()))
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_what_is_written_is_read_back(name: str, data: st.DataObject, seed: int) -> None:
    tools, calls = data.draw(conversations(name))
    messages = adapter.render(history(calls, ""), tools, dialect=name, neutralise=False)
    written = next(message["content"] for message in messages if message["role"] == "assistant")
    options = Options(dialect=name)
    for incremental in (False, True):
        rules = Rules(read_tools(tools), incremental=incremental)
        for pieces in splits(written, seed):
            parser = adapter.CompletionParser.for_rules(rules, options)
            parsed = assemble([event for piece in pieces for event in parser.feed(piece)] + parser.close("stop"), "stop")
            read = [(call.name, json.loads(call.arguments)) for call in parsed.tool_calls]
            assert json.dumps(read, sort_keys=True) == json.dumps(calls, sort_keys=True), written
            assert (parsed.content, parsed.problems) == (None, ()), written
