"""The short ways of reading and writing JSON, held against the ways that they replace."""

from __future__ import annotations

import itertools
import json
import re
import sys
from dataclasses import replace
from typing import Any

import pydantic_core
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.completion.parser import CompletionParser
from adapter.completion.request_rules import Rules
from adapter.events import CallFinished
from adapter.options import make_options
from adapter.syntax.json.call_forms import read_calls, read_plain_call
from adapter.syntax.reading import RawCall
from adapter.text.wire_json import write_json
from adapter.tools.choice import ToolChoice
from adapter.tools.definitions import read_tools
from tests.facts.completions import CASES
from tests.facts.tools import WEATHER

LONG = "a b " * 400
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
TEXTS = [
    pytest.param("short", id="short"),
    pytest.param(LONG, id="long"),
    pytest.param(LONG + '"\\/\b\f\n\r\t', id="named escapes"),
    pytest.param(LONG + "".join(map(chr, range(0x20))), id="controls"),
    pytest.param(LONG + "\x7f", id="DEL"),
    pytest.param(LONG + "é", id="Latin"),
    pytest.param(LONG + "天気😀\u2028", id="beyond"),
    pytest.param(LONG + "\ud83d", id="half a pair"),
]


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal down to the types of what they hold."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def compact(value: Any) -> bytes:
    """As the openai client writes a request; in ASCII where that is no UTF-8."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


@pytest.fixture(params=["pydantic_core", "alone"])
def _loaded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the openai client brings, and without."""
    if request.param == "alone":
        monkeypatch.delitem(sys.modules, pydantic_core.__name__)


@pytest.mark.usefixtures("_loaded")
@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_written_as_the_openai_client_writes_them(text: str) -> None:
    value = {text: [text, {"a": text, "b": [1, 1.5, -0.0, 10**40, True, None, float("inf"), float("nan")]}], "": {}, "c": []}
    assert write_json(value) == compact(value)


@given(JSON)
def test_any_value_is_read_back_as_it_was(value: Any) -> None:
    """Byte for byte it is not: a number with an exponent may be spelt otherwise."""
    written = write_json(value)
    assert json.dumps(json.loads(written)) == json.dumps(value)  # in which NaN is equal to itself
    if not re.search(rb"[.0-9]e[-+]?[0-9]|0\.0000", compact(value)):
        assert written == compact(value)


def test_nesting_as_deep_as_python_goes() -> None:
    value: list[Any] = []
    for _ in range(400):
        value = [value]
    assert write_json(value) == b"[" * 401 + b"]" * 401


def test_what_is_no_json() -> None:
    with pytest.raises(TypeError, match="Object of type object is not JSON serializable"):
        write_json({"a": object()})


def test_without_the_openai_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, pydantic_core.__name__)
    assert write_json([LONG]) == compact([LONG])
    assert "pydantic_core" not in sys.modules


PLAIN = [
    pytest.param('{"name": "f", "arguments": {"a": 1}}', id="the usual form"),
    pytest.param('{"name":"f","parameters":{}}', id="parameters, without spaces"),
    pytest.param(" \n", id="nothing"),
    pytest.param('{ "name" : " f " ,\r\n"arguments"\t: [1, 2.0, -0, 1E5, true, null] } \n', id="white space"),
    pytest.param('{"name": "f", "arguments": null}', id="null"),
    pytest.param('{"name": "f", "arguments": ""}', id="an empty string"),
    pytest.param('{"name": "f", "arguments": "{\\"a\\": 1}"}', id="a string that holds an object"),
    pytest.param('{"name": "f", "arguments": "x"}', id="another string"),
    pytest.param('{"name": "f", "arguments": {"a": 1, "a": 2}}', id="a key twice"),
    pytest.param('{"name": "f", "arguments": {"a": 1e999}}', id="a number out of range"),
    pytest.param('{"name": "f", "arguments": {"a": 123456789012345678901234567890}}', id="a long number"),
    pytest.param('{"name": "f", "arguments": {"a": 9' + "9" * 4400 + "}}", id="a number of thousands of digits"),
    pytest.param('{"name": "f", "arguments": {"a": NaN}}', id="NaN"),
    pytest.param('{"name": "f", "arguments": {"a": 01}}', id="a leading zero"),
    pytest.param('{"name": "f", "arguments": {"a": "\\ud83d"}}', id="half a pair, escaped"),
    pytest.param('{"name": "f", "arguments": {"a": "\ud83d"}}', id="half a pair"),
    pytest.param('{"name": "f", "arguments": {"a": "b\nc"}}', id="a raw newline"),
    pytest.param('{"name": "f", "arguments": ' + "[" * 300 + "]" * 300 + "}", id="deep"),
    pytest.param('{"name": "f", "arguments": ' + "[" * 99_999 + "}", id="too deep"),
    pytest.param('{"name": "f", "arguments": {"a": 1}, "id": 5}', id="a further member"),
    pytest.param('{"name": "f", "arguments": {"a": 1}, "arguments": {}}', id="arguments twice"),
    pytest.param('{"arguments": {"a": 1}, "name": "f"}', id="the other order"),
    pytest.param('{"name": "\\u0066", "arguments": {}}', id="an escape in the name"),
    pytest.param('{"name": " ", "arguments": {}}', id="a blank name"),
    pytest.param('{"name": "\u3000", "arguments": {}}', id="a name of wide space"),
    pytest.param('{"name": "f", "arguments": {}}}', id="a brace too many"),
    pytest.param('{"name": "f", "arguments": {}', id="a brace too few"),
    pytest.param('{"name": "f", "arguments": }', id="no arguments"),
    pytest.param('{"name": "f", "arguments": {}},', id="a comma after it"),
    pytest.param('{"name": "f", "arguments": {}} {"name": "g", "arguments": {}}', id="two calls"),
    pytest.param('{"name": "f", "arguments": {}}\x0b', id="white space that is none of JSON's"),
]


def plainly(payload: str, before: str, after: str) -> None:
    """Whatever the short way returns, the careful way returns too."""
    text = before + payload + after
    found = read_plain_call(text, len(before), len(before) + len(payload))
    if found is None:
        return
    [usual] = read_calls(text, len(before), len(before) + len(payload), one=True)
    assert isinstance(usual, RawCall)
    assert callable(found.places)  # the short way finds places when they are asked for
    assert replace(found, places=found.places(text)) == usual
    assert same([found.value], [usual.value])


@pytest.mark.parametrize("payload", PLAIN)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("<tool_call>\n", "\n</tool_call>"), ("{", "}")])
def test_a_plain_call_is_read_as_any(payload: str, before: str, after: str) -> None:
    plainly(payload, before, after)


@given(
    st.text(max_size=5),
    JSON,
    st.booleans(),
)
def test_any_plain_call_is_read_as_any(name: str, value: Any, ascii_only: bool) -> None:
    plainly(json.dumps({"name": name, "arguments": value}, ensure_ascii=ascii_only), "x", "}")


def test_the_short_way_is_taken() -> None:
    text = '{"name": "f", "arguments": {"a": "b"}}'
    found = read_plain_call(text, 0, len(text))
    assert found is not None
    assert (found.name, found.arguments, found.value) == ("f", '{"a": "b"}', {"a": "b"})


BLOCKS = [pytest.param(case.text, id=case.id) for case in CASES]
CHOICES = [ToolChoice(), ToolChoice("none"), ToolChoice("named", ("f",))]


@pytest.mark.parametrize("text", BLOCKS)
def test_a_block_in_one_go_is_a_block_read_with_care(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = read_tools([WEATHER, {"type": "function", "function": {"name": "f"}}])

    def read(choice: ToolChoice, further: dict[str, Any]) -> list[Any]:
        numbers = iter(range(1000))
        options = make_options({"new_id": lambda: f"call_{next(numbers)}"})
        parser = CompletionParser.for_rules(Rules(tools, choice, **further), options)
        events = parser.feed(text) + parser.close()
        return [replace(event, where=event.places) if isinstance(event, CallFinished) else event for event in events]

    ways = list(itertools.product(CHOICES, ({}, {"parallel": False}, {"invalid_as_text": True})))
    quick = [read(*way) for way in ways]
    monkeypatch.setattr("adapter.syntax.json.payload.read_plain_call", lambda *_: None)
    for way, found in zip(ways, quick, strict=True):
        assert read(*way) == found, way
