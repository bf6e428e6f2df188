"""Calls reported while they are written: the table of completions once more, in the incremental mode (behaviour 2)."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.completion.parser import CompletionParser
from adapter.completion.result import ParsedCompletion, assemble
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Event, Problem, TextDelta
from tests.facts.completions import CALL, CASES, Case, block, f
from tests.facts.test_completions import accounted
from tests.facts.tools import ANY, TOOLS, function
from tests.support.growth import assert_linear
from tests.support.tiers import few_positions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# What only the whole block can settle; a stream has begun to say something else by then.
CONTRADICTED = {"1.4 of duplicate arguments the last counts", "1.4 of duplicate names the last counts"}
ALL = [pytest.param(case, id=case.id) for case in CASES if case.id not in CONTRADICTED]


def incremental(tools: list[dict[str, Any]], **options: Any) -> CompletionParser:
    """The public parser, whose calls leave while they are written."""
    return CompletionParser(tools, **options)


def read(case: Case, pieces: Iterable[str]) -> list[Event]:
    parser = incremental(TOOLS, **case.options)
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.close(case.finish)


def fragments(events: Iterable[Event]) -> dict[int, str]:
    """The arguments that were reported, by call."""
    found: dict[int, str] = {}
    for event in events:
        if isinstance(event, ArgumentsDelta):
            found[event.index] = found.get(event.index, "") + event.text
    return found


def check_order(events: list[Event]) -> None:
    """A call starts once, with its whole name, before its arguments, and in order; its fragments are its arguments (2.4, 2.5, 2.6)."""
    started: dict[int, CallStarted] = {}
    finished: set[int] = set()
    sent: dict[int, str] = {}
    for event in events:
        if isinstance(event, CallStarted):
            assert event.index == len(started)
            started[event.index] = event
            sent[event.index] = ""
        elif isinstance(event, ArgumentsDelta):
            assert event.text
            assert event.index in started
            assert event.index not in finished
            sent[event.index] += event.text
        elif isinstance(event, CallFinished):
            assert (event.id, event.name) == (started[event.index].id, started[event.index].name)
            assert event.arguments == sent[event.index]
            finished.add(event.index)
    assert len({event.id for event in started.values()}) == len(started)


def check(case: Case, pieces: list[str]) -> ParsedCompletion:
    events = read(case, pieces)
    parsed = assemble(events, case.finish)
    assert [(call.name, call.arguments) for call in parsed.tool_calls] == list(case.calls)
    assert (parsed.content or "") == (case.content or "")
    assert parsed.reasoning == case.reasoning
    # A block that cannot be read after all contradicts what was reported of it; nothing else does.
    contradicted = "contradicted" if "unreadable" in case.problems else ""
    assert sorted(problem.kind for problem in parsed.problems if problem.kind != contradicted) == sorted(case.problems)
    assert accounted(events) == accounted([TextDelta(case.text)])
    check_order(events)
    return parsed


def pieces_of(text: str, seed: str, most: int) -> list[str]:
    chance = random.Random(seed)
    pieces: list[str] = []
    while text:
        size = chance.randint(0, most)
        pieces.append(text[:size])
        text = text[size:]
    return pieces


@pytest.mark.parametrize("case", ALL)
def test_2_1_whole(case: Case) -> None:
    check(case, [case.text])


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", ALL)
def test_2_1_in_pieces(case: Case) -> None:
    """By character, in two pieces at every position, in pieces of a size, and in seeded pieces of which some are empty."""
    check(case, list(case.text))
    for position in few_positions(case.text, 16):
        check(case, [case.text[:position], case.text[position:]])
    for size in (2, 3, 5, 8, 16, 64):
        check(case, [case.text[start : start + size] for start in range(0, len(case.text), size)])
        check(case, pieces_of(case.text, case.id, size))


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES if case.id in CONTRADICTED])
def test_what_only_the_whole_block_settles_is_reported_as_a_contradiction(case: Case) -> None:
    for pieces in ([case.text], list(case.text)):
        events = read(case, pieces)
        assert [event.kind for event in events if isinstance(event, Problem)] == [*case.problems, "contradicted"]
        assert not [event for event in events if isinstance(event, CallFinished)]


NUMBERS = function(
    "set", {"n": {"type": "integer"}, "on": {"type": "boolean"}, "s": {"type": "string"}, "x": {"type": "number"}}
)
MAYBE = function(
    "set",
    {
        "s": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "n": {"anyOf": [{"enum": ["auto", "none"]}, {"type": "integer"}]},
        "o": {"anyOf": [{"type": "string", "minLength": 3}, {"type": "object"}]},
    },
)
LISTS = function("put", {"items": {"type": "array", "items": {"type": "integer"}}, "box": {"type": "object"}})


@dataclass(frozen=True)
class Sent:
    """What has been reported of the arguments after each piece."""

    id: str
    pieces: tuple[str, ...]
    sent: tuple[str, ...]
    tool: dict[str, Any]


START = '<tool_call>{"name": "set", "arguments": '
SENT = [
    Sent("a string grows", (START + '{"s": "a', "b", 'c"', "}}</tool_call>"), ('{"s": "a', "b", "c", '"}'), NUMBERS),
    Sent(
        "a number when it is complete",
        (START + '{"n": 1', "2", ', "on": tr', "ue}}"),
        ('{"n": ', "", '12, "on": ', "true}"),
        NUMBERS,
    ),
    Sent("an escape when it is complete", (START + '{"s": "\\', "u00", 'e9"}}'), ('{"s": "', "", '\\u00e9"}'), NUMBERS),
    Sent("a number written as a string, coerced", (START + '{"n": "1', '2"', "}}"), ('{"n": ', "12", "}"), NUMBERS),
    Sent("a truth written as a string, coerced", (START + '{"on": "True"', "}}"), ('{"on": true', "}"), NUMBERS),
    Sent("no number at all, as it is", (START + '{"n": "many"', "}}"), ('{"n": "many"', "}"), NUMBERS),
    Sent("a comma when another member follows", (START + '{"n": 1,', ' "on"', ": true"), ('{"n": 1', ', "on"', ": "), NUMBERS),
    Sent(
        "a closing tag in a string when it goes on",
        (START + '{"s": "</tool_call', ">", "x"),
        ('{"s": "', "", "</tool_call>x"),
        NUMBERS,
    ),
    Sent(
        "a list written as a string waits for the end",
        ('<tool_call>{"name": "put", "arguments": {"items": "[1, 2]"', ', "box": {}}}', "</tool_call>"),
        ('{"items": ', "", '[1, 2], "box": {}}'),
        LISTS,
    ),
    Sent(
        "arguments before the name",
        ('<tool_call>{"arguments": {"s": "x"}, "name": "se', 't"', "}</tool_call>"),
        ("", '{"s": "x"}', ""),
        NUMBERS,
    ),
    Sent(
        "arguments as a string wait for the end", (START + '"{\\"n\\": 1}"', "}", "</tool_call>"), ("", "", '{"n": 1}'), NUMBERS
    ),
    Sent("no arguments", ('<tool_call>{"name": "set"', "}</tool_call>"), ("", "{}"), NUMBERS),
    Sent("null arguments", (START + "null", "}</tool_call>"), ("", "{}"), NUMBERS),
    Sent(
        "the wrapper",
        ('<tool_call>{"type": "function", "function": {"name": "set", "arguments": {"s": "', "x"),
        ('{"s": "', "x"),
        NUMBERS,
    ),
    Sent("text that may be null", (START + '{"s": "n', 'ull"', "}}"), ('{"s": "n', "ull", '"}'), MAYBE),
    Sent("a word where a number may stand", (START + '{"n": "a', 'uto"', "}}"), ('{"n": "a', "uto", '"}'), MAYBE),
    Sent("nearly null where a number may stand", (START + '{"n": "n', "on", 'e"', "}}"), ('{"n": ', "", '"none', '"}'), MAYBE),
    Sent(
        "a number where a word may stand waits for the end",
        (START + '{"n": "1', '2"', ', "s": "x"}}', "</tool_call>"),
        ('{"n": ', "", "", '12, "s": "x"}'),
        MAYBE,
    ),
    Sent("what may be an object", (START + '{"o": "{', 'x"', "}}"), ('{"o": ', '"{x', '"}'), MAYBE),
    Sent("broken JSON, then repaired", (START + '{"s": \'x', "'", "}}</tool_call>"), ('{"s": ', "", '"x"}'), NUMBERS),
]


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in SENT])
def test_2_10_what_has_left_after_each_piece(case: Sent) -> None:
    parser = incremental([case.tool])
    assert tuple("".join(fragments(parser.feed(piece)).values()) for piece in case.pieces) == case.sent


def test_2_10_the_name_leaves_as_soon_as_it_is_known() -> None:
    parser = incremental([ANY])
    assert [type(event) for event in parser.feed('<tool_call>\n{"name": "f')] == []
    assert [type(event) for event in parser.feed('"')] == [CallStarted]


def test_2_10_text_is_held_back_by_twelve_characters_at_most() -> None:
    text = json.dumps({"a": 'say "hi" </b> {x}', "b": [1.5, True, None, {"c": "d]}"}], "e": "é\n" * 20})
    parser = incremental([ANY])
    parser.feed('<tool_call>{"name": "f", "arguments": ')
    sent = ""
    for position, character in enumerate(text):
        sent += fragments(parser.feed(character)).get(0, "")
        assert text.startswith(sent)
        assert position + 1 - len(sent) <= 12
    assert sent == text


@pytest.mark.parametrize("end", range(len(CALL)))
def test_1_7_fragments_of_a_cut_call_are_a_prefix(end: int) -> None:
    parser = incremental(TOOLS)
    events = [event for character in CALL[:end] for event in parser.feed(character)] + parser.close("length")
    finished = [event.arguments for event in events if isinstance(event, CallFinished)]
    assert finished in ([], ['{"city": "Paris"}'])
    assert '{"city": "Paris"}'.startswith(fragments(events).get(0, ""))
    check_order(events)


def test_2_5_a_call_that_is_not_offered_is_not_reported_early_nor_is_one_after_it() -> None:
    parser = incremental(TOOLS)
    text = '<tool_call>[{"name": "nope", "arguments": {}}, {"name": "f", "arguments": {"a": 1}}'
    assert [event for event in parser.feed(text) if isinstance(event, CallStarted)] == []
    events = parser.feed("]</tool_call>")
    assert [(event.index, event.name) for event in events if isinstance(event, CallStarted)] == [(0, "nope"), (1, "f")]


def test_2_9_a_long_argument_costs_in_proportion() -> None:
    def prepare(size: int) -> Callable[[], object]:
        text = f(json.dumps({"a": "x" * size}))

        def work() -> None:
            parser = incremental([ANY])
            for character in text:
                parser.feed(character)
            parser.close()

        return work

    assert_linear(prepare, 20_000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.booleans(), st.integers(1, 9))
def test_2_6_any_arguments_leave_as_they_were_written(arguments: dict[str, Any], ascii_only: bool, size: int) -> None:
    text = json.dumps(arguments, ensure_ascii=ascii_only)
    whole = block('{"name": "f", "arguments": ' + text + "}")
    parser = incremental([ANY])
    events = [event for start in range(0, len(whole), size) for event in parser.feed(whole[start : start + size])]
    events += parser.close()
    assert [event.arguments for event in events if isinstance(event, CallFinished)] == [text]
    check_order(events)


SOUP_PIECES = [
    "<tool_call>", "</tool_call>", '{"name": "f", ', '"arguments": ', "{", "}", "[", "]", '"a": ', '"x', '"', ",", "1", "\\", "\n",
    '{"name": "echo", "arguments": {"text": "', "null", "true", "'", "text ", "`", "<think>", "</think>", "</tools>", "é", "\\u00",
]  # fmt: skip
SOUP = st.lists(st.sampled_from(SOUP_PIECES), max_size=30)


@given(SOUP, st.integers(1, 7), st.sampled_from(["stop", "length"]))
def test_2_1_any_split_of_any_soup_reports_the_same(parts: list[str], size: int, finish: str) -> None:
    text = "".join(parts)
    case = Case("soup", text, finish=finish)
    whole, split = read(case, [text]), read(case, [text[start : start + size] for start in range(0, len(text), size)])
    check_order(whole)
    check_order(split)
    assert fragments(whole) == fragments(split)
    assert [comparable(event) for event in whole if _counts(event)] == [comparable(event) for event in split if _counts(event)]
    assert "".join(event.text for event in whole if isinstance(event, TextDelta)) == "".join(
        event.text for event in split if isinstance(event, TextDelta)
    )


def _counts(event: Event) -> bool:
    return isinstance(event, CallStarted | CallFinished | Problem)


def comparable(event: Event) -> Any:
    """An event without its random id."""
    if isinstance(event, CallStarted):
        return ("started", event.index, event.name)
    if isinstance(event, CallFinished):
        return ("finished", event.index, event.name, event.arguments, event.valid, event.raw)
    return event
