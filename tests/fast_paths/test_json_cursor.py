"""The JSON cursor lets leave what walker and gate let leave, delta by delta, and hands over where the scanner would be."""

from __future__ import annotations

import itertools
import json
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.schema.known_place import ANYWHERE, KnownPlace
from adapter.schema.raw_place import RawPlace
from adapter.syntax.delimiters import Boundaries
from adapter.syntax.json.end_scanner import BlockScanner, End
from adapter.text.json_cursor import JsonCursor
from adapter.text.json_plain import in_string
from adapter.text.partial import is_half
from adapter.tools.definitions import read_tools
from tests.support.argument_gate import ArgumentGate
from tests.support.growth import assert_linear
from tests.support.rows import row
from tests.support.tiers import few_or_all, few_positions, rest_are_proofs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARAMETERS = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "lines": {"type": "integer"},
        "ratio": {"type": "number"},
        "on": {"type": "boolean"},
        "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "mixed": {"type": ["string", "integer"]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "counts": {"type": "array", "items": {"type": "integer"}},
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
        "deep": {"type": "object", "properties": {"text": {"type": "string"}, "self": {"$ref": "#"}}},
        "any": {},
    },
}
# Words beside `type` leave doubts: a string may have to become a number though strings are allowed.
DOUBTS = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "pattern": "a"},
        "mixed": {"anyOf": [{"type": "string"}, {"type": "integer", "multipleOf": 2}]},
        "lines": {"anyOf": [{"type": "integer", "multipleOf": 2}, {"type": "string", "pattern": "^x"}]},
        "any": {"allOf": [{"type": ["string", "object"]}, {"type": ["object", "array", "string"], "minProperties": 1}]},
        "tags": {"anyOf": [{"type": "string", "pattern": "b"}, {"type": "array"}]},
        "maybe": {"oneOf": [{"type": "string", "pattern": "b"}, {"type": "object"}]},
        "on": {"enum": [True, False]},
    },
}


def _tool(parameters: dict[str, Any]) -> Any:
    tools = read_tools([{"type": "function", "function": {"name": "write", "parameters": parameters}}])
    return tools.by_name["write"].schema


SCHEMAS = {"plain": _tool(PARAMETERS), "doubts": _tool(DOUBTS), "nothing": None}
CLOSE = "</tool_call>"
BOUNDS = {
    "a tag": Boundaries("<tool_call>", CLOSE, ("<|im_end|>", "<tool_response>")),
    "a token": Boundaries("<|call|>", "<|end|>", ("<|calls_end|>",)),
    "no marker": Boundaries("[TOOL_CALLS]", "", ("</s>",)),
    "another bracket": Boundaries("[CALLS]", "[/CALLS]", ("</s>",)),
    "a marker that need not come": Boundaries("<|python_tag|>", "<|eom_id|>", ("<|eot_id|>",), due=False),
}


@dataclass
class Found:
    """What a stream was read as.

    Attributes:
        left: The text that left with each delta.
        edits: Coerced values.
        complete: All of the value left.
        end: What ended the block, if something did, and where payload and block end.
        last: The end that the end of the completion brings, cut or not.
    """

    left: list[str] = field(default_factory=list)
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    complete: bool = False
    end: tuple[End, int, int] | None = None
    last: list[tuple[End, int, int]] = field(default_factory=list)


def place_of(schema: Any) -> KnownPlace:
    return ANYWHERE if schema is None else schema.place


def writer_of(schema: Any) -> ArgumentGate:
    if schema is None:
        return ArgumentGate(None)
    doubts = None if schema.certain is not None else RawPlace(schema.source, (schema.source,))
    return ArgumentGate(schema.place, doubts)


def known(pieces: Sequence[str], bounds: Boundaries, schema: Any, *, cut: bool, markers: tuple[str, ...] = ()) -> Found:
    """As scanner, walker and gate read it."""
    found = Found()
    scanner, writer = BlockScanner(bounds), writer_of(schema)
    tail = back = read = ""
    literals = tuple(filter(None, (bounds.close, *markers)))
    broken, fault = False, re.compile(r'[\x00-\x1f]|\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4}|u?[0-9a-fA-F]{0,3}\Z)')
    loop = re.compile(rf"(?:{'|'.join(map(re.escape, literals)) or '(?!)'}|\s)*+")
    for piece in pieces:
        window, broken_before = tail + piece, broken
        after, end = scanner.feed(window)
        tail, fresh = window[after:], back + window[:after]
        read += window[:after]
        sure, tag = len(fresh), scanner.doubtful_tag
        if tag is not None and scanner.offset - tag <= min(len(fresh), 400 if markers else len(bounds.close)):
            begin = len(fresh) - (scanner.offset - tag)
            stop = loop.match(fresh, begin).end()  # type: ignore[union-attr]  # it matches everywhere
            if stop == len(fresh) or is_half(fresh, stop, literals) or not markers:
                sure = begin
        if tag is not None and (begin := len(fresh) - (scanner.offset - tag)) >= 0:
            stop = fault.search(fresh, begin)  # directly behind the marker it settles nothing
            if stop and (loop if markers else re.compile(re.escape(bounds.close))).fullmatch(fresh, begin, stop.start()):
                sure, broken = begin, True
        back, out = fresh[sure:], "" if broken_before else writer.feed(fresh[:sure])
        found.left.append(out)
        if end is not None:
            found.end = (end, scanner.payload_end, scanner.block_end)
            break
    else:
        newline = scanner.doubtful_tag is not None and "\n" in read[scanner.doubtful_tag :]
        last = scanner.finish(cut=cut, newline_after=newline, half_tag=len(tail))
        found.last.append((last, scanner.payload_end, scanner.block_end))
    found.edits, found.complete = writer.edits, writer.complete
    return found


def new(
    pieces: Sequence[str], bounds: Boundaries, schema: Any, *, cut: bool, markers: tuple[str, ...] = (), follow: int = 0
) -> Found:
    """As the cursor reads it, and behind its end the scanner; every `follow`-th delta is followed first."""
    found = Found()
    cursor = JsonCursor(in_string(bounds.close, markers), place_of(schema))
    scanner: BlockScanner | None = None
    tail = read = ""
    for number, piece in enumerate(pieces):
        out, end, read = "", None, read + piece
        window = tail + piece
        if scanner is None:
            said = cursor.follow(piece) if follow and number % follow == 0 else None
            if said is None:
                out = cursor.feed(piece)
            else:
                out, cursor.passed = said, cursor.passed + len(piece)
            if cursor.over:
                state = cursor.handover()
                scanner, window = BlockScanner.resume(bounds, state), state.unread
        if scanner is not None:
            after, end = scanner.feed(window)
            tail = window[after:]
        found.left.append(out)
        if end is not None and scanner is not None:
            found.end = (end, scanner.payload_end, scanner.block_end)
            break
    else:
        if scanner is None:
            state = cursor.handover()
            scanner = BlockScanner.resume(bounds, state)
            after, end = scanner.feed(state.unread)
            assert end is None
            tail = state.unread[after:]
        newline = scanner.doubtful_tag is not None and "\n" in read[scanner.doubtful_tag : len(read) - len(tail)]
        last = scanner.finish(cut=cut, newline_after=newline, half_tag=len(tail))
        found.last.append((last, scanner.payload_end, scanner.block_end))
    found.edits, found.complete = cursor.edits, cursor.complete
    assert cursor.sent == sum(map(len, found.left))
    return found


def agree(pieces: Sequence[str], bounds: Boundaries, schema: Any, markers: tuple[str, ...] = ()) -> None:
    for cut in (False, True):
        before = known(pieces, bounds, schema, cut=cut, markers=markers)
        for follow in (0, 1, 2):
            assert new(pieces, bounds, schema, cut=cut, markers=markers, follow=follow) == before, pieces


PLAIN = {
    "nothing": "{}",
    "white space": ' \n { \n "text"\t:  "a" ,\r\n "lines" : 3 } ',
    "compact": '{"text":"a","lines":3,"on":true,"maybe":null}',
    "empty strings": '{"text": "", "maybe": ""}',
    "escapes": r'{"text": "a \"b\" \\ \\\" \n \u00e9 \ud83d\ude00 \/", "any": "\\"}',
    "brackets in a string": '{"text": "]}}]", "any": "a]}]}]}]}b", "maybe": "]"}',
    "what could be tags": '{"text": "a < b, <b>, </b> <", "any": "<tool_call> <t"}',
    "numbers": '{"lines": -12, "ratio": 1.5e-7, "any": 0, "counts": [1,2 , 3]}',
    "lists": '{"tags": ["a", "b"], "pair": ["a", 1], "any": [[], [{}], [[1], "x"], {"a": [null, true]}]}',
    "objects": '{"deep": {"text": "a", "self": {"deep": {"text": "b", "other": 1}}}, "any": {"": {"b": {}}}}',
    "duplicate keys": '{"text": "a", "text": "b"}',
    "accents": '{"text": "é \U0001f600 \u2028", "ключ": "x"}',
    "a list as a whole": '["a", 1, ["b"], {"text": "c"}]',
}
OTHER = {
    "a number as text": '{"text": "a", "lines": "3", "on": "true", "maybe": "x", "mixed": "5"}',
    "text as a number": '{"text": 5, "lines": 5.0, "tags": "a", "maybe": 3, "on": "True"}',
    "text as a list": '{"lines": 1, "tags": "a", "text": "b"}',
    "text as an object": '{"maybe": "{\\"a\\": 1}", "any": " {\\"a\\": 1}", "text": "b"}',
    "text that begins as another": '{"mixed": "12 monkeys", "maybe": " \\n{", "tags": "true story", "lines": "tru"}',
    "numbers in a list of text": '{"tags": ["a", 1, "2", null], "counts": ["1", "x", 2.0, true]}',
    "no number of the right kind": '{"counts": [1.5, "1.5", "1e2"], "ratio": "0.5", "lines": "x"}',
    "an escape in a key": r'{"te\u0078t": "a", "a\"b": 1, "lin\u0065s": "4"}',
    "a tag in a string": '{"text": "a </tool_call> b", "lines": 3}',
    "a tag at the end of a string": '{"text": "a]} </tool_call>", "lines": 3}',
    "two tags in a string": '{"text": "</tool_call></tool_call>", "any": "</tool_call> </tool_"}',
    "a tag in a string that is held": '{"lines": "</tool_call>", "on": "t</tool_call>", "mixed": "1</tool_call>"}',
    "a tag in a key": '{"</tool_call>": "a <tool_call>", "lines": 3}',
    "a tag and a bracket": '{"text": "a]</tool_call>}"}',
    "half a tag in a string": '{"text": "a </tool_", "lines": 3, "any": "]}</tool_call"}',
    "half a tag in a key": '{"a</tool_": "a", "b<": 3}',
    "tokens in a string": '{"text": "a <|end|> <|call|> <|im_end|> b<|end|><|calls_end|>", "any": "<|end|>"}',
    "a raw newline": '{"text": "a\nb", "lines": 3}',
    "a raw newline after a tag": '{"text": "a</tool_call>\nb, "lines": 3}',
    "an invalid escape": r'{"text": "a]\d b", "lines": 3}',
    "a missing quote": '{"text": "a, "lines": 3}</tool_call>',
    "a missing quote at the end": '{"text": "abc}</tool_call>',
    "a missing quote and another block": '{"text": "abc}</tool_call>\n<tool_call>{"name": "x"}</tool_call>',
    "a missing quote in a list": '{"tags": ["abc]}</tool_call><tool_call>["x"',
    "a missing comma": '{"text": "a" "lines": 3}',
    "a trailing comma": '{"text": "a",}',
    "a trailing comma in a list": '{"any": [1, ]}',
    "no valid number": '{"lines": 012, "ratio": 1.}',
    "no valid number at all": '{"lines": 1-2, "ratio": 1.}',
    "a number and a colon": '{"lines": 1: 2}',
    "a word": '{"on": True, "any": None}',
    "single quotes": "{'text': 'it's </tool_call>, ok'}</tool_call>",
    "single quotes later": "{\"text\": 'a</tool_call>', \"b\": ['c', 'd']}</tool_call>",
    "an apostrophe": '{"text": "a"\' }</tool_call>',
    "one brace too few": '{"text": {"a": 1}\n</tool_call>',
    "one brace too many": '{"text": "a"}}</tool_call>',
    "the wrong bracket": '{"any": [1}]</tool_call>',
    "a tag outside": '{"text": </tool_call>',
    "another tag": '{"text": "a"}</tools>',
    "an opener": '{"text": "a", <tool_call>{"b": 1}</tool_call>',
    "a special token": '{"text": "a"<|im_end|>',
    "text after it": '{"text": "a"} and so on </tool_call>',
    "another object": '{"text": "a"}, {"text": "b"} </tool_call> x',
    "another list": '{"text": "a"}[CALLS][{"text": "b"}][/CALLS]',
    "a fence": '```json\n{"text": "a"}\n```\n</tool_call>',
    "deep": '{"any": ' + "[" * 40 + "]" * 40 + "}",
    "a long key": '{"' + "k" * 300 + '": "a", "text": "b"}',
    "a long number": '{"ratio": ' + "1" * 300 + ', "lines": "' + "2" * 300 + '", "mixed": "' + "3" * 80 + '"}',
    "white space without end": '{"text":' + " " * 300 + '"b"' + "\n" * 300 + "}",
    "no container": '"text"</tool_call>',
    "nothing there": "</tool_call>",
    "not broken off": '{"text": "a',
}
CASES = {**PLAIN, **OTHER}


def cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.both_tiers
@pytest.mark.parametrize("case", CASES)
def test_it_reads_as_walker_gate_and_scanner(case: str) -> None:
    for (kind, bounds), (name, schema) in itertools.product(BOUNDS.items(), SCHEMAS.items()):
        with row(bounds=kind, schema=name):
            reads_as_before(CASES[case].replace(CLOSE, bounds.close), bounds, schema)


def reads_as_before(text: str, bounds: Boundaries, schema: Any) -> None:
    for size in few_or_all((1, len(text) + 1), (1, 2, 3, 4, 5, 7, 11, len(text) + 1)):
        agree(cut(text, size), bounds, schema)
    chance = random.Random(text)
    for _ in range(few_or_all(1, 6)):
        at = sorted(chance.choices(range(len(text) + 1), k=chance.randint(1, 6)))
        agree([text[a:b] for a, b in itertools.pairwise([0, *at, len(text)])], bounds, schema)


@pytest.mark.both_tiers
@pytest.mark.parametrize(
    "text", [text for text in CASES.values() if len(text) < 100], ids=[n for n, t in CASES.items() if len(t) < 100]
)
def test_in_two_pieces_at_every_place(text: str) -> None:
    bounds = BOUNDS["a tag"]
    for name, schema in SCHEMAS.items():
        for at in few_positions(text, 6):
            with row(schema=name):
                agree([text[:at], text[at:]], bounds, schema)


MARKED = Boundaries("<|call|>", "<|end|>", ("<|calls_end|>", "<|im_end|>"))
MARKERS = ("<|call|>", "<|calls_end|>", "<|im_end|>")


@pytest.mark.parametrize("text", [text.replace(CLOSE, "<|end|>") for text in CASES.values()], ids=CASES)
def test_markers_after_a_doubtful_one_keep_the_doubt(text: str) -> None:
    for size in few_or_all((1, 4, len(text) + 1), (1, 2, 3, 4, 5, 7, 11, len(text) + 1)):
        agree(cut(text, size), MARKED, SCHEMAS["plain"], MARKERS)


TEXTS = [
    "a", "b c", "0", "12", "true", "nul", "]", "}", "]}", '\\"', "\\", "\\u00", "\\n", "e9", "<", "</", "</tool_", CLOSE, "<tool_call>",
    '"', '", "', '": "', '"}', '"]}', " ", "\n", "\t", ",", ":", "{", "[", "-", ".5", "e", "'", "\x01", "é", "<|im_end|>", "`",
    '{"text": "', '"lines": ', '"mixed": "', '"tags": ["', '"maybe": ', '"any": {"', '"on": "', '"deep": {"self": {',
]  # fmt: skip


@settings(max_examples=few_or_all(60, 600), deadline=None)
@given(
    st.lists(st.sampled_from(TEXTS), max_size=14),
    st.sampled_from(sorted(SCHEMAS)),
    st.sampled_from(sorted(BOUNDS)),
    st.integers(0, 9),
)
def test_whatever_is_written(parts: list[str], schema: str, bounds: str, size: int) -> None:
    text = '{"text": "' + "".join(parts)
    agree(cut(text, size) if size else ['{"text": "', *parts], BOUNDS[bounds], SCHEMAS[schema])


VALUES = st.recursive(
    st.sampled_from([None, True, 5, 5.0, 0.25, "a", "5", "true", "]}", "a\\n", "</tool_call>", '{"a": 1}', "é < b", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PARAMETERS["properties"], "other"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=few_or_all(50, 400), deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(PARAMETERS["properties"])), VALUES, max_size=5),
    st.sampled_from(sorted(SCHEMAS)),
    st.integers(1, 9),
    st.sampled_from([None, 1]),
    st.booleans(),
    st.integers(0, 400),
)
def test_valid_json(value: Any, schema: str, size: int, indent: int | None, ascii_only: bool, at: int) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    agree(cut(text + "\n" + CLOSE, size), BOUNDS["a tag"], SCHEMAS[schema])
    # And with a character missing; not the last bracket, without which a number leaves at the first character of the tag here,
    # and at the last of the tag there.
    at %= len(text) - 1
    agree(cut(text[:at] + text[at + 1 :] + CLOSE, size), BOUNDS["a tag"], SCHEMAS[schema])


def read(text: str, size: int, schema: Any = None) -> JsonCursor:
    cursor = JsonCursor(in_string(CLOSE), place_of(schema))
    for piece in cut(text, size):
        if cursor.over:
            break
        cursor.feed(piece)
    return cursor


def test_an_empty_delta_changes_nothing() -> None:
    for text in CASES.values():
        pieces = [piece for character in text for piece in (character, "")]
        agree(pieces, BOUNDS["a tag"], SCHEMAS["plain"])


def test_a_comma_before_the_value_breaks_it() -> None:
    cursor = JsonCursor(in_string(CLOSE), ANYWHERE)
    assert (cursor.feed(" ,{"), cursor.broken) == (" ", True)
    assert cursor.handover().unread == ",{"


def test_behind_an_end_all_text_is_handed_over() -> None:
    cursor = JsonCursor(in_string(CLOSE), ANYWHERE)
    assert cursor.feed('{"a": 1}  }</tool_call> and') == '{"a": 1}'
    assert (cursor.complete, cursor.handover().unread, cursor.handover().offset) == (True, "}  }</tool_call> and", 7)


@pytest.mark.parametrize(
    ("text", "most"),
    [
        pytest.param('{"a": "</tool_call>' + "x" * 5000, 0, id="a string that goes on behind a closing marker"),
        pytest.param('{"a": ' + " " * 5000 + "'", 1, id="white space"),
        pytest.param('{"a": ' + "1" * 5000 + "'", 1, id="a number"),
        pytest.param('{"a": "' + "x" * 5000 + "\n", 1, id="a string"),
        pytest.param('{"' + "k" * 5000 + "\n", 1, id="a key"),
        pytest.param("[" * 5000 + "'", 201, id="brackets"),
    ],
)
def test_little_is_read_again_behind_a_fault(text: str, most: int) -> None:
    for size in (1, 4, len(text)):
        assert len(read(text, size).handover().unread) <= most


HOSTILE = {
    "brackets": lambda size: "[" * size,
    "objects": lambda size: '{"a":' * (size // 5),
    "a number": lambda size: '{"a": ' + "1" * size + "}",
    "numbers": lambda size: "[" + "1," * (size // 2) + "1]",
    "white space": lambda size: '{"a": ' + " \n" * (size // 2) + "1}",
    "white space behind a value": lambda size: '{"a": 1' + " " * size + "}",
    "a key": lambda size: '{"' + "k" * size + '": 1}',
    "a string": lambda size: '{"a": "' + "x" * size + '"}',
    "escapes": lambda size: '{"a": "' + "\\n" * (size // 2) + '"}',
    "brackets in a string": lambda size: '{"a": "' + "]" * size + '"}',
    "markers in a string": lambda size: '{"a": "' + CLOSE * (size // 12) + '"}',
    "halves of markers in a string": lambda size: '{"a": "' + "</tool_" * (size // 7) + '"}',
    "a string for a number": lambda size: '{"lines": "' + "1" * size + '"}',
    "words for a number or text": lambda size: '{"mixed": "' + "1" * size + '"}',
}


@pytest.mark.both_tiers
@pytest.mark.parametrize("pieces", rest_are_proofs([4, 1, 0]))
@pytest.mark.parametrize("made", HOSTILE.values(), ids=HOSTILE)
def test_the_cost_is_linear(made: Any, pieces: int) -> None:
    def prepare(size: int) -> Callable[[], object]:
        text = made(size)
        return lambda: read(text, pieces or len(text), SCHEMAS["plain"])

    assert_linear(prepare, few_or_all(2_000, 8_000))
