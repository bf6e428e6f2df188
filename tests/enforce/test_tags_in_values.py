"""Closing tags inside of values, in grammars: no text that a grammar allows is read as another value than it writes.

Where arguments are raw text between tags, nothing in them is escaped but strings inside of JSON. So a grammar lets no value hold
what its reader may take for its end; a string inside of an object or a list says it with an escape.
"""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import adapter
from adapter.dialects.registry import load
from adapter.enforce.call_frame import turn
from adapter.enforce.gbnf.answer import gbnf
from adapter.enforce.shape import Shape
from adapter.enforce.structural_tag import structural_tag
from adapter.tools.definitions import read_tools
from tests.enforce.test_call_grammars import DIALECTS, FRAMES, HOW_MANY, STRING, WAYS, of, tool
from tests.support.gbnf_walk import Walk
from tests.support.tiers import few_or_all, some_first

if TYPE_CHECKING:
    from collections.abc import Sequence

RAW = [name for name, frame in FRAMES.items() if frame is not None and frame.raw is not None]
# One dialect for each way of writing raw values.
KINDS = [name for name in RAW if name in WAYS]
ANYTHING = {"type": ["object", "array"]}
TEXTS = {"type": "array", "items": STRING}
HOLDERS: list[Any] = [
    pytest.param(ANYTHING, id="anything"),
    pytest.param(TEXTS, id="strings"),
    pytest.param({"type": "object", "additionalProperties": STRING}, id="a map"),
    pytest.param({"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 60}}, id="lengths"),
    pytest.param({"type": "array", "items": {"type": "string", "maxLength": 5}}, id="short"),
]


def walk(dialect: str, schema: Any) -> Walk:
    """The grammar of a call with one argument, `a`."""
    return Walk(gbnf(load(dialect), Shape(read_tools([tool(of(a=schema))]), forced=True)).text())


def read(dialect: str, schema: Any, text: str) -> Any:
    """The argument in a call, which must be one that leaves nothing over."""
    parsed = adapter.parse(text, [tool(of(a=schema))], dialect=dialect, coerce=False)
    assert [call.valid for call in parsed.tool_calls] == [True], (text, parsed.problems)
    assert (parsed.content, parsed.problems) == (None, ()), text
    arguments = json.loads(parsed.tool_calls[0].arguments)
    assert list(arguments) == ["a"], text
    return arguments["a"]


def around(dialect: str, kind: str) -> tuple[str, str]:
    """What stands before and after the argument, where it is of this type."""
    frame = FRAMES[dialect]
    assert frame is not None
    assert frame.raw is not None
    raw = frame.raw
    return f"{raw.head}{raw.key}a{raw.value if kind == 'string' else raw.others[kind]}", raw.end + raw.tail


def pieces(dialect: str) -> list[str]:
    """Of tags, and what makes others of them."""
    found = load(dialect)
    tags = re.findall(r"<[^<>]*>", turn(found, ("f", {"a": "x", "b": "y"}), ("f", {})))
    tags += [
        found.open,
        found.close,
        "</parameter>",
        "</function>",
        "</invoke>",
        "</tool_call>",
        "<parameter=b>",
        "</arg_value>",
    ]
    tags = list(dict.fromkeys(tag for tag in tags if tag))
    spaced = [re.sub(r"(?=[/>])|(?<=[</])", " ", tag) for tag in tags]
    return [
        *tags,
        *tags,
        *spaced,
        *(tag[:-1] for tag in tags),
        *(tag[1:] for tag in tags),
        "<",
        "/",
        ">",
        " ",
        "x",
        "\n",
        '"',
        "\\",
        "}",
    ]


def some(chance: random.Random, parts: Sequence[str]) -> str:
    return "".join(chance.choices(parts, k=chance.randint(1, 6)))


ESCAPES = {"<": "\\u003c", "/": "\\/", ">": "\\u003E"}


def spelt(value: Any, chance: random.Random, share: float) -> str:
    """As JSON, with some of the characters that make tags as escapes."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[</>]", lambda found: ESCAPES[found[0]] if chance.random() < share else found[0], text)


def holders(schema: Any, one: str, two: str) -> list[Any]:
    """Values of the schema that hold these strings."""
    kind = schema["type"]
    if kind == "array":
        most = schema["items"].get("maxLength")
        return [[one[:most], two[:most]]] if one and two else []
    return [{one: two}] if kind == "object" else [[one, {two: [one]}], {one: {"k": two}}]


@pytest.mark.both_tiers
@pytest.mark.parametrize("schema", HOLDERS)
@pytest.mark.parametrize("dialect", KINDS)
def test_json_between_tags_is_read_as_the_value_it_is(dialect: str, schema: Any) -> None:
    grammar, chance = walk(dialect, schema), random.Random(11)
    parts = pieces(dialect)
    allowed = 0
    for number in range(few_or_all(3, 40)):
        for value in holders(schema, some(chance, parts), some(chance, parts)):
            before, after = around(dialect, "object" if isinstance(value, dict) else "array")
            for share in (0, 0.3, 1):
                text = before + spelt(value, chance, share) + after
                fits = grammar.allows(text)
                assert fits or share < 1, (number, text)  # there is a way to write each value
                if fits:
                    allowed += 1
                    assert read(dialect, schema, text) == value, text
    assert allowed > few_or_all(1, 20)


class Tagging(random.Random):
    """Goes the way of tags mostly: from one of their characters to the next."""

    def choice(self, seq: Any) -> Any:
        literals = [item for item in seq if item and item[0][0] == "text" and item[0][1] not in {'"', "\\"}]
        return super().choice(literals if literals and self.random() < 0.9 else seq)


@pytest.mark.both_tiers
@pytest.mark.parametrize("schema", [STRING, *HOLDERS])
@pytest.mark.parametrize("dialect", some_first(RAW))
def test_a_walk_along_the_tags_is_read_as_it_was_written(dialect: str, schema: Any) -> None:
    grammar, chance = walk(dialect, schema), Tagging(12)
    held = 0
    for _ in range(few_or_all(10, 60)):
        text = grammar.text(chance, 100)
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        before, after = next(pair for pair in (around(dialect, kind) for kind in kinds) if text.startswith(pair[0]))
        assert text.endswith(after)
        written = text[len(before) : len(text) - len(after)]
        held += "<" in written
        assert read(dialect, schema, text) == (written if schema == STRING else json.loads(written)), text
    assert held or schema not in (STRING, TEXTS)


@pytest.mark.both_tiers
@pytest.mark.parametrize("dialect", some_first(name for name in DIALECTS if name not in RAW))
def test_other_dialects_read_what_they_write(dialect: str) -> None:
    found, schema = load(dialect), {"type": "array", "items": STRING}
    grammar, chance = walk(dialect, schema), random.Random(13)
    parts = [*pieces(dialect), *map(str, found.form.values()), *found.special]
    allowed = 0
    for _ in range(few_or_all(50, 150)):
        value = [some(chance, parts), some(chance, parts)]
        text = turn(found, ("f", {"a": value}))
        if grammar.allows(text):
            allowed += 1
            assert read(dialect, schema, text) == value, text
    assert allowed > few_or_all(3, 10)


NASTY = [
    "</parameter>",
    "a</parameter >b",
    "</function>\n</tool_call>",
    "</arg_value>",
    "<|close|>",
    "</｜DSML｜parameter>",
    "x/y",
    "<b>",
]


@pytest.mark.parametrize("dialect", some_first(RAW))
def test_listed_values_inside_of_values_are_all_there(dialect: str) -> None:
    closing = load(dialect).close
    words = [*NASTY, closing]
    lists = {"type": "array", "items": {"enum": words}, "minItems": 1, "maxItems": 1}
    constant = {"const": {closing: NASTY}}
    keys = {"type": "object", "properties": {word: {"const": 1} for word in words}, "required": words}
    grammar, chance = walk(dialect, lists), random.Random(14)
    found = {read(dialect, lists, grammar.text(chance))[0] for _ in range(150)}
    assert found == set(words)
    for schema, value in ((constant, constant["const"]), (keys, dict.fromkeys(words, 1))):
        assert read(dialect, schema, walk(dialect, schema).text(chance)) == value


@pytest.mark.parametrize("dialect", some_first(RAW))
def test_a_word_that_raw_text_cannot_hold_is_told(dialect: str) -> None:
    closing = load(dialect).close
    for words, left in (["x", closing, "y"], {"x", "y"}), ([closing], None):
        shape = Shape(read_tools([tool(of(a={"type": "string", "enum": words}))]), forced=True)
        told = [f"f: arguments.a: the value {closing!r}, which raw text cannot hold"]
        for unenforced in (gbnf(load(dialect), shape).unenforced, list(structural_tag(load(dialect), shape).unenforced)):
            assert unenforced == (told if left else [*told, "f: arguments.a: enum"])
        if left:
            grammar, chance = walk(dialect, {"enum": words}), random.Random(15)
            assert {read(dialect, STRING, grammar.text(chance)) for _ in range(30)} == left


def test_json_keeps_tags_that_end_nothing() -> None:
    """The grammar leaves to the model what does no harm: markup of other kinds stands as it is."""
    page = ["<p>a</p>", "</div>", "a < b / c", "</param", "</parameters>", "</tool>"]
    for dialect in RAW:
        before, after = around(dialect, "array")
        assert walk(dialect, TEXTS).allows(before + json.dumps(page) + after), dialect
        # The tag of a parameter ends a value whose own closing tag is missing, if the tool declares it (behaviour 1.14); a grammar
        # knows the tag only.
        ends = before.endswith(("<parameter=a>\n", "<parameter=a>", '<parameter name="a">'))
        assert walk(dialect, TEXTS).allows(before + json.dumps(["<parameter=x>"]) + after) is not ends, dialect


@pytest.mark.both_tiers
@pytest.mark.parametrize("dialect", KINDS)
def test_any_text_inside_of_json(dialect: str) -> None:
    grammar = walk(dialect, TEXTS)
    before, after = around(dialect, "array")
    part = st.sampled_from(pieces(dialect)) | st.text(max_size=4)

    @settings(max_examples=HOW_MANY, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.lists(part, max_size=6).map("".join), max_size=3), st.integers(0, 2**32))
    def one(value: list[str], seed: int) -> None:
        text = before + spelt(value, random.Random(seed), 0.3) + after
        if grammar.allows(text):
            assert read(dialect, TEXTS, text) == value

    one()
