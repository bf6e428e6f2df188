"""Long strings in Python's notation, read a part at a time: what comes of them is what Python makes of them."""

from __future__ import annotations

import ast
import json
import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.syntax.python import call as python_calls
from adapter.syntax.python import strings as python_strings
from adapter.syntax.python.call import PythonCall, read_python_call
from adapter.syntax.python.strings import as_json, parts
from tests.support.tiers import few_or_all

# What strings are made of: words, escapes that are whole, wrong or broken off, line breaks, characters of all widths.
PIECES = [
    "a", "b c", "7", "é", "数", "\U0001f600", "\ud800", "\u2028", "\x1a", "\t", "#", "{", "(", "]", ", x=", "\n", "\r\n",
    r"\n", r"\\", r"\'", r"\"", r"\x41", r"\x4", r"\u00e9", r"\u12", r"\U0001f600", r"\U0011ffff", r"\N{BULLET}", r"\N{nope}", r"\N{",
    r"\1", r"\12", r"\123", r"\d", "\\\n", "\\\r\n", r"\ud83d", r"\ude00", "\\é", "'", '"', "''", '""',
]  # fmt: skip
BODIES = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
QUOTES = st.sampled_from(["'", '"', "'''", '"""'])
PARTS = st.tuples(st.integers(1, 5), st.integers(1, 4))
LITERALS = st.builds(lambda quotes, body: quotes + body + quotes, QUOTES, BODIES)
VALUES = st.recursive(
    LITERALS
    | st.sampled_from(["1", "-2.50", "true", "None", "_long_0", "x", "'a' 'b'", "# it's\n1", "r'\\d'", "f'{1}'", "b'a'"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(LITERALS, inner), max_size=2).map(lambda items: f"{{{', '.join(f'{k}: {v}' for k, v in items)}}}"),
        st.tuples(LITERALS, st.sampled_from([" ", "\n", " # and\n", "\\\n", ", # so,\n"]), inner).map("".join),
        inner.map(lambda item: f"({item})"),
    ),
    max_leaves=4,
)
CALLS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "in", "_long_", "_long_0"]), st.sampled_from(["=", " = "]), VALUES), max_size=3
)


def in_parts(literal: str, sizes: tuple[int, int], *, broken: bool = False) -> str | None:
    """The string, as it is read; None where Python would not."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(python_strings, "_PARTS", parts(*sizes))
        try:
            return str(json.loads(f'"{"".join(as_json(literal, 0, len(literal), broken=broken))}"'))
        except (SyntaxError, ValueError):
            return None


def as_it_is(literal: str) -> str | None:
    """The string as Python reads it; what it refuses outside of escapes is written as escapes, and so are apostrophes in words."""
    source = re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found.group()):04x}", literal)
    if literal.startswith(('"""', "'''")):
        source = source.replace("\r", "\\r")
    elif literal.startswith("'"):
        source = "'" + re.sub(r"(\\[\s\S])|'", lambda found: found[1] or "\\'", source[1:-1]) + "'"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return str(ast.literal_eval(source))
        except (SyntaxError, ValueError):
            return None


def whole(literal: str) -> bool:
    """Whether the text is one string and nothing else."""
    return re.fullmatch(python_calls._STRING, literal, re.DOTALL) is not None and len(literal) > 2


@settings(max_examples=few_or_all(150, 1500), deadline=None)
@given(LITERALS.filter(whole), PARTS)
def test_a_string_is_what_python_makes_of_it(literal: str, sizes: tuple[int, int]) -> None:
    assert in_parts(literal, sizes) == as_it_is(literal)


def read(text: str, long: int, sizes: tuple[int, int]) -> PythonCall:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(python_calls, "_LONG", long)
        patch.setattr(python_strings, "_PARTS", parts(*sizes))
        return read_python_call(text, 0, len(text))


@settings(max_examples=few_or_all(150, 1500), deadline=None)
@given(CALLS, PARTS)
def test_a_call_is_the_same_with_its_strings_shown_to_python(given: list[tuple[str, str, str]], sizes: tuple[int, int]) -> None:
    text = f"f({', '.join(map(''.join, given))})"
    assert read(text, 0, sizes) == read(text, len(text), sizes)


LONG = "word " * 300
READ = [
    pytest.param(f"a='{LONG}'", {"a": LONG}, id="a value"),
    pytest.param(f"a=['{LONG}', {{'b': '''{LONG}'''}}]", {"a": [LONG, {"b": LONG}]}, id="values in values"),
    pytest.param(f"a='{LONG}' 'b'", None, id="one beside another"),
    pytest.param(f"a='{LONG}it's'", {"a": f"{LONG}it's"}, id="an apostrophe"),
    pytest.param(f"a='b' # so,\n'{LONG}'", None, id="one beside another, and a comment that looks like a value's end"),
    pytest.param(f"a=r'{LONG}\\d'", {"a": rf"{LONG}\d"}, id="with a prefix"),
    pytest.param(f"a='{LONG}', _keyword_=1", {"a": LONG, "_keyword_": 1}, id="a key that looks like a stand-in"),
    pytest.param(f"in='{LONG}'", {"in": LONG}, id="a word of Python's as a key"),
    pytest.param(f"a='{LONG}', _long_0=1", {"a": LONG, "_long_0": 1}, id="a key like what stands for it"),
    pytest.param(f"**{{'x y': '{LONG}', '{LONG}': 1}}", {"x y": LONG, LONG: 1}, id="a key"),
    pytest.param(f"a='{LONG}\0" + "1'", {"a": f"{LONG}\x001"}, id="NUL before a digit"),
    pytest.param("a='x\0" + "1'", {"a": "x\x001"}, id="the same, short"),
    pytest.param("a=\r1.50", {"a": 1.5}, id="a number after a carriage return"),
    pytest.param(f"a='{LONG}\n{LONG}'", {"a": f"{LONG}\n{LONG}"}, id="a raw newline"),
    pytest.param(f"a=f'{LONG}'", None, id="a formatted one"),
    pytest.param(f"a=_long_1, b='{LONG}'", None, id="a name like what stands for it"),
    pytest.param(f"a='{LONG}\\x4'", None, id="an escape that is none"),
    pytest.param(f"'{LONG}'", None, id="no key"),
]


@pytest.mark.parametrize(("inside", "arguments"), READ)
def test_long_strings_in_calls(inside: str, arguments: dict[str, object] | None) -> None:
    found = read_python_call(f"f({inside})", 0, len(inside) + 3)
    assert (None if found.arguments is None else json.loads(found.arguments)) == arguments
    assert found.repaired is (f"{LONG}\n" in inside or "it's" in inside)
