"""The check of calls against expectations: faults by kind, matchers, pairs of parallel calls, types that differ."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapter.evaluation.bfcl_values import Declared, accepts_type, accepts_value, as_declared, declared_type, of_other_types
from adapter.evaluation.cases import Case, ExpectedCall, Turn
from adapter.evaluation.checking import check
from adapter.evaluation.matchers import differences, same
from adapter.evaluation.outcome import Called
from adapter.evaluation.pairing import cheapest


def tool(name: str, **properties: Any) -> dict[str, Any]:
    required = [key for key in properties if not key.startswith("maybe")]
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"type": "function", "function": {"name": name, "description": f"The tool {name}.", "parameters": schema}}


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
TOOLS = (tool("weather", city=TEXT, maybe_days=WHOLE), tool("clock", city=TEXT))
OSLO, ROME = {"city": "Oslo"}, {"city": "Rome"}


def weather(**arguments: Any) -> Called:
    return Called("weather", arguments)


def expected(*calls: tuple[str, dict[str, Any] | None]) -> tuple[ExpectedCall, ...]:
    return tuple(ExpectedCall(name, arguments) for name, arguments in calls)


ANSWERS: dict[str, tuple[tuple[ExpectedCall, ...], list[Called], list[tuple[str, str]]]] = {
    "the call": (expected(("weather", OSLO)), [weather(city="Oslo")], []),
    "no call, none expected": ((), [], []),
    "no call": (expected(("weather", OSLO)), [], [("not_called", "")]),
    "a call, none expected": ((), [weather(city="Oslo")], [("called", "")]),
    "another tool": (expected(("weather", OSLO)), [Called("clock", OSLO)], [("tool", "")]),
    "a tool that is not offered": (expected(("weather", OSLO)), [Called("rain", OSLO)], [("tool", "")]),
    "a call too many": (expected(("weather", OSLO)), [weather(city="Oslo"), weather(city="Rome")], [("count", "")]),
    "a call too few": (expected(("weather", OSLO), ("clock", OSLO)), [Called("clock", OSLO)], [("count", "")]),
    "another value": (expected(("weather", OSLO)), [weather(city="Rome")], [("value", "city")]),
    "another type": (
        expected(("weather", {**OSLO, "maybe_days": 3})),
        [weather(city="Oslo", maybe_days="3")],
        [("type", "maybe_days"), ("schema", "")],
    ),
    "a parameter left out": (expected(("weather", OSLO)), [weather()], [("missing", "city"), ("schema", "")]),
    "a parameter too many": (expected(("weather", OSLO)), [weather(city="Oslo", maybe_days=1)], [("extra", "maybe_days")]),
    "a parameter that no tool has": (
        expected(("weather", OSLO)), [weather(city="Oslo", x=1)], [("extra", "x"), ("schema", "")]
    ),
    "any arguments": (expected(("weather", None)), [weather(city="Bergen", maybe_days=9)], []),
    "any arguments, but the schema": (expected(("weather", None)), [weather(city=1)], [("schema", "")]),
    "any arguments, a required one left out": (expected(("weather", None)), [weather()], [("schema", "")]),
    "any call": (expected(("*", None)), [Called("clock", OSLO)], []),
    "any call, of a tool that is not offered": (expected(("*", None)), [Called("rain", OSLO)], [("tool", "")]),
    "any call, and none": (expected(("*", None)), [], [("not_called", "")]),
    "parallel, in order": (expected(("weather", OSLO), ("clock", OSLO)), [weather(city="Oslo"), Called("clock", OSLO)], []),
    "parallel, out of order": (
        expected(("weather", OSLO), ("weather", ROME)), [weather(city="Rome"), weather(city="Oslo")], []
    ),
    "parallel, a later pair needs the first choice": (
        expected(("weather", {"city": {"regex": "."}}), ("weather", OSLO)), [weather(city="Oslo"), weather(city="Rome")], []
    ),
    "parallel, one wrong": (
        expected(("weather", OSLO), ("weather", ROME)), [weather(city="Rom"), weather(city="Oslo")], [("value", "city")]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("expect", "calls", "faults"), ANSWERS.values(), ids=ANSWERS)
def test_faults(expect: tuple[ExpectedCall, ...], calls: list[Called], faults: list[tuple[str, str]]) -> None:
    checked = check(Case("c", TOOLS, ()), Turn((), expect), calls)
    assert [(fault.kind, fault.parameter) for fault in checked.faults] == faults
    assert checked.right == (not faults)


def test_order_counts_where_the_case_says_so() -> None:
    expect, calls = expected(("weather", OSLO), ("weather", ROME)), [weather(city="Rome"), weather(city="Oslo")]
    faults = check(Case("c", TOOLS, ()), Turn((), expect, "same"), calls).faults
    assert [fault.kind for fault in faults] == ["order"]
    assert check(Case("c", TOOLS, ()), Turn((), expect, "same"), calls[::-1]).right


# Expected, actual, right, right if types may differ.
VALUES: dict[str, tuple[Any, Any, bool, bool]] = {
    "42 and 42.0": (42, 42.0, True, True),
    "42 and '42'": (42, "42", False, True),
    "'3' and 3.0": ("3", 3.0, False, True),
    "an identifier beyond the whole numbers of floats": (9007199254740993, "9007199254740993", False, True),
    "two identifiers that are the same float": ("9007199254740993", "9007199254740992", False, False),
    "a postal code with a zero more": ("01234", "1234", False, False),
    "0.1 and '0.1'": (0.1, "0.1", False, True),
    "1000 and '1e3'": (1000, "1e3", False, True),
    "1000 and Python's '1_000'": (1000, "1_000", False, False),
    "a name that Python reads as a number": ({"who": "Nan", "n": 3}, {"who": "Nan", "n": "3"}, False, True),
    "inf and Infinity": ("inf", "Infinity", False, False),
    "true and 'True'": (True, "True", False, True),
    "true and 1": (True, 1, False, False),
    "null and 'null'": (None, "null", False, False),
    "null": (None, None, True, True),
    "a string by letters": ("Oslo", "oslo", False, False),
    "a list": ([1, "a"], [1.0, "a"], True, True),
    "a list in another order": ([1, 2], [2, 1], False, False),
    "a list of text": ([1, 2], ["1", "2"], False, True),
    "an object": ({"a": {"b": 1}}, {"a": {"b": 1.0}}, True, True),
    "an object with a member more": ({"a": 1}, {"a": 1, "b": 2}, False, False),
    "any_of": ({"any_of": [1, "one"]}, "one", True, True),
    "any_of, none": ({"any_of": [1, "one"]}, "two", False, False),
    "any_of matchers": ({"any_of": [{"regex": "^on"}, 1]}, "one", True, True),
    "regex": ({"regex": "^Os"}, "Oslo", True, True),
    "a pattern that goes back": ({"regex": "^(a+)+$"}, "a" * 5000 + "!", False, False),
    "a pattern that goes back, and is found": ({"regex": "(?i)^(a+)+$"}, "aA" * 2000, True, True),
    "a pattern for `re` alone": ({"regex": r"\bOslo\b(?!,)"}, "to Oslo", True, True),
    "a pattern for `re` alone, a text too long": ({"regex": r".*.*.*\bx"}, "a" * 5000, False, False),
    "regex on a number": ({"regex": "^4"}, 42, False, True),
    "equals": ({"equals": {"regex": "x"}}, {"regex": "x"}, True, True),
    "optional, any value": ({"optional": True}, [1], True, True),
    "optional with a value": ({"optional": True, "any_of": [1]}, 2, False, False),
    "a matcher in an object": ({"to": {"regex": "@"}, "n": {"optional": True}}, {"to": "a@b"}, True, True),
    "a matcher in a list": ([{"regex": "a"}], ["cat"], True, True),
}


def test_lenient_terms_forgive_types_and_no_more() -> None:
    turn = Turn((), expected(("weather", None)))
    assert not check(Case("c", TOOLS, ()), turn, [weather()]).lenient
    assert check(Case("c", TOOLS, ()), turn, [weather(city="Oslo", maybe_days="3")]).lenient


def test_a_number_beyond_all_floats_is_compared_by_the_leaderboards_rules() -> None:
    schema = {"type": "float"}
    assert as_declared(10**400, schema) == 10**400
    assert of_other_types(10**400, declared_type(schema))


@pytest.mark.parametrize(("wanted", "actual", "strict", "lenient"), VALUES.values(), ids=VALUES)
def test_values(wanted: Any, actual: Any, strict: bool, lenient: bool) -> None:
    assert (not differences(wanted, actual, "x")) is strict
    assert (not differences(wanted, actual, "x", lenient=True)) is lenient


def test_a_difference_names_the_place() -> None:
    found = differences({"items": [{"price": 1}, {"price": 2}]}, {"items": [{"price": 1}, {"price": "2"}]}, "order")
    assert [(one.kind, one.path) for one in found] == [("type", "order.items[1].price")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "equals", "any_of"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(JSON, JSON)
def test_equality_is_even_and_lenient_equality_is_wider(one: Any, other: Any) -> None:
    assert same(one, one)
    assert differences({"equals": one}, one, "x") == []
    for lenient in (False, True):
        assert same(one, other, lenient=lenient) == same(other, one, lenient=lenient)
    assert same(one, other, lenient=True) or not same(one, other)


@pytest.mark.parametrize("seed", range(40))
def test_the_cheapest_pairing_is_that_of_all_pairings(seed: int) -> None:
    chance = random.Random(seed)
    rows, columns = chance.randint(1, 5), chance.randint(1, 5)
    costs = [[chance.choice([0, 1, 2, 5, 1000]) for _ in range(columns)] for _ in range(rows)]
    pairs = cheapest(costs)
    assert len(pairs) == len({row for row, _ in pairs}) == len({column for _, column in pairs}) == min(rows, columns)
    if rows <= columns:
        ways = [sum(costs[n][column] for n, column in enumerate(way)) for way in itertools.permutations(range(columns), rows)]
    else:
        ways = [sum(costs[row][n] for n, row in enumerate(way)) for way in itertools.permutations(range(rows), columns)]
    assert sum(costs[row][column] for row, column in pairs) == min(ways)


# The leaderboard's comparison: value, accepted values, declared parameter, right.
BFCL: dict[str, tuple[Any, list[Any], dict[str, Any], bool]] = {
    "case, spaces and punctuation": ("april 1 2024", ["April 1, 2024"], {"type": "string"}, True),
    "quotes of either kind": ("it's", ['it"s'], {"type": "string"}, True),
    "another word": ("may", ["april"], {"type": "string"}, False),
    "a whole number for a float": (3, [3.0], {"type": "float"}, True),
    "a float for a whole number": (3.0, [3], {"type": "integer"}, False),
    "a number as text": ("3", [3], {"type": "integer"}, False),
    "a variable, as it is": ("user.Name", ["user.Name"], {"type": "integer"}, True),
    "a variable, in other letters": ("username", ["user.Name"], {"type": "integer"}, False),
    "strings of a list": (["a b"], [["A.B"]], {"type": "array", "items": {"type": "string"}}, True),
    "a list in another order": (["b", "a"], [["a", "b"]], {"type": "array", "items": {"type": "string"}}, False),
    "elements of another type": (["1"], [[1]], {"type": "array", "items": {"type": "integer"}}, False),
    "nothing, where a list may be left out": ([], ["", ["a"]], {"type": "array", "items": {"type": "string"}}, True),
    "an object": ({"a": "X"}, [{"a": ["x", "y"], "b": ["", 1]}], {"type": "dict"}, True),
    "an object with a member more": ({"a": "x", "c": 1}, [{"a": ["x"]}], {"type": "dict"}, False),
    "an object that lacks a member": ({}, [{"a": ["x"]}], {"type": "dict"}, False),
    "a list of objects": ([{"a": 1}], [[{"a": [1]}]], {"type": "array", "items": {"type": "dict"}}, True),
    "a list of fewer objects": ([], [[{"a": [1]}]], {"type": "array", "items": {"type": "dict"}}, False),
}


@pytest.mark.parametrize(("value", "accepted", "schema", "right"), BFCL.values(), ids=BFCL)
def test_the_comparison_of_the_leaderboard(value: Any, accepted: list[Any], schema: dict[str, Any], right: bool) -> None:
    declared, given_value = declared_type(schema), as_declared(value, schema)
    fits = accepts_type(given_value, accepted, declared) and accepts_value(given_value, accepted, declared)
    assert fits is right


def test_floats_of_the_leaderboard_are_floats_at_any_depth() -> None:
    schema = {"type": "dict", "properties": {"at": {"type": "array", "items": {"type": "float"}}, "n": {"type": "integer"}}}
    assert str(as_declared({"at": [1, 2.5], "n": 1}, schema)) == "{'at': [1.0, 2.5], 'n': 1}"
    assert declared_type({"type": "tuple", "items": {"type": "float"}}) == Declared(list, float, floating=False)
