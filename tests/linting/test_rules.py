"""Every rule finds its seeded fault, at its place, with the text concerned; tools without faults give nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adapter
from adapter.linting import known_keys
from adapter.linting.near import meant_by
from adapter.linting.table import RULES, chosen
from tests.facts.mcp_tools import MCP_TOOLS
from tests.linting.seeds import CLEAN, GOOD, SEEDS, Seed, text, tool, with_schema


def found(value: Any, **options: Any) -> list[adapter.LintFinding]:
    return adapter.lint(value, every=True, **options)


@pytest.mark.parametrize("seed", [pytest.param(seed, id=name) for name, seed in SEEDS.items()])
def test_every_rule_finds_its_fault(seed: Seed) -> None:
    findings = [finding for finding in found(seed.value, **seed.options) if finding.rule == seed.rule]
    assert [(finding.path, seed.evidence in finding.evidence) for finding in findings[:1]] == [(seed.path, True)], findings
    assert findings[0].hint
    assert findings[0].message[0] not in " {"
    listed = [one for tool in seed.value for one in [tool.get("function", tool)]]
    assert findings[0].tool in {"", *(str(one.get("name", "")) for one in listed)}


def test_every_rule_has_a_seed() -> None:
    assert {seed.rule for seed in SEEDS.values()} == set(RULES)


def test_tools_without_faults_give_nothing() -> None:
    assert found(CLEAN) == []


@pytest.mark.parametrize("dialect", ["hermes", "qwen3-coder", "gemma-4", "lfm2", "minimax-m3"])
def test_tools_without_faults_give_nothing_in_a_dialect(dialect: str) -> None:
    assert [finding for finding in adapter.lint(CLEAN, dialect) if finding.severity != "info"] == []


def test_a_seed_gives_no_other_error() -> None:
    severe = {
        (name, finding.rule)
        for name, seed in SEEDS.items()
        for finding in found(seed.value, **seed.options)
        if finding.severity == "error" and finding.rule != seed.rule
    }
    assert severe == {("a null in place of a schema", "P02")}  # a null says nothing, nor its type


def test_tools_like_those_of_mcp_servers_have_no_errors() -> None:
    findings = adapter.lint([tool.definition for tool in MCP_TOOLS])
    assert [finding for finding in findings if finding.severity == "error"] == []


# Words that are like a fault, and are none.
NO_FAULTS = {
    "examples in quotes": ("P04", tool(city=text("The city, for example 'Oslo' or 'Rome'."))),
    "values that go on": ("P04", tool(city=text("One of 'Oslo', 'Rome', etc."))),
    "values with an enum": ("P04", tool(unit=text("One of 'a' or 'b'.", enum=["a", "b"]))),
    "the enum in prose": ("P05", tool(unit=text("One of 'a' or 'b'. Default is 'a'.", enum=["a", "b"]))),
    "an enum in a union": ("P05", tool(unit={"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}], "description": "One of 'a', 'b'."})),
    "a boolean expression": ("P06", tool(filter=text("A boolean expression that filters rows."))),
    "yes or no": ("P06", tool(wind=text("Whether to include the wind: 'yes' or 'no'."))),
    "a flag": ("P06", tool(wind={"type": "boolean", "description": "Whether to include the wind."})),
    "a default that is no value": ("P07", tool(city=text(), days=text("Default is the current day."))),
    "null as default": ("P08", tool(city=text(), unit=text("The unit.", enum=["c"], default=None))),
    "a whole number as float": ("P08", tool(city=text(), n={"type": "integer", "description": "N.", "default": 3.0})),
    "a number as default of a number": ("P08", tool(city=text(), n={"type": "number", "description": "N.", "default": 3})),
    "an enum without a type": ("P02", tool(unit={"enum": ["a"], "description": "The unit."})),
    "a free object": ("P10", tool(more={"type": "object", "additionalProperties": True, "description": "More."})),
    "a date with an example": ("P12", tool(start_date=text("The day, as 2026-01-31."))),
    "a time zone": ("P12", tool(timezone=text("The zone."), time_zone=text("The zone."))),
    "a token for a page": ("S04", tool(page_token=text("The page."), max_tokens=text("The bound."))),
    "a delete with a hint": (
        "S01",
        {"name": "delete_file", "description": "Deletes.", "inputSchema": {}, "annotations": {"destructiveHint": True}},
    ),
    "a read whose name has a past verb": ("S02", {"name": "get_deleted", "inputSchema": {}, "annotations": {"readOnlyHint": True}}),
    "an order that depends": ("S03", tool(about="Always call this tool before you edit a file. It returns the text only.", p=text())),
    "keys of forms": ("K01", with_schema(properties={"paramters": text(), "requird": text()})),
    "values of a default": ("K01", with_schema(properties={"a": {"type": "object", "default": {"descripton": 1}}})),
    "extensions": ("K01", with_schema(properties={"a": {**text(), "x-descripton": 1, "$descripton": 2, "units": "m"}})),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "value"), [pytest.param(*case, id=name) for name, case in NO_FAULTS.items()])
def test_no_fault_is_found_where_there_is_none(rule: str, value: Any) -> None:
    assert [finding.message for finding in found([value]) if finding.rule == rule] == []


SLIPS = [
    pytest.param({"tool_chioce": "auto"}, "/tool_chioce", "tool_choice", id="tool_chioce"),
    pytest.param({"mesages": []}, "/mesages", "messages", id="mesages"),
    pytest.param({"messages": [{"role": "user", "contnet": "x"}]}, "/messages/0/contnet", "content", id="contnet"),
    pytest.param({"messages": [{"role": "assistant", "content": None, "tool_cals": []}]}, "/messages/0/tool_cals", "tool_calls", id="tool_cals"),
    pytest.param({"tool_choice": {"type": "function", "functoin": {"name": "get_weather"}}}, "/tool_choice/functoin", "function", id="functoin"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "path", "meant"), SLIPS)
def test_misspelt_keys_of_requests(more: dict[str, Any], path: str, meant: str) -> None:
    findings = adapter.lint({"model": "m", "tools": [CLEAN[0]], **more})
    assert [(finding.path, finding.rule, f"did you mean {meant!r}?" in finding.message) for finding in findings] == [
        (path, "K01", True)
    ]


IN_SCHEMAS = {
    "proprties": "properties",
    "requird": "required",
    "enumm": "enum",
    "Enum": "enum",
    "min_length": "minLength",
    "descripton": "description",
    "oneof": "oneOf",
    "item": "items",
    "additional_properties": "additionalProperties",
    "patern": "pattern",
}


@pytest.mark.parametrize(("key", "meant"), [pytest.param(key, meant, id=key) for key, meant in IN_SCHEMAS.items()])
def test_misspelt_keys_of_schemas(key: str, meant: str) -> None:
    value = tool(city=text(), more={"type": "object", "additionalProperties": True, key: {}})
    if meant == "additionalProperties":
        del value["function"]["parameters"]["properties"]["more"]["additionalProperties"]
    if meant == "description":
        assert "description" not in value["function"]["parameters"]["properties"]["more"]
    [finding] = [finding for finding in found([value]) if finding.rule == "K01"]
    assert (finding.path, f"did you mean {meant!r}?" in finding.message) == (
        f"/0/function/parameters/properties/more/{key}",
        True,
    )


LONG_KEYS = sorted(key for key in known_keys.SCHEMA | known_keys.TOOL | known_keys.REQUEST if len(key) >= 5 and key[0] != "$")


@given(st.sampled_from(LONG_KEYS), st.data())
def test_a_key_with_one_slip_is_recognised(key: str, data: Any) -> None:
    place = data.draw(st.integers(1, len(key) - 1))
    slip = data.draw(st.sampled_from([key[:place] + key[place + 1 :], key[:place] + "q" + key[place:]]))
    known = known_keys.SCHEMA | known_keys.TOOL | known_keys.REQUEST
    if slip not in known:
        assert meant_by(slip, known, ()) != ""
        assert meant_by(slip, {key}, ()) == key
        assert meant_by(slip, {key}, {key}) == ""


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["type", "function", "name", "description", "parameters", "properties", "required", "enum", "default", "items", "anyOf",
                     "$ref", "inputSchema", "toolSpec", "tools", "messages", "custom", "const", "examples"]) | st.text(max_size=4), inner, max_size=4), max_leaves=12))  # fmt: skip
def test_any_json_is_linted_or_refused(value: Any) -> None:
    before = copy.deepcopy(value)
    for dialect in (None, "minimax-m3", "gemma-4"):
        try:
            findings = found([value], dialect=dialect, budget=1, text=json.dumps([value], indent=1))
        except adapter.BadRequest:
            continue
        assert all(finding.line and finding.column for finding in findings)
    assert value == before


def test_rules_are_chosen_by_id_and_by_group() -> None:
    assert [rule.id for rule in chosen(["D", "p04"], ["D08", "D07"])] == ["D01", "D02", "D03", "D04", "D05", "D06", "P04"]
    assert {rule.id for rule in chosen(every=True)} - {rule.id for rule in chosen()} == {
        rule.id for rule in RULES.values() if not rule.default
    }
    with pytest.raises(ValueError, match="select='P99': no rule has this id; write 'P09', "):
        chosen(["P99"])
    with pytest.raises(ValueError, match="ignore='': no rule has this id"):
        chosen(ignore=[""])


def test_limits_of_openai_are_errors_for_openai() -> None:
    strange = [tool("weather.get", city=text())]
    assert [(one.rule, one.severity) for one in adapter.lint(strange)] == [("N01", "warning")]
    assert [(one.rule, one.severity) for one in adapter.lint(strange, target="openai")] == [("N01", "error")]
    many = [tool(f"get_{n}", f"Number {n}.", required=[]) for n in range(129)]
    assert [one.severity for one in adapter.lint(many, target="openai", select=["C01"])] == ["error"]
    with pytest.raises(ValueError, match="target='claude'"):
        adapter.lint(strange, target="claude")


def test_errors_come_first_then_warnings_each_in_order() -> None:
    value = [
        tool(city={"type": "string"}),
        tool("weather.get", "", town=text()),
        tool("other", "Other.", city={"description": "The city."}),
    ]
    assert [(one.severity, one.rule) for one in adapter.lint(value)] == [
        ("error", "T01"),
        ("error", "P02"),
        ("warning", "P01"),
        ("warning", "N01"),
        ("warning", "T02"),
    ]


def test_a_very_long_description_is_read_up_to_a_bound() -> None:
    """What stands behind the bound is found by no rule, and told."""
    far = "The city. " * 10_000 + "Either 'a' or 'b'."
    for made in (tool(about=GOOD + " Very." * 20_000, city=text()), tool(city=text(far, enum=["a"]))):
        (finding,) = adapter.lint([made])
        assert finding.rule == "T06"
        assert finding.message.endswith("characters, and the rules have read the first 100,000")
    assert [finding.rule for finding in adapter.lint([tool(city=text(far[-1018:], enum=["a"]))])] == ["P05"]
