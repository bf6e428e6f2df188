"""The parts of incremental calls: strict JSON as it comes, places in a schema, JSON continued (behaviour 2.6–2.10)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter import CompletionParser
from adapter.events import ArgumentsDelta, CallFinished, Problem, TextDelta
from adapter.schema.place import SchemaPlace
from adapter.text.json_complete import continue_json
from adapter.text.json_tokens import JsonWalker, Kind
from tests.facts.completions import CALL, TIME_CALL
from tests.facts.test_streaming_parser import JSON, check_order, fragments, incremental
from tests.facts.tools import ANY, TOOLS, function
from tests.schema.test_validation import COERCED


def test_2_2_text_a_whole_call_and_the_start_of_the_next_in_one_delta() -> None:
    parser = incremental(TOOLS)
    events = parser.feed(f"Both: {CALL}{TIME_CALL[:40]}") + parser.feed("") + parser.feed(TIME_CALL[40:]) + parser.close()
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Both:"]
    assert [(event.name, event.arguments) for event in events if isinstance(event, CallFinished)] == [
        ("get_weather", '{"city": "Paris"}'),
        ("get_time", "{}"),
    ]


HELD = [
    pytest.param("a <", "a", id="an angle bracket"),
    pytest.param("a <tool_call", "a", id="nearly an opening tag"),
    pytest.param("a <tool_cat", "a <tool_cat", id="no tag any more"),
    pytest.param("a <b", "a <b", id="another tag"),
    pytest.param("a <|im_", "a", id="nearly a special token"),
    pytest.param("a <tool_call>", "a", id="an opening tag that may be a mention"),
    pytest.param("a <tool_call> is", "a <tool_call> is", id="a mention"),
    pytest.param('{"name": "get_', "", id="the name of a tool"),
    pytest.param('{"name": "get_time", "a', "", id="what may be a call"),
    pytest.param('{"name": "Alice", "age"', '{"name": "Alice", "age"', id="an object whose name is no tool's"),
    pytest.param('{"name": "Alice"', "", id="an object whose name may still be another"),
    pytest.param(
        '```json\n[{"type": "x", "name": "Al", "y"', '```json\n[{"type": "x", "name": "Al", "y"', id="a list of such, fenced"
    ),
]


@pytest.mark.parametrize(("text", "shown"), HELD)
def test_2_3_content_is_held_back_only_while_it_may_become_a_tag(text: str, shown: str) -> None:
    parser = incremental(TOOLS)
    events = [event for character in text for event in parser.feed(character)]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == shown


@pytest.mark.parametrize("text", ["a <", "a <tool_cal", "a <|im_st", "a `", "a </think"])
def test_2_3_a_held_back_half_tag_is_released_at_the_end(text: str) -> None:
    parser = incremental(TOOLS)
    events = [event for character in text for event in parser.feed(character)] + parser.close()
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == text


ESCAPES = r'{"a": "\\ \" \/ \b \u00e9 \ud83d\ude00 \ud83d x \\\\\" é 😀"}'


@pytest.mark.parametrize("position", range(len(ESCAPES) + 1))
def test_2_8_a_split_inside_an_escape(position: int) -> None:
    whole = '<tool_call>{"name": "f", "arguments": ' + ESCAPES + "}</tool_call>"
    place = whole.index(ESCAPES) + position
    parser = incremental([ANY])
    events = parser.feed(whole[:place]) + parser.feed(whole[place:]) + parser.close()
    assert [event.arguments for event in events if isinstance(event, CallFinished)] == [ESCAPES]
    pieces = [event.text for event in events if isinstance(event, ArgumentsDelta)]
    assert all(len(piece) - len(piece.rstrip("\\")) in {0, 2, 4} for piece in pieces)
    check_order(events)


@pytest.mark.parametrize(("schema", "before", "after"), COERCED)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_2_10_what_is_coerced_in_a_whole_answer_is_coerced_in_a_stream(schema: Any, before: str, after: str, size: int) -> None:
    given = '{"other": 1.0, "v": ' + before + ', "z": "\\u00e9"}'
    text = '<tool_call>{"name": "g", "arguments": ' + given + "}</tool_call>"
    parser = incremental([function("g", {"v": schema, "other": {}})])
    events = [event for start in range(0, len(text), size) for event in parser.feed(text[start : start + size])]
    events += parser.close()
    assert [(event.arguments, event.valid) for event in events if isinstance(event, CallFinished)] == [
        (given.replace(before, after), True)
    ]
    assert {event.kind for event in events if isinstance(event, Problem)} == {"coerced"}
    check_order(events)


INVALID: list[Any] = [
    pytest.param('{"n": "1.5"}', '{"n": "1.5"}', id="a fraction is no integer"),
    pytest.param('{"least": "3"}', '{"least": "3"}', id="less than the minimum"),
    pytest.param('{"most": "3"}', '{"most": "3"}', id="not less than the maximum"),
    pytest.param('{"some": "3"}', '{"some": "3"}', id="none of the values"),
    pytest.param('{"n": "3", "s": {}}', '{"n": 3, "s": {}}', id="another value is invalid"),
    pytest.param('{"s": {}, "n": "3", "least": "7"}', '{"s": {}, "n": 3, "least": 7}', id="a value before is invalid"),
    pytest.param('{"some": "5.0", "s": {}}', '{"some": 5.0, "s": {}}', id="another spelling of a value"),
    pytest.param('{"short": true}', '{"short": "true"}', id="a value that grows"),
    pytest.param('{"short": 12345, "n": "3"}', '{"short": "12345", "n": 3}', id="a value that grows and one that shrinks"),
]


@pytest.mark.parametrize(("given", "handed_out"), INVALID)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_5_2_an_invalid_call_is_the_same_whole_and_streamed(given: str, handed_out: str, size: int) -> None:
    kinds: dict[str, Any] = {"n": {}, "least": {"minimum": 5}, "most": {"exclusiveMaximum": 3}, "some": {"enum": [1, 5]}}
    words = {"s": {"type": "string"}, "short": {"type": "string", "maxLength": 3}}
    tool = function("g", {**words, **{name: {"type": "integer", **more} for name, more in kinds.items()}})
    text = '<tool_call>{"name": "g", "arguments": ' + given + "}</tool_call>"
    for parser in (incremental([tool]), CompletionParser([tool], stream_calls="validated")):
        events = [event for start in range(0, len(text), size) for event in parser.feed(text[start : start + size])]
        events += parser.close()
        assert [(event.arguments, event.valid) for event in events if isinstance(event, CallFinished)] == [(handed_out, False)]
        check_order(events)


KINDS = {"$defs": {"N": {"type": "integer"}, "Self": {"$ref": "#/$defs/Self"}, "a/b": {"type": "null"}}}
PLACES: list[Any] = [
    pytest.param({"type": "integer"}, {"integer"}, id="a type"),
    pytest.param({"type": ["integer", "null"]}, {"integer", "null"}, id="types"),
    pytest.param({}, None, id="no type"),
    pytest.param(True, None, id="true"),
    pytest.param({"enum": [1, 2]}, None, id="an enum says nothing of types"),
    pytest.param({"$ref": "#/$defs/N"}, {"integer"}, id="a reference"),
    pytest.param({"$ref": "#/$defs/a~1b"}, {"null"}, id="a reference with an escape"),
    pytest.param({"$ref": "#/$defs/Self"}, None, id="a reference to itself"),
    pytest.param({"$ref": "https://example.com/x"}, None, id="a reference elsewhere"),
    pytest.param({"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/a~1b"}]}, {"integer", "null"}, id="anyOf"),
    pytest.param({"oneOf": [{"type": "integer"}, {}]}, None, id="oneOf with anything"),
    pytest.param({"allOf": [{"type": "integer"}]}, {"integer"}, id="allOf of one"),
    pytest.param({"allOf": [{"type": "integer"}, {"minimum": 1}]}, None, id="allOf of more is not looked into"),
]


@pytest.mark.parametrize(("schema", "kinds"), PLACES)
def test_the_types_that_a_place_allows(schema: Any, kinds: set[str] | None) -> None:
    root = {"type": "object", "properties": {"v": schema}, **KINDS}
    assert SchemaPlace.of(root).member("v").kinds() == kinds


def test_places_inside() -> None:
    root = {
        "properties": {
            "list": {"items": {"type": "integer"}, "prefixItems": [{"type": "string"}]},
            "map": {"additionalProperties": {"type": "boolean"}},
            "pattern": {"patternProperties": {"^x": {"type": "null"}}, "additionalProperties": {"type": "boolean"}},
        }
    }
    place = SchemaPlace.of(root)
    assert place.member("list").item(0).kinds() == frozenset({"string"})
    assert place.member("list").item(1).kinds() == frozenset({"integer"})
    assert place.member("map").member("any").kinds() == frozenset({"boolean"})
    assert place.member("pattern").member("x1").kinds() is None
    assert place.member("unknown").member("deeper").item(3).kinds() is None


BROKEN = [
    pytest.param('{"a": tru}', id="half a word"),
    pytest.param('{"a": 01}', id="a leading zero"),
    pytest.param("{'a': 1}", id="single quotes"),
    pytest.param('{"a" 1}', id="no colon"),
    pytest.param('{"a": 1,}', id="a trailing comma"),
    pytest.param('{"a": "x\ny"}', id="a raw newline"),
    pytest.param('{"a": "\\x"}', id="an invalid escape"),
    pytest.param('{"a": [1}', id="the wrong bracket"),
    pytest.param("{]", id="a bracket for a key"),
    pytest.param("}", id="nothing to close"),
    pytest.param('{"a": NaN}', id="NaN"),
]


@pytest.mark.parametrize("text", BROKEN)
def test_the_walker_stops_at_what_is_no_json(text: str) -> None:
    walker = JsonWalker()
    said = "".join(token for character in text for _, token in walker.feed(character))
    assert walker.broken
    assert text.startswith(said)
    assert walker.feed("more") == []


@given(JSON, st.booleans(), st.integers(1, 5))
def test_the_walker_says_all_of_json(value: Any, ascii_only: bool, size: int) -> None:
    text = json.dumps([value], ensure_ascii=ascii_only, indent=1)
    walker = JsonWalker()
    tokens = [token for start in range(0, len(text), size) for token in walker.feed(text[start : start + size])]
    assert "".join(token for _, token in tokens) == text
    assert not walker.broken
    depth = sum((kind is Kind.OPEN) - (kind is Kind.CLOSE) for kind, _ in tokens)
    assert depth == 0


@given(st.dictionaries(st.text(), JSON, max_size=3), st.integers(0, 200))
def test_2_7_what_was_sent_is_continued_to_say_the_value(value: dict[str, Any], end: int) -> None:
    text = json.dumps(value)
    walker = JsonWalker()
    sent = "".join(token for _, token in walker.feed(text[:end]))
    rest = continue_json(sent, value)
    assert rest is not None
    assert json.loads(sent + rest) == value


CONTRADICTIONS = [
    pytest.param('{"a": 1', {"a": 2}, id="another number"),
    pytest.param('{"b', {"a": 1}, id="another key"),
    pytest.param('{"a": "xy', {"a": "xz"}, id="another string"),
    pytest.param('{"a": 1, ', {"a": 1}, id="a member too many"),
    pytest.param("[", {"a": 1}, id="another kind"),
    pytest.param('{"a": true', {"a": 1}, id="true is not 1"),
    pytest.param('{"a": [1, 2', {"a": [1]}, id="an element too many"),
]


@pytest.mark.parametrize(("sent", "value"), CONTRADICTIONS)
def test_2_7_what_contradicts_the_value_is_not_continued(sent: str, value: Any) -> None:
    assert continue_json(sent, value) is None


def test_2_9_parsers_share_nothing() -> None:
    one, two = incremental(TOOLS), incremental(TOOLS)
    first, second = [], []
    for left, right in zip(CALL, TIME_CALL.ljust(len(CALL)), strict=True):
        first += one.feed(left)
        second += two.feed(right)
    assert fragments(first + one.close()) == {0: '{"city": "Paris"}'}
    assert fragments(second + two.close()) == {0: "{}"}
