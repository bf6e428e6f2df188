"""Upstream's own calls at any split: the same events as from one piece, and as from a call in the text (law 2, behaviour 6.11)."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.api.native_calls import CallPieces
from adapter.completion.native.parser import NativeParser
from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Problem, TextDelta
from adapter.options import Options
from tests.facts.tools import TOOLS
from tests.support.growth import assert_linear
from tests.support.native_servers import piece

OPTIONS = Options(new_id=lambda: "call_new")
ARGUMENTS = [
    '{"city": "Paris"}',
    ' {"city": "P\\u0061ris\\n", "days": "3", "unit": "c"}\n',
    '{"city": "Paris", "days": 3.0, "more": [1, {"a": null}, "</tool_call>"]}',
    '{"city": "Paris",}',
    "{'city': 'Paris'}",
    '{"city": "Paris"}}',
    '{"city": "Par',
    '{"city": "Paris", "days": }',
    '{"town": "Paris"}',
    '"{\\"city\\": \\"Paris\\"}"',
    '["Paris"]',
    "null",
    "",
    "Paris, please",
    '{"city": "Paris"}{"city": "Rome"}',
    '{"city": "\\ud83d\\ude00😀"}',
]


def rules(*, incremental: bool, **more: Any) -> Rules:
    made = Rules.of(TOOLS, more.pop("tool_choice", None), more.pop("parallel", None), OPTIONS, streamed=True)
    return dataclasses.replace(made, incremental=incremental)


def read(deltas: list[dict[str, Any]], given: Rules, finish: str = "tool_calls", text: str = "") -> list[Any]:
    """The events of an answer."""
    parser, pieces = NativeParser(given, OPTIONS), CallPieces(given.tools.names)
    out = parser.feed(text) if text else []
    for delta in deltas:
        out += parser.call(pieces.add(delta))
    return out + parser.call(pieces.close()) + parser.close(finish)


def told(events: list[Any]) -> list[Any]:
    """Calls, with the joined text of their pieces, and problems."""
    sent: dict[int, str] = {}
    for event in events:
        if isinstance(event, ArgumentsDelta):
            sent[event.index] = sent.get(event.index, "") + event.text
    calls = [(call.index, call.id, call.name, call.arguments, call.valid) for call in events if isinstance(call, CallFinished)]
    for index, _, _, arguments, _ in calls:
        assert sent.get(index, "") == arguments
    return [calls, sorted((problem.kind, problem.message) for problem in events if isinstance(problem, Problem))]


def cut(text: str, places: list[int]) -> list[str]:
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def streamed(arguments: str, parts: list[str], name: str = "get_weather", index: int = 0) -> list[dict[str, Any]]:
    assert "".join(parts) == arguments
    return [
        {"tool_calls": [piece("", name, index=index, id=f"c{index}")]},
        *({"tool_calls": [piece(part, index=index)]} for part in parts),
    ]


@pytest.mark.parametrize("finish", ["tool_calls", "length"])
def test_the_same_at_any_split(finish: str) -> None:
    seeded = random.Random(7)
    for arguments in ARGUMENTS:
        whole = told(read(streamed(arguments, [arguments]), rules(incremental=False), finish))
        splits = [[at] for at in range(1, len(arguments))] + [list(range(1, len(arguments)))]
        splits += [sorted(seeded.sample(range(len(arguments)), min(3, len(arguments)))) for _ in range(5)]
        for places in splits:
            for incremental in (False, True):
                got = told(read(streamed(arguments, cut(arguments, places)), rules(incremental=incremental), finish))
                if "contradicted" in {kind for kind, _ in got[1]}:
                    continue  # a repair changes what has left; the policy ends the stream in an error
                assert got == whole, (arguments, places, incremental)


def test_the_same_as_in_the_text() -> None:
    for arguments in ARGUMENTS:
        try:
            json.loads(arguments)
        except ValueError:
            continue
        text = f'<tool_call>\n{{"name": "get_weather", "arguments": {arguments}}}\n</tool_call>'
        parser = CompletionParser.for_rules(rules(incremental=True), OPTIONS)
        calls, problems = told(parser.feed(text) + parser.close())
        native = told(read(streamed(arguments, [arguments]), rules(incremental=True)))
        assert [call[2:] for call in native[0]] == [call[2:] for call in calls], arguments
        assert native[1] == problems, arguments


def test_calls_that_come_at_the_same_time() -> None:
    """Pieces of several calls in turn: the calls come in order, none mixed with another."""
    first, second = '{"city": "Paris"}', '{"city": "Rome"}'
    parts = [(0, first[:6]), (1, second[:9]), (0, first[6:]), (1, second[9:])]
    deltas = [{"tool_calls": [piece("", "get_weather", index=at, id=f"c{at}") for at in range(2)]}]
    deltas += [{"tool_calls": [piece(text, index=at)]} for at, text in parts]
    for incremental in (False, True):
        calls, problems = told(read(deltas, rules(incremental=incremental)))
        assert [call[1:4] for call in calls] == [("c0", "get_weather", first), ("c1", "get_weather", second)]
        assert problems == []
        late = [*deltas, {"tool_calls": [piece("x", index=0)]}]
        assert [kind for kind, _ in told(read(late, rules(incremental=incremental)))[1]] == ["left_out"]


def test_a_call_begins_with_its_name_and_leaves_as_it_comes() -> None:
    events = read(streamed('{"city": "Paris"}', ['{"ci', 'ty": "', "Par", 'is"}']), rules(incremental=True))
    assert [event.text for event in events if isinstance(event, ArgumentsDelta)] == ['{"ci', 'ty": "', "Par", 'is"}']
    assert isinstance(events[0], CallStarted)


NAMES = st.sampled_from(["get_weather", "get_", "time", "get_time", "", None, "nope"])
GIVEN = st.one_of(
    st.none(),
    st.sampled_from(['{"city": ', '"Paris"}', "{}", "", "}", "x", '{"city": "Paris"}']),
    st.just({"city": "Paris"}),
    st.just(7),
)
ITEMS = st.fixed_dictionaries(
    {"function": st.one_of(st.none(), st.fixed_dictionaries({"name": NAMES, "arguments": GIVEN}))},
    optional={"index": st.sampled_from([0, 1, 2, None, "0", True, 10**9]), "id": st.sampled_from(["a", "b", "", None])},
)
DELTAS = st.lists(
    st.fixed_dictionaries(
        {}, optional={"tool_calls": st.one_of(st.none(), st.lists(ITEMS, max_size=3)), "function_call": ITEMS}
    ),
    max_size=8,
)


@given(DELTAS, st.booleans(), st.sampled_from(["tool_calls", "length", "stop"]), st.sampled_from(["auto", "none", "required"]))
def test_any_deltas(deltas: list[Any], incremental: bool, finish: str, choice: str) -> None:
    events = read(deltas, rules(incremental=incremental, tool_choice=choice), finish, "Words. ")
    calls, _ = told(events)
    assert choice != "none" or not calls
    assert [call[0] for call in calls] == sorted({call[0] for call in calls})
    assert "".join(event.text for event in events if isinstance(event, TextDelta)).startswith("Words.")


@pytest.mark.proof
def test_growth() -> None:
    def one_call(size: int) -> Any:
        deltas = streamed(text := '{"city": "' + "a" * size + '"}', list(text))
        return lambda: read(deltas, rules(incremental=True))

    def many_calls(size: int) -> Any:
        deltas = [delta for at in range(size) for delta in streamed("{}", ["{", "}"], "get_time", at)]
        return lambda: read(deltas, rules(incremental=True))

    def in_turn(size: int) -> Any:
        heads = [{"tool_calls": [piece("", "get_time", index=at, id=f"c{at}") for at in range(size)]}]
        deltas = heads + [{"tool_calls": [piece(part, index=at)]} for part in "{}" for at in range(size)]
        return lambda: read(deltas, rules(incremental=True))

    assert_linear(one_call, 2000)
    assert_linear(many_calls, 100)
    assert_linear(in_turn, 100)
