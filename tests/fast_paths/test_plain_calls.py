"""Plain calls on the short way: what is reported is what the careful way reports, delta for delta, and plain calls take no other."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from adapter.completion.call_stream import CallStream
from adapter.completion.parser import CompletionParser
from adapter.completion.plain_call import PlainCall
from adapter.completion.request_rules import Rules
from adapter.events import ArgumentsDelta, CallFinished, CallStarted, Event, Markup, TextDelta
from adapter.options import make_options
from adapter.schema.known_place import KnownPlace
from adapter.schema.place import SchemaPlace
from adapter.text.json_careful import Careful
from adapter.text.json_cursor import JsonCursor
from adapter.tools.choice import read_choice
from adapter.tools.definitions import read_tools
from tests.support.short_ways import close_short_ways, open_short_ways
from tests.support.tiers import few_or_all

if TYPE_CHECKING:
    from collections.abc import Iterable

PARAMETERS = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "lines": {"type": "integer"},
        "ratio": {"type": "number"},
        "on": {"type": "boolean"},
        "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "counts": {"type": "array", "items": {"type": "integer"}},
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
        "deep": {"type": "object", "properties": {"text": {"type": "string"}, "self": {"$ref": "#"}}},
        "any": {},
    },
}
TOOLS = [{"type": "function", "function": {"name": "write", "parameters": PARAMETERS}}]


def block(arguments: str, *, name: str = "write", after: str = "", end: str = "\n</tool_call>") -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}{after}}}{end}'


PLAIN = {
    "nothing": "{}",
    "white space": '{ \n "text"\t:  "a" ,\r\n "lines" : 3 } ',
    "compact": '{"text":"a","lines":3,"on":true,"maybe":null}',
    "empty strings": '{"text": "", "maybe": ""}',
    "escapes": r'{"text": "a \"b\" \\ \\\" \n \u00e9 \ud83d\ude00 \/", "any": "\\"}',
    "brackets in a string": '{"text": "]}}]", "any": "a]}]}]}]}b", "maybe": "]"}',
    "what could be tags": '{"text": "a < b, <b>, <", "any": "<tool_call> <t"}',
    "numbers": '{"lines": -12, "ratio": 1.5e-7, "any": 0, "counts": [1,2 , 3]}',
    "lists": '{"tags": ["a", "b"], "pair": ["a", 1], "any": [[], [{}], [[1], "x"], {"a": [null, true]}]}',
    "objects": '{"deep": {"text": "a", "self": {"deep": {"text": "b", "other": 1}}}, "any": {"": {"b": {}}}}',
    "duplicate keys": '{"text": "a", "text": "b"}',
    "accents": '{"text": "é \U0001f600 \u2028", "ключ": "x"}',
    "a long string": json.dumps({"text": "word " * 900 + "end", "lines": 3}),
    "a long list": json.dumps({"any": list(range(700))}),
}
OTHER = {
    "a number as text": block('{"text": "a", "lines": "3", "on": "true", "maybe": "x"}'),
    "text as a number": block('{"text": 5, "lines": 5.0, "tags": "a", "maybe": 3}'),
    "an escape in a key": block(r'{"te\u0078t": "a", "a\"b": 1}'),
    "a tag in a string": block('{"text": "a </tool_call> b", "lines": 3}'),
    "a tag in a key": block('{"</tool_call>": "a <tool_call>", "lines": 3}'),
    "half a tag in a string": block('{"text": "a </tool_", "lines": 3}'),
    "a raw newline": block('{"text": "a\nb", "lines": 3}'),
    "an invalid escape": block(r'{"text": "a \d b", "lines": 3}'),
    "a missing quote": block('{"text": "a, "lines": 3}'),
    "a missing quote at the end": block('{"text": "abc}'),
    "a missing comma": block('{"text": "a" "lines": 3}'),
    "a trailing comma": block('{"text": "a",}'),
    "no valid number": block('{"lines": 012, "ratio": 1.}'),
    "a word": block('{"on": True, "any": None}'),
    "one brace too few": '<tool_call>\n{"name": "write", "arguments": {"text": "a"}\n</tool_call>',
    "one brace too many": block('{"text": "a"}}'),
    "another key": block('{"text": "a"}', after=', "id": "x"'),
    "arguments twice": block('{"text": "a"}', after=', "arguments": {"text": "b"}'),
    "arguments first": '<tool_call>\n{"arguments": {"text": "a"}, "name": "write"}\n</tool_call>',
    "parameters": '<tool_call>\n{"name": "write", "parameters": {"text": "a"}}\n</tool_call>',
    "a wrapper": '<tool_call>\n{"type": "function", "function": {"name": "write", "arguments": {}}}\n</tool_call>',
    "a list of calls": '<tool_call>\n[{"name": "write", "arguments": {"text": "a"}}]\n</tool_call>',
    "arguments as text": '<tool_call>\n{"name": "write", "arguments": "{\\"text\\": 1}"}\n</tool_call>',
    "no arguments": '<tool_call>\n{"name": "write"}\n</tool_call>',
    "a name with space": block('{"text": "a"}', name=" write "),
    "an escape in the name": block('{"text": "a"}', name=r"wr\u0069te"),
    "no name": block('{"text": "a"}', name=""),
    "an unknown name": block('{"text": "a"}', name="read"),
    "another closing tag": block('{"text": "a"}', end="\n</tools>"),
    "no closing tag": block('{"text": "a"}', end="\n") + block('{"text": "b"}'),
    "a special token": block('{"text": "a"}', end="<|im_end|>"),
    "text after it": block('{"text": "a"}', end=" and so on") + "\n</tool_call>",
    "another object": block('{"text": "a"}', after='}, {"name": "write", "arguments": {}'),
    "in a fence": f"```json\n{block(PLAIN['compact'])}\n```\n",
    "a fence inside": '<tool_call>\n```json\n{"name": "write", "arguments": {"text": "a"}}\n```\n</tool_call>',
    "too deep": block('{"any": ' + "[" * 40 + "]" * 40 + "}"),
    "a long key": block('{"' + "k" * 300 + '": "a", "text": "b"}'),
    "white space without end": block('{"text":' + " " * 300 + '"b"' + "\n" * 300 + "}"),
}
CASES = {name: block(arguments) for name, arguments in PLAIN.items()} | OTHER
CASES["several, and text"] = "Well.\n" + "\n".join(CASES[name] for name in list(PLAIN)[:6]) + "\nDone."
SPLITS = [1, 2, 3, 4, 5, 7, 11, 30]
SETTINGS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "nothing coerced": {"coerce": False},
    "one call": {"parallel": False},
    "invalid calls as text": {"invalid_as_text": True},
    "no tools": {"tools": []},
}


def feeds(pieces: Iterable[str], *, tools: Any = TOOLS, coerce: bool = True, **rules: Any) -> list[list[Event]]:
    """The events of each delta, and of the end."""
    count = itertools.count()
    tool_set = read_tools(tools)
    read = Rules(tool_set, read_choice(None, tool_set.names), incremental=True, **rules)
    options: Any = {"dialect": "hermes", "coerce": coerce, "new_id": lambda: f"call_{next(count)}"}
    parser = CompletionParser.for_rules(read, make_options(options))
    return [*(joined(parser.feed(piece)) for piece in pieces), joined(parser.close("stop"))]


def joined(events: list[Event]) -> list[Event]:
    """White space may be held back in one piece or in two."""
    found: list[Event] = []
    for event in events:
        last = found[-1] if found else None
        if isinstance(event, Markup | TextDelta) and isinstance(last, Markup | TextDelta) and type(last) is type(event):
            found[-1] = type(event)(last.text + event.text)
        else:
            found.append(event)
    return found


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.both_tiers
@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in CASES.items()])
def test_delta_for_delta(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for size, settings in itertools.product(few_or_all([1, 4], SPLITS), SETTINGS.values()):
        close_short_ways(monkeypatch)
        wanted = feeds(cut(text, size), **settings)
        open_short_ways(monkeypatch)
        assert feeds(cut(text, size), **settings) == wanted


@pytest.mark.both_tiers
@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in CASES.items() if "long" not in name])
def test_cut_anywhere(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for end in range(0, len(text), few_or_all(7, 1)):
        pieces = cut(text[:end], 5)
        close_short_ways(monkeypatch)
        wanted = feeds(pieces)
        open_short_ways(monkeypatch)
        assert feeds(pieces) == wanted


@pytest.mark.parametrize("arguments", [pytest.param(text, id=name) for name, text in PLAIN.items()])
def test_nothing_is_read_with_care(arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a plain call was read with care")

    monkeypatch.setattr(Careful, "run", refuse)
    events = [event for found in feeds(cut(block(arguments) + "\n", 4)) for event in found]
    assert [type(event) for event in events if not isinstance(event, ArgumentsDelta | Markup)] == [CallStarted, CallFinished]
    assert "".join(event.text for event in events if isinstance(event, ArgumentsDelta)) == arguments.rstrip()


def test_empty_deltas_are_none() -> None:
    text = block(PLAIN["escapes"])
    with_empty = [found for piece in cut(text, 3) for found in (piece, "")]
    events = [found for found in feeds(with_empty) if found]
    assert events == [found for found in feeds(cut(text, 3)) if found]
    assert not any(event.text == "" for found in events for event in found if isinstance(event, ArgumentsDelta))


def test_a_parser_goes_this_way() -> None:
    parser = CompletionParser.for_rules(Rules(read_tools(TOOLS), incremental=True), make_options({"dialect": "hermes"}))
    for piece in cut(block(PLAIN["objects"])[:-8], 4):
        parser.feed(piece)
    assert isinstance(parser._state.flow, PlainCall)  # the events do not tell


def test_the_cursor_is_handed_over() -> None:
    parser = CompletionParser.for_rules(Rules(read_tools(TOOLS), incremental=True), make_options({"dialect": "hermes"}))
    for piece in cut(block(PLAIN["objects"][:-1] + r', "an esc\u0061pe": 1, "text": "and so on')[:-14], 4):
        parser.feed(piece)
    flow = parser._state.flow
    assert isinstance(flow, CallStream)
    assert isinstance(flow._follower, JsonCursor)


def test_places_are_kept_where_the_schema_names_them() -> None:
    place = KnownPlace(SchemaPlace.of(PARAMETERS))
    assert place.member("text") is place.member("text")
    assert place.member("tags").item(0) is place.member("tags").item(7)
    assert place.member("unnamed") is not place.member("unnamed")
    assert [place.member("pair").item(at).kinds() for at in (0, 1, 2)] == [frozenset({"string"}), frozenset({"integer"}), None]


def test_places_that_refer_to_themselves_are_kept_to_a_depth() -> None:
    place, depths = KnownPlace(SchemaPlace.of(PARAMETERS)), 0
    while (inner := place.member("deep").member("self")) is place.member("deep").member("self"):
        place, depths = inner, depths + 1
    assert depths == 1
    assert place.member("deep").member("text").kinds() == frozenset({"string"})
