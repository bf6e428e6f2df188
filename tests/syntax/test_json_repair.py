"""Structural repair of JSON (behaviour 1.5, 1.17): a table of texts, a property, and the cost."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.text.json_repair import repair
from tests.support.growth import assert_linear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MENDED = {
    "a missing comma between strings of a list": ('["Paris" "London"]', '["Paris", "London"]'),
    "a missing comma at the end of a line": ('["Paris"\n"London"]', '["Paris",\n"London"]'),
    "a missing comma between objects": ('[{"a": 1} {"a": 2}]', '[{"a": 1}, {"a": 2}]'),
    "a missing comma before a key": ('{"a": "x" "b": 1}', '{"a": "x", "b": 1}'),
    "a comma behind the last item": ('{"a": [1, 2,],}', '{"a": [1, 2]}'),
    "two commas in an object": ('{"a": 1,, "b": 2}', '{"a": 1, "b": 2}'),
    "single quotes": ("{'a': 'x'}", '{"a": "x"}'),
    "double quotes in single quotes": ("{'a': 'say \"hi\"'}", '{"a": "say \\"hi\\""}'),
    "an apostrophe in single quotes": ("{'a': 'it's'}", '{"a": "it\'s"}'),
    "an escaped apostrophe": ("{'a': 'it\\'s'}", '{"a": "it\'s"}'),
    "typographic quotes": ("{“a”: “x”}", '{"a": "x"}'),
    "typographic quotes are data in others": ("{'a': '“x”'}", '{"a": "“x”"}'),
    "three quotes": ('{"a": """x\n"y" z"""}', '{"a": "x\\n\\"y\\" z"}'),
    "keys without quotes": ("{a: 1, b_2: {c: 2}}", '{"a": 1, "b_2": {"c": 2}}'),
    "Python's words": ("{'a': True, 'b': [None, False]}", '{"a": true, "b": [null, false]}'),
    "numbers keep their spelling": ("{'a': 1.50, 'b': 1E5, 'c': 12345678901234567890}", '{"a": 1.50, "b": 1E5, "c": 12345678901234567890}'),
    "numbers as Python writes them": ('{"a": .5, "b": -5.}', '{"a": 0.5, "b": -5.0}'),
    "comments": ('{"a": 1 // one\n, /* two */ "b": 2}', '{"a": 1, "b": 2}'),
    "marks of a comment in a string": ("{'a': 'http://x # y'}", '{"a": "http://x # y"}'),
    "a raw newline": ('{"a": "x\ny"}', '{"a": "x\\ny"}'),
    "a backslash that escapes nothing": (r'{"a": "\d+"}', r'{"a": "\\d+"}'),
    "a backslash before a raw newline": ('{"a": "x\\\ny"}', '{"a": "x\\\\\\ny"}'),
    "a missing bracket at the end": ('{"a": {"b": 1}', '{"a": {"b": 1}}'),
    "a missing bracket before another": ('{"a": [1, 2}', '{"a": [1, 2]}'),
    "a bracket too many inside": ('{"a": [1]], "b": 2}', '{"a": [1], "b": 2}'),
    "brackets too many at the end": ('{"a": 1}}}]', '{"a": 1}'),
    "inner quotes around a word": ('{"a": "say "hi" now"}', '{"a": "say \\"hi\\" now"}'),
    "inner quotes at the end": ('{"a": "x = "b" + "c""}', '{"a": "x = \\"b\\" + \\"c\\""}'),
    "the last quote is missing": ('{"a": "x}', '{"a": "x"}'),
    "a code fence": ('```json\n{"a": 1,}\n```', '{"a": 1}'),
    "a key twice stays": ('{"a": 1, "a": 2,}', '{"a": 1, "a": 2}'),
}  # fmt: skip
REFUSED = {
    "strings side by side": '{"a": "Oslo" "x"}',
    "strings side by side in single quotes": "{'a': 'Oslo' 'x'}",
    "strings that touch": '["a""b"]',
    "a sum of strings": '{"a": "a" + "b"}',
    "a sum of strings without spaces": '{"a": "a"+"b"}',
    "a word between strings": '["a" b "c"]',
    "an expression": '{"a": 1 + 2}',
    "a call": '{"a": now()}',
    "a word": '{"a": Paris}',
    "NaN": '{"a": NaN}',
    "a tuple": '{"a": (1, 2)}',
    "a set": '{"a": {1, 2}}',
    "a set of strings": '{"a": {"x", "y"}}',
    "a complex number": '{"a": 1j}',
    "a number with underscores": '{"a": 1_000}',
    "a number in hexadecimal": '{"a": 0x1f}',
    "leading zeros": '{"a": 007}',
    "a string with a prefix": '{"a": b"x"}',
    "an unclosed list before a key": '{"a": ["x", "b": 1}',
    "an unclosed list without a comma before a key": '{"a": ["x" "b": 1}',
    "a key in a list": '["a", "b": "c"]',
    "a key without a value": '{"a": 1, "b"}',
    "a missing value": '{"a": }',
    "a missing item": "[1,, 2]",
    "numbers side by side": "[1 2]",
    "a wrong bracket": '{"a": {"b": 1], "c": 2}',
    "two brackets missing": '{"a": {"b": [1',
    "doubled quotes": '{""a"": 1}',
    "a doubled quote at one end": '{"a": "x""}',
    "an inner quote alone": '{"a": "he said "no", "b": "x"}',
    "a key that is dangerous without quotes": "{__proto__: {a: 1}}",
    "text behind": '{"a": 1} or so',
    "a second value": '{"a": 1,} {"b": 2}',
    "words": "no JSON at all",
    "nothing": "",
}


@pytest.mark.parametrize(("text", "expected"), MENDED.values(), ids=MENDED)
def test_mended(text: str, expected: str) -> None:
    assert repair(text) == expected


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refused(text: str) -> None:
    assert repair(text) is None


def test_several_values() -> None:
    assert repair('{"a": 1,} {"b": 2};{"c": 3},', several=True) == '{"a": 1} {"b": 2};{"c": 3}'
    assert repair('{"a": 1,} or {"b": 2}', several=True) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.sampled_from(["Oslo", "x y", "b", "a b c", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "key"]), inner, max_size=3),
    max_leaves=8,
)
SLIPS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 2), st.sampled_from([*"\"':,{}[]()+ \n", '" "', "'", "//", "x", "True"])),
    min_size=1,
    max_size=4,
)


def leaves(value: Any) -> Iterator[str]:
    """The strings, keys, numbers and words of a value, in order."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *leaves(item))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value if isinstance(value, str) else json.dumps(value)


@given(value=VALUES, slips=SLIPS, python=st.booleans())
def test_1_17_nothing_joined_split_or_made_up(value: Any, slips: list[tuple[int, int, str]], python: bool) -> None:
    text = repr(value) if python else json.dumps(value)
    for place, size, new in slips:
        at = place % (len(text) + 1)
        text = text[:at] + new + text[at + size :]
    mended = repair(text)
    if mended is None:
        return
    assert repair(mended) in {mended, None}  # a string alone may be JSON, and is no payload
    pairs = json.loads(mended, object_pairs_hook=lambda found: [part for pair in found for part in pair])
    position = 0
    for leaf in leaves(pairs):
        if not re.search(r"\w", leaf):
            assert leaf in text
            continue
        found = re.compile("[Nn]one|null" if leaf == "null" else f"(?i:{re.escape(leaf)})").search(text, position)
        assert found, (text, mended, leaf)
        between = re.sub(r"//[^\n]*", "", text[position : found.start()])
        assert not re.search(r"\w", between), (text, mended, leaf)
        assert not position or between.strip(), (text, mended, leaf)  # no string is cut in two
        position = found.end()


TIDY = '<div class="a">it is <a href="#x">x</a></div>\n'
HOSTILE = {
    "Python with HTML": lambda size: "{'html': '" + TIDY * (size // len(TIDY)) + "'}",
    "Python with HTML and apostrophes": lambda size: f"{{'html': {(TIDY + chr(39)) * (size // len(TIDY))!r}}}",
    "HTML with raw quotes": lambda size: '{"a": "' + TIDY * (size // len(TIDY)) + '"}',
    "quotes": lambda size: '"' * size,
    "strings without an end": lambda size: '{"a": ' + '"a ' * (size // 3),
    "brackets": lambda size: "[1," * (size // 3),
    "halves of comments": lambda size: "/*" * (size // 2),
    "backslashes": lambda size: '{"a": "' + "\\" * size,
    "commas and lines": lambda size: '{"a": 1' + ",\n" * (size // 2),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_linear(text: Any) -> None:
    def prepare(size: int) -> Callable[[], object]:
        written = text(size)
        return lambda: repair(written)

    assert_linear(prepare, 20_000)
